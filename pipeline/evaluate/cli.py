"""``pillprint evaluate``: a photo set through the whole way, and what came out of it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pipeline.errors import PhotoSetError
from pipeline.evaluate.judge import Verdict
from pipeline.evaluate.run import Identifies, Turn, evaluate_set
from pipeline.evaluate.sets import PhotoSet, SetKind, open_set
from pipeline.evaluate.show import figures_table
from pipeline.evaluate.summary import summarize
from pipeline.evaluate.table import Table
from pipeline.identifier import Identifier
from reference.catalog import open_catalog

# Wide enough for every column of the table: in a pipe nothing is cut to a window.
_PIPE_COLUMNS = 120


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
@click.argument("photo_set", metavar="SET", type=click.Path(path_type=Path))
@click.option("--catalog", metavar="TABLE", type=click.Path(path_type=Path), help="Catalog or register table to ask.")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many photos, drawn at random with --seed.")
@click.option("--seed", type=int, default=0, show_default=True, help="For --limit and --turn random.")
@click.option("--part", type=click.Choice(["all", "training", "validation"]), default="all", show_default=True)
@click.option(
    "--turn", metavar="DEG|random", callback=_turn, help="Turn every photo counter-clockwise by that angle first."
)
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes.")
@click.option(
    "--json", "json_file", metavar="FILE", type=click.Path(path_type=Path), help="Write the figures; - prints."
)
@click.option("--rows", is_flag=True, help="Add one row a photo, with the truth and the answer, to the JSON.")
def evaluate(
    photo_set: Path,
    catalog: Path | None,
    limit: int | None,
    seed: int,
    part: str,
    turn: float | str | None,
    workers: int,
    json_file: Path | None,
    rows: bool,
) -> None:
    """Measure how well a labeled photo SET is identified.

    SET is a folder with a labels.csv beside its photos; docs/evaluation.md describes the columns and defines every
    figure. Each share comes with its counts, its 95 % interval, and the ceiling that the catalog allows.
    """
    if rows and json_file is None:
        raise click.UsageError("--rows needs --json FILE: the rows are part of the JSON")
    photos = open_set(photo_set).part(part).sample(limit, seed)
    if not photos.photos:
        raise PhotoSetError(f"{photo_set}: has no photos in its {part} part; try --part all")
    how = None if turn is None else Turn(None if isinstance(turn, str) else turn, seed)
    verdicts, fingerprint = _verdicts(photos, catalog, how, workers)
    figures = summarize(verdicts, rows)
    figures["set"] = {"folder": photos.folder.name, "part": part, "limit": limit, "seed": seed, "turn": turn}
    figures["catalog"] = fingerprint
    _write(figures, json_file)


def _verdicts(
    photos: PhotoSet, catalog_path: Path | None, turn: Turn | None, workers: int
) -> tuple[Sequence[Verdict], str | None]:
    if photos.kind is SetKind.MASKS:
        return _with_progress(photos, None, Table(()), turn, workers), None
    catalog = open_catalog(catalog_path)
    table = Table(catalog.products())
    return _with_progress(photos, Identifier(catalog=catalog), table, turn, workers), catalog.fingerprint


def _with_progress(
    photos: PhotoSet, identifier: Identifies | None, table: Table, turn: Turn | None, workers: int
) -> list[Verdict]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("photos", total=len(photos.photos))
        verdicts = []
        for verdict in evaluate_set(photos, identifier, table, turn, workers):
            verdicts.append(verdict)
            progress.advance(task)
    return verdicts


def _write(figures: dict[str, Any], json_file: Path | None) -> None:
    as_json = json.dumps(figures, ensure_ascii=False, allow_nan=False, indent=1)
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
