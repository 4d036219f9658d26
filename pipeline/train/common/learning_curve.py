"""The learning curve of a training as a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from pipeline.train.common.loop import CurvePoint

_TRY_EVERY_MINUTES = 10.0


@dataclass
class LearningCurve:
    """One row a point; every ten minutes the averaged weights are tried on the validation part.

    ``columns``: all of the file's. ``trial``: the figures of a network in training, None where there is nothing to try
    it on.
    """

    path: Path
    columns: Sequence[str]
    trial: Callable[[nn.Module], dict[str, float]] | None
    say: Callable[[str], None]
    _tried_minutes: float = 0.0

    def note(self, point: CurvePoint) -> None:
        """Add a point; the last one is always tried."""
        row: dict[str, float | str] = dict.fromkeys(self.columns, "")
        row |= {"step": point.step, "minutes": round(point.minutes, 2), "rate": point.rate}
        row |= {key: round(value, 4) for key, value in point.losses.items()}
        is_due = point.minutes - self._tried_minutes >= _TRY_EVERY_MINUTES or point.is_last
        if self.trial is not None and is_due:
            self._tried_minutes = point.minutes
            row |= {key: round(value, 4) for key, value in self.trial(point.model).items()}
        self._write(row)
        self.say(" ".join(f"{key} {value}" for key, value in row.items() if value != ""))

    @property
    def last(self) -> dict[str, float]:
        """The row of the last trial, of this run or of one before that was cut off; empty without any."""
        if not self.path.exists():
            return {}
        with self.path.open(newline="", encoding="utf-8") as stream:
            tried = [row for row in csv.DictReader(stream) if all(row.values())]
        return {key: float(value) for key, value in tried[-1].items()} if tried else {}

    def _write(self, row: dict[str, float | str]) -> None:
        is_new = not self.path.exists()
        with self.path.open("a", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, self.columns, lineterminator="\n")
            if is_new:
                writer.writeheader()
            writer.writerow(row)
