"""How ambiguous a catalog is: what share of its products is the only one left, when some features are known.

Nothing that looks at a pill can do better than this on that catalog. A feature that a product's register does
not give is not used for it, and a candidate is never excluded by one. Parts of kits are left out, as their
drug and strength are the kit's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reference.grouping import drug_strength
from reference.product import Product

SIZE_TOLERANCE_MM = 1.0
_SLACK_MM = 1e-6


@dataclass(frozen=True)
class CeilingRow:
    """One set of known features; shares are 0-1.

    ``unique`` is the share of ``products`` with no other candidate, ``unique_drug`` with no candidate of another
    drug or strength, ``candidates`` the mean number of candidates, the product itself among them.
    """

    known: str
    products: int
    unique: float
    unique_drug: float
    candidates: float


@dataclass(frozen=True)
class Ceiling:
    """The ceiling of a catalog by known features, and how many parts of kits were left out."""

    rows: tuple[CeilingRow, ...]
    kit_parts: int

    def row(self, known: str) -> CeilingRow | None:
        """The row of that name, or None."""
        return next((row for row in self.rows if row.known == known), None)


def is_kit_part(product: Product) -> bool:
    """Whether the product is one of several in a package."""
    originals = dict(product.originals)
    return originals.get("parts", "1") != "1" or ("part" in originals and "parts" not in originals)


def ceiling(products: Iterable[Product]) -> Ceiling:
    """The ceiling by color and shape, size, one token, all tokens, and these together."""
    everything = list(products)
    single = [product for product in everything if not is_kit_part(product)]
    table = _Table(single)
    look = ("shape", "colors")
    whole = (*look, "size")
    rows = (
        table.row("color + shape", _no_imprint, look),
        table.row("color + shape + size", _no_imprint, whole),
        table.row("one token", _each_token, ()),
        table.row("one token + color + shape", _each_token, look),
        table.row("one token + color + shape + size", _each_token, whole),
        table.row("all tokens", _all_tokens, ()),
        table.row("all tokens + color + shape", _all_tokens, look),
        table.row("all tokens + color + shape + size", _all_tokens, whole),
    )
    return Ceiling(tuple(row for row in rows if row), len(everything) - len(single))


_Keys = Callable[[Product], Sequence[str]]


def _no_imprint(product: Product) -> Sequence[str]:
    return ("",)


def _each_token(product: Product) -> Sequence[str]:
    return sorted(set(product.tokens))


def _all_tokens(product: Product) -> Sequence[str]:
    return (";".join(sorted(set(product.tokens))),) if product.tokens else ()


class _Table:
    """Products as arrays: ``(n,)`` int64 numbers of shape, colors, drug (0: not given), float64 size (nan)."""

    def __init__(self, products: Sequence[Product]) -> None:
        self._products = products
        self._shape = _numbered(product.shape for product in products)
        self._colors = _numbered(";".join(product.colors) for product in products)
        self._drug = _numbered(" | ".join(filter(None, drug_strength(product))) for product in products)
        self._size_mm = np.array(
            [np.nan if product.size_mm is None else product.size_mm for product in products], np.float64
        )

    def row(self, known: str, keys: _Keys, features: tuple[str, ...]) -> CeilingRow | None:
        """Candidates by imprint key and look; the mean over a product's keys, then over products."""
        by_key: dict[str, list[int]] = {}
        for number, product in enumerate(self._products):
            for key in keys(product):
                by_key.setdefault(key, []).append(number)
        sums = np.zeros((len(self._products), 4))
        for members in by_key.values():
            self._add(sums, np.array(members), features)
        counted = sums[sums[:, 3] > 0]
        if not len(counted):
            return None
        unique, unique_drug, candidates = (counted[:, :3] / counted[:, 3:]).mean(axis=0)
        return CeilingRow(known, len(counted), float(unique), float(unique_drug), float(candidates))

    def _add(self, sums: NDArray[np.float64], members: NDArray[np.int64], features: tuple[str, ...]) -> None:
        """Add to each member whether it is unique, unique by drug, its number of candidates, and one."""
        looks: dict[tuple[float, ...], tuple[int, int]] = {}
        for number in members:
            look = self._look(number, features)
            if look not in looks:
                candidates = members[self._agree(members, number, features)]
                looks[look] = len(candidates), len(np.unique(self._drug[candidates]))
            count, drugs = looks[look]
            sums[number] += (count == 1, drugs == 1, count, 1)

    def _look(self, number: int, features: tuple[str, ...]) -> tuple[float, ...]:
        size = float(np.nan_to_num(self._size_mm[number], nan=-1.0)) if "size" in features else 0.0
        return (self._shape[number], self._colors[number], size) if features else ()

    def _agree(self, members: NDArray[np.int64], number: int, features: tuple[str, ...]) -> NDArray[np.bool_]:
        agree = np.ones(len(members), bool)
        for name, column in (("shape", self._shape), ("colors", self._colors)):
            if name in features and column[number]:
                agree &= (column[members] == column[number]) | (column[members] == 0)
        if "size" in features and not np.isnan(self._size_mm[number]):
            gap = np.abs(self._size_mm[members] - self._size_mm[number])
            agree &= np.isnan(gap) | (gap <= SIZE_TOLERANCE_MM + _SLACK_MM)
        return agree


def _numbered(texts: Iterable[str]) -> NDArray[np.int64]:
    """Each distinct text as a number, the empty one as 0."""
    numbers: dict[str, int] = {"": 0}
    return np.array([numbers.setdefault(text, len(numbers)) for text in texts], np.int64)
