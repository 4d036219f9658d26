"""Pill maps -> one rough outline a pill: every core is a pill, and takes the pill pixels nearest to it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.records import Mask
from pipeline.segment.network import Map, PillMaps

# Places ``(n, 2)`` (x, y).
Places = NDArray[np.float32]

_ENLARGE = 4
# The least chance inside a pill's own part.
_INSIDE = 0.6
# Below this share of its hull a part has a dent; a lobe is thinner than this share of the part's thickness.
_DENTED = 0.93
_LOBE = 0.5
# Two halves of a pill: map pixels of each, and how much of their hull they fill (touching discs: 0.88).
_LEAST_HALF = 40
_FILLED = 0.92
# A capsule's ends: how wide each is by the hull (stacked capsules: half), its length by its width (size 00: 2.8).
_AS_WIDE = 0.88
_ELONGATION = (1.6, 3.4)
# Shares of themselves that both keep after half a turn: square tablets side by side 0.98, one end or the other of 59
# capsules 0.94 at most.
_WHOLE = 0.96
# Circularity (4 pi area / perimeter^2) is 1 for a disc, 0.93 for the hull of two stacked capsules of aspect 2, 0.75 for
# half a disc and 0.85 for one such capsule.
_ROUND = 0.96
_HALF = 0.84
# The gap between their boxes, by the smaller side of the first.
_NEAR = 0.3


@dataclass(frozen=True, eq=False)
class Instance:
    """One pill: a rough ``outline`` ``(n, 2)`` float32 (row, col) in photo pixels.

    ``chance`` is the map of pill with the other pills left out, ``confidence`` its mean inside.
    """

    outline: NDArray[np.float32]
    chance: Map
    confidence: float

    @property
    def length_px(self) -> float:
        """The longer side of the smallest box around it, in photo pixels."""
        return max(cv2.minAreaRect(self.outline)[1])


def instances(maps: PillMaps, least_area: float) -> list[Instance]:
    """One instance a pill; ``least_area`` in map pixels."""
    found = []
    for mask in made_whole(list(_masks(maps, least_area))):
        rows, cols = np.nonzero(mask)
        top, left = max(0, rows.min() - 2), max(0, cols.min() - 2)
        box = slice(top, rows.max() + 3), slice(left, cols.max() + 3)
        ground = np.where(maps.pill > 0.5, 0.0, maps.pill)
        own = np.where(mask, np.maximum(maps.pill, _INSIDE), ground).astype(np.float32)
        outline = _outline(own[box])
        if outline is None:
            continue
        place = (outline + (top, left) + 0.5) * maps.to_photo - 0.5
        found.append(Instance(place.astype(np.float32), own, float(maps.pill[mask].mean())))
    return found


def made_whole(masks: Sequence[Mask]) -> list[Mask]:
    """The masks, the two halves of one pill as one: of a capsule in two colors, of a deeply scored tablet."""
    places = {number: np.argwhere(mask)[:, ::-1].astype(np.float32) for number, mask in enumerate(masks)}
    boxes = {number: (place.min(axis=0), place.max(axis=0)) for number, place in places.items()}
    left = dict(enumerate(masks))
    whole = []
    for one, other in itertools.combinations(places, 2):
        (low, high), (low_other, high_other) = boxes[one], boxes[other]
        gap = np.maximum(low - high_other, low_other - high).max()
        if one in left and other in left and gap < _NEAR * np.min(high - low):
            pill = _whole(places[one], places[other], masks[one].shape)
            if pill is not None:
                del left[one], left[other]
                whole.append(pill)
    return [*left.values(), *whole]


def _whole(one: Places, other: Places, shape: tuple[int, ...]) -> Mask | None:
    """The hull of two sets of places where they fill it and are a capsule's ends or a disc's halves."""
    if min(len(one), len(other)) < _LEAST_HALF:
        return None
    hull = cv2.convexHull(np.concatenate([one, other]))
    if not _are_ends(one, other, hull) and not _are_halves(one, other, hull):
        return None
    canvas = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(canvas, hull.astype(np.int32), 1)
    return canvas > 0 if len(one) + len(other) >= _FILLED * np.count_nonzero(canvas) else None


def _are_ends(one: Places, other: Places, hull: cv2.typing.MatLike) -> bool:
    """Whether the hull is as long as a capsule, both are as wide as it, and not both are whole pills of their own."""
    _, sides, turn_deg = cv2.minAreaRect(hull)
    length, width = max(sides) + 1, min(sides) + 1
    across = math.radians(turn_deg + (90.0 if sides[0] >= sides[1] else 0.0))
    wide = [np.ptp(places @ np.array([math.cos(across), math.sin(across)])) + 1 for places in (one, other)]
    if not _ELONGATION[0] <= length / width <= _ELONGATION[1] or min(wide) < _AS_WIDE * width:
        return False
    return min(map(_kept_by_half_turn, (one, other))) < _WHOLE


def _kept_by_half_turn(places: Places) -> float:
    """The share of the places that are places again after half a turn about the middle of their box."""
    own = (places - places.min(axis=0)).astype(np.int32)
    mask = np.zeros(own.max(axis=0)[::-1] + 1, bool)
    mask[own[:, 1], own[:, 0]] = True
    return float((mask & mask[::-1, ::-1]).sum() / len(own))


def _are_halves(one: Places, other: Places, hull: cv2.typing.MatLike) -> bool:
    return _circularity(hull) >= _ROUND and max(_circularity(cv2.convexHull(part)) for part in (one, other)) <= _HALF


def _circularity(hull: cv2.typing.MatLike) -> float:
    return 4 * math.pi * cv2.contourArea(hull) / max(cv2.arcLength(hull, True), 1.0) ** 2


def _masks(maps: PillMaps, least_area: float) -> Iterator[Mask]:
    pill = maps.pill > 0.5
    count, blobs, stats, _ = cv2.connectedComponentsWithStats(pill.astype(np.uint8), connectivity=4)
    cores_all = (maps.core > 0.5) & pill
    for blob in range(1, count):
        if stats[blob, cv2.CC_STAT_AREA] < least_area:
            continue
        left, top, width, height = (int(value) for value in stats[blob, :4])
        box = slice(top, top + height), slice(left, left + width)
        inside = blobs[box] == blob
        for part in _parts(inside, cores_all[box] & inside, least_area):
            mask = np.zeros_like(pill)
            mask[box] = _without_lobes(part)
            yield mask


def _parts(inside: Mask, cores: Mask, least_area: float) -> list[Mask]:
    """The blob parted among its cores, each pixel to the core that is nearest for that core's thickness."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cores.astype(np.uint8), connectivity=8)
    kept = [label for label in range(1, count) if stats[label, cv2.CC_STAT_AREA] >= max(2.0, 0.08 * least_area)]
    if len(kept) < 2:
        return [inside]
    distances = []
    for label in kept:
        core = (labels == label).astype(np.uint8)
        thickness = float(cv2.distanceTransform(np.pad(core, 1), cv2.DIST_L2, 5).max())
        distances.append(cv2.distanceTransform(1 - core, cv2.DIST_L2, 5) / (thickness + 0.5))
    nearest = np.argmin(distances, axis=0)
    parts = []
    for index in range(len(kept)):
        part = _largest(inside & (nearest == index))
        if np.count_nonzero(part) >= least_area:
            parts.append(part)
    return parts


