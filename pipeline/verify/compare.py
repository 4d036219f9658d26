"""What was seen of one pill, weighed for what is expected and for everything else that a pill could be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.match import Matcher, Weighing
from pipeline.match.explain import Explanation
from pipeline.match.rank import Odds, Weighed
from pipeline.properties import PROPERTIES
from pipeline.records import EvidenceRow, Expected, ExpectedKind
from pipeline.verify.naming import is_same_strength
from reference.grouping import drug_strength
from reference.product import Product

_LOOK_KINDS = tuple(each.title for each in PROPERTIES)


@dataclass(frozen=True)
class Filled:
    """A place that was filled by a list: before anything is seen, what is not on the list hardly lies there.

    Attributes:
        drugs: the active moieties of the list's drugs (``drug_strength``); of these another strength is as likely as
            ever, since it is what is mixed up.
        bits: how much less likely than on the market everything else is.
        imprint_keys: the imprints of these drugs in all strengths, so that each is weighed.
    """

    drugs: frozenset[str] = frozenset()
    bits: float = 0.0
    imprint_keys: tuple[str, ...] = ()

    def held_back_bits(self, group: Weighed) -> float:
        """How much less likely a tablet is before anything is seen."""
        named = any(drug_strength(product)[0] in self.drugs for product in group.products)
        return 0.0 if named else self.bits


FILLED_BY_NONE = Filled()


@dataclass(frozen=True)
class Comparison:
    """One pill beside one expectation.

    Attributes:
        expected: what is expected, tablet by tablet, the one that fits best first.
        rivals: all other tablets of the catalog that could explain what was read, best first.
        odds: all of them together.
        was_read: whether any text was.
        unlisted_share: the share of the makers of a drug whose tablets the catalog lacks; 0 where one product is meant.
    """

    expected: tuple[Weighed, ...]
    rivals: tuple[Weighed, ...]
    odds: Odds
    was_read: bool
    unlisted_share: float = 0.0

    @property
    def best(self) -> Weighed:
        """The tablet expected that fits best."""
        return self.expected[0]

    @property
    def likelihood_ratio_bits(self) -> float:
        """log2 of how much likelier what was seen is for what is expected than for everything else.

        Of what is expected each tablet is as often as the next, of everything else, listed or not, each as often as it
        is on the market. 0 where nothing was weighed against it.
        """
        return self.ratio_bits(FILLED_BY_NONE)

    def ratio_bits(self, filled: Filled) -> float:
        """The same where a list says what is likely there before anything is seen."""
        prior = 2.0**self.odds.prior.bits
        expected = sum(2.0 ** min(group.bits, 500.0) for group in self.expected) / len(self.expected)
        weights = (self.odds.prior.bits + group.bits - filled.held_back_bits(group) for group in self.rivals)
        others = sum(2.0 ** min(weight, 500.0) for weight in weights) + self.odds.unlisted * 2.0**-filled.bits
        everything_else = others / max(1.0 - prior * len(self.expected), prior)
        return math.log2(max(expected, 1e-150) / max(everything_else, 1e-150))

    def whoever_made_it(self) -> Comparison:
        """The same without other makers' tablets of the drug and strength among the rivals."""
        others = tuple(group for group in self.rivals if not is_same_strength(group, self.best))
        return replace(self, rivals=others)

    def probability(self, group: Weighed) -> float:
        """How probable one of the tablets weighed is beside all others, listed or not."""
        weights = zip(self.odds.groups, self.odds.weights, strict=True)
        return sum(weight for each, weight in weights if each is group) / self.odds.total

    @property
    def ahead_bits(self) -> float:
        """By how much the best tablet expected fits better than the best other one that is listed."""
        return self.best.bits - self.rivals[0].bits if self.rivals else math.inf

    @property
    def behind_bits(self) -> float:
        """By how much something else explains better what was seen: a listed tablet, or a pill drawn at random."""
        return max(self.rivals[0].bits if self.rivals else 0.0, 0.0) - self.with_unlisted(self.best.bits)

    def with_unlisted(self, bits: float) -> float:
        """What a weight of the tablets expected is at least where a maker's that the catalog lacks looks like any."""
        return max(bits, math.log2(self.unlisted_share)) if self.unlisted_share else bits


def worst_looks(rows: Sequence[EvidenceRow]) -> list[EvidenceRow]:
    """What of the look speaks against a tablet, the strongest first."""
    return sorted((row for row in rows if row.kind in _LOOK_KINDS and row.bits < -1), key=lambda row: row.bits)


def compare(matcher: Matcher, weighing: Weighing, expected: Expected) -> Comparison:
    """Weigh what was seen for what is expected and for the rest of the world."""
    keys = dict.fromkeys(product.imprint_key for product in expected.products if product.tokens)
    weighing = matcher.weigh_also(weighing, keys)
    own = [group for group in weighing.groups if expected.is_meant(group.products)]
    listed = {product.product_id for group in own for product in group.products}
    own += _outside([product for product in expected.products if product.product_id not in listed], weighing)
    meant = {id(group) for group in own}
    odds = matcher.odds(weighing)
    rivals = tuple(group for group in odds.groups if id(group) not in meant)
    best_first = tuple(sorted(own, key=lambda group: (-group.bits, group.products[0].product_id)))
    unlisted = 1 - matcher.coverage if expected.kind is ExpectedKind.DRUG else 0.0
    return Comparison(best_first, rivals, odds, weighing.heard is not None, unlisted)


def _outside(products: Sequence[Product], weighing: Weighing) -> list[Weighed]:
    """Tablets that no listed imprint stands for: without text, of no catalog, or nothing was read at all."""
    heard = weighing.heard
    keys = list(dict.fromkeys(product.imprint_key for product in products if product.tokens))
    explained = {each.imprint_key: each for each in heard.explain_keys(keys)} if heard else {}
    return [
        weighing.weighed((product,), explained.get(product.imprint_key) or Explanation("", 0.0)) for product in products
    ]
