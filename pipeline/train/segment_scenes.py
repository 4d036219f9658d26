"""Scenes with exact truth for the segmentation network: cut-out pills on drawn grounds, several, touching, shadowed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.train import segment_grounds as grounds

Random = np.random.Generator
Floats = NDArray[np.float32]
# The core of a pill: where the distance to its rim is at least this share of its largest.
CORE_SHARE = 0.45


@dataclass(frozen=True, eq=False)
class Scene:
    """``pixels`` ``(side, side, 3)`` uint8 RGB; ``labels`` ``(side, side)`` int32, 0 ground, then one number a pill;
    ``cores`` ``(side, side)`` bool."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int32]
    cores: NDArray[np.bool_]


def core_of(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The part of a pill's mask far from its rim."""
    padded = np.pad(mask.astype(np.uint8), 1)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    return np.asarray(distance >= max(CORE_SHARE * float(distance.max()), 0.5))


def load_cut_outs(folder: Path) -> list[NDArray[np.uint8]]:
    """All cut-outs below a folder, ``(h, w, 4)`` uint8 RGBA."""
    stored = (cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in sorted(folder.glob("*.png")))
    return [np.asarray(cv2.cvtColor(np.asarray(cut), cv2.COLOR_BGRA2RGBA), np.uint8) for cut in stored]


def _recolored(rng: Random, cut: NDArray[np.uint8]) -> Floats:
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
    return np.asarray(pixels * rng.uniform(0.75, 1.25), np.float32)


def _posed(rng: Random, cut: NDArray[np.uint8], length_px: float, turn_deg: float) -> tuple[Floats, Floats]:
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


def _paste(
    picture: Floats, layer: Floats, share: Floats, top: int, left: int
) -> tuple[slice, slice, slice, slice] | None:
    side = picture.shape[0]
    rows = slice(max(0, top), min(side, top + share.shape[0]))
    cols = slice(max(0, left), min(side, left + share.shape[1]))
    if rows.start >= rows.stop or cols.start >= cols.stop:
        return None
    own_rows = slice(rows.start - top, rows.stop - top)
    own_cols = slice(cols.start - left, cols.stop - left)
    part = share[own_rows, own_cols, None]
    picture[rows, cols] = picture[rows, cols] * (1 - part) + layer[own_rows, own_cols] * part
    return rows, cols, own_rows, own_cols


@dataclass(frozen=True)
class _Light:
    """One scene's shadow: direction (rows, cols), depth 0-1 and softness as a share of the pill's size."""

    direction: tuple[float, float]
    depth: float
    softness: float


def _light(rng: Random) -> _Light:
    angle, reach = rng.uniform(0, 2 * np.pi), rng.choice([0.02, 0.06, 0.12, 0.25])
    return _Light((reach * np.sin(angle), reach * np.cos(angle)), rng.uniform(0.0, 0.75), rng.uniform(0.01, 0.12))


def _shade(picture: Floats, coverage: Floats, place: tuple[int, int], light: _Light) -> None:
    size = float(np.sqrt((coverage > 0.5).sum()) + 1)
    margin = int(0.4 * size) + 2
    wide = np.pad(coverage, margin)
    for share, softness in ((1.0, light.softness), (0.5, light.softness * 3)):
        soft = cv2.GaussianBlur(wide, (0, 0), max(0.4, softness * size))
        top = round(place[0] - margin + light.direction[0] * size)
        left = round(place[1] - margin + light.direction[1] * size)
        _paste(picture, np.zeros((*soft.shape, 3), np.float32), soft * light.depth * share, top, left)


class SceneMaker:
    """Draws scenes from a stock of cut-outs."""

    def __init__(self, cut_outs: list[NDArray[np.uint8]], side: int = 224) -> None:
        self.cut_outs = cut_outs
        self.side = side

    def scene(self, rng: Random) -> Scene:
        """One random scene."""
        side = self.side
        picture = grounds.ground(rng, side).copy()
        for _ in range(int(rng.choice([0, 0, 1, 2]))):
            grounds.draw_clutter(rng, picture)
        if rng.random() < 0.2:
            grounds.draw_text(rng, picture)
        length = float(np.exp(rng.uniform(np.log(18), np.log(150))))
        places, axis = self._places(rng, length)
        if axis is not None:
            grounds.draw_axes(rng, picture, axis)
        labels = np.zeros((side, side), np.int32)
        cores = np.zeros((side, side), bool)
        light = _light(rng)
        cut_out = self.cut_outs[int(rng.integers(len(self.cut_outs)))]
        same = rng.random() < 0.5
        turn = rng.choice([0.0, 90.0]) + rng.normal(0, 3) if axis is not None or rng.random() < 0.3 else None
        like_ground = rng.random() < 0.15
        for number, (row, col) in enumerate(places, start=1):
            if not same:
                cut_out = self.cut_outs[int(rng.integers(len(self.cut_outs)))]
            own = length * (1.0 if same else rng.uniform(0.6, 1.3))
            pixels, coverage = _posed(rng, cut_out, own, turn if turn is not None else rng.uniform(0, 360))
            if like_ground:
                pixels = _toward(rng, pixels, coverage, picture, row, col)
            place = int(row - coverage.shape[0] / 2), int(col - coverage.shape[1] / 2)
            _shade(picture, coverage, place, light)
            where = _paste(picture, pixels, coverage, *place)
            if where is None:
                continue
            rows, cols, own_rows, own_cols = where
            solid = coverage > 0.5
            covered = solid[own_rows, own_cols]
            cores[rows, cols] = np.where(covered, core_of(solid)[own_rows, own_cols], cores[rows, cols])
            labels[rows, cols][covered] = number
        return Scene(_developed(rng, picture, labels), labels, cores)

    def _places(self, rng: Random, length: float) -> tuple[list[tuple[float, float]], tuple[int, int] | None]:
        """Centers of the pills, and the axis' corner where there is one."""
        side = self.side
        kind = rng.random()
        middle = rng.uniform(0.25, 0.75, 2) * side
        if kind < 0.07:
            return [], (int(middle[0]), int(middle[1])) if rng.random() < 0.3 else None
        if kind < 0.2:
            return [(float(middle[0]), float(middle[1]))], None
        if kind < 0.6:
            gap = length * rng.uniform(0.5, 1.25)
            angle = rng.choice([0.0, np.pi / 2]) + rng.normal(0, 0.1)
            step = np.array([np.sin(angle), np.cos(angle)]) * gap / 2
            axis = None
            if rng.random() < 0.8:
                low = middle + (abs(step) + length * rng.uniform(0.2, 0.9)) * [1, -1]
                axis = int(low[0]), int(low[1])
            return [tuple(middle - step), tuple(middle + step)], axis
        count = int(rng.integers(3, max(4, min(30, int(1.2 * (side / length) ** 2)))))
        if kind < 0.8:
            return [tuple(rng.uniform(-0.02, 1.02, 2) * side) for _ in range(count)], None
        spread = length * np.sqrt(count) * rng.uniform(0.25, 0.5)
        return [tuple(middle + rng.normal(0, spread, 2)) for _ in range(count)], None


def _toward(
    rng: Random,
    pixels: Floats,
    coverage: Floats,
    picture: Floats,
    row: float,
    col: float,
) -> Floats:
    """The pill in nearly the ground's color: white on white."""
    side = picture.shape[0]
    ground_color = picture[int(np.clip(row, 0, side - 1)), int(np.clip(col, 0, side - 1))]
    inside = coverage > 0.5
    own = np.median(pixels[inside], axis=0) if inside.any() else ground_color
    return np.asarray(pixels - own + ground_color + rng.normal(0, 8, 1) + rng.normal(0, 2, 3), np.float32)


def _developed(rng: Random, picture: Floats, labels: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Uneven light, shadow over the scene, color cast, blur, noise, JPEG, black or white margins (pills kept)."""
    side = picture.shape[0]
    if rng.random() < 0.8:
        picture = picture * (1 + grounds.noise(rng, side, side / 1.5)[..., None] * rng.uniform(0, 0.12))
    if rng.random() < 0.25:
        filled = np.zeros((side, side), np.float32)
        corners = rng.uniform(-0.5, 1.5, (int(rng.integers(3, 5)), 2)) * side
        cv2.fillPoly(filled, [corners.astype(np.int32)], 1.0)
        edge = cv2.GaussianBlur(filled, (0, 0), rng.uniform(0.7, 25))
        picture = picture * (1 - edge[..., None] * rng.uniform(0.1, 0.5))
    if rng.random() < 0.1:
        spot = np.exp(-0.5 * ((np.mgrid[:side, :side] - rng.uniform(0, side, (2, 1, 1))) / rng.uniform(5, 40)) ** 2)
        picture = picture + (spot.prod(axis=0) * rng.uniform(40, 160))[..., None]
    picture = picture * np.exp(rng.normal(0, 0.06, 3)) * rng.uniform(0.6, 1.15)
    picture = (picture - 128) * rng.uniform(0.75, 1.15) + 128
    if rng.random() < 0.6:
        picture = np.asarray(cv2.GaussianBlur(picture.astype(np.float32), (0, 0), rng.uniform(0.3, 1.3)), np.float32)
    noisy = picture + rng.normal(0, rng.uniform(0.3, 6), picture.shape)
    pixels = np.clip(noisy, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        _, packed = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 95))])
        pixels = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    if rng.random() < 0.08:
        rows = np.flatnonzero((labels > 0).any(axis=1))
        level = 0 if rng.random() < 0.5 else 255
        first, last = (rows[0], rows[-1] + 1) if len(rows) else (side // 4, side // 2)
        pixels[: int(rng.uniform(0, first + 1))] = level
        pixels[int(rng.uniform(last, side + 1)) :] = level
    return pixels
