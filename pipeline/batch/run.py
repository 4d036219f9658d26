"""The whole batch: look for photos, do those not done yet, put the results together."""

from __future__ import annotations

import io
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

from pipeline.batch import plan
from pipeline.batch.claim import check, claimed
from pipeline.batch.doing import Doing, Progress
from pipeline.batch.durable import replace, replacing
from pipeline.batch.engines import Execute, run_local
from pipeline.batch.engines.interface import usable_cores
from pipeline.batch.estimate import Estimate, estimate
from pipeline.batch.ledger import Ledger
from pipeline.batch.rows import Analyst, Row, View, Viewing, shown, to_line, write_csv
from pipeline.batch.verdicts import Verdict, Verdicts
from pipeline.batch.views import Views
from pipeline.batch.walk import PassedOver, photos_below
from pipeline.errors import PhotoSetError

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
class BatchSettings:
    """How a batch is run; none of it changes a result.

    ``workers``: processes, None for one a core. ``shard_size``: photos a result file; at some 1 KB a row a shard
    is about 1 MB, and ten million photos make ten thousand files. ``timeout_seconds``: some hundred times what a
    photo takes. ``retry_errors``: whether photos with an error row are done again, though they did not change.
    ``restart``: whether everything is done anew; what an earlier run left in the result folder is kept in ``earlier/``.
    """

    workers: int | None = None
    shard_size: int = 1000
    timeout_seconds: float = 120.0
    retry_errors: bool = False
    restart: bool = False


@dataclass(frozen=True)
class Summary:
    """What came out: all runs together, but for ``photos_this_run`` and ``seconds``.

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


def run_batch(
    folder: Path,
    out: Path,
    analyst: Analyst,
    identity: Mapping[str, str],
    settings: BatchSettings | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    execute: Execute = run_local,
    report: Report | None = None,
    verdicts: Sequence[Verdict] = (),
    on_passed_over: PassedOver = lambda path, why: None,
) -> Summary:
    """Identify all photos below a folder; a second call with the same arguments goes on where the first stopped.

    Writes ``results.jsonl``, ``results.csv`` and ``summary.json`` into ``out`` when all photos are done, and
    the rows so far into ``out/shards`` all the time. Photos added or changed since an earlier run are done too, and
    those deleted since have no row any more.

    Args:
        folder: where the photos are; links to folders below it are not entered.
        out: the result folder; new, empty, or that of an earlier run.
        analyst: an ``Identifier``, or what has its ``identify``; it must be picklable.
        identity: what the results depend on (version, catalog, settings); an earlier run must have had the same.
        settings: workers, shard size, timeout.
        on_progress: called after each photo.
        execute: the engine that runs the workers: ``run_local`` or ``run_ray``.
        report: made of all rows when they are done; what it shows of each is made where its photo is read.
        verdicts: what people said of the rows (``read_verdicts``), to be merged into the results besides earlier ones.
        on_passed_over: told of each file that is no photo and each folder that is not entered, and why.

    Raises:
        PhotoSetError: the folder is none, or ``out`` holds something else, another batch, or a running one.
        PillprintError: a worker process cannot start.
    """
    settings = settings or BatchSettings()
    started = time.perf_counter()
    passed: Counter[str] = Counter()

    def pass_over(path: str, why: str) -> None:
        passed[why] += 1
        on_passed_over(path, why)

    identity = _checked_identity(folder, identity)
    with claimed(out, identity, settings.restart):
        plan.extend(out / "plan", _counted(photos_below(folder, out, pass_over), on_progress), settings.shard_size)
        said = Verdicts(out)
        said.add(verdicts)
        if report:
            analyst = Viewing(analyst, report.view)
        doing = Doing(
            folder,
            out,
            analyst,
            execute,
            workers=settings.workers,
            timeout_seconds=settings.timeout_seconds,
            retry_errors=settings.retry_errors,
            on_progress=on_progress,
        )
        done = doing.run()
        counts, errors = _put_together(out, said)
        reported = {"report": shown(report.write(_viewed(out, said), out))} if report else {}
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
        )
        replace(out / "summary.json", json.dumps(asdict(summary), indent=2).encode("ascii") + b"\n")
    return summary


def estimate_batch(
    folder: Path,
    out: Path,
    analyst: Analyst,
    identity: Mapping[str, str],
    settings: BatchSettings | None = None,
    execute: Execute = run_local,
    report: Report | None = None,
) -> Estimate:
    """What ``run_batch`` with the same arguments would take; nothing is written.

    Raises:
        PhotoSetError: ``run_batch`` would refuse the folder or the result folder.
        PillprintError: a worker process cannot start.
    """
    settings = settings or BatchSettings()
    identity = _checked_identity(folder, identity)
    if not settings.restart:
        check(out, identity)
    if report:
        analyst = Viewing(analyst, report.view)
    workers = settings.workers or usable_cores()
    return estimate(folder, out, analyst, execute, workers, settings.timeout_seconds)


def _checked_identity(folder: Path, identity: Mapping[str, str]) -> Mapping[str, str]:
    """What the rows depend on, with the folder of the photos.

    Raises:
        PhotoSetError: it is none.
    """
    if not folder.is_dir():
        raise PhotoSetError(f"{shown(os.fspath(folder))}: is no folder; for one photo use `pillprint identify`")
    return {"folder": shown(os.path.realpath(folder)), **identity}


def _counted(paths: Iterator[str], on_progress: Callable[[Progress], None]) -> Iterator[str]:
    for number, path in enumerate(paths, start=1):
        if number % 1000 == 0:
            on_progress(Progress(number, None))
        yield path


def _put_together(out: Path, said: Verdicts) -> tuple[dict[str, Counter[str]], Sequence[str]]:
    """Join the shards into one file a form; the counts of what is in them, and what the first error rows say."""
    errors: list[str] = []
    counts: dict[str, Counter[str]] = {key: Counter() for key in ("photos", "gone", "same", "decision", "error_kind")}

    def here() -> Iterator[Row]:
        for row in _all_rows(out):
            if row.get("gone"):
                counts["gone"]["all"] += not row["photo"].endswith("/")  # a folder that can be listed now is no loss
            else:
                yield row

    def rows() -> Iterator[Row]:
        for row in said.applied(here()):
            jsonl.write(to_line({key: value for key, value in row.items() if key != "view"}))
            counts["photos"]["all"] += 1
            counts["same"]["all"] += bool(row.get("same_as"))
            for column in ("decision", "error_kind"):
                if row[column]:
                    counts[column][row[column]] += 1
            if row["error"] and len(errors) < _ERRORS_TOLD:
                errors.append(row["error"])
            yield row

    with replacing(out / "results.jsonl") as jsonl, replacing(out / "results.csv") as file:
        table = io.TextIOWrapper(file, encoding="utf-8", newline="")
        write_csv(table, rows())
        table.detach()
    return counts, errors


def _all_rows(out: Path) -> Iterator[Row]:
    ledger = Ledger(out / "shards")
    for shard in plan.shards(out / "plan"):
        yield from ledger.rows(shard.key)


def _viewed(out: Path, said: Verdicts) -> Iterator[tuple[Row, str | None]]:
    """The rows of the results, each with what the report shows of it."""
    views = Views(out / "views")
    here = (row for row in _all_rows(out) if not row.get("gone"))
    return ((row, views.of(row)) for row in said.applied(here))
