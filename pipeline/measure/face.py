"""One face brought to one size and turn, the form in which the face network and the line search look at it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.affine import Affine
from pipeline.geometry.axes import Axes
from pipeline.geometry.contrast import LocalContrast, normalized
from pipeline.geometry.lab import lab_of_pixels
from pipeline.geometry.sampling import Sampling, cut_to_frame, sample
from pipeline.records import Photo, PillRegion

VIEW_PX = 96
"""Side of the normalized view. Debossed strokes of a 3 mm text on a 10 mm tablet are 3-4 px wide there."""

_FILL = 0.92
"""Share of the view that the pill's longest side fills, so that the rim and its shadow stay in sight."""

OBLONG_MIN = 1 / 0.93
"""Length over width from which on a face has a long axis to turn by; rounder ones keep the photo's turn."""

_SAMPLING = Sampling(shrink_max=1.0)
_CONTRAST = LocalContrast(mean_sigma_px=3.0, deviation_sigma_px=12.0, deviation_floor=1.0)
"""The floor is in CIELAB lightness: JPEG noise on the reference photos' blank faces is 0.5-1.0."""


@dataclass(frozen=True, eq=False)
class FaceView:
    """A face cut out, turned so that its long axis lies level, and scaled to ``VIEW_PX``.

    ``pixels`` is ``(VIEW_PX, VIEW_PX, 3)`` uint8 sRGB, ``mask`` ``(VIEW_PX, VIEW_PX)`` bool. ``to_photo``
    is ``(2, 3)`` float64 and maps ``(x, y, 1)`` of the view to ``(x, y)`` of the photo.
    """

    pixels: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    to_photo: Affine


def face_view(photo: Photo, region: PillRegion, axes: Axes) -> FaceView:
    """Cut out, turn and scale one face; ``axes`` are the region's."""
    angle = -math.radians(axes.axis_deg) if axes.is_oblong(OBLONG_MIN) else 0.0
    along = np.array([math.cos(angle), math.sin(angle)])
    across = np.array([-along[1], along[0]])
    points = region.outline[:, ::-1].astype(np.float64)
    reach = [(float((points @ d).min()), float((points @ d).max())) for d in (along, across)]
    center = sum((sum(r) / 2 * d for r, d in zip(reach, (along, across), strict=True)), np.zeros(2))
    px_per_view = max(max(high - low for low, high in reach), 8.0) / (_FILL * VIEW_PX)
    middle = (VIEW_PX - 1) / 2
    linear = np.stack([along, across], axis=1) * px_per_view
    to_photo = np.concatenate([linear, (center - linear @ [middle, middle])[:, None]], axis=1)
    pixels = _on_view(photo.pixels, to_photo, cv2.BORDER_REPLICATE)
    padded = np.pad(region.mask.astype(np.uint8) * 255, 1)
    shifted = to_photo - np.array([[0, 0, region.left - 1], [0, 0, region.top - 1]])
    mask = _on_view(padded, shifted, cv2.BORDER_CONSTANT) > 127
    return FaceView(pixels, mask, to_photo)


def _on_view(image: NDArray[np.uint8], to_image: Affine, border: int) -> NDArray[np.uint8]:
    part, to_part = cut_to_frame(image, to_image, (VIEW_PX, VIEW_PX))
    return sample(part, to_part, (VIEW_PX, VIEW_PX), _SAMPLING, border)


def network_input(view: FaceView) -> NDArray[np.float32]:
    """The five planes the face network sees, ``(5, VIEW_PX, VIEW_PX)`` float32, 0 outside the pill.

    Local detail of the lightness (its local mean taken off, divided by its local deviation), then lightness,
    a and b less their medians in units of 25, then the mask. Absolute color is left out: it is the light's.
    """
    lab = lab_of_pixels(view.pixels)
    mask = view.mask.astype(np.float32)
    if not view.mask.any():
        return np.zeros((5, VIEW_PX, VIEW_PX), np.float32)
    local = normalized(np.ascontiguousarray(lab[..., 0]), mask, _CONTRAST)
    tones = (lab - np.median(lab[view.mask], axis=0)) / 25 * mask[..., None]
    return np.concatenate([local[None], np.clip(tones, -3, 3).transpose(2, 0, 1), mask[None]]).astype(np.float32)
