"""What of an earlier run still holds: a row by what is kept of its photos, a whole shard by a digest of that."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from pipeline.batch.names import key_of
from pipeline.batch.rows import Row, told_of
from pipeline.batch.sources.entry import NOTHING, Told
from pipeline.batch.sources.photos import Photos
from pipeline.batch.state import UNKNOWN, State

_GONE = "gone"


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


def digest_of(rows: Iterable[Row]) -> str:
    """A digest of how the photos of some rows were when they were read, and of what was said of them."""
    return _digest(map(_mark_of, rows))


def digest_now(photos: Photos, paths: Sequence[str]) -> str:
    """The same of photos as they are now: equal where ``as_of_now`` would leave each row as it is."""
    if photos.alone is None:
        return _digest(_mark_now(photos, path) for path in paths)
    state, told = photos.store.state, _said(photos.alone, "")
    return _digest(
        _mark_now(photos, path) if path[-1:] == "/" else _GONE if (now := state(path)) is None else _values(now) + told
        for path in paths
    )


def _mark_of(row: Row) -> str:
    if row.get("gone"):
        return _GONE
    return _values(row) + _said(told_of(row), row.get("wrong", ""), row.get("further") or ())


def _mark_now(photos: Photos, path: str) -> str:
    entry = photos.entry(path)
    state = photos.state(path) if entry else None
    if entry is None or state is None or _is_listed(photos, path):
        return _GONE
    further = [{"photo": key_of(each), **(photos.state(each) or UNKNOWN)} for each in entry.further]
    return _values(state) + _said(entry.told, entry.wrong, further)


def _values(state: Row | State) -> str:
    return " ".join([str(state.get(name)) for name in ("size_bytes", "mtime_ns", "ctime_ns", "etag")])


def _said(told: Told, wrong: str, further: Sequence[Row] = ()) -> str:
    if not further and not wrong and told == NOTHING:
        return ""
    return repr((*told.cells.items(), wrong, [(each["photo"], _values(each)) for each in further]))


def _digest(marks: Iterable[str]) -> str:
    return hashlib.blake2b("\n".join(marks).encode(), digest_size=16).hexdigest()
