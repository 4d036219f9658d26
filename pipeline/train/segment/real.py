"""Crops of real photos with polygons, as scenes for the segmentation network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.segmentation import is_validation_file, outlines_of
from pipeline.evaluate.sets import open_set
from pipeline.train.segment.cutout_scenes import TrainingScene, core_of

Polygon = NDArray[np.float32]

# A pill's length in the crop: from those of many in one photo to one that fills it.
_PILL_PX = (11.0, 250.0)
_ENLARGED_MAX = 3.0
# Crops that may hold no pill.
_ANYWHERE = 0.2
# Below this scale the mean over an area is taken first, as the photo's own look does.
_BY_AREA_MAX = 0.75
# The share in which an earlier network's maps teach in place of polygons: those, drawn by hand, are half a pixel off
# here and there.
_OF_POLYGONS = 0.9


@dataclass(frozen=True, eq=False)
class RealPhoto:
    """``pixels`` ``(h, w, 3)`` uint8 RGB, ``polygons`` each ``(n, 2)`` float32 (x, y) in pixels.

    What lies inside the polygons ``unsure`` is not known. ``taught_share``: see `TrainingScene`.
    """

    file: str
    pixels: NDArray[np.uint8]
    polygons: tuple[Polygon, ...]
    unsure: tuple[Polygon, ...] = ()
    taught_share: float = 0.5


def load_masks(folder: Path, validation: bool) -> list[RealPhoto]:
    """The photos of one part of a folder with ``labels.csv`` (file, bbox); those without a polygon are left out."""
    photos = []
    for photo in open_set(folder).photos:
        if is_validation_file(photo.name) != validation:
            continue
        pixels = cv2.imread(str(photo.path))
        if pixels is None:
            continue
        height, width = pixels.shape[:2]
        polygons = tuple(outline[:, ::-1] for outline in outlines_of(photo.truth.polygons, width, height))
        if not polygons:
            continue
        photos.append(RealPhoto(photo.name, np.ascontiguousarray(pixels[:, :, ::-1]), polygons))
    return photos


class RealScenes:
    """Random crops of real photos at random scales."""

    def __init__(self, photos: list[RealPhoto], side: int) -> None:
        self.photos, self.side = photos, side

    @classmethod
    def load(cls, masks: Path, taught: Sequence[Path], side: int) -> RealScenes:
        """The training part of polygon photos, a third of all, and photos labeled by an earlier segmentation."""
        first = [replace(photo, taught_share=_OF_POLYGONS) for photo in load_masks(masks, validation=False)]
        second = [photo for folder in taught for part in (False, True) for photo in load_masks(folder, part)]
        return cls(first * max(1, len(second) // max(len(first), 1) // 2) + second, side)

    def scene(self, rng: np.random.Generator) -> TrainingScene:
        """One crop, turned and scaled, most around a pill."""
        photo = self.photos[int(rng.integers(len(self.photos)))]
        return self.seen(rng, photo, *self._view(rng, photo))

    def _view(self, rng: np.random.Generator, photo: RealPhoto) -> tuple[float, NDArray[np.float64]]:
        """The scale of the crop and its middle (x, y) in the photo."""
        height, width = photo.pixels.shape[:2]
        side = self.side
        polygon = photo.polygons[int(rng.integers(len(photo.polygons)))]
        length = max(cv2.minAreaRect(polygon)[1])
        low, high = np.log(_PILL_PX)
        scale = min(float(np.exp(rng.uniform(low, high))) / max(length, 1.0), _ENLARGED_MAX)
        center = polygon.mean(axis=0) + rng.normal(0, side / 4 / scale, 2)
        if rng.random() < _ANYWHERE:
            center = rng.uniform(0, 1, 2) * [width, height]
        return scale, center

    def seen(
        self,
        rng: np.random.Generator,
        photo: RealPhoto,
        scale: float,
        center: NDArray[np.float64],
        sample: Callable[[NDArray[np.uint8], NDArray[np.float64], float, int], NDArray[np.uint8]] | None = None,
    ) -> TrainingScene:
        """One crop of a photo, turned at random; ``sample`` takes its pixels."""
        side = self.side
        angle = rng.uniform(0, 2 * np.pi) if rng.random() < 0.4 else rng.integers(4) * np.pi / 2
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * scale
        if rng.random() < 0.5:
            turn[0] *= -1
        matrix = np.column_stack([turn, side / 2 - turn @ center])
        pixels = (sample or sampled)(photo.pixels, matrix, scale, side)
        gain = np.exp(rng.normal(0, 0.1, 3) + rng.normal(0, 0.15))
        pixels = np.clip(pixels * gain + rng.normal(0, rng.uniform(0.3, 3), pixels.shape), 0, 255).astype(np.uint8)
        labels = np.zeros((side, side), np.int32)
        cores = np.zeros((side, side), bool)
        for number, polygon in enumerate(photo.polygons, start=1):
            placed = polygon @ turn.T + matrix[:, 2]
            low, high = np.floor(placed.min(axis=0)).astype(int) - 1, np.ceil(placed.max(axis=0)).astype(int) + 2
            if (high <= 0).any() or (low >= side).any():
                continue
            canvas = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
            cv2.fillPoly(canvas, [np.round((placed - low) * 16).astype(np.int32)[:, None]], 1, shift=4)
            whole = canvas > 0
            rows, cols = slice(max(0, low[1]), min(side, high[1])), slice(max(0, low[0]), min(side, high[0]))
            own = slice(rows.start - low[1], rows.stop - low[1]), slice(cols.start - low[0], cols.stop - low[0])
            cores[rows, cols] |= core_of(whole)[own]
            labels[rows, cols][whole[own]] = number
        known = np.ones((side, side), np.uint8)
        for polygon in photo.unsure:
            placed = np.round((polygon @ turn.T + matrix[:, 2]) * 16).astype(np.int32)
            cv2.fillPoly(known, [placed[:, None]], 0, shift=4)
        return TrainingScene(pixels, labels, cores, (known > 0) | (labels > 0), photo.taught_share)


def sampled(source: NDArray[np.uint8], matrix: NDArray[np.float64], scale: float, side: int) -> NDArray[np.uint8]:
    """The crop of the photo."""
    if scale < _BY_AREA_MAX:
        size = max(round(source.shape[1] * scale), 1), max(round(source.shape[0] * scale), 1)
        smaller = cv2.resize(source, size, interpolation=cv2.INTER_AREA)
        back = np.diag([source.shape[1] / smaller.shape[1], source.shape[0] / smaller.shape[0], 1.0])
        source, matrix = np.asarray(smaller, np.uint8), matrix @ back
    crop = cv2.warpAffine(source, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, np.uint8)
