"""A ruler or printed millimeter axis, found by its ticks; the numbers beside them are not read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.records import PillRegion
from pipeline.scale.plane import Axis, plane_of
from pipeline.scale.strokes import upright_strokes
from pipeline.scale.ticks import TickRow, tick_rows

# How many millimeters lie between neighboring ticks, with log prior: of 100 TFDA photos 98 have a tick each
# millimeter, some one each half or whole centimeter (docs/experiments/scale.md).
_UNITS_MM = {1.0: 0.0, 10.0: -4.0, 5.0: -5.0, 2.0: -5.0, 0.5: -5.0}
# Longest dimension of the pills in C3PI's tables: mean and deviation of its logarithm (11 mm; 4-28 mm holds 99 %).
_LOG_LENGTH_MEAN = math.log(11.0)
_LOG_LENGTH_SIGMA = 0.4
_ROWS_MAX = 6
_TICKS_SURE = 20


@dataclass(frozen=True, eq=False)
class Ruler:
    """A ruler found: one or two axes with the millimeters between their ticks, and how well they are supported."""

    axes: tuple[Axis, ...]
    support: float


@dataclass(frozen=True, eq=False)
class _Guess:
    axis: Axis
    support: float

    @property
    def mm_per_px(self) -> float:
        return self.axis.tick_mm / self.axis.spacing_px


def find_ruler(gray: NDArray[np.uint8], regions: Sequence[PillRegion]) -> Ruler | None:
    """The best supported ruler in ``(h, w)`` uint8, or None."""
    length_px = _typical_length_px(regions)
    across = _guesses(gray, length_px, upright=False)
    along = _guesses(np.ascontiguousarray(gray.T), length_px, upright=True)
    best: Ruler | None = None
    for guess in (*across, *along):
        others = along if guess in across else across
        partner = max((other for other in others if _agree(guess, other)), key=lambda other: other.support, default=None)
        support = guess.support + (0.5 * partner.support if partner else 0.0)
        ticks = len(guess.axis.index)
        if ticks < _TICKS_SURE and partner is None and not guess.axis.cycled:
            continue
        if best is None or support > best.support:
            best = Ruler((guess.axis, partner.axis) if partner else (guess.axis,), support)
    return best


def _guesses(gray: NDArray[np.uint8], length_px: float | None, upright: bool) -> list[_Guess]:
    rows: list[TickRow] = []
    for dark in (True, False):
        rows += tick_rows(upright_strokes(gray, dark))
    rows.sort(key=lambda row: -len(row.index))
    guesses = []
    for row in rows[:_ROWS_MAX]:
        cycled = _is_cycled(row)
        for unit, prior in _UNITS_MM.items():
            support = prior + 6.0 * math.log(len(row.index) / 8.0) + (2.0 if cycled and unit == 1.0 else 0.0)
            if length_px is not None:
                log_length = math.log(length_px * unit / row.spacing_px)
                support -= min(12.0, 0.5 * ((log_length - _LOG_LENGTH_MEAN) / _LOG_LENGTH_SIGMA) ** 2)
            guesses.append(_Guess(_axis(row, unit, upright, cycled), support))
    return guesses


def _axis(row: TickRow, unit: float, upright: bool, cycled: bool) -> Axis:
    points = np.stack([row.y, row.x] if upright else [row.x, row.y], axis=1)
    return Axis(points, row.index, unit, cycled)


def _is_cycled(row: TickRow) -> bool:
    """Whether every fifth or tenth tick is longer, as on rulers."""
    for cycle in (10, 5):
        for phase in range(cycle):
            long = row.index % cycle == phase
            if np.count_nonzero(long) < 2 or np.count_nonzero(~long) < 5:
                continue
            if np.min(row.length[long]) >= 1.2 * np.percentile(row.length[~long], 75):
                return True
    return False


def _agree(one: _Guess, other: _Guess) -> bool:
    """Whether two axes across each other give the same scale, but for what a tilted camera does to it."""
    return one.axis.tick_mm == other.axis.tick_mm and abs(math.log(one.mm_per_px / other.mm_per_px)) < 0.12


def _typical_length_px(regions: Sequence[PillRegion]) -> float | None:
    # The best regions come first; what follows may be print or part of the ruler.
    sizes = [max(cv2.minAreaRect(region.outline[:, ::-1])[1]) for region in regions[:2] if not region.cut_by_border]
    return float(np.mean(sizes)) if sizes else None
