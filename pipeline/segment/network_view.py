"""What the network sees in a part of one photo, and which part to see next, and how large."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from pipeline.geometry.outline import Outline, clockwise
from pipeline.records import Box, Photo, PillRegion, Pixels
from pipeline.segment.edge import Belief, refine
from pipeline.segment.instances import Instance
from pipeline.segment.lobes import without_lobes
from pipeline.segment.pill_maps import MAP_STEP, MULTIPLE, PillMaps
from pipeline.segment.regions import region_of
from pipeline.settings import SegmentSettings

# How far the outline from the network's map may be off: in map pixels, and as a share of the pill's size.
_OFF_PX = 1.5
_OFF_SHARE = 0.06
# The ground around the pills that a view takes in, in lengths of the usual pill: with room for a further face, and
# without.
MARGIN, _MARGIN_ALONE = 1.2, 0.4
# An enlarged view also takes in what may be a further pill: map pixels of at least this chance, at least so many map
# pixels away from the pills found.
_SUSPECTED_MIN, _BESIDE_MIN = 0.05, 3
# An unclear region of at least this share of the usual pill's length may be a pill.
_LARGE_MIN = 0.6
# Two regions are the same where their boxes' intersection over union is at least this.
_SAME_MIN = 0.6


@dataclass(frozen=True, eq=False)
class View:
    """What the network sees in ``part`` of the photo when that is scaled to ``long_side_px``.

    ``found`` are the pills; ``doubted`` are regions that are not clear enough to be pills.
    """

    part: Box
    long_side_px: int
    maps: PillMaps
    found: tuple[Instance, ...]
    doubted: tuple[Instance, ...]

    @property
    def photo_px(self) -> float:
        """Photo pixels for each pixel of the scaled part."""
        return max(self.maps.to_photo) / MAP_STEP

    @cached_property
    def usual_px(self) -> float:
        """Median length of the pills in photo pixels, without any of the doubted regions, without either 0."""
        return float(np.median([one.length_px for one in self.found or self.doubted] or [0.0]))

    @property
    def large_doubts(self) -> tuple[Instance, ...]:
        """Doubted regions that are about as large as a pill."""
        return tuple(one for one in self.doubted if one.length_px >= _LARGE_MIN * self.usual_px)


def pixels_of(photo: Photo, part: Box) -> Pixels:
    """The pixels of a part of a photo."""
    return photo.pixels[part[0] : part[2], part[1] : part[3]]


def closer_part(view: View, settings: SegmentSettings) -> tuple[Box, int]:
    """The part of the photo to see enlarged and its long side then; 0 where the photo holds no more detail."""
    if not view.found:
        return view.part, 0
    found = outlines(view.found)
    part = around(view, [*found, _suspected(view, around(view, found, MARGIN))], _MARGIN_ALONE)
    side = side_px(view, part, settings.pill_px, settings)
    nearer = side / longer_side(part) * view.photo_px
    if nearer < settings.closer_min:
        return part, 0
    return _filled(view, part, rounded(side)), rounded(side)


def _filled(view: View, part: Box, side: int) -> Box:
    """The part, widened along its shorter side as far as the photo goes: ground in place of the network's padding."""
    low, high = np.array(part).reshape(2, 2)
    strips = -(-(high - low) * side // (longer_side(part) * MULTIPLE))
    full = strips * longer_side(part) * MULTIPLE // side
    first, end = np.array(view.part).reshape(2, 2)
    low = np.maximum(np.minimum(low - (full - (high - low)) // 2, end - full), first)
    high = np.minimum(low + full, end)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def side_px(view: View, part: Box, pill_px: float, settings: SegmentSettings) -> float:
    """The long side at which the usual pill of a part of the photo is ``pill_px`` long."""
    return min(longer_side(part) * pill_px / view.usual_px, settings.close_px)


def longer_side(box: Box) -> int:
    """The longer side of a part of the photo."""
    return max(box[2] - box[0], box[3] - box[1])


def rounded(side: float) -> int:
    """The nearest side that the network takes."""
    return round(side / MULTIPLE) * MULTIPLE


def outlines(shown: Sequence[Instance]) -> list[Outline]:
    """Their outlines, in pixels of the view's part of the photo."""
    return [one.outline for one in shown]


def around(view: View, places: Sequence[Outline], margin: float) -> Box:
    """The part of the photo that holds some places of a view, with ``margin`` usual lengths of ground around them."""
    points = np.concatenate(places) + view.part[:2]
    ground = margin * view.usual_px
    low = np.maximum(np.floor(points.min(axis=0) - ground), view.part[:2]).astype(int)
    high = np.minimum(np.ceil(points.max(axis=0) + ground) + 1, view.part[2:]).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _suspected(view: View, part: Box) -> Outline:
    """Places in a part of the photo where there may be further pills, one for each map pixel of some chance."""
    known = np.zeros(view.maps.pill.shape, np.uint8)
    for one in view.found:
        at = (one.outline + 0.5) / view.maps.to_photo - 0.5
        cv2.fillPoly(known, [np.rint(at[:, ::-1]).astype(np.int32)], 1)
    near = np.asarray(cv2.dilate(known, np.ones((2 * _BESIDE_MIN - 1, 2 * _BESIDE_MIN - 1), np.uint8)))
    corners = np.array(part).reshape(2, 2) - view.part[:2]
    (top, left), (bottom, right) = np.floor(corners / view.maps.to_photo).astype(int)
    shown = np.s_[top : bottom + 1, left : right + 1]
    places = np.argwhere((view.maps.pill[shown] > _SUSPECTED_MIN) & (near[shown] == 0)) + np.array([top, left])
    return np.asarray((places + 0.5) * view.maps.to_photo - 0.5, np.float32)


def shows(view: View, pill: PillRegion) -> bool:
    """Whether a view shows the same pill, judged by the overlap of the upright boxes."""
    low, high = pill.outline.min(axis=0), pill.outline.max(axis=0)
    for one in view.found:
        first, last = (one.outline + view.part[:2]).min(axis=0), (one.outline + view.part[:2]).max(axis=0)
        common = np.prod(np.maximum(np.minimum(high, last) - np.maximum(low, first), 0))
        if common >= _SAME_MIN * (np.prod(high - low) + np.prod(last - first) - common):
            return True
    return False


def outlined(photo: Photo, one: Instance, view: View, box: Box) -> PillRegion:
    """The region of one pill of a view, its outline moved onto the photo's edges; ``box`` is the photo's content."""
    reach = max(2.0, _OFF_PX * max(view.maps.to_photo), _OFF_SHARE * float(np.sqrt(cv2.contourArea(one.outline))))
    belief = Belief(one.chance, view.maps.to_photo)
    pixels = pixels_of(photo, view.part)
    outline = without_lobes(pixels, refine(pixels, clockwise(one.outline), reach, 2, belief))
    return region_of(photo, outline + view.part[:2], box, one.confidence)
