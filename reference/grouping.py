"""The same tablet under many names: relabelers sell one tablet under dozens of product codes."""

from __future__ import annotations

from collections.abc import Iterable

from reference.drug_text import active_moiety
from reference.product import Product

# Registers round the longest dimension to whole millimeters; 15 of 5,014 C3PI products disagree on it with themselves.
SIZE_TOLERANCE_MM = 1.0


def tablet_key(product: Product) -> tuple[str, str, str]:
    """What the same tablet must agree in, besides its look: drug, strength and imprint."""
    drug = " / ".join(sorted(active_moiety(part) for part in product.drug.split("/")))
    return drug, product.strength.casefold().replace(" ", ""), product.imprint_key


def same_look(first: Product, second: Product) -> bool:
    """Whether shape, colors, score and size agree wherever both registers give them."""
    if first.shape and second.shape and first.shape != second.shape:
        return False
    if first.colors and second.colors and set(first.colors) != set(second.colors):
        return False
    if first.score is not None and second.score is not None and first.score != second.score:
        return False
    return first.size_mm is None or second.size_mm is None or abs(first.size_mm - second.size_mm) <= SIZE_TOLERANCE_MM


def same_tablet(products: Iterable[Product]) -> tuple[tuple[Product, ...], ...]:
    """Part products into groups that are the same tablet, in the order of their first members.

    Two products are the same tablet where drug, strength and imprint agree and each looks the same as every
    member of the group. A product without text or without a drug or strength stands alone: nothing shows that
    it is the same.
    """
    groups: list[list[Product]] = []
    by_key: dict[tuple[str, str, str], list[list[Product]]] = {}
    for product in products:
        key = tablet_key(product)
        candidates = by_key.setdefault(key, []) if all(key) else []
        group = next((group for group in candidates if all(same_look(product, member) for member in group)), None)
        if group is None:
            group = []
            groups.append(group)
            candidates.append(group)
        group.append(product)
    return tuple(tuple(group) for group in groups)
