"""Evenly spaced ticks along a line: chains of strokes and the lattice they lie on."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.scale.strokes import Strokes

_TICKS_MIN = 8
_SPACING_PX_MIN = 2.5
_SPACING_PX_MAX = 90.0
# So many strokes at once look for their neighbor, so that memory stays bounded.
_AT_ONCE = 128
# How far a row's ticks lie off their even lattice, as a standard deviation: ``share * spacing + 0.25`` pixels. Ruled
# axes stay below the first; drawn ones, as under the insets of a pharmacy's pages, reach the second.
_OFF_EVEN, _OFF_DRAWN = 0.05, 0.1
# Of the strokes that end on a row's line so many are its own: in lines of text chance makes even rows of some letters.
_OWN_MIN = 0.75


@dataclass(frozen=True, eq=False)
class TickRow:
    """Ticks on one line, left to right.

    ``index`` ``(n,)`` int64 counts the ticks (gaps where one was not seen), ``x`` and ``y`` ``(n,)`` float64 are the
    places of their aligned ends, ``length`` ``(n,)`` float64 their heights, all in pixels. ``even``: they lie as evenly
    as ruled ones.
    """

    index: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    length: NDArray[np.float64]
    even: bool

    @property
    def spacing_px(self) -> float:
        """Mean distance between neighboring ticks along the line."""
        return float(np.hypot(self.x[-1] - self.x[0], self.y[-1] - self.y[0])) / float(self.index[-1] - self.index[0])


def tick_rows(strokes: Strokes, rows_max: int) -> list[TickRow]:
    """Rows of eight or more evenly spaced strokes with their tops or bottoms on one line, longest first."""
    chains = [(ends, chain) for ends in (strokes.top, strokes.bottom) for chain in _chains(strokes.x, ends)]
    rows: list[TickRow] = []
    for ends, chain in sorted(chains, key=lambda pair: -len(pair[1])):
        if len(rows) == rows_max:
            break
        if (row := _row(strokes, ends, chain)) is not None:
            rows.append(row)
    return rows


def _chains(across: NDArray[np.float64], ends: NDArray[np.float64]) -> list[list[tuple[int, int]]]:
    x, y = across.tolist(), ends.tolist()
    used: set[tuple[int, int]] = set()
    chains = []
    for first, second in enumerate(_nearest_right(across, ends)):
        if second < 0 or (first, second) in used:
            continue
        chain = _grow(x, y, first, second)
        used.update(pairwise(member for _, member in chain))
        if len(chain) >= _TICKS_MIN:
            chains.append(chain)
    return chains


def _nearest_right(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[int]:
    """For each stroke the nearest one to its right that ends at the same height, or -1."""
    found: list[int] = []
    for first in range(0, len(x), _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        # What lies within the widest spacing of these, and one more.
        beside = slice(first, int(np.searchsorted(x, x[some][-1] + _SPACING_PX_MAX, "right")) + 1)
        gap = x[beside] - x[some, None]
        near = (gap >= _SPACING_PX_MIN) & (np.abs(y[beside] - y[some, None]) <= 1.2 + 0.12 * gap)
        near[:, 1:] &= gap[:, :-1] <= _SPACING_PX_MAX
        found += np.where(near.any(axis=1), first + near.argmax(axis=1), -1).tolist()
    return found


def _grow(x: list[float], y: list[float], first: int, second: int) -> list[tuple[int, int]]:
    """``(index, stroke)`` of a chain that goes on to the right, over at most two missing ticks at a time."""
    chain = [(0, first), (1, second)]
    step, slope = x[second] - x[first], (y[second] - y[first]) / (x[second] - x[first])
    slope *= 0.5
    while True:
        index, last = chain[-1]
        for skip in (1, 2, 3):
            found = _at(x, y, x[last] + skip * step, y[last] + skip * step * slope, step, skip)
            if found >= 0 and found != last:
                break
        else:
            return chain
        chain.append((index + skip, found))
        back = max(0, len(chain) - 12)
        (start_index, start), (end_index, end) = chain[back], chain[-1]
        step = (x[end] - x[start]) / (end_index - start_index)
        if len(chain) > 4:
            slope = (y[end] - y[start]) / (x[end] - x[start])


def _at(x: list[float], y: list[float], at_x: float, at_y: float, step: float, skip: int) -> int:
    """The stroke nearest to where a tick is expected, or -1."""
    reach = min(0.25 * step, 0.12 * step + 0.8)
    best, best_distance = -1, reach
    place = bisect_left(x, at_x - reach)
    while place < len(x) and x[place] <= at_x + reach:
        if abs(y[place] - at_y) <= 1.6 + 0.06 * step * skip and abs(x[place] - at_x) <= best_distance:
            best, best_distance = place, abs(x[place] - at_x)
        place += 1
    return best


def _row(strokes: Strokes, ends: NDArray[np.float64], chain: list[tuple[int, int]]) -> TickRow | None:
    """The chain as a row, without what does not lie on its even lattice; None where little is left."""
    index = np.array([number for number, _ in chain])
    member = np.array([stroke for _, stroke in chain])
    x, y = strokes.x[member], ends[member]
    for _ in range(2):
        # A quadratic is enough for the perspective of a ruler lying near the middle of a photo.
        off = x - _fitted(index, x, 2 if len(index) > 15 else 1)
        step = (x[-1] - x[0]) / (index[-1] - index[0])
        good = (np.abs(off) <= 0.2 * step + 0.3) & (np.abs(y - _fitted(index, y, 1)) <= 2.0 + 0.1 * step)
        if np.count_nonzero(good) < _TICKS_MIN:
            return None
        index, x, y, member, off = index[good], x[good], y[good], member[good], off[good]
    if (spread := float(np.std(off)) - 0.25) > _OFF_DRAWN * step or len(index) < 0.6 * (index[-1] - index[0] + 1):
        return None
    if len(index) < _OWN_MIN * _beside(strokes.x, ends, x, y, step):
        return None
    length = (strokes.bottom - strokes.top + 1)[member]
    return TickRow(index - index[0], x, y, length, spread <= _OFF_EVEN * step)


def _beside(
    all_x: NDArray[np.float64],
    all_y: NDArray[np.float64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    step: float,
) -> int:
    """How many strokes end on the row's line between its ends, its own among them."""
    between = (all_x >= x[0]) & (all_x <= x[-1])
    line = y[0] + (all_x[between] - x[0]) * (y[-1] - y[0]) / (x[-1] - x[0])
    return int(np.count_nonzero(np.abs(all_y[between] - line) <= 2.0 + 0.1 * step))


def _fitted(index: NDArray[np.int64], values: NDArray[np.float64], degree: int) -> NDArray[np.float64]:
    """The least-squares polynomial at its own places; numpy.polyfit takes ten times as long for so few."""
    powers = np.vander((index - index[0]) / (index[-1] - index[0]), degree + 1)
    return np.asarray(powers @ np.linalg.solve(powers.T @ powers, powers.T @ values))
