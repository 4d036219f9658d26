"""The whole batch: look for photos, do those not done yet, put the results together."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Protocol

from pipeline.batch import durable, plan
from pipeline.batch.analysis import Analyst, View, Viewing
from pipeline.batch.claim import check, claimed
from pipeline.batch.columns import SCHEMA
from pipeline.batch.doing import Doing, Progress
from pipeline.batch.engines import Execute, run_local
from pipeline.batch.estimate import Estimate, estimate
from pipeline.batch.made import is_made, made_of, note
from pipeline.batch.names import shown
from pipeline.batch.results import Results
from pipeline.batch.rows import Row
from pipeline.batch.settings import BatchSettings
from pipeline.batch.sinks import ALWAYS
from pipeline.batch.sources.opening import open_photos
from pipeline.batch.sources.photos import Photos
from pipeline.batch.sources.store import PassedOver
from pipeline.batch.verdicts import Verdict, Verdicts
from pipeline.batch.work import PhotoWork


class Report(Protocol):
    """Makes a report of a batch."""

    @property
    def key(self) -> str:
        """What it depends on besides the rows: another key makes it anew."""
        ...

    @property
    def rows_max(self) -> int:
        """Rows that it shows; of those beyond it needs no view."""
        ...

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

    ``schema``: the version of the results' columns. ``rows``: of the results; more than photos where each pill has one,
    fewer where photos show one pill together.
    ``gone``: photos that were deleted since they were found; they have no row and do not count as photos.
    ``verdicts``: what people said of rows; ``verdicts_left``: those left out: the row is not here, its photo
    changed since, or it has no answer to confirm.
    ``first_errors``: what a few of the error rows say.
    ``passed_over``: files that are no photos, and folders that were not entered, by why.
    ``agreements``: what came of what was expected, where the list says it.
    ``same_as``: photos whose row is that of another with the same bytes.
    ``unpaired``: photos that the pattern of pairs joins with no other: a face is missing, or the pattern is wrong.
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
    agreements: Mapping[str, int] = field(default_factory=dict)
    unpaired: int = 0
    rows: int = 0
    schema: int = SCHEMA


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

    Writes ``results.jsonl``, ``results.csv``, what ``settings`` asks for besides and ``summary.json`` into ``out`` when
    all photos are done, and the rows so far into ``out/shards`` all the time. Photos added or changed since an earlier
    run are done too, and those deleted since have no row any more.

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
        summary = replace(
            _summary(Results(photos, out, said), settings, report),
            photos_this_run=done,
            seconds=round(time.perf_counter() - started, 3),
            passed_over=dict(sorted(passed.items())),
            unpaired=photos.unpaired,
        )
        durable.replace(out / "summary.json", json.dumps(asdict(summary), indent=2).encode("ascii") + b"\n")
    return summary


def _summary(results: Results, settings: BatchSettings, report: Report | None) -> Summary:
    """Make the results, or leave those that were made of the same; what is in them."""
    out, forms = results.out, (*ALWAYS, *settings.also)
    # the caller's own columns are added when results are written, so the rows alone do not tell whether they changed
    digest = "" if results.photos.origin.own else made_of(out, (*forms, report.key if report else ""))
    earlier = _earlier(out) if is_made(out, digest) else None
    if earlier:
        return earlier
    counts, errors = results.write(forms)
    files = {form: out / f"results.{form}" for form in forms}
    if report:
        files["report"] = report.write(results.viewed(report.rows_max), out)
    note(out, digest, files.values())
    return Summary(
        photos=counts["photos"].total(),
        errors=counts["error_kind"].total(),
        decisions=dict(sorted(counts["decision"].items())),
        error_kinds=dict(sorted(counts["error_kind"].items())),
        photos_this_run=0,
        seconds=0.0,
        results={form: shown(file) for form, file in files.items()},
        gone=counts["gone"].total(),
        verdicts=results.said.merged,
        verdicts_left=results.said.left,
        first_errors=errors,
        same_as=counts["same"].total(),
        agreements={name: number for name, number in sorted(counts["agreement"].items()) if number},
        rows=counts["rows"].total(),
    )


def _earlier(out: Path) -> Summary | None:
    """The summary of the last whole run; None where it cannot be read."""
    try:
        return Summary(**json.loads((out / "summary.json").read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


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
