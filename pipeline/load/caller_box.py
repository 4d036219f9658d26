"""A caller's box of a photo, in pixels of the full size, as a box of the photo as it was loaded."""

from __future__ import annotations

import math

from pipeline.errors import InputError
from pipeline.records import Box, Photo

PhotoBox = tuple[float, float, float, float]
"""``(x, y, width, height)`` in pixels of a photo at its full size, upright: x from the left, y from the top."""

# Shortest side, in pixels of the full size: below it there is no room for an outline.
_SIDE_PX_MIN = 16


def box_of(photo: Photo, region: PhotoBox) -> Box:
    """The box in pixels of ``photo.pixels``, what lies outside the photo cut off.

    Raises:
        InputError: it is no box, or too little of it lies in the photo; the message says how large the photo is.
    """
    numbers = tuple(region)
    if len(numbers) != 4 or not all(math.isfinite(number) for number in numbers):
        raise InputError(f"{photo.name}: the region {region} is no box; say x, y, width and height in pixels")
    x, y, wide, high = numbers
    height, width = (round(side * photo.reduction) for side in photo.pixels.shape[:2])
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + wide, width), min(y + high, height)
    if min(right - left, bottom - top) < _SIDE_PX_MIN:
        raise InputError(
            f"{photo.name}: of the region {x:g},{y:g},{wide:g},{high:g} (x, y, width, height) less than {_SIDE_PX_MIN} "
            f"pixels lie in the photo of {width} x {height}; give a box around the pill, in pixels of the full photo"
        )
    rows, cols = photo.pixels.shape[:2]
    first = math.floor(top / photo.reduction), math.floor(left / photo.reduction)
    end = math.ceil(bottom / photo.reduction), math.ceil(right / photo.reduction)
    return first[0], first[1], min(end[0], rows), min(end[1], cols)
