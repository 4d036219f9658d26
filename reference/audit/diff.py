"""What changed between two builds of a catalog, and which tablets look alike since."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from reference.grouping import same_drug, same_look
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


def changes_between(old: Catalog, new: Catalog) -> Iterator[Change]:
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


@dataclass(frozen=True, order=True)
class LookAlike:
    """Two tablets of different drug or strength that share their imprint and contradict each other in no look."""

    imprint: str
    drugs: tuple[str, str]
    look: str = ""


def look_alikes(catalog: Catalog, imprint_keys: Iterable[str]) -> frozenset[LookAlike]:
    """The tablets of these imprints that only drug or strength tells apart; those without text are left out."""
    found = set()
    for key, products in catalog.products_with(filter(None, imprint_keys)).items():
        tablets = [group[0] for group in catalog.groups_of(products)]
        for one, other in itertools.combinations(tablets, 2):
            if same_look(one, other) and not same_drug(one, other):
                look = " ".join(filter(None, ("/".join(one.colors or other.colors), one.shape or other.shape)))
                first, second = sorted((one.drug_key, other.drug_key))
                found.add(LookAlike(key, (first, second), look))
    return frozenset(found)


def new_look_alikes(old: Catalog, new: Catalog, imprint_keys: Collection[str]) -> tuple[LookAlike, ...]:
    """The look-alikes of ``new`` that ``old`` does not have, by imprint; ``imprint_keys`` are those of what changed."""
    before = {(pair.imprint, pair.drugs) for pair in look_alikes(old, imprint_keys)}
    return tuple(sorted(pair for pair in look_alikes(new, imprint_keys) if (pair.imprint, pair.drugs) not in before))
