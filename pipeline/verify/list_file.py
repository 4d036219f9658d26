"""A list that a person wrote -> its entries, or what to mend in which line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.errors import InputError
from pipeline.verify.expected import expected_of
from pipeline.verify.listed import ListEntry
from reference.store.catalog import Catalog
from reference.text.delimited import delimiter_of
from reference.text.encoding import text_of

_EXPECTED, _COUNT = "expected", "count"
# More pills than a tray shows are a mistake in the list.
_COUNT_MAX, _PILLS_MAX = 200, 1000
_Line = tuple[str, Mapping[str, str]]


def read_list(file: Path, catalog: Catalog) -> tuple[ListEntry, ...]:
    """The entries of a CSV with the columns ``expected`` and ``count``; an empty count is 1.

    Commas, semicolons or tabs part the columns; other columns and empty lines mean nothing. UTF-8, UTF-16 or what a
    country's Windows writes (``reference.text.encoding``).

    Raises:
        InputError: the file cannot be read, has no such column or row, or a row means nothing; the message names it.
    """
    entries = tuple(_entry(cells, place, catalog) for place, cells in _lines(file))
    if not entries:
        raise InputError(f"{file}: the list is empty; write a row for each product with expected,count")
    pills = sum(entry.count for entry in entries)
    if pills > _PILLS_MAX:
        raise InputError(f"{file}: lists {pills} pills; one photo shows at most {_PILLS_MAX}, so check its counts")
    return entries


def _lines(file: Path) -> Iterator[_Line]:
    """The rows that say anything, by the name of the column, each with its place."""
    text = _text(file)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text.partition("\n")[0]))
    try:
        names = [name.strip().casefold() for name in next(rows, [])]
        if _EXPECTED not in names:
            raise InputError(f"{file}: has no column `{_EXPECTED}`; write a CSV with the columns expected,count")
        for row in rows:
            cells = dict(zip(names, (" ".join(cell.split()) for cell in row), strict=False))
            if any(cells.values()):
                yield f"{file}: line {rows.line_num}", cells
    except csv.Error as error:
        raise InputError(f"{file}: is no CSV that can be read ({error}); save it again as CSV") from error


def _text(file: Path) -> str:
    try:
        return text_of(file.read_bytes())
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror or error}); check the name of the list") from error


def _entry(cells: Mapping[str, str], place: str, catalog: Catalog) -> ListEntry:
    count = cells.get(_COUNT, "").removesuffix(".0") or "1"
    if not (count.isascii() and count.isdigit() and len(count) < 9 and 0 < int(count) <= _COUNT_MAX):
        raise InputError(f"{place}: a count of {count!r}; it is a whole number from 1 to {_COUNT_MAX}")
    try:
        return ListEntry(expected_of(catalog, cells.get(_EXPECTED, "")), int(count))
    except InputError as error:
        raise InputError(f"{place}: {error}") from error
