"""Finds the pills of one photo: the network looks at the whole, then closer at the part that holds pills.

Most photos of a few regions show the faces of one pill; where these are unlike, or something as large is not clear, a
look at another scale may show why. That one, and the last one at many pills, is a look at the mirror images too. What
most of these looks do not show is no pill but skin, a joint, a shadow. Where nothing is found at all, a last look may
show two alike pills that are tiny in the photo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from pipeline.geometry.outline import Outline, clockwise, solidity
from pipeline.records import Photo, PillRegion, Pixels
from pipeline.segment.instances import Instance, instances
from pipeline.segment.lobes import without_lobes
from pipeline.segment.outline import Belief, refine
from pipeline.segment.pill_maps import MAP_STEP, MULTIPLE, MapsPills, PillMaps, PillNetwork
from pipeline.segment.regions import Box, content_box, region_of
from pipeline.segment.same_pill import group_faces
from pipeline.settings import SegmentSettings

# How far the network's rim may be off: map pixels, and a share of the pill's size.
_OFF_PX = 1.5
_OFF_SHARE = 0.06
# Of the network's regions: map pixels, mean chance, area over hull (docs/experiments/segment.md, "Fourth" and "Eleventh
# round").
_LEAST_AREA = 12.0
_LEAST_CHANCE = 0.8
_LEAST_SOLID = 0.8
# An outline's area in the photo: a speck at the border may be left with none.
_LEAST_PX = 4.0
# A closer look whose usual find is shorter than this share of the first look's sees flecks of a laminate and halves of
# scored tablets; the first look stands.
_SPECKS = 0.35
# The ground around the pills that a look takes in, by the usual pill's length: with room for another face; around all
# that may be a pill, a chance of ``_SUSPECTED`` within that room ``_BESIDE`` map pixels or more beside what was found.
_MARGIN, _MARGIN_ALONE = 1.2, 0.4
_SUSPECTED, _BESIDE = 0.05, 3
# What is at least so long, by the usual pill, may be one that the network does not see clearly.
_AS_LARGE = 0.6
# Of more regions than these most are pills of their own.
_FEW = 4
# More than these, seen again where few were, are texture; their outlines need not be drawn.
_MOST_ALIKE = 24
# Up to so many unlike regions are looked at again. A look shows what its box and that of the one it found share this
# much of what both cover (docs/experiments/segment.md, "Twelfth round").
_SEVERAL, _SAME = 7, 0.6
# So many mostly touch: a look at the mirror images too parts more of them rightly (docs/experiments/segment.md, "Ninth
# round").
_MANY = 8


def segment(photo: Photo, settings: SegmentSettings | None = None) -> tuple[PillRegion, ...]:
    """Find every pill of one photo, the largest first; see ``Segmenter``.

    Nothing is kept between calls, so each loads the network (25 ms): for many photos hold a ``Segmenter``.
    """
    return Segmenter(settings)(photo)


class Segmenter:
    """Finds the pills of photos; holds the network, which it loads at the first photo.

    Threads may share it; a pickled copy loads its own network.

    Args:
        settings: how pills are looked for.
        maps: what tells where pills are; None for the network that ships.
    """

    def __init__(self, settings: SegmentSettings | None = None, maps: MapsPills | None = None) -> None:
        self.settings = settings or SegmentSettings()
        self._maps = maps or PillNetwork()

    def __call__(self, photo: Photo) -> tuple[PillRegion, ...]:
        """Find every pill of the photo, the largest first.

        Returns:
            One region a pill face; empty where the photo shows none. A pill that leaves the photo is flagged
            ``cut_by_border``.
        """
        settings = self.settings
        box = content_box(photo.pixels)
        if min(box[2] - box[0], box[3] - box[1]) < 8:
            return ()
        look = self._look(photo, box, settings.coarse_px)
        if not look.found or look.usual_px < settings.small_px * look.photo_px:
            look = self._look(photo, box, settings.fine_px)
        part, side = _closer(look, settings)
        if side > 0 and (closer := self._look(photo, part, side)).found and closer.usual_px > _SPECKS * look.usual_px:
            look = closer
        if len(look.found) >= _MANY:
            surer = self._look(photo, look.part, look.long_side_px, mirrored=True)
            look = surer if surer.found else look
        pills = _pills(photo, look, box, settings)
        if len(pills) <= _SEVERAL:
            pills = self._seen_again(photo, look, pills, box)
        if pills or _longer(box) <= settings.fine_px:
            return pills
        return self._tiny(photo, box)

    def _look(self, photo: Photo, part: Box, long_side_px: int, mirrored: bool = False) -> _Look:
        maps = self._maps(_pixels(photo, part), long_side_px, mirrored)
        seen = instances(maps, _LEAST_AREA)
        found = tuple(one for one in seen if _is_pill(one))
        return _Look(part, long_side_px, maps, found, tuple(one for one in seen if one not in found))

    def _seen_again(self, photo: Photo, look: _Look, pills: tuple[PillRegion, ...], box: Box) -> tuple[PillRegion, ...]:
        """What looks at other scales make of a few regions that are unlike, or of one that is not clear.

        The faces of one pill where one of these looks shows those, else what most of them show too.
        """
        doubts = look.large_doubts if len(pills) <= _FEW else ()
        are_unlike = len(pills) > 1 and len(group_faces(photo, pills)) > 1
        if not doubts and not are_unlike:
            return pills
        part = _around(look, _outlines((*look.found, *doubts)), _MARGIN)
        least = 2 if are_unlike else max(2, len(pills) + 1)
        sides = (_rounded(_side(look, part, pill_px, self.settings)) for pill_px in self.settings.again_px)
        looks = []
        for side in dict.fromkeys(sides):
            seen = self._look(photo, part, side, mirrored=True)
            looks.append(seen)
            if len(pills) > _FEW or len(seen.found) > _MOST_ALIKE:
                continue
            again = _pills(photo, seen, box, self.settings)
            if _are_faces_of_one(photo, again, least):
                return again
        if not are_unlike:
            return pills
        confirmed = [pill for pill in pills if 2 * sum(_shows(seen, pill) for seen in looks) > len(looks)]
        return tuple(confirmed) or pills

    def _tiny(self, photo: Photo, box: Box) -> tuple[PillRegion, ...]:
        """Where nothing is found: two alike pills that are tiny in the photo, in a last look."""
        seen = self._look(photo, box, self.settings.close_px)
        if len(seen.found) > _MOST_ALIKE:
            return ()
        tiny = _pills(photo, seen, box, self.settings)
        return tiny if _are_faces_of_one(photo, tiny, 2) else ()


def _shows(look: _Look, pill: PillRegion) -> bool:
    """Whether a look found what lies in nearly the same upright box."""
    low, high = pill.outline.min(axis=0), pill.outline.max(axis=0)
    for one in look.found:
        first, last = (one.outline + look.part[:2]).min(axis=0), (one.outline + look.part[:2]).max(axis=0)
        common = np.prod(np.maximum(np.minimum(high, last) - np.maximum(low, first), 0))
        if common >= _SAME * (np.prod(high - low) + np.prod(last - first) - common):
            return True
    return False


def _are_faces_of_one(photo: Photo, pills: tuple[PillRegion, ...], least: int) -> bool:
    """Whether so many pills at least are alike, as print and blots of a page seldom are."""
    return len(pills) >= least and len(group_faces(photo, pills)) == 1


def _pills(photo: Photo, look: _Look, box: Box, settings: SegmentSettings) -> tuple[PillRegion, ...]:
    """The outlines of what a look found, the largest first."""
    outlined = (_outlined(photo, one, look, box) for one in look.found)
    regions = [region for region in outlined if cv2.contourArea(region.outline) >= _LEAST_PX]
    largest = max((region.area for region in regions), default=0)
    pills = [region for region in regions if region.area >= settings.least_of_largest * largest]
    if len(pills) >= _MANY:
        pills = [region for region in regions if region.area >= settings.least_among_many * largest]
    return tuple(sorted(pills, key=lambda region: -region.area))


@dataclass(frozen=True, eq=False)
class _Look:
    """What the network sees in ``part`` of the photo at ``long_side_px``; ``photo_px`` photo pixels are one of those.

    ``doubted`` is what is not clear enough to be a pill.
    """

    part: Box
    long_side_px: int
    maps: PillMaps
    found: tuple[Instance, ...]
    doubted: tuple[Instance, ...]

    @property
    def photo_px(self) -> float:
        return max(self.maps.to_photo) / MAP_STEP

    @cached_property
    def usual_px(self) -> float:
        """The usual pill's length in photo pixels, or what may be one's; 0 where there is none."""
        return float(np.median([one.length_px for one in self.found or self.doubted] or [0.0]))

    @property
    def large_doubts(self) -> tuple[Instance, ...]:
        """What is as large as a pill but not clear enough to be one."""
        return tuple(one for one in self.doubted if one.length_px >= _AS_LARGE * self.usual_px)


def _pixels(photo: Photo, part: Box) -> Pixels:
    return photo.pixels[part[0] : part[2], part[1] : part[3]]


def _closer(look: _Look, settings: SegmentSettings) -> tuple[Box, int]:
    """The part of the photo to look at again and its long side there, 0 where that would show no more."""
    if not look.found:
        return look.part, 0
    found = _outlines(look.found)
    part = _around(look, [*found, _suspected(look, _around(look, found, _MARGIN))], _MARGIN_ALONE)
    side = _side(look, part, settings.pill_px, settings)
    nearer = side / _longer(part) * look.photo_px
    if nearer < settings.closer:
        return part, 0
    return _filled(look, part, _rounded(side)), _rounded(side)


def _filled(look: _Look, part: Box, side: int) -> Box:
    """The part with more ground along its shorter side, as far as the photo goes, in place of the input's padding."""
    low, high = np.array(part).reshape(2, 2)
    strips = -(-(high - low) * side // (_longer(part) * MULTIPLE))
    full = strips * _longer(part) * MULTIPLE // side
    first, end = np.array(look.part).reshape(2, 2)
    low = np.maximum(np.minimum(low - (full - (high - low)) // 2, end - full), first)
    high = np.minimum(low + full, end)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _side(look: _Look, part: Box, pill_px: float, settings: SegmentSettings) -> float:
    """The long side of a look at a part of the photo in which the usual pill is so long."""
    return min(_longer(part) * pill_px / look.usual_px, settings.close_px)


def _longer(box: Box) -> int:
    """The longer side of a part of the photo."""
    return max(box[2] - box[0], box[3] - box[1])


def _rounded(side: float) -> int:
    return round(side / MULTIPLE) * MULTIPLE


def _outlines(shown: Sequence[Instance]) -> list[Outline]:
    return [one.outline for one in shown]


def _around(look: _Look, places: Sequence[Outline], margin: float) -> Box:
    """The part of the photo that holds places of a look, and ``margin`` usual lengths of ground around them."""
    points = np.concatenate(places) + look.part[:2]
    ground = margin * look.usual_px
    low = np.maximum(np.floor(points.min(axis=0) - ground), look.part[:2]).astype(int)
    high = np.minimum(np.ceil(points.max(axis=0) + ground) + 1, look.part[2:]).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _suspected(look: _Look, part: Box) -> Outline:
    """Where in a part of the photo there may be pills besides those found, map pixel by map pixel."""
    known = np.zeros(look.maps.pill.shape, np.uint8)
    for one in look.found:
        at = (one.outline + 0.5) / look.maps.to_photo - 0.5
        cv2.fillPoly(known, [np.rint(at[:, ::-1]).astype(np.int32)], 1)
    near = np.asarray(cv2.dilate(known, np.ones((2 * _BESIDE - 1, 2 * _BESIDE - 1), np.uint8)))
    corners = np.array(part).reshape(2, 2) - look.part[:2]
    (top, left), (bottom, right) = np.floor(corners / look.maps.to_photo).astype(int)
    shown = np.s_[top : bottom + 1, left : right + 1]
    places = np.argwhere((look.maps.pill[shown] > _SUSPECTED) & (near[shown] == 0)) + np.array([top, left])
    return np.asarray((places + 0.5) * look.maps.to_photo - 0.5, np.float32)


def _is_pill(one: Instance) -> bool:
    return one.confidence >= _LEAST_CHANCE and solidity(one.outline) >= _LEAST_SOLID


def _outlined(photo: Photo, one: Instance, look: _Look, box: Box) -> PillRegion:
    reach = max(2.0, _OFF_PX * max(look.maps.to_photo), _OFF_SHARE * float(np.sqrt(cv2.contourArea(one.outline))))
    belief = Belief(one.chance, look.maps.to_photo)
    pixels = _pixels(photo, look.part)
    outline = without_lobes(pixels, refine(pixels, clockwise(one.outline), reach, 2, belief))
    return region_of(photo, outline + look.part[:2], box, one.confidence)
