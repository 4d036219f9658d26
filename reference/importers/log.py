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

    ``rejected`` are faults of the input; ``passed_over`` counts what is sound but no tablet or capsule. ``doubts`` are
    single values that were not understood and left empty, ``notes`` say how the file is written.
    """

    rejected: list[Rejected] = field(default_factory=list)
    rejected_count: int = 0
    passed_over: Counter[str] = field(default_factory=Counter)
    doubts: list[Rejected] = field(default_factory=list)
    doubts_count: int = 0
    notes: list[str] = field(default_factory=list)

    def reject(self, name: str, reason: str) -> None:
        """Note a document or row that is damaged."""
        self.rejected_count += 1
        if len(self.rejected) < KEPT:
            self.rejected.append(Rejected(name, reason))

    def pass_over(self, reason: str) -> None:
        """Count a sound document or row that describes no pill."""
        self.passed_over[reason] += 1

    def doubt(self, name: str, reason: str) -> None:
        """Note a value that is not understood and left empty."""
        self.doubts_count += 1
        if len(self.doubts) < KEPT:
            self.doubts.append(Rejected(name, reason))

    def unread(self, name: str, column: str, text: str, value: object) -> None:
        """Note a column's text that gave no value."""
        if text and value is None:
            self.doubt(name, f"{column} {text[:60]!r} is not understood")

    def note(self, sentence: str) -> None:
        """Say how the file is written, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def first_faults(self) -> str:
        """The first three faults in words, empty where there is none."""
        faults = "; ".join(f"{fault.name}: {fault.reason}" for fault in self.rejected[:3])
        return f"skipped {faults}" if faults else ""
