"""Finds the pills of one photo in a few views: the network sees the whole photo, then the part with the pills enlarged.

1. The whole photo is seen at a small size and, where that shows no pill or only small ones, at a larger size.
2. The part of the photo that holds the pills is seen enlarged (``_closer``), unless that adds nothing.
3. Many pills mostly touch. The network then sees the mirror images too, since their mean parts more pills rightly.
4. Few regions are usually the faces of one pill. Where they look unlike, or something as large as a pill is unclear,
   the part is seen at other scales (``_seen_again``). What most of these views do not show is no pill but skin, a joint
   or a shadow.
5. Where nothing was found at all, a last view at the largest size may show the two faces of a pill that is tiny in the
   photo (``_tiny``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from pipeline.geometry.outline import Outline, clockwise, solidity
from pipeline.records import Box, Photo, PillRegion, Pixels
from pipeline.segment.edge import Belief, refine
from pipeline.segment.halves import rejoined
from pipeline.segment.instances import Instance, instances
from pipeline.segment.lobes import without_lobes
from pipeline.segment.pill_maps import MAP_STEP, MULTIPLE, MapsPills, PillMaps
from pipeline.segment.pill_or_not import JudgesRegions, agreed, place_of, without_grounds
from pipeline.segment.regions import content_box, region_of
from pipeline.segment.same_pill import group_faces
from pipeline.settings import SegmentSettings

# How far the outline from the network's map may be off: in map pixels, and as a share of the pill's size.
_OFF_PX = 1.5
_OFF_SHARE = 0.06
# A region of the map is a pill from this area (map pixels) and area over the hull's on (docs/experiments/segment.md,
# "Fourth" and "Eleventh round").
_AREA_MIN = 12.0
_SOLIDITY_MIN = 0.8
# Of a part of a photo that is smaller nothing is asked.
_CONTENT_PX_MIN = 8
# Area of an outline in photo pixels. Less is left of a speck at the border, which is cut off there.
_OUTLINE_AREA_MIN = 4.0
# An enlarged view counts only if its usual pill is at least this share as long as the first view's. Shorter finds are
# flecks of a laminated surface or halves of scored tablets.
_CLOSER_LENGTH_MIN = 0.35
# The ground around the pills that a view takes in, in lengths of the usual pill: with room for a further face, and
# without.
_MARGIN, _MARGIN_ALONE = 1.2, 0.4
# An enlarged view also takes in what may be a further pill: map pixels of at least this chance, at least so many map
# pixels away from the pills found.
_SUSPECTED_MIN, _BESIDE_MIN = 0.05, 3
# An unclear region of at least this share of the usual pill's length may be a pill.
_LARGE_MIN = 0.6
# Up to so many regions may be the faces of one pill and what is mistaken for a pill. More are usually many pills.
_FEW_MAX = 4
# Where few regions were found at first and more than these at another scale, the view shows a texture.
_ALIKE_MAX = 24
# Up to so many unlike regions are seen again at other scales (docs/experiments/segment.md, "Twelfth round").
_SEVERAL_MAX = 7
# Two regions are the same where their boxes' intersection over union is at least this.
_SAME_MIN = 0.6
# So many pills mostly touch each other (docs/experiments/segment.md, "Ninth round").
_MANY_MIN = 8


class Search:
    """Finds the pills of photos by one network.

    Args:
        settings: how pills are looked for.
        maps: the network, what tells where pills are.
        judge: what tells how likely a region is a pill at all; None: each is believed.
        chance_min: how likely it must be; None: ``pill_min`` of the settings. What is less likely than that is doubted.
    """

    def __init__(
        self,
        settings: SegmentSettings,
        maps: MapsPills,
        judge: JudgesRegions | None = None,
        chance_min: float | None = None,
    ) -> None:
        self.settings = settings
        self._maps = maps
        self._judge = judge
        self._chance_min = settings.pill_min if chance_min is None else chance_min

    def __call__(self, photo: Photo, box: Box | None = None) -> tuple[PillRegion, ...]:
        """Find every pill of the photo, the largest first.

        Args:
            photo: the photo.
            box: its ``content_box``, where that is known already.

        Returns:
            One region a pill face; empty where the photo shows none. A pill that leaves the photo is flagged
            ``cut_by_border``.
        """
        box = content_box(photo.pixels) if box is None else box
        if _is_too_small(box):
            return ()
        view = self._looked(photo, box)
        pills = self._pills(photo, view, box)
        if len(pills) <= _SEVERAL_MAX:
            pills = self._seen_again(photo, view, pills, box)
        if pills or view.found or _longer(box) <= self.settings.fine_px:
            return pills
        return self._tiny(photo, box)

    def at_first(self, photo: Photo, box: Box, number: int) -> tuple[PillRegion, ...]:
        """What steps 1 to 3 show, the largest first: nothing that is doubtful was looked at again.

        Empty where they are surely not ``number`` (twice a crumb is none); outlines are not followed then.
        """
        view = None if _is_too_small(box) else self._looked(photo, box, few=True)
        if view is None or len(view.found) < number or _is_more_than(number, view, 2 * self.settings.area_share_min):
            return ()
        return self._pills(photo, view, box)

    def _looked(self, photo: Photo, box: Box, few: bool = False) -> _View:
        """What steps 1 to 3 show; ``few``: no further look where one shows more than few."""
        settings = self.settings
        view = self._view(photo, box, settings.coarse_px)
        if not view.found or view.usual_px < settings.small_px * view.photo_px:
            view = self._view(photo, box, settings.fine_px)
        if few and _is_more_than(_FEW_MAX, view, settings.area_share_min):
            return view
        part, side = _closer(view, settings)
        closer = self._view(photo, part, side) if side > 0 else view
        if closer.found and closer.usual_px > _CLOSER_LENGTH_MIN * view.usual_px:
            view = closer
        if few and _is_more_than(_FEW_MAX, view, settings.area_share_min):
            return view
        if len(view.found) >= _MANY_MIN:
            surer = self._view(photo, view.part, view.long_side_px, mirrored=True, plain=view.maps)
            view = surer if surer.found else view
        return view

    def _view(
        self, photo: Photo, part: Box, long_side_px: int, mirrored: bool = False, plain: PillMaps | None = None
    ) -> _View:
        maps = self._maps(_pixels(photo, part), long_side_px, mirrored, plain)
        seen = instances(maps, _AREA_MIN)
        found = tuple(one for one in seen if _is_pill(one, self.settings.chance_min))
        return _View(part, long_side_px, maps, found, tuple(one for one in seen if one not in found))

    def _seen_again(self, photo: Photo, view: _View, pills: tuple[PillRegion, ...], box: Box) -> tuple[PillRegion, ...]:
        """The pills, checked at other scales where they are few and unlike, or where something as large is unclear.

        If one of these views shows only the faces of one pill, those are returned. Otherwise those pills are kept that
        most of the views show too.
        """
        doubts = view.large_doubts if len(pills) <= _FEW_MAX else ()
        are_unlike = len(pills) > 1 and len(group_faces(photo, pills)) > 1
        if not doubts and not are_unlike:
            return pills
        part = _around(view, _outlines((*view.found, *doubts)), _MARGIN)
        least = 2 if are_unlike else max(2, len(pills) + 1)
        sides = (_rounded(_side(view, part, pill_px, self.settings)) for pill_px in self.settings.again_px)
        looks = []
        for side in dict.fromkeys(sides):
            seen = self._view(photo, part, side, mirrored=True)
            looks.append(seen)
            if len(pills) > _FEW_MAX or len(seen.found) > _ALIKE_MAX:
                continue
            again = self._pills(photo, seen, box)
            if are_faces_of_one(photo, again, least):
                return again
        if not are_unlike:
            return pills
        confirmed = [pill for pill in pills if 2 * sum(_shows(seen, pill) for seen in looks) > len(looks)]
        return tuple(confirmed) or pills

    def _tiny(self, photo: Photo, box: Box) -> tuple[PillRegion, ...]:
        """Where nothing was found: the faces of one pill that is tiny in the photo, seen at the largest size."""
        seen = self._view(photo, box, self.settings.close_px)
        if len(seen.found) > _ALIKE_MAX:
            return ()
        tiny = self._pills(photo, seen, box)
        return tiny if are_faces_of_one(photo, tiny, 2) else ()

    def _pills(self, photo: Photo, view: _View, box: Box) -> tuple[PillRegion, ...]:
        """The regions of what a view shows, the largest first, without those much smaller than the largest."""
        settings = self.settings
        outlined = (_outlined(photo, one, view, box) for one in view.found)
        seen = [one for one in outlined if _is_large_enough(one, settings)]
        regions = self._believed(photo, seen, box)
        largest = max((region.area for region in regions), default=0)
        pills = [region for region in regions if region.area >= settings.area_share_min * largest]
        if len(pills) >= _MANY_MIN:
            pills = [region for region in regions if region.area >= settings.area_share_among_many_min * largest]
        return tuple(sorted(pills, key=lambda region: -region.area))

    def _believed(self, photo: Photo, regions: list[PillRegion], box: Box) -> list[PillRegion]:
        """The regions that are likely pills, two halves of one pill joined."""
        if self._judge is None or not regions:
            return regions
        alone = self._judge(photo, regions)
        regions, chances = rejoined(photo, regions, alone, box, self._judge, self.settings.whole_min)
        chances = without_grounds(regions, agreed(photo, regions, chances))
        is_many = np.count_nonzero(chances >= self.settings.pill_min) >= _MANY_MIN
        sure_min = self.settings.pill_among_many_min if is_many else self.settings.pill_min
        return [
            replace(one, doubted=True) if chance < sure_min else one
            for one, chance in zip(regions, chances, strict=True)
            if chance >= min(sure_min, self._chance_min)
        ]


def _is_large_enough(region: PillRegion, settings: SegmentSettings) -> bool:
    _, length_px = place_of(region.outline)
    return length_px >= settings.length_px_min and cv2.contourArea(region.outline) >= _OUTLINE_AREA_MIN


def _is_too_small(box: Box) -> bool:
    return min(box[2] - box[0], box[3] - box[1]) < _CONTENT_PX_MIN


def _is_more_than(number: int, view: _View, share_min: float) -> bool:
    """Whether a view shows more than so many regions of that share of the largest one's area."""
    areas = [cv2.contourArea(one.outline) for one in view.found]
    return sum(area >= share_min * max(areas) for area in areas) > number


