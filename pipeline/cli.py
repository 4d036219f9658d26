"""The command `pillprint`: reads options, calls the package, prints. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import errno
import importlib
import json
import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import pipeline
from pipeline.coins import COINS_MM
from pipeline.errors import InputError, PillprintError
from pipeline.options import trust_options
from pipeline.outputs import check_outputs

if TYPE_CHECKING:
    from pipeline.batch import Summary
    from pipeline.doctor import Check
    from pipeline.identifier import Identifier
    from pipeline.records import Identification
    from pipeline.settings import Settings

# Commands that other modules bring: where each lives, and what --help says of it without importing it.
_ELSEWHERE = {
    "catalog": ("pipeline.cli_catalog", "Build, compare, check and export catalogs."),
    "evaluate": ("pipeline.evaluate.cli", "Measure how well a labeled photo set is identified."),
    "marker": ("pipeline.cli_marker", "Print a marker that gives photos their scale."),
    "search": ("pipeline.cli_catalog", "Find products by imprint, color, shape, size, score or drug."),
}

# What a shell gives for a process that Ctrl-C ended (128 + SIGINT).
_INTERRUPTED = 130

FILE = click.Path(path_type=Path)
catalog_option = click.option(
    "--catalog",
    metavar="FILE",
    type=FILE,
    help="Catalog or register table to ask (else the one inside).",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class _Commands(click.Group):
    """A group whose commands from other modules are imported when they are called."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted([*self.commands, *_ELSEWHERE])

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in _ELSEWHERE:
            return super().get_command(context, name)
        command: click.Command = getattr(importlib.import_module(_ELSEWHERE[name][0]), name)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        own = {name: command.get_short_help_str(limit=80) for name, command in self.commands.items()}
        told = own | {name: help_text for name, (_, help_text) in _ELSEWHERE.items()}
        with formatter.section("Commands"):
            formatter.write_dl(sorted(told.items()))

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except PillprintError as error:
            failure: PillprintError = error
        except ImportError as error:
            from pipeline.doctor import missing_library

            missing = missing_library(error)
            if missing is None:
                raise
            failure = missing
        except OSError as error:  # the disk is full, a file may not be written; photos are read by `load`
            if error.errno == errno.EPIPE:
                raise
            what = os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else "a file"
            failure = PillprintError(f"{what}: {error.strerror or error}")
        click.echo(f"pillprint: {failure}", err=True)
        context.exit(failure.exit_code)


def main() -> None:
    """The console command."""
    warnings.filterwarnings("ignore", module=r"PIL\.")  # what is wrong with a photo, `load` says itself
    cli(prog_name="pillprint")


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(pipeline.__version__, prog_name="pillprint")
def cli() -> None:
    """Tell from photos of a tablet or capsule what it is, how sure and why, with the drug's monograph.

    Exit codes: 0 answered (also "no pill" and "unknown"), 1 other failure, 2 wrong use, 3 not a usable photo,
    4 not a usable catalog, 5 not a usable photo set or result folder, 6 something is not installed, 130 stopped.

    Not medical advice. Never take a pill because of what a program says.
    """


@cli.command()
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True, type=FILE)
@click.option("--each", is_flag=True, help="The photo shows several different pills: answer for each.")
@catalog_option
@trust_options
@click.option("--mm-per-px", type=float, metavar="MM", help="Millimeters per pixel of the photo as it was taken.")
@click.option("--coin", type=click.Choice(list(COINS_MM)), help="A coin of this kind lies beside the pill.")
@json_option
@click.option("--overlay", metavar="FILE", type=FILE, help="Save the photo with what was found drawn on it.")
@click.option("--html", metavar="FILE", type=FILE, help="Save the answer as one HTML file.")
def identify(
    photos: tuple[Path, ...],
    each: bool,
    catalog: Path | None,
    settings: Settings,
    coverage: float | None,
    mm_per_px: float | None,
    coin: str | None,
    as_json: bool,
    overlay: Path | None,
    html: Path | None,
) -> None:
    """Identify the pill in one or several photos of the same pill."""
    if each and len(photos) > 1:
        raise click.UsageError("--each takes one photo")
    check_outputs((overlay, html), (*photos, catalog))
    identifier = _identifier(catalog, coverage, settings)
    answers = (
        identifier.identify_each(photos[0], mm_per_px=mm_per_px, coin=coin)
        if each
        else (identifier.identify(photos, mm_per_px=mm_per_px, coin=coin),)
    )
    if overlay or html:
        from pipeline.load import load
        from pipeline.report.files import save_html, save_overlay

        loaded = [load(photo, identifier.settings.load) for photo in photos]
        if overlay:
            save_overlay(overlay, loaded, answers)
        if html:
            save_html(html, loaded, answers)
    if as_json:
        _print_json([answer.to_dict() for answer in answers] if each else answers[0].to_dict())
    else:
        _print_answers(answers)


