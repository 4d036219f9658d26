"""A ruler or printed millimeter axis, found by its ticks; the numbers beside them are not read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.records import PillRegion
from pipeline.scale.plane import Axis, form_corner
from pipeline.scale.search_copy import SearchCopy
from pipeline.scale.strokes import TICK_HEIGHT_SHARE_MAX, upright_strokes
from pipeline.scale.ticks import TickRow, tick_rows

# How many millimeters lie between neighboring ticks, with log prior: of 100 TFDA photos 98 have a tick each
# millimeter, some one each half or whole centimeter (docs/experiments/scale.md).
_UNITS_MM = {1.0: 0.0, 10.0: -4.0, 5.0: -5.0, 2.0: -5.0, 0.5: -5.0}
# Longest dimension of the pills in C3PI's tables: mean and deviation of its logarithm (11 mm; 4-28 mm holds 99 %).
_LOG_LENGTH_MEAN = math.log(11.0)
_LOG_LENGTH_SIGMA = 0.4
_ROWS_MAX = 6
# So many ticks in a row are a ruler and not grain, print or weave: on one axis alone, on one whose every fifth or tenth
# tick is longer, and on one with a second axis across, or in a frame with longer ones (text makes rows, too).
_TICKS_ALONE_MIN = 20
_TICKS_CYCLED_MIN = 14
_TICKS_CROSSED_MIN = 10
# So many of the longer ticks at least; in a frame, where a ruler may be little longer than a centimeter.
_LONG_MIN, _LONG_FRAMED_MIN = 3, 2
# The longest tick of a framed picture, by its longer side: a small inset shows little but its ruler.
_TALL_FRAMED_MAX = 0.35
# With so many dark ticks, light ones are not looked for.
_TICKS_PLENTY_MIN = 30


@dataclass(frozen=True, eq=False)
class Ruler:
    """A ruler found: one or two axes with the millimeters between their ticks, and how well they are supported."""

    axes: tuple[Axis, ...]
    support: float

    @property
    def mm_per_px(self) -> float:
        """Along its first axis."""
        return self.axes[0].tick_mm / self.axes[0].spacing_px


@dataclass(frozen=True, eq=False)
class _Guess:
    axis: Axis
    support: float
    mm_per_px: float
    is_short: bool
    """Two longer ticks, which are too few to be sure but in a frame."""


def find_ruler(copy: SearchCopy, regions: Sequence[PillRegion], framed: bool = False) -> Ruler | None:
    """The best supported ruler, or None; of a framed picture fewer and less even ticks will do.

    ``regions`` are the photo's pills. The axes are given in pixels of the photo.
    """
    ruler = _found(copy, regions, framed, TICK_HEIGHT_SHARE_MAX)
    return _found(copy, regions, framed, _TALL_FRAMED_MAX) if ruler is None and framed else ruler


def _found(copy: SearchCopy, regions: Sequence[PillRegion], framed: bool, tall_max: float) -> Ruler | None:
    """The ruler with no tick longer than that share of the picture."""
    images = [np.ascontiguousarray(image, dtype=np.uint8) for image in (copy.gray, np.transpose(copy.gray))]
    length_px = _typical_length_px(regions)
    across: list[_Guess] = []
    along: list[_Guess] = []
    for dark in (True, False):
        across += _guesses(images[0], dark, length_px and length_px * copy.share, tall_max, upright=False)
        along += _guesses(images[1], dark, length_px and length_px * copy.share, tall_max, upright=True)
        best = _best(across, along, framed)
        # Light ticks are rare and looked for only where dark ones leave room for doubt.
        if best is not None and len(best.axes) == 2 and max(len(axis.index) for axis in best.axes) >= _TICKS_PLENTY_MIN:
            break
    return best and Ruler(tuple(axis.enlarged(1 / copy.share) for axis in best.axes), best.support)


def _best(across: Sequence[_Guess], along: Sequence[_Guess], framed: bool) -> Ruler | None:
    paired = []
    for guesses, others in ((across, along), (along, across)):
        for guess in guesses:
            partners = [other for other in others if _agree(guess, other)]
            partner = max(partners, key=lambda other: other.support, default=None)
            paired.append((guess.support + (0.5 * partner.support if partner else 0.0), guess, partner))
    paired.sort(key=lambda pair: -pair[0])
    for support, guess, partner in paired:
        axis = guess.axis
        crossed = partner is not None and form_corner(axis, partner.axis)
        drawn = crossed or (framed and (axis.cycled or (partner is not None and partner.axis.cycled)))
        needed = _TICKS_CROSSED_MIN if drawn else _TICKS_CYCLED_MIN if axis.cycled else _TICKS_ALONE_MIN
        even = axis.even and (partner is None or partner.axis.even)
        if len(axis.index) >= needed and (drawn or even):
            return Ruler((axis, partner.axis) if partner else (axis,), support)
    return _short(paired) if framed else None


def _short(paired: Sequence[tuple[float, _Guess, _Guess | None]]) -> Ruler | None:
    """The best supported of the rows that show little more than a centimeter, as a small inset does."""
    for support, guess, _ in paired:
        if guess.is_short and len(guess.axis.index) >= _TICKS_CROSSED_MIN:
            return Ruler((guess.axis,), support)
    return None


def _guesses(
    gray: NDArray[np.uint8], dark: bool, length_px: float | None, tall_max: float, upright: bool
) -> list[_Guess]:
    """Guesses from the first of the strokes that make a row of ticks."""
    for strokes in upright_strokes(gray, dark, tall_max):
        rows = [(row, _is_cycled(row)) for row in tick_rows(strokes, _ROWS_MAX)]
        # Threads of a cloth make even rows in its grain, but no longer ones among them.
        told = [(row, cycled) for row, cycled in rows if cycled or not strokes.is_grainy]
        if told:
            return [guess for row, cycled in told for guess in _guesses_of(row, cycled, length_px, upright)]
    return []


def _guesses_of(row: TickRow, cycled: bool, length_px: float | None, upright: bool) -> Iterator[_Guess]:
    """One for each distance that may lie between neighboring ticks."""
    spacing_px = row.spacing_px
    is_short = _is_cycled(row, _LONG_FRAMED_MIN)
    for unit, prior in _UNITS_MM.items():
        support = prior + 6.0 * math.log(len(row.index) / 8.0) + (2.0 if cycled and unit == 1.0 else 0.0)
        if length_px is not None:
            log_length = math.log(length_px * unit / spacing_px)
            support -= min(12.0, 0.5 * ((log_length - _LOG_LENGTH_MEAN) / _LOG_LENGTH_SIGMA) ** 2)
        yield _Guess(_axis(row, unit, upright, cycled), support, unit / spacing_px, is_short)


def _axis(row: TickRow, unit: float, upright: bool, cycled: bool) -> Axis:
    points = np.stack([row.y, row.x] if upright else [row.x, row.y], axis=1)
    return Axis(points, row.index, unit, cycled, row.even)


def _is_cycled(row: TickRow, long_min: int = _LONG_MIN) -> bool:
    """Whether every fifth or tenth tick is longer, as on rulers, and these are at least so many."""
    for cycle in (10, 5):
        long = row.index % cycle == row.index[row.length.argmax()] % cycle
        short = np.sort(row.length[~long])
        if np.count_nonzero(long) < long_min or len(short) < 5:
            continue
        if row.length[long].min() >= 1.2 * short[3 * len(short) // 4]:
            return True
    return False


def _agree(one: _Guess, other: _Guess) -> bool:
    """Whether two crossing axes give the same scale, within what a tilted camera may change."""
    return one.axis.tick_mm == other.axis.tick_mm and abs(math.log(one.mm_per_px / other.mm_per_px)) < 0.12


def _typical_length_px(regions: Sequence[PillRegion]) -> float | None:
    # The best regions come first; what follows may be print or part of the ruler.
    sizes = [max(cv2.minAreaRect(region.outline[:, ::-1])[1]) for region in regions[:2] if not region.cut_by_border]
    return float(np.mean(sizes)) if sizes else None
