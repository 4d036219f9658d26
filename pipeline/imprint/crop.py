"""The pill crop every reader starts from: one size, locally normalized, nothing but pill."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.load import detail
from pipeline.records import Mask, Photo, PillRegion
from pipeline.settings import CropSettings


@dataclass(frozen=True, eq=False)
class Crop:
    """A pill's face for a reader.

    ``gray`` is ``(h, w)`` float32, gray minus its local mean in local standard deviations, clipped, 0 (neutral)
    wherever it is not pill; ``mask`` is ``(h, w)`` bool. ``matrix`` ``(2, 3)`` float64 maps crop pixels
    ``(x, y, 1)`` to photo pixels ``(x, y)``. ``turn_deg`` is the direction in the photo (counter-clockwise
    as seen) that runs left to right in the crop.
    """

    gray: NDArray[np.float32]
    mask: Mask
    matrix: NDArray[np.float64]
    turn_deg: float = 0.0

    def __post_init__(self) -> None:
        for array in (self.gray, self.mask, self.matrix):
            array.setflags(write=False)

    @property
    def photo_px(self) -> float:
        """Photo pixels per crop pixel."""
        return math.sqrt(abs(float(np.linalg.det(self.matrix[:, :2]))))

    def to_photo(self, row: float, col: float) -> tuple[float, float]:
        """The place in the photo, ``(row, col)``, of a place in the crop."""
        x, y = self.matrix @ (col, row, 1.0)
        return float(y), float(x)

    def image(self) -> NDArray[np.uint8]:
        """``gray`` as ``(h, w)`` uint8 with neutral at 128, as OCR engines want it."""
        image: NDArray[np.uint8] = np.clip(self.gray * 42.0 + 128.0, 0, 255).astype(np.uint8)
        return image


def crop_pill(photo: Photo, region: PillRegion, settings: CropSettings | None = None, turn_deg: float = 0.0) -> Crop:
    """Cut a face out, turned so that ``turn_deg`` runs left to right, its short side ``short_side_px`` long.

    Where the photo was reduced and the pill has fewer pixels than asked for, the place is decoded again at
    full size.
    """
    settings = settings or CropSettings()
    pixels, to_photo = _source(photo, region, settings)
    outline = region.outline[:, ::-1].astype(np.float64)
    forward, (width, height) = _frame(outline, settings, turn_deg)
    backward = cv2.invertAffineTransform(forward).astype(np.float64)
    source_to_crop = _compose(forward, to_photo)
    shrinks = abs(float(np.linalg.det(source_to_crop[:, :2]))) < 0.25
    gray = cv2.cvtColor(_smoothed(pixels, source_to_crop) if shrinks else pixels, cv2.COLOR_RGB2GRAY)
    turned = cv2.warpAffine(
        gray, source_to_crop, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.float32)
    mask = np.zeros((height, width), np.uint8)
    points = outline @ forward[:, :2].T + forward[:, 2]
    cv2.fillPoly(mask, [np.rint(points * 16).astype(np.int32)], 1, shift=4)
    depth = cv2.distanceTransform(cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 3)[1:-1, 1:-1]
    depth = depth / settings.short_side_px - settings.rim
    faded = normalize(turned, depth > 0, settings) * np.clip(depth / settings.fade, 0.0, 1.0)
    return Crop(faded.astype(np.float32), mask.astype(np.bool_), backward, turn_deg)


def long_axis_deg(region: PillRegion) -> float:
    """The direction of the long axis, -90 to 90 degrees counter-clockwise as seen; 0 for faces nearly round."""
    (_, _), (width, height), angle = cv2.minAreaRect(region.outline[:, ::-1])
    if max(width, height) < 1.15 * min(width, height):
        return 0.0
    turn = -angle if width >= height else -angle + 90.0
    return float((turn + 90.0) % 180.0 - 90.0)


def normalize(gray: NDArray[np.float32], mask: Mask, settings: CropSettings | None = None) -> NDArray[np.float32]:
    """Gray minus its local mean over its local deviation, ``(h, w)`` float32, both taken inside the mask only.

    Means are taken inside the mask, so that the ground beside the pill draws no false rim.
    """
    settings = settings or CropSettings()
    short_px = settings.short_side_px
    weight = mask.astype(np.float32)
    mean = _masked_blur(gray, weight, settings.mean_sigma * short_px)
    centered = (gray - mean) * weight
    variance = _masked_blur(centered * centered, weight, settings.deviation_sigma * short_px)
    deviation = np.sqrt(variance + settings.deviation_floor**2)
    result: NDArray[np.float32] = np.clip(centered / deviation, -settings.clip, settings.clip) * weight
    return result.astype(np.float32)


def _source(photo: Photo, region: PillRegion, settings: CropSettings) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The pixels around the region to sample, and the (2, 3) map from their ``(x, y)`` to photo ``(x, y)``."""
    height, width = photo.pixels.shape[:2]
    top, left, bottom, right = region.box
    short_px = min(region.mask.shape)
    # What cubic sampling and smoothing before a strong reduction reach beyond the outline.
    pad = 4 + short_px // 100
    box = (max(0, top - pad), max(0, left - pad), min(height, bottom + pad), min(width, right + pad))
    if photo.reduction > 1.0 and photo.encoded is not None and short_px < settings.short_side_px:
        pixels, factor = detail(photo, box)
    else:
        pixels, factor = photo.pixels[box[0] : box[2], box[1] : box[3]], 1.0
    # A pixel's place is its center: pixel i covers photo ((i + 0.5) / factor) - 0.5.
    shift = 0.5 / factor - 0.5
    return pixels, np.array([[1 / factor, 0, box[1] + shift], [0, 1 / factor, box[0] + shift]])


def _frame(
    outline: NDArray[np.float64], settings: CropSettings, turn_deg: float
) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """The (2, 3) map from photo to crop ``(x, y)`` and the crop's ``(width, height)``."""
    (_, _), sides, _ = cv2.minAreaRect(outline.astype(np.float32))
    scale = min(settings.short_side_px / max(min(sides), 1.0), settings.long_side_max_px / max(max(sides), 1.0))
    angle = math.radians(turn_deg)
    # Rows point down, so a counter-clockwise turn as seen has the direction (cos, -sin).
    rotation = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    turned = outline @ rotation.T
    pad = settings.margin * settings.short_side_px
    low = turned.min(axis=0) - pad
    high = turned.max(axis=0) + pad
    width, height = (math.ceil(float(side)) for side in high - low)
    return np.column_stack([rotation, -low]), (max(width, 8), max(height, 8))


def _compose(outer: NDArray[np.float64], inner: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = outer[:, :2] @ inner[:, :2]
    return np.column_stack([linear, outer[:, :2] @ inner[:, 2] + outer[:, 2]])


def _smoothed(pixels: NDArray[np.uint8], matrix: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Blur before a strong reduction, so that grain does not alias into marks."""
    scale = math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), 0.4 / scale), dtype=np.uint8)


def _masked_blur(values: NDArray[np.float32], weight: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Gaussian mean of the values under the weights; a quarter-size box pyramid keeps wide sigmas cheap."""
    step = max(1, int(sigma / 4))
    height, width = values.shape
    size = (max(1, width // step), max(1, height // step))
    total = cv2.GaussianBlur(cv2.resize(values * weight, size, interpolation=cv2.INTER_AREA), (0, 0), sigma / step)
    share = cv2.GaussianBlur(cv2.resize(weight, size, interpolation=cv2.INTER_AREA), (0, 0), sigma / step)
    mean = total / np.maximum(share, 1e-6)
    return np.asarray(cv2.resize(mean, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)
