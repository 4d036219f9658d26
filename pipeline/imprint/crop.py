"""The pill crop every reader starts from: one size, locally normalized, nothing but pill."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.affine import Affine, composed, inverse, mapped, scale_of
from pipeline.geometry.axes import long_box
from pipeline.geometry.contrast import LocalContrast, normalized
from pipeline.geometry.sampling import Sampling, blurred, part_around, sample
from pipeline.records import Mask, Photo, PillRegion
from pipeline.settings import CropSettings

# Length over width from which on a face is laid level by its long axis.
OBLONG_MIN = 1.15
_SAMPLING = Sampling(cubic_min=0.0)
# Crop pixels for each photo pixel below which the photo is blurred first.
_BLURRED_MAX = 0.5


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
    matrix: Affine
    turn_deg: float = 0.0

    def __post_init__(self) -> None:
        for array in (self.gray, self.mask, self.matrix):
            array.setflags(write=False)

    @property
    def photo_px(self) -> float:
        """Photo pixels per crop pixel."""
        return scale_of(self.matrix)

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
    short_px = min(region.mask.shape)
    # Cubic sampling, and the smoothing before a strong reduction, need some pixels outside the outline.
    part = part_around(photo, region, 4 + short_px // 100, finer=short_px < settings.short_side_px)
    outline = region.outline[:, ::-1].astype(np.float64)
    forward, (width, height) = _frame(outline, settings, turn_deg)
    part_to_crop = composed(forward, part.to_photo)
    scale = scale_of(part_to_crop)
    pixels = blurred(part.pixels, scale) if scale < _BLURRED_MAX else part.pixels
    gray = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    turned = sample(gray, inverse(part_to_crop), (height, width), _SAMPLING, cv2.BORDER_REPLICATE).astype(np.float32)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.rint(mapped(forward, outline) * 16).astype(np.int32)], 1, shift=4)
    depth = cv2.distanceTransform(cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 3)[1:-1, 1:-1]
    depth = depth / settings.short_side_px - settings.rim
    even = normalized(turned, (depth > 0).astype(np.float32), contrast_of(settings))
    faded = even * np.clip(depth / settings.fade, 0.0, 1.0)
    return Crop(faded.astype(np.float32), mask.astype(np.bool_), inverse(forward), turn_deg)


def long_axis_deg(region: PillRegion) -> float:
    """The direction of the long axis, -90 to 90 degrees counter-clockwise as seen; 0 for faces nearly round."""
    box = long_box(region.outline[:, ::-1])
    return box.axis_deg if box.is_oblong(OBLONG_MIN) else 0.0


def contrast_of(settings: CropSettings) -> LocalContrast:
    """How the crop's gray values are normalized."""
    mean_px, deviation_px = (
        share * settings.short_side_px for share in (settings.mean_sigma, settings.deviation_sigma)
    )
    return LocalContrast(
        mean_sigma_px=mean_px,
        deviation_sigma_px=deviation_px,
        deviation_floor=settings.deviation_floor,
        clip=settings.clip,
        mean_step=max(1, int(mean_px / 4)),
        deviation_step=max(1, int(deviation_px / 4)),
        adds_variance=True,
    )


def _frame(outline: NDArray[np.float64], settings: CropSettings, turn_deg: float) -> tuple[Affine, tuple[int, int]]:
    """The (2, 3) map from photo to crop ``(x, y)`` and the crop's ``(width, height)``."""
    box = long_box(outline)
    scale = min(settings.short_side_px / max(box.width, 1.0), settings.long_side_px_max / max(box.length, 1.0))
    angle = math.radians(turn_deg)
    # Rows point down, so a counter-clockwise turn as seen has the direction (cos, -sin).
    rotation = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    turned = outline @ rotation.T
    pad = settings.margin * settings.short_side_px
    low = turned.min(axis=0) - pad
    high = turned.max(axis=0) + pad
    width, height = (math.ceil(float(side)) for side in high - low)
    return np.column_stack([rotation, -low]), (max(width, 8), max(height, 8))
