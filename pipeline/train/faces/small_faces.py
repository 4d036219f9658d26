"""A face as it comes from a phone or a web page: fewer pixels, shaken, cleaned of noise, sharpened, compressed again.

`as_phones_do` acts on gray pixels, `small_face` on a face cut out of its photo, so that the crop of the small face is
normalized as that of any other.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.draw.camera import through_jpeg
from pipeline.geometry.affine import Affine
from pipeline.geometry.sampling import part_around
from pipeline.records import Photo, PillRegion
from pipeline.train.faces.labeled import filled

Gray = NDArray[np.float32]

# How often each step is taken, and its range; by eye, on sheets beside faces of tfda (docs/experiments/recognizer.md,
# "Run 13").
_SHAKEN, _SHAKE_PX = 0.1, (1.5, 3.0)
_SOFT, _SOFT_PX = 0.5, (0.3, 0.9)
_NOISY, _NOISE = 0.35, (0.7, 4.0)
_CLEANED = 0.25
_SHARPENED, _HALO_PX, _SHARPENING = 0.4, (0.6, 1.6), (0.4, 2.2)
_CODED, _CODED_AGAIN, _QUALITY = 0.75, 0.3, (45, 94)
_ZOOMED, _ZOOM = 0.2, (1.2, 1.7)
_SHRINKING = (cv2.INTER_AREA, cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)
_ENLARGING = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)
# So many px of ground are kept around a face.
_MARGIN_PX = 12


def small_face(
    photo: Photo, region: PillRegion, factor: float, rng: np.random.Generator
) -> tuple[Photo, PillRegion, Affine]:
    """The face alone, as a phone might show it at ``factor`` of its size, and the map from the photo's ``(x, y)``."""
    part = part_around(photo, region, _MARGIN_PX + round(2 / factor), finer=False)
    gray = cv2.cvtColor(np.ascontiguousarray(part.pixels), cv2.COLOR_RGB2GRAY).astype(np.float32)
    height, width = (max(8, round(side * factor)) for side in gray.shape)
    small = as_phones_do(gray, (width, height), rng)
    across, down = width / gray.shape[1], height / gray.shape[0]
    top, left = part.box[:2]
    outline = (region.outline - np.array([top, left]) + 0.5) * np.array([down, across]) - 0.5
    mask = filled(outline[:, ::-1].astype(np.float32), small.shape) > 0
    pixels = np.repeat(np.clip(small, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    moved = np.array([[across, 0.0, (0.5 - left) * across - 0.5], [0.0, down, (0.5 - top) * down - 0.5]], np.float64)
    return Photo(pixels, photo.name), PillRegion(outline.astype(np.float32), mask, 0, 0, region.confidence), moved


def as_phones_do(gray: Gray, size: tuple[int, int], rng: np.random.Generator) -> Gray:
    """Gray pixels ``(h, w)``, 0-255, as a picture of ``size`` ``(width, height)``."""
    shrink = gray.shape[1] / size[0]
    if rng.random() < _SHAKEN:
        gray = _shaken(gray, rng.uniform(*_SHAKE_PX) * shrink, rng.uniform(0, math.pi))
    if rng.random() < _SOFT:
        gray = _plane(cv2.GaussianBlur(gray, (0, 0), rng.uniform(*_SOFT_PX) * shrink))
    if rng.random() < _ZOOMED:
        fewer = rng.uniform(*_ZOOM)
        gray = _resized(gray, (max(6, round(size[0] / fewer)), max(6, round(size[1] / fewer))), _any(_SHRINKING, rng))
        gray = _processed(gray, rng)
    gray = _resized(gray, size, _any(_SHRINKING if gray.shape[1] >= size[0] else _ENLARGING, rng))
    return _processed(gray, rng)


def _processed(gray: Gray, rng: np.random.Generator) -> Gray:
    """What a phone does to its pixels, and who compresses them again."""
    if rng.random() < _NOISY:
        gray = _plane(gray + rng.normal(0, rng.uniform(*_NOISE), gray.shape))
        if rng.random() < _CLEANED / _NOISY:
            gray = _cleaned(gray, rng)
    if rng.random() < _SHARPENED:
        soft = cv2.GaussianBlur(gray, (0, 0), rng.uniform(*_HALO_PX))
        gray = _plane(gray + rng.uniform(*_SHARPENING) * (gray - soft))
    if rng.random() < _CODED:
        gray = _coded(gray, rng)
        if rng.random() < _CODED_AGAIN:
            # Cut out and compressed again: the blocks do not lie on those of before.
            down, right = rng.integers(1, 8, 2)
            around = np.pad(gray, ((down, 0), (right, 0)), mode="edge")
            gray = _coded(around, rng)[down:, right:]
    return gray


def _cleaned(gray: Gray, rng: np.random.Generator) -> Gray:
    """Rid of noise as phones do: fine marks go, edges stay."""
    if rng.random() < 0.5:
        return _plane(cv2.medianBlur(np.clip(gray, 0, 255).astype(np.uint8), 3))
    return _plane(cv2.bilateralFilter(gray, 5, rng.uniform(8, 30), rng.uniform(0.8, 2.0)))


def _coded(gray: Gray, rng: np.random.Generator) -> Gray:
    return _plane(through_jpeg(np.clip(gray, 0, 255).astype(np.uint8), int(rng.integers(*_QUALITY))))


def _shaken(gray: Gray, length_px: float, angle: float) -> Gray:
    """Blurred along a straight line."""
    length = max(2, round(length_px))
    along = np.linspace(-(length - 1) / 2, (length - 1) / 2, 2 * length)
    kernel = np.zeros((length, length), np.float32)
    rows, cols = (np.rint((length - 1) / 2 + along * part).astype(int) for part in (math.sin(angle), math.cos(angle)))
    kernel[rows, cols] = 1.0
    return _plane(cv2.filter2D(gray, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE))


def _any(ways: tuple[int, ...], rng: np.random.Generator) -> int:
    return ways[int(rng.integers(len(ways)))]


def _resized(gray: Gray, size: tuple[int, int], how: int) -> Gray:
    return _plane(cv2.resize(gray, size, interpolation=how))


def _plane(values: object) -> Gray:
    return np.asarray(values, dtype=np.float32)
