"""The command ``pillprint batch``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

import pipeline
from pipeline.cli.options import FILE, catalog_option, json_option, open_identifier, reader_option, trust_options
from pipeline.cli.output import INTERRUPTED, harmless, print_json
from pipeline.cli.outputs import check_outputs

if TYPE_CHECKING:
    from pipeline.batch import Summary
    from pipeline.identifier import Identifier
    from pipeline.report.page import BatchReport
    from pipeline.settings import Settings


# What a page calls the parts of a batch's identity.
_TITLES = {
    "pillprint": "pillprint version",
    "catalog": "Catalog's fingerprint",
    "coverage": "Share of the market in it",
    "reader": "Reader",
    "settings": "Settings' fingerprint",
}


@click.command()
@click.argument("folder", type=FILE)
@click.option(
    "--out", required=True, metavar="DIR", type=FILE, help="Where the results go; a second run goes on there."
)
@catalog_option
@trust_options
@reader_option
@click.option("--workers", type=click.IntRange(min=1), help="Processes; without it one a core.")
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), default=120.0, show_default=True, help="Seconds a photo."
)
@click.option("--ray", is_flag=True, help="Run the workers on Ray: the cluster that RAY_ADDRESS names, or here.")
@click.option("--report/--no-report", default=True, help="Write report.html, a page to look at the results (default).")
@click.option("--thumbnails/--no-thumbnails", default=True, help="With pictures of the photos in the page (default).")
@click.option(
    "--verdicts", metavar="FILE", type=FILE, help="Merge what people said of the rows: what report.html exports."
)
@json_option
def batch(
    folder: Path,
    out: Path,
    catalog: Path | None,
    settings: Settings,
    coverage: float | None,
    reader: str,
    workers: int | None,
    timeout: float,
    ray: bool,
    report: bool,
    thumbnails: bool,
    verdicts: Path | None,
    as_json: bool,
) -> None:
    """Identify all photos below FOLDER: one result row a photo, in JSON Lines and CSV, and a page to look at them.

    Photos that cannot be read become error rows. A run that was stopped goes on when the same command is given
    again; photos added since are done too. docs/batch.md describes the files, docs/report.md the page.
    """
    from pipeline.batch import BatchSettings, read_verdicts, run_batch
    from pipeline.batch.engines import run_local, run_ray
    from pipeline.batch.walk import photos_below
    from pipeline.cli.progress import ProgressDisplay

    photos = () if out.is_dir() else map(folder.joinpath, photos_below(folder))
    results = (out, *(out / name for name in ("results.jsonl", "results.csv", "report.html")))
    check_outputs(results, chain((folder, catalog, verdicts), photos))
    said = read_verdicts(verdicts) if verdicts else []
    identifier = open_identifier(catalog, coverage, settings, reader, keep_photos=report)
    identity = _identity(identifier)
    execute = run_ray if ray else run_local
    how = BatchSettings(workers=workers, timeout_seconds=timeout)
    try:
        with ProgressDisplay() as display:
            page = _report(folder, identifier, identity, thumbnails) if report else None
            summary = run_batch(folder, out, identifier, identity, how, display, execute, page, said)
    except KeyboardInterrupt:
        click.echo("pillprint: stopped; the same command goes on from here", err=True)
        sys.exit(INTERRUPTED)
    if not summary.photos and not summary.gone:
        click.echo(harmless(f"pillprint: {folder}: holds no photos (files ending in .jpg, .png, .heic, ...)"), err=True)
    if as_json:
        print_json(asdict(summary))
    else:
        _print_summary(summary)


def _identity(identifier: Identifier) -> dict[str, str]:
    """What the rows of a batch depend on."""
    import hashlib

    settings = hashlib.sha256(repr(identifier.settings).encode()).hexdigest()[:16]
    return {
        "pillprint": pipeline.__version__,
        "catalog": identifier.catalog.fingerprint,
        "coverage": f"{identifier.catalog.coverage(identifier.settings.match.world):g}",
        "reader": identifier.reader.name,
        "settings": settings,
    }


def _report(folder: Path, identifier: Identifier, identity: Mapping[str, str], thumbnails: bool) -> BatchReport:
    """The page that is made of all rows; it says what they depend on."""
    from pipeline.report.page import BatchReport, BatchView

    catalog = identifier.catalog
    named = f"{catalog.name}{f' of {catalog.date}' if catalog.date else ''}, {len(catalog):,} products"
    lines = (("Catalog", named), *((_TITLES[name], value) for name, value in identity.items()))
    return BatchReport(folder, catalog, lines, BatchView(pictures=thumbnails))


def _print_summary(summary: Summary) -> None:
    lines = {
        "photos": str(summary.photos),
        **{f"  {decision}": str(number) for decision, number in summary.decisions.items()},
        **{f"  error: {kind}": str(number) for kind, number in summary.error_kinds.items()},
        **({"gone": f"{summary.gone} (deleted since they were found)"} if summary.gone else {}),
        **({"verdicts": _verdicts(summary)} if summary.verdicts or summary.verdicts_left else {}),
        "this run": f"{summary.photos_this_run} photos in {summary.seconds:.0f} s",
        **summary.results,
    }
    width = max(map(len, lines))
    for name, value in lines.items():
        click.echo(f"{name:<{width}}  {value}")


def _verdicts(summary: Summary) -> str:
    left = summary.verdicts_left
    return f"{summary.verdicts}" + (f" ({left} left out: the photo is not here, or changed since)" if left else "")
