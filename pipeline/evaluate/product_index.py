"""The table a set is measured against: its products, found by register key and by imprint."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.evaluate.photo_truth import Truth
from reference.grouping import same_drug, same_look, same_tablet, tablet_key
from reference.product import Product
from reference.text.ndc import product_code

__all__ = ["PhotoCeiling", "ProductIndex", "same_drug"]


@dataclass(frozen=True)
class PhotoCeiling:
    """What a photo's answer could reach at best if all of it were read right.

    ``imprint_top1`` is 1 where the table has the imprint, None where there is none; ``product_top1`` and
    ``drug_top1`` are one over the number of different tablets and of different drugs with strength that share
    imprint, shape, colors, score and size.
    """

    imprint_top1: float | None
    product_top1: float
    drug_top1: float


class ProductIndex:
    """An index over the products of the catalog asked.

    ``register`` is the table whose rows the labels' keys belong to, where that is another one: the truth stands there.
    """

    def __init__(self, products: Iterable[Product], register: ProductIndex | None = None) -> None:
        self._register = register
        self._of_key: dict[str, list[Product]] = defaultdict(list)
        self._of_imprint: dict[str, list[Product]] = defaultdict(list)
        self._of_ndc: dict[str, list[Product]] = defaultdict(list)
        for product in products:
            # register:key, and of several parts under one key register:key:number
            self._of_key[product.product_id.split(":")[1]].append(product)
            self._of_imprint[product.imprint_key].append(product)
            if product_code(product.ndc):
                self._of_ndc[product_code(product.ndc)].append(product)

    def rows(self, truth: Truth) -> tuple[Product, ...]:
        """The table's products that the photo shows; of a kit's parts, those with the photo's imprint.

        An NDC is compared by labeler and product segment (the package does not change the pill), a license as
        it is written.
        """
        if not truth.row_key:
            return ()
        found = self._of_key.get(truth.row_key) or self._of_ndc.get(product_code(truth.row_key)) or []
        same_imprint = [row for row in found if row.imprint_key in truth.imprint_keys]
        return tuple(same_imprint or found)

    def of_imprint(self, key: str) -> tuple[Product, ...]:
        """The products that bear just this imprint."""
        return tuple(self._of_imprint.get(key, ()))

    def own_rows(self, truth: Truth) -> tuple[Product, ...]:
        """The register's rows of the photo: the truth; those of the catalog asked where no register has any."""
        return (self._register.rows(truth) if self._register else ()) or self.rows(truth)

    def lists(self, truth: Truth) -> bool:
        """Whether the catalog asked has the photo's pill: its own row, or the same tablet by another labeler."""
        own = self.own_rows(truth)
        return bool(self.rows(truth)) or any(
            same_drug(row, other) and same_look(row, other)
            for row in own
            if row.imprint_key
            for other in self._of_imprint.get(row.imprint_key, ())
        )

    def ceiling(self, truth: Truth) -> PhotoCeiling | None:
        """The best a photo's answer could reach, None where the table lacks the product."""
        rows = self.rows(truth)
        if not rows:
            return None
        twins = [other for other in self._of_imprint[rows[0].imprint_key] if same_look(rows[0], other)]
        drugs = {tablet_key(other)[:2] for other in twins}
        keys = truth.imprint_keys
        named = float(any(key in self._of_imprint for key in keys)) if keys else None
        return PhotoCeiling(named, 1 / len(same_tablet(twins)), 1 / len(drugs))
