"""Finds the pills of one photo: edges and the network propose outlines, the best that do not overlap are pills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.records import Photo, PillRegion, Pixels
from pipeline.segment.candidates import find_candidates
from pipeline.segment.choose import Looks, Proposal, choose, map_signs
from pipeline.segment.faces import group_faces
from pipeline.segment.halves import rejoin
from pipeline.segment.instances import Instance, instances
from pipeline.segment.network import PillMaps, pill_maps
from pipeline.segment.outline import Belief, refine
from pipeline.segment.regions import Box, clockwise, content_box, region_of


@dataclass(frozen=True)
class SegmentSettings:
    """How pills are looked for.

    ``work_px``: the long side at which edges are followed; outlines are drawn in the photo's own pixels.
    ``fine_px`` and ``coarse_px``: the long sides at which the network looks; large pills are whole in the coarse look.
    ``least_share``: the smallest pill as a share of the photo; 0.0006 is one of 15 px in 640 x 480.
    ``least_score``: what a region needs to be a pill, see ``choose``.
    ``least_of_largest``: its area by that of the largest; pills of 4 mm beside usual ones of 10 mm have 0.12.
    """

    work_px: int = 512
    fine_px: int = 384
    coarse_px: int = 256
    least_share: float = 0.0006
    least_score: float = 0.4
    least_of_largest: float = 0.08


# How far the network's rim may be off: map pixels, and a share of the pill's size.
_OFF_PX = 1.5
_OFF_SHARE = 0.06
# Of the network's regions, before they are judged: map pixels, mean chance, area over hull.
_LEAST_AREA = 12.0
_LEAST_CHANCE = 0.75
_LEAST_SOLID = 0.86
# Mean chance of pill inside; 0.4 and 0.6 gave the same on 100 validation photos.
_AGREED = 0.5


def segment(photo: Photo, settings: SegmentSettings | None = None) -> tuple[PillRegion, ...]:
    """Find every pill of the photo, the largest first.

    Where edges alone give two faces alike, and the network sees pills there, they are the answer; else its regions
    stand beside theirs, and the best of all are chosen.

    Returns:
        One region a pill face; empty where the photo shows none. A pill that leaves the photo is flagged
        ``cut_by_border``.
    """
    settings = settings or SegmentSettings()
    box = content_box(photo.pixels)
    pixels = photo.pixels[box[0] : box[2], box[1] : box[3]]
    if min(pixels.shape[:2]) < 8:
        return ()
    edged = by_edges(photo, box, settings)
    coarse = pill_maps(pixels, settings.coarse_px)
    pair = len(edged) == 2 and len(group_faces(photo, edged)) == 1
    if pair and _agree(edged, coarse, box):
        return edged
    fine = pill_maps(pixels, settings.fine_px)
    if pair and _agree(edged, fine, box):
        return edged
    looks = Looks(fine, coarse, (box[0], box[1]))
    chosen = choose(photo.pixels, proposals_of(photo, box, edged, looks), looks, settings.least_score)
    largest = max((region.area for region in chosen), default=0)
    pills = [region for region in chosen if region.area >= settings.least_of_largest * largest]
    return tuple(sorted(pills, key=lambda region: -region.area))


def proposals_of(photo: Photo, box: Box, edged: Sequence[PillRegion], looks: Looks) -> list[Proposal]:
    """What edges propose, and what the network does in each of its looks."""
    proposals = [Proposal(region, "EDGES") for region in edged]
    for maps, source in ((looks.fine, "FINE"), (looks.coarse, "COARSE")):
        proposals += [Proposal(region, source) for region in _by_network(photo, box, maps)]
    return proposals


def _agree(regions: Sequence[PillRegion], maps: PillMaps, box: Box) -> bool:
    """Whether the network sees a pill inside each of the regions."""
    return all(map_signs(maps, region.outline - box[:2])[0] >= _AGREED for region in regions)


def by_edges(photo: Photo, box: Box, settings: SegmentSettings) -> tuple[PillRegion, ...]:
    """The regions that edges and even color outline, the largest first."""
    pixels = photo.pixels[box[0] : box[2], box[1] : box[3]]
    factor = min(1.0, settings.work_px / max(pixels.shape[:2]))
    size = max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) if factor < 1 else pixels
    if min(small.shape[:2]) < 8:
        return ()
    least = max(40.0, settings.least_share * small.shape[0] * small.shape[1])
    found = []
    for candidate in rejoin(find_candidates(np.asarray(small, np.uint8), least)):
        points = (candidate.contour.reshape(-1, 2)[:, ::-1] + 0.5) / factor - 0.5 + box[:2]
        rough = clockwise(points.astype(np.float32))
        reach = max(3.0, 0.05 * float(np.sqrt(cv2.contourArea(rough))))
        sharp = refine(photo.pixels, rough, reach, rounds=2)
        found.append(region_of(photo, sharp, box, _confidence(candidate.score)))
    return tuple(sorted(found, key=lambda region: -region.area))


def _confidence(score: float) -> float:
    """A candidate's score, 4-8 for what is kept, as 0.5-1 (a score, not a calibrated probability)."""
    return float(np.clip(0.5 + (score - 4.0) / 8.0, 0.0, 1.0))


def _by_network(photo: Photo, box: Box, maps: PillMaps) -> list[PillRegion]:
    pixels = photo.pixels[box[0] : box[2], box[1] : box[3]]
    found = []
    for one in instances(maps, _LEAST_AREA):
        area, hull = cv2.contourArea(one.outline), cv2.contourArea(cv2.convexHull(one.outline))
        if one.confidence >= _LEAST_CHANCE and area >= _LEAST_SOLID * hull:
            found.append(region_of(photo, _outlined(pixels, one, maps) + box[:2], box, one.confidence))
    return found


def _outlined(pixels: Pixels, one: Instance, maps: PillMaps) -> np.ndarray:
    reach = max(2.0, _OFF_PX * max(maps.to_photo), _OFF_SHARE * float(np.sqrt(cv2.contourArea(one.outline))))
    return refine(pixels, clockwise(one.outline), reach, 2, Belief(one.chance, maps.to_photo))
