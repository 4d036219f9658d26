"""From weights to probabilities: the candidates against each other, and against a pill that the catalog lacks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.match.evidence import LOOK_KINDS
from pipeline.match.explain import Explanation
from pipeline.match.model import Shares
from pipeline.records import Candidate, EvidenceRow
from reference.product import Product


@dataclass(frozen=True)
class Weighed:
    """Products that are the same tablet, with their evidence and how their imprint explains what was read."""

    products: tuple[Product, ...]
    evidence: tuple[EvidenceRow, ...]
    explanation: Explanation

    @property
    def bits(self) -> float:
        """All evidence together."""
        return sum(row.bits for row in self.evidence)

    @property
    def look_bits(self) -> float:
        """The evidence of the look alone."""
        return sum(row.bits for row in self.evidence if row.kind in LOOK_KINDS)

    @property
    def checked(self) -> float:
        """The share of its market in which its imprint was looked for by hand."""
        return max((product.imprint_check.share for product in self.products if product.imprint_check), default=0.0)


@dataclass(frozen=True)
class Ranked:
    """Candidates, best first, each with its explanation; the probability that the catalog lacks the pill."""

    candidates: tuple[Candidate, ...]
    explanations: tuple[Explanation, ...]
    unlisted: float


@dataclass(frozen=True)
class Market:
    """What the catalog is a part of.

    ``listed`` products share the probability ``coverage`` that a pill of the market is in the catalog, before anything
    is seen. Of the market's imprints the share ``one_word`` are one word alone.
    """

    listed: int
    coverage: float
    one_word: float

    @property
    def prior(self) -> EvidenceRow:
        """The first row of evidence: the product is one of its market."""
        products = max(self.listed, 1)
        sentence = f"One of about {products / self.coverage:,.0f} tablets and capsules of the market."
        return EvidenceRow("prior", "", "", math.log2(self.coverage / products), sentence)


@dataclass(frozen=True)
class Odds:
    """Weights, prior included, of each product and of a pill that the catalog lacks; probabilities are their shares.

    ``groups`` are best first, ``weights`` are theirs in the same order.
    """

    groups: tuple[Weighed, ...]
    weights: tuple[float, ...]
    unlisted: float
    prior: EvidenceRow

    @property
    def total(self) -> float:
        """The sum of all weights."""
        return sum(self.weights) + self.unlisted


def odds(groups: Sequence[Weighed], market: Market, alone: float, shares: Shares) -> Odds:
    """The weights of all; ``alone`` is the probability that the pill bears one word only, as few pills do."""
    world_share = alone * market.one_word + 1 - alone
    prior = market.prior
    scored = sorted(groups, key=lambda group: (-group.bits, group.products[0].product_id))
    weights = [2.0 ** min(prior.bits + group.bits, 500.0) for group in scored]
    unlisted = (1 - market.coverage) * _unlisted_weight(scored, weights, world_share, shares)
    return Odds(tuple(scored), tuple(weights), unlisted, prior)


def rank(groups: Sequence[Weighed], market: Market, alone: float, shares: Shares, most: int) -> Ranked:
    """Candidates with probabilities, best first, at most so many; ``alone`` as in ``odds``."""
    return ranked(odds(groups, market, alone, shares), most)


def ranked(found: Odds, most: int) -> Ranked:
    """Candidates with probabilities, best first, at most so many."""
    prior, total = found.prior, found.total
    candidates = tuple(
        Candidate(
            group.products, weight / total, prior.bits + group.bits, (prior, *group.evidence), _tier(group.explanation)
        )
        for group, weight in zip(found.groups[:most], found.weights, strict=False)
    )
    return Ranked(candidates, tuple(group.explanation for group in found.groups[:most]), found.unlisted / total)


def _unlisted_weight(groups: Sequence[Weighed], weights: Sequence[float], world_share: float, shares: Shares) -> float:
    """The weight of a pill that the catalog lacks. Such a pill is one of three:

    - it bears a text that is not listed: as likely as the reading is on pills at large, less what listed imprints
      explain;
    - it is a twin: another product with a listed imprint, some of the same look. Where the imprint was checked by hand,
      only twins in registers that were not searched are left;
    - it is a sibling: a product of the same series and look, that differs in a character which was not read with
      certainty.
    """
    certain = {group.explanation.imprint_key: group.explanation.certainty for group in groups}
    listed = sum(certain.values())
    other = max(1.0 - listed, 0.0)
    twins: dict[str, float] = {}
    siblings = 0.0
    for group, weight in zip(groups, weights, strict=True):
        explanation = group.explanation
        look = shares.twin_look * 2.0 ** min(group.look_bits, 30.0) + 1 - shares.twin_look
        twin = explanation.certainty * look * (1 - group.checked)
        twins[explanation.imprint_key] = max(twins.get(explanation.imprint_key, 0.0), twin)
        # What speaks against this imprint may be the text of another listed one.
        unexplained = max(1.0 - listed + explanation.certainty, 0.0)
        siblings += weight * shares.sibling * explanation.sibling_odds * unexplained
    return world_share * (other + sum(twins.values())) + siblings


def _tier(explanation: Explanation) -> str:
    """How the imprint agrees with what was read, in the words of the catalog's search where it has them."""
    if explanation.exact:
        return "exact"
    if explanation.complete and not explanation.missing:
        return "all tokens"
    return "partly" if explanation.stray or explanation.contradicted else "all that was read"
