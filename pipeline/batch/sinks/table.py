"""Rows as CSV (RFC 4180) for a spreadsheet: UTF-8 with a byte order mark, as Excel needs it; no cell is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.batch.columns import Column
from pipeline.batch.durable import replacing
from pipeline.batch.rows import Row
from pipeline.batch.sinks.interface import Add
from pipeline.figures_in_words import percent
from reference.audit.export import defused


@contextmanager
def table(file: Path, columns: Sequence[Column]) -> Iterator[Add]:
    """See ``Form``."""
    shown = [column.name for column in columns if column.in_table]
    with replacing(file) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        writer = csv.writer(text)
        writer.writerow(map(_cell, shown))

        def add(row: Row) -> None:
            writer.writerow(cells_of(row, shown))

        yield add
        text.detach()


def cells_of(row: Row, names: Sequence[str]) -> list[str]:
    """The cells of a row."""
    return [_cell(row.get(name)) for name in names]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return defused("; ".join(map(_item, value)))
    return defused(value) if isinstance(value, str) else str(value)


def _item(item: Any) -> str:
    """An element of a list: a photo, a box (``0: 12 30 200 210`` is its photo, then its edges) or a candidate."""
    if not isinstance(item, dict):
        return str(item)
    if "sha256" in item:
        return str(item["photo"])
    if "top" in item:
        return f"{item['photo']}: {item['top']} {item['left']} {item['bottom']} {item['right']}"
    name = f"{item['drug']} {item['strength']}".strip()
    return f"{name} ({percent(item['probability'])})"
