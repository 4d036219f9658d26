"""The catalog's distinct tablets in few words, for a search that runs where the catalog is not."""

from __future__ import annotations

from typing import NamedTuple

from reference.store.catalog import Catalog


class Tablet(NamedTuple):
    """One imprint, drug and strength, with the product that stands for it and how many share it."""

    imprint_key: str
    drug: str
    strength: str
    product_id: str
    products: int


def tablets(catalog: Catalog, most: int) -> tuple[tuple[Tablet, ...], int]:
    """The ``most`` tablets that most products share, and how many there are in all."""
    grouped = (
        "SELECT imprint.imprint_key, coalesce(nullif(drug.drug, ''), drug.name) AS named, drug.strength, "
        "min(product.product_id), count(*) AS number FROM product JOIN imprint ON imprint.id = product.imprint_id "
        f"JOIN drug ON drug.id = product.drug_id WHERE {catalog.present('imprint.id')} "
        "GROUP BY imprint.imprint_key, named COLLATE NOCASE, drug.strength"
    )
    with catalog.reading():
        ((total,),) = catalog.rows(f"SELECT count(*) FROM ({grouped})")
        rows = catalog.rows(f"{grouped} ORDER BY number DESC, imprint.imprint_key, named LIMIT ?", (most,))
    return tuple(Tablet(*row) for row in rows), total
