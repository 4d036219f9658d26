"""Probabilities over terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise


def check_probability(value: float, name: str) -> None:
    """Raise ValueError where a value is no probability."""
    if not 0.0 <= value <= 1.0 + 1e-9:
        raise ValueError(f"{name} is {value}, not a probability between 0 and 1")


def _best_first(pairs: Iterable[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    """Terms by what they weigh, the heaviest first, and by name."""
    return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


@dataclass(frozen=True)
class Probabilities:
    """Calibrated probabilities over terms, best first; terms left out share what is missing from 1."""

    terms: tuple[tuple[str, float], ...]

    def __post_init__(self) -> None:
        for term, value in self.terms:
            check_probability(value, term)
        if sum(value for _, value in self.terms) > 1.0 + 1e-6:
            raise ValueError("the probabilities add up to more than 1")
        # Terms given best first stay so: weights that differ by their last bit may have one probability.
        if any(before < after for (_, before), (_, after) in pairwise(self.terms)):
            object.__setattr__(self, "terms", _best_first(self.terms))

    @classmethod
    def of(cls, weights: Mapping[str, float]) -> Probabilities:
        """Normalize non-negative weights to probabilities."""
        total = sum(weights.values())
        if total <= 0:
            return cls(())
        return cls(tuple((term, weight / total) for term, weight in _best_first(weights.items())))

    @property
    def best(self) -> str | None:
        """The most probable term, or None where nothing is known."""
        return self.terms[0][0] if self.terms else None

    def __getitem__(self, term: str) -> float:
        return next((value for name, value in self.terms if name == term), 0.0)
