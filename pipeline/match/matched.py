"""What the match says of a pill."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.records import Advice, Candidate, Decision


@dataclass(frozen=True)
class Match:
    """The decision with its reason, the candidates, and the probability that the pill is in no row of the catalog.

    ``drug`` is that whose monograph belongs to the answer, "" where none does.
    """

    decision: Decision
    reason: str
    candidates: tuple[Candidate, ...]
    unlisted: float
    advice: Advice | None
    drug: str
