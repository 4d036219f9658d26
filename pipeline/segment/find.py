"""Finds the pills of one photo in a few views: the network sees the whole photo, then the part with the pills enlarged.

1. The whole photo is seen at a small size and, where that shows no pill, only small ones or what may be further ones,
   at a larger size.
2. The part of the photo that holds the pills is seen enlarged (``closer_part``), unless that adds nothing.
3. Many pills mostly touch. The network then sees the mirror images too, since their mean parts more pills rightly.
4. Few regions are usually the faces of one pill. Where they look unlike, or something as large as a pill is unclear,
   the part is seen at other scales (``_seen_again``). What most of the views do not show is no pill but skin, a joint
   or a shadow, unless the third network takes it for one surely.
5. Where nothing was found at all, a last view at the largest size may show the two faces of a pill that is tiny in the
   photo (``_tiny``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from pipeline.geometry.outline import solidity
from pipeline.records import Box, Photo, PillRegion
from pipeline.segment.halves import rejoined
from pipeline.segment.instances import Instance, instances
from pipeline.segment.network_view import (
    MARGIN,
    View,
    around,
    closer_part,
    longer_side,
    outlined,
    outlines,
    pixels_of,
    rounded,
    shows,
    side_px,
)
from pipeline.segment.pill_maps import MapsPills, PillMaps
from pipeline.segment.pill_or_not import JudgesRegions, agreed, place_of, without_grounds
from pipeline.segment.regions import content_box
from pipeline.segment.same_pill import group_faces
from pipeline.settings import SegmentSettings

# A region of the map is a pill from this area (map pixels) and area over the hull's on (docs/experiments/segment.md,
# "Fourth" and "Eleventh round").
_AREA_MIN = 12.0
_SOLIDITY_MIN = 0.8
# Of a part of a photo that is smaller nothing is asked.
_CONTENT_PX_MIN = 8
# Mean chance from which on what is no pill at the small size is looked at larger: small pills beside a large one.
_DOUBT_MIN = 0.6
# Area of an outline in photo pixels. Less is left of a speck at the border, which is cut off there.
_OUTLINE_AREA_MIN = 4.0
# An enlarged view counts only if its usual pill is at least this share as long as the first view's. Shorter finds are
# flecks of a laminated surface or halves of scored tablets.
_CLOSER_LENGTH_MIN = 0.35
# Up to so many regions may be the faces of one pill and what is mistaken for a pill. More are usually many pills.
_FEW_MAX = 4
# Where few regions were found at first and more than these at another scale, the view shows a texture.
_ALIKE_MAX = 24
# Up to so many unlike regions are seen again at other scales (docs/experiments/segment.md, "Twelfth round").
_SEVERAL_MAX = 7
# So many pills mostly touch each other (docs/experiments/segment.md, "Ninth round").
_MANY_MIN = 8
# What another view shows within a clump are its parts if they make up most of it.
_PARTS_SHARE_MIN = 0.5


class _Likely(NamedTuple):
    """A region, and its chance to be a pill at all; 0 where no network was asked."""

    region: PillRegion
    chance: float


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
        likely = self._likely(photo, view, box)
        pills = self._seen_again(photo, view, likely, box) if len(likely) <= _SEVERAL_MAX else _regions(likely)
        if pills or view.found or longer_side(box) <= self.settings.fine_px:
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

    def _looked(self, photo: Photo, box: Box, few: bool = False) -> View:
        """What steps 1 to 3 show; ``few``: no further look where one shows more than few."""
        settings = self.settings
        view = self._view(photo, box, settings.coarse_px)
        if not view.found or view.usual_px < settings.small_px * view.photo_px:
            view = self._view(photo, box, settings.fine_px)
        elif self._judge is not None and any(_is_pill(one, _DOUBT_MIN) for one in view.doubted):
            finer = self._view(photo, box, settings.fine_px)
            view = finer if len(finer.found) > len(view.found) else view
        if few and _is_more_than(_FEW_MAX, view, settings.area_share_min):
            return view
        seen = self._enlarged(photo, view, few)
        whole = self._broken(photo, view, seen, box)
        return self._enlarged(photo, whole, few) if whole else seen

    def _enlarged(self, photo: Photo, view: View, few: bool) -> View:
        """Steps 2 and 3: the part of the photo that holds the pills, enlarged and of many mirrored too."""
        part, side = closer_part(view, self.settings)
        closer = self._view(photo, part, side) if side > 0 else view
        if closer.found and closer.usual_px > _CLOSER_LENGTH_MIN * view.usual_px:
            view = closer
        if few and _is_more_than(_FEW_MAX, view, self.settings.area_share_min):
            return view
        if len(view.found) >= _MANY_MIN:
            surer = self._view(photo, view.part, view.long_side_px, mirrored=True, plain=view.maps)
            view = surer if surer.found else view
        return view

    def _broken(self, photo: Photo, view: View, closer: View, box: Box) -> View | None:
        """The view with its few large pills alone, where crumbs made the closer one so large that it lost a pill.

        Beside two pills the figures and the lines of a ruler are many; the network does not see a pill whole of which
        it sees a part at a time. None: the closer view lost no pill.
        """
        large = _without_crumbs(view.found, self.settings.area_share_min)
        is_usual = view.usual_px >= min((one.length_px for one in large), default=0.0)
        if self._judge is None or is_usual or len(large) > _FEW_MAX:
            return None
        pills = [outlined(photo, one, view, box) for one in large]
        if all(shows(closer, pill) for pill in pills):
            return None
        are_pills = (self._judge(photo, pills) >= self.settings.pill_min).all()
        return replace(view, found=tuple(large)) if are_pills else None

    def _view(
        self, photo: Photo, part: Box, long_side_px: int, mirrored: bool = False, plain: PillMaps | None = None
    ) -> View:
        maps = self._maps(pixels_of(photo, part), long_side_px, mirrored, plain)
        seen = instances(maps, _AREA_MIN)
        found = tuple(one for one in seen if _is_pill(one, self.settings.chance_min))
        return View(part, long_side_px, maps, found, tuple(one for one in seen if one not in found))

    def _seen_again(self, photo: Photo, view: View, likely: Sequence[_Likely], box: Box) -> tuple[PillRegion, ...]:
        """The pills, checked at other scales where they are few and unlike, or where something as large is unclear.

        If one of these views shows only the faces of one pill, those are returned. Otherwise those pills are kept that
        most of all views show, and those that the third network takes for pills surely; a clump is its parts.
        """
        pills = _regions(likely)
        sure = [one.chance >= self.settings.pill_sure_min for one in likely]
        doubts = view.large_doubts if len(pills) <= _FEW_MAX else ()
        are_kept = all(sure) and len(pills) > _FEW_MAX
        are_unlike = len(pills) > 1 and not are_kept and len(group_faces(photo, pills)) > 1
        if not doubts and not are_unlike:
            return pills
        part = around(view, outlines((*view.found, *doubts)), MARGIN)
        least = 2 if are_unlike else max(2, len(pills) + 1)
        sides = (rounded(side_px(view, part, pill_px, self.settings)) for pill_px in self.settings.again_px)
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
        views = len(looks) + 1
        shown = [1 + sum(shows(seen, pill) for seen in looks) for pill in pills]
        confirmed: list[PillRegion] = []
        for pill, many, is_sure in zip(pills, shown, sure, strict=True):
            confirmed += [pill] if is_sure or 2 * many > views else self._parts(photo, pill, looks, box)
        return tuple(sorted(confirmed, key=lambda pill: -pill.area)) or pills

    def _parts(self, photo: Photo, clump: PillRegion, looks: Sequence[View], box: Box) -> tuple[PillRegion, ...]:
        """The likely pills as which another view shows most of a clump; none where no view shows two."""
        for seen in looks:
            pills = (pill for pill in self._pills(photo, seen, box) if not pill.doubted)
            parts = tuple(pill for pill in pills if _lies_in(pill, clump))
            if len(parts) > 1 and sum(part.area for part in parts) >= _PARTS_SHARE_MIN * clump.area:
                return parts
        return ()

    def _tiny(self, photo: Photo, box: Box) -> tuple[PillRegion, ...]:
        """Where nothing was found: the faces of one pill that is tiny in the photo, seen at the largest size."""
        seen = self._view(photo, box, self.settings.close_px)
        if len(seen.found) > _ALIKE_MAX:
            return ()
        tiny = self._pills(photo, seen, box)
        return tiny if are_faces_of_one(photo, tiny, 2) else ()

    def _pills(self, photo: Photo, view: View, box: Box) -> tuple[PillRegion, ...]:
        return _regions(self._likely(photo, view, box))

    def _likely(self, photo: Photo, view: View, box: Box) -> list[_Likely]:
        """The regions of what a view shows, the largest first, without those much smaller than the largest."""
        settings = self.settings
        followed = (outlined(photo, one, view, box) for one in view.found)
        seen = [one for one in followed if _is_large_enough(one, settings)]
        believed = self._believed(photo, seen, box)
        largest = max((one.region.area for one in believed), default=0)
        likely = [one for one in believed if one.region.area >= settings.area_share_min * largest]
        if len(likely) >= _MANY_MIN:
            likely = [one for one in believed if one.region.area >= settings.area_share_among_many_min * largest]
        return sorted(likely, key=lambda one: -one.region.area)

    def _believed(self, photo: Photo, regions: list[PillRegion], box: Box) -> list[_Likely]:
        """The regions that are likely pills, two halves of one pill joined."""
        if self._judge is None or not regions:
            return [_Likely(region, 0.0) for region in regions]
        alone = self._judge(photo, regions)
        regions, chances = rejoined(photo, regions, alone, box, self._judge, self.settings.whole_min)
        chances = without_grounds(regions, agreed(photo, regions, chances))
        is_many = bool(np.count_nonzero(chances >= self.settings.pill_min) >= _MANY_MIN)
        return [
            _Likely(replace(one, doubted=True) if chance < self._sure_min(one, is_many) else one, float(chance))
            for one, chance in zip(regions, chances, strict=True)
            if chance >= min(self._sure_min(one, is_many), self._chance_min)
        ]

    def _sure_min(self, region: PillRegion, is_many: bool) -> float:
        """Many pills cover each other by half; what the photo's border cuts is covered by none."""
        settings = self.settings
        return settings.pill_among_many_min if is_many and not region.cut_by_border else settings.pill_min


