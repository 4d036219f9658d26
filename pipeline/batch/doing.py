"""What is left of a batch, done: the same bytes once, and what the machine failed at once more, alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.batch import plan
from pipeline.batch.contents import Contents, Place
from pipeline.batch.engines import Execute
from pipeline.batch.holding import as_of_now, digest_now
from pipeline.batch.ledger import Ledger
from pipeline.batch.names import key_of
from pipeline.batch.plan import Shard
from pipeline.batch.rows import Row
from pipeline.batch.settings import BatchSettings
from pipeline.batch.sources.photos import Photos
from pipeline.batch.state import UNKNOWN, State
from pipeline.batch.views import Views
from pipeline.batch.work import PhotoWork, Task

# Errors that the machine may have caused, not the photo: too little memory or time, as when other photos are being
# worked on. Such a photo is tried again.
_OF_THE_MACHINE = frozenset(("TimedOut", "WorkerDied", "MemoryError", "UnreachableError"))
_TRIES_MAX = 2


@dataclass(frozen=True)
class Progress:
    """Where a batch is: ``done`` of ``total`` photos, ``done_before`` of them by earlier runs.

    While it still looks for photos ``total`` is None and ``done`` counts those found.
    """

    done: int
    total: int | None
    done_before: int = 0
    errors: int = 0


class Doing:
    """One run over the photos of a plan.

    Args:
        photos: what was found.
        out: the result folder.
        work: what is done with each.
        execute: the engine.
        settings: workers, time-out, and what is done again.
        on_progress: called after each photo.
    """

    def __init__(
        self,
        photos: Photos,
        out: Path,
        work: PhotoWork,
        execute: Execute,
        settings: BatchSettings,
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._photos, self._plan = photos, out / "plan"
        self._ledger, self._views = Ledger(out / "shards"), Views(out / "views")
        self._contents = Contents(photos.store.sample, self._ledger.rows)
        self._execute, self._work, self._settings = execute, work, settings
        self._on_progress = on_progress
        self._total = plan.count(self._plan)
        self._before = self._done = self._errors = 0
        self._again: set[str] = set()  # shards with a row whose error the machine may have caused
        self._failed_now: set[Task] = set()
        # the state of each photo before it is read, so that a later replacement is noticed
        self._given: dict[Task, Sequence[State]] = {}

    def run(self) -> int:
        """Do what is left; how many photos that was."""
        try:
            tasks = self._left()
            first = next(tasks, None)
            self._tell()
            workers = self._settings.workers
            if first is not None:
                self._do(itertools.chain((first,), tasks), workers, tries=1)
            self._do(self._same_as_no_other(), workers, tries=1)
            self._do(self._failed(), 1, tries=_TRIES_MAX)
        finally:
            self._contents.close()
        return self._done

    def _do(self, tasks: Iterator[Task], workers: int | None, tries: int) -> None:
        first = next(tasks, None)
        if first is None:
            return
        rest = itertools.chain((first,), tasks)
        for task, row in self._execute(rest, self._work, workers, self._settings.timeout_seconds):
            kept = {**_stated(self._views.kept(task.shard, row), self._given.pop(task)), "tries": tries}
            self._ledger.add(task.shard, task.index, kept)
            self._count(task, kept)
            self._tell()

    def _count(self, task: Task, row: Row) -> None:
        self._errors += bool(row["error"]) - (task in self._failed_now)
        self._done += row["tries"] == 1
        if _is_to_try_again(row):
            self._again.add(task.shard)
            self._failed_now.add(task)

    def _tell(self) -> None:
        self._on_progress(Progress(self._before + self._done, self._total, self._before, self._errors))

    def _left(self) -> Iterator[Task]:
        """The photos without a row that holds; of several with the same bytes only the first."""
        for shard in plan.shards(self._plan):
            if self._holds(shard):
                self._before += len(shard.paths)
                self._contents.add_whole(shard.key)
                continue
            rows = self._ledger.begin(shard, self._as_of_now)
            self._before += len(rows)
            self._contents.add_done(shard.key, rows)
            if any(map(_is_to_try_again, rows.values())):
                self._again.add(shard.key)
            for index, path in enumerate(shard.paths):
                if index in rows:
                    continue
                task = self._taken((shard.key, index), path)
                if task is None or self._same_as_done(task):
                    continue
                if self._waits(task):
                    del self._given[task]
                else:
                    yield task

    def _holds(self, shard: Shard) -> bool:
        """Whether all rows of a shard hold, and nothing of it is to be tried again, by its stamp."""
        stamp = self._ledger.stamp(shard.key)
        if stamp is None or (stamp.errors and self._settings.retry_errors):
            return False
        if stamp.tries and stamp.tries < _TRIES_MAX and _OF_THE_MACHINE & set(stamp.kinds):
            return False
        return stamp.photos == digest_now(self._photos, shard.paths)

    def _taken(self, place: Place, path: str) -> Task | None:
        """The task of a place in the plan, with its photos as they are now; None where it is listed no more."""
        entry = self._photos.entry(path)
        if entry is None:
            return None
        task = Task(*place, entry)
        self._given[task] = [self._photos.state(each) or UNKNOWN for each in task.paths]
        return task

    def _as_of_now(self, path: str, row: Row | None) -> Row | None:
        now = as_of_now(self._photos, path, row)
        failed = bool(now and now.get("error") and not now.get("gone"))
        return None if failed and self._settings.retry_errors else now

    def _size(self, task: Task) -> int:
        """The bytes of a task's photo where it may have the row of another; else 0."""
        size = self._given[task][0]["size_bytes"]
        return size if isinstance(size, int) and not task.entry.further and not task.entry.wrong else 0

    def _waits(self, task: Task) -> bool:
        size, entry = self._size(task), task.entry
        return size > 0 and self._contents.waits((task.shard, task.index), entry.path, size, entry.told)

    def _same_as_done(self, task: Task) -> bool:
        """Give a photo the row of one with the same bytes that an earlier run did; whether there is one."""
        size = self._size(task)
        if not size or not self._contents.has_done(size):
            return False
        sha256 = self._photos.store.digest(task.entry.path)
        return sha256 is not None and any(
            self._copied(task, place, sha256) for place in self._contents.done(size, task.entry.told, sha256)
        )

    def _same_as_no_other(self) -> Iterator[Task]:
        """The photos that waited for one with perhaps the same bytes; those that have its bytes get its row."""
        for own, path, place in self._contents.waiting():
            task = self._taken(own, path)
            sha256 = self._photos.store.digest(path)
            if task is not None and (sha256 is None or not self._copied(task, place, sha256)):
                yield task

    def _copied(self, task: Task, place: Place, sha256: str) -> bool:
        row, path = self._ledger.row(*place), task.entry.path
        unchanged = self._photos.state(path) == self._given[task][0]
        if row is None or row.get("sha256") != sha256 or row.get("error") or not unchanged:
            return False
        own = {"photo": key_of(path), "same_as": row.get("same_as") or row["photo"]}
        kept = {key: value for key, value in row.items() if key != "gone"}
        self._ledger.add(task.shard, task.index, _stated({**kept, **own}, self._given.pop(task)))
        self._done += 1
        self._tell()
        return True

    def _failed(self) -> Iterator[Task]:
        """The photos that the machine failed at in this run, or in an earlier one that did not come to this."""
        for shard in plan.shards(self._plan) if self._again else ():
            if shard.key in self._again:
                rows = self._ledger.begin(shard, lambda path, row: None if _is_to_try_again(row) else row)
                tasks = (
                    self._taken((shard.key, index), path) for index, path in enumerate(shard.paths) if index not in rows
                )
                yield from filter(None, tasks)


def _stated(row: Row, given: Sequence[State]) -> Row:
    """The row with the state of each of its photos."""
    further = [{**part, **state} for part, state in zip(row.get("further") or (), given[1:], strict=True)]
    return {**row, **given[0]} | ({"further": further} if further else {})


def _is_to_try_again(row: Row | None) -> bool:
    return bool(row and row.get("error_kind") in _OF_THE_MACHINE and row.get("tries", 1) < _TRIES_MAX)
