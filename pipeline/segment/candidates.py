"""Regions that may be pills, each with a score: where the photo departs from the ground, and what edges enclose.

A pill's rim is an edge all around, its outline is nearly convex, and it is no rectangle. A shadow ends
softly, an axis is thin, a card has corners. Every level gives candidates; the best of those that overlap stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.records import Mask, Pixels
from pipeline.segment import ground, parts
from pipeline.segment.parts import Contour

Map = NDArray[np.float32]

# Departures from the ground, in its own scatter; a factor of about 1.5 apart.
_LEVELS = (0.8, 1.2, 1.8, 2.7, 4.0, 6.0, 9.0, 14.0, 22.0)
# Above it an outline is taken as one pill's.
_SOLID = 0.975
# Print stands out from what it is printed on by more, of 255.
_STROKE_CONTRAST = 40
# Color steps, Lab units per pixel.
_EDGE_LEVELS = (0.7, 1.2, 2.0, 3.5)


@dataclass(frozen=True, eq=False)
class Candidate:
    """``contour`` ``(n, 1, 2)`` int32 (x, y); ``score`` grows with how like a pill's its rim and outline are.

    ``shaded`` is the share of it that is but a darker ground, 0-1.
    """

    contour: Contour
    score: float
    area: float
    shaded: float


@dataclass(frozen=True, eq=False)
class _Scene:
    away: Map
    shadow: Mask
    edge: Map
    rim: Map
    usual_edge: float
    strokes: Mask
    least_area: float
    stroke: int


def find_candidates(pixels: Pixels, least_area: float) -> list[Candidate]:
    """The best candidates that do not overlap, best first."""
    scene = _scene(pixels, least_area)
    found: list[Candidate] = []
    for mask in _masks(scene):
        found += _scored(mask, scene)
    return _best(found, scene)


def _scene(pixels: Pixels, least_area: float) -> _Scene:
    stroke = max(3, round(max(pixels.shape[:2]) / 80)) | 1
    plain = ground.without_strokes(pixels, stroke)
    strokes = np.asarray(cv2.absdiff(plain, pixels).max(axis=2) > _STROKE_CONTRAST)
    lab = ground.to_lab(plain)
    surface, scatter = ground.fit_ground(lab)
    away = ground.departure(lab, surface, scatter)
    edge = ground.edges(lab)
    rim = cv2.dilate(edge, np.ones((5, 5), np.uint8))
    usual = max(0.25, float(np.median(rim)))
    shadow = _shadow(lab, surface, scatter)
    return _Scene(away, shadow, edge, np.asarray(rim, np.float32), usual, strokes, least_area, stroke)


def _shadow(lab: Map, surface: Map, scatter: Map) -> Mask:
    """Where the photo is a darker version of the ground, as a shadow is."""
    ratio = lab[..., 0] / np.maximum(surface[..., 0], 1.0)
    hue = np.linalg.norm(lab[..., 1:] - surface[..., 1:] * ratio[..., None], axis=2)
    return np.asarray((ratio > 0.12) & (ratio < 0.95) & (hue < max(4.0, 3.5 * float(np.hypot(scatter[1], scatter[2])))))


def _masks(scene: _Scene) -> Iterator[Mask]:
    kernel = np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (scene.stroke, scene.stroke)), np.uint8)
    for level in _LEVELS:
        yield _opened(ground.fill(scene.away > level), kernel)
    small = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    for level in _EDGE_LEVELS:
        barrier = (scene.edge > level * max(1.0, scene.usual_edge)).astype(np.uint8)
        closed = cv2.morphologyEx(barrier, cv2.MORPH_CLOSE, small)
        yield _opened(ground.fill(closed > 0), kernel)
        yield _opened(ground.fill(_inner(closed > 0)), kernel)


def _inner(barrier: Mask) -> Mask:
    """Places enclosed by the barrier, each grown to the middle of the edge around it."""
    inside = ground.fill(barrier) & ~barrier
    return np.asarray(cv2.dilate(inside.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)


def _opened(mask: Mask, kernel: NDArray[np.uint8]) -> Mask:
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel) > 0)


def _scored(mask: Mask, scene: _Scene) -> Iterator[Candidate]:
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for found in contours:
        whole = np.asarray(found, np.int32)
        area = cv2.contourArea(whole)
        if area < scene.least_area or area > 0.9 * mask.size:
            continue
        pieces = [whole]
        if parts.solidity(whole) < _SOLID:
            core = _core(whole)
            pieces = parts.split(whole if core is None else core, scene.least_area)
        for piece in pieces:
            candidate = _score(piece, scene)
            if candidate is not None:
                yield candidate


def _core(contour: Contour) -> Contour | None:
    """The outline without what is thin against its own width: a bit of axis, a fringe of shadow."""
    left, top, width, height = cv2.boundingRect(contour)
    canvas = np.zeros((height + 4, width + 4), np.uint8)
    cv2.drawContours(canvas, [contour - [left - 2, top - 2]], -1, 1, cv2.FILLED)
    thickness = float(cv2.distanceTransform(canvas, cv2.DIST_L2, 3).max())
    side = max(3, round(0.8 * thickness)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    found = parts.largest_contour(cv2.morphologyEx(canvas, cv2.MORPH_OPEN, kernel) > 0)
    return None if found is None else np.asarray(found + np.array([left - 2, top - 2]), np.int32)


def _score(contour: Contour, scene: _Scene) -> Candidate | None:
    area = cv2.contourArea(contour)
    if area < scene.least_area or len(contour) < 12:
        return None
    _, (first, second), _ = cv2.minAreaRect(contour)
    shorter, longer = sorted((first + 1, second + 1))
    solid = parts.solidity(contour)
    if longer / shorter > 3.6 or solid < 0.9 or area / (shorter * longer) > 0.965 or shorter < 1.5 * scene.stroke:
        return None
    points = contour.reshape(-1, 2)
    height, width = scene.rim.shape
    inner = (points > 1).all(axis=1) & (points[:, 0] < width - 2) & (points[:, 1] < height - 2)
    if inner.mean() < 0.4:
        return None
    if _is_finger_or_sheet(area, area / (height * width), (shorter, longer), float(inner.mean())):
        return None
    strength = scene.rim[points[inner, 1], points[inner, 0]]
    low = float(np.quantile(strength, 0.12)) / scene.usual_edge
    clear = float(np.clip(np.log2(max(low, 1e-3)), -3, 3.0))
    roundness = 4 * np.pi * area / max(1.0, cv2.arcLength(contour, True)) ** 2
    score = clear + 45 * (min(solid, 0.985) - 0.985) + 0.9 * np.log2(area / scene.least_area) + 2 * min(roundness, 0.6)
    score -= 2.0 * (1 - float(inner.mean()))
    shaded = _share(contour, scene.shadow)
    score -= 6.0 * max(0.0, min(shaded, 0.8 - shaded) - 0.04)
    fringe = _fringe(points, scene.shadow)
    score -= _FRINGE_COST * max(0.0, min(fringe, 0.9 - fringe) - 0.03)
    return Candidate(contour, float(score), area, shaded) if clear > _LEAST_CLEAR else None


def _is_finger_or_sheet(area: float, share: float, sides: tuple[float, float], inner: float) -> bool:
    """Whether it is large and square, or reaches far into the photo from its border as a finger does."""
    shorter, longer = sides
    filled = area / (shorter * longer)
    if share > 0.2 and inner < 0.93:
        # A round pill close up that the border cuts fills 0.8-0.85 of its box and is no longer than wide.
        return longer < 4 * shorter and filled > (0.87 if longer < 1.5 * shorter else 0.75)
    return (share > 0.3 or (share > 0.05 and inner < 1.0)) and longer < 2 * shorter and filled > 0.87


def _fringe(points: NDArray[np.int32], mask: Mask) -> float:
    """Which share of the places just inside the outline the mask covers: where a shadow was taken along."""
    middle = points.mean(axis=0)
    inside = np.round(middle + (points[::2] - middle) * 0.92).astype(int)
    return float(mask[inside[:, 1], inside[:, 0]].mean())


def _share(contour: Contour, mask: Mask) -> float:
    """Which share of the outline's inside the mask covers."""
    left, top, width, height = cv2.boundingRect(contour)
    canvas = np.zeros((height, width), np.uint8)
    cv2.drawContours(canvas, [contour - [left, top]], -1, 1, cv2.FILLED)
    return float(mask[top : top + height, left : left + width][canvas > 0].mean())


