"""How well a token of the register explains what was read: alignment with every character's probabilities.

All figures are match weights in bits: log2 of how much likelier the reading is if the token stands there than if
it does not. What is not explained costs bits too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pipeline.records import Character, Line
from pipeline.settings import MatchSettings

# The share of each character among the imprints of the C3PI table: a rare character that agrees says more.
_SHARE = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (0.081, 0.076, 0.069, 0.064, 0.049, 0.067, 0.033, 0.046, 0.028, 0.038, 0.051, 0.012, 0.018, 0.015, 0.023, 0.007,
         0.026, 0.008, 0.021, 0.002, 0.003, 0.027, 0.029, 0.026, 0.020, 0.027, 0.001, 0.028, 0.018, 0.027, 0.007, 0.017,
         0.013, 0.007, 0.010, 0.007),
        strict=True,
    )
)  # fmt: skip
_SIGN_SHARE = 0.003


@dataclass(frozen=True)
class Segment:
    """A stretch of a line that a token explains, with its weight."""

    bits: float
    line: int
    start: int
    stop: int
    pairs: tuple[tuple[int, str], ...]


def share_of(character: str) -> float:
    """How often a character occurs among imprints."""
    return _SHARE.get(character, _SIGN_SHARE)


class ObservedLine:
    """A line as the matcher sees it: for each place the bits each character would earn there."""

    def __init__(self, line: Line, settings: MatchSettings) -> None:
        self.line = line
        self._settings = settings
        self._probabilities = [dict(character.alternatives) for character in line.characters]

    def __len__(self) -> int:
        return len(self.line.characters)

    def bits(self, place: int, character: str) -> float:
        """The weight of a character of the register standing where one was found."""
        return self._bits[place].get(character) or self._bits_of(place, character)

    def stray_bits(self, place: int) -> float:
        """The (negative) weight of a character found that the register does not have."""
        return self._stray[place]

    def stray_bits_of(self, places: Sequence[int]) -> float:
        """The same for several places."""
        return sum(self._stray[place] for place in places)

    @cached_property
    def _stray(self) -> list[float]:
        return [_stray_bits(character, self._settings) for character in self.line.characters]

    @cached_property
    def _bits(self) -> list[dict[str, float]]:
        return [{} for _ in self.line.characters]

    def _bits_of(self, place: int, character: str) -> float:
        probability = self._probabilities[place].get(character, 0.0)
        error = self._settings.misread_share
        read = (1 - error) * probability + error * share_of(character)
        bits = math.log2(read / share_of(character) * self._settings.found_share)
        self._bits[place][character] = bits
        return bits


def _stray_bits(character: Character, settings: MatchSettings) -> float:
    there = min(sum(probability for _, probability in character.alternatives), 1.0)
    return max(math.log2((1 - there) * (1 - settings.stray_share) + settings.stray_share), settings.stray_floor_bits)


def best_segment(token: str, lines: Sequence[ObservedLine], taken: Sequence[set[int]], settings: MatchSettings) -> Segment | None:
    """The stretch of a line that the token explains best, over places not yet taken; None where none earns bits."""
    best: Segment | None = None
    for number, line in enumerate(lines):
        segment = _align(token, line, number, taken[number], settings)
        if segment and (best is None or segment.bits > best.bits):
            best = segment
    return best


def _align(token: str, line: ObservedLine, number: int, taken: set[int], settings: MatchSettings) -> Segment | None:
    """Global in the token, local in the line (Smith-Waterman with free ends in the line)."""
    count = len(line)
    missed = settings.missed_bits
    # Each cell: bits, first place of the segment, the pairs so far.
    previous: list[tuple[float, int, tuple[tuple[int, str], ...]]] = [(0.0, place, ()) for place in range(count + 1)]
    for character in token:
        current: list[tuple[float, int, tuple[tuple[int, str], ...]]] = []
        for place in range(count + 1):
            bits, start, pairs = previous[place]
            cell = (bits + missed, start, pairs)
            if place and place - 1 not in taken:
                bits, start, pairs = previous[place - 1]
                bits += line.bits(place - 1, character)
                if bits > cell[0]:
                    cell = (bits, start, (*pairs, (place - 1, character)))
                bits, start, pairs = current[place - 1]
                bits += line.stray_bits(place - 1)
                if bits > cell[0] and pairs:
                    cell = (bits, start, pairs)
            current.append(cell)
        previous = current
    bits, start, pairs = max(previous, key=lambda cell: cell[0])
    if not pairs or bits <= missed * len(token) * settings.missed_token_share:
        return None
    return Segment(bits, number, pairs[0][0], pairs[-1][0] + 1, pairs)
