"""Parts of a mask that may be pills: touching ones are cut apart, what is no pill is left out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.records import Mask

Contour = NDArray[np.int32]

# Single pills of all 19 SPL shapes but CLOVER, BULLET-like notches and FREEFORM have a solidity above this;
# two touching discs have 0.88-0.93, two capsules side by side 0.94-0.97.
_SOLID = 0.975
# A concavity shallower than this share of the square root of the area is a rough edge, not a junction.
_NOTCH = 0.025
_MOST_CUTS = 80
# Halves of one size are two faces laid side by side rather than a pill and its shadow; set on 60 photos of tfda
# (training part), where stacked capsules were the most frequent failure.
_ALIKE = 1.15
_ALIKE_GAIN = 0.02


def solidity(contour: Contour | NDArray[np.float32]) -> float:
    """Area over the area of the convex hull, 0-1; in pixels of either order."""
    hull = cv2.contourArea(cv2.convexHull(contour))
    return cv2.contourArea(contour) / hull if hull > 0 else 0.0


def largest_contour(mask: Mask) -> Contour | None:
    """The outline of the mask's largest part, ``(n, 1, 2)`` int32 (x, y), or None for an empty mask."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(max(contours, key=cv2.contourArea), np.int32) if contours else None


def notches(contour: Contour) -> list[tuple[int, float]]:
    """Concave places of an outline, deepest first: index into the outline and depth in pixels."""
    smooth = cv2.approxPolyDP(contour, 0.5, True) if len(contour) > 400 else contour
    hull = cv2.convexHull(contour, returnPoints=False)
    if len(hull) < 4 or len(smooth) < 4:
        return []
    try:
        defects = cv2.convexityDefects(contour, np.sort(hull, axis=0)[::-1])
    except cv2.error:
        return []
    if defects is None:  # where nothing is concave; the stubs do not say so
        return []  # type: ignore[unreachable]
    least = _NOTCH * np.sqrt(cv2.contourArea(contour))
    found = [(int(far), depth / 256.0) for _, _, far, depth in defects.reshape(-1, 4) if depth / 256.0 > least]
    return sorted(found, key=lambda item: -item[1])[:8]


def _cut(contour: Contour, start: int, end: int) -> tuple[Contour, Contour]:
    first, last = sorted((start, end))
    return contour[first : last + 1], np.concatenate([contour[last:], contour[: first + 1]])


def _opposite(contour: Contour, index: int) -> Iterator[int]:
    """Places the cut from one lone notch may end: the nearest on the far side, and its neighbors."""
    count = len(contour)
    points = contour.reshape(-1, 2).astype(np.float32)
    far = (np.arange(count) + index + count // 4) % count
    far = far[: count // 2]
    yield int(far[np.argmin(np.linalg.norm(points[far] - points[index], axis=1))])


def split(contour: Contour, least_area: float, depth: int = 0) -> list[Contour]:
    """Cut an outline of touching pills into outlines that are each nearly convex.

    The cut joins two notches (or goes from one across) so that the worse part's solidity is highest; it
    is made only where that is clearly more solid than the whole.
    """
    whole = solidity(contour)
    if whole >= _SOLID or depth >= 6 or len(contour) < 16:
        return [contour]
    marks = notches(contour)
    pairs = list(itertools.combinations([index for index, _ in marks], 2))
    notched = set(pairs)
    pairs += [(index, other) for index, _ in marks[:3] for other in _opposite(contour, index)]
    best: tuple[float, tuple[Contour, Contour]] | None = None
    area = cv2.contourArea(contour)
    for start, end in pairs[:_MOST_CUTS]:
        halves = _cut(contour, start, end)
        areas = [cv2.contourArea(half) for half in halves]
        if min(areas) < least_area or sum(areas) < 0.97 * area or sum(areas) > 1.03 * area:
            continue
        length = float(np.linalg.norm(contour[start, 0] - contour[end, 0]))
        if length > 1.35 * np.sqrt(min(areas)) * 1.6:
            continue
        worst = min(solidity(half) for half in halves) - 0.01 * length / np.sqrt(min(areas))
        if (start, end) in notched and max(areas) < _ALIKE * min(areas):
            worst += _ALIKE_GAIN
        if best is None or worst > best[0]:
            best = worst, halves
    if best is None or best[0] < whole + 0.018:
        return [contour]
    return [part for half in best[1] for part in split(half, least_area, depth + 1)]
