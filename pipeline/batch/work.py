"""What a worker does with one entry of a batch."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.batch.analysis import Analyst, analyze, error_row
from pipeline.batch.rows import Row
from pipeline.batch.sources.entry import Entry
from pipeline.batch.sources.store import Store


@dataclass(frozen=True)
class Task:
    """One entry to do: which shard, which place in it, and the entry."""

    shard: str
    index: int
    entry: Entry

    @property
    def paths(self) -> tuple[str, ...]:
        """Its photos."""
        return (self.entry.path, *self.entry.further)


@dataclass(frozen=True)
class PhotoWork:
    """The row of each entry in a store, by an analyst; ``each``: with a row a pill."""

    analyst: Analyst
    store: Store
    each: bool = False

    def do(self, task: Task) -> Row:
        """The row of one entry, an error row where it cannot be had."""
        return analyze(self.analyst, self.store, task.entry, self.each)

    def lost(self, task: Task, kind: str, reason: str, seconds: float) -> Row:
        """The row of an entry that was lost with its worker."""
        return error_row(task.entry, kind, reason, seconds)
