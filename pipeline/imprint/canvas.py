"""The canvas a face is read on: one scale, long axis level, locally normalized, nothing but pill.

Training and reading both go through here, so that the network meets what it has learned. Round and other
compact faces get a square canvas, elongated ones a wide canvas with the long axis level: text on those runs
along or across the axis, and half of a square would be empty.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

# Canvas sizes (height, width) in px: multiples of the network's deepest stride, 32.
COMPACT = (160, 160)
LONG = (128, 224)
# Faces with a longer aspect than this go on the wide canvas. A square turned by 45 degrees still fits the
# compact one at the scale below.
LONG_ASPECT = 1.3
# Aimed at: the square root of the face's area on the canvas, in px. Letters are then 20-40 px high, where the
# network reads best (docs/experiments/reader.md, "One scale").
COMPACT_ROOT_AREA_PX = 136.0
LONG_ROOT_AREA_PX = 150.0
_MARGIN_PX = 3.0
# Local normalization: the mean is taken with this Gaussian, the deviation, at half size, over twice it; the
# deviation's floor keeps the noise of a blank face from growing into letters (gray levels of 0-255).
_MEAN_SIGMA_PX = 9.0
_DEVIATION_FLOOR = 3.0
_CLIP = 3.0

Affine = NDArray[np.float64]


@dataclass(frozen=True)
class Placement:
    """Where a face lies on its canvas: ``to_canvas`` (2, 3) maps the photo's ``(x, y)`` to the canvas's."""

    to_canvas: Affine
    size: tuple[int, int]
    scale: float
    turn_deg: float


def place(outline_xy: NDArray[np.float32]) -> Placement:
    """Place an outline ``(n, 2)`` float32 ``(x, y)`` in the middle of its canvas, long axis level."""
    (center_x, center_y), (side_a, side_b), angle = cv2.minAreaRect(outline_xy)
    length, width = max(side_a, side_b, 1.0), max(min(side_a, side_b), 1.0)
    area = max(float(cv2.contourArea(outline_xy)), 1.0)
    if length / width > LONG_ASPECT:
        size, turn = LONG, angle if side_a >= side_b else angle + 90.0
        turn = (turn + 90.0) % 180.0 - 90.0
        limit = min((size[1] - 2 * _MARGIN_PX) / length, (size[0] - 2 * _MARGIN_PX) / width)
        scale = min(LONG_ROOT_AREA_PX / math.sqrt(area), limit)
    else:
        size, turn = COMPACT, 0.0
        (center_x, center_y), radius = cv2.minEnclosingCircle(outline_xy)
        scale = min(COMPACT_ROOT_AREA_PX / math.sqrt(area), (size[0] - 2 * _MARGIN_PX) / (2 * max(radius, 1.0)))
    return Placement(affine((center_x, center_y), size, scale, turn), size, scale, turn)


def affine(center_xy: tuple[float, float], size: tuple[int, int], scale: float, turn_deg: float) -> Affine:
    """The (2, 3) map that turns by ``turn_deg`` (counter-clockwise as seen), scales, and centers on the canvas."""
    matrix = cv2.getRotationMatrix2D(center_xy, turn_deg, scale).astype(np.float64)
    matrix[:, 2] += np.array([size[1] / 2, size[0] / 2]) - np.array(center_xy)
    return matrix


def warp(
    gray: NDArray[np.uint8], mask: NDArray[np.uint8], placement: Placement
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Bring a gray photo and its face's mask (both ``(h, w)`` uint8, mask 0 or 255) onto the canvas.

    Returns the gray as float32 in 0-255 and the mask as float32 in 0-1.
    """
    height, width = placement.size
    matrix = placement.to_canvas
    if placement.scale < 0.6:  # linear sampling would alias: shrink by area first
        shrink = placement.scale * 1.25
        gray = cv2.resize(gray, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        mask = cv2.resize(mask, (gray.shape[1], gray.shape[0]), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        matrix = matrix @ np.array([[1 / shrink, 0, 0], [0, 1 / shrink, 0], [0, 0, 1]])
    flags = cv2.INTER_CUBIC if placement.scale > 1.5 else cv2.INTER_LINEAR
    canvas = cv2.warpAffine(gray, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return canvas.astype(np.float32), inside.astype(np.float32) / 255.0


def normalize(gray: NDArray[np.float32], inside: NDArray[np.float32]) -> NDArray[np.float32]:
    """Normalize a canvas locally: gray minus its mean over the pill nearby, by its deviation there.

    Args:
        gray: ``(h, w)`` float32, 0-255.
        inside: ``(h, w)`` float32, 1 on the pill.

    Returns:
        ``(2, h, w)`` float32: the normalized gray, clipped to +-3 and 0 off the pill, and the mask.
    """
    weight = _blur(inside) + 1e-3
    centered = (gray - _blur(gray * inside) / weight) * inside
    spread = cv2.resize(inside, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    energy = cv2.resize(centered * centered, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    variance = _blur(energy) / (_blur(spread) + 1e-3)
    deviation = cv2.resize(np.sqrt(np.maximum(variance, 0)), (gray.shape[1], gray.shape[0]))
    normal = np.clip(centered / (deviation + _DEVIATION_FLOOR), -_CLIP, _CLIP) * (inside > 0.5)
    return np.stack([normal, inside]).astype(np.float32)


def _blur(image: NDArray[Any]) -> NDArray[Any]:
    return cv2.GaussianBlur(image, (0, 0), _MEAN_SIGMA_PX)
