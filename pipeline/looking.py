"""Looking at one photo: what the caller says of it, where its pills lie, and how large it shows them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple, Protocol

from pipeline.clock import Clock
from pipeline.load import PhotoBox, box_of
from pipeline.records import Box, Photo, PillRegion, Scale
from pipeline.scale import check_reference, find_inset, find_scale
from pipeline.segment import content_box, pointed_at
from pipeline.settings import ScaleSettings


class Segments(Protocol):
    """What finds the pills of a photo; ``shown`` is the photo's ``content_box``, where that is known already."""

    def __call__(self, photo: Photo, shown: Box | None = None, /) -> tuple[PillRegion, ...]:
        """One region a pill face, the largest first."""


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
    """A photo's regions and its scale; of a page those of the framed picture that has a ruler of its own.

    Raises:
        InputError: the caller's region is no box of the photo.
    """
    look = partial(_looked_at, segment=segment, settings=settings, told=told, clock=clock)
    with clock("scale"):
        inset = find_inset(photo) if told.may_be_page else None
    if inset is not None:
        part = photo.part(inset)
        regions, scale = look(part, content_box(part.pixels), framed=True)
        if regions:
            moved = tuple(region.moved(*inset[:2]) for region in regions)
            said = replace(photo, warnings=(*photo.warnings, _PAGE))
            return PhotoFound(said, moved, scale and scale.moved(*inset[:2]), inset)
    # Where the caller points at a region, a part of the page itself may be meant.
    shown = (0, 0, *photo.pixels.shape[:2]) if told.region else content_box(photo.pixels)
    return PhotoFound(photo, *look(photo, shown, framed=False), shown)


def _looked_at(
    photo: Photo,
    shown: Box,
    *,
    framed: bool,
    segment: Segments,
    settings: ScaleSettings,
    told: CallerHints,
    clock: Clock,
) -> tuple[tuple[PillRegion, ...], Scale | None]:
    """What a photo shows; the scale is that of ``shown``, since text on the page around it may look like a ruler."""
    with clock("segment"):
        pointed = None if told.region is None else box_of(photo, told.region)
        regions = segment(photo, shown) if pointed is None else pointed_at(photo, pointed, segment)
    with clock("scale"):
        known = None if told.mm_per_px is None else told.mm_per_px * photo.reduction
        part, (top, left) = photo.part(shown), shown[:2]
        seen = [region.moved(-top, -left) for region in regions]
        scale = find_scale(part, seen, known, settings, coin=told.coin, framed=framed)
        return regions, scale and scale.moved(top, left)
