"""Finds the pills of one photo."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.records import Photo, PillRegion
from pipeline.segment import outline
from pipeline.segment.candidates import find_candidates
from pipeline.segment.halves import rejoin
from pipeline.segment.regions import clockwise, content_box, region_of


@dataclass(frozen=True)
class SegmentSettings:
    """How pills are looked for.

    ``work_px``: the long side at which pills are found; outlines are drawn in the photo's own pixels.
    ``least_share``: the smallest pill as a share of the photo; 0.0006 is one of 15 px in 640 x 480.
    """

    work_px: int = 512
    least_share: float = 0.0006


def segment(photo: Photo, settings: SegmentSettings | None = None) -> tuple[PillRegion, ...]:
    """Find every pill of the photo, the largest first.

    Returns:
        One region a pill face; empty where the photo shows none. A pill that leaves the photo is flagged
        ``cut_by_border``.
    """
    settings = settings or SegmentSettings()
    top, left, bottom, right = content_box(photo.pixels)
    pixels = photo.pixels[top:bottom, left:right]
    factor = min(1.0, settings.work_px / max(pixels.shape[:2]))
    size = max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) if factor < 1 else pixels
    if min(small.shape[:2]) < 8:
        return ()
    least = max(40.0, settings.least_share * small.shape[0] * small.shape[1])
    found = []
    for candidate in rejoin(find_candidates(np.asarray(small, np.uint8), least)):
        points = (candidate.contour.reshape(-1, 2)[:, ::-1] + 0.5) / factor - 0.5 + (top, left)
        rough = clockwise(points.astype(np.float32))
        reach = max(3.0, 0.05 * float(np.sqrt(cv2.contourArea(rough))))
        sharp = outline.refine(photo.pixels, rough, reach, rounds=2)
        found.append(region_of(photo, sharp, (top, left, bottom, right), _confidence(candidate.score)))
    return tuple(sorted(found, key=lambda region: -region.area))


def _confidence(score: float) -> float:
    """A candidate's score, 4-8 for what is kept, as 0.5-1 (a score, not a calibrated probability)."""
    return float(np.clip(0.5 + (score - 4.0) / 8.0, 0.0, 1.0))
