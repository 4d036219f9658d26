"""``pillprint evaluate``: a photo set through the whole way, and what came out of it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pipeline.cli.options import FILE, settings_options
from pipeline.cli.outputs import check_outputs
from pipeline.errors import PhotoSetError, PillprintError
from pipeline.evaluate.ask import Against, CatalogParts, Identifies, OpenSet, Question, RememberingReader
from pipeline.evaluate.judge import Verdict
from pipeline.evaluate.plots import prepare, write_plots
from pipeline.evaluate.product_index import ProductIndex
from pipeline.evaluate.run import Turn, evaluate_set
from pipeline.evaluate.set_layouts import SetKind
from pipeline.evaluate.sets import PhotoSet, open_exclusions
from pipeline.evaluate.sets import open_set as read_set
from pipeline.evaluate.show import figures_table
from pipeline.evaluate.summary import summarize
from pipeline.imprint import open_reader
from pipeline.settings import Settings
from reference.store.catalog import open_catalog

# Wide enough for every column of the table; used where the output goes to a pipe, which has no window width.
_PIPE_COLUMNS = 120
# How --against names the catalog inside the package.
_INSIDE = Path("inside")


def _turn(context: click.Context, parameter: click.Parameter, value: str | None) -> float | str | None:
    """The option's text as degrees, or ``random``."""
    if value is None or value == "random":
        return value
    try:
        degrees = float(value)
    except ValueError:
        degrees = math.nan
    if not math.isfinite(degrees):
        raise click.BadParameter(f"{value!r} is neither a number of degrees nor `random`", context, parameter)
    return degrees


@click.command()
@click.argument("photo_set", metavar="SET", type=FILE)
@click.option(
    "--catalog", metavar="TABLE", type=FILE, help="Catalog or register table to ask; without it, pillprint's own."
)
@settings_options
@click.option(
    "--truth", metavar="TABLE", type=FILE, help="Register the labels' keys belong to, if not the catalog asked."
)
@click.option("--open-set", is_flag=True, help="Ask again with each pill's own imprint taken out of the catalog.")
@click.option(
    "--against", metavar="TABLE", type=FILE, help="Ask again against another table; `inside`: pillprint's own."
)
@click.option("--exclude", metavar="FILE", type=FILE, help="Photos to count apart: a CSV with `file` and `reason`.")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many photos, drawn at random with --seed.")
@click.option("--seed", type=int, default=0, show_default=True, help="For --limit and --turn random.")
@click.option(
    "--part",
    type=click.Choice(["all", "training", "validation"]),
    default="all",
    show_default=True,
    help="Photos that pillprint's networks were taught, or those kept from them; by imprint or as the labels say.",
)
@click.option(
    "--turn", metavar="DEG|random", callback=_turn, help="Turn every photo counter-clockwise by that angle first."
)
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes.")
@click.option("--json", "json_file", metavar="FILE", type=FILE, help="Write the figures; - prints.")
@click.option("--plots", metavar="DIR", type=FILE, help="Draw the figures of trust, and write one page with them.")
@click.option("--rows", is_flag=True, help="Add one row a photo, with the truth and the answer, to the JSON.")
def evaluate(
    photo_set: Path,
    catalog: Path | None,
    settings: Settings,
    coverage: float | None,
    truth: Path | None,
    open_set: bool,
    against: Path | None,
    exclude: Path | None,
    limit: int | None,
    seed: int,
    part: str,
    turn: float | str | None,
    workers: int,
    json_file: Path | None,
    plots: Path | None,
    rows: bool,
) -> None:
    """Measure how well a labeled photo SET is identified, and how far its answers can be trusted.

    SET is a folder with a labels.csv beside its photos, or samples/ with its manifest.csv; docs/evaluation.md
    describes the columns and defines every figure. Each share comes with its counts, its 95 % interval, and the
    ceiling that the catalog allows.
    """
    if rows and json_file is None:
        raise click.UsageError("--rows needs --json FILE: the rows are part of the JSON")
    photos = read_set(photo_set)
    drawn = (plots / "index.html", *plots.glob("*.png")) if plots else ()
    inputs = (photos.labels, catalog, truth, against, exclude)
    check_outputs((json_file, *drawn), (*inputs, *(photo.path for photo in photos.photos)))
    if plots is not None:
        prepare(plots)
    if exclude is not None:
        photos = photos.excluding(open_exclusions(exclude))
    photos = photos.part(part).sample(limit, seed)
    if not photos.photos:
        raise PhotoSetError(f"{photo_set}: has no photos in its {part} part; try --part all")
    how = None if turn is None else Turn(None if isinstance(turn, str) else turn, seed)
    asked = _Asked(catalog, coverage, truth, open_set, against, settings)
    verdicts, names = _verdicts(photos, asked, how, workers)
    figures = summarize(verdicts, rows, names.pop("share", None))
    figures["set"] = {"folder": photos.folder.name, "part": part, "limit": limit, "seed": seed, "turn": turn}
    figures |= {"catalog": None, "truth_catalog": None, "against_catalog": None} | names
    figures |= {"risk": settings.decide.risk, "coverage": coverage, "reader": settings.read.reader}
    _write(figures, json_file)
    if plots is not None:
        write_plots(plots, verdicts, figures)
    _check_some_were_used(verdicts)


