"""What the outline of a face looks like, in figures that neither turn, size nor mirror image change."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.axes import principal_axes
from pipeline.geometry.outline import Outline, perimeter, resample, smooth

Figures = NDArray[np.float64]

SAMPLES = 256
"""Points the outline is resampled to; corners of an octagon are then 32 apart."""

_SMOOTH_SHARE = 0.012
"""Standard deviation of the smoothing as a share of the perimeter: 2-3 px on a pill 60 px wide, below which the
pixel grid itself makes corners."""

_FOURIER_ORDERS = 16
_TURNING_QUANTILES = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)


def outline_figures(outline: Outline) -> Figures:
    """The outline as ``(n,)`` float64 figures.

    In this order: aspect, solidity, the areas' ratios to the smallest box, circle and triangle around, the
    isoperimetric ratio, the distance to the ellipse of the same moments, Fourier magnitudes of the radius, of
    the turning rate and of the closed curve in its long axis' frame, quantiles of the turning rate, the share
    of straight sides, seven Hu moments (log).

    Parameters: ``outline`` is ``(n, 2)`` float32 ``(row, col)``, closed, either way round.
    """
    points = _even_points(outline)
    contour = points.astype(np.float32)[:, None, :]
    area = max(abs(cv2.contourArea(contour)), 1e-6)
    around = cv2.arcLength(contour, True)
    hull_area = max(cv2.contourArea(cv2.convexHull(contour)), area)
    (_, sides, _) = cv2.minAreaRect(contour)
    short, long = sorted(sides)
    _, radius = cv2.minEnclosingCircle(contour)
    framed, lengths = _own_frame(points)
    ratios = [
        short / max(long, 1e-6),
        lengths[1] / lengths[0],
        area / hull_area,
        area / max(short * long, 1e-6),
        area / max(np.pi * radius**2, 1e-6),
        area / max(_triangle_area(contour, 2 * short * long), 1e-6),
        4 * np.pi * area / around**2,
        _ellipse_distance(framed, lengths),
    ]
    turning = _turning_rate(points)
    hu = cv2.HuMoments(cv2.moments(contour)).ravel()
    return np.concatenate(
        [
            ratios,
            _radius_spectrum(framed),
            _turning_spectrum(turning),
            _curve_spectrum(framed),
            np.quantile(turning, _TURNING_QUANTILES),
            [np.mean(np.abs(turning) < 0.35)],
            np.log10(np.abs(hu) + 1e-12),
        ]
    )


def _triangle_area(contour: cv2.typing.MatLike, otherwise: float) -> float:
    """The area of the smallest triangle around it; ``otherwise`` where OpenCV finds none, as around some blots."""
    try:
        area, _ = cv2.minEnclosingTriangle(contour)
    except cv2.error:
        return otherwise
    return area


def _even_points(outline: Outline) -> Figures:
    """``SAMPLES`` points ``(x, y)`` at equal distances, slightly smoothed."""
    if perimeter(outline) <= 0:
        raise ValueError("the outline has no length")
    return smooth(resample(outline[:, ::-1], SAMPLES), _SMOOTH_SHARE * SAMPLES)


def _own_frame(points: Figures) -> tuple[Figures, tuple[float, float]]:
    """Points about the center of area along the long axis, and the axes' half lengths (of the filled outline)."""
    moments = cv2.moments(points.astype(np.float32)[:, None, :])
    area = moments["m00"] or 1e-6
    center = np.array([moments["m10"], moments["m01"]]) / area
    values, vectors = principal_axes(points)
    minor, major = 2 * np.sqrt(np.maximum(values, 1e-9))
    return (points - center) @ vectors[:, ::-1], (float(major), float(minor))


def _ellipse_distance(framed: Figures, lengths: tuple[float, float]) -> float:
    """Root mean square distance of the outline from the ellipse with its moments, over the half length."""
    unit = np.linalg.norm(framed / np.array(lengths), axis=1)
    return float(np.sqrt(np.mean((unit - 1) ** 2)))


def _radius_spectrum(framed: Figures) -> Figures:
    """Magnitudes of the radius' Fourier orders over its mean, the radius taken at even angles."""
    angle = np.arctan2(framed[:, 1], framed[:, 0])
    order = np.argsort(angle)
    places = np.linspace(-np.pi, np.pi, SAMPLES, endpoint=False)
    radius = np.interp(places, angle[order], np.linalg.norm(framed, axis=1)[order], period=2 * np.pi)
    magnitudes = np.abs(np.fft.rfft(radius))[1 : _FOURIER_ORDERS + 1]
    return np.asarray(magnitudes / max(float(radius.sum()), 1e-9) * 10)


def _turning_rate(points: Figures) -> Figures:
    """Turning per step over that of a circle: 1 everywhere on a circle, 0 on straight sides."""
    step = np.roll(points, -1, axis=0) - points
    heading = np.unwrap(np.arctan2(step[:, 1], step[:, 0]), period=2 * np.pi)
    turn = np.diff(np.concatenate([heading, heading[:1]]))
    turn = (turn + np.pi) % (2 * np.pi) - np.pi
    return np.asarray(turn * np.sign(turn.sum() or 1.0) / (2 * np.pi / len(points)))


def _turning_spectrum(turning: Figures) -> Figures:
    """Magnitudes of the turning rate's Fourier orders: order k stands out where the outline has k like corners."""
    return np.asarray(np.abs(np.fft.rfft(turning))[1 : _FOURIER_ORDERS + 1] / len(turning))


def _curve_spectrum(framed: Figures) -> Figures:
    """Magnitudes of the closed curve's own Fourier orders -6..6 over the first, the way round made positive."""
    curve = framed[:, 0] + 1j * framed[:, 1]
    spectrum = np.fft.fft(curve)
    if abs(spectrum[1]) < abs(spectrum[-1]):
        spectrum = np.fft.fft(curve.conj())
    first = max(abs(spectrum[1]), 1e-9)
    orders = [*range(2, 8), *range(-7, 0)]
    return np.asarray(np.abs(spectrum[orders]) / first)
