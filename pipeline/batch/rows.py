"""One result row a photo or pill: its columns, and what of a row of an earlier run still holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.batch.columns import NAMES
from pipeline.batch.names import key_of
from pipeline.batch.sources.entry import Entry, Told
from pipeline.review import RESULTS

Row = Mapping[str, Any]

# A row's keys where it comes from a worker; the batch adds its photos' state, and says how often it was tried.
_ADDED = frozenset(
    ("pill", "pills", "further", "mm_per_px", "coin", "expected", "tries", "size_bytes", "mtime_ns", "ctime_ns", "etag")
)
_KEYS = tuple(name for name in NAMES if name not in _ADDED and name not in RESULTS)


def result(row: Row, own: Mapping[str, str]) -> Row:
    """A row as the results have it: all columns in their order, then those of the caller's list."""
    return {**{name: row.get(name) for name in NAMES}, **own}


def told_of(row: Row) -> Told:
    """What was said of a row's photos when they were read."""
    return Told(row.get("mm_per_px"), row.get("coin"), row.get("expected") or "")


def base_row(entry: Entry) -> dict[str, Any]:
    """The row of an entry before anything is found out."""
    row: dict[str, Any] = dict.fromkeys(_KEYS)
    row["photo"] = key_of(entry.path)
    if entry.further:
        row["further"] = [{"photo": key_of(path), "sha256": None} for path in entry.further]
    return row | entry.told.cells | ({"wrong": entry.wrong} if entry.wrong else {})


def each_pill(row: Row) -> Iterator[Row]:
    """A row of the ledger as the results have it: one a pill where each pill was asked for."""
    pills = row.get("pills")
    if not pills:
        yield row
        return
    shared = {name: value for name, value in row.items() if name != "pills"}
    for number, pill in enumerate(pills, start=1):
        yield {**shared, **pill, "pill": number, "pills": len(pills)}


def to_line(value: object) -> bytes:
    """A value as one line of JSON Lines, plain ASCII."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"
