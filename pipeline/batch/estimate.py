"""What a batch would take: photos, time and disk, measured on a few of its photos; nothing is written."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.batch import plan
from pipeline.batch.columns import NAMES
from pipeline.batch.engines import Execute
from pipeline.batch.engines.interface import usable_cores
from pipeline.batch.holding import as_of_now
from pipeline.batch.ledger import Ledger
from pipeline.batch.rows import Row, each_pill, result, to_line
from pipeline.batch.settings import BatchSettings
from pipeline.batch.sinks.table import cells_of
from pipeline.batch.sources.photos import Photos
from pipeline.batch.work import PhotoWork, Task

# The columns that a batch adds to a worker's row, with values of the usual number of digits.
_ADDED = {"size_bytes": 4 * 10**6, "mtime_ns": 10**18, "ctime_ns": 10**18, "tries": 1}
# Photos that are measured, and one more to warm up: some seconds, and a mean within a third of the folder's.
_MEASURED = 8


@dataclass(frozen=True)
class Estimate:
    """What a batch would take.

    ``photos``: found now. ``done_before``: those of them whose row still holds. ``measured``: photos that were done to
    say how long one takes. ``disk_bytes``: what the result folder would grow by; ``free_bytes``: what its disk has.
    """

    photos: int
    done_before: int
    measured: int
    workers: int
    seconds_per_photo: float
    seconds: float
    disk_bytes: int
    free_bytes: int


def estimate(photos: Photos, out: Path, work: PhotoWork, execute: Execute, settings: BatchSettings) -> Estimate:
    """What ``run_batch`` with the same arguments would take."""
    found, some = _sampled(photos.found(out, lambda path, why: None))
    done_before = _done_before(photos, out)
    entries = [entry for path in some if (entry := photos.entry(path))]
    tasks = iter([Task("estimate", index, entry) for index, entry in enumerate(entries)])
    rows = [row for _, row in execute(tasks, work, 1, settings.timeout_seconds)]
    rows = rows[1:] or rows  # the first one loads the models
    seconds = sum(row["seconds"] for row in rows) / max(1, len(rows))
    left, workers = max(0, found - done_before), settings.workers or usable_cores()
    return Estimate(
        photos=found,
        done_before=done_before,
        measured=len(rows),
        workers=workers,
        seconds_per_photo=round(seconds, 3),
        seconds=round(left * seconds / workers, 1),
        disk_bytes=round(left * sum(map(_bytes, rows)) / max(1, len(rows))),
        free_bytes=shutil.disk_usage(_existing(out)).free,
    )


def _sampled(paths: Iterable[str]) -> tuple[int, Sequence[str]]:
    """How many paths there are, and a few of them, each with equal chance (reservoir sampling)."""
    chance = random.Random(0)
    count, some = 0, list[str]()
    for count, path in enumerate(paths, start=1):
        if len(some) <= _MEASURED:
            some.append(path)
        elif (place := chance.randrange(count)) <= _MEASURED:
            some[place] = path
    return count, some


def _done_before(photos: Photos, out: Path) -> int:
    """How many photos have a row of an earlier run that still holds."""
    if not (out / "plan").is_dir() or not (out / "shards").is_dir():
        return 0
    ledger = Ledger(out / "shards")
    return sum(
        bool(row and not row.get("gone"))
        for shard in plan.shards(out / "plan")
        for earlier in [ledger.earlier(shard)]
        for row in (as_of_now(photos, path, earlier.get(index)) for index, path in enumerate(shard.paths))
    )


def _bytes(row: Row) -> int:
    """What one photo takes on the disk: plan, shard and results, and its views twice, once in the report."""
    pills = list(each_pill(row))
    views = sum(len(pill.get("view") or "") for pill in pills)
    whole = [result({**pill, **_ADDED}, {}) for pill in pills]
    lines = sum(len(to_line(pill)) for pill in whole)
    cells = sum(len(",".join(cells_of(pill, NAMES)).encode()) for pill in whole)
    return len(row["photo"]) + 2 * lines + cells + 2 * views


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if path.exists())
