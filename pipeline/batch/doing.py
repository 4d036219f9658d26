"""What is left of a batch, done: the same bytes once, and what the machine failed at once more, alone."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.batch import plan
from pipeline.batch.contents import Contents
from pipeline.batch.engines import Execute
from pipeline.batch.ledger import Ledger
from pipeline.batch.rows import Analyst, Row, as_of_now, key_of
from pipeline.batch.state import UNKNOWN, State, digest, state_of
from pipeline.batch.views import Views
from pipeline.batch.work import PhotoWork, Task

# Errors that the photo need not have caused: too little memory or time, as while other photos are worked on beside it.
_OF_THE_MACHINE = frozenset(("TimedOut", "WorkerDied", "MemoryError"))
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
        folder: where the photos are.
        out: the result folder.
        analyst: what identifies them.
        execute: the engine.
        workers: how many.
        timeout_seconds: for one photo.
        retry_errors: whether all photos with an error row are done again.
        on_progress: called after each photo.
    """

    def __init__(
        self,
        folder: Path,
        out: Path,
        analyst: Analyst,
        execute: Execute,
        *,
        workers: int | None,
        timeout_seconds: float,
        retry_errors: bool,
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._root = os.path.abspath(folder)
        self._plan = out / "plan"
        self._ledger, self._views, self._contents = Ledger(out / "shards"), Views(out / "views"), Contents()
        self._execute, self._work = execute, PhotoWork(analyst, self._root)
        self._workers, self._timeout_seconds = workers, timeout_seconds
        self._retry_errors = retry_errors
        self._on_progress = on_progress
        self._total = plan.count(self._plan)
        self._before = self._done = self._errors = 0
        self._again: set[str] = set()  # shards with a row of the machine's doing
        self._failed_now: set[Task] = set()
        # as a photo is before it is read: what replaces it later is seen to differ
        self._given: dict[Task, State] = {}

    def run(self) -> int:
        """Do what is left; how many photos that was."""
        try:
            tasks = self._left()
            first = next(tasks, None)
            self._tell()
            if first is not None:
                self._do(itertools.chain((first,), tasks), self._workers, tries=1)
            self._do(self._same_as_no_other(), self._workers, tries=1)
            self._do(self._failed(), 1, tries=_TRIES_MAX)
        finally:
            self._contents.close()
        return self._done

    def _do(self, tasks: Iterator[Task], workers: int | None, tries: int) -> None:
        first = next(tasks, None)
        if first is None:
            return
        rest = itertools.chain((first,), tasks)
        for task, row in self._execute(rest, self._work, workers, self._timeout_seconds):
            kept = {**self._views.kept(task.shard, row), **self._given.pop(task), "tries": tries}
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
            rows = self._ledger.begin(shard, self._as_of_now)
            self._before += len(rows)
            self._contents.add_done(shard.key, rows)
            if any(map(_is_to_try_again, rows.values())):
                self._again.add(shard.key)
            for index, path in enumerate(shard.paths):
                if index not in rows:
                    task = self._taken(Task(shard.key, index, path))
                    if self._same_as_done(task):
                        continue
                    if self._contents.waits(task, self._file(path)):
                        del self._given[task]
                    else:
                        yield task

    def _taken(self, task: Task) -> Task:
        self._given[task] = state_of(self._file(task.path)) or UNKNOWN
        return task

    def _file(self, path: str) -> str:
        return os.path.join(self._root, path)

    def _as_of_now(self, path: str, row: Row | None) -> Row | None:
        now = as_of_now(self._root, path, row)
        failed = bool(now and now.get("error") and not now.get("gone"))
        return None if failed and self._retry_errors else now

    def _same_as_done(self, task: Task) -> bool:
        """Give a photo the row of one with the same bytes that an earlier run did; whether there is one."""
        size = self._given[task]["size_bytes"]
        if not size or not self._contents.has_done(size):
            return False
        sha256 = digest(self._file(task.path))
        return sha256 is not None and any(
            self._copied(task, place, sha256) for place in self._contents.done(size, sha256)
        )

    def _same_as_no_other(self) -> Iterator[Task]:
        """The photos that waited for one with perhaps the same bytes; those that have its bytes get its row."""
        for task, place in self._contents.waiting():
            self._taken(task)
            sha256 = digest(self._file(task.path))
            if sha256 is None or not self._copied(task, place, sha256):
                yield task

    def _copied(self, task: Task, place: tuple[str, int], sha256: str) -> bool:
        row = self._ledger.row(*place)
        unchanged = state_of(self._file(task.path)) == self._given[task]
        if row is None or row.get("sha256") != sha256 or row.get("error") or not unchanged:
            return False
        own = {"photo": key_of(task.path), "same_as": row.get("same_as") or row["photo"], **self._given.pop(task)}
        kept = {key: value for key, value in row.items() if key != "gone"}
        self._ledger.add(task.shard, task.index, {**kept, **own})
        self._done += 1
        self._tell()
        return True

    def _failed(self) -> Iterator[Task]:
        """The photos that the machine failed at in this run, or in an earlier one that did not come to this."""
        for shard in plan.shards(self._plan) if self._again else ():
            if shard.key in self._again:
                rows = self._ledger.begin(shard, lambda path, row: None if _is_to_try_again(row) else row)
                yield from (
                    self._taken(Task(shard.key, index, path))
                    for index, path in enumerate(shard.paths)
                    if index not in rows
                )


def _is_to_try_again(row: Row | None) -> bool:
    return bool(row and row.get("error_kind") in _OF_THE_MACHINE and row.get("tries", 1) < _TRIES_MAX)
