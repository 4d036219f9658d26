"""The long axis of a face, by second moments or by the smallest box around it.

What counts as oblong differs by purpose, so each caller has a limit of its own, ``oblong_min``: the least ratio of
length to width at which a face has a long axis.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.records import PillRegion


@dataclass(frozen=True, eq=False)
class Axes:
    """Figures of a region: center ``(row, col)``, axes' full lengths in px, the long axis' turn, and solidity."""

    center: tuple[float, float]
    axis_major_length_px: float
    axis_minor_length_px: float
    axis_deg: float
    solidity: float

    def is_oblong(self, oblong_min: float) -> bool:
        """Whether the face is at least so many times as long as wide."""
        return self.axis_major_length_px >= oblong_min * self.axis_minor_length_px


@dataclass(frozen=True)
class LongBox:
    """The smallest box around an outline: ``axis_deg`` is its long side's turn, -90 to 90 counter-clockwise as seen."""

    center_xy: tuple[float, float]
    length: float
    width: float
    axis_deg: float

    def is_oblong(self, oblong_min: float) -> bool:
        """Whether the face is more than so many times as long as wide."""
        return self.length > oblong_min * self.width


def axes_of(region: PillRegion) -> Axes:
    """Center and axes of the ellipse with the region's second moments, as scikit-image's regionprops gives them.

    Raises:
        ValueError: the region is empty.
    """
    moments = cv2.moments(region.mask.astype(np.uint8), binaryImage=True)
    area = moments["m00"]
    if area <= 0:
        raise ValueError("the pill region is empty")
    col, row = moments["m10"] / area + region.left, moments["m01"] / area + region.top
    # 1/12 is the second moment of one square pixel.
    xx, yy, xy = moments["mu20"] / area + 1 / 12, moments["mu02"] / area + 1 / 12, moments["mu11"] / area
    spread = math.hypot(xx - yy, 2 * xy)
    major = 4 * math.sqrt((xx + yy + spread) / 2)
    minor = 4 * math.sqrt(max((xx + yy - spread) / 2, 1 / 12))
    # The image's y runs down, a turn is counter-clockwise as seen: hence the sign.
    turn_deg = -math.degrees(0.5 * math.atan2(2 * xy, xx - yy))
    contour = region.outline[:, ::-1].astype(np.float32)
    hull_area = cv2.contourArea(cv2.convexHull(contour))
    solidity = min(cv2.contourArea(contour) / hull_area, 1.0) if hull_area > 0 else 1.0
    return Axes((row, col), major, minor, turn_deg, solidity)


def principal_axes(points_xy: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Second moments of what a closed outline ``(n, 2)`` encloses, the smaller first, and their axes as columns.

    Of an outline that encloses nothing both moments are 0.
    """
    moments = cv2.moments(points_xy.astype(np.float32)[:, None, :])
    area = moments["m00"] or math.inf
    spread = np.array([[moments["mu20"], moments["mu11"]], [moments["mu11"], moments["mu02"]]]) / area
    values, vectors = np.linalg.eigh(spread)
    return values, vectors


def long_box(outline_xy: NDArray[np.floating]) -> LongBox:
    """The smallest box around an outline ``(n, 2)``."""
    center, (width, height), angle = cv2.minAreaRect(outline_xy.astype(np.float32))
    turn = -angle if width >= height else -angle - 90.0
    axis_deg = (turn + 90.0) % 180.0 - 90.0
    return LongBox((float(center[0]), float(center[1])), max(width, height), min(width, height), axis_deg)
