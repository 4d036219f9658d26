"""The products of a catalog as a measurement asks of them: what is expected of a photo, and what is wrong of it."""

from __future__ import annotations

import random
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator

from pipeline.errors import InputError
from pipeline.evaluate.photo_truth import Truth
from pipeline.evaluate.product_index import ProductIndex
from pipeline.records import Expected, ExpectedKind
from pipeline.verify import expected_of
from reference.grouping import drug_strength, same_drug, same_look
from reference.product import Product
from reference.store.catalog import Catalog

# Brands, packages and marks in a hospital's list.
_MARKS = re.compile(r"\([^)]*\)|\[[^]]*\]|[^\x20-\x7e]")


class ProductGroups:
    """The products of a catalog, by drug and strength, by drug, and by shape and colors."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.products = list(catalog.products())
        self.table = ProductIndex(self.products)
        self._same: dict[tuple[str, str], list[Product]] = defaultdict(list)
        self._drug: dict[str, list[Product]] = defaultdict(list)
        self._look: dict[tuple[str, tuple[str, ...]], list[Product]] = defaultdict(list)
        for product in self.products:
            self._same[drug_strength(product)].append(product)
            self._drug[drug_strength(product)[0]].append(product)
            self._look[product.shape, product.colors].append(product)

    def rows(self, truth: Truth) -> tuple[Product, ...]:
        """The products that a photo shows: by their number; else those of the drug that its label names."""
        found = self.table.rows(truth)
        if found or truth.row_key or not truth.drug:
            return found
        try:
            return expected_of(self._catalog, _drug_words(truth.drug)).products
        except InputError:
            return ()

    def expected(self, product: Product, kind: str) -> Expected:
        """The product, or its drug in its strength by any labeler where the register says both."""
        key = drug_strength(product)
        if kind == "product" or not all(key):
            return Expected(product.product_id, ExpectedKind.PRODUCT, (product,))
        rest = (each for each in self._same[key] if each is not product)
        return Expected(product.drug_key, ExpectedKind.DRUG, (product, *rest))

    def questions(self, own: Product, rng: random.Random) -> Iterator[tuple[str, Product]]:
        """The right product, and one wrong one of each kind that there is."""
        drug, strength = drug_strength(own)
        alike = (each for each in self._look[own.shape, own.colors] if same_look(each, own))
        other = (each for each in self._drug[drug] if strength and drug_strength(each)[1])
        wrong = {"drawn at random": self.products, "of the same look": alike, "in another strength": other}
        yield "right", own
        for name, products in wrong.items():
            found = [each for each in products if drug_strength(each) != (drug, strength) and not same_drug(each, own)]
            if found:
                yield name, rng.choice(found)


def _drug_words(label: str) -> str:
    """Drug and strength of a label such as ``(brand)Baclofen 5mg/tab(blister)``, without what stands around them."""
    plain = _MARKS.sub(" ", unicodedata.normalize("NFKC", label))
    return " ".join(plain.partition("/")[0].split())
