"""A coin of a kind that the caller names: by its diameter alone a coin could be any of a dozen."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.records import PillRegion

_SEARCH_PX = 480
_SHARE_MIN, _SHARE_MAX = 0.06, 0.9
"""Diameters looked for, as shares of the photo's shorter side."""

_HOUGH_EDGE, _HOUGH_PERFECTNESS = 100, 0.7
_LADDER = 1.3
_ALIKE = 0.1
_RAYS, _NEIGHBORS = 180, 8
_REACHES = (0.25, 0.1, 0.05)
"""How far from the circle of the search, then from the ellipse found, the rim is looked for: the head on a coin draws
the search aside."""

_RIM_SHARE_MIN = 0.7
"""So much of the rim must lie on one ellipse; a printed arc, a plate cut by the border or a pile has less."""

_RIM_WIDTH = 0.015
"""How far, as a share of the radius, a place of the rim may lie off the ellipse."""

_ASPECT_MIN = 0.75
"""Seen more from the side (over 40 degrees) the near and the far edge of a coin's rim drift apart."""

Ellipse = tuple[tuple[float, float], tuple[float, float], float]


def find_coin(gray: NDArray[np.uint8], regions: Sequence[PillRegion]) -> Ellipse | None:
    """The coin in ``(h, w)`` uint8, as OpenCV's ``((x, y), (axis, axis), turn_deg)`` in pixels, or None.

    No round tablet of the registers is as wide as the smallest coin, so the largest full circle is taken, unless a
    pill beside it is a circle of the same size: then both are faces of a pill, and there is no coin.
    """
    share = min(1.0, _SEARCH_PX / max(gray.shape))
    small = cv2.resize(gray, None, fx=share, fy=share, interpolation=cv2.INTER_AREA) if share < 1 else gray
    small = np.asarray(cv2.GaussianBlur(small, (0, 0), 1.0), np.uint8)
    least, most = (max(round(min(small.shape) * part / 2), 4) for part in (_SHARE_MIN, _SHARE_MAX))
    circles = cv2.HoughCircles(
        small, cv2.HOUGH_GRADIENT_ALT, 1.5, least, None, _HOUGH_EDGE, _HOUGH_PERFECTNESS, least, most
    )
    if circles is None:
        return None
    centers = {(x, y) for x, y, *_ in circles.reshape(-1, circles.shape[-1]).tolist()}
    # The search finds the centers of circles. Of several circles around one center it may miss the outermost.
    steps = max(round(math.log(most / least) / math.log(_LADDER)), 1)
    ladder = [least * (most / least) ** (step / steps) for step in range(steps + 1)]
    rims = [
        _rim(gray, (x + 0.5) / share - 0.5, (y + 0.5) / share - 0.5, radius / share)
        for x, y in centers
        for radius in ladder
    ]
    largest = max((rim for rim in rims if rim), key=lambda rim: max(rim[1]), default=None)
    return None if largest is None or _is_pill(largest, regions) else largest


def _is_pill(rim: Ellipse, regions: Sequence[PillRegion]) -> bool:
    """Whether some pill outside a circle is a circle of the same size, or all pills lie within it."""
    outside = [region for region in regions if np.hypot(*(_middle(region) - rim[0])) > max(rim[1]) / 2]
    for region in outside:
        _, sides, _ = cv2.minAreaRect(region.outline[:, ::-1])
        if min(sides) > _ASPECT_MIN * max(sides) and abs(max(sides) / max(rim[1]) - 1) < _ALIKE:
            return True
    return bool(regions) and not outside


def _middle(region: PillRegion) -> NDArray[np.float64]:
    top, left, bottom, right = region.box
    return np.array([left + right, top + bottom]) / 2


def ellipse_points(ellipse: Ellipse, count: int = 72, share: float = 1.0) -> NDArray[np.float32]:
    """Points of an ellipse ``share`` times as large, ``(count, 2)`` float32 ``(row, col)``."""
    (x, y), (width, height), turn_deg = ellipse
    angle, turn = np.linspace(0, 2 * np.pi, count, endpoint=False), np.radians(turn_deg)
    across, along = share * width / 2 * np.cos(angle), share * height / 2 * np.sin(angle)
    cols = x + across * np.cos(turn) - along * np.sin(turn)
    rows = y + across * np.sin(turn) + along * np.cos(turn)
    return np.stack([rows, cols], axis=1).astype(np.float32)


def _rim(gray: NDArray[np.uint8], x: float, y: float, radius: float) -> Ellipse | None:
    """The ellipse through the strongest edges near a circle, or None where too few of them lie on one."""
    ellipse: Ellipse = (x, y), (2 * radius, 2 * radius), 0.0
    for reach in _REACHES:
        points, at = _edges(gray, ellipse, reach)
        # What lies on the rim lies about as far out as its neighbors.
        padded = np.concatenate([at[-_NEIGHBORS:], at, at[:_NEIGHBORS]])
        typical = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEIGHBORS + 1), axis=1)
        near = np.abs(at - typical) <= reach / 4
        if near.mean() < _RIM_SHARE_MIN:
            return None
        center, axes, turn_deg = cv2.fitEllipse(points[near])
        ellipse = (float(center[0]), float(center[1])), (float(axes[0]), float(axes[1])), float(turn_deg)
    _, at = _edges(gray, ellipse, _REACHES[-1])
    sharp = float(np.mean(np.abs(at - 1) <= _RIM_WIDTH)) >= _RIM_SHARE_MIN
    return ellipse if sharp and min(ellipse[1]) >= _ASPECT_MIN * max(ellipse[1]) else None


def _edges(gray: NDArray[np.uint8], ellipse: Ellipse, reach: float) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """The strongest edge along each ray, ``(n, 2)`` ``(x, y)``, and how far out it lies in shares of the ellipse."""
    rim = ellipse_points(ellipse, _RAYS)[:, ::-1].astype(np.float64)
    center = np.array(ellipse[0])
    step = 0.5 / (max(ellipse[1]) / 2)
    shares = np.arange(1 - reach, 1 + reach + step, step)
    places = (center + (rim - center)[:, None] * shares[:, None]).astype(np.float32)
    cols, rows = np.ascontiguousarray(places[..., 0]), np.ascontiguousarray(places[..., 1])
    profile = cv2.remap(gray, cols, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    smooth = cv2.GaussianBlur(profile.astype(np.float32), (0, 0), sigmaX=max(0.01 / step, 1.0), sigmaY=0.5)
    strongest = np.abs(np.gradient(smooth, axis=1)).argmax(axis=1)
    return places[np.arange(len(rim)), strongest], shares[strongest]
