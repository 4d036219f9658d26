"""Whether a photo shows just as many pills as were found: what nobody took for a pill, and pills that nearly touch.

A list is compared with a count, and a count is worth no more than the photo lets one see: a pill that was overlooked
lies there as a spot on the ground, and one that was taken for two as two that nearly touch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.lab import lab_of_pixels
from pipeline.records import PillRegion, Pixels

# The photo is looked at so small; its smallest pills are then some 10 pixels long.
_SIDE_PX = 320
# Ground this near to a pill may be its shadow, or its softened edge: a share of its length.
_MARGIN = 0.12
# What differs from the ground by so much (CIE76) and so many times the ground's own spread is something else.
_DIFFERENCE_MIN, _SPREADS_MIN = 6.0, 4.0
# A shadow takes less than so much of the ground's lightness.
_SHADOW_MAX = 40.0
# Smaller spots than this share of the smallest pill's area are crumbs and reflections.
_SPOT_MIN = 0.2
# Where none was found: a pill of which less than this share of the photo is seen would not be read anyway.
_PILL_MIN = 0.01
# Pills whose outlines are nearer to each other than this share of their length may be one or overlap.
_APART_MIN = 0.05
# Nearer ones than this share are one where no ground is seen between them: a capsule with a dark band.
_BETWEEN_MAX = 0.3
_ROUNDS = 3
_NAMED_MAX = 3

Mask = NDArray[np.bool_]
Outline = NDArray[np.floating]


@dataclass(frozen=True)
class Counted:
    """How far the number of pills found can be relied on.

    Attributes:
        spots: places (x, y) in the photo of what stands out from the ground and was not taken for a pill.
        touching: pairs of pills, by their places in what was given, that nearly touch.
        alike: pairs of pills, by their places, that may be the two faces of one, shown both.
        doubted: places, in what was given, of what may be no pill, and bears no text that is known.
        size: the photo's width and height in pixels, (0, 0) where it is not known.
    """

    spots: tuple[tuple[int, int], ...] = ()
    touching: tuple[tuple[int, int], ...] = ()
    alike: tuple[tuple[int, int], ...] = ()
    doubted: tuple[int, ...] = ()
    size: tuple[int, int] = (0, 0)

    @property
    def is_sure(self) -> bool:
        """Whether each pill of the photo was found, each once and nothing else."""
        return not self.spots and not self.touching and not self.doubted

    @property
    def overlooked(self) -> int:
        """How many pills more than were found may lie there."""
        return len(self.spots) + len(self.touching)

    @property
    def sentences(self) -> Iterator[str]:
        """What keeps the number from being sure; pills are numbered from 1."""
        if self.spots:
            places = " and ".join(map(self._place, self.spots[:_NAMED_MAX]))
            more = f" and at {len(self.spots) - _NAMED_MAX} places more" if len(self.spots) > _NAMED_MAX else ""
            yield f"At {places}{more} lies something that was not taken for a pill, and may be one."
        for one, other in self.touching[:_NAMED_MAX]:
            yield f"Pill {one + 1} and pill {other + 1} nearly touch: they may be one, or hide another."
        for place in self.doubted[:_NAMED_MAX]:
            yield f"Pill {place + 1} may be no pill."

    def _place(self, spot: tuple[int, int]) -> str:
        """Where in the photo: ``the top left of the photo (x 54, y 21)``."""
        at = f"x {spot[0]}, y {spot[1]}"
        if not all(self.size):
            return at
        column, row = (min(3 * place // size, 2) for place, size in zip(spot, self.size, strict=True))
        words = " ".join(filter(None, (("top", "", "bottom")[row], ("left", "", "right")[column])))
        return f"the {words or 'middle'} of the photo ({at})"


def counted(pixels: Pixels, regions: Sequence[PillRegion], others: Sequence[Outline] = ()) -> Counted:
    """How far the number of these pills can be relied on.

    Args:
        pixels: the photo, ``(h, w, 3)`` uint8 sRGB.
        regions: the pills that were found in it.
        others: outlines of what is known to be no pill, as a ruler.
    """
    scale = min(1.0, _SIDE_PX / max(pixels.shape[:2]))
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    free = ~_covered([*(region.outline for region in regions), *others], scale, small.shape[:2])
    width_height = (pixels.shape[1], pixels.shape[0])
    if not free.any():
        return Counted(touching=tuple(combinations(range(len(regions)), 2)), size=width_height)
    stands_out = _standing_out(lab_of_pixels(np.asarray(small, np.uint8)), free)
    smallest = min((region.area * scale**2 for region in regions), default=_PILL_MIN * stands_out.size)
    spots = _spots(stands_out & free, _SPOT_MIN * smallest)
    return Counted(
        tuple((round(x / scale), round(y / scale)) for x, y in spots),
        tuple(_touching(regions, stands_out, scale)),
        size=width_height,
    )


def _covered(outlines: Sequence[Outline], scale: float, shape: tuple[int, ...]) -> Mask:
    """Where pills lie, and the ground next to them."""
    covered = np.zeros(shape, np.uint8)
    for outline in outlines:
        points = np.round(outline[:, ::-1] * scale).astype(np.int32).reshape(-1, 1, 2)
        cv2.fillPoly(covered, [points], 1)
        cv2.polylines(covered, [points], True, 1, 2 * max(1, round(_MARGIN * _length(outline) * scale)) + 1)
    return covered.astype(bool)


def _length(outline: Outline) -> float:
    """The side of a square as large as the outline's box."""
    return float(np.linalg.norm(np.ptp(outline, axis=0))) / math.sqrt(2)


