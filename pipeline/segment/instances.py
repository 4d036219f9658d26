"""Pill maps -> one rough outline a pill: every core is a pill, and takes the pill pixels nearest to it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.records import Mask
from pipeline.segment.pill_maps import Map, PillMaps

# Places ``(n, 2)`` (x, y).
Places = NDArray[np.float32]

# So many pills are told apart in one look, the largest; their outlines take a second. Textures show thousands.
MOST = 150
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
class Part:
    """A pill's pixels of the map: ``mask`` without empty borders, its first row and column at (``top``, ``left``)."""

    top: int
    left: int
    mask: Mask

    @classmethod
    def of(cls, mask: Mask, top: int = 0, left: int = 0) -> Part:
        """The part of a mask whose first row and column are at (``top``, ``left``); it has a pixel at least."""
        rows, cols = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
        inner = mask[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
        return cls(top + int(rows[0]), left + int(cols[0]), inner.copy())

    @property
    def box(self) -> tuple[slice, slice]:
        """Where the mask lies in the map."""
        height, width = self.mask.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)

    @cached_property
    def area(self) -> int:
        """How many pixels."""
        return int(np.count_nonzero(self.mask))

    @cached_property
    def places(self) -> Places:
        """Its pixels (x, y)."""
        return (np.argwhere(self.mask)[:, ::-1] + (self.left, self.top)).astype(np.float32)

    def chance(self, pill: Map) -> Map:
        """The map of pill with the other pills left out."""
        chance = np.where(pill > 0.5, np.float32(0), pill)
        own = pill[self.box]
        chance[self.box] = np.where(self.mask, np.maximum(own, np.float32(_INSIDE)), chance[self.box])
        return chance


@dataclass(frozen=True, eq=False)
class Instance:
    """One pill: a rough ``outline`` ``(n, 2)`` float32 (row, col) in photo pixels.

    ``part`` are its pixels of the map ``pill``, ``confidence`` is the map's mean there.
    """

    outline: NDArray[np.float32]
    pill: Map
    part: Part
    confidence: float

    @property
    def chance(self) -> Map:
        """The map of pill with the other pills left out; of the whole map's size, so made anew when asked for."""
        return self.part.chance(self.pill)

    @property
    def length_px(self) -> float:
        """The longer side of the smallest box around it, in photo pixels."""
        return max(cv2.minAreaRect(self.outline)[1])


def instances(maps: PillMaps, least_area: float) -> list[Instance]:
    """One instance a pill, ``MOST`` at most, the largest; ``least_area`` in map pixels."""
    parts = list(_parts_of(maps, least_area))
    if len(parts) > MOST:
        parts = sorted(parts, key=lambda part: -part.area)[:MOST]
    found = []
    for part in made_whole(parts):
        top, left = max(0, part.top - 2), max(0, part.left - 2)
        down, right = part.top - top, part.left - left
        height, width = part.mask.shape
        around = maps.pill[top : part.top + height + 2, left : part.left + width + 2]
        outline = _outline(Part(down, right, part.mask).chance(around))
        if outline is None:
            continue
        place = (outline + (top, left) + 0.5) * maps.to_photo - 0.5
        confidence = float(maps.pill[part.box][part.mask].mean())
        found.append(Instance(place.astype(np.float32), maps.pill, part, confidence))
    return found


def made_whole(parts: Sequence[Part]) -> list[Part]:
    """The parts, the two halves of one pill as one: of a capsule in two colors, of a deeply scored tablet."""
    left = dict(enumerate(parts))
    whole = []
    for one, other in _neighbors(parts):
        if one in left and other in left:
            pill = _whole(parts[one], parts[other])
            if pill is not None:
                del left[one], left[other]
                whole.append(pill)
    return [*left.values(), *whole]


def _neighbors(parts: Sequence[Part]) -> list[tuple[int, int]]:
    """The numbers of parts between whose boxes there is little room."""
    if len(parts) < 2:
        return []
    low = np.array([(part.left, part.top) for part in parts], np.float32)
    high = low + np.array([part.mask.shape[::-1] for part in parts], np.float32) - 1
    gaps = np.maximum(low[:, None] - high, low - high[:, None]).max(axis=2)
    near = np.triu(gaps < _NEAR * (high - low).min(axis=1)[:, None], 1)
    return [(int(one), int(other)) for one, other in np.argwhere(near)]


def _whole(one: Part, other: Part) -> Part | None:
    """The hull of two parts where they fill it and are a capsule's ends or a disc's halves."""
    if min(one.area, other.area) < _LEAST_HALF:
        return None
    hull = cv2.convexHull(np.concatenate([one.places, other.places]))
    if not _are_ends(one.places, other.places, hull) and not _are_halves(one.places, other.places, hull):
        return None
    left, top = np.minimum((one.left, one.top), (other.left, other.top))
    right, bottom = hull.reshape(-1, 2).max(axis=0).astype(int) + 1
    canvas = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillConvexPoly(canvas, hull.astype(np.int32) - np.array([left, top], np.int32), 1)
    is_filled = one.area + other.area >= _FILLED * np.count_nonzero(canvas)
    return Part.of(canvas > 0, int(top), int(left)) if is_filled else None


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


def _parts_of(maps: PillMaps, least_area: float) -> Iterator[Part]:
    pill = maps.pill > 0.5
    count, blobs, stats, _ = cv2.connectedComponentsWithStats(pill.astype(np.uint8), connectivity=4)
    cores_all = (maps.core > 0.5) & pill
    areas = stats[:, cv2.CC_STAT_AREA]
    large = [blob for blob in range(1, count) if areas[blob] >= least_area]
    if len(large) > MOST:
        large = sorted(sorted(large, key=lambda blob: -areas[blob])[:MOST])
    for blob in large:
        left, top, width, height = (int(value) for value in stats[blob, :4])
        box = slice(top, top + height), slice(left, left + width)
        inside = blobs[box] == blob
        for part in _parts(inside, cores_all[box] & inside, least_area):
            yield Part.of(_without_lobes(part.mask), top + part.top, left + part.left)


def _parts(inside: Mask, cores: Mask, least_area: float) -> list[Part]:
    """The blob parted among its cores, each pixel to the core that is nearest for that core's thickness."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cores.astype(np.uint8), connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA]
    kept = [label for label in range(1, count) if areas[label] >= max(2.0, 0.08 * least_area)]
    if len(kept) < 2:
        return [Part.of(inside)]
    if len(kept) > MOST:
        kept = sorted(sorted(kept, key=lambda label: -areas[label])[:MOST])
    least, nearest = np.full(inside.shape, np.inf, np.float32), np.zeros(inside.shape, np.int32)
    for label in kept:
        core = (labels == label).astype(np.uint8)
        left, top, width, height = (int(value) for value in stats[label, :4])
        own = np.pad(core[top : top + height, left : left + width], 1)
        thickness = float(cv2.distanceTransform(own, cv2.DIST_L2, 5).max())
        distance = cv2.distanceTransform(1 - core, cv2.DIST_L2, 5) / (thickness + 0.5)
        nearer = distance < least
        least[nearer], nearest[nearer] = distance[nearer], label
    parts = []
    for label in kept:
        own = inside & (nearest == label)
        if not own.any():
            continue
        part = Part.of(own)
        part = Part.of(_largest(part.mask), part.top, part.left)
        if part.area >= least_area:
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
