"""The command ``pillprint batch``."""

from __future__ import annotations

import sys
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
    from pipeline.settings import Settings


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
    as_json: bool,
) -> None:
    """Identify all photos below FOLDER: one result row a photo, in JSON Lines and CSV.

    Photos that cannot be read become error rows. A run that was stopped goes on when the same command is given
    again; photos added since are done too. docs/batch.md describes the files.
    """
    from pipeline.batch import BatchSettings, run_batch
    from pipeline.batch.engines import run_local, run_ray
    from pipeline.batch.walk import photos_below
    from pipeline.cli.progress import ProgressDisplay

    photos = () if out.is_dir() else map(folder.joinpath, photos_below(folder))
    check_outputs((out, out / "results.jsonl", out / "results.csv"), chain((folder, catalog), photos))
    identifier = open_identifier(catalog, coverage, settings, reader)
    execute = run_ray if ray else run_local
    how = BatchSettings(workers=workers, timeout_seconds=timeout)
    try:
        with ProgressDisplay() as display:
            summary = run_batch(folder, out, identifier, _identity(identifier), how, display, execute)
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


def _print_summary(summary: Summary) -> None:
    lines = {
        "photos": str(summary.photos),
        **{f"  {decision}": str(number) for decision, number in summary.decisions.items()},
        **{f"  error: {kind}": str(number) for kind, number in summary.error_kinds.items()},
        **({"gone": f"{summary.gone} (deleted since they were found)"} if summary.gone else {}),
        "this run": f"{summary.photos_this_run} photos in {summary.seconds:.0f} s",
        **summary.results,
    }
    width = max(map(len, lines))
    for name, value in lines.items():
        click.echo(f"{name:<{width}}  {value}")
