"""Length and width of a face in millimeters."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.axes import long_box, principal_axes
from pipeline.records import PillRegion, Scale, SizeMeasurement

# An outline is placed to about a third of a pixel on each side.
_OUTLINE_SIGMA_PX = 0.5
_DIRECTIONS = 90
# Length over width by second moments from which on a face has a long axis; a square, a hexagon and an equilateral
# triangle have 1, diamonds 1.2 and more.
OBLONG_MIN = 1.15


def size(region: PillRegion, scale: Scale, is_round: bool = False) -> SizeMeasurement:
    """Measure a face: its length and width, the extents along its long axis and across.

    So registers measure: a square by its side, a diamond by its diagonal. Of a round pill both are its smallest Feret
    diameter: shadow in an outline lies on one side, and across it the pill is as wide as it is
    (docs/experiments/scale.md). How far the diameters differ goes into the uncertainty.

    With a homography the outline is mapped to the table plane first. ``sigma_mm`` holds the scale's deviation, which
    includes the pill's height over the table (its outline lies nearer to the camera than the reference), and that of
    the outline.
    """
    points = region.outline[:, ::-1].astype(np.float64)
    if scale.homography is None:
        places = points * scale.mm_per_px
    else:
        places = cv2.perspectiveTransform(points[None], scale.homography)[0]
    outline_mm = _OUTLINE_SIGMA_PX * scale.mm_per_px
    if is_round:
        diameters = _extents(places, np.linspace(0, np.pi, _DIRECTIONS, endpoint=False))
        length_mm = width_mm = float(diameters.min())
        outline_mm = float(np.hypot(outline_mm, diameters.std()))
    else:
        axis = _long_axis(places)
        length_mm, width_mm = _extents(places, np.array([axis, axis + np.pi / 2])).tolist()
    return SizeMeasurement(length_mm, width_mm, float(np.hypot(length_mm * scale.relative_sigma, outline_mm)))


def _extents(places: NDArray[np.float64], turns: NDArray[np.float64]) -> NDArray[np.float64]:
    """The extents of places ``(n, 2)`` in some directions, radians."""
    return np.asarray(np.ptp(places @ np.stack([np.cos(turns), np.sin(turns)]), axis=0))


def _long_axis(places: NDArray[np.float64]) -> float:
    """The axis of least inertia; of what has none, as a square, the long side of the smallest box. In radians."""
    values, vectors = principal_axes(places)
    if values[1] > OBLONG_MIN**2 * values[0]:
        return float(np.arctan2(vectors[1, 1], vectors[0, 1]))
    return math.radians(-long_box(places).axis_deg)
