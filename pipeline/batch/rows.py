"""One result row a photo or pill: its columns, and what of a row of an earlier run still holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.batch.columns import NAMES
from pipeline.batch.names import key_of
from pipeline.batch.sources.entry import Entry, Told
from pipeline.batch.sources.photos import Photos
from pipeline.review import RESULTS

Row = Mapping[str, Any]

# A row's keys where it comes from a worker; the batch adds its photos' state, and says how often it was tried.
_ADDED = frozenset(
    ("pill", "pills", "further", "mm_per_px", "coin", "tries", "size_bytes", "mtime_ns", "ctime_ns", "etag")
)
_KEYS = tuple(name for name in NAMES if name not in _ADDED and name not in RESULTS)


def result(row: Row, own: Mapping[str, str]) -> Row:
    """A row as the results have it: all columns in their order, then those of the caller's list."""
    return {**{name: row.get(name) for name in NAMES}, **own}


def told_of(row: Row) -> Told:
    """What was said of a row's photos when they were read."""
    return Told(row.get("mm_per_px"), row.get("coin"))


def base_row(entry: Entry) -> dict[str, Any]:
    """The row of an entry before anything is found out."""
    row: dict[str, Any] = dict.fromkeys(_KEYS)
    row["photo"] = key_of(entry.path)
    if entry.further:
        row["further"] = [{"photo": key_of(path), "sha256": None} for path in entry.further]
    return row | entry.told.arguments | ({"wrong": entry.wrong} if entry.wrong else {})


def each_pill(row: Row) -> Iterator[Row]:
    """A row of the ledger as the results have it: one a pill where each pill was asked for."""
    pills = row.get("pills")
    if not pills:
        yield row
        return
    shared = {name: value for name, value in row.items() if name != "pills"}
    for number, pill in enumerate(pills, start=1):
        yield {**shared, **pill, "pill": number, "pills": len(pills)}


def as_of_now(photos: Photos, path: str, row: Row | None) -> Row | None:
    """A row of an earlier run as it holds now.

    Args:
        photos: those of the batch, found anew.
        path: the photo; with a ``/`` at its end a folder or archive that could not be listed.
        row: what an earlier run kept of it; None where it was not done.

    Returns:
        The row where the photos are as they were when they were read, the row marked ``gone`` where the photo is
        deleted or listed no more (or the folder can be listed, so that its photos are found), and None where the photo
        is to be done.
    """
    entry = photos.entry(path)
    if entry is None or photos.state(path) is None or (row and _is_listed(photos, path)):
        return {"photo": key_of(path), **(row or {}), "gone": True}
    if row is None:
        return None
    kept = {name: value for name, value in row.items() if name != "gone"}
    further = kept.get("further") or []
    asked = (told_of(kept), kept.get("wrong", ""), [each["photo"] for each in further])
    if asked != (entry.told, entry.wrong, [key_of(each) for each in entry.further]):
        return None
    first = _held(photos, path, kept)
    others = [_held(photos, *pair) for pair in zip(entry.further, further, strict=True)]
    if first is None or None in others:
        return None
    return {**first, "further": others} if others else first


def _is_listed(photos: Photos, path: str) -> bool:
    """Whether this was a folder or archive that could not be listed, and now can be."""
    return path.endswith("/") and not photos.store.why_not_listed(path)


def _held(photos: Photos, path: str, kept: Row) -> Row | None:
    """What is kept of a photo with its state as it is now; None where it holds something else."""
    state = photos.state(path)
    if state is None:
        return None
    now = {**kept, **state}
    return now if now == kept or (kept.get("sha256") and kept["sha256"] == photos.store.digest(path)) else None


def to_line(value: object) -> bytes:
    """A value as one line of JSON Lines, plain ASCII."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"
