"""Closed outlines as ``(n, 2)`` points."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Outline = NDArray[np.float32]
"""A closed outline ``(n, 2)`` float32 ``(row, col)``; the last point is not the first again."""


def resample(points: NDArray[np.floating], count: int) -> NDArray[np.float64]:
    """``count`` points ``(count, 2)`` at equal distances along a closed outline."""
    closed = np.concatenate([points, points[:1]]).astype(np.float64)
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    wanted = np.linspace(0, along[-1], count, endpoint=False)
    return np.stack([np.interp(wanted, along, closed[:, axis]) for axis in (0, 1)], axis=1)


def smooth(points: NDArray[np.float64], sigma_points: float) -> NDArray[np.float64]:
    """The values ``(n, m)`` at the points of a closed outline, convolved along it with a Gaussian."""
    frequencies = np.fft.fftfreq(len(points))[:, None]
    spectrum = np.fft.fft(points, axis=0) * np.exp(-2 * (np.pi * frequencies * sigma_points) ** 2)
    return np.asarray(np.fft.ifft(spectrum, axis=0).real)


def perimeter(points: NDArray[np.floating]) -> float:
    """Length of a closed outline."""
    return float(np.linalg.norm(np.diff(points, axis=0, append=points[:1]), axis=1).sum())


def solidity(outline: Outline) -> float:
    """Area over the area of the convex hull, 0-1; 0 of a line or a point."""
    hull = cv2.contourArea(cv2.convexHull(outline))
    return cv2.contourArea(outline) / hull if hull > 0 else 0.0


def clockwise(points: Outline) -> Outline:
    """The outline of (row, col) so that it runs clockwise as seen."""
    rows, cols = points[:, 0], points[:, 1]
    signed = float(np.sum(cols * np.roll(rows, -1) - np.roll(cols, -1) * rows))
    return points if signed >= 0 else points[::-1].copy()
