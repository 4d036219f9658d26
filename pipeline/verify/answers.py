"""The answers: plain values for other programs, in the form of ``pipeline/report/verification.schema.json``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.records import Advice, Agreement, Candidate, EvidenceRow, Expected, Identification
from pipeline.serialize import (
    advice_to_dict,
    candidate_to_dict,
    evidence_to_dict,
    identification_to_dict,
    product_to_dict,
    text,
)

SCHEMA_VERSION = 1
# Beyond a million to one a photo proves nothing more: registers err, and so do those who keep them.
_RATIO_BITS_MAX = 20.0

Json = dict[str, Any]


def likely(risk: float, could_be: Sequence[Candidate]) -> bool:
    """Whether a pill is one of some drugs more likely than not, and it is known which."""
    return bool(could_be) and risk > 0.5


class Plain:
    """An answer that says itself as JSON."""

    def to_dict(self) -> Json:
        """The answer as plain JSON values."""
        raise NotImplementedError

    def to_json(self, indent: int | None = None) -> str:
        """The answer as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=indent)


@dataclass(frozen=True)
class Verification(Plain):
    """Whether the pill is what it should be, as far as its looks can say.

    Attributes:
        agreement: CONSISTENT says that imprint and look are those of what is expected and of nothing else known; it
            never says what the pill is made of.
        reason: why, in sentences.
        expected: what was asked.
        likelihood_ratio_bits: log2 of how much likelier what was seen is for the product expected than for everything
            else that a pill in the world could be; 0 where nothing was seen.
        evidence: observations weighed for the product expected, that tablet of it which fits best.
        look_alikes: listed products that would look the same in this photo.
        others: what else it could be, the likeliest first.
        advice: the further observation that would tell most, None where none would or none is needed.
        identification: what the pill is taken for where nothing is expected, with all that was seen.
        fits: whether nothing that shows speaks against what is expected, which proves little.
        better: what fits ten times better than what is expected where that is not contradicted; the drug's other
            strengths first.
        question: what to look for on the pill where that is another strength, ``is it 7 1/2 or 2 1/2?``.
    """

    agreement: Agreement
    reason: str
    expected: Expected
    likelihood_ratio_bits: float
    evidence: tuple[EvidenceRow, ...]
    look_alikes: tuple[Candidate, ...]
    others: tuple[Candidate, ...]
    advice: Advice | None
    identification: Identification
    fits: bool = False
    better: tuple[Candidate, ...] = ()
    question: str = ""

    @property
    def evidence_for(self) -> tuple[EvidenceRow, ...]:
        """The observations that speak for it, the strongest first."""
        return tuple(sorted((row for row in self.evidence if row.bits > 0.05), key=lambda row: -row.bits))

    @property
    def evidence_against(self) -> tuple[EvidenceRow, ...]:
        """The observations that speak against it, the strongest first."""
        return tuple(sorted((row for row in self.evidence if row.bits < -0.05), key=lambda row: row.bits))

    @property
    def likelihood_ratio(self) -> float:
        """The same as a ratio, between a millionth and a million."""
        return float(2.0 ** min(max(self.likelihood_ratio_bits, -_RATIO_BITS_MAX), _RATIO_BITS_MAX))

    def to_dict(self) -> Json:
        """The answer as plain JSON values, with what was seen as ``Answer.to_dict`` gives it."""
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": "verification",
            "agreement": self.agreement.value,
            "reason": text(self.reason),
            "fits": self.fits,
            "expected": expected_to_dict(self.expected),
            "likelihood_ratio_bits": round(self.likelihood_ratio_bits, 3),
            "likelihood_ratio": float(f"{self.likelihood_ratio:.3g}"),
            "evidence_for": [evidence_to_dict(row) for row in self.evidence_for],
            "evidence_against": [evidence_to_dict(row) for row in self.evidence_against],
            "look_alikes": [candidate_to_dict(each) for each in self.look_alikes],
            "others": [candidate_to_dict(each) for each in self.others],
            "advice": advice_to_dict(self.advice) if self.advice else None,
            "identification": identification_to_dict(self.identification),
        }


def expected_to_dict(expected: Expected) -> Json:
    """What was expected as plain JSON values."""
    return {
        "asked": text(expected.asked),
        "kind": expected.kind.value,
        "name": text(expected.name),
        "high_alert": text(expected.high_alert.words) if expected.high_alert else "",
        "products": [product_to_dict(product) for product in expected.products],
    }


@dataclass(frozen=True)
class RuleOut(Plain):
    """Whether a pill is none of some drugs, as far as its looks can say.

    Attributes:
        is_ruled_out: whether it is none of them but for ``risk``.
        reason: why, in sentences.
        asked: the drugs, as the caller named them.
        risk: the probability that it is one of them all the same; 1 where nothing can be said.
        could_be: those of them that it could be, the likeliest first.
        advice: the further observation that would tell most.
        identification: what the pill is taken for, with all that was seen.
    """

    is_ruled_out: bool
    reason: str
    asked: tuple[str, ...]
    risk: float
    could_be: tuple[Candidate, ...]
    advice: Advice | None
    identification: Identification

    @property
    def is_likely(self) -> bool:
        """Whether the pill is one of them more likely than not."""
        return likely(self.risk, self.could_be)

    @property
    def outcome(self) -> str:
        """The one word that commands and JSON give."""
        return "RULED_OUT" if self.is_ruled_out else "NOT_RULED_OUT"

    def to_dict(self) -> Json:
        """The answer as plain JSON values, with what was seen as ``Answer.to_dict`` gives it."""
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": "rule out",
            "outcome": self.outcome,
            "reason": text(self.reason),
            "asked": [text(name) for name in self.asked],
            "risk": round(self.risk, 6),
            "could_be": [candidate_to_dict(each) for each in self.could_be],
            "advice": advice_to_dict(self.advice) if self.advice else None,
            "identification": identification_to_dict(self.identification),
        }
