"""Looking at one photo: what the caller says of it, where its pills lie, and how large it shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from pipeline.clock import Clock
from pipeline.load import PhotoBox
from pipeline.records import Box, Photo, PillRegion, Scale
from pipeline.scale import check_reference, find_inset, find_scale
from pipeline.segment import content_box
from pipeline.settings import ScaleSettings

# What finds the pills of a photo.
Segments = Callable[[Photo], tuple[PillRegion, ...]]

# Said where only the framed picture of a page was looked at.
_PAGE = "Only the framed picture with a ruler of its own was looked at; what lies outside it was not."


@dataclass(frozen=True)
class CallerHints:
    """What the caller says of the photos.

    ``page``: one pill is asked for, so that it may be the one in a framed picture on a page. Who asks for each pill, or
    whether one is none of some, means all that lie there.
    """

    mm_per_px: float | None
    coin: str | None
    channels: str
    region: PhotoBox | None = None
    page: bool = False

    def __post_init__(self) -> None:
        check_reference(self.mm_per_px, self.coin)

    @property
    def may_be_page(self) -> bool:
        """Whether a framed picture may be what is meant: nothing that the caller says is of the whole photo."""
        return self.page and self.mm_per_px is None and self.coin is None and self.region is None


class PhotoFound(NamedTuple):
    """A photo, which says where only a part of it was looked at, its regions, its scale, and that part (``Scene``)."""

    photo: Photo
    regions: tuple[PillRegion, ...]
    scale: Scale | None
    shown: Box


def found_in(photo: Photo, segment: Segments, settings: ScaleSettings, told: CallerHints, clock: Clock) -> PhotoFound:
    """A photo's regions and its scale; of a page those of the framed picture that has a ruler of its own."""
    with clock("scale"):
        inset = find_inset(photo) if told.may_be_page else None
    if inset is not None:
        regions, scale = _found_in(photo.part(inset), segment, settings, told, clock, framed=True)
        if regions:
            moved = tuple(region.moved(*inset[:2]) for region in regions)
            said = replace(photo, warnings=(*photo.warnings, _PAGE))
            return PhotoFound(said, moved, scale and scale.moved(*inset[:2]), inset)
    # Where the caller points at a region, a part of the page itself may be meant.
    shown = (0, 0, *photo.pixels.shape[:2]) if told.region else content_box(photo.pixels)
    return PhotoFound(photo, *_found_in(photo, segment, settings, told, clock, framed=False), shown)


def _found_in(
    photo: Photo, segment: Segments, settings: ScaleSettings, told: CallerHints, clock: Clock, framed: bool
) -> tuple[tuple[PillRegion, ...], Scale | None]:
    with clock("segment"):
        regions = segment(photo)
    with clock("scale"):
        known = None if told.mm_per_px is None else told.mm_per_px * photo.reduction
        return regions, find_scale(photo, regions, known, settings, coin=told.coin, framed=framed)
