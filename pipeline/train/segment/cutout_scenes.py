"""Scenes with exact truth for the segmentation network: cut-out pills on drawn grounds, several, touching, shadowed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.draw.camera import developed
from pipeline.draw.clutter import draw_axes, draw_clutter, draw_text
from pipeline.draw.laying import cast_by_lamps, overlap, paste, random_lamps
from pipeline.draw.posing import posed, shaded, thickened, toward
from pipeline.draw.random_grounds import ground, plain
from pipeline.draw.random_layouts import Layout, random_layout

Random = np.random.Generator
Floats = NDArray[np.float32]
# The core of a pill: where the distance to its rim is at least this share of its largest.
CORE_SHARE = 0.45
# A pill has a core where more than this share of its whole area is seen.
_SEEN_MIN = 0.3
# A further pill is laid only at a place this many of its lengths away from all others.
_ROOM_MIN = 0.9
# A pixel is a pill's where the pill covers more than this share of it.
_COVERED_MIN = 0.5


@dataclass(frozen=True, eq=False)
class TrainingScene:
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


def _cores(labels: NDArray[np.int32], areas: dict[int, int]) -> NDArray[np.bool_]:
    """The cores of all pills of which enough is seen of their whole areas."""
    cores = np.zeros(labels.shape, bool)
    for number, area in areas.items():
        seen = labels == number
        if np.count_nonzero(seen) > _SEEN_MIN * area:
            rows, cols = np.nonzero(seen)
            box = slice(rows.min(), rows.max() + 1), slice(cols.min(), cols.max() + 1)
            cores[box] |= core_of(seen[box])
    return cores


class SceneMaker:
    """Draws scenes from a stock of cut-outs."""

    def __init__(self, cut_outs: list[NDArray[np.uint8]], side: int = 256) -> None:
        self.cut_outs = cut_outs
        self.side = side

    def scene(self, rng: Random) -> TrainingScene:
        """One random scene."""
        side = self.side
        layout = random_layout(rng, side)
        picture = (plain(rng, side) if layout.plain else ground(rng, side)).copy()
        for _ in range(int(rng.choice([1, 2, 3] if not layout.places else [0, 0, 0, 1, 2]))):
            draw_clutter(rng, picture)
        if rng.random() < 0.25:
            draw_text(rng, picture)
        if layout.axis is not None:
            draw_axes(rng, picture, layout.axis)
        labels = np.zeros((2 * side, 2 * side), np.int32)
        areas = self._lay(rng, picture, labels, layout)
        cores = _cores(labels, areas)
        inner = slice(side // 2, side // 2 + side)
        labels, cores = labels[inner, inner], cores[inner, inner]
        return TrainingScene(developed(rng, picture, labels), labels, cores)

    def strewn(self, rng: Random, scene: TrainingScene) -> TrainingScene:
        """A scene with a few pills more, laid where there is ground and room, and developed."""
        side = self.side
        length = float(np.exp(rng.uniform(np.log(14), np.log(80))))
        taken = scene.labels > 0 if scene.known is None else (scene.labels > 0) | ~scene.known
        away = cv2.distanceTransform((~taken).astype(np.uint8), cv2.DIST_L2, 5)
        free = np.argwhere(away > _ROOM_MIN * length)
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
        lamps = random_lamps(rng)
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
            pixels, coverage = posed(rng, cut_out, own, turn if aligned else rng.uniform(0, 360))
            if like_ground:
                pixels = toward(rng, pixels, coverage, picture, row, col)
            if shade_like:
                pixels = shaded(rng, pixels, coverage, lamps)
            if thick:
                pixels, coverage = thickened(rng, pixels, coverage)
            place = int(row - coverage.shape[0] / 2), int(col - coverage.shape[1] / 2)
            cast_by_lamps(picture, coverage, place, lamps)
            paste(picture, pixels, coverage, place)
            solid = coverage > _COVERED_MIN
            wider = place[0] + side // 2, place[1] + side // 2
            inner, outer = overlap(wider, solid.shape, labels.shape)
            if inner is not None:
                labels[outer][solid[inner]] = number
            areas[number] = int(np.count_nonzero(solid))
        return areas

    def _cut_out(self, rng: Random) -> NDArray[np.uint8]:
        return self.cut_outs[int(rng.integers(len(self.cut_outs)))]