def _shows(view: _View, pill: PillRegion) -> bool:
    """Whether a view shows the same pill, judged by the overlap of the upright boxes."""
    low, high = pill.outline.min(axis=0), pill.outline.max(axis=0)
    for one in view.found:
        first, last = (one.outline + view.part[:2]).min(axis=0), (one.outline + view.part[:2]).max(axis=0)
        common = np.prod(np.maximum(np.minimum(high, last) - np.maximum(low, first), 0))
        if common >= _SAME_MIN * (np.prod(high - low) + np.prod(last - first) - common):
            return True
    return False


def are_faces_of_one(photo: Photo, pills: tuple[PillRegion, ...], least: int) -> bool:
    """Whether there are at least so many pills and all look alike; print and stains on paper seldom do."""
    return len(pills) >= least and len(group_faces(photo, pills)) == 1


@dataclass(frozen=True, eq=False)
class _View:
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


def _pixels(photo: Photo, part: Box) -> Pixels:
    return photo.pixels[part[0] : part[2], part[1] : part[3]]


def _closer(view: _View, settings: SegmentSettings) -> tuple[Box, int]:
    """The part of the photo to see enlarged and its long side then; 0 where the photo holds no more detail."""
    if not view.found:
        return view.part, 0
    found = _outlines(view.found)
    part = _around(view, [*found, _suspected(view, _around(view, found, _MARGIN))], _MARGIN_ALONE)
    side = _side(view, part, settings.pill_px, settings)
    nearer = side / _longer(part) * view.photo_px
    if nearer < settings.closer_min:
        return part, 0
    return _filled(view, part, _rounded(side)), _rounded(side)


