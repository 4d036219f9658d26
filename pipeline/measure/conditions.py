"""How well photos show a pill: its size and sharpness in pixels, the light, and what outshines it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.axes import long_box
from pipeline.geometry.lab import lab_of_pixels
from pipeline.geometry.outline import Outline, clockwise, resample
from pipeline.geometry.sampling import part_around
from pipeline.records import Conditions, Photo, PillRegion, Pixels

# How the edge is sampled: the number of places on the outline; how far the profile reaches to either side, as a share
# of the length and in pixels at least; its samples a pixel.
_POINTS, _REACH_SHARE, _REACH_PX_MIN, _PER_PX = 96, 0.12, 4.0, 2
# Lightness must change by so much across the outline, in L*, at so many places; the sharpest quarter tells, since
# elsewhere a rim, a shadow or another pill widens the edge.
_STEP_MIN, _PLACES_MIN, _SHARPEST = 8.0, 8, 0.25
# A pixel is plain white if all three channels reach this level. A photo's brightness is the level that this share of
# its pixels reach.
_WHITE, _BRIGHTER = 250, 0.01
# Brightness is measured on at least this many rows and columns.
_LOOKED_AT = 200
# A face whose area has a smaller root, in pixels, is measured in the photo at its full size, as it is read there.
_ROOT_AREA_PX = 136.0


def conditions_of(photos: Sequence[Photo], faces: Sequence[tuple[Photo, PillRegion]]) -> Conditions:
    """How well the photos show a pill.

    Args:
        photos: all of them.
        faces: those of the pill, each with its photo; none where none was found.

    Raises:
        ValueError: there is no photo.
    """
    brightness = max(_brightness(photo) for photo in photos)
    if not faces:
        return Conditions(brightness)
    figures = [_figures(photo, region) for photo, region in faces]
    edges = [edge for _, edge in figures if edge is not None]
    saturated = max(_saturated(photo, region) for photo, region in faces)
    return Conditions(brightness, max(length for length, _ in figures), min(edges, default=None), saturated)


def _brightness(photo: Photo) -> float:
    """The level that the share ``_BRIGHTER`` of the pixels exceeds, of some in rows and columns."""
    step = max(1, min(photo.pixels.shape[:2]) // _LOOKED_AT)
    red, green, blue = cv2.split(photo.pixels[::step, ::step])
    return float(np.quantile(cv2.max(cv2.max(red, green), blue), 1 - _BRIGHTER))


def _figures(photo: Photo, region: PillRegion) -> tuple[float, float | None]:
    """The face's length and the width of its edge, in pixels of the photo at full size."""
    length = long_box(region.outline[:, ::-1]).length
    reach = max(_REACH_PX_MIN, _REACH_SHARE * length)
    part = part_around(photo, region, math.ceil(reach) + 1, finer=math.sqrt(region.area) < _ROOT_AREA_PX)
    outline = (region.outline - np.array(part.box[:2]) + 0.5) * part.factor - 0.5
    edge = _edge_px(part.pixels, outline.astype(np.float32), reach * part.factor)
    finer = photo.reduction / part.factor
    return length * photo.reduction, None if edge is None else edge * finer


def _edge_px(pixels: Pixels, outline: Outline, reach_px: float) -> float | None:
    """How wide the edge is: the lightness's change across the outline by its steepest pixel; None where it is faint."""
    points = resample(clockwise(outline), _POINTS)
    along = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    outward = np.stack([-along[:, 1], along[:, 0]], axis=1)
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
    offsets = np.arange(-round(reach_px * _PER_PX), round(reach_px * _PER_PX) + 1) / _PER_PX
    profile = _lightness(pixels, points[:, None] + outward[:, None] * offsets[None, :, None])
    change = np.ptp(profile, axis=1)
    steepest = np.abs(np.diff(profile, axis=1)).max(axis=1) * _PER_PX
    clear = change > _STEP_MIN
    if np.count_nonzero(clear) < _PLACES_MIN:
        return None
    return float(np.quantile(change[clear] / steepest[clear], _SHARPEST))


def _lightness(pixels: Pixels, places: NDArray[np.float64]) -> NDArray[np.float32]:
    """CIELAB L* at the places ``(n, m, 2)``, ``(n, m)``."""
    at = places.astype(np.float32)
    sampled = cv2.remap(pixels, at[..., 1], at[..., 0], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return lab_of_pixels(np.asarray(sampled, np.uint8))[..., 0]


def _saturated(photo: Photo, region: PillRegion) -> float:
    top, left, bottom, right = region.box
    red, green, blue = cv2.split(photo.pixels[top:bottom, left:right])
    inside = np.asarray(cv2.min(cv2.min(red, green), blue))[region.mask]
    return float((inside >= _WHITE).mean()) if inside.size else 0.0
