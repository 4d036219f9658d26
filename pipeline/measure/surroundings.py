"""What is seen beside a pill and tells the light on it: the ground around it, and the whole photo."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.lab import LUMINANCE, Linear, linear_of_pixels
from pipeline.records import Box, Photo, PillRegion

_GROUND_NEAR, _GROUND_FAR = 0.08, 0.45
"""The ground is taken between these shares of the pill's length outside the outline: past the blur of the edge, and
near enough to lie in the same light."""

_BESIDE_PX = 4
"""Where that ring leaves hardly a pixel of what the camera saw, as in a strip that the pill fills from edge to edge,
the ground is taken from here on, past the blur alone."""

GROUND_PX_MIN = 30
"""Of fewer pixels no color of a ground is told."""

_GROUND_PX_MAX = 4000

_SCENE_PX = 64
"""The whole photo is sampled on a grid of about so many points a side."""

_LIGHTEST_SHARE = 0.02
"""Of the photo outside the pill, by luminance: past single glints, and as small as a strip of paper."""


def ground_pixels(
    photo: Photo, region: PillRegion, pills: Sequence[PillRegion], shown: Box | None
) -> NDArray[np.uint8]:
    """Up to 4,000 pixels in a ring around the pill, ``(n, 3)`` uint8; hardly any where the pill fills the photo."""
    top, left, bottom, right = region.box
    length = max(bottom - top, right - left)
    far = max(round(_GROUND_FAR * length), 4)
    first, start, end, last = shown or (0, 0, *photo.pixels.shape[:2])
    y0, x0, y1, x1 = max(top - far, first), max(left - far, start), min(bottom + far, end), min(right + far, last)
    step = max(round(((y1 - y0) * (x1 - x0) / (4 * _GROUND_PX_MAX)) ** 0.5), 1)
    taken = np.zeros((y1 - y0, x1 - x0), np.uint8)
    for each in (region, *pills):
        lay(each, taken, y0, x0)
    pixels = photo.pixels[y0:y1:step, x0:x1:step]
    around = pixels[_beyond(taken[::step, ::step], _GROUND_NEAR * length / step)]
    if len(around) >= GROUND_PX_MIN or not region.is_outlined:
        return around
    return pixels[_beyond(taken[::step, ::step], _BESIDE_PX / step)]


def _beyond(taken: NDArray[np.uint8], reach_px: float) -> NDArray[np.bool_]:
    """Where nothing that is taken lies within ``reach_px``."""
    side = 2 * max(round(reach_px), 1) + 1
    return np.asarray(cv2.dilate(taken, np.ones((side, side), np.uint8)) == 0)


def lay(region: PillRegion, window: NDArray[np.uint8], top: int, left: int) -> None:
    """Mark a pill in a window of the photo whose corner is at ``top``, ``left``, as far as it lies in it."""
    y0, x0, y1, x1 = region.box
    rows = slice(max(y0 - top, 0), max(y1 - top, 0))
    columns = slice(max(x0 - left, 0), max(x1 - left, 0))
    seen = window[rows, columns]
    above, aside = max(top - y0, 0), max(left - x0, 0)
    seen |= region.mask[above : above + seen.shape[0], aside : aside + seen.shape[1]]


def scene_of(photo: Photo, region: PillRegion, shown: Box | None = None) -> Linear:
    """Linear RGB of the photo, or its part ``shown``, outside a face: of its lightest part, and of all; ``(2, 3)``."""
    first, start, end, last = shown or (0, 0, *photo.pixels.shape[:2])
    sides = ((first, end), (start, last))
    rows, columns = (np.unique(np.linspace(low, high - 1, _SCENE_PX).round().astype(int)) for low, high in sides)
    top, left, bottom, right = region.box
    inside = np.zeros((len(rows), len(columns)), bool)
    own_rows, own_columns = (rows >= top) & (rows < bottom), (columns >= left) & (columns < right)
    inside[np.ix_(own_rows, own_columns)] = region.mask[np.ix_(rows[own_rows] - top, columns[own_columns] - left)]
    pixels = photo.pixels[np.ix_(rows, columns)]
    linear = linear_of_pixels(pixels[~inside] if not inside.all() else pixels.reshape(-1, 3))
    count = max(round(_LIGHTEST_SHARE * len(linear)), 1)
    lightest = np.argpartition(linear @ LUMINANCE, -count)[-count:]
    return np.stack([linear[lightest].mean(axis=0), linear.mean(axis=0)])


def in_unknown_light(whole: Linear) -> tuple[Linear, Linear]:
    """The ``ground`` ``(..., 3, 3)`` and ``scene`` ``(..., 2, 3)`` that stand for none seen.

    ``whole`` is ``(..., 5, 3)``, the samples of faces beside which nothing is seen.

    Gray: a corrected color is then the color as seen. As light as the face's middle, and the lightest thing as light as
    its lightest place: beside the white half of a capsule the other one is brown, where alone it may be a dark orange.
    """
    middle, lightest = (np.repeat((whole[..., place, :] @ LUMINANCE)[..., None], 3, axis=-1) for place in (2, 4))
    return np.repeat(middle[..., None, :], 3, axis=-2), np.stack([lightest, middle], axis=-2)
