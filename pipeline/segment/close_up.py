"""Close-ups and crops: a pill that fills the photo, so that no ground is seen around it and its outline is unknown.

The network takes such a photo for ground, or the counters of its letters for pills. With a plain gray ground laid
around the photo it sees the pill (docs/field.md, "Crops and close-ups").
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from pipeline.geometry.lab import lab_of_pixels
from pipeline.geometry.outline import Outline, clockwise
from pipeline.records import Box, Photo, PillRegion, Pixels
from pipeline.segment.instances import Instance, instances
from pipeline.segment.pill_maps import MapsPills
from pipeline.segment.pill_or_not import JudgesRegions
from pipeline.segment.regions import region_of

# The photo's long side and the ground beside it, in pixels of the look: the first look's 256 in all.
_PHOTO_PX, _GROUND_PX = 150, 53
# The ground: the gray of registers' photos, with the grain of a camera.
_GRAY, _GRAIN = 128, 2.0
# A pill that fills the photo covers so much of it; what is smaller, an ordinary look finds.
_SHARE_MIN = 0.5
# Mean chance of its map pixels from which on it is a pill; a fruit and an eye that fill a picture have less
# (docs/field.md, "Crops and close-ups").
_CHANCE_MIN = 0.98
# Smallest area of an instance, in map pixels.
_AREA_MIN = 12.0
# Regions of the color of what is around them, within this CIELAB distance, may be marks on a pill.
_MARK_DISTANCE_MAX = 12.0
# So many rows and columns of a photo tell its color.
_SAMPLES = 64
# A photo whose short side is smaller is a piece that a program cut out: a pill of 100 pixels has no room in it.
_PIECE_PX_MAX = 100
# What is larger and shows text alone is a photo of a sign or a page: a pill as large is seen by an ordinary look or by
# that on plain ground (of 500 crops of registers' photos five are seen by neither, up to 160 pixels; docs/field.md).
_CUT_OUT_PX_MAX = 400
# What remains of a surface's gray levels, at the middle pixel, once a median of 5 x 5 pixels is taken off: a camera's
# noise, and no texture.
_GRAIN_MAX = 3.0
# Two gray levels make up more of what is drawn in plain colors than of any photo (at most 0.25 of `consumer`'s pieces).
_TWO_LEVELS_MAX = 0.9


class CloseUp:
    """Finds the pill that fills a photo.

    Args:
        maps: the network of reference photos, whose ground is laid around the photo.
        judge: what tells how likely a region is a pill at all; asked where nothing else was found.
        pill_min: how likely it must be.
    """

    def __init__(self, maps: MapsPills, judge: JudgesRegions, pill_min: float) -> None:
        self._maps, self._judge, self._pill_min = maps, judge, pill_min

    def __call__(self, photo: Photo, box: Box, parts: Sequence[PillRegion] = ()) -> PillRegion | None:
        """The pill that fills ``box`` of the photo, cut by its border as a rule; None where none is seen.

        Its outline is where the pill is seen, and tells nothing of its shape. ``parts`` were found before: where there
        is one, something is a pill there.
        """
        pixels = photo.pixels[box[0] : box[2], box[1] : box[3]]
        laid, factor = _on_ground(pixels)
        seen = instances(self._maps(laid, max(laid.shape[:2])), _AREA_MIN)
        largest = max((one for one in seen if one.confidence >= _CHANCE_MIN), key=_area, default=None)
        if largest is None:
            return None
        outline = _inside((largest.outline - _GROUND_PX + 0.5) / factor - 0.5, pixels)
        is_large = cv2.contourArea(outline) >= _SHARE_MIN * pixels.shape[0] * pixels.shape[1]
        if not is_large or not (parts or self._is_pill(laid, largest)):
            return None
        return _unoutlined(photo, outline, box, largest.confidence)

    def _is_pill(self, laid: Pixels, one: Instance) -> bool:
        photo = Photo(laid, "close-up")
        region = region_of(photo, one.outline, (0, 0, *laid.shape[:2]), one.confidence)
        return float(self._judge(photo, [region])[0]) >= self._pill_min


def whole_frame(photo: Photo, box: Box) -> PillRegion:
    """All of ``box`` of a photo as one region, whose outline is unknown."""
    high, wide = box[2] - box[0] - 1, box[3] - box[1] - 1
    corners = np.array([[0, 0], [0, wide], [high, wide], [high, 0]], np.float32)
    return _unoutlined(photo, corners, box, 0.5)


def may_be_parts(photo: Photo, regions: tuple[PillRegion, ...], box: Box) -> bool:
    """Whether regions may be parts of a pill that fills ``box`` of the photo.

    The border cuts one, or all have the color of what is around them, as the counters of letters have.
    """
    if any(region.cut_by_border for region in regions):
        return True
    rows, cols = (np.linspace(low, end - 1, _SAMPLES).astype(int) for low, end in ((box[0], box[2]), (box[1], box[3])))
    taken = np.zeros(photo.pixels.shape[:2], bool)
    for region in regions:
        top, left, bottom, right = region.box
        taken[top:bottom, left:right] |= region.mask
    grid = np.ix_(rows, cols)
    inside = taken[grid]
    colors = lab_of_pixels(photo.pixels[grid])
    if inside.all():
        return False
    around = np.median(colors[~inside], axis=0)
    return all(_distance(photo, region, around) < _MARK_DISTANCE_MAX for region in regions)


def may_be_cut_out(photo: Photo, box: Box) -> bool:
    """Whether ``box`` is so small, in pixels of the photo at full size, that a program may have cut it out of one."""
    return min(box[2] - box[0], box[3] - box[1]) * photo.reduction <= _CUT_OUT_PX_MAX


def is_piece(pixels: Pixels) -> bool:
    """Whether a photo is so small a piece, of so smooth a surface, that only a pill is known to be cut out so.

    What is drawn in plain colors, as a letter or a silhouette, is none.
    """
    if min(pixels.shape[:2]) >= _PIECE_PX_MAX:
        return False
    gray = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
    grain = np.median(cv2.absdiff(gray, cv2.medianBlur(gray, 5)))
    levels = np.sort(np.bincount(gray.ravel(), minlength=256))
    return bool(grain <= _GRAIN_MAX and levels[-2:].sum() <= _TWO_LEVELS_MAX * gray.size)


def _on_ground(pixels: Pixels) -> tuple[Pixels, float]:
    """The photo small, with ground around it; and how many of its pixels make one of the photo's."""
    factor = _PHOTO_PX / max(pixels.shape[:2])
    size = max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    shape = (size[1] + 2 * _GROUND_PX, size[0] + 2 * _GROUND_PX, 3)
    laid = np.random.default_rng(0).normal(_GRAY, _GRAIN, shape).round().astype(np.uint8)
    laid[_GROUND_PX : _GROUND_PX + size[1], _GROUND_PX : _GROUND_PX + size[0]] = small
    return laid, factor


def _area(one: Instance) -> float:
    return cv2.contourArea(one.outline)


def _inside(outline: Outline, pixels: Pixels) -> Outline:
    high, wide = pixels.shape[:2]
    return np.asarray(np.clip(outline, 0, [high - 1, wide - 1]), np.float32)


def _unoutlined(photo: Photo, outline: Outline, box: Box, confidence: float) -> PillRegion:
    return region_of(photo, clockwise(outline) + np.array(box[:2], np.float32), box, confidence, is_outlined=False)


def _distance(photo: Photo, region: PillRegion, around: np.ndarray) -> float:
    top, left, bottom, right = region.box
    step = max(1, max(region.mask.shape) // _SAMPLES)
    pixels = photo.pixels[top:bottom:step, left:right:step][region.mask[::step, ::step]]
    inside = lab_of_pixels(pixels[None])[0]
    return float(np.linalg.norm(np.median(inside, axis=0) - around)) if len(inside) else 0.0
