"""Pill maps -> one rough outline for each pill: every core is a pill, and takes the pill pixels nearest to it."""

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

# At most so many pills are told apart in one view, the largest; their outlines take a second. Textures show thousands.
INSTANCES_MAX = 150
# The map is enlarged so many times before its outline is followed.
_ENLARGE = 4
# Inside a pill's own part the chance is taken to be at least this.
_INSIDE_MIN = 0.6
# A part whose area over its hull's is below this has a dent. What hangs on it and is thinner than this share of the
# part's thickness is cut off.
_SOLIDITY_MIN = 0.93
_LOBE_MAX = 0.5
# Two parts may be halves of one pill if each has this area (map pixels) and together they fill this share of their
# common hull (two touching discs: 0.88).
_HALF_AREA_MIN = 40
_FILLED_MIN = 0.92
# Two parts may be the ends of a capsule if each is this wide by the hull's width (of stacked capsules: half), and the
# hull's length over its width lies in this range (a size 00 capsule: 2.8).
_END_WIDTH_MIN = 0.88
_CAPSULE_ELONGATION = (1.6, 3.4)
# Both parts are whole pills if both keep this share of their pixels after half a turn: of square tablets side by side
# both keep 0.98, of the two ends of 59 capsules one or the other keeps 0.94 at most.
_WHOLE_MIN = 0.96
# Circularity (4 pi area / perimeter^2) of the hull of a disc's two halves, and of each half. It is 1 for a disc, 0.93
# for the hull of two stacked capsules of aspect 2, 0.75 for half a disc and 0.85 for one such capsule.
_ROUND_MIN = 0.96
_HALF_MAX = 0.84
# Two parts are neighbors if the gap between their boxes is below this share of the first one's smaller side.
_GAP_MAX = 0.3


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
        """The chances of the map ``pill`` with all other pills set to 0."""
        chance = np.where(pill > 0.5, np.float32(0), pill)
        own = pill[self.box]
        chance[self.box] = np.where(self.mask, np.maximum(own, np.float32(_INSIDE_MIN)), chance[self.box])
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
        """The chances of the whole map with all other pills set to 0; computed at each call, since it is large."""
        return self.part.chance(self.pill)

    @property
    def length_px(self) -> float:
        """The longer side of the smallest box around it, in photo pixels."""
        return max(cv2.minAreaRect(self.outline)[1])


def instances(maps: PillMaps, area_min: float) -> list[Instance]:
    """One instance for each pill of at least ``area_min`` map pixels; at most ``INSTANCES_MAX``, the largest."""
    parts = list(_parts_of(maps, area_min))
    if len(parts) > INSTANCES_MAX:
        parts = sorted(parts, key=lambda part: -part.area)[:INSTANCES_MAX]
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
    """The parts, with two halves of one pill joined: of a capsule in two colors, or of a deeply scored tablet."""
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
    """Pairs of parts, by number, whose boxes lie close together."""
    if len(parts) < 2:
        return []
    low = np.array([(part.left, part.top) for part in parts], np.float32)
    high = low + np.array([part.mask.shape[::-1] for part in parts], np.float32) - 1
    gaps = np.maximum(low[:, None] - high, low - high[:, None]).max(axis=2)
    near = np.triu(gaps < _GAP_MAX * (high - low).min(axis=1)[:, None], 1)
    return [(int(one), int(other)) for one, other in np.argwhere(near)]


def _whole(one: Part, other: Part) -> Part | None:
    """The hull of two parts if they fill it and are the ends of a capsule or the halves of a disc; else None."""
    if min(one.area, other.area) < _HALF_AREA_MIN:
        return None
    hull = cv2.convexHull(np.concatenate([one.places, other.places]))
    if not _are_ends(one.places, other.places, hull) and not _are_halves(one.places, other.places, hull):
        return None
    left, top = np.minimum((one.left, one.top), (other.left, other.top))
    right, bottom = hull.reshape(-1, 2).max(axis=0).astype(int) + 1
    canvas = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillConvexPoly(canvas, hull.astype(np.int32) - np.array([left, top], np.int32), 1)
    is_filled = one.area + other.area >= _FILLED_MIN * np.count_nonzero(canvas)
    return Part.of(canvas > 0, int(top), int(left)) if is_filled else None


