"""The command ``pillprint marker``."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.errors import InputError


@click.command()
@click.option(
    "--out", required=True, metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Where the PDF goes."
)
def marker(out: Path) -> None:
    """Write the sheet with markers that gives photos their scale, as a PDF to print at 100 %."""
    from pipeline.report.short_words import plain
    from pipeline.scale.marker import sheet_pdf

    try:
        out.write_bytes(sheet_pdf())
    except OSError as error:
        raise InputError(f"{out} cannot be written ({error.strerror}); choose another file") from error
    click.echo(f"{plain(str(out))}: print it at 100 %, check the 50 mm line, lay the pill between the markers.")
