"""Streams rows out of tables and JSON of any size, hostile ones included, however they are packed and encoded."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reference.errors import CatalogError
from reference.importers.log import Log
from reference.importers.text_file import is_json, open_text

# No register has a record or an item near these sizes; longer ones are damage or malice.
LINE_CHARACTERS_MAX = 100_000
LINES_OF_RECORD_MAX = 20
ITEM_CHARACTERS_MAX = 200_000
_BLOCK = 1 << 16
_SEPARATORS = {",": "','", ";": "';'", "\t": "tabs", "|": "'|'"}
# The line that tells Excel what parts the values of a file.
_SEPARATOR_SAID = re.compile(r'"?sep=.?"?', re.IGNORECASE)
_KEPT_FROM_SPREADSHEET = re.compile(r'="([^"]*)"')
# What programs and spreadsheets write for a missing value, in exactly these letters: NA and NONE may be imprints.
_MISSING = frozenset(
    {"nan", "NaN", "null", "NULL", "<NA>", "N/A", "n/a", "#N/A", "\\N", "#REF!", "#VALUE!", "#DIV/0!", "#NUM!"}
)
_WHOLE = re.compile(r"(\d+)\.0+")
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\[\s\S])*(?:"|\Z)|[{}]')

Row = Mapping[str, str]
Keys = tuple[frozenset[str], ...]


def rows(path: Path, log: Log, keys: Keys) -> Iterator[tuple[str, Row]]:
    """``(name, row)`` of each record of a CSV or JSON file; unreadable ones are reported and skipped.

    Keys are lower case, values clean text. ``keys`` are the sets of columns of which a row must have one whole;
    ``CatalogError`` where the file has none such. A JSON file is a list of flat objects or holds one, however
    deep (``{"body": {"items": [...]}}``). A damaged record costs itself alone: reading goes on in its next line or
    at the next brace.
    """
    fitting = 0
    for name, row in _rows(path, log):
        if any(row.keys() >= needed for needed in keys):
            fitting += 1
            yield name, row
        elif any(row.keys() & needed for needed in keys):
            log.reject(name, "lacks columns of this register")
    if not fitting and not any(first_row_keys(path) >= needed for needed in keys):
        raise CatalogError(f"{path}: has no row with the columns {', '.join(sorted(keys[0]))}; is it the right file?")


def first_row_keys(path: Path) -> frozenset[str]:
    """The keys of a table, or of the first object of a JSON file that has several; in lower case."""
    if not is_json(path):
        return frozenset(next(_table(path, Log()))[1])
    return next((frozenset(row) for _, row in _json_rows(path, Log()) if len(row) > 3), frozenset())


def _rows(path: Path, log: Log) -> Iterator[tuple[str, Row]]:
    yield from _json_rows(path, log) if is_json(path) else _csv_rows(path, log)


def _csv_rows(path: Path, log: Log) -> Iterator[tuple[str, Row]]:
    records = _table(path, log)
    _, keys = next(records)
    for line, values in records:
        yield f"{path.name}:{line}", dict(zip(keys, values, strict=True))


def _table(path: Path, log: Log) -> Iterator[tuple[int, list[str]]]:
    """``(line, values)`` of a table, clean; first the header in lower case, empty where there is none."""
    with open_text(path, log) as file:
        records = _records(file, path, log)
        line, header = next(records, (0, []))
        yield line, [clean(key).lower() for key in header]
        for line, values in records:
            yield line, list(map(clean, values))


def _records(file: io.TextIOWrapper, path: Path, log: Log) -> Iterator[tuple[int, list[str]]]:
    """``(line, values)`` of the header and of every record with as many values.

    The header tells what parts the values, and blank lines before it are passed over. A quoted value may hold line
    breaks. Where a quote is never closed, or a record has another number of values, its first line alone is given up.
    """
    lines = _Lines(file)
    columns, separator = 0, ","
    while lines.peek(0) is not None:
        first = lines.number
        values: list[str] | None = None
        text = ""
        for count in range(1, LINES_OF_RECORD_MAX + 1):
            more = lines.peek(count - 1)
            if more is None:
                break
            text += more
            if text.count('"') % 2 == 0:
                separator = separator if columns else _separator(text, log)
                values = _parsed(text, separator)
                break
        if not columns and (not text.strip() or _SEPARATOR_SAID.fullmatch(text.strip())):
            lines.drop(1)
        elif values is not None and (not columns or len(values) == columns):
            lines.drop(count)
            columns = columns or len(values)
            yield first, values
        else:
            lines.drop(1)
            if text.strip():
                found = (
                    "a quote that is not closed, or too long a value"
                    if values is None
                    else f"{len(values)} values, not {columns}"
                )
                log.reject(f"{path.name}:{first}", found)


def _separator(header: str, log: Log) -> str:
    """What parts the header into the most columns; other than a comma it is noted."""
    found = max(_SEPARATORS, key=lambda sign: len(_parsed(header, sign) or ()))
    if found != ",":
        log.note(f"separated by {_SEPARATORS[found]}")
    return found


def _parsed(text: str, separator: str) -> list[str] | None:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])
    except csv.Error:
        return None


class _Lines:
    """The lines of a file with a look ahead, each of bounded length."""

    def __init__(self, file: io.TextIOWrapper) -> None:
        self._file = file
        self._ahead: deque[str] = deque()
        self.number = 1

    def peek(self, distance: int) -> str | None:
        while len(self._ahead) <= distance:
            line = self._file.readline(LINE_CHARACTERS_MAX)
            if not line:
                return None
            self._ahead.append(line.replace("\0", ""))
        return self._ahead[distance]

    def drop(self, count: int) -> None:
        for _ in range(count):
            self._ahead.popleft()
        self.number += count


def _json_rows(path: Path, log: Log) -> Iterator[tuple[str, Row]]:
    with open_text(path, log) as file:
        for number, text in enumerate(_flat_objects(file, path, log), 1):
            name = f"{path.name}#{number}"
            try:
                item = json.loads(text)
            except (ValueError, RecursionError) as error:
                log.reject(name, f"{error} in {text[:60]!r}")
                continue
            yield name, {clean(str(key)).lower(): _as_text(value) for key, value in item.items()}


def _flat_objects(file: io.TextIOWrapper, path: Path, log: Log) -> Iterator[str]:
    """The texts of the objects that hold no other object; after one that is no JSON, from its next brace on."""
    buffer, is_end = "", False
    while True:
        start = buffer.find("{")
        buffer = buffer[start:] if start >= 0 else ""
        brace = next((found for found in _STRUCTURE.finditer(buffer, 1) if found[0] in "{}"), None)
        if brace is None and not is_end and len(buffer) < ITEM_CHARACTERS_MAX:
            block = file.read(_BLOCK)
            is_end = not block
            buffer += block
        elif brace is None:
            if not buffer:
                return
            log.reject(path.name, f"an object that does not end: {buffer[:60]!r}")
            buffer = buffer[1:]
        elif brace[0] == "{":
            buffer = buffer[brace.start() :]
        else:
            text = buffer[: brace.end()]
            yield text
            buffer = buffer[brace.end() :] if _is_json_object(text) else buffer[1:]


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ";".join(_as_text(part) for part in value)
    return clean(str(value))


def clean(text: str) -> str:
    """Text that any database takes: without control characters and lone surrogates, single blanks.

    What only says that a value is missing gives nothing; ``="024"``, as kept from a spreadsheet's rules, gives 024.
    """
    if not (text.isascii() and text.isprintable()):
        text = "".join(character if character >= " " else " " for character in text)
        text = text.encode("utf-8", "replace").decode()
    text = " ".join(text.split())
    if text in _MISSING:
        return ""
    kept = _KEPT_FROM_SPREADSHEET.fullmatch(text) if text[:1] == "=" else None
    return kept[1] if kept else text


def whole(text: str) -> str:
    """A whole number that went through floats (``197391.0``) as it was; any other text as it is."""
    found = _WHOLE.fullmatch(text)
    return found[1] if found else text


def concept(text: str) -> str:
    """An RxNorm concept's number; C3PI writes 0 where there is none."""
    found = whole(text)
    return "" if found == "0" else found


def truth(text: str) -> bool | None:
    """Yes or no, or None where the text says neither."""
    return {"TRUE": True, "1": True, "FALSE": False, "0": False}.get(whole(text).upper())
