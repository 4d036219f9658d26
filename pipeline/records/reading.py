"""What was read on a face."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Character:
    """One character found on a face.

    ``alternatives`` are the probable characters, best first; their probabilities and that of "not a
    character" add up to at most 1. ``row``, ``col`` is its center in photo pixels, ``turn_deg`` the
    direction its line runs.
    """

    alternatives: tuple[tuple[str, float], ...]
    row: float
    col: float
    height_px: float
    width_px: float
    turn_deg: float

    @property
    def text(self) -> str:
        """The most probable character."""
        return self.alternatives[0][0]

    @property
    def confidence(self) -> float:
        """The probability of ``text``."""
        return self.alternatives[0][1]


@dataclass(frozen=True)
class Line:
    """Characters in reading order."""

    characters: tuple[Character, ...]

    @property
    def text(self) -> str:
        """The characters' best reading, without blanks."""
        return "".join(character.text for character in self.characters)

    @property
    def confidence(self) -> float:
        """The least certain character's confidence."""
        return min((character.confidence for character in self.characters), default=0.0)


@dataclass(frozen=True)
class Reading:
    """What one engine read on one face.

    ``hypotheses`` are alternative sets of lines (upside down, another grouping) with their probabilities,
    best first; the first is the answer where one is wanted. ``blank`` is the probability that the face
    carries no character at all; ``symbol`` that it carries a logo.
    """

    engine: str
    hypotheses: tuple[tuple[tuple[Line, ...], float], ...]
    blank: float
    symbol: float = 0.0

    @property
    def lines(self) -> tuple[Line, ...]:
        """The most probable lines."""
        return self.hypotheses[0][0] if self.hypotheses else ()

    @property
    def characters(self) -> tuple[Character, ...]:
        """The characters of the most probable lines, one after the other."""
        return tuple(character for line in self.lines for character in line.characters)

    @property
    def tokens(self) -> tuple[str, ...]:
        """The text of the most probable lines."""
        return tuple(line.text for line in self.lines)
