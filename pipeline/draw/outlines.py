"""Outlines of pills over the SPL shapes, in the pill's own frame; `random_outlines` has them as they are segmented.

The frame: ``u`` along the long axis, ``v`` across it, downward as drawn; the short half axis is 1, the long
half axis the aspect. Text that reads upright on a level pill runs along ``u``.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Contour = NDArray[np.float64]
_POINTS = 96

_CORNERS = {
    "TRIANGLE": 3,
    "SQUARE": 4,
    "DIAMOND": 4,
    "PENTAGON (5 sided)": 5,
    "HEXAGON (6 sided)": 6,
    "OCTAGON (8 sided)": 8,
}


def outline(shape: str, aspect: float, roundness: float = 0.5) -> Contour:
    """The outline ``(n, 2)`` float64 ``(u, v)`` of an SPL shape, or of a HEART, as candy has it.

    ``roundness`` 0-1 is the softness of corners; for OVAL the way from a pointed lens (0) over an ellipse
    (0.5) to almost a rectangle (1); for CAPSULE how far the long sides bulge.

    Raises:
        ValueError: a shape that is not drawn.
    """
    if shape == "ROUND":
        return superellipse(1.0, 1.0, 2.0)
    if shape == "OVAL":
        return superellipse(aspect, 1.0, 1.6 + 1.6 * roundness**1.5) if roundness > 0.2 else _lens(aspect)
    if shape == "CAPSULE":
        return _stadium(aspect, roundness)
    if shape == "RECTANGLE":
        return _soften(np.array([(-aspect, -1), (aspect, -1), (aspect, 1), (-aspect, 1)], dtype=np.float64), roundness)
    if shape in _CORNERS:
        return _regular(shape, aspect, roundness)
    if shape in _FREE:
        return _soften(np.array(_FREE[shape], dtype=np.float64) * [aspect, 1.0], roundness)
    if shape == "TEAR":
        return _tear(aspect)
    if shape == "HEART":
        return _heart(aspect)
    if shape == "SEMI-CIRCLE":
        angles = np.linspace(math.pi, 2 * math.pi, _POINTS // 2)
        return np.stack([2 * np.cos(angles), 1 + 2 * np.sin(angles)], axis=1)
    raise ValueError(f"shape {shape!r} is not one that is drawn")


_FREE = {
    "BULLET": [(-1, -1), (0.45, -1), (0.9, -0.5), (1, 0), (0.9, 0.5), (0.45, 1), (-1, 1)],
    "TRAPEZOID": [(-0.62, -1), (0.62, -1), (1, 1), (-1, 1)],
    "FREEFORM": [(-1, -0.9), (0, -0.7), (1, -0.9), (0.9, 0.1), (0, 1), (-0.9, 0.1)],
}


def superellipse(long: float, short: float, power: float, points: int = _POINTS) -> Contour:
    """``|u / long| ** power + |v / short| ** power = 1``; a power of 2 is an ellipse, more of it a rectangle."""
    angles = np.linspace(0, 2 * math.pi, points, endpoint=False)
    cosine, sine = np.cos(angles), np.sin(angles)
    u, v = (np.sign(side) * np.abs(side) ** (2 / power) for side in (cosine, sine))
    return np.stack([long * u, short * v], axis=1)


def regular(count: int, start: float = 0.0) -> Contour:
    """The corners of a polygon with like sides on the unit circle, the first at the angle ``start``."""
    angles = start + np.arange(count) * 2 * math.pi / count
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _lens(aspect: float) -> Contour:
    radius = (aspect**2 + 1) / 2
    reach = math.asin(min(aspect / radius, 1.0))
    angles = np.linspace(-reach, reach, _POINTS // 2)
    top = np.stack([radius * np.sin(angles), radius - 1 - radius * np.cos(angles)], axis=1)
    return _soften(np.concatenate([top, -top]), 0.3, 2)


def _stadium(aspect: float, bulge: float) -> Contour:
    flat = max(aspect - 1.0, 0.0)
    right, left = (
        np.linspace(-math.pi / 2, math.pi / 2, _POINTS // 2),
        np.linspace(math.pi / 2, 3 * math.pi / 2, _POINTS // 2),
    )
    points = np.concatenate(
        [np.stack([flat + np.cos(right), np.sin(right)], 1), np.stack([-flat + np.cos(left), np.sin(left)], 1)]
    )
    middle = np.linspace(-flat, flat, 12)[1:-1]
    half = _POINTS // 2
    lower = np.stack([middle[::-1], np.ones_like(middle)], 1)
    points = np.concatenate([points[:half], lower, points[half:], np.stack([middle, -np.ones_like(middle)], 1)])
    points[:, 1] *= 1.0 - 0.25 * bulge * (points[:, 0] / aspect) ** 2
    return points


def _regular(shape: str, aspect: float, roundness: float) -> Contour:
    start = {"SQUARE": math.pi / 4, "OCTAGON (8 sided)": math.pi / 8}.get(shape, -math.pi / 2)
    corners = regular(_CORNERS[shape], start)
    corners /= np.abs(corners).max()
    corners[:, 0] *= aspect
    return _soften(corners, roundness)


def _tear(aspect: float) -> Contour:
    angles = np.linspace(0, 2 * math.pi, _POINTS, endpoint=False)
    u, v = np.cos(angles), np.sin(angles) * np.sin((angles + 1e-9) / 2) ** 0.75
    return np.stack([aspect * u, v / np.abs(v).max()], axis=1)


def _heart(aspect: float) -> Contour:
    angles = np.linspace(0, 2 * math.pi, _POINTS, endpoint=False)
    v = -(13 * np.cos(angles) - 5 * np.cos(2 * angles) - 2 * np.cos(3 * angles) - np.cos(4 * angles))
    return np.stack([aspect * np.sin(angles) ** 3, 2 * (v - v.min()) / np.ptp(v) - 1], axis=1)


def _soften(corners: Contour, roundness: float, rounds: int = 4) -> Contour:
    """Cut the corners again and again (Chaikin); the first cut is as deep as ``roundness``."""
    points, cut = corners, 0.06 + 0.22 * roundness
    for _ in range(rounds):
        following = np.roll(points, -1, axis=0)
        points = np.stack([points * (1 - cut) + following * cut, points * cut + following * (1 - cut)], axis=1).reshape(
            -1, 2
        )
        cut = 0.25
    return points
