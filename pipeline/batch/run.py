"""The whole batch: look for photos, do those not done yet, put the results together."""

from __future__ import annotations

import io
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

from pipeline.batch import plan
from pipeline.batch.analysis import Analyst, View, Viewing
from pipeline.batch.claim import check, claimed
from pipeline.batch.doing import Doing, Progress
from pipeline.batch.durable import replace, replacing
from pipeline.batch.engines import Execute, run_local
from pipeline.batch.estimate import Estimate, estimate
from pipeline.batch.ledger import Ledger
from pipeline.batch.names import shown
from pipeline.batch.rows import Row, each_pill, own_columns, to_line
from pipeline.batch.settings import BatchSettings
from pipeline.batch.sinks.table import write_csv
from pipeline.batch.sources.files import PassedOver
from pipeline.batch.sources.opening import open_photos
from pipeline.batch.sources.photos import Photos
from pipeline.batch.verdicts import Verdict, Verdicts
from pipeline.batch.views import Views
from pipeline.batch.work import PhotoWork

# Error rows whose words stand in the summary: enough to see what is wrong, the others are in the results.
_ERRORS_TOLD = 5


class Report(Protocol):
    """Makes a report of a batch."""

    @property
    def view(self) -> View:
        """Makes what the report shows of answers, in the workers; it must be picklable."""
        ...

    def write(self, rows: Iterable[tuple[Row, str | None]], out: Path) -> Path:
        """Write the report into the result folder: all rows, each with its view if there is one; the file."""
        ...


@dataclass(frozen=True)
class Summary:
    """What came out: all runs together, but for ``photos_this_run`` and ``seconds``.

    ``rows``: of the results; more than photos where each pill has one, fewer where photos show one pill together.
    ``gone``: photos that were deleted since they were found; they have no row and do not count as photos.
    ``verdicts``: what people said of rows; ``verdicts_left``: of rows that are not here, or whose photo changed since.
    ``first_errors``: what a few of the error rows say.
    ``passed_over``: files that are no photos, and folders that were not entered, by why.
    ``same_as``: photos whose row is that of another with the same bytes.
    """

    photos: int
    errors: int
    decisions: Mapping[str, int]
    error_kinds: Mapping[str, int]
    photos_this_run: int
    seconds: float
    results: Mapping[str, str] = field(default_factory=dict)
    gone: int = 0
    verdicts: int = 0
    verdicts_left: int = 0
    first_errors: Sequence[str] = ()
    passed_over: Mapping[str, int] = field(default_factory=dict)
    same_as: int = 0
    rows: int = 0


@dataclass(frozen=True)
class Watch:
    """Who watches a batch.

    ``progress``: called after each photo. ``passed_over``: told of each file that is no photo and each folder that is
    not entered, and why.
    """

    progress: Callable[[Progress], None] = lambda progress: None
    passed_over: PassedOver = lambda path, why: None


def run_batch(
    photos: Path | Photos,
    out: Path,
    analyst: Analyst,
    identity: Mapping[str, str],
    settings: BatchSettings | None = None,
    *,
    execute: Execute = run_local,
    report: Report | None = None,
    verdicts: Sequence[Verdict] = (),
    watch: Watch | None = None,
) -> Summary:
    """Identify photos; a second call with the same arguments goes on where the first stopped.

    Writes ``results.jsonl``, ``results.csv`` and ``summary.json`` into ``out`` when all photos are done, and
    the rows so far into ``out/shards`` all the time. Photos added or changed since an earlier run are done too, and
    those deleted since have no row any more.

    Args:
        photos: a folder or archive, or what ``open_photos``, ``open_list`` or ``open_lines`` gives.
        out: the result folder; new, empty, or that of an earlier run.
        analyst: an ``Identifier``, or what has its ``identify``; it must be picklable.
        identity: what the results depend on (version, catalog, settings); an earlier run must have had the same.
        settings: workers, shard size, timeout.
        execute: the engine that runs the workers: ``run_local`` or ``run_ray``.
        report: made of all rows when they are done; what it shows of each is made where its photo is read.
        verdicts: what people said of the rows (``read_verdicts``), to be merged into the results besides earlier ones.
        watch: who watches.

    Raises:
        PhotoSetError: there is no such folder, or ``out`` holds something else, another batch, or a running one.
        PillprintError: a worker process cannot start.
    """
    settings, watch = settings or BatchSettings(), watch or Watch()
    started = time.perf_counter()
    passed: Counter[str] = Counter()

    def pass_over(path: str, why: str) -> None:
        passed[why] += 1
        watch.passed_over(path, why)

    with closing(_opened(photos)) as photos, claimed(out, _whole(photos, identity), settings.restart):
        plan.extend(out / "plan", _counted(photos.found(out, pass_over), watch.progress), settings.shard_size)
        said = Verdicts(out)
        said.add(verdicts)
        work = _work(photos, analyst, report)
        done = Doing(photos, out, work, execute, settings, watch.progress).run()
        results = _Results(photos, out, said)
        counts, errors = results.together()
        reported = {"report": shown(report.write(results.viewed(), out))} if report else {}
        summary = Summary(
            photos=counts["photos"].total(),
            errors=counts["error_kind"].total(),
            decisions=dict(sorted(counts["decision"].items())),
            error_kinds=dict(sorted(counts["error_kind"].items())),
            photos_this_run=done,
            seconds=round(time.perf_counter() - started, 3),
            results={**{form: shown(out / f"results.{form}") for form in ("jsonl", "csv")}, **reported},
            gone=counts["gone"].total(),
            verdicts=said.merged,
            verdicts_left=said.left,
            first_errors=errors,
            passed_over=dict(sorted(passed.items())),
            same_as=counts["same"].total(),
            rows=counts["rows"].total(),
        )
        replace(out / "summary.json", json.dumps(asdict(summary), indent=2).encode("ascii") + b"\n")
    return summary


