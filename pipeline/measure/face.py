"""One face brought to one size and turn, the form in which the face network and the line search look at it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.records import Photo, PillRegion

VIEW_PX = 96
"""Side of the normalized view. Debossed strokes of a 3 mm text on a 10 mm tablet are 3-4 px wide there."""

_FILL = 0.92
"""Share of the view that the pill's longest side fills, so that the rim and its shadow stay in sight."""

_TURN_BELOW_ASPECT = 0.93
"""Faces rounder than this have no long axis to turn by; they keep the photo's turn."""

_DETAIL_SIGMA_PX = 3.0
_CONTRAST_SIGMA_PX = 12.0
_MIN_CONTRAST_L = 1.0
"""Lightness deviation below which detail is noise; JPEG noise on the reference photos' blank faces is 0.5-1.0."""


@dataclass(frozen=True, eq=False)
class Axes:
    """Figures of a region: center ``(row, col)``, axes' full lengths in px, the long axis' turn, and solidity."""

    center: tuple[float, float]
    axis_major_length_px: float
    axis_minor_length_px: float
    axis_deg: float
    solidity: float


@dataclass(frozen=True, eq=False)
class FaceView:
    """A face cut out, turned so that its long axis lies level, and scaled to ``VIEW_PX``.

    ``pixels`` is ``(VIEW_PX, VIEW_PX, 3)`` uint8 sRGB, ``mask`` ``(VIEW_PX, VIEW_PX)`` bool. ``to_photo``
    is ``(2, 3)`` float64 and maps ``(x, y, 1)`` of the view to ``(x, y)`` of the photo.
    """

    pixels: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    to_photo: NDArray[np.float64]


def axes_of(region: PillRegion) -> Axes:
    """Center and axes of the ellipse with the region's second moments, as scikit-image's regionprops gives them."""
    moments = cv2.moments(region.mask.astype(np.uint8), binaryImage=True)
    area = moments["m00"]
    if area <= 0:
        raise ValueError("the pill region is empty")
    col, row = moments["m10"] / area + region.left, moments["m01"] / area + region.top
    # 1/12 is the second moment of one square pixel.
    xx, yy, xy = moments["mu20"] / area + 1 / 12, moments["mu02"] / area + 1 / 12, moments["mu11"] / area
    spread = math.hypot(xx - yy, 2 * xy)
    major = 4 * math.sqrt((xx + yy + spread) / 2)
    minor = 4 * math.sqrt(max((xx + yy - spread) / 2, 1 / 12))
    # The image's y runs down, a turn is counter-clockwise as seen: hence the sign.
    turn_deg = -math.degrees(0.5 * math.atan2(2 * xy, xx - yy))
    contour = region.outline[:, ::-1].astype(np.float32)
    hull_area = cv2.contourArea(cv2.convexHull(contour))
    solidity = min(cv2.contourArea(contour) / hull_area, 1.0) if hull_area > 0 else 1.0
    return Axes((row, col), major, minor, turn_deg, solidity)


def face_view(photo: Photo, region: PillRegion, axes: Axes) -> FaceView:
    """Cut out, turn and scale one face; ``axes`` are the region's."""
    is_round = axes.axis_minor_length_px > _TURN_BELOW_ASPECT * axes.axis_major_length_px
    angle = 0.0 if is_round else -math.radians(axes.axis_deg)
    along = np.array([math.cos(angle), math.sin(angle)])
    across = np.array([-along[1], along[0]])
    points = region.outline[:, ::-1].astype(np.float64)
    reach = [(float((points @ d).min()), float((points @ d).max())) for d in (along, across)]
    center = sum((sum(r) / 2 * d for r, d in zip(reach, (along, across), strict=True)), np.zeros(2))
    px_per_view = max(max(high - low for low, high in reach), 8.0) / (_FILL * VIEW_PX)
    middle = (VIEW_PX - 1) / 2
    linear = np.stack([along, across], axis=1) * px_per_view
    to_photo = np.concatenate([linear, (center - linear @ [middle, middle])[:, None]], axis=1)
    pixels = _sample(photo.pixels, to_photo, px_per_view, cv2.BORDER_REPLICATE)
    padded = np.pad(region.mask.astype(np.uint8) * 255, 1)
    shifted = to_photo - np.array([[0, 0, region.left - 1], [0, 0, region.top - 1]])
    mask = _sample(padded, shifted, px_per_view, cv2.BORDER_CONSTANT) > 127
    return FaceView(pixels, mask, to_photo)


def _sample(
    image: NDArray[np.uint8], to_image: NDArray[np.float64], px_per_view: float, border: int
) -> NDArray[np.uint8]:
    """Warp to the view; where that shrinks, average first, since warpAffine alone would alias."""
    corners = to_image @ np.array([[0, VIEW_PX, 0, VIEW_PX], [0, 0, VIEW_PX, VIEW_PX], [1, 1, 1, 1]], np.float64)
    left, top = np.maximum(np.floor(corners.min(axis=1)).astype(int) - 2, 0)
    right, bottom = np.ceil(corners.max(axis=1)).astype(int) + 3
    part = image[top : max(bottom, top + 1), left : max(right, left + 1)]
    if part.size == 0:
        return np.zeros((VIEW_PX, VIEW_PX, *image.shape[2:]), np.uint8)
    shrink = max(px_per_view, 1.0)
    height, width = (max(round(side / shrink), 1) for side in part.shape[:2])
    if shrink > 1.0:
        sx, sy = width / part.shape[1], height / part.shape[0]
        part = np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    else:
        sx = sy = 1.0
    # Pixel centers: x_part = (x + 0.5 - left) * sx - 0.5.
    matrix = np.diag([sx, sy]) @ to_image
    matrix[:, 2] += [(0.5 - left) * sx - 0.5, (0.5 - top) * sy - 0.5]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(part, matrix, (VIEW_PX, VIEW_PX), flags=flags, borderMode=border)
    return np.asarray(warped, np.uint8)


def network_input(view: FaceView) -> NDArray[np.float32]:
    """The five planes the face network sees, ``(5, VIEW_PX, VIEW_PX)`` float32, 0 outside the pill.

    Local detail of the lightness (its local mean taken off, divided by its local deviation), then lightness,
    a and b less their medians in units of 25, then the mask. Absolute color is left out: it is the light's.
    """
    lab = cv2.cvtColor(view.pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    mask = view.mask.astype(np.float32)
    if not view.mask.any():
        return np.zeros((5, VIEW_PX, VIEW_PX), np.float32)
    lightness = np.asarray(lab[..., 0], np.float32)
    detail = (lightness - _masked_blur(lightness, mask, _DETAIL_SIGMA_PX)) * mask
    contrast = np.sqrt(_masked_blur(detail * detail, mask, _CONTRAST_SIGMA_PX))
    local = np.clip(detail / (contrast + _MIN_CONTRAST_L), -3, 3)
    tones = (lab - np.median(lab[view.mask], axis=0)) / 25 * mask[..., None]
    return np.concatenate([local[None], np.clip(tones, -3, 3).transpose(2, 0, 1), mask[None]]).astype(np.float32)


def _masked_blur(image: NDArray[np.float32], mask: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    """Gaussian mean over the pill's pixels only."""
    weight = cv2.GaussianBlur(mask, (0, 0), sigma_px)
    return np.asarray(cv2.GaussianBlur(image * mask, (0, 0), sigma_px) / np.maximum(weight, 1e-3), np.float32)