def _spots(stands_out: Mask, area_min: float) -> list[tuple[float, float]]:
    """The centers (x, y) of what stands out from the ground."""
    opened = cv2.morphologyEx(stands_out.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    number, _, stats, centers = cv2.connectedComponentsWithStats(opened)
    return [tuple(centers[each]) for each in range(1, number) if stats[each, cv2.CC_STAT_AREA] >= area_min]


def _standing_out(lab: NDArray[np.float32], free: Mask) -> Mask:
    """What differs from the ground, pills too; their shadows do not count."""
    difference = lab - _ground(lab, free)
    apart = np.linalg.norm(difference, axis=2)
    bar = max(_DIFFERENCE_MIN, _SPREADS_MIN * 1.4826 * float(np.median(apart[free])))
    return np.asarray(apart > bar, bool) & ~_in_shadow(difference, ~free)


def _in_shadow(difference: NDArray[np.float64], pills: Mask) -> Mask:
    """What is the ground's color, but darker, and begins at a pill: its shadow."""
    darker = (difference[..., 0] < 0) & (difference[..., 0] > -_SHADOW_MAX)
    alike = np.linalg.norm(difference[..., 1:], axis=2) < _DIFFERENCE_MIN
    _, parts = cv2.connectedComponents(((darker & alike) | pills).astype(np.uint8))
    return np.asarray(np.isin(parts, np.unique(parts[pills])) & darker & alike, bool)


def _ground(lab: NDArray[np.float32], free: Mask) -> NDArray[np.float64]:
    """The ground's color at each place: a plane for each channel through what most of it has."""
    rows, cols = np.mgrid[-1 : 1 : lab.shape[0] * 1j, -1 : 1 : lab.shape[1] * 1j]
    places = np.stack([np.ones_like(rows), rows, cols], axis=-1)
    ground = np.broadcast_to(np.median(lab[free], axis=0), lab.shape).astype(np.float64)
    for _ in range(_ROUNDS):
        apart = np.linalg.norm(lab - ground, axis=2)
        kept = free & (apart <= max(_DIFFERENCE_MIN / 2, 2.5 * float(np.median(apart[free]))))
        if kept.sum() < places.shape[-1] * 10:
            break
        plane, *_ = np.linalg.lstsq(places[kept], lab[kept].astype(np.float64), rcond=None)
        ground = places @ plane
    return ground


def _touching(regions: Sequence[PillRegion], stands_out: Mask, scale: float) -> Iterator[tuple[int, int]]:
    """Pairs that nearly touch, or between which no ground is seen."""
    for (place, one), (further, other) in combinations(enumerate(regions), 2):
        length = max(_length(one.outline), _length(other.outline))
        if _boxes_apart(one, other) > _BETWEEN_MAX * length:
            continue
        start, end = _nearest(one, other)
        gap = float(np.linalg.norm(start - end))
        if gap <= _APART_MIN * length or (gap <= _BETWEEN_MAX * length and _is_one(start, end, stands_out, scale)):
            yield place, further


def _boxes_apart(one: PillRegion, other: PillRegion) -> float:
    gaps = [max(one.box[axis] - other.box[axis + 2], other.box[axis] - one.box[axis + 2], 0) for axis in (0, 1)]
    return math.hypot(*gaps)


def _nearest(one: PillRegion, other: PillRegion) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The places (row, col) of two outlines that are nearest to each other."""
    squares = ((one.outline[:, None, :] - other.outline[None, :, :]) ** 2).sum(axis=2)
    first, second = np.unravel_index(int(squares.argmin()), squares.shape)
    return one.outline[first], other.outline[second]


def _is_one(start: NDArray[np.float32], end: NDArray[np.float32], stands_out: Mask, scale: float) -> bool:
    """Whether no ground is seen between two outlines."""
    shares = np.linspace(0.3, 0.7, 5)[:, None]
    rows, cols = np.round((start + shares * (end - start)) * scale).astype(int).T
    rows, cols = rows.clip(0, stands_out.shape[0] - 1), cols.clip(0, stands_out.shape[1] - 1)
    return bool(stands_out[rows, cols].all())
