"""Scenes with exact truth for the segmentation network: cut-out pills on drawn grounds, several, touching, shadowed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.train.segment import grounds
from pipeline.train.segment.layouts import Layout, random_layout

Random = np.random.Generator
Floats = NDArray[np.float32]
# The core of a pill: where the distance to its rim is at least this share of its largest.
CORE_SHARE = 0.45


@dataclass(frozen=True, eq=False)
class Scene:
    """``pixels`` ``(side, side, 3)`` uint8 RGB; ``labels`` ``(side, side)`` int32, 0 ground, then one number a pill;
    ``cores`` ``(side, side)`` bool, ``known`` the same: where that is so; None: everywhere. ``taught_share``: how much
    of the target are the maps of an earlier network, where one is asked."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int32]
    cores: NDArray[np.bool_]
    known: NDArray[np.bool_] | None = None
    taught_share: float = 0.5


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
    if max(cut.shape[:2]) > 1.8 * min(cut.shape[:2]) and rng.random() < 0.45:
        pixels = _two_toned(rng, pixels)
    return np.asarray(pixels * rng.uniform(0.75, 1.25), np.float32)


def _two_toned(rng: Random, pixels: Floats) -> Floats:
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


def _meeting(side: int, share: Floats, top: int, left: int) -> tuple[slice, slice, slice, slice]:
    """The rows and columns of a patch laid at (top, left) within ``side``: in the picture, in the patch."""
    rows = slice(min(side, max(0, top)), max(0, min(side, top + share.shape[0])))
    cols = slice(min(side, max(0, left)), max(0, min(side, left + share.shape[1])))
    return rows, cols, slice(rows.start - top, rows.stop - top), slice(cols.start - left, cols.stop - left)


def _paste(picture: Floats, layer: Floats, share: Floats, top: int, left: int) -> None:
    rows, cols, own_rows, own_cols = _meeting(picture.shape[0], share, top, left)
    if rows.start < rows.stop and cols.start < cols.stop:
        part = share[own_rows, own_cols, None]
        picture[rows, cols] = picture[rows, cols] * (1 - part) + layer[own_rows, own_cols] * part


@dataclass(frozen=True)
class _Light:
    """One lamp: where its shadows fall (rows, cols), their depth 0-1 and softness; lengths by the pill's size.

    The shadow of a ``small`` one, as of a flash or a bare bulb, is of one depth from the pill to its sharp far edge.
    """

    direction: tuple[float, float]
    depth: float
    softness: float
    small: bool


def _lights(rng: Random) -> list[_Light]:
    """One lamp, or two as in a room: soft or hard, low or overhead."""
    lamps = []
    for _ in range(1 if rng.random() < 0.65 else 2):
        angle, small = rng.uniform(0, 2 * np.pi), rng.random() < 0.4
        reach = rng.choice([0.09, 0.16, 0.28, 0.45] if small else [0.02, 0.05, 0.09, 0.16, 0.28])
        softness = float(np.exp(rng.uniform(np.log(0.008), np.log(0.06 if small else 0.15))))
        depth = rng.uniform(0.0, 0.5 if small else 0.8)
        lamps.append(_Light((reach * np.sin(angle), reach * np.cos(angle)), depth, softness, small))
    return lamps


def _cast(picture: Floats, coverage: Floats, place: tuple[int, int], lamps: list[_Light]) -> None:
    """The pill's shadows on what lies below, and the dark line where it touches it."""
    size = float(np.sqrt((coverage > 0.5).sum()) + 1)
    margin = int(0.5 * size) + 2
    wide = np.pad(coverage, margin)
    for lamp in lamps:
        if lamp.small:
            step = size * lamp.direction[0], size * lamp.direction[1]
            soft = cv2.GaussianBlur(_swept(wide, step), (0, 0), max(0.4, lamp.softness * size))
            black = np.zeros((*soft.shape, 3), np.float32)
            _paste(picture, black, soft * lamp.depth, place[0] - margin, place[1] - margin)
            continue
        for share, softness, part in ((0.6, 0.5, 0.5), (0.7, 1.0, 1.0), (0.25, 3.0, 1.0)):
            soft = cv2.GaussianBlur(wide, (0, 0), max(0.4, lamp.softness * softness * size))
            top = round(place[0] - margin + part * lamp.direction[0] * size)
            left = round(place[1] - margin + part * lamp.direction[1] * size)
            _paste(picture, np.zeros((*soft.shape, 3), np.float32), soft * lamp.depth * share, top, left)


def _swept(coverage: Floats, step: tuple[float, float]) -> Floats:
    """All that a shape covers on its way along ``step`` (rows, cols)."""
    whole = coverage.copy()
    for share in np.linspace(0, 1, max(2, int(np.ceil(np.hypot(*step))) + 1))[1:]:
        move = np.array([[1, 0, step[1] * share], [0, 1, step[0] * share]], np.float64)
        whole = np.maximum(whole, cv2.warpAffine(coverage, move, coverage.shape[::-1]))
    return np.asarray(whole, np.float32)


def _shaded(rng: Random, pixels: Floats, coverage: Floats, lamps: list[_Light]) -> Floats:
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


