"""The command ``pillprint search``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from pipeline.cli.options import FILE, catalog_option, json_option
from pipeline.cli.output import print_json, print_table
from pipeline.cli.outputs import check_outputs
from pipeline.report.products import COLUMNS, hit_row
from pipeline.report.short_words import plain
from reference.audit.export import as_row
from reference.product import Monograph
from reference.search.query import Query, query
from reference.search.search import SearchResult
from reference.search.search import search as search_catalog
from reference.search.suggest import did_you_mean
from reference.search.tiers import Tier
from reference.store.catalog import open_catalog


@click.command()
@click.option("--imprint", multiple=True, help="Text of one face (give twice for two); logo, * and ? are understood.")
@click.option("--color", multiple=True, help="One or several SPL colors.")
@click.option("--shape", default="", help="SPL shape of the outline.")
@click.option("--size", default="", metavar="MM", help="Longest dimension: 7 (one more or less), 6-8.")
@click.option("--score", default="", metavar="N", help="Equal pieces the score lines give; 1 is not scored.")
@click.option("--drug", default="", help="Words of the name, drug, ingredients or strength.")
@click.option("--labeler", default="", help="Part of the labeler's name.")
@click.option("--ndc", default="", help="10 or 11 digits or a product code, with or without dashes.")
@catalog_option
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="Groups to show.")
@click.option("--html", metavar="FILE", type=FILE, help="Write the answers as a page too.")
@json_option
def search(
    imprint: tuple[str, ...],
    color: tuple[str, ...],
    catalog: Path | None,
    limit: int,
    html: Path | None,
    as_json: bool,
    **asked: str,
) -> None:
    """Find products by imprint, look, name or number.

    Products that are the same tablet are one answer with all labelers. Answers come in tiers, best first; a
    product is never left out because its register does not say something.
    """
    wanted = query(";".join(imprint), color=";".join(color), **asked)
    if not wanted:
        raise click.UsageError("say at least one thing to look for, for instance --imprint 024 --color white")
    check_outputs((html,), (catalog,))
    with open_catalog(catalog) as opened:
        result = search_catalog(opened, wanted, limit)
        meant = did_you_mean(opened, wanted.drug) if wanted.drug else ()
        shown = result.hits if html or as_json else ()
        monographs = [opened.monograph(hit.product.drug, hit.product.product_id) for hit in shown]
        pictured = result.hits if html else ()
        pictures = [opened.picture_of([product.product_id for product in hit.products]) for hit in pictured]
        date = opened.date
        source = f"catalog {opened.name}" + (f" of {opened.date}" if opened.date else "")
    says = tuple(_sentences(wanted, result, meant))
    if html:
        from pipeline.report.save import save_page
        from pipeline.report.search_page import search_page

        save_page(html, search_page(result, (*says, source), pictures, monographs))
    if as_json:
        print_json({"date": date, **_result(result, meant, monographs)})
        return
    for sentence in says:
        click.echo(plain(sentence))
    if result.hits:
        print_table(COLUMNS, [hit_row(hit) for hit in result.hits], spare=("labelers", "products", "sold as"))
    for tier, count in result.counts.items():
        click.echo(f"{count:6,}  {tier.title}")
    click.echo(f"{result.products:6,}  products in all; {plain(source)}, fingerprint {result.catalog}")
    if html:
        click.echo(f"page: {html}")


def _sentences(wanted: Query, result: SearchResult, meant: Sequence[str]) -> Iterator[str]:
    """What must be said before any product is shown."""
    agrees = any(tier is not Tier.UNKNOWN for tier in result.counts)
    if wanted.words and not agrees:
        fits = "" if not result.carried else " that fits the rest"
        yield f"No product{fits} carries {' '.join(wanted.words)}."
    if meant:
        yield f"No product is named {wanted.drug}. Did you mean {' or '.join(meant)}?"
    if not agrees and result.products:
        yield "These cannot be excluded, since the register does not say what was asked:"


def _result(result: SearchResult, meant: Sequence[str], monographs: Sequence[Monograph | None]) -> dict[str, Any]:
    return {
        "catalog": result.catalog,
        "products": result.products,
        "carried": result.carried,
        "did_you_mean": list(meant),
        "counts": {tier.title: count for tier, count in result.counts.items()},
        "hits": [
            {
                "tier": hit.tier.title,
                "unknown": list(hit.unknown),
                "labelers": list(hit.labelers),
                "monograph": {"title": monograph.title, "origin": monograph.origin} if monograph else None,
                "products": [as_row(product) for product in hit.products],
            }
            for hit, monograph in zip(result.hits, monographs, strict=True)
        ],
    }
