"""Cuts off a cast shadow that an outline has taken along as a bulge.

The rim of a round or oblong pill is a stadium (also called discorectangle), of which a circle is the shortest. Where
most of an outline lies on a stadium and the rest is one bulge or two, such as the shadow on both sides of a capsule's
pale half, the bulge is cut off, provided that the photo shows an edge along the stadium there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.outline import Outline, resample
from pipeline.records import Pixels
from pipeline.segment.edge import color_steps

Points = NDArray[np.float64]

_POINTS = 72
# In widths of the stadium: how far from it a point still lies on it, how far a bulge stands out at least, and how far
# inside the outline may run.
_ON_MAX, _BULGE_MIN, _INSIDE_MAX = 0.025, 0.06, 0.05
# Shares of the outline that lie on the stadium and outside it at least. In a trial on 300 training photos the outlines
# that were changed wrongly were triangles, of which less lies on the stadium.
_ON_SHARE_MIN, _OUTSIDE_SHARE_MIN = 0.66, 0.05
# So many bulges at most hold this share of all that lies outside; a tablet with corners has four.
_BULGES_MAX, _IN_BULGES_MIN = 2, 0.85
# A bulge may touch the stadium over so many points and is still one.
_BREAK_MAX = 2
# How strong the edge along the stadium is, by the edge along the bulge's end, as the change of color over ``_ACROSS``
# widths: 0.15 and less for a teardrop or a triangle, 0.2 to 1,000 for shadows that were cut.
_CLEAR_MIN, _ACROSS = 0.35, 0.03
# Up to this length over width a pill with its bulge may be round: a circle is fitted too.
_NEARLY_ROUND_MAX = 1.4
# Length over width of a pill; a size 00 capsule has 2.8.
_ELONGATION_MAX = 4.0
# An outline that differs less than this from itself after half a turn, in widths, has no bulge on one side only.
_LOPSIDED_MIN = 0.04
# The fit: how many rounds, and the distance from which on a point counts as an outlier, in widths, at first, at last,
# and the factor from round to round.
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
        # A bulge lies outside, so points inside are trusted more.
        weights = np.where(off > 0, 1 / (1 + (off / far) ** 2) ** 2, 1 / (1 + (off / (2 * far)) ** 2))
        normal = slopes.T @ (slopes * weights[:, None]) + np.diag([1e-3, 1e-3, 1e-3 * self.radius**2, 1e-2, 1e-3])
        step = np.linalg.solve(normal, slopes.T @ (weights * off))
        row, col, turn, half, radius = np.array([self.row, self.col, self.turn, self.half, self.radius]) - step
        return Stadium(float(row), float(col), float(turn), max(float(half), 0.0), max(float(radius), 1.0))


def without_lobes(pixels: Pixels, outline: Outline) -> Outline:
    """An outline without its one or two bulges, where it is that of a round or oblong pill; else the outline as it is.

    Args:
        pixels: ``(h, w, 3)`` uint8 sRGB.
        outline: ``(n, 2)`` float32 (row, col), clockwise as seen.
    """
    (row, col), sides, degrees = cv2.minAreaRect(outline)
    width, length = max(min(sides), 2.0), max(sides)
    points = resample(outline, _POINTS)
    if _one_sided(points) < _LOPSIDED_MIN * width:
        return outline
    turn = np.radians(degrees + (90.0 if sides[1] > sides[0] else 0.0))
    begins = [Stadium(row, col, float(turn), (length - width) / 2, width / 2)]
    if length < _NEARLY_ROUND_MAX * width:
        begins.append(replace(begins[0], half=0.0))
    stadium = max((fitted(points, begin) for begin in begins), key=lambda one: _share_on(one, points))
    beyond = stadium.beyond(points) / (2 * stadium.radius)
    outside = beyond >= _ON_MAX
    bulges = _bulges(outside)
    is_bulging = (
        _share_on(stadium, points) >= _ON_SHARE_MIN
        and outside.mean() >= _OUTSIDE_SHARE_MIN
        and beyond.max() > _BULGE_MIN
        and beyond.min() > -_INSIDE_MAX
        and stadium.half + stadium.radius < _ELONGATION_MAX * stadium.radius
        and len(bulges) > 0
    )
    if not is_bulging:
        return outline
    rim = np.where(outside[:, None], stadium.nearest(points), points)
    edge, end = (color_steps(pixels, line, _ACROSS * width) for line in (rim, points))
    if any(np.median(edge[bulge]) < _CLEAR_MIN * np.median(end[bulge]) for bulge in bulges):
        return outline
    return rim.astype(np.float32)


def _one_sided(points: Points) -> float:
    """The largest difference in distance from the middle between a point of an outline and the opposite point."""
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
    return float(np.mean(np.abs(stadium.beyond(points)) < 2 * _ON_MAX * stadium.radius))


def _bulges(outside: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """The one or two runs of points that hold nearly all points outside; empty where it takes more runs."""
    runs = sorted(_runs(outside), key=len, reverse=True)
    enough = _IN_BULGES_MIN * np.count_nonzero(outside)
    return next((runs[:count] for count in range(1, _BULGES_MAX + 1) if sum(map(len, runs[:count])) >= enough), [])


def _runs(marked: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Runs of marked points along a closed outline; a short break does not end a run."""
    places = np.flatnonzero(marked)
    if len(places) == 0:
        return []
    apart = np.diff(places, prepend=places[-1] - len(marked)) > _BREAK_MAX + 1
    first = int(np.argmax(apart))
    return np.split(np.roll(places, -first), np.flatnonzero(np.roll(apart, -first))[1:])
