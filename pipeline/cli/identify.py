"""The command ``pillprint identify``."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.options import FILE, PhotoOptions, json_option, output_options, photo_options
from pipeline.cli.output import draws_tables, print_json, print_rich
from pipeline.cli.outputs import check_outputs
from pipeline.report.output_forms import OUTPUTS
from pipeline.settings import LoadSettings

if TYPE_CHECKING:
    from pipeline.load import PhotoBox
    from pipeline.records import Identification
    from pipeline.serialize import Detail


def _region(context: click.Context, parameter: click.Parameter, given: str | None) -> PhotoBox | None:
    """Four numbers parted by commas."""
    if given is None:
        return None
    try:
        x, y, width, height = (float(number) for number in given.split(","))
    except ValueError as error:
        raise click.BadParameter(f"{given!r} is no box; say X,Y,WIDTH,HEIGHT, for instance 120,80,300,200") from error
    return x, y, width, height


@click.command()
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True, type=FILE)
@click.option(
    "--each", is_flag=True, help="The photo shows several pills: answer for each on all of the page, numbered as drawn."
)
@photo_options
@click.option(
    "--region",
    metavar="X,Y,WIDTH,HEIGHT",
    callback=_region,
    help="The pill lies in this box, in pixels of the photo as it was taken, seen upright.",
)
@json_option
@click.option(
    "--detail",
    type=click.Choice(["summary", "full"]),
    default="summary",
    show_default=True,
    help="With --json: full has the outlines and the monograph's text too.",
)
@output_options
def identify(
    photos: tuple[Path, ...],
    each: bool,
    asked: PhotoOptions,
    region: PhotoBox | None,
    as_json: bool,
    detail: Detail,
    outputs: Mapping[str, Path],
) -> None:
    """Identify the pill in one or several photos of the same pill; - is a photo on standard input."""
    if each and len(photos) > 1:
        raise click.UsageError("--each takes one photo")
    if region and len(photos) > 1:
        raise click.UsageError("--region takes one photo")
    check_outputs(outputs.values(), (*photos, asked.catalog))
    identifier = asked.open_identifier()
    sources = tuple(map(photo_source, photos))
    answers = (
        identifier.identify_each(sources[0], region=region, **asked.scale)
        if each
        else (identifier.identify(sources, region=region, **asked.scale),)
    )
    if outputs:
        loaded = answers[0].load_photos()
        for name, file in outputs.items():
            OUTPUTS[name].save(file, loaded, answers, identifier.catalog.picture_of)
    if as_json:
        print_json([answer.to_dict(detail) for answer in answers] if each else answers[0].to_dict(detail))
    else:
        _print_answers(answers)


class _StandardInput(io.BytesIO):
    """What came on standard input, under a name."""

    name = "standard input"


def photo_source(photo: Path) -> Path | _StandardInput:
    """The photo; of ``-`` what comes on standard input."""
    if photo != Path("-"):
        return photo
    return _StandardInput(sys.stdin.buffer.read(LoadSettings().bytes_max + 1))


def _print_answers(answers: Sequence[Identification]) -> None:
    for number, answer in enumerate(answers, start=1):
        if number > 1:
            click.echo()
        if len(answers) > 1:
            click.echo(f"pill {number} of {len(answers)}:")
        if draws_tables():
            from pipeline.report.tables import answer_table

            print_rich(answer_table(answer))
        else:
            from pipeline.report.plain_text import answer_text

            click.echo(answer_text(answer), nl=False)