def _without_lobes(part: Mask) -> Mask:
    """A part with a dent less what hangs on it by or is thinner than half its own thickness: shadow, ticks."""
    points = np.argwhere(part)[:, ::-1].astype(np.int32)
    hull = np.zeros(part.shape, np.uint8)
    cv2.fillConvexPoly(hull, np.asarray(cv2.convexHull(points), np.int32), 1)
    if len(points) >= _DENTED * np.count_nonzero(hull):
        return part
    padded = np.pad(part.astype(np.uint8), 1)
    radius = round(_LOBE * float(cv2.distanceTransform(padded, cv2.DIST_L2, 5).max()))
    if radius < 1:
        return part
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return _largest(np.asarray(cv2.morphologyEx(padded, cv2.MORPH_OPEN, kernel)[1:-1, 1:-1] > 0))


def _largest(mask: Mask) -> Mask:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count <= 2:
        return mask
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))


def _outline(chance: Map) -> NDArray[np.float32] | None:
    """Where the chance crosses one half, ``(n, 2)`` (row, col), to a part of a pixel."""
    margin = 2
    wider = cv2.copyMakeBorder(chance, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    large = cv2.resize(wider, None, fx=_ENLARGE, fy=_ENLARGE, interpolation=cv2.INTER_LINEAR)
    contours, _ = cv2.findContours((large > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    points = max(contours, key=cv2.contourArea).reshape(-1, 2)[:, ::-1]
    if len(points) < 8:
        return None
    return ((points + 0.5) / _ENLARGE - 0.5 - margin).astype(np.float32)