# Per share of the rim; the first value tried, after a look at 50 photos of masks, see docs/experiments/segment.md.
_FRINGE_COST = 8.0
# log2 of the rim's weak places over the usual edge.
_LEAST_CLEAR = 0.3


def _best(found: list[Candidate], scene: _Scene) -> list[Candidate]:
    taken = np.zeros(scene.edge.shape, np.uint8)
    kept: list[Candidate] = []
    for candidate in sorted(found, key=lambda one: -one.score):
        left, top, width, height = cv2.boundingRect(candidate.contour)
        canvas = np.zeros((height, width), np.uint8)
        cv2.drawContours(canvas, [candidate.contour - [left, top]], -1, 1, cv2.FILLED)
        box = taken[top : top + height, left : left + width]
        if np.count_nonzero(canvas & box) > 0.12 * candidate.area:
            continue
        box |= canvas
        if not _is_card(candidate, canvas, scene.strokes[top : top + height, left : left + width]):
            kept.append(candidate)
    return _prominent(kept)


def _is_card(candidate: Candidate, inside: NDArray[np.uint8], strokes: Mask) -> bool:
    """A ruler or a printed card: long, and with more strokes on it than any imprint has."""
    _, (first, second), _ = cv2.minAreaRect(candidate.contour)
    if max(first, second) < 2.2 * min(first, second):
        return False
    _, _, stats, _ = cv2.connectedComponentsWithStats((inside > 0).astype(np.uint8) & strokes.astype(np.uint8))
    return int(np.count_nonzero(stats[1:, cv2.CC_STAT_AREA] >= _LEAST_STROKE)) >= _CARD_STROKES


