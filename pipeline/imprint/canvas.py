"""The canvas a face is read on: one scale, long axis level, locally normalized, nothing but pill.

Training and reading both go through here, so that the network meets what it has learned. Round and other
compact faces get a square canvas, elongated ones a wide canvas with the long axis level: text on those runs
along or across the axis, and half of a square would be empty.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.affine import Affine, composed, inverse, turned_into
from pipeline.geometry.axes import long_box
from pipeline.geometry.contrast import LocalContrast, normalized
from pipeline.geometry.sampling import Sampling, part_around, sample
from pipeline.records import Photo, PillRegion

# Canvas sizes (height, width) in px: multiples of the network's deepest stride, 32.
COMPACT = (160, 160)
LONG = (128, 224)
# Faces of a greater length over width than this go on the wide canvas. A square turned by 45 degrees still fits the
# compact one at the scale below.
OBLONG_MIN = 1.3
# The face is scaled so that the square root of its area on the canvas has this value, in px. Letters are then 20-40 px
# high, where the network reads best (docs/experiments/reader.md, "One scale").
COMPACT_ROOT_AREA_PX = 136.0
LONG_ROOT_AREA_PX = 150.0
_MARGIN_PX = 3.0
# The photo around a face that goes onto the canvas, as a share of the longer side of its box.
MARGIN_SHARE = 0.06
# The floor keeps the noise of a blank face from growing into letters; gray levels of 0-255.
_CONTRAST = LocalContrast(
    mean_sigma_px=9.0, deviation_sigma_px=18.0, deviation_floor=3.0, deviation_step=2, weight_floor=1e-3
)
_SAMPLING = Sampling(shrink_max=0.6, spare=1.25, cubic_min=1.5)
_MASK_SAMPLING = Sampling(shrink_max=0.6, spare=1.25)


@dataclass(frozen=True)
class Placement:
    """Where a face lies on its canvas: ``to_canvas`` (2, 3) maps the photo's ``(x, y)`` to the canvas's."""

    to_canvas: Affine
    size: tuple[int, int]
    scale: float
    turn_deg: float


def place(outline_xy: NDArray[np.float32]) -> Placement:
    """Place an outline ``(n, 2)`` float32 ``(x, y)`` in the middle of its canvas, long axis level."""
    box = long_box(outline_xy)
    center, length, width = box.center_xy, max(box.length, 1.0), max(box.width, 1.0)
    area = max(float(cv2.contourArea(outline_xy)), 1.0)
    if length > OBLONG_MIN * width:
        size, turn = LONG, (90.0 - box.axis_deg) % 180.0 - 90.0
        limit = min((size[1] - 2 * _MARGIN_PX) / length, (size[0] - 2 * _MARGIN_PX) / width)
        scale = min(LONG_ROOT_AREA_PX / math.sqrt(area), limit)
    else:
        size, turn = COMPACT, 0.0
        (center_x, center_y), radius = cv2.minEnclosingCircle(outline_xy)
        center = float(center_x), float(center_y)
        scale = min(COMPACT_ROOT_AREA_PX / math.sqrt(area), (size[0] - 2 * _MARGIN_PX) / (2 * max(radius, 1.0)))
    return Placement(turned_into(center, size, scale, turn), size, scale, turn)


def warp(
    gray: NDArray[np.uint8], mask: NDArray[np.uint8], to_canvas: Affine, size: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Bring a gray photo and its face's mask (both ``(h, w)`` uint8, mask 0 or 255) onto the canvas.

    Returns the gray as float32 in 0-255 and the mask as float32 in 0-1.
    """
    back = inverse(to_canvas)
    canvas = sample(gray, back, size, _SAMPLING, cv2.BORDER_REPLICATE)
    inside = sample(mask, back, size, _MASK_SAMPLING, cv2.BORDER_CONSTANT)
    return canvas.astype(np.float32), inside.astype(np.float32) / 255.0


def normalize(gray: NDArray[np.float32], inside: NDArray[np.float32]) -> NDArray[np.float32]:
    """Normalize a canvas locally: gray minus its mean over the pill nearby, by its deviation there.

    Args:
        gray: ``(h, w)`` float32, 0-255.
        inside: ``(h, w)`` float32, 1 on the pill.

    Returns:
        ``(2, h, w)`` float32: the normalized gray, clipped to +-3 and 0 off the pill, and the mask.
    """
    return np.stack([normalized(gray, inside, _CONTRAST) * (inside > 0.5), inside]).astype(np.float32)


def face_canvas(photo: Photo, region: PillRegion) -> tuple[NDArray[np.float32], Placement]:
    """The region's canvas ``(2, h, w)``, from the full size where that helps, and where ``photo.pixels`` lie on it."""
    placement = place(region.outline[:, ::-1].astype(np.float32))
    top, left, bottom, right = region.box
    margin = round(MARGIN_SHARE * max(bottom - top, right - left)) + 2
    part = part_around(photo, region, margin, finer=placement.scale > 1.0)
    above, before, below, after = part.box
    mask = np.zeros((below - above, after - before), np.uint8)
    mask[top - above : bottom - above, left - before : right - before] = region.mask * np.uint8(255)
    if part.factor != 1.0:
        mask = np.asarray(cv2.resize(mask, part.pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.uint8)
    gray = np.asarray(cv2.cvtColor(np.ascontiguousarray(part.pixels), cv2.COLOR_RGB2GRAY), np.uint8)
    canvas, inside = warp(gray, mask, composed(placement.to_canvas, part.to_photo), placement.size)
    return normalize(canvas, inside), placement
