"""The rows of all shards, put together into the results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from pipeline.batch import plan
from pipeline.batch.columns import all_columns, own_columns
from pipeline.batch.ledger import Ledger
from pipeline.batch.rows import Row, each_pill, result
from pipeline.batch.sinks import SINKS
from pipeline.batch.sources.photos import Photos
from pipeline.batch.truth import HARMS, NOT_ANSWERED, by_harm
from pipeline.batch.verdicts import Verdicts
from pipeline.batch.views import Views

# Error rows whose words stand in the summary: enough to see what is wrong, the others are in the results.
_ERRORS_TOLD = 5
_NOT_COMPARED = "NOT_COMPARED"
_COUNTED = ("decision", "error_kind", "agreement")


@dataclass(frozen=True)
class Results:
    """The results of a batch: its ``photos``, the folder ``out``, and what people ``said`` of rows."""

    photos: Photos
    out: Path
    said: Verdicts

    def write(self, forms: Sequence[str]) -> tuple[dict[str, Counter[str]], Sequence[str]]:
        """Write all rows in these forms; counts of what is in them, and what the first error rows say.

        A form that an earlier run wrote and this one does not is removed: it would say what was.
        """
        errors: list[str] = []
        counts = {key: Counter[str]() for key in ("photos", "rows", "gone", "same", *_COUNTED)}
        own = own_columns(self.photos.origin.own)
        columns = all_columns(own)
        with ExitStack() as stack:
            adds = [stack.enter_context(SINKS[form](self.out / f"results.{form}", columns)) for form in forms]
            for row in self.said.applied(self._rows(counts["gone"])):
                whole = result(row, dict(zip(own, row["own"], strict=False)))
                for add in adds:
                    add(whole)
                _count(row, counts)
                if row["error"] and len(errors) < _ERRORS_TOLD:
                    errors.append(row["error"])
        for form in set(SINKS) - set(forms):
            (self.out / f"results.{form}").unlink(missing_ok=True)
        return counts, errors

    def viewed(self, rows_max: int) -> Iterator[tuple[Row, str | None]]:
        """The rows, each of the first ``rows_max`` with what the report shows of it."""
        views = Views(self.out / "views")
        for number, row in enumerate(self.said.applied(self._rows(Counter()))):
            yield row, views.of(row) if number < rows_max else None

    def _rows(self, gone: Counter[str]) -> Iterator[Row]:
        """The rows in the order of the plan; where they say what was expected what does most harm comes first."""
        if not self.photos.origin.is_truth:
            return self._planned(gone)
        # read once a level: no list of all rows is held
        passes = (by_harm(self._planned(Counter() if level else gone), level) for level in HARMS)
        return chain.from_iterable(passes)

    def _planned(self, gone: Counter[str]) -> Iterator[Row]:
        """The rows of the photos that are there, with the cells of the caller's list as ``own``."""
        ledger = Ledger(self.out / "shards")
        for shard in plan.shards(self.out / "plan"):
            for path, row in zip(shard.paths, ledger.rows(shard.key), strict=True):
                if row.get("gone"):
                    # "/" ends a folder that could not be listed before and can be now: no photo is missing
                    gone["all"] += not path.endswith("/")
                    continue
                entry = self.photos.entry(path) if self.photos.origin.own else None
                yield from each_pill({**row, "own": entry.own if entry else ()})


def _count(row: Row, counts: dict[str, Counter[str]]) -> None:
    counts["rows"]["all"] += 1
    if row.get("pill", 1) == 1:
        counts["photos"]["all"] += 1 + len(row.get("further") or ())
        counts["same"]["all"] += bool(row.get("same_as"))
    counts["agreement"][_NOT_COMPARED] += row.get("harm") == NOT_ANSWERED
    for column in _COUNTED:
        if row.get(column):
            counts[column][row[column]] += 1
