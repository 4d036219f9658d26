"""Lists of photos: paths one a line, or a table (CSV) with what is said of each and columns of one's own."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

from pipeline.batch.names import shown
from pipeline.batch.sources.entry import Told
from pipeline.batch.sources.index import Listed
from pipeline.errors import InputError
from pipeline.scale import check_reference
from reference.text.delimited import delimiter_of
from reference.text.encoding import marked_encoding

# The columns of a list that mean something; the first of each that is there counts.
PATH, PILL, MM_PER_PX, COIN = ("path", "photo", "file"), ("pill", "pair"), ("mm_per_px",), ("coin",)
# What the pill should be; only where that is asked.
EXPECTED = ("expected",)
# Longer lines are no list of photos, and a file without line breaks must not fill the memory.
_LINE_BYTES_MAX = 1 << 20
# So much of a list tells whether it is UTF-16; of other encodings a path's bytes say nothing.
_HEAD_BYTES = 1 << 16
_UTF_8 = ("utf-8-sig", "surrogateescape")
# As SQLite takes them, beside ours.
_COLUMNS_MAX = 1000


def read_paths(stream: IO[bytes]) -> Iterator[Listed]:
    """Paths, one a line; with a zero byte after each, as ``find -print0`` writes them, names may hold line breaks.

    Raises:
        InputError: a line is longer than any path.
    """
    for path in _lines(stream):
        if path:
            yield Listed(os.fsdecode(path))


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    rest, end = b"", b""
    while block := stream.read(1 << 16):
        if not end:
            end = b"\0" if b"\0" in block else b"\n"
        *lines, rest = (rest + block).split(end)
        if len(rest) > _LINE_BYTES_MAX:
            raise InputError("standard input: has a line that is no path; give one path a line")
        yield from (line.removesuffix(b"\r") if end == b"\n" else line for line in lines)
    yield rest


class Table:
    """A list as CSV with a header, separated by commas, semicolons or tabs; UTF-8, or UTF-16 as a
    spreadsheet saves it.

    ``own``: the columns that mean nothing to a batch, which its rows carry along. ``has_pills``: whether one says which
    photos show one pill.

    Args:
        file: the list.
        is_truth: whether its column ``expected`` says what each pill should be.

    Raises:
        InputError: it cannot be read, or has no column of paths, or of what is expected; the message says what to do.
    """

    def __init__(self, file: Path, is_truth: bool = False) -> None:
        self._file = file
        with self._opened() as stream:
            heading = stream.readline(_LINE_BYTES_MAX)
        self._delimiter = delimiter_of(heading)
        self._names = [name.strip() for name in next(csv.reader([heading], delimiter=self._delimiter), [])]
        self._meant: dict[Sequence[str], str] = {
            names: _first(names, self._names)
            for names in (PATH, PILL, MM_PER_PX, COIN, *((EXPECTED,) if is_truth else ()))
        }
        if not self._meant[PATH]:
            raise InputError(
                f"{shown(file)}: has no column named {' or '.join(PATH)}; name the one that holds the paths so"
            )
        if is_truth and not self._meant[EXPECTED]:
            raise InputError(
                f"{shown(file)}: has no column named expected; name the one so that says what each pill should be"
            )
        doubled = sorted({name for name in self._names if self._names.count(name) > 1})
        if doubled:
            raise InputError(f"{shown(file)}: has two columns named {', '.join(doubled)}; name them differently")
        if len(self._names) > _COLUMNS_MAX:
            raise InputError(f"{shown(file)}: has more than {_COLUMNS_MAX} columns; leave out some")
        meant = set(self._meant.values())
        self.has_pills = bool(self._meant[PILL])
        self._own = tuple(name for name in self._names if name and name not in meant)
        self.own = tuple(map(_clean, self._own))

    def read(self) -> Iterator[Listed]:
        """The photos, a line each; what is wrong with a line is said of its photo."""
        with self._opened() as stream:
            lines = csv.reader(_without_zeros(stream), delimiter=self._delimiter)
            next(lines, None)
            for cells in _sound(lines, self._file):
                if any(cells):
                    yield self._listed(dict(zip(self._names, cells, strict=False)), lines.line_num)

    def _listed(self, cells: Mapping[str, str], line: int) -> Listed:
        def cell(names: Sequence[str]) -> str:
            return cells.get(self._meant.get(names, ""), "").strip()

        path = cells.get(self._meant[PATH], "")
        own = tuple(_clean(cells.get(name, "")) for name in self._own)
        if not path.strip():
            return Listed(f"line {line}", wrong=f"line {line} of {shown(self._file)} names no photo; mend it", own=own)
        told, wrong = _told(cell(MM_PER_PX), cell(COIN))
        told = replace(told, expected=_clean(cell(EXPECTED)))
        place = f"line {line} of {shown(self._file)}: {wrong}" if wrong else ""
        pill = cell(PILL)
        return Listed(path, f"\0{pill}" if pill else "", told, place, own)

    def _opened(self) -> IO[str]:
        try:
            with self._file.open("rb") as stream:
                wide = marked_encoding(stream.read(_HEAD_BYTES))
            # A path is made of bytes, and some of them may be no text.
            codec, errors = (wide.codec, "replace") if wide and wide.title != "UTF-8" else _UTF_8
            return self._file.open(encoding=codec, errors=errors, newline="")
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputError(f"{shown(self._file)}: cannot be read ({reason}); check the name of the list") from error


def _clean(cell: str) -> str:
    """A cell in which bytes that are no UTF-8 are escaped, as every form of the results can hold it."""
    return cell.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _first(names: Sequence[str], header: Iterable[str]) -> str:
    """The column that has one of these names, whatever its case."""
    by_name = {name.lower(): name for name in header}
    return next((by_name[name] for name in names if name in by_name), "")


def _sound(lines: Iterator[list[str]], file: Path) -> Iterator[list[str]]:
    try:
        yield from lines
    except (csv.Error, OSError) as error:
        raise InputError(f"{shown(file)}: is no CSV that can be read ({error}); save it again as CSV") from error


def _without_zeros(stream: IO[str]) -> Iterator[str]:
    """The lines; a zero byte, which no path holds, ends Python's reading of CSV."""
    return (line.replace("\0", "�") for line in stream)


def _told(mm_per_px: str, coin: str) -> tuple[Told, str]:
    """What a line says of its photo, and what is wrong with that."""
    try:
        scale = float(mm_per_px.replace(",", ".")) if mm_per_px else None
    except ValueError:
        scale = math.nan
    try:
        check_reference(scale, coin or None)
    except InputError as error:
        said = f"{mm_per_px!r} in its column mm_per_px" if scale is not None and math.isnan(scale) else ""
        return Told(), f"{said} is no number of mm per pixel; mend it" if said else str(error)
    return Told(scale, coin or None), ""