def _filled(view: _View, part: Box, side: int) -> Box:
    """The part, widened along its shorter side as far as the photo goes: ground in place of the network's padding."""
    low, high = np.array(part).reshape(2, 2)
    strips = -(-(high - low) * side // (_longer(part) * MULTIPLE))
    full = strips * _longer(part) * MULTIPLE // side
    first, end = np.array(view.part).reshape(2, 2)
    low = np.maximum(np.minimum(low - (full - (high - low)) // 2, end - full), first)
    high = np.minimum(low + full, end)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _side(view: _View, part: Box, pill_px: float, settings: SegmentSettings) -> float:
    """The long side at which the usual pill of a part of the photo is ``pill_px`` long."""
    return min(_longer(part) * pill_px / view.usual_px, settings.close_px)


def _longer(box: Box) -> int:
    """The longer side of a part of the photo."""
    return max(box[2] - box[0], box[3] - box[1])


def _rounded(side: float) -> int:
    return round(side / MULTIPLE) * MULTIPLE


def _outlines(shown: Sequence[Instance]) -> list[Outline]:
    return [one.outline for one in shown]


def _around(view: _View, places: Sequence[Outline], margin: float) -> Box:
    """The part of the photo that holds some places of a view, with ``margin`` usual lengths of ground around them."""
    points = np.concatenate(places) + view.part[:2]
    ground = margin * view.usual_px
    low = np.maximum(np.floor(points.min(axis=0) - ground), view.part[:2]).astype(int)
    high = np.minimum(np.ceil(points.max(axis=0) + ground) + 1, view.part[2:]).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _suspected(view: _View, part: Box) -> Outline:
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


def _is_pill(one: Instance, chance_min: float) -> bool:
    return one.confidence >= chance_min and solidity(one.outline) >= _SOLIDITY_MIN


def _outlined(photo: Photo, one: Instance, view: _View, box: Box) -> PillRegion:
    reach = max(2.0, _OFF_PX * max(view.maps.to_photo), _OFF_SHARE * float(np.sqrt(cv2.contourArea(one.outline))))
    belief = Belief(one.chance, view.maps.to_photo)
    pixels = _pixels(photo, view.part)
    outline = without_lobes(pixels, refine(pixels, clockwise(one.outline), reach, 2, belief))
    return region_of(photo, outline + view.part[:2], box, one.confidence)