def estimate_batch(
    photos: Path | Photos,
    out: Path,
    analyst: Analyst,
    identity: Mapping[str, str],
    settings: BatchSettings | None = None,
    *,
    execute: Execute = run_local,
    report: Report | None = None,
) -> Estimate:
    """What ``run_batch`` with the same arguments would take; nothing is written.

    Raises:
        PhotoSetError: ``run_batch`` would refuse the folder or the result folder.
        PillprintError: a worker process cannot start.
    """
    settings = settings or BatchSettings()
    with closing(_opened(photos)) as photos:
        if not settings.restart:
            check(out, _whole(photos, identity))
        return estimate(photos, out, _work(photos, analyst, report), execute, settings)


def _opened(photos: Path | Photos) -> Photos:
    return photos if isinstance(photos, Photos) else open_photos(photos)


def _whole(photos: Photos, identity: Mapping[str, str]) -> Mapping[str, str]:
    """What the rows depend on, with where the photos are from and what is said of them."""
    return {**photos.origin.identity, **identity}


def _work(photos: Photos, analyst: Analyst, report: Report | None) -> PhotoWork:
    seen = Viewing(analyst, report.view) if report else analyst
    return PhotoWork(seen, photos.store, photos.choice.each)


def _counted(paths: Iterator[str], on_progress: Callable[[Progress], None]) -> Iterator[str]:
    for number, path in enumerate(paths, start=1):
        if number % 1000 == 0:
            on_progress(Progress(number, None))
        yield path


@dataclass(frozen=True)
class _Results:
    """The rows of all shards, as the results have them."""

    photos: Photos
    out: Path
    said: Verdicts

    def together(self) -> tuple[dict[str, Counter[str]], Sequence[str]]:
        """Join the shards into one file a form; the counts of what is in them, and what the first error rows say."""
        errors: list[str] = []
        counts = {key: Counter[str]() for key in ("photos", "rows", "gone", "same", "decision", "error_kind")}

        def rows() -> Iterator[Row]:
            for row in self.said.applied(self._here(counts["gone"])):
                jsonl.write(to_line({key: value for key, value in row.items() if key != "view"}))
                counts["rows"]["all"] += 1
                if row.get("pill", 1) == 1:
                    counts["photos"]["all"] += 1 + len(row.get("further") or ())
                    counts["same"]["all"] += bool(row.get("same_as"))
                for column in ("decision", "error_kind"):
                    if row[column]:
                        counts[column][row[column]] += 1
                if row["error"] and len(errors) < _ERRORS_TOLD:
                    errors.append(row["error"])
                yield row

        with replacing(self.out / "results.jsonl") as jsonl, replacing(self.out / "results.csv") as file:
            table = io.TextIOWrapper(file, encoding="utf-8", newline="")
            write_csv(table, rows(), own_columns(self.photos.origin.own))
            table.detach()
        return counts, errors

    def viewed(self) -> Iterator[tuple[Row, str | None]]:
        """The rows, each with what the report shows of it."""
        views = Views(self.out / "views")
        return ((row, views.of(row)) for row in self.said.applied(self._here(Counter())))

    def _here(self, gone: Counter[str]) -> Iterator[Row]:
        """The rows of the photos that are there, with the columns of the caller's list."""
        ledger, names = Ledger(self.out / "shards"), own_columns(self.photos.origin.own)
        for shard in plan.shards(self.out / "plan"):
            for path, row in zip(shard.paths, ledger.rows(shard.key), strict=True):
                if row.get("gone"):
                    gone["all"] += not path.endswith("/")  # a folder that can be listed now is no loss
                    continue
                entry = self.photos.entry(path) if names else None
                own = dict(zip(names, entry.own, strict=False)) if entry else {}
                for pill in each_pill(row):
                    yield {**pill, **own}
