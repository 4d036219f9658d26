"""A face's pixels brought onto the frame that a network sees, smoothed first where that makes them fewer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.affine import Affine, composed, mapped, of_part, scale_of
from pipeline.load import detail
from pipeline.records import Box, Photo, PillRegion, Pixels

# The margin around a face that all who look at one keep to: the sharpness of its edge is measured 0.12 of its length
# outside, and that is up to 1.41 times its box's side (``measure.conditions``).
_MARGIN_SHARE, _MARGIN_PX = 0.17, 6
# Of a photo at full size so many pixels are kept at most: 12 MB.
_KEPT_PX_MAX = 4_000_000


@dataclass(frozen=True)
class Sampling:
    """How a network's frame is sampled: what it was trained with, so each network keeps its own.

    Scales are frame pixels for each photo pixel.
    """

    shrink_max: float = 0.0
    """Below this scale the photo is shrunk by areas first, since sampling alone would alias."""

    spare: float = 1.0
    """So many times finer than the frame it stays then."""

    cubic_min: float = float("inf")
    """From this scale on sampled by cubics, below it linearly."""


@dataclass(frozen=True, eq=False)
class PhotoPart:
    """The part of a photo around a face.

    ``pixels`` are ``(h, w, 3)`` uint8 sRGB, ``factor`` of them one pixel of the photo; ``box`` is ``(top, left, bottom,
    right)`` in the photo.
    """

    pixels: Pixels
    box: tuple[int, int, int, int]
    factor: float

    @property
    def to_photo(self) -> Affine:
        """From the part's ``(x, y)`` to the photo's."""
        return of_part(self.box[0], self.box[1], self.factor)


def part_around(photo: Photo, region: PillRegion, margin_px: int, finer: bool) -> PhotoPart:
    """The pixels of a region's box and a margin around it.

    ``finer``: where the photo was reduced, they are decoded again at full size.
    """
    box = _around(photo, region, margin_px)
    if not finer or photo.reduction <= 1.0 or photo.encoded is None:
        return PhotoPart(photo.pixels[box[0] : box[2], box[1] : box[3]], box, 1.0)
    pixels, factor = detail(photo, box)
    return PhotoPart(pixels, box, factor)


def placed(photo: Photo, regions: Sequence[PillRegion]) -> Photo:
    """The photo, told where its faces lie: one decoding at full size then serves all that asks for one of them.

    The smallest faces go first, as far as ``_KEPT_PX_MAX`` allows: large ones are seldom asked for.
    """
    places = [_around(photo, region, _margin_px(region)) for region in sorted(regions, key=lambda region: region.area)]
    sizes_px = [photo.reduction**2 * (bottom - top) * (right - left) for top, left, bottom, right in places]
    kept = [place for place, size_px in zip(places, accumulate(sizes_px), strict=True) if size_px <= _KEPT_PX_MAX]
    return replace(photo, places=tuple(kept))


def _margin_px(region: PillRegion) -> int:
    return math.ceil(_MARGIN_SHARE * int(max(region.mask.shape))) + _MARGIN_PX


def _around(photo: Photo, region: PillRegion, margin_px: int) -> Box:
    """The region's box with a margin around it, as far as the photo goes."""
    height, width = photo.pixels.shape[:2]
    top, left, bottom, right = region.box
    return (
        max(0, top - margin_px),
        max(0, left - margin_px),
        min(height, bottom + margin_px),
        min(width, right + margin_px),
    )


def sample(
    image: NDArray[np.uint8], to_image: Affine, size: tuple[int, int], how: Sampling, border: int
) -> NDArray[np.uint8]:
    """A frame ``(h, w)`` or ``(h, w, 3)`` of an image.

    Args:
        image: ``(rows, cols)`` or ``(rows, cols, 3)`` uint8.
        to_image: from the frame's ``(x, y)`` to the image's.
        size: height and width of the frame.
        how: what the network was trained with.
        border: OpenCV's border mode for what lies outside the image.
    """
    if image.size == 0:
        return np.zeros((*size, *image.shape[2:]), np.uint8)
    scale = 1 / scale_of(to_image)
    if scale < how.shrink_max:
        image, to_smaller = _shrunk(image, scale * how.spare)
        to_image = composed(to_smaller, to_image)
    flags = cv2.WARP_INVERSE_MAP | (cv2.INTER_CUBIC if scale > how.cubic_min else cv2.INTER_LINEAR)
    return np.asarray(cv2.warpAffine(image, to_image, size[::-1], flags=flags, borderMode=border), np.uint8)


def _shrunk(image: NDArray[np.uint8], share: float) -> tuple[NDArray[np.uint8], Affine]:
    """An image at a share of its size, with the map to it."""
    height, width = (max(round(side * share), 1) for side in image.shape[:2])
    smaller = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    across, down = width / image.shape[1], height / image.shape[0]
    return np.asarray(smaller, np.uint8), np.array([[across, 0, across / 2 - 0.5], [0, down, down / 2 - 0.5]])


def cut_to_frame(image: NDArray[np.uint8], to_image: Affine, size: tuple[int, int]) -> tuple[NDArray[np.uint8], Affine]:
    """The part of an image that a frame shows and the map to it from the frame; empty where the frame lies outside."""
    corners = mapped(to_image, np.array([[0, 0], [size[1], 0], [0, size[0]], size[::-1]], np.float64))
    left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 2, 0)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int) + 3
    part = image[top : max(bottom, top + 1), left : max(right, left + 1)]
    return part, to_image - np.array([[0, 0, left], [0, 0, top]])


def blurred(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """An image blurred by 0.4 pixels of a frame of that scale, so that a strong reduction turns no grain into marks."""
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), 0.4 / scale), np.uint8)
