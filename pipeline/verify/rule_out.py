"""Is this none of some dangerous drugs? What a poison center asks before it asks for the name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.errors import InputError
from pipeline.match.rank import Weighed
from pipeline.verify.expected import near, products_named
from reference.grouping import drug_strength
from reference.high_alert import GROUPS, HIGH_ALERT, SCHEDULES, HighAlertGroup, high_alert_group
from reference.product import Product
from reference.search.suggest import did_you_mean
from reference.store.catalog import Catalog


@dataclass(frozen=True)
class Drugs:
    """Drugs that are to be ruled out.

    Attributes:
        asked: as the caller named them.
        share: the share that is one of them of the catalog's products whose substance is named, and so about that of
            pills not listed, and of those listed by a brand alone.
        holds: whether a product is one of them.
    """

    asked: tuple[str, ...]
    share: float
    holds: Callable[[Product], bool]

    @property
    def names(self) -> tuple[str, ...]:
        """The drugs as a sentence names them: a high-alert drug, one of the opioids, warfarin."""
        return tuple(
            "a high-alert drug"
            if name.casefold() == HIGH_ALERT
            else f"one of the {name}"
            if names_several(name)
            else name
            for name in self.asked
        )

    def has(self, group: Weighed) -> bool:
        """Whether a tablet is known to be one of them."""
        return any(map(self.holds, group.products))


def names_several(name: str) -> bool:
    """Whether a name stands for several drugs, as ``high-alert`` and ``opioids`` do."""
    kinds = {group.name for group in GROUPS if group.drugs != {group.name}}
    return name.casefold() in {HIGH_ALERT, *kinds}


def drugs_of_names(catalog: Catalog, names: Sequence[str]) -> Drugs:
    """The drugs meant: ``high-alert`` for all high-alert drugs, a group of them, or drugs by name in any strength.

    Raises:
        InputError: no drug is named, or the catalog has none of that name: then it cannot rule it out.
    """
    asked = tuple(filter(None, (" ".join(name.split()) for name in names)))
    if not asked:
        raise InputError(f"no drug to rule out: say {HIGH_ALERT}, or drugs by name")
    rules = [_rule(catalog, name) for name in asked]

    def holds(product: Product) -> bool:
        return any(rule(product) for rule in rules)

    named = [product for product in catalog.products() if product.ingredients]
    return Drugs(asked, sum(map(holds, named)) / max(len(named), 1), holds)


def _rule(catalog: Catalog, name: str) -> Callable[[Product], bool]:
    plain = name.casefold()
    if plain == HIGH_ALERT:
        return lambda product: high_alert_group(product) is not None
    group = next((group for group in GROUPS if group.name == plain and group.drugs != {plain}), None)
    if group is not None:
        return lambda product: _is_of(product, group)
    moieties = {moiety for product in products_named(catalog, name) for moiety in _moieties(product)}
    if not moieties:
        meant = did_you_mean(catalog, name)
        hint = near(meant) if meant else "A drug that it lacks cannot be ruled out."
        raise InputError(f"no product of catalog {catalog.name} is {name}. {hint}")
    return lambda product: bool(moieties & _moieties(product))


def _is_of(product: Product, group: HighAlertGroup) -> bool:
    """Whether a product belongs to a group, be it a more dangerous one's too; controlled substances by schedule too."""
    if group is GROUPS[-1] and product.dea_schedule in SCHEDULES:
        return True
    return any(f"{moiety} ".startswith(f"{drug} ") for moiety in _moieties(product) for drug in group.drugs)


def _moieties(product: Product) -> frozenset[str]:
    return frozenset(drug_strength(product)[0].split(" / ")) - {""}
