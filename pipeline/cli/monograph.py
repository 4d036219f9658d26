"""The command ``pillprint monograph``."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.cli.options import catalog_option, json_option
from pipeline.cli.output import print_json
from pipeline.errors import InputError


@click.command()
@click.argument("drug")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How to print it.",
)
@catalog_option
@json_option
def monograph(drug: str, form: str, catalog: Path | None, as_json: bool) -> None:
    """Print what a person should know of a DRUG, each statement with its source.

    With a catalog of labels the label's own sections, where pillprint has no monograph of its own, or DRUG is the id of
    a product.
    """
    from pipeline.report.monograph import monograph_markdown, monograph_text
    from pipeline.serialize import monograph_to_dict
    from reference.monographs import load_monograph, monograph_drugs
    from reference.store.catalog import open_catalog

    if catalog is None:
        found = load_monograph(drug)
    else:
        with open_catalog(catalog) as opened:
            found = opened.label(drug) or opened.monograph(drug)
    if found is None:
        where = f", nor a label in {catalog}" if catalog else ""
        raise InputError(f"{drug}: there is no monograph{where}; there are: {', '.join(monograph_drugs())}")
    if as_json or form == "json":
        print_json(monograph_to_dict(found))
    else:
        click.echo(monograph_markdown(found) if form == "markdown" else monograph_text(found))
