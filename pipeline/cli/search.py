"""The command ``pillprint search``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pipeline.cli.options import catalog_option, json_option
from pipeline.cli.output import print_json, print_table
from reference.audit.export import as_row
from reference.search.query import query
from reference.search.search import Hit, SearchResult
from reference.search.search import search as search_catalog
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
@json_option
def search(
    imprint: tuple[str, ...], color: tuple[str, ...], catalog: Path | None, limit: int, as_json: bool, **asked: str
) -> None:
    """Find products by imprint, look, name or number.

    Products that are the same tablet are one answer with all labelers. Answers come in tiers, best first; a
    product is never left out because its register does not say something.
    """
    wanted = query(";".join(imprint), color=";".join(color), **asked)
    if not wanted:
        raise click.UsageError("say at least one thing to look for, for instance --imprint 024 --color white")
    with open_catalog(catalog) as opened:
        result = search_catalog(opened, wanted, limit)
    if as_json:
        print_json(_result(result))
        return
    columns = ("tier", "drug", "imprint", "look", "labelers", "products", "example")
    print_table(columns, [_hit_row(hit) for hit in result.hits], spare=("labelers", "products"))
    for tier, count in result.counts.items():
        click.echo(f"{count:6,}  {tier.title}")
    click.echo(f"{result.products:6,}  products in all; catalog {result.catalog}")


def _hit_row(hit: Hit) -> tuple[str, ...]:
    product = hit.product
    size = f"{product.size_mm:g} mm" if product.size_mm is not None else ""
    score = f"score {product.score}" if product.score not in (None, 1) else ""
    look = " ".join(filter(None, ("/".join(product.colors), product.shape, size, score)))
    others = f" and {len(hit.labelers) - 2} more" if len(hit.labelers) > 2 else ""
    is_open = f" (open: {', '.join(hit.unknown)})" if hit.unknown and hit.tier.name != "UNKNOWN" else ""
    imprint = " ".join(product.tokens) + (" + logo" if product.symbol else "")
    return (
        hit.tier.title + is_open,
        f"{product.drug} {product.strength}".strip(),
        imprint.strip(),
        look,
        ", ".join(hit.labelers[:2]) + others,
        str(len(hit.products)),
        product.product_id,
    )


def _result(result: SearchResult) -> dict[str, Any]:
    return {
        "catalog": result.catalog,
        "products": result.products,
        "counts": {tier.title: count for tier, count in result.counts.items()},
        "hits": [
            {
                "tier": hit.tier.title,
                "unknown": list(hit.unknown),
                "labelers": list(hit.labelers),
                "products": [as_row(product) for product in hit.products],
            }
            for hit in result.hits
        ],
    }
