"""What a pill should be, and what may be said of that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from reference.grouping import drug_strength
from reference.high_alert import HighAlertGroup, high_alert_group
from reference.product import Product
from reference.text.drugs import strength_of
from reference.text.shown import name_shown


class ExpectedKind(Enum):
    """What was named: one labeler's product, a drug in a strength by any labeler, or a look that no catalog has."""

    PRODUCT = "product"
    DRUG = "drug"
    LOOK = "look"


def _beside(name: str, asked: str, own: str) -> str:
    return name.replace(own, f"{asked} ({own})", 1)


@dataclass(frozen=True)
class Expected:
    """What the pill should be.

    Attributes:
        asked: as the caller named it.
        kind: what that names.
        products: all that it may be; of a look one product that no catalog lists.
    """

    asked: str
    kind: ExpectedKind
    products: tuple[Product, ...]

    def __post_init__(self) -> None:
        if not self.products:
            raise ValueError("an expectation names at least one product")

    @property
    def name(self) -> str:
        """Drug and strength, of a product with its labeler; of a look what was said of it."""
        first = self.products[0]
        named = name_shown(first)
        if self.kind is ExpectedKind.LOOK:
            return self.asked
        return (
            f"{named} of {first.labeler.rstrip('.')}" if self.kind is ExpectedKind.PRODUCT and first.labeler else named
        )

    @property
    def asked_name(self) -> str:
        """The same, a drug's strength as the caller wrote it first: ``levothyroxine 150 mcg (0.15 mg)``."""
        asked, own = strength_of(self.asked), strength_of(self.name)
        is_same = not (asked and own) or asked == own or " / " in f"{asked}{own}"
        return self.name if is_same or self.kind is not ExpectedKind.DRUG else _beside(self.name, asked, own)

    @property
    def high_alert(self) -> HighAlertGroup | None:
        """Why a mix-up with it does most harm; None where it is not known to be a high-alert drug."""
        return next(filter(None, map(high_alert_group, self.products)), None)

    def is_meant(self, products: tuple[Product, ...]) -> bool:
        """Whether products that are one tablet are what is expected: of a drug by any labeler, else just that one."""
        if self.kind is ExpectedKind.DRUG:
            wanted = drug_strength(self.products[0])
            concepts = {each.rxcui for each in self.products} - {""}
            if any(drug_strength(each) == wanted or each.rxcui in concepts for each in products):
                return True
        ids = {each.product_id for each in self.products}
        return any(each.product_id in ids for each in products)


class Agreement(Enum):
    """What may be said of the pill and what was expected."""

    CONSISTENT = "CONSISTENT"
    CONTRADICTED = "CONTRADICTED"
    CANNOT_TELL = "CANNOT_TELL"
