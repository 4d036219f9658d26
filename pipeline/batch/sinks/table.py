"""Rows as CSV for a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import IO, Any

from pipeline.batch.rows import COLUMNS, Row
from pipeline.words import percent

# A spreadsheet takes a cell that begins with one of these for a formula (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_csv(file: IO[str], rows: Iterable[Row], own: Sequence[str] = ()) -> None:
    """Rows as CSV (RFC 4180) with a header; nothing in it is taken for a formula by a spreadsheet.

    ``own`` are columns of the caller's list, which come last.
    """
    writer, columns = csv.writer(file), (*COLUMNS, *own)
    writer.writerow([*COLUMNS, *map(_cell, own)])
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return _defused("; ".join(_item(item) for item in value))
    return _defused(value) if isinstance(value, str) else str(value)


def _item(item: Any) -> str:
    """An element of a list: a photo, a box (``0: 12 30 200 210`` is its photo, then its edges) or a candidate."""
    if isinstance(item, dict):
        if "sha256" in item:
            return str(item["photo"])
        if "top" in item:
            return f"{item['photo']}: {item['top']} {item['left']} {item['bottom']} {item['right']}"
        name = f"{item['drug']} {item['strength']}".strip()
        return f"{name} ({percent(item['probability'])})"
    return str(item)


def _defused(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
