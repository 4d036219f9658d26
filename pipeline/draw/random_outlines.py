"""Drawn outlines of the 18 SPL shapes that an outline can tell, for training where photos are rare.

Register tables hold some shapes once in a thousand products (HEPTAGON, CLOVER, GEAR: never among the photos), so
their outlines are made here from their definitions in the FDA Data Standards Manual (C-DRG-0929), with the rounded
corners, bulging sides, tilt and pixel edges of real ones.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.draw.outlines import Contour, regular, superellipse

_CANVAS_PX = 320
_POINTS = 720


def draw_outline(shape: str, rng: np.random.Generator) -> NDArray[np.float32]:
    """One outline of an SPL shape as segmentation would give it: ``(n, 2)`` float32 ``(row, col)``.

    Turned, tilted by up to 20 degrees, 40-250 px long, with pixel edges and a slightly wrong rim.
    """
    points, rounding = _DRAWERS[shape](rng)
    points = points - points.mean(axis=0)
    points = points / np.abs(points).max()
    mask = _fill(points, rounding)
    contour = _largest(mask)
    return _as_segmented(contour, rng)


def shapes() -> tuple[str, ...]:
    """The SPL shapes that can be drawn. CAPSULE is left out: its outline is that of an oblong OVAL."""
    return tuple(_DRAWERS)


def _fill(points: Contour, rounding: float) -> NDArray[np.uint8]:
    """Filled polygon with corners rounded by ``rounding`` (a share of the half size)."""
    half = _CANVAS_PX * 0.36
    mask = np.zeros((_CANVAS_PX, _CANVAS_PX), np.uint8)
    cv2.fillPoly(mask, [(points * half + _CANVAS_PX / 2).round().astype(np.int32)], 255)
    radius = round(rounding * half)
    return _opened(mask, radius) if radius >= 1 else mask


def _opened(mask: NDArray[np.uint8], radius: float) -> NDArray[np.uint8]:
    """Opening with a disc by two distance transforms, whose time does not grow with the disc."""
    eroded = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= radius
    reached = cv2.distanceTransform(eroded.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= radius
    return np.asarray(reached * np.uint8(255))


def _largest(mask: NDArray[np.uint8]) -> Contour:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return max(contours, key=cv2.contourArea)[:, 0].astype(np.float64)


def _as_segmented(contour: Contour, rng: np.random.Generator) -> NDArray[np.float32]:
    """Turn, tilt, bring to a real size, draw again and take the outline of the pixels."""
    centered = contour - contour.mean(axis=0)
    squeeze = np.diag([1.0, np.cos(np.radians(abs(rng.normal(0, 8))))])
    matrix = _turn(rng.uniform(0, 2 * np.pi)) @ squeeze @ _turn(rng.uniform(0, 2 * np.pi))
    moved = centered @ matrix.T
    size_px = np.exp(rng.uniform(np.log(40), np.log(250)))
    moved = moved * (size_px / float(np.ptp(moved, axis=0).max()))
    side = int(size_px * 1.5) + 12
    canvas = np.zeros((side, side), np.uint8)
    cv2.fillPoly(canvas, [((moved + side / 2) * 16).round().astype(np.int32)], 255, shift=4)
    noise = cv2.GaussianBlur(rng.normal(0, 255, canvas.shape).astype(np.float32), (0, 0), size_px / 40 + 1)
    noise = noise * (rng.uniform(0, 25) / max(float(noise.std()), 1e-6))
    soft = cv2.GaussianBlur(canvas.astype(np.float32), (0, 0), size_px / 80 + 0.8)
    return _largest((soft + noise > 127).astype(np.uint8) * 255)[:, ::-1].astype(np.float32)


def _turn(angle: float) -> Contour:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def _angles(n: int = _POINTS) -> Contour:
    return np.linspace(0, 2 * np.pi, n, endpoint=False)


def _around(radius: NDArray[np.float64]) -> Contour:
    """A closed line at these distances from the middle, one after another around it."""
    t = np.linspace(0, 2 * np.pi, len(radius), endpoint=False)
    circle: Contour = np.stack([np.cos(t), np.sin(t)], axis=1)
    return radius[:, None] * circle


def _bulged(corners: Contour, bulge: float) -> Contour:
    """Polygon whose sides bow out by ``bulge`` of their length."""
    sides = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        t = np.linspace(0, 1, 80, endpoint=False)[:, None]
        side = end - start
        outward = np.array([side[1], -side[0]])
        outward *= np.sign(outward @ (start + end - 2 * corners.mean(axis=0))) or 1.0
        sides.append(start + t * side + 4 * bulge * t * (1 - t) * outward)
    return np.concatenate(sides)


def _polygon(n: int, rounding_max: float = 0.3, bulge_max: float = 0.12) -> Callable[..., tuple[Contour, float]]:
    def draw(rng: np.random.Generator) -> tuple[Contour, float]:
        corners = regular(n) * [1, rng.uniform(0.93, 1)]
        return _bulged(corners, rng.uniform(0, bulge_max)), rng.uniform(0.03, rounding_max)

    return draw


def _round(rng: np.random.Generator) -> tuple[Contour, float]:
    return superellipse(1.0, 1.0, 2.0, _POINTS), 0.0


def _oval(rng: np.random.Generator) -> tuple[Contour, float]:
    aspect = rng.uniform(0.35, 0.85)
    if rng.random() < 0.5:
        return superellipse(1.0, aspect, rng.uniform(1.8, 2.8), _POINTS), 0.02
    box = np.array([[-1, -aspect], [1, -aspect], [1, aspect], [-1, aspect]])
    return _bulged(box, rng.uniform(0, 0.06)), aspect * rng.uniform(0.85, 1)


def _bullet(rng: np.random.Generator) -> tuple[Contour, float]:
    aspect, nose = rng.uniform(0.35, 0.6), rng.uniform(0.4, 1.0)
    t = np.linspace(-np.pi / 2, np.pi / 2, 200)
    tip = np.stack([nose * np.cos(t) + 0.3, aspect * np.sin(t)], axis=1)
    return np.concatenate([[[-1, -aspect]], tip, [[-1, aspect]]]), rng.uniform(0.03, 0.12)


def _clover(rng: np.random.Generator) -> tuple[Contour, float]:
    leaves, depth = int(rng.integers(3, 5)), rng.uniform(0.15, 0.45)
    t = _angles()
    return _around(1 + depth * np.cos(leaves * t)), 0.0


def _diamond(rng: np.random.Generator) -> tuple[Contour, float]:
    aspect, skew = rng.uniform(0.5, 0.85), rng.normal(0, 0.03)
    corners = np.array([[1, 0], [skew, aspect], [-1, 0], [-skew, -aspect]])
    return _bulged(corners, rng.uniform(0, 0.1)), rng.uniform(0.03, 0.3)


def _double_circle(rng: np.random.Generator) -> tuple[Contour, float]:
    apart, other = rng.uniform(0.7, 0.95), rng.uniform(0.8, 1.0)
    canvas = np.full((_CANVAS_PX, _CANVAS_PX), 255, np.uint8)
    for sign, radius in ((-1, 60), (1, round(60 * other))):
        cv2.circle(canvas, (round(160 + sign * apart * 60), 160), radius, 0, -1)
    # The notch rounded: opening the ground closes the pill.
    return _largest(255 - _opened(canvas, rng.uniform(1, 15))) - 160, 0.0


def _freeform(rng: np.random.Generator) -> tuple[Contour, float]:
    t = _angles()
    radius = np.ones_like(t)
    for order in range(2, 6):
        radius += rng.normal(0, 0.14 / (order - 1) ** 0.5) * np.cos(order * t + rng.uniform(0, 2 * np.pi))
    return _around(np.maximum(radius, 0.2)), 0.02


def _gear(rng: np.random.Generator) -> tuple[Contour, float]:
    teeth, depth = int(rng.integers(6, 17)), rng.uniform(0.06, 0.2)
    t = _angles(1440)
    wave = np.tanh(rng.uniform(0.8, 4) * np.cos(teeth * t))
    return _around(1 + depth * wave), 0.0


def _rectangle(rng: np.random.Generator) -> tuple[Contour, float]:
    aspect = rng.uniform(0.3, 0.8)
    box = np.array([[-1, -aspect], [1, -aspect], [1, aspect], [-1, aspect]])
    return _bulged(box, rng.uniform(0, 0.05)), aspect * rng.uniform(0.03, 0.45)


def _square(rng: np.random.Generator) -> tuple[Contour, float]:
    box = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [1, rng.uniform(0.95, 1)]
    return _bulged(box, rng.uniform(0, 0.1)), rng.uniform(0.03, 0.5)


def _semi_circle(rng: np.random.Generator) -> tuple[Contour, float]:
    t = np.linspace(0, np.pi, 300)
    return np.stack([np.cos(t), rng.uniform(0.7, 1.15) * np.sin(t)], axis=1), rng.uniform(0.03, 0.15)


def _tear(rng: np.random.Generator) -> tuple[Contour, float]:
    t, aspect, sharp = _angles(), rng.uniform(0.5, 0.85), rng.uniform(0.35, 1.2)
    x = np.cos(t)
    width = aspect * (2 + sharp - sharp * x) / (2 + sharp)
    return np.stack([x, width * np.sin(t)], axis=1), rng.uniform(0.02, 0.1)


def _trapezoid(rng: np.random.Generator) -> tuple[Contour, float]:
    height, top = rng.uniform(0.4, 0.9), rng.uniform(0.35, 0.8)
    corners = np.array([[-1, -height], [1, -height], [top, height], [-top, height]])
    return _bulged(corners, rng.uniform(0, 0.07)), rng.uniform(0.03, 0.25)


_DRAWERS: dict[str, Callable[[np.random.Generator], tuple[Contour, float]]] = {
    "BULLET": _bullet,
    "CLOVER": _clover,
    "DIAMOND": _diamond,
    "DOUBLE CIRCLE": _double_circle,
    "FREEFORM": _freeform,
    "GEAR": _gear,
    "HEPTAGON (7 SIDED)": _polygon(7, 0.25, 0.05),
    "HEXAGON (6 SIDED)": _polygon(6, 0.3, 0.06),
    "OCTAGON (8 SIDED)": _polygon(8, 0.2, 0.04),
    "OVAL": _oval,
    "PENTAGON (5 SIDED)": _polygon(5, 0.35, 0.1),
    "RECTANGLE": _rectangle,
    "ROUND": _round,
    "SEMI-CIRCLE": _semi_circle,
    "SQUARE": _square,
    "TEAR": _tear,
    "TRAPEZOID": _trapezoid,
    "TRIANGLE": _polygon(3, 0.3, 0.18),
}
