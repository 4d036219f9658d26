"""Longest dimension and width of a face in millimeters."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.records import PillRegion, Scale, SizeMeasurement

# An outline is placed to about a third of a pixel on each side.
_OUTLINE_SIGMA_PX = 0.5
_DIRECTIONS = 90


def size(region: PillRegion, scale: Scale, is_round: bool = False) -> SizeMeasurement:
    """Measure a face: its largest Feret diameter (``feret_diameter_max``) and the width across it.

    Of a round pill the smallest Feret diameter is taken: shadow in an outline lies on one side, and across it the
    pill is as wide as it is (docs/experiments/scale.md: half the error). How far the diameters differ goes into
    the uncertainty.

    With a homography the outline is mapped to the table plane first. ``sigma_mm`` holds the scale's deviation, which
    includes the pill's height over the table (its outline lies nearer to the camera than the reference), and that of
    the outline.
    """
    points = region.outline[:, ::-1].astype(np.float64)
    if scale.homography is None:
        places = points * scale.mm_per_px
    else:
        places = cv2.perspectiveTransform(points[None], scale.homography)[0]
    hull = cv2.convexHull(places.astype(np.float32))[:, 0].astype(np.float64)
    length_mm, width_mm = _feret(hull)
    outline_mm = _OUTLINE_SIGMA_PX * scale.mm_per_px
    if is_round:
        turns = np.linspace(0, np.pi, _DIRECTIONS, endpoint=False)
        diameters = np.ptp(hull @ np.stack([np.cos(turns), np.sin(turns)]), axis=0)
        length_mm = width_mm = float(diameters.min())
        outline_mm = float(np.hypot(outline_mm, diameters.std()))
    return SizeMeasurement(length_mm, width_mm, float(np.hypot(length_mm * scale.relative_sigma, outline_mm)))


def _feret(hull: NDArray[np.float64]) -> tuple[float, float]:
    """The largest distance between two points of a hull ``(n, 2)``, and its extent across that direction."""
    distances = np.hypot(*(hull[:, None] - hull[None]).transpose(2, 0, 1))
    start, end = np.unravel_index(int(distances.argmax()), distances.shape)
    length = float(distances[start, end])
    if length == 0.0:
        return 0.0, 0.0
    across = np.array([-(hull[end] - hull[start])[1], (hull[end] - hull[start])[0]]) / length
    return length, float(np.ptp(hull @ across))
