"""A pill cut out of a photo as it may lie elsewhere: turned, recolored, shaded from one side, seen from aside."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.draw.laying import Field, Lamp, Picture, swept

Random = np.random.Generator


def _recolored(rng: Random, cut: NDArray[np.uint8]) -> Picture:
    pixels = cut[..., :3].astype(np.float32)
    kind = rng.random()
    if kind < 0.25:
        gray = pixels.mean(axis=2, keepdims=True)
        inside = cut[..., 3] > 128
        level = float(np.median(gray[inside])) if inside.any() else 128.0
        pixels = gray * rng.uniform(170, 250) / max(level, 30.0) + rng.normal(0, 4, 3).astype(np.float32)
    elif kind < 0.5:
        hsv = cv2.cvtColor(np.clip(pixels, 0, 255).astype(np.uint8), cv2.COLOR_RGB2HSV).astype(np.int32)
        hsv[..., 0] = (hsv[..., 0] + int(rng.integers(0, 180))) % 180
        hsv[..., 1] = np.clip(hsv[..., 1] * rng.uniform(0.4, 1.3), 0, 255)
        pixels = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB).astype(np.float32)
    if max(cut.shape[:2]) > 1.8 * min(cut.shape[:2]) and rng.random() < 0.45:
        pixels = _two_toned(rng, pixels)
    return np.asarray(pixels * rng.uniform(0.75, 1.25), np.float32)


def _two_toned(rng: Random, pixels: Picture) -> Picture:
    """Cap and body in colors of their own, as two-part capsules have them."""
    height, width = pixels.shape[:2]
    light = pixels.mean(axis=2, keepdims=True)
    at = int(rng.uniform(0.4, 0.6) * max(height, width))
    ends = slice(None, at), slice(at, None)
    parts = ends if height > width else tuple((slice(None), end) for end in ends)
    toned = pixels.copy()
    for part in parts:
        if rng.random() < 0.8:
            gray = np.full(3, rng.uniform(60, 250)) + rng.normal(0, 8, 3)
            color = rng.uniform(5, 255, 3) if rng.random() < 0.6 else gray
            toned[part] = light[part] / max(30.0, float(np.median(light[part]))) * color
    return np.asarray(np.clip(toned, 0, 255), np.float32)


def posed(rng: Random, cut: NDArray[np.uint8], length_px: float, turn_deg: float) -> tuple[Picture, Field]:
    """A cut-out scaled so that its longer side is ``length_px``, turned, a little tilted: RGB and coverage 0-1."""
    height, width = cut.shape[:2]
    scale = length_px / max(height, width)
    source = cut
    if scale < 0.5:
        smaller = cv2.resize(cut, None, fx=2 * scale, fy=2 * scale, interpolation=cv2.INTER_AREA)
        source = np.asarray(smaller, np.uint8)
        scale = 0.5
    height, width = source.shape[:2]
    side = int(np.ceil(length_px * 1.45)) + 4
    angle = np.deg2rad(turn_deg)
    tilt = rng.uniform(0.8, 1.0) if rng.random() < 0.3 else 1.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.diag([1.0, tilt]) * scale
    if rng.random() < 0.5:
        matrix[:, 0] *= -1
    shift = np.array([side / 2, side / 2]) - matrix @ np.array([width / 2, height / 2])
    full = np.column_stack([matrix, shift])
    moved = cv2.warpAffine(_recolored(rng, source), full, (side, side), borderMode=cv2.BORDER_REPLICATE)
    pixels = np.asarray(moved, np.float32)
    coverage = np.asarray(cv2.warpAffine(source[..., 3].astype(np.float32) / 255, full, (side, side)), np.float32)
    rows, cols = np.nonzero(coverage > 0.02)
    if len(rows) == 0:
        return pixels[:1, :1], coverage[:1, :1]
    box = slice(rows.min(), rows.max() + 1), slice(cols.min(), cols.max() + 1)
    return pixels[box], coverage[box]


def shaded(rng: Random, pixels: Picture, coverage: Field, lamps: Sequence[Lamp]) -> Picture:
    """The pill's own shade: its side away from the lamp, and its rim there, are darker; sometimes a glare."""
    rows, cols = np.nonzero(coverage > 0.5)
    if len(rows) < 12:
        return pixels
    size = float(np.sqrt(len(rows)))
    down, right = np.mgrid[: coverage.shape[0], : coverage.shape[1]].astype(np.float32)
    down, right = (down - rows.mean()) / size, (right - cols.mean()) / size
    length = float(np.hypot(*lamps[0].direction)) + 1e-6
    along = (down * lamps[0].direction[0] + right * lamps[0].direction[1]) / length
    depth = cv2.distanceTransform(np.pad((coverage > 0.5).astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1] / size
    shade = 1 - rng.uniform(0, 0.25) * along
    rim = np.exp(-((depth / rng.uniform(0.02, 0.12)) ** 2)) * np.clip(0.35 + 1.6 * along, 0, 1)
    shade = shade * (1 - rng.uniform(0, 0.55) * rim)
    shaded = pixels * shade[..., None]
    if rng.random() < 0.2:
        spot = rng.uniform(-0.4, 0.4, 2)
        wide = rng.uniform(0.04, 0.25, 2)
        glare = np.exp(-(((down - spot[0]) / wide[0]) ** 2) - ((right - spot[1]) / wide[1]) ** 2)
        shaded = shaded + (glare * rng.uniform(40, 170))[..., None]
    return np.asarray(shaded, np.float32)


def thickened(rng: Random, pixels: Picture, coverage: Field) -> tuple[Picture, Field]:
    """The pill seen from a little aside: its wall shows along one side."""
    size = float(np.sqrt((coverage > 0.5).sum()) + 1)
    reach, angle = rng.uniform(0.03, 0.28) * size, rng.uniform(0, 2 * np.pi)
    margin = int(np.ceil(reach)) + 1
    top = np.pad(coverage, margin)
    whole = swept(top, (np.sin(angle) * reach, np.cos(angle) * reach))
    inside = coverage > 0.5
    body = np.median(pixels[inside], axis=0) if inside.any() else pixels.reshape(-1, 3).mean(axis=0)
    wall = np.tile((body * rng.uniform(0.5, 1.02)).astype(np.float32), (*top.shape, 1))
    face = np.pad(pixels, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    return np.asarray(wall + top[..., None] * (face - wall), np.float32), whole


def toward(
    rng: Random,
    pixels: Picture,
    coverage: Field,
    picture: Picture,
    row: float,
    col: float,
) -> Picture:
    """The pill in nearly the ground's color: white on white."""
    side = picture.shape[0]
    ground_color = picture[int(np.clip(row, 0, side - 1)), int(np.clip(col, 0, side - 1))]
    inside = coverage > 0.5
    own = np.median(pixels[inside], axis=0) if inside.any() else ground_color
    return np.asarray(pixels - own + ground_color + rng.normal(0, 8, 1) + rng.normal(0, 2, 3), np.float32)
