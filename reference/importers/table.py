"""Streams rows out of CSV and JSON register files of any size, hostile ones included."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reference.errors import CatalogError
from reference.importers.log import Log

# No register has a field or an item near these sizes; longer ones are damage or malice.
MAX_FIELD_CHARACTERS = 100_000
MAX_ITEM_CHARACTERS = 4_000_000
_BLOCK = 1 << 16
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_BLANKS = re.compile(r"[\s,\[\]]*")

Row = Mapping[str, str]


def rows(path: Path, log: Log) -> Iterator[tuple[str, Row]]:
    """``(name, row)`` of each record of a CSV or JSON file; unreadable ones are reported and skipped.

    Keys are lower case, values stripped text. A JSON file is a list of objects or holds one, however deep
    (``{"body": {"items": [...]}}``).
    """
    try:
        with path.open("rb") as file:
            start = file.read(_BLOCK).lstrip(b"\xef\xbb\xbf \t\r\n")
    except OSError as error:
        raise CatalogError(f"cannot read {path}: {error.strerror or error}") from error
    yield from _json_rows(path, log) if start[:1] in (b"{", b"[") else _csv_rows(path, log)


def first_row_keys(path: Path) -> frozenset[str]:
    """The keys of the first record, in lower case; empty where there is none."""
    return next((frozenset(row) for _, row in rows(path, Log())), frozenset())


def _text(path: Path) -> io.TextIOWrapper:
    return path.open(encoding="utf-8-sig", errors="replace", newline="")


def _csv_rows(path: Path, log: Log) -> Iterator[tuple[str, Row]]:
    with _text(path) as file:
        records = _records(file, path, log)
        _, header = next(records, (0, []))
        keys = [key.strip().lower() for key in header]
        for line, values in records:
            name = f"{path.name}:{line}"
            if len(values) > len(keys):
                log.reject(name, f"{len(values)} values under {len(keys)} columns")
            elif values:
                yield name, dict(zip(keys, map(clean, values), strict=False))


def _records(file: io.TextIOWrapper, path: Path, log: Log) -> Iterator[tuple[int, list[str]]]:
    """CSV records with their line; one that cannot be parsed costs only itself."""
    reader = csv.reader(_bounded_lines(file), strict=False)
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            log.reject(f"{path.name}:{reader.line_num}", str(error))
            continue
        yield reader.line_num, values


def _bounded_lines(file: io.TextIOWrapper) -> Iterator[str]:
    while line := file.readline(MAX_FIELD_CHARACTERS):
        yield line.replace("\0", "")


def _json_rows(path: Path, log: Log) -> Iterator[tuple[str, Row]]:
    with _text(path) as file:
        for number, item in enumerate(_objects(file, path, log), 1):
            yield f"{path.name}#{number}", item


def _objects(file: io.TextIOWrapper, path: Path, log: Log) -> Iterator[Row]:
    """The innermost flat objects of a JSON text, one at a time."""
    depth_start: list[int] = []
    buffer, position, in_text, escaped, flat = "", 0, False, False, False
    while True:
        if position >= len(buffer):
            block = file.read(_BLOCK)
            if not block:
                return
            keep = depth_start[-1] if depth_start and flat else len(buffer)
            buffer, shift = buffer[keep:] + block, keep
            position -= shift
            depth_start = [max(0, start - shift) for start in depth_start]
        character = buffer[position]
        if in_text:
            in_text = escaped or character != '"'
            escaped = not escaped and character == "\\"
        elif character == '"':
            in_text = True
        elif character == "{":
            depth_start.append(position)
            flat = True
        elif character == "}" and depth_start:
            start = depth_start.pop()
            if flat:
                yield from _parsed(buffer[start : position + 1], path, log)
            flat = False
        position += 1
        if flat and position - depth_start[-1] > MAX_ITEM_CHARACTERS:
            log.reject(path.name, f"an object of more than {MAX_ITEM_CHARACTERS} characters")
            depth_start.pop()
            flat = False


def _parsed(text: str, path: Path, log: Log) -> Iterator[Row]:
    try:
        item = json.loads(text)
    except (ValueError, RecursionError) as error:
        log.reject(path.name, f"{error} in {text[:60]!r}")
        return
    yield {str(key).strip().lower(): _as_text(value) for key, value in item.items()}


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ";".join(_as_text(part) for part in value)
    return clean(str(value))


def clean(text: str) -> str:
    """Text that any database takes: without control characters and lone surrogates, single blanks."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    printable = "".join(character if character >= " " else " " for character in text)
    return " ".join(printable.encode("utf-8", "replace").decode().split())


def millimeters(text: str) -> float | None:
    """The longest dimension that a register's text gives, in mm; None where it gives no sensible one.

    ``15;15`` and ``15.50-15.60`` are several measurements: the largest holds. Nothing that is swallowed is
    longer than 50 mm (the FDA advises at most 22 mm: https://www.fda.gov/media/161902/download).
    """
    numbers = [float(number) for number in _NUMBER.findall(text.replace("±", ";±"))[:8]]
    largest = max(numbers, default=math.nan)
    return largest if 0 < largest <= 50 else None
