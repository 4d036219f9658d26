"""Moves a rough outline onto the color edge next to it, to a fraction of a pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.lab import lab_of_pixels
from pipeline.geometry.outline import Outline, perimeter, resample, smooth
from pipeline.records import Pixels

_POINTS = 144
# Samples a pixel along each normal.
_PER_PX = 2
# At most so many samples on either side of a point are averaged and compared.
_ACROSS_MAX = 6
# A step of one sample between neighboring points costs this share of a median edge. It keeps the outline from jumping
# to print, engraving or a shadow.
_STEP_COST = 0.15
# What the network's map adds for each map pixel and unit of log odds; the strongest edge has a gain of 1.2.
_BELIEF = 0.2


@dataclass(frozen=True, eq=False)
class Belief:
    """What is known of the inside before edges are looked at: chances ``(h, w)`` float32 0-1 that a place is inside.

    ``to_photo`` photo pixels are one of the map's (rows, cols).
    """

    chance: NDArray[np.float32]
    to_photo: tuple[float, float]

    def along(self, places: NDArray[np.float64]) -> NDArray[np.float32]:
        """Log odds of the inside summed outward along each row of places ``(n, m, 2)``, 0 where the sum is largest."""
        at = ((places + 0.5) / self.to_photo - 0.5).astype(np.float32)
        # Nothing is known beyond the photo: even odds.
        chance = cv2.remap(
            self.chance, at[..., 1], at[..., 0], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0.5
        )
        chance = np.clip(chance, 0.02, 0.98)
        total = np.cumsum(np.log(chance / (1 - chance)), axis=1)
        return np.asarray(total - total.max(axis=1, keepdims=True), np.float32)


def refine(pixels: Pixels, outline: Outline, reach_px: float, rounds: int, belief: Belief) -> Outline:
    """Move an outline onto the strongest smooth color edge within ``reach_px`` of it.

    Args:
        pixels: ``(h, w, 3)`` uint8 sRGB.
        outline: ``(n, 2)`` float32 ``(row, col)``, clockwise as seen.
        reach_px: how far the outline may be off, in pixels; half as far in each further round.
        rounds: how often it is moved.
        belief: where the inside is believed to be.
    """
    points = resample(outline, _POINTS)
    for _ in range(rounds):
        points = _moved(pixels, points, reach_px, belief)
        reach_px = max(2.0, reach_px / 2)
    return points.astype(np.float32)


def _moved(pixels: Pixels, points: NDArray[np.float64], reach_px: float, belief: Belief) -> NDArray[np.float64]:
    points = resample(smooth(points, 1.5).astype(np.float32), _POINTS)
    normals = _normals(points)
    samples = int(np.ceil(reach_px * _PER_PX))
    span = max(2, round(min(3.0, 0.6 + perimeter(points) / 250) * _PER_PX))
    offsets = np.arange(-samples - span, samples + span + 1) / _PER_PX
    places = points[:, None, :] + normals[:, None, :] * offsets[None, :, None]
    profile = _profile(pixels, places)
    strength = _steps(profile, span)
    usual = float(np.quantile(strength.max(axis=1), 0.4)) + 0.5
    gain = np.sqrt(np.minimum(strength / usual, 1.5))
    # Samples of the map are as many as those of the photo; what a photo pixel adds is of its share in the map's.
    weight = _BELIEF / (_PER_PX * float(np.mean(belief.to_photo)))
    gain = gain + weight * belief.along(places)[:, span : len(offsets) - span]
    best = _best_path(gain)
    moved = _subsample(strength, best) - samples
    return points + normals * (smooth(moved[:, None], 0.8) / _PER_PX)


def color_steps(pixels: Pixels, points: NDArray[np.float64], reach_px: float) -> NDArray[np.float32]:
    """How much the color changes across each point of a clockwise outline, ``(n,)`` in CIELAB.

    The means of ``reach_px`` on either side are compared, and no more than ``_ACROSS_MAX`` samples.
    """
    span = min(max(2, round(reach_px * _PER_PX)), _ACROSS_MAX)
    offsets = np.arange(-span, span + 1) * (reach_px / span)
    return _steps(_profile(pixels, points[:, None] + _normals(points)[:, None] * offsets[None, :, None]), span)[:, 0]


def _normals(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Outward unit normals of a clockwise outline of (row, col)."""
    along = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    outward = np.stack([-along[:, 1], along[:, 0]], axis=1)
    return np.asarray(outward / np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9))


def _profile(pixels: Pixels, places: NDArray[np.float64]) -> NDArray[np.float32]:
    """CIELAB at the places ``(n, m, 2)``."""
    map_x = places[..., 1].astype(np.float32)
    map_y = places[..., 0].astype(np.float32)
    sampled = cv2.remap(pixels, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return lab_of_pixels(np.asarray(sampled, np.uint8))


def _steps(profile: NDArray[np.float32], span: int) -> NDArray[np.float32]:
    """Color difference between the means of ``span`` samples on either side of each inner sample."""
    total = np.zeros((profile.shape[0], profile.shape[1] + 1, 3))
    np.cumsum(profile, axis=1, out=total[:, 1:])
    sums = total[:, span:] - total[:, :-span]
    apart = sums[:, span + 1 :] - sums[:, : -span - 1]
    return np.asarray(np.sqrt(np.einsum("pmc,pmc->pm", apart, apart)) / span, dtype=np.float32)


def _best_path(gain: NDArray[np.float64]) -> NDArray[np.int64]:
    """One sample a point, so that the sum of gains less the steps between neighbors is highest (closed).

    Viterbi over the outline once around and half a turn more; the first and last quarter are dropped.
    """
    count, width = gain.shape
    turned = np.concatenate([gain, gain[: count // 2]]).astype(np.float32)
    scores = np.full((len(turned), width + 2), -1e9, np.float32)
    scores[0, 1:-1] = turned[0]
    before, here, after = scores[:, :-2], scores[:, 1:-1], scores[:, 2:]
    beside = np.empty(width, np.float32)
    for low, mid, high, own, score in zip(before, here, after, turned[1:], here[1:], strict=False):
        np.maximum(low, high, out=beside)
        np.subtract(beside, _STEP_COST, out=beside)
        np.maximum(beside, mid, out=beside)
        np.add(beside, own, out=score)
    path = np.zeros(len(turned), np.int64)
    at = int(np.argmax(scores[-1]))
    path[-1] = at
    for index in range(len(turned) - 2, -1, -1):
        low, mid, high = scores[index, at - 1 : at + 2].tolist()
        at += (-1 if low >= high else 1) if max(low, high) - _STEP_COST > mid else 0
        path[index] = at
    quarter = count // 4
    return np.roll(path[quarter : quarter + count] - 1, quarter)


def _subsample(strength: NDArray[np.float32], at: NDArray[np.int64]) -> NDArray[np.float64]:
    """The peak's place to a part of a sample, by a parabola through three samples."""
    rows = np.arange(len(at))
    low = strength[rows, np.maximum(at - 1, 0)]
    mid = strength[rows, at]
    high = strength[rows, np.minimum(at + 1, strength.shape[1] - 1)]
    bend = low - 2 * mid + high
    shift = np.where(bend < -1e-6, 0.5 * (low - high) / np.minimum(bend, -1e-6), 0.0)
    return np.asarray(at + np.clip(shift, -0.5, 0.5), dtype=np.float64)
