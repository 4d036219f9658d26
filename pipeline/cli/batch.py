"""The command ``pillprint batch``."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

import click

from pipeline.cli.batch_options import BatchOptions, batch_options
from pipeline.cli.batch_words import hint_of_passed_over, print_estimate, print_summary
from pipeline.cli.output import ERRORS_LEFT, INTERRUPTED, harmless, print_json
from pipeline.cli.outputs import check_outputs

if TYPE_CHECKING:
    from pipeline.batch import Photos, Summary
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
    "risk": "What IDENTIFIED may risk",
    "verify": "Fingerprint of what compares with what is expected",
    "settings": "Settings' fingerprint",
}


@click.command()
@batch_options
def batch(options: BatchOptions) -> None:
    """Identify photos: one result row a photo, in JSON Lines and CSV, and a page to look at them.

    PHOTOS is a folder, a zip or tar archive, a place in a bucket (s3://BUCKET/PREFIX), or - for a list of paths on
    standard input. With --list or --truth it is the folder that the list's paths lie in, else that is the list's own.

    Photos that cannot be read become error rows. A run that was stopped goes on when the same command is given
    again; photos added since are done too. docs/batch.md describes the files, docs/report.md the page.
    """
    from pipeline.batch import Watch, estimate_batch, identity_of, read_verdicts, run_batch, verify_code
    from pipeline.batch.sinks import SINKS
    from pipeline.cli.progress import ProgressDisplay, ProgressLog

    out, execute = options.out, options.execute
    check_outputs((out, *(out / f"results.{form}" for form in SINKS), out / "report.html"), options.files_read())
    photos = options.open_photos()
    said = read_verdicts(options.verdicts) if options.verdicts else []
    identifier = options.asked.open_identifier(keep_photos=options.report)
    identity = identity_of(identifier) | ({"verify": verify_code()} if options.truth else {})
    page = _report(photos, identifier, identity, options.thumbnails) if options.report else None
    asked = (photos, out, identifier, identity, options.settings)
    if options.dry_run:
        expected = estimate_batch(*asked, execute=execute, report=page)
        print_json(asdict(expected)) if options.as_json else print_estimate(expected, out)
        return
    display = ProgressLog() if options.log_json else ProgressDisplay()
    watch = Watch(display, partial(_listed, display)) if options.verbose else Watch(display)
    try:
        with display, _told_by(display):
            summary = run_batch(*asked, execute=execute, report=page, verdicts=said, watch=watch)
    except KeyboardInterrupt:
        click.echo("pillprint: stopped; the same command goes on from here", err=True)
        sys.exit(INTERRUPTED)
    if isinstance(display, ProgressLog):
        display.event("ended", **asdict(summary))
    _print(summary, photos, options)
    if options.fail_on_error and summary.errors:
        sys.exit(ERRORS_LEFT)


def _print(summary: Summary, photos: Photos, options: BatchOptions) -> None:
    if not summary.photos and not summary.gone:
        hint = hint_of_passed_over(summary, options.verbose)
        click.echo(harmless(f"pillprint: {photos.origin.title}: holds no photos{hint}"), err=True)
    print_json(asdict(summary)) if options.as_json else print_summary(summary)


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


def _report(photos: Photos, identifier: Identifier, identity: Mapping[str, str], thumbnails: bool) -> BatchReport:
    """The page that is made of all rows; it says what they depend on."""
    from pipeline.report.page import BatchReport, BatchView

    catalog, origin = identifier.catalog, photos.origin
    named = f"{catalog.name}{f' of {catalog.date}' if catalog.date else ''}, {len(catalog):,} products"
    lines = (("Catalog", named), *((_TITLES[name], value) for name, value in identity.items()))
    view = BatchView(pictures=thumbnails, catalog=catalog)
    return BatchReport(origin.root, catalog, lines, view, origin.title, origin.own, origin.is_truth)
