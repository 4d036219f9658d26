"""Labels of photos on which the present segmentation fails: two good faces seen in another view of the same photo.

Two thirds of such outlines are tight; the others have a lobe of shadow or waver. So those of round pills become the
circle that most of the outline lies on, others what they share with themselves after half a turn
(docs/experiments/segment.md, "Fifth round").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.outline import Outline
from pipeline.records import Photo, PillRegion, Pixels
from pipeline.train.segment.teach import Segmentation, plausible, write_labels

_GAMMAS = (1.0, 0.6, 1.6)
# An outline is that of a round pill if at least this share of it lies this near to a circle, in radii.
_ON_CIRCLE_MIN, _NEAR = 0.55, 0.025
# The least intersection over union of an outline with itself after half a turn.
_SHARED_MIN = 0.9
# How much finer than the photo's pixels shapes are compared.
_FINER = 4


def label_hard(folder: Path, target: Path, limit: int, segmentation: Segmentation) -> int:
    """Label photos of ``folder``'s training part that `label` leaves out, in the same format; returns how many."""

    def outlines_of(photo: Photo, shape: str | None) -> list[Outline]:
        if plausible(photo, segmentation(photo), shape):
            return []
        return _seen_otherwise(photo, shape, segmentation)

    return write_labels(folder, target, limit, outlines_of)


def _seen_otherwise(photo: Photo, shape: str | None, segmentation: Segmentation) -> list[Outline]:
    """Two mended outlines out of the first view that shows two good faces; empty where none does."""
    for view, back in views(photo):
        regions = segmentation(view)
        if not plausible(view, regions, shape):
            continue
        outlines = [outline for region in regions if (outline := mended(back(region), shape)) is not None]
        if len(outlines) == 2:
            return outlines
    return []


class _Back:
    """Outlines of a turned and mirrored photo, in the photo itself."""

    def __init__(self, shape: tuple[int, int], turns: int, is_mirrored: bool) -> None:
        self.shape, self.turns, self.is_mirrored = shape, turns, is_mirrored

    def __call__(self, region: PillRegion) -> Outline:
        """The outline ``(n, 2)`` (row, col)."""
        rows, cols = region.outline.T
        for turn in range(self.turns, 0, -1):
            width = self.shape[1 - (turn - 1) % 2]
            rows, cols = cols, width - 1 - rows
        if self.is_mirrored:
            cols = self.shape[1] - 1 - cols
        return np.stack([rows, cols], axis=1).astype(np.float32)


def views(photo: Photo) -> Iterator[tuple[Photo, _Back]]:
    """The photo turned by right angles, mirrored, lighter and darker: 23 views besides itself, and the way back."""
    height, width = photo.pixels.shape[:2]
    for gamma in _GAMMAS:
        table = np.round(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)
        toned = table[photo.pixels]
        for is_mirrored in (False, True):
            for turns in range(4):
                if gamma == 1 and not is_mirrored and turns == 0:
                    continue
                pixels: Pixels = np.ascontiguousarray(np.rot90(toned[:, ::-1] if is_mirrored else toned, turns))
                yield replace(photo, pixels=pixels), _Back((height, width), turns, is_mirrored)


def mended(outline: Outline, shape: str | None) -> Outline | None:
    """The circle of a round pill's outline, what another shares with itself turned; None where it is neither."""
    return _circle(outline) if shape == "ROUND" else _half_turned(outline)


def _circle(outline: Outline) -> Outline | None:
    """The circle through three places of an outline that most of it lies on, None where too little does."""
    rng = np.random.default_rng(0)
    best, most = None, _ON_CIRCLE_MIN
    for _ in range(200):
        places = outline[rng.choice(len(outline), 3, replace=False)].astype(np.float64)
        system = 2 * (places[1:] - places[0])
        if abs(np.linalg.det(system)) < 1e-6:
            continue
        middle = np.linalg.solve(system, (places[1:] ** 2).sum(axis=1) - (places[0] ** 2).sum())
        radius = float(np.hypot(*(places[0] - middle)))
        share = float((np.abs(np.hypot(*(outline - middle).T) - radius) <= _NEAR * radius).mean())
        if share > most:
            best, most = (middle, radius), share
    if best is None:
        return None
    angles = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    return np.asarray(best[0] + best[1] * np.stack([np.sin(angles), np.cos(angles)], axis=1), np.float32)


def _half_turned(outline: Outline) -> Outline | None:
    """What an outline shares with itself after half a turn about its middle, None where that is too little."""
    low = outline.min(axis=0) - 2
    size = np.ceil((outline.max(axis=0) + 2 - low) * _FINER).astype(int)
    own = _filled((outline - low) * _FINER, size)
    rows, cols = np.nonzero(own)
    middle = np.array([rows.mean(), cols.mean()])
    turned = _filled(2 * middle - (outline - low) * _FINER, size)
    shared = own & turned
    if np.count_nonzero(shared) < _SHARED_MIN * np.count_nonzero(own | turned):
        return None
    contours, _ = cv2.findContours(shared.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    points = max(contours, key=cv2.contourArea).reshape(-1, 2)[:, ::-1]
    return np.asarray(points / _FINER + low, np.float32)


def _filled(outline: NDArray[np.floating], size: NDArray[np.int_]) -> NDArray[np.bool_]:
    canvas = np.zeros((int(size[0]), int(size[1])), np.uint8)
    cv2.fillPoly(canvas, [np.round(outline[:, ::-1] * 16).astype(np.int32)[:, None]], 1, shift=4)
    return canvas > 0