def _are_ends(one: Places, other: Places, hull: cv2.typing.MatLike) -> bool:
    """Whether two parts are a capsule's ends: the hull is as long, both parts are as wide, not both are pills."""
    _, sides, turn_deg = cv2.minAreaRect(hull)
    length, width = max(sides) + 1, min(sides) + 1
    across = math.radians(turn_deg + (90.0 if sides[0] >= sides[1] else 0.0))
    wide = [np.ptp(places @ np.array([math.cos(across), math.sin(across)])) + 1 for places in (one, other)]
    if not _CAPSULE_ELONGATION[0] <= length / width <= _CAPSULE_ELONGATION[1] or min(wide) < _END_WIDTH_MIN * width:
        return False
    return min(map(_kept_by_half_turn, (one, other))) < _WHOLE_MIN


def _kept_by_half_turn(places: Places) -> float:
    """The share of the places that are places again after half a turn about the middle of their box."""
    own = (places - places.min(axis=0)).astype(np.int32)
    mask = np.zeros(own.max(axis=0)[::-1] + 1, bool)
    mask[own[:, 1], own[:, 0]] = True
    return float((mask & mask[::-1, ::-1]).sum() / len(own))


def _are_halves(one: Places, other: Places, hull: cv2.typing.MatLike) -> bool:
    """Whether the hull is a disc and neither part is one."""
    roundest = max(_circularity(cv2.convexHull(part)) for part in (one, other))
    return _circularity(hull) >= _ROUND_MIN and roundest <= _HALF_MAX


def _circularity(hull: cv2.typing.MatLike) -> float:
    return 4 * math.pi * cv2.contourArea(hull) / max(cv2.arcLength(hull, True), 1.0) ** 2


def _parts_of(maps: PillMaps, area_min: float) -> Iterator[Part]:
    pill = maps.pill > 0.5
    count, blobs, stats, _ = cv2.connectedComponentsWithStats(pill.astype(np.uint8), connectivity=4)
    cores_all = (maps.core > 0.5) & pill
    areas = stats[:, cv2.CC_STAT_AREA]
    large = [blob for blob in range(1, count) if areas[blob] >= area_min]
    if len(large) > INSTANCES_MAX:
        large = sorted(sorted(large, key=lambda blob: -areas[blob])[:INSTANCES_MAX])
    for blob in large:
        left, top, width, height = (int(value) for value in stats[blob, :4])
        box = slice(top, top + height), slice(left, left + width)
        inside = blobs[box] == blob
        for part in _parts(inside, cores_all[box] & inside, area_min):
            yield Part.of(_without_lobes(part.mask), top + part.top, left + part.left)


def _parts(inside: Mask, cores: Mask, area_min: float) -> list[Part]:
    """The blob divided among its cores: a pixel goes to the core with the least distance over its thickness."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cores.astype(np.uint8), connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA]
    kept = [label for label in range(1, count) if areas[label] >= max(2.0, 0.08 * area_min)]
    if len(kept) < 2:
        return [Part.of(inside)]
    if len(kept) > INSTANCES_MAX:
        kept = sorted(sorted(kept, key=lambda label: -areas[label])[:INSTANCES_MAX])
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
        if part.area >= area_min:
            parts.append(part)
    return parts


def _without_lobes(part: Mask) -> Mask:
    """A part, and if it has a dent, without the lobes thinner than half the part itself, such as shadows and ticks."""
    points = np.argwhere(part)[:, ::-1].astype(np.int32)
    hull = np.zeros(part.shape, np.uint8)
    cv2.fillConvexPoly(hull, np.asarray(cv2.convexHull(points), np.int32), 1)
    if len(points) >= _SOLIDITY_MIN * np.count_nonzero(hull):
        return part
    padded = np.pad(part.astype(np.uint8), 1)
    radius = round(_LOBE_MAX * float(cv2.distanceTransform(padded, cv2.DIST_L2, 5).max()))
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
    """The line ``(n, 2)`` (row, col) where the chance crosses one half, to a fraction of a pixel; None if too short."""
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
