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
# Where there is no outline, the steepest place of each of so many rows and columns of squares is an edge; they are
# looked for with the photo's longer side at so many pixels, where noise is no edge.
_SQUARES, _SMALL_PX = 8, 256
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
        faces: those of the pill, each with its photo; where none was found the photos themselves are measured.

    Raises:
        ValueError: there is no photo.
    """
    brightness = max(_brightness(photo) for photo in photos)
    figures = [_figures(photo, region) for photo, region in faces] or [_photo_figures(photo) for photo in photos]
    edges = [edge for _, edge in figures if edge is not None]
    saturated = max((_saturated(photo, region) for photo, region in faces), default=0.0)
    return Conditions(brightness, max(length for length, _ in figures), min(edges, default=None), saturated)


def _brightness(photo: Photo) -> float:
    """The level that the share ``_BRIGHTER`` of the pixels exceeds, of some in rows and columns."""
    step = max(1, min(photo.pixels.shape[:2]) // _LOOKED_AT)
    red, green, blue = cv2.split(photo.pixels[::step, ::step])
    return float(np.quantile(cv2.max(cv2.max(red, green), blue), 1 - _BRIGHTER))


def _photo_figures(photo: Photo) -> tuple[float, float | None]:
    """A photo's longer side and the width of its sharpest edges, None where it shows none, in pixels at full size."""
    pixels = photo.pixels
    long_px = max(pixels.shape[:2])
    factor = min(1.0, _SMALL_PX / long_px)
    size = (math.ceil(pixels.shape[1] * factor), math.ceil(pixels.shape[0] * factor))
    small = cv2.cvtColor(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    across = np.stack([cv2.Scharr(small, cv2.CV_32F, 0, 1), cv2.Scharr(small, cv2.CV_32F, 1, 0)], axis=-1)
    steepness = np.linalg.norm(across, axis=2)
    places = []
    for rows in np.array_split(np.arange(size[1]), _SQUARES):
        for cols in np.array_split(np.arange(size[0]), _SQUARES):
            square = steepness[np.ix_(rows, cols)]
            if square.size:
                row, col = np.unravel_index(np.argmax(square), square.shape)
                places.append((rows[row], cols[col]))
    at = tuple(np.array(places).T)
    directions = across[at] / np.maximum(steepness[at], 1e-9)[:, None]
    points = (np.array(places) + 0.5) * (np.array(pixels.shape[:2]) / size[::-1]) - 0.5
    edge = _width_px(pixels, points, directions, max(_REACH_PX_MIN, _REACH_SHARE * long_px))
    return long_px * photo.reduction, None if edge is None else edge * photo.reduction


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
    return _width_px(pixels, points, outward, reach_px)


def _width_px(
    pixels: Pixels, points: NDArray[np.floating], across: NDArray[np.floating], reach_px: float
) -> float | None:
    """How wide edges at ``points`` ``(n, 2)`` are along the unit vectors ``across`` ``(n, 2)``, both (row, col)."""
    offsets = np.arange(-round(reach_px * _PER_PX), round(reach_px * _PER_PX) + 1) / _PER_PX
    profile = _lightness(pixels, points[:, None] + across[:, None] * offsets[None, :, None])
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
