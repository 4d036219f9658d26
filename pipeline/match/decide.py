"""From weighed candidates to probabilities and one honest decision."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.records import Candidate, Decision, EvidenceRow
from pipeline.settings import DecideSettings, MatchSettings
from reference.product import Product


@dataclass(frozen=True)
class Weighed:
    """Products that are the same tablet, with their evidence."""

    products: tuple[Product, ...]
    evidence: tuple[EvidenceRow, ...]
    tier: str

    @property
    def bits(self) -> float:
        """All evidence together."""
        return sum(row.bits for row in self.evidence)


def rank(groups: Sequence[Weighed], catalog_size: int, settings: MatchSettings) -> tuple[tuple[Candidate, ...], float]:
    """Candidates with probabilities, best first, and the probability that the pill is in the catalog at all.

    Every group has the same prior, ``1 / catalog_size`` of what is left beside ``unlisted_share``; against them
    stands a pill that no register has, for which every observation weighs 0 bits.
    """
    prior_bits = math.log2((1 - settings.unlisted_share) / max(catalog_size, 1))
    prior = EvidenceRow("prior", "", "", prior_bits, f"One of {catalog_size} tablets of the catalog.")
    scored = sorted(groups, key=lambda group: (-group.bits, group.products[0].product_id))
    weights = [2.0 ** min(prior_bits + group.bits, 500.0) for group in scored]
    total = sum(weights) + settings.unlisted_share
    candidates = tuple(
        Candidate(group.products, weight / total, prior_bits + group.bits, (prior, *group.evidence), group.tier)
        for group, weight in zip(scored[: settings.candidates], weights, strict=False)
    )
    return candidates, 1.0 - settings.unlisted_share / total


def decide(
    candidates: Sequence[Candidate],
    listed: float,
    contradicted: str,
    legible: bool,
    blank: bool,
    settings: DecideSettings,
) -> tuple[Decision, str]:
    """What may be claimed, and why, in a sentence.

    Args:
        candidates: best first.
        listed: the probability that the pill is in the catalog.
        contradicted: what was read beyond doubt and the first candidate's imprint does not have.
        legible: any character was read.
        blank: the faces shown carry no imprint.
        settings: the thresholds.
    """
    if not legible:
        if blank:
            return (
                Decision.UNKNOWN,
                "No imprint was found, and without one a pill cannot be told by its look.",
            )
        return (
            Decision.UNREADABLE,
            "The imprint cannot be read; take a sharp photo with light from the side.",
        )
    if not candidates or listed < settings.listed:
        return Decision.UNKNOWN, "Nothing in the catalog explains what was read."
    first = candidates[0]
    same_drug = [candidate for candidate in candidates if candidate.product.drug_key == first.product.drug_key]
    sure = sum(candidate.probability for candidate in same_drug)
    if contradicted:
        return (
            Decision.AMBIGUOUS,
            f"{first.product.name} fits best, but {contradicted} was read and its imprint has no such text.",
        )
    if sure >= settings.identified:
        return Decision.IDENTIFIED, f"{first.product.name} explains imprint and look; {sure:.1%} sure."
    others = dict.fromkeys(candidate.product.name for candidate in candidates[:5] if candidate.probability > 0.02)
    return Decision.AMBIGUOUS, "It could be " + " or ".join(others or [first.product.name]) + "."
