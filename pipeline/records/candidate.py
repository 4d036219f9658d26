"""What it could be: candidates with their evidence, and the drugs that they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.records.probability import check_probability
from reference.grouping import drug_strength, same_drug, same_imprint
from reference.high_alert import HighAlertGroup, high_alert_group
from reference.product import Product, labelers_of
from reference.text.shown import imprint_shown


@dataclass(frozen=True)
class EvidenceRow:
    """One observation weighed for one candidate.

    ``bits`` is the match weight, log2 of the Bayes factor; 0 where either side is unknown. The rows of a
    candidate add up to its score.
    """

    kind: str
    observed: str
    expected: str
    bits: float
    sentence: str


@dataclass(frozen=True)
class Candidate:
    """Products that are the same tablet, with the evidence for them."""

    products: tuple[Product, ...]
    probability: float
    score_bits: float
    evidence: tuple[EvidenceRow, ...]
    tier: str = ""

    def __post_init__(self) -> None:
        if not self.products:
            raise ValueError("a candidate names at least one product")
        check_probability(self.probability, "probability")

    @property
    def product(self) -> Product:
        """The product that stands for the group."""
        return self.products[0]

    @property
    def labelers(self) -> tuple[str, ...]:
        """Everyone who sells this tablet, each once, in the group's order."""
        return labelers_of(self.products)

    @property
    def high_alert(self) -> HighAlertGroup | None:
        """Why a mix-up with it does most harm; None where it is not known to be a high-alert drug."""
        return next(filter(None, map(high_alert_group, self.products)), None)


@dataclass(frozen=True)
class Drug:
    """Candidates that are one drug in one strength, the likeliest first: what an answer names in words.

    Its probability is that of drug and strength, whoever sells it: the one that decides, and the one shown.
    """

    candidates: tuple[Candidate, ...]

    @property
    def first(self) -> Candidate:
        """The tablet that stands for it."""
        return self.candidates[0]

    @property
    def probability(self) -> float:
        """The probability that the pill is this drug in this strength."""
        return min(sum(candidate.probability for candidate in self.candidates), 1.0)

    @property
    def labelers(self) -> tuple[str, ...]:
        """Everyone who sells it, each once."""
        return tuple(dict.fromkeys(name for candidate in self.candidates for name in candidate.labelers))

    @property
    def imprints(self) -> tuple[str, ...]:
        """What its tablets bear, each once."""
        return tuple(dict.fromkeys(" ".join(imprint_shown(candidate.product)) for candidate in self.candidates))

    @property
    def high_alert(self) -> HighAlertGroup | None:
        """Why a mix-up with it does most harm; None where it is not known to be a high-alert drug."""
        return next(filter(None, (candidate.high_alert for candidate in self.candidates)), None)


# Of the drugs that it could be those above this probability are named, and at most this many.
_NAMED_MIN, _NAMED_MAX = 0.02, 5


def drugs_of(candidates: Iterable[Candidate]) -> tuple[Drug, ...]:
    """Candidates by drug and strength, in the order of the first of each; one without a drug's name alone.

    A product of the same imprint and drug whose register names no strength is taken as the same.
    """
    found: list[list[Candidate]] = []
    for candidate in candidates:
        drug = next((drug for drug in found if _is_one_drug(candidate.product, drug[0].product)), None)
        if drug is None:
            found.append([candidate])
        else:
            drug.append(candidate)
    return tuple(Drug(tuple(each)) for each in found)


def _is_one_drug(one: Product, other: Product) -> bool:
    drug, strength = drug_strength(one)
    if drug and (drug, strength) == drug_strength(other):
        return True
    return (one.tokens == other.tokens or same_imprint(one, other)) and same_drug(one, other)


def named_drugs(candidates: Iterable[Candidate]) -> tuple[Drug, ...]:
    """The drugs that are probable enough to be named."""
    return tuple(drug for drug in drugs_of(candidates) if drug.probability > _NAMED_MIN)[:_NAMED_MAX]
