"""Affine maps of ``(x, y)``, each ``(2, 3)`` float64."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Affine = NDArray[np.float64]
Places = NDArray[np.float64]


def composed(outer: Affine, inner: Affine) -> Affine:
    """The map that does ``inner`` first."""
    linear = outer[:, :2] @ inner[:, :2]
    return np.column_stack([linear, outer[:, :2] @ inner[:, 2] + outer[:, 2]])


def inverse(matrix: Affine) -> Affine:
    """The map back."""
    return np.asarray(cv2.invertAffineTransform(matrix), np.float64)


def mapped(matrix: Affine, places_xy: NDArray[np.floating]) -> Places:
    """The places ``(..., 2)`` mapped."""
    return np.asarray(places_xy @ matrix[:, :2].T + matrix[:, 2])


def scale_of(matrix: Affine) -> float:
    """How many times longer lengths become, in the mean of all directions."""
    return math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))


def turned_into(center_xy: tuple[float, float], size: tuple[int, int], scale: float, turn_deg: float) -> Affine:
    """Turns by ``turn_deg`` (counter-clockwise as seen), scales, and brings a place to the middle of ``(h, w)``."""
    matrix = np.asarray(cv2.getRotationMatrix2D(center_xy, turn_deg, scale), np.float64)
    matrix[:, 2] += np.array([size[1] / 2, size[0] / 2]) - np.array(center_xy)
    return matrix


def of_part(top: float, left: float, factor: float = 1.0) -> Affine:
    """From a part of a photo, cut at ``top`` and ``left`` and then enlarged ``factor`` times, to the photo.

    A pixel's place is its center: pixel i of the part covers the photo's ``(i + 0.5) / factor - 0.5``.
    """
    shift = 0.5 / factor - 0.5
    return np.array([[1 / factor, 0, left + shift], [0, 1 / factor, top + shift]])
