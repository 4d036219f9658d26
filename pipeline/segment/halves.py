"""Joins the two ends of a capsule in two colors that were found as two regions.

Of two neighbors that together fill an oblong outline the third network says how likely the joined region is one pill,
and how likely each is alone (docs/experiments/segment.md, "Seventeenth round"). Two tablets that touch fill such an
outline too; the network was taught that they are none.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.lab import lab_of_pixels
from pipeline.geometry.outline import Outline
from pipeline.records import Box, Photo, PillRegion
from pipeline.segment.pill_or_not import JudgesRegions
from pipeline.segment.regions import region_of

# The range of length over width (a size 00 capsule: 2.8, and some shadow), the share of the common hull that both
# fill, and that each fills at least. Of the 14 capsules found as halves in training photos: 1.89 to 3.05, 0.89 to 0.96.
_ELONGATION = (1.4, 3.4)
_FILLED_MIN, _FILLED_MAX, _HALF_MIN = 0.85, 1.1, 0.22
# Two neighbors' boxes are at most so far apart, in the smaller one's sides.
_GAP_MAX = 0.3
# Halves differ by so much in color at least, in CIELAB; of the same 14 by 25 at least. Halves of a split tablet do not.
_UNLIKE_MIN = 12.0
# Of more regions than these no pair is tried: in such heaps one pill lies on the other, and what is seen of two can
# look like one.
_REGIONS_MAX = 30


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two regions by number, and both as one."""

    one: int
    other: int
    whole: PillRegion


def rejoined(
    photo: Photo,
    regions: Sequence[PillRegion],
    chances: NDArray[np.float32],
    content: Box,
    judge: JudgesRegions,
    chance_min: float,
) -> tuple[list[PillRegion], NDArray[np.float32]]:
    """The regions, with the ends of a capsule joined where that is likelier one pill than its ends are two.

    Args:
        photo: the photo.
        regions: all that a look shows.
        chances: how likely each is a pill, ``(n,)`` float32.
        content: the part of the photo inside padding, whose border may cut a pill.
        judge: what tells how likely a region is a pill; asked about joined ones alone.
        chance_min: least chance of the joined region.

    Returns:
        The regions, and how likely each of them is a pill.
    """
    pairs = list(_pairs(photo, regions, content)) if len(regions) <= _REGIONS_MAX else []
    if not pairs:
        return list(regions), chances
    wholes = judge(photo, [pair.whole for pair in pairs])
    left = {number: (region, chances[number]) for number, region in enumerate(regions)}
    found = []
    for number in np.argsort(-wholes):
        pair, chance = pairs[number], wholes[number]
        is_likelier = chance >= chance_min and chance > min(chances[pair.one], chances[pair.other])
        if is_likelier and pair.one in left and pair.other in left:
            del left[pair.one], left[pair.other]
            found.append((pair.whole, chance))
    kept, likely = zip(*left.values(), *found, strict=True)
    return list(kept), np.array(likely, np.float32)


def _pairs(photo: Photo, regions: Sequence[PillRegion], content: Box) -> Iterator[_Pair]:
    """The pairs that fill an oblong outline and are unlike in color."""
    for one, other in itertools.combinations(range(len(regions)), 2):
        if not _are_near(regions[one], regions[other]):
            continue
        hull = _common_hull(regions[one].outline, regions[other].outline)
        if hull is None or _unlike(photo, regions[one], regions[other]) < _UNLIKE_MIN:
            continue
        confidence = min(regions[one].confidence, regions[other].confidence)
        yield _Pair(one, other, region_of(photo, hull, content, confidence))


def _are_near(one: PillRegion, other: PillRegion) -> bool:
    low = np.maximum(one.outline.min(axis=0), other.outline.min(axis=0))
    high = np.minimum(one.outline.max(axis=0), other.outline.max(axis=0))
    side = min(float(np.ptp(region.outline, axis=0).min()) for region in (one, other))
    return bool((low - high).max() < _GAP_MAX * side)


def _common_hull(one: Outline, other: Outline) -> Outline | None:
    """The hull of both if they fill it, each a good part of it, and it is oblong as a capsule; else None."""
    hull = cv2.convexHull(np.concatenate([one, other]))
    areas = [cv2.contourArea(part) for part in (one, other)]
    whole = max(cv2.contourArea(hull), 1.0)
    width, length = sorted(cv2.minAreaRect(hull)[1])
    fits = (
        _FILLED_MIN <= sum(areas) / whole <= _FILLED_MAX
        and min(areas) >= _HALF_MIN * whole
        and _ELONGATION[0] <= length / max(width, 1.0) <= _ELONGATION[1]
    )
    return np.ascontiguousarray(hull[:, 0], np.float32) if fits else None


def _unlike(photo: Photo, one: PillRegion, other: PillRegion) -> float:
    """How far the median colors of two regions are apart, in CIELAB."""
    return float(np.linalg.norm(_color(photo, one) - _color(photo, other)))


def _color(photo: Photo, region: PillRegion) -> NDArray[np.float64]:
    top, left, bottom, right = region.box
    inside = photo.pixels[top:bottom, left:right][region.mask]
    return np.asarray(lab_of_pixels(np.median(inside, axis=0).astype(np.uint8)[None, None]), np.float64).ravel()
