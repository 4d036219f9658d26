"""Characters in places -> lines in reading order, straight or curved, any way up."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.records import Character, Line

# All lengths are in heights of the characters linked. Chosen by hand on drawn lines (tests/test_reading_order.py).
_NEXT_MAX = 2.0
_OFF_LINE_MAX = 0.5
_HEIGHT_RATIO_MAX = 1.7
_TURN_DIFFERENCE_DEG_MAX = 50.0
# The step between two words is at least this many times the median step.
_WORD_GAP_MIN = 1.3


def group_lines(characters: Sequence[Character]) -> tuple[Line, ...]:
    """Link each character to the next one along its own direction; chains are lines.

    A link needs like height, like turn, and a place to the right in the frame halfway between both turns, so that a
    word along the rim stays one line. Lines come top to bottom as their own direction sees it.
    """
    links = sorted(
        (gap, first, second)
        for first in range(len(characters))
        for second in range(len(characters))
        if first != second and (gap := _gap(characters[first], characters[second])) is not None
    )
    following: dict[int, int] = {}
    preceding: dict[int, int] = {}
    for _, first, second in links:
        if first in following or second in preceding or _leads_to(second, first, following):
            continue
        following[first], preceding[second] = second, first
    lines = []
    for start in range(len(characters)):
        if start not in preceding:
            chain = [start]
            while chain[-1] in following:
                chain.append(following[chain[-1]])
            lines.append(Line(tuple(characters[index] for index in chain)))
    return tuple(sorted(lines, key=_order))


def apart_if_repeated(line: Line) -> tuple[Line, ...]:
    """A line that is one word twice, with a gap between, as two lines: capsules bear their word on cap and body."""
    half, odd = divmod(len(line.characters), 2)
    if odd or half < 2 or line.text[:half] != line.text[half:]:
        return (line,)
    places = np.array([(character.row, character.col) for character in line.characters])
    steps = np.hypot(*np.diff(places, axis=0).T)
    if steps[half - 1] < _WORD_GAP_MIN * float(np.median(steps)):
        return (line,)
    return Line(line.characters[:half]), Line(line.characters[half:])


def _leads_to(start: int, goal: int, following: dict[int, int]) -> bool:
    while start in following:
        start = following[start]
        if start == goal:
            return True
    return start == goal


def _gap(first: Character, second: Character) -> float | None:
    """How far right of the first the second stands, in heights; None where they are not neighbors in a line."""
    height = (first.height_px + second.height_px) / 2
    if max(first.height_px, second.height_px) > _HEIGHT_RATIO_MAX * min(first.height_px, second.height_px):
        return None
    difference = (second.turn_deg - first.turn_deg + 180.0) % 360.0 - 180.0
    if abs(difference) > _TURN_DIFFERENCE_DEG_MAX:
        return None
    turn = math.radians(first.turn_deg + difference / 2)
    right, down = second.col - first.col, second.row - first.row
    along = (right * math.cos(turn) - down * math.sin(turn)) / height
    across = (right * math.sin(turn) + down * math.cos(turn)) / height
    if not 0.1 < along < _NEXT_MAX or abs(across) > _OFF_LINE_MAX:
        return None
    return along + 2 * abs(across)


def _order(line: Line) -> tuple[float, float]:
    turn = _mean_turn(line)
    row = float(np.mean([character.row for character in line.characters]))
    col = float(np.mean([character.col for character in line.characters]))
    return (round(math.cos(turn) * row + math.sin(turn) * col, 3), math.cos(turn) * col - math.sin(turn) * row)


def _mean_turn(line: Line) -> float:
    turns: NDArray[np.float64] = np.radians([character.turn_deg for character in line.characters])
    return math.atan2(float(np.sin(turns).sum()), float(np.cos(turns).sum()))