@cli.command()
@click.argument("folder", type=FILE)
@click.option(
    "--out", required=True, metavar="DIR", type=FILE, help="Where the results go; a second run goes on there."
)
@catalog_option
@trust_options
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
    from pipeline.batch.local import run_local
    from pipeline.batch.ray import run_ray
    from pipeline.batch.show import ProgressDisplay
    from pipeline.batch.walk import photos_below

    photos = () if out.is_dir() else map(folder.joinpath, photos_below(folder))
    check_outputs((out, out / "results.jsonl", out / "results.csv"), chain((folder, catalog), photos))
    identifier = _identifier(catalog, coverage, settings)
    execute = run_ray if ray else run_local
    how = BatchSettings(workers=workers, timeout_seconds=timeout)
    try:
        with ProgressDisplay() as display:
            summary = run_batch(folder, out, identifier, _identity(identifier), how, display, execute)
    except KeyboardInterrupt:
        click.echo("pillprint: stopped; the same command goes on from here", err=True)
        sys.exit(_INTERRUPTED)
    if as_json:
        _print_json(asdict(summary))
    else:
        _print_summary(summary)


@cli.command()
@click.argument("drug")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How to print it.",
)
@click.option("--catalog", metavar="FILE", type=FILE, help="Labels: DRUG may be a product of it, too.")
@json_option
def monograph(drug: str, form: str, catalog: Path | None, as_json: bool) -> None:
    """Print what a person should know of a DRUG, each statement with its source.

    With --catalog the label's own sections, where pillprint has no monograph of its own or DRUG is a product's id.
    """
    from pipeline.report.monograph import monograph_markdown, monograph_text
    from pipeline.serialize import monograph_to_dict
    from reference.catalog import open_catalog
    from reference.monographs import load_monograph, monograph_drugs

    if catalog is None:
        found = load_monograph(drug)
    else:
        with open_catalog(catalog) as opened:
            found = opened.label(drug) or opened.monograph(drug)
    if found is None:
        where = f", nor a label in {catalog}" if catalog else ""
        raise InputError(f"{drug}: there is no monograph{where}; there are: {', '.join(monograph_drugs())}")
    if as_json or form == "json":
        _print_json(monograph_to_dict(found))
    else:
        click.echo(monograph_markdown(found) if form == "markdown" else monograph_text(found))


@cli.command()
@json_option
def doctor(as_json: bool) -> None:
    """Say what is installed, what is missing, and what to install."""
    from pipeline.doctor import examine

    checks = examine()
    if as_json:
        _print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            click.echo(_check_line(check))
    if any(check.needed and not check.ok for check in checks):
        sys.exit(6)


def _identifier(catalog: Path | None, coverage: float | None, settings: Settings) -> Identifier:
    from pipeline.identifier import Identifier
    from reference.catalog import open_catalog

    return Identifier(open_catalog(catalog, coverage), settings=settings)


def _print_answers(answers: Sequence[Identification]) -> None:
    from rich.console import Console

    from pipeline.report.tables import answer_table, answer_text

    console = Console()
    for number, answer in enumerate(answers):
        if number:
            click.echo()
        if console.is_terminal:
            console.print(answer_table(answer))
        else:
            click.echo(answer_text(answer), nl=False)


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


def _check_line(check: Check) -> str:
    state = "ok     " if check.ok else "MISSING" if check.needed else "without"
    return f"{state}  {check.name}: {check.found}" + (f"\n         -> {check.advice}" if not check.ok else "")


def _print_json(value: object) -> None:
    # ASCII: a terminal or pipe of any encoding takes it.
    click.echo(json.dumps(value, indent=2, allow_nan=False))
