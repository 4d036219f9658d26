"""``python -m pipeline.train``: from the folder of data to the weights that ship, and how good they are."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pipeline.train.common.training_plan import TrainingPlan
from pipeline.train.match import fit_match
from pipeline.train.measure.__main__ import main as measure
from pipeline.train.pill_or_not.__main__ import main as pill_or_not
from pipeline.train.reader.detector import train_reader
from pipeline.train.reader.evaluate import MEASURES, measure_reader
from pipeline.train.reader.line_finder import train_line_finder
from pipeline.train.reader.votes import fit_votes
from pipeline.train.recognizer.training import train_recognizer
from pipeline.train.segment.__main__ import main as segment

_WEIGHTS = Path(__file__).parents[1] / "weights" / "reader.onnx"
_LINES = _WEIGHTS.with_name("lines.onnx")
_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
_POSITIVE = click.FloatRange(min=0, min_open=True)
_Command = TypeVar("_Command", bound=Callable[..., Any])


@click.group()
def main() -> None:
    """Train the weights that ship and measure them."""


main.add_command(measure, "measure")
main.add_command(segment, "segment")
main.add_command(pill_or_not, "pill-or-not")


def _training(out: Path, work: str, drawn_count: int, minutes: float, rate: float) -> Callable[[_Command], _Command]:
    """The options of the reader's trainings, named as `TrainingPlan`'s fields, with the defaults of one."""
    options = [
        click.option("--data", type=_FOLDER, required=True, help="Folder of the photo sets."),
        click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=out, help="ONNX file to write."),
        click.option(
            "--work",
            type=click.Path(path_type=Path, file_okay=False),
            default=Path(work),
            show_default=True,
            help="Folder of the state; the same command goes on from there.",
        ),
        click.option(
            "--drawn", type=click.Path(path_type=Path, file_okay=False), help="Folder of drawn banks [WORK/drawn]."
        ),
        click.option(
            "--drawn-count", type=click.IntRange(min=0), default=drawn_count, show_default=True, help="Drawn faces."
        ),
        click.option("--fonts", type=_FOLDER, help="Folder with more fonts to draw with."),
        click.option("--minutes", type=_POSITIVE, default=minutes, show_default=True),
        click.option("--rate", type=_POSITIVE, default=rate, show_default=True),
        click.option("--seed", default=0, show_default=True),
        click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True),
        click.option(
            "--begin",
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            help="Small checkpoint to begin from.",
        ),
    ]
    return lambda command: functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)


def _plan(work: Path, drawn: Path | None, **options: Any) -> TrainingPlan:
    return TrainingPlan(work=work, drawn=drawn or work / "drawn", **options)


@main.command("reader")
@_training(_WEIGHTS, "build/reader", drawn_count=16000, minutes=120.0, rate=1.8e-3)
@click.option("--line-minutes", type=_POSITIVE, default=40.0, show_default=True, help="Of the line head, after that.")
def reader_command(line_minutes: float, **options: Any) -> None:
    """Train the imprint reader, or go on training it: the character detector, then the line head on its trunk.

    A run that is cut off loses four minutes at most: start it again with the same options. WORK/curve.csv and
    WORK/line-curve.csv are the learning curves, WORK/card.json what the model card says of the training.
    """
    train_reader(_plan(**options), line_minutes, click.echo)


@main.command("recognizer")
@_training(_LINES, "build/recognizer", drawn_count=5000, minutes=60.0, rate=3.5e-4)
@click.option("--limit", type=click.IntRange(min=1), help="At most so many photos a set and faces a bank, to try it.")
@click.option(
    "--keep",
    type=click.FloatRange(0.0, 1.0),
    default=0.0,
    show_default=True,
    help="Write the weights of --begin to this share, those trained to the rest.",
)
def recognizer_command(**options: Any) -> None:
    """Train the line recognizer, or go on training it.

    A run that is cut off loses four minutes at most, or the shard of strips it was at: start it again with the same
    options. WORK/curve.csv is the learning curve.
    """
    train_recognizer(_plan(**options), click.echo)


@main.command("line-finder")
@_training(_WEIGHTS, "build/reader", drawn_count=16000, minutes=60.0, rate=2e-3)
@click.option(
    "--detector",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default=_WEIGHTS.with_suffix(".pt"),
    help="Small checkpoint of the imprint reader, on whose trunk the line head stands.",
)
def line_finder_command(detector: Path, **options: Any) -> None:
    """Train the line head alone, on a detector that stays as it is, and write both as one file.

    The head knows that detector only. A run that is cut off loses four minutes of training at most: start it again
    with the same options. WORK/line-curve.csv is the learning curve.
    """
    train_line_finder(_plan(**options), detector, click.echo)


@main.command("votes")
@click.option("--data", type=_FOLDER, required=True, help="Folder of the photo sets.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many boxed photos, to try it.")
def votes_command(data: Path, limit: int | None) -> None:
    """Fit how the opinions of lines and single characters become one probability, ``POOLS`` in imprint/fusion.py.

    To be run after either network was trained.
    """
    fit_votes(data, limit, click.echo)


@main.command("match")
@click.option("--data", type=_FOLDER, required=True, help="Folder of the photo sets, with the registers in catalog/.")
@click.option(
    "--work",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("build/match"),
    show_default=True,
    help="Folder of the readings; the same command goes on from there.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=_WEIGHTS.with_name("match.json"),
    help="JSON file to write.",
)
def match_command(data: Path, work: Path, out: Path) -> None:
    """Fit what the match weighs by: pills at large, confusions, shares and the bars of the levels of risk.

    To be run after the reader or the measuring networks were trained, with an empty WORK.
    """
    fit_match(data, work, out, click.echo)


@main.command("measure-reader")
@click.option("--data", type=_FOLDER, required=True, help="Folder of the photo sets.")
@click.option(
    "--weights", type=click.Path(path_type=Path, exists=True, dir_okay=False), default=_WEIGHTS, help="ONNX file."
)
@click.option(
    "--only", type=click.Choice(list(MEASURES)), multiple=True, help="Only this measure; can be given several times."
)
@click.option("--limit", type=click.IntRange(min=1), help="At most so many photos or faces a measure.")
@click.option("--seed", default=9001, show_default=True, help="Of the drawn faces: none of a training bank's.")
@click.option("--alone", is_flag=True, help="The character detector alone, not the default reader.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures there.")
def measure_command(
    data: Path, weights: Path, only: tuple[str, ...], limit: int | None, seed: int, alone: bool, json_file: Path | None
) -> None:
    """Measure the imprint reader: boxed characters, blank faces, drawn faces, time."""
    figures = {}
    for name in only or MEASURES:
        figures[name] = measure_reader(name, data, weights.read_bytes(), limit, seed, alone)
        click.echo(f"{name}: {json.dumps(figures[name])}")
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
