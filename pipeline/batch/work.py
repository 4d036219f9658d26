"""What a worker does with one photo of a batch."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.batch.rows import Analyst, Row, analyze, error_row


@dataclass(frozen=True)
class Task:
    """One photo to do: which shard, which place in it, which path below the folder."""

    shard: str
    index: int
    path: str


@dataclass(frozen=True)
class PhotoWork:
    """The row of each photo below a folder, by an analyst."""

    analyst: Analyst
    folder: str

    def do(self, task: Task) -> Row:
        """The row of one photo, an error row where it cannot be had."""
        return analyze(self.analyst, self.folder, task.path)

    def lost(self, task: Task, kind: str, reason: str, seconds: float) -> Row:
        """The row of a photo that was lost with its worker."""
        return error_row(task.path, kind, reason, seconds)
