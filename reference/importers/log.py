"""What an importer could not use: nothing is dropped in silence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

KEPT = 1000


@dataclass(frozen=True)
class Rejected:
    """A document or row that was skipped, and why."""

    name: str
    reason: str


@dataclass
class Log:
    """Counts what was skipped by reason and keeps the first thousand by name.

    ``rejected`` are faults of the input; ``passed_over`` counts what is sound but no tablet or capsule.
    """

    rejected: list[Rejected] = field(default_factory=list)
    rejected_count: int = 0
    passed_over: Counter[str] = field(default_factory=Counter)

    def reject(self, name: str, reason: str) -> None:
        """Note a document or row that is damaged."""
        self.rejected_count += 1
        if len(self.rejected) < KEPT:
            self.rejected.append(Rejected(name, reason))

    def pass_over(self, reason: str) -> None:
        """Count a sound document or row that describes no pill."""
        self.passed_over[reason] += 1
