"""A cast shadow that an outline has taken along as a lobe is cut off where the rest of the outline shows the pill.

The rim of a round or oblong pill is a stadium (discorectangle), a circle at its shortest. Where most of an outline lies
on one and what does not is a bulge or two, as shadow on both sides of a pale half makes, a bulge is not pill where the
stadium's rim is an edge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.outline import Outline, resample
from pipeline.records import Pixels
from pipeline.segment.outline import color_steps

Points = NDArray[np.float64]

_POINTS = 72
# In widths of the stadium: what lies on it, how far a bulge must stand out, and how far the outline may stay inside.
_ON, _BULGE, _SHORT = 0.025, 0.06, 0.05
# Shares of the outline: on the stadium at least, outside at least, and of all outside in so few bulges at least (a
# tablet has four corners). Of the outlines of 300 training photos changed, those looked at and wrong were triangles
# with less on the stadium.
_ON_LEAST, _OUTSIDE_LEAST, _IN_BULGES, _BULGES = 0.66, 0.05, 0.85, 2
# A bulge may touch the stadium over so many points.
_BREAK = 2
# How clear an edge the stadium must be there by that of the bulge's own end, as the change of color over this share of
# the width: a teardrop and a triangle have none (0.15 and less), cut shadows 0.2 to 1,000.
_AS_CLEAR, _ACROSS = 0.35, 0.03
# With its bulge a round pill is no longer than this by its width; the fit then begins from a circle as well.
_NEARLY_ROUND = 1.4
# A size 00 capsule is 2.8 times as long as wide.
_LONGEST = 4.0
# In widths: an outline that is the same after half a turn to so much has no bulge on one side.
_LOPSIDED = 0.04
# The fit: rounds, and how far an outlier is, in widths, at first, at last and from round to round.
_ROUNDS, _FAR, _NEAR, _CLOSING = 16, 0.1, 0.02, 0.8


@dataclass(frozen=True)
class Stadium:
    """All places within ``radius`` of a straight piece of half length ``half``, in the outline's pixels.

    Its middle is (``row``, ``col``), its direction ``turn`` in radians from +row to +col.
    """

    row: float
    col: float
    turn: float
    half: float
    radius: float

    def _own(self, points: Points) -> tuple[Points, Points]:
        """Along and across the straight piece, from the middle."""
        away = points - (self.row, self.col)
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        return away[:, 0] * cos + away[:, 1] * sin, away[:, 1] * cos - away[:, 0] * sin

    def beyond(self, points: Points) -> Points:
        """How far points ``(n, 2)`` (row, col) lie outside, ``(n,)``; negative inside."""
        along, across = self._own(points)
        return np.asarray(np.hypot(np.maximum(np.abs(along) - self.half, 0), across) - self.radius)

    def nearest(self, points: Points) -> Points:
        """The nearest places of the rim."""
        along, across = self._own(points)
        middle = np.clip(along, -self.half, self.half)
        out = np.stack([along - middle, across], axis=1)
        out *= self.radius / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        along, across = middle + out[:, 0], out[:, 1]
        return np.stack([self.row + along * cos - across * sin, self.col + along * sin + across * cos], axis=1)

    def nearer(self, points: Points, far: float) -> Stadium:
        """One round of robust least squares: points outside by ``far`` hardly count (Geman and McClure 1985)."""
        along, across = self._own(points)
        past = np.maximum(np.abs(along) - self.half, 0)
        distance = np.maximum(np.hypot(past, across), 1e-9)
        off = distance - self.radius
        by_along, by_across = np.sign(along) * past / distance, across / distance
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        slopes = np.stack(
            [
                by_across * sin - by_along * cos,
                -by_along * sin - by_across * cos,
                by_along * across - by_across * along,
                -past / distance,
                -np.ones(len(points)),
            ],
            axis=1,
        )
        # A bulge lies outside; what lies inside is rim.
        weights = np.where(off > 0, 1 / (1 + (off / far) ** 2) ** 2, 1 / (1 + (off / (2 * far)) ** 2))
        normal = slopes.T @ (slopes * weights[:, None]) + np.diag([1e-3, 1e-3, 1e-3 * self.radius**2, 1e-2, 1e-3])
        step = np.linalg.solve(normal, slopes.T @ (weights * off))
        row, col, turn, half, radius = np.array([self.row, self.col, self.turn, self.half, self.radius]) - step
        return Stadium(float(row), float(col), float(turn), max(float(half), 0.0), max(float(radius), 1.0))


def without_lobes(pixels: Pixels, outline: Outline) -> Outline:
    """An outline without the bulge or two on a pill that is round or oblong and ends there; else as it is.

    Args:
        pixels: ``(h, w, 3)`` uint8 sRGB.
        outline: ``(n, 2)`` float32 (row, col), clockwise as seen.
    """
    (row, col), sides, degrees = cv2.minAreaRect(outline)
    width, length = max(min(sides), 2.0), max(sides)
    points = resample(outline, _POINTS)
    if _one_sided(points) < _LOPSIDED * width:
        return outline
    turn = np.radians(degrees + (90.0 if sides[1] > sides[0] else 0.0))
    begins = [Stadium(row, col, float(turn), (length - width) / 2, width / 2)]
    if length < _NEARLY_ROUND * width:
        begins.append(replace(begins[0], half=0.0))
    stadium = max((fitted(points, begin) for begin in begins), key=lambda one: _share_on(one, points))
    beyond = stadium.beyond(points) / (2 * stadium.radius)
    outside = beyond >= _ON
    bulges = _bulges(outside)
    is_bulging = (
        _share_on(stadium, points) >= _ON_LEAST
        and outside.mean() >= _OUTSIDE_LEAST
        and beyond.max() > _BULGE
        and beyond.min() > -_SHORT
        and stadium.half + stadium.radius < _LONGEST * stadium.radius
        and len(bulges) > 0
    )
    if not is_bulging:
        return outline
    rim = np.where(outside[:, None], stadium.nearest(points), points)
    edge, end = (color_steps(pixels, line, _ACROSS * width) for line in (rim, points))
    if any(np.median(edge[bulge]) < _AS_CLEAR * np.median(end[bulge]) for bulge in bulges):
        return outline
    return rim.astype(np.float32)


def _one_sided(points: Points) -> float:
    """How much farther from the middle than its opposite a point of an outline lies at most."""
    area = cv2.moments(points.astype(np.float32))
    away = points - np.array([area["m10"], area["m01"]]) / max(area["m00"], 1e-9)
    angle, distance = np.arctan2(away[:, 1], away[:, 0]), np.hypot(away[:, 0], away[:, 1])
    opposite = np.interp(angle + np.pi, angle, distance, period=2 * np.pi)
    return float(np.max(distance - opposite))


def fitted(points: Points, begin: Stadium) -> Stadium:
    """The stadium that most of the points ``(n, 2)`` (row, col) lie on."""
    stadium, width = begin, 2 * begin.radius
    for number in range(_ROUNDS):
        stadium = stadium.nearer(points, width * max(_NEAR, _FAR * _CLOSING**number))
    return stadium


def _share_on(stadium: Stadium, points: Points) -> float:
    return float(np.mean(np.abs(stadium.beyond(points)) < 2 * _ON * stadium.radius))


def _bulges(outside: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """The one or two runs that hold nearly all points outside; none where it takes more."""
    runs = sorted(_runs(outside), key=len, reverse=True)
    enough = _IN_BULGES * np.count_nonzero(outside)
    return next((runs[:count] for count in range(1, _BULGES + 1) if sum(map(len, runs[:count])) >= enough), [])


def _runs(marked: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """The marked points of a closed outline that follow each other, short breaks apart."""
    places = np.flatnonzero(marked)
    if len(places) == 0:
        return []
    apart = np.diff(places, prepend=places[-1] - len(marked)) > _BREAK + 1
    first = int(np.argmax(apart))
    return np.split(np.roll(places, -first), np.flatnonzero(np.roll(apart, -first))[1:])
