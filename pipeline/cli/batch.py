"""The command ``pillprint batch``."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.options import FILE, PhotoOptions, json_option, photo_options
from pipeline.cli.output import ERRORS_LEFT, INTERRUPTED, harmless, print_json
from pipeline.cli.outputs import check_outputs

if TYPE_CHECKING:
    from pipeline.batch import Choice, Estimate, Photos, Summary
    from pipeline.batch.engines import Execute
    from pipeline.cli.progress import ProgressDisplay, ProgressLog
    from pipeline.identifier import Identifier
    from pipeline.report.page import BatchReport


# What a page calls the parts of a batch's identity.
_TITLES = {
    "pillprint": "pillprint version",
    "code": "Code's fingerprint",
    "weights": "Weights' fingerprint",
    "catalog": "Catalog's fingerprint",
    "coverage": "Share of the market in it",
    "reader": "Reader",
    "verify": "Fingerprint of what compares with what is expected",
    "settings": "Settings' fingerprint",
}

# What the summary calls the kinds of errors; others by their name in the results.
_KINDS = {
    "PhotoError": "not a usable photo",
    "PhotoSetError": "a folder that could not be listed",
    "TimedOut": "took too long",
    "WorkerDied": "whose worker process died",
    "MemoryError": "too large for the memory",
    "UnexpectedError": "on which pillprint failed",
    "EngineMissingError": "that needs something which is not installed",
    "InputError": "that cannot be done as the list says",
    "UnreachableError": "that could not be fetched",
}


@click.command()
@click.argument("photos", required=False, metavar="[PHOTOS]")
@click.option(
    "--list",
    "table",
    metavar="FILE",
    type=FILE,
    help="The photos that a CSV names (column path; mm_per_px, coin, pill; others are carried along).",
)
@click.option(
    "--truth",
    metavar="FILE",
    type=FILE,
    help="The same, with a column expected (an NDC, or drug and strength): is each pill what it should be?",
)
@click.option(
    "--out", required=True, metavar="DIR", type=FILE, help="Where the results go; a second run goes on there."
)
@click.option("--each", is_flag=True, help="A row a pill, where photos show several; else a photo is of one pill.")
@click.option(
    "--pairs",
    default="",
    metavar="PATTERN",
    help="Photos whose names differ at {face} alone show one pill, for instance '{pill}_{face}.jpg'.",
)
@click.option("--include", multiple=True, metavar="GLOB", help="Take only photos so named (a path where it holds a /).")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out photos so named.")
@photo_options
@click.option("--workers", type=click.IntRange(min=1), help="Processes; without it one a core.")
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), default=120.0, show_default=True, help="Seconds a photo."
)
@click.option("--ray", is_flag=True, help="Run the workers on Ray: the cluster that RAY_ADDRESS names, or here.")
@click.option("--ray-address", metavar="HOST:PORT", help="Run the workers on the Ray cluster there.")
@click.option("--report/--no-report", default=True, help="Write report.html, a page to look at the results (default).")
@click.option("--thumbnails/--no-thumbnails", default=True, help="With pictures of the photos in the page (default).")
@click.option(
    "--verdicts", metavar="FILE", type=FILE, help="Merge what people said of the rows: what report.html exports."
)
@click.option(
    "--also",
    multiple=True,
    type=click.Choice(["parquet", "sqlite"]),
    help="Write the results as Parquet or SQLite too; may be given twice.",
)
@click.option("--dry-run", is_flag=True, help="Say how many photos, how long and how much disk; write nothing.")
@click.option("--fail-on-error", is_flag=True, help="Exit with 7 where photos have an error row.")
@click.option("--log-json", is_flag=True, help="Write progress as lines of JSON on standard error.")
@click.option("--retry-errors", is_flag=True, help="Do photos with an error row again.")
@click.option("--restart", is_flag=True, help="Do everything again; earlier results are kept in DIR/earlier.")
@click.option("-v", "--verbose", is_flag=True, help="List the files and folders that are passed over, and why.")
@json_option
def batch(
    photos: str | None,
    table: Path | None,
    truth: Path | None,
    out: Path,
    each: bool,
    pairs: str,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    asked: PhotoOptions,
    workers: int | None,
    timeout: float,
    ray: bool,
    ray_address: str | None,
    report: bool,
    thumbnails: bool,
    verdicts: Path | None,
    also: tuple[str, ...],
    dry_run: bool,
    fail_on_error: bool,
    log_json: bool,
    retry_errors: bool,
    restart: bool,
    verbose: bool,
    as_json: bool,
) -> None:
    """Identify photos: one result row a photo, in JSON Lines and CSV, and a page to look at them.

    PHOTOS is a folder, a zip or tar archive, a place in a bucket (s3://BUCKET/PREFIX), or - for a list of paths on
    standard input. With --list or --truth it is the folder that the list's paths lie in, else that is the list's own.

    Photos that cannot be read become error rows. A run that was stopped goes on when the same command is given
    again; photos added since are done too. docs/batch.md describes the files, docs/report.md the page.
    """
    from pipeline.batch import (
        BatchSettings,
        Choice,
        Told,
        Watch,
        estimate_batch,
        identity_of,
        read_verdicts,
        run_batch,
        verify_code,
    )
    from pipeline.batch.engines import run_local, run_ray
    from pipeline.batch.sinks import SINKS
    from pipeline.cli.progress import ProgressDisplay, ProgressLog

    results = (out, *(out / f"results.{form}" for form in SINKS), out / "report.html")
    check_outputs(results, chain((table, truth, asked.catalog, verdicts), _files(photos, out)))
    found = _open(photos, table, truth, Choice(include, exclude, pairs, Told(**asked.scale), each))
    said = read_verdicts(verdicts) if verdicts else []
    identifier = asked.open_identifier(keep_photos=report)
    identity = identity_of(identifier) | ({"verify": verify_code()} if truth else {})
    execute: Execute = partial(run_ray, address=ray_address) if ray or ray_address else run_local
    how = BatchSettings(workers, timeout_seconds=timeout, retry_errors=retry_errors, restart=restart, also=also)
    page = _report(found, identifier, identity, thumbnails) if report else None
    if dry_run:
        expected = estimate_batch(found, out, identifier, identity, how, execute=execute, report=page)
        print_json(asdict(expected)) if as_json else _print_estimate(expected, out)
        return
    display = ProgressLog() if log_json else ProgressDisplay()
    try:
        with display, _told_by(display):
            watch = Watch(display, partial(_listed, display) if verbose else lambda path, why: None)
            summary = run_batch(
                found, out, identifier, identity, how, execute=execute, report=page, verdicts=said, watch=watch
            )
    except KeyboardInterrupt:
        click.echo("pillprint: stopped; the same command goes on from here", err=True)
        sys.exit(INTERRUPTED)
    if isinstance(display, ProgressLog):
        display.event("ended", **asdict(summary))
    if not summary.photos and not summary.gone:
        click.echo(harmless(f"pillprint: {found.origin.title}: holds no photos{_hint(summary, verbose)}"), err=True)
    if as_json:
        print_json(asdict(summary))
    else:
        _print_summary(summary)
    if fail_on_error and summary.errors:
        sys.exit(ERRORS_LEFT)


def _open(photos: str | None, table: Path | None, truth: Path | None, choice: Choice) -> Photos:
    """The photos that the command names."""
    from pipeline.batch import open_lines, open_list, open_photos

    if table is not None and truth is not None:
        raise click.UsageError("--truth is a list too: give it without --list")
    listed = table or truth
    if listed is not None:
        return open_list(listed, Path(photos) if photos else None, choice, is_truth=truth is not None)
    if photos == "-":
        return open_lines(sys.stdin.buffer, choice=choice)
    if photos is None:
        raise click.UsageError("name the folder of the photos, or a list of them with --list or --truth")
    return open_photos(photos, choice)


def _files(photos: str | None, out: Path) -> Iterator[Path]:
    """What is read where photos are named: a folder or archive, and the files that results could be written over."""
    from pipeline.batch.sources.walk import photos_below

    folder = Path(photos or "")
    if photos and folder.exists():
        yield folder
    if photos and folder.is_dir() and not out.is_dir():
        yield from map(folder.joinpath, photos_below(folder))


@contextmanager
def _told_by(display: ProgressDisplay | ProgressLog) -> Iterator[None]:
    """The batch's own warnings as the display writes its other lines."""

    def show(message: Warning | str, *_: object, **__: object) -> None:
        display.warn(harmless(str(message)))

    with warnings.catch_warnings():
        warnings.filterwarnings("always", module=r"pipeline\.batch")
        warnings.showwarning = show
        yield


def _listed(display: ProgressDisplay | ProgressLog, path: str, why: str) -> None:
    """Say that a file or folder is passed over."""
    from pipeline.load import display_name

    display.warn(f"passed over: {display_name(path)} ({why})")


def _hint(summary: Summary, verbose: bool) -> str:
    number = sum(summary.passed_over.values())
    return f" ({number:,} passed over{'' if verbose else '; -v lists them'})" if number else ""


def _report(photos: Photos, identifier: Identifier, identity: Mapping[str, str], thumbnails: bool) -> BatchReport:
    """The page that is made of all rows; it says what they depend on."""
    from pipeline.report.page import BatchReport, BatchView

    catalog, origin = identifier.catalog, photos.origin
    named = f"{catalog.name}{f' of {catalog.date}' if catalog.date else ''}, {len(catalog):,} products"
    lines = (("Catalog", named), *((_TITLES[name], value) for name, value in identity.items()))
    view = BatchView(pictures=thumbnails, catalog=catalog)
    return BatchReport(origin.root, catalog, lines, view, origin.title, origin.own, origin.is_truth)


def _print_summary(summary: Summary) -> None:
    lines = {
        "photos": f"{summary.photos:,}",
        **({"rows": f"{summary.rows:,}"} if summary.rows != summary.photos else {}),
        **{f"  {decision}": f"{number:,}" for decision, number in summary.decisions.items()},
        **{f"  {agreement}": f"{number:,}" for agreement, number in summary.agreements.items()},
        **({"  no answer": f"{summary.errors:,} ({_kinds(summary)})"} if summary.errors else {}),
        **({"gone": f"{summary.gone:,} (deleted since they were found)"} if summary.gone else {}),
        **({"same bytes": f"{summary.same_as:,} (the row is that of another photo)"} if summary.same_as else {}),
        **({"passed over": _passed_over(summary)} if summary.passed_over else {}),
        **({"verdicts": _verdicts(summary)} if summary.verdicts or summary.verdicts_left else {}),
        "this run": f"{summary.photos_this_run:,} photos in {summary.seconds:.0f} s",
        **summary.results,
    }
    _print_aligned(lines)
    if summary.errors:
        click.echo(f"\nThe batch is complete. {_no_answer(summary)}")
        for told in summary.first_errors:
            click.echo(f"  {_shortened(harmless(told))}")
        click.echo(
            "Once mended, the same command does them again; with --retry-errors also where the photo is as it was."
        )


def _shortened(told: str) -> str:
    """A message whose path may be thousands of characters long."""
    return told if len(told) <= 300 else f"{told[:100]} ... {told[-195:]}"


def _no_answer(summary: Summary) -> str:
    """What became of the photos without an answer."""
    photos = "One photo has" if summary.errors == 1 else f"{summary.errors:,} photos have"
    some = ", among them" if summary.errors > len(summary.first_errors) else ""
    return f"{photos} no answer; why, and what to do, stands in the column `error`{some}:"


def _kinds(summary: Summary) -> str:
    kinds = [(f"{number:,} ", _KINDS.get(kind, kind)) for kind, number in summary.error_kinds.items()]
    return kinds[0][1] if len(kinds) == 1 else ", ".join(number + kind for number, kind in kinds)


def _print_estimate(expected: Estimate, out: Path) -> None:
    from pipeline.cli.progress import duration

    before = f", {expected.done_before:,} of them done before" if expected.done_before else ""
    measured = (
        f"{expected.seconds_per_photo:.2g} s a photo, measured on {expected.measured}; {expected.workers} at a time"
    )
    free = f"{_size(expected.free_bytes)} are free"
    _print_aligned(
        {
            "photos": f"{expected.photos:,}{before}",
            "time": f"about {duration(expected.seconds)} ({measured})",
            "disk": f"about {_size(expected.disk_bytes)} in {harmless(str(out))}; {free}",
        }
    )
    if expected.disk_bytes > expected.free_bytes:
        click.echo("pillprint: the disk is too small; name another --out, or give --no-thumbnails", err=True)
    click.echo("Nothing was written.")


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.1f} MB"


def _print_aligned(lines: Mapping[str, str]) -> None:
    width = max(map(len, lines))
    for name, value in lines.items():
        click.echo(f"{name:<{width}}  {value}")


def _passed_over(summary: Summary) -> str:
    return ", ".join(f"{number:,} ({why})" for why, number in summary.passed_over.items())


def _verdicts(summary: Summary) -> str:
    left = summary.verdicts_left
    return f"{summary.verdicts}" + (
        f" ({left} left out: the photo is not here, changed since, or has no answer to confirm)" if left else ""
    )
