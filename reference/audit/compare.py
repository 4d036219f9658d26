"""What changed between two builds of a catalog."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reference.product import Product
from reference.store.catalog import Catalog

# The fields that a person sees or holds a product by; the rest (dates, links) changes without meaning.
COMPARED = (
    "name", "drug", "strength", "labeler", "ndc", "imprint", "symbol", "shape", "colors", "size_mm", "score",
    "dosage_form", "dea_schedule",
)  # fmt: skip
_LOOK = frozenset({"imprint", "symbol", "shape", "colors", "size_mm", "score"})


@dataclass(frozen=True)
class Change:
    """A product that appeared, is gone, or changed; ``fields`` are ``(name, before, after)``."""

    kind: str
    product: Product
    fields: tuple[tuple[str, str, str], ...] = ()


def compare(old: Catalog, new: Catalog) -> Iterator[Change]:
    """The changes from ``old`` to ``new`` by product id; kinds are appeared, gone, look and other."""
    before, after = old.products(), new.products()
    first, second = next(before, None), next(after, None)
    while first is not None or second is not None:
        if second is None or (first is not None and first.product_id < second.product_id):
            assert first is not None
            yield Change("gone", first)
            first = next(before, None)
        elif first is None or second.product_id < first.product_id:
            yield Change("appeared", second)
            second = next(after, None)
        else:
            yield from _changed(first, second)
            first, second = next(before, None), next(after, None)


def _changed(before: Product, after: Product) -> Iterator[Change]:
    fields = tuple(
        (name, _text(getattr(before, name)), _text(getattr(after, name)))
        for name in COMPARED
        if getattr(before, name) != getattr(after, name)
    )
    if fields:
        yield Change("look" if _LOOK & {name for name, _, _ in fields} else "other", after, fields)


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ";".join(map(str, value))
    return "" if value is None else str(value)