def _regions(likely: Sequence[_Likely]) -> tuple[PillRegion, ...]:
    return tuple(one.region for one in likely)


def _is_large_enough(region: PillRegion, settings: SegmentSettings) -> bool:
    _, length_px = place_of(region.outline)
    return length_px >= settings.length_px_min and cv2.contourArea(region.outline) >= _OUTLINE_AREA_MIN


def _lies_in(part: PillRegion, whole: PillRegion) -> bool:
    """Whether a region is smaller than another and has its middle within."""
    (row, col), _ = place_of(part.outline)
    inside = cv2.pointPolygonTest(whole.outline[:, ::-1].copy(), (float(col), float(row)), False) >= 0
    return inside and part.area < whole.area


def _is_too_small(box: Box) -> bool:
    return min(box[2] - box[0], box[3] - box[1]) < _CONTENT_PX_MIN


def _is_more_than(number: int, view: View, share_min: float) -> bool:
    """Whether a view shows more than so many regions of that share of the largest one's area."""
    return len(_without_crumbs(view.found, share_min)) > number


def _without_crumbs(seen: Sequence[Instance], share_min: float) -> list[Instance]:
    """What has at least that share of the largest one's area."""
    areas = [cv2.contourArea(one.outline) for one in seen]
    return [one for one, area in zip(seen, areas, strict=True) if area >= share_min * max(areas)]


def are_faces_of_one(photo: Photo, pills: tuple[PillRegion, ...], least: int) -> bool:
    """Whether there are at least so many pills and all look alike; print and stains on paper seldom do."""
    return len(pills) >= least and len(group_faces(photo, pills)) == 1


def _is_pill(one: Instance, chance_min: float) -> bool:
    return one.confidence >= chance_min and solidity(one.outline) >= _SOLIDITY_MIN