def _thickened(rng: Random, pixels: Floats, coverage: Floats) -> tuple[Floats, Floats]:
    """The pill seen from a little aside: its wall shows along one side."""
    size = float(np.sqrt((coverage > 0.5).sum()) + 1)
    reach, angle = rng.uniform(0.03, 0.28) * size, rng.uniform(0, 2 * np.pi)
    margin = int(np.ceil(reach)) + 1
    top = np.pad(coverage, margin)
    whole = _swept(top, (np.sin(angle) * reach, np.cos(angle) * reach))
    inside = coverage > 0.5
    body = np.median(pixels[inside], axis=0) if inside.any() else pixels.reshape(-1, 3).mean(axis=0)
    wall = np.tile((body * rng.uniform(0.5, 1.02)).astype(np.float32), (*top.shape, 1))
    face = np.pad(pixels, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    return np.asarray(wall + top[..., None] * (face - wall), np.float32), whole


def _cores(labels: NDArray[np.int32], areas: dict[int, int]) -> NDArray[np.bool_]:
    """The cores of all pills of which enough is seen of their whole areas."""
    cores = np.zeros(labels.shape, bool)
    for number, area in areas.items():
        seen = labels == number
        if np.count_nonzero(seen) > 0.3 * area:
            rows, cols = np.nonzero(seen)
            box = slice(rows.min(), rows.max() + 1), slice(cols.min(), cols.max() + 1)
            cores[box] |= core_of(seen[box])
    return cores


class SceneMaker:
    """Draws scenes from a stock of cut-outs."""

    def __init__(self, cut_outs: list[NDArray[np.uint8]], side: int = 256) -> None:
        self.cut_outs = cut_outs
        self.side = side

    def scene(self, rng: Random) -> Scene:
        """One random scene."""
        side = self.side
        layout = random_layout(rng, side)
        picture = (grounds.plain(rng, side) if layout.plain else grounds.ground(rng, side)).copy()
        for _ in range(int(rng.choice([1, 2, 3] if not layout.places else [0, 0, 0, 1, 2]))):
            grounds.draw_clutter(rng, picture)
        if rng.random() < 0.25:
            grounds.draw_text(rng, picture)
        if layout.axis is not None:
            grounds.draw_axes(rng, picture, layout.axis)
        labels = np.zeros((2 * side, 2 * side), np.int32)
        areas = self._lay(rng, picture, labels, layout)
        cores = _cores(labels, areas)
        inner = slice(side // 2, side // 2 + side)
        labels, cores = labels[inner, inner], cores[inner, inner]
        return Scene(developed(rng, picture, labels), labels, cores)

    def strewn(self, rng: Random, scene: Scene) -> Scene:
        """A scene with a few pills more, laid where there is ground and room, and developed."""
        side = self.side
        length = float(np.exp(rng.uniform(np.log(14), np.log(80))))
        taken = scene.labels > 0 if scene.known is None else (scene.labels > 0) | ~scene.known
        away = cv2.distanceTransform((~taken).astype(np.uint8), cv2.DIST_L2, 5)
        free = np.argwhere(away > 0.9 * length)
        count = min(int(rng.integers(1, 5)), len(free))
        places = [(float(row), float(col)) for row, col in free[rng.integers(len(free), size=count)]] if count else []
        picture, labels = scene.pixels.astype(np.float32), np.zeros((2 * side, 2 * side), np.int32)
        areas = self._lay(rng, picture, labels, Layout(places, length, alike=rng.random() < 0.5))
        cores = _cores(labels, areas)
        inner = slice(side // 2, side // 2 + side)
        labels, cores = labels[inner, inner], cores[inner, inner]
        labels = np.where(labels > 0, labels + scene.labels.max(), scene.labels)
        cores = cores | (scene.cores & (labels == scene.labels))
        return replace(scene, pixels=developed(rng, picture, labels), labels=labels, cores=cores)

    def _lay(self, rng: Random, picture: Floats, labels: NDArray[np.int32], layout: Layout) -> dict[int, int]:
        """Lay the pills, later ones on top; ``labels`` is wider by half a side all around. Each one's whole area."""
        side = self.side
        lamps = _lights(rng)
        cut_out = self._cut_out(rng)
        turn = rng.choice([0.0, 90.0]) + rng.normal(0, 3)
        aligned = layout.aligned or rng.random() < 0.1
        like_ground, thick = rng.random() < (0.35 if layout.plain else 0.15), rng.random() < 0.35
        shade_like = rng.random() < 0.6
        areas = {}
        for number, (row, col) in enumerate(layout.places, start=1):
            if not layout.alike:
                cut_out = self._cut_out(rng)
            own = layout.length * (rng.uniform(0.95, 1.05) if layout.alike else rng.uniform(0.55, 1.25))
            pixels, coverage = _posed(rng, cut_out, own, turn if aligned else rng.uniform(0, 360))
            if like_ground:
                pixels = _toward(rng, pixels, coverage, picture, row, col)
            if shade_like:
                pixels = _shaded(rng, pixels, coverage, lamps)
            if thick:
                pixels, coverage = _thickened(rng, pixels, coverage)
            place = int(row - coverage.shape[0] / 2), int(col - coverage.shape[1] / 2)
            _cast(picture, coverage, place, lamps)
            _paste(picture, pixels, coverage, *place)
            solid = coverage > 0.5
            wider = place[0] + side // 2, place[1] + side // 2
            rows, cols, own_rows, own_cols = _meeting(labels.shape[0], coverage, *wider)
            labels[rows, cols][solid[own_rows, own_cols]] = number
            areas[number] = int(np.count_nonzero(solid))
        return areas

    def _cut_out(self, rng: Random) -> NDArray[np.uint8]:
        return self.cut_outs[int(rng.integers(len(self.cut_outs)))]


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


def developed(rng: Random, picture: Floats, labels: NDArray[np.int32]) -> NDArray[np.uint8]:
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
    if rng.random() < 0.2:
        warm = rng.uniform(-0.3, 0.6)
        picture = picture * np.array([1 + 0.15 * warm, 1 + 0.03 * warm, 1 - 0.6 * warm])
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
