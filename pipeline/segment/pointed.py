"""Pills that the caller points at with a box of the photo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pipeline.load import detail
from pipeline.records import Box, Photo, PillRegion
from pipeline.segment.close_up import whole_frame
from pipeline.segment.regions import region_of

# So much around the box is looked at too, as a share of its longer side: a pill is outlined by the ground beside it.
_AROUND = 0.4
# A pill lies in the box with this share of its area, or fills this share of the box.
_SHARE_MIN = 0.5
# Longest side of what is looked at, in pixels: that of a whole photo.
_SIDE_PX_MAX = 2048


def pointed_at(photo: Photo, box: Box, segment: Callable[[Photo], tuple[PillRegion, ...]]) -> tuple[PillRegion, ...]:
    """The pills in a box of the photo, the largest first: those found there, else all of the box as one.

    Args:
        photo: the photo.
        box: ``(top, left, bottom, right)`` in pixels of ``photo.pixels``, inside it.
        segment: what finds the pills of a photo.
    """
    part = _around(photo, box)
    is_fine = photo.reduction * max(part[2] - part[0], part[3] - part[1]) <= _SIDE_PX_MAX
    pixels, factor = detail(photo if is_fine else replace(photo, encoded=None), part)
    corner = np.array(part[:2], np.float32)
    pills = [_in_photo(photo, one, factor, corner) for one in segment(Photo(pixels, photo.name))]
    pointed = [one for one in pills if _is_meant(one, box)]
    return tuple(sorted(pointed, key=lambda one: -one.area)) or (whole_frame(photo, box),)


def _around(photo: Photo, box: Box) -> Box:
    more = round(_AROUND * max(box[2] - box[0], box[3] - box[1]))
    height, width = photo.pixels.shape[:2]
    return max(box[0] - more, 0), max(box[1] - more, 0), min(box[2] + more, height), min(box[3] + more, width)


def _in_photo(
    photo: Photo, one: PillRegion, factor: float, corner: np.ndarray[tuple[int], np.dtype[np.float32]]
) -> PillRegion:
    """A region of the part looked at, in the photo; only the photo's own border cuts it."""
    content = (0, 0, *photo.pixels.shape[:2])
    outline = ((one.outline + 0.5) / factor - 0.5 + corner).astype(np.float32)
    return region_of(photo, outline, content, one.confidence, is_outlined=one.is_outlined)


def _is_meant(one: PillRegion, box: Box) -> bool:
    top, left = max(box[0] - one.top, 0), max(box[1] - one.left, 0)
    common = int(np.count_nonzero(one.mask[top : max(box[2] - one.top, 0), left : max(box[3] - one.left, 0)]))
    area = (box[2] - box[0]) * (box[3] - box[1])
    return common >= _SHARE_MIN * min(one.area, area) and common > 0
