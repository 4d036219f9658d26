"""Looks up which other products bear exactly a product's imprint; keeps the check in the table kept by hand.

``python -m reference.audit.imprint_check FOLDER DATE`` writes the checks of ``reference/products.csv`` anew from the
tables ``c3pi_pills.csv``, ``tfda_pills.csv`` and ``mfds_pills.csv`` of a folder. Only the outcome is kept: counts and
names.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from reference.grouping import register_keys, same_drug, same_tablet
from reference.importers import Log, own_products
from reference.importers.check_cell import as_text
from reference.importers.registers import REGISTERS
from reference.product import ImprintCheck, Product

# The number of tablets and capsules on one market, an assumption that the match shares (``docs/registers.md``).
MARKET_PRODUCTS = 50_000
# What a check says that this program made; another source was looked up by hand and stays.
SOURCE = "looked up in the tables of these registers by python -m reference.audit.imprint_check"


def bearers(product: Product, others: Iterable[Product]) -> tuple[str, ...]:
    """The products of another drug or strength that bear exactly the imprint, each tablet once.

    Exactly means the same words in any order, a word that stands twice counted once. The registers' own rows of the
    product are left out.
    """
    words, own = set(product.tokens), register_keys(product)
    found = [
        other
        for other in others
        if set(other.tokens) == words and own.isdisjoint(register_keys(other)) and not same_drug(product, other)
    ]
    return tuple(dict.fromkeys(_bearer(group[0]) for group in same_tablet(found)))


def _bearer(product: Product) -> str:
    drug = product.drug if product.ingredients else product.name
    strength = "" if product.strength and product.strength in drug else product.strength
    size = f"{product.size_mm:g} mm" if product.size_mm is not None else ""
    look = " ".join(filter(None, ("/".join(product.colors), product.shape, size, "logo" if product.symbol else "")))
    return f"{drug} {strength}".strip() + f" ({', '.join(filter(None, (look, product.market)))})"


def checked(product: Product, registers: Sequence[Sequence[Product]], own: Iterable[Product], day: str) -> Product:
    """The product with its imprint looked up in the registers; without one of its own market it is not checked.

    ``registers`` are the products of one register each, ``own`` those that are kept by hand beside them. The share of
    the market is that of the registers of the product's own market: their number of products over ``MARKET_PRODUCTS``.
    """
    domestic = [register for register in registers if register and register[0].market == product.market]
    if not domestic or not product.tokens:
        return product
    others = [other for register in registers for other in register if set(other.tokens) == set(product.tokens)]
    known = frozenset().union(*map(register_keys, others))
    others += [other for other in own if other != product and known.isdisjoint(register_keys(other))]
    check = ImprintCheck(
        date=day,
        registers=tuple(register[0].source for register in registers if register),
        share=round(min(sum(map(len, domestic)) / MARKET_PRODUCTS, 1.0), 2),
        bearers=bearers(product, others),
        source=SOURCE,
        url=domestic[0][0].source_url,
    )
    return replace(product, imprint_check=check)


def write_checks(table: Path, registers: Sequence[Sequence[Product]], products: Sequence[Product], day: str) -> int:
    """Write the checks of all products into their table, but where one was looked up by hand; gives how many."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = {product.product_id: product for product in products}
    count = 0
    for row in rows:
        product = known[row["product_id"]]
        if product.imprint_check is None or product.imprint_check.source == SOURCE:
            row["imprint_check"] = as_text(checked(product, registers, products, day).imprint_check)
            count += bool(row["imprint_check"])
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    table.write_text(out.getvalue(), encoding="utf-8", newline="")
    return count


def main(folder: str, day: str) -> None:
    """Write the checks of the package's own table from the registers' tables in a folder."""
    table = Path(__file__).parents[1] / "products.csv"
    products = [entry.product for entry in own_products(table.read_text("utf-8"))]
    registers = [
        [entry.product for entry in REGISTERS[name].entries(Path(folder) / f"{name}_pills.csv", Log())]
        for name in ("c3pi", "tfda", "mfds")
    ]
    print(f"{write_checks(table, registers, products, day)} of {len(products)} checks written to {table}")


if __name__ == "__main__":
    main(*sys.argv[1:])