@dataclass(frozen=True)
class _Asked:
    """Which catalogs are asked, as the options say."""

    catalog: Path | None
    coverage: float | None
    truth: Path | None
    open_set: bool
    against: Path | None
    settings: Settings


def _verdicts(
    photos: PhotoSet, asked: _Asked, turn: Turn | None, workers: int
) -> tuple[Sequence[Verdict], dict[str, Any]]:
    """The verdicts, the fingerprints of the catalogs that were asked, and ``share``, the coverage of the first."""
    if photos.kind is SetKind.MASKS:
        if asked.truth or asked.open_set or asked.against:
            raise click.UsageError("photos of outlines are segmented only: no catalog is asked about them")
        return _with_progress(photos, None, ProductIndex(()), turn, workers, ()), {}
    if photos.kind is SetKind.FIELD and (asked.truth or asked.open_set or asked.against or turn):
        raise click.UsageError(
            "photos as people take them name no register's row and have upright boxes: leave --truth, --open-set, "
            "--against and --turn out"
        )
    catalog = open_catalog(asked.catalog, asked.coverage)
    share = catalog.coverage(asked.settings.match.world)
    names: dict[str, Any] = {"catalog": catalog.fingerprint, "share": share}
    register = None
    if asked.truth is not None:
        truth = open_catalog(asked.truth)
        register = ProductIndex(truth.products())
        names["truth_catalog"] = truth.fingerprint
    table = ProductIndex(catalog.products(), register)
    reader = RememberingReader(open_reader(asked.settings.read))
    parts = CatalogParts(catalog, reader, asked.settings)
    more: list[Question] = [OpenSet(parts, table)] if asked.open_set else []
    if asked.against is not None:
        other = open_catalog(None if asked.against == _INSIDE else asked.against)
        names["against_catalog"] = other.fingerprint
        more.append(
            Against(CatalogParts(other, reader, asked.settings), ProductIndex(other.products(), register or table))
        )
    return _with_progress(photos, parts, table, turn, workers, more), names


def _check_some_were_used(verdicts: Sequence[Verdict]) -> None:
    """Raise where every photo has an error that its label does not expect; the figures are written by then."""
    failed = [each for each in verdicts if each.error and not each.shares.get("decision_expected", (0.0, 1.0))[0]]
    if not failed or len(failed) < len(verdicts):
        return
    fault = next((each for each in failed if each.is_fault), None)
    if fault is not None:
        raise PillprintError(f"all {len(failed)} photos have an error, by a fault of pillprint: {fault.error}")
    raise PhotoSetError(f"none of the {len(failed)} photos can be used; the first: {failed[0].error}")


def _with_progress(
    photos: PhotoSet,
    identifier: Identifies | None,
    table: ProductIndex,
    turn: Turn | None,
    workers: int,
    more: Sequence[Question],
) -> list[Verdict]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("photos", total=len(photos.photos))
        verdicts = []
        for verdict in evaluate_set(photos, identifier, table, turn, workers, more):
            verdicts.append(verdict)
            progress.advance(task)
    return verdicts


def _write(figures: dict[str, Any], json_file: Path | None) -> None:
    as_json = json.dumps(figures, ensure_ascii=json_file == Path("-"), allow_nan=False, indent=1)
    if json_file == Path("-"):
        click.echo(as_json)
        return
    if json_file is not None:
        try:
            json_file.write_text(as_json + "\n", encoding="utf-8")
        except OSError as error:
            raise click.FileError(str(json_file), error.strerror or str(error)) from error
    console = Console()
    if not console.is_terminal:
        console.width = _PIPE_COLUMNS
    console.print(figures_table(figures))