def _prominent(kept: list[Candidate]) -> list[Candidate]:
    """Those that hold their own beside the best: letters, bits of an axis and the pills' shadows go."""
    size = max((one.area for one in kept if one.score > kept[0].score - 2.0), default=0.0)
    good = [
        one
        for one in kept
        if one.area > _LEAST_OF_LARGEST * size and one.score > max(_LEAST_SCORE, kept[0].score - _MOST_BEHIND)
    ]
    bodies = [one for one in good if one.shaded < 0.5]
    return [one for one in good if one.shaded < 0.6 or not any(_touch(one, body) for body in bodies)]


def _touch(one: Candidate, other: Candidate) -> bool:
    """Whether two outlines come within a few pixels of each other."""
    points = one.contour.reshape(-1, 2)[:: max(1, len(one.contour) // 40)].tolist()
    return any(cv2.pointPolygonTest(other.contour, (float(x), float(y)), True) > -5.0 for x, y in points)


# At 18 printed capsules of rximage300 were taken for cards; the drawn ruler cards of 35 mm show 40-45.
_CARD_STROKES = 32
# Pixels; smaller ones are specks of compression and glare.
_LEAST_STROKE = 8
# The smallest pills (4 mm round, 13 mm2) beside the usual ones (10 mm round or 18 x 7 mm, 80-110 mm2).
_LEAST_OF_LARGEST = 0.12
# Set on 28 photos of tfda and masks drawn without regard to the split (docs/experiments/segment.md): pills 4.6-8.3 and
# at most 1.8 behind the photo's best, letters, ticks and shadows 2.2 behind and more.
_LEAST_SCORE = 4.0
_MOST_BEHIND = 2.3
