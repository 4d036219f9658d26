"""Thin strokes in a photo, the raw material of ruler ticks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# Wider than any tick that was seen at 640 px (docs/experiments/scale.md), in pixels.
_TICK_WIDTH_PX_MAX = 9
_TICK_HEIGHT_PX_MIN = 3
# Longer strokes, by the longer side of the picture, are parts of something else.
TICK_HEIGHT_SHARE_MAX = 0.2
# Gray levels a tick differs from its ground at least; below lie paper grain and JPEG noise.
_CONTRAST_MIN = 9
# Grain is averaged over so many pixels upright: most ticks are longer.
_UPRIGHT_PX = 7
# A photo with a ruler, print and grain has some hundred.
_MARKS_MAX = 1500


@dataclass(frozen=True, eq=False)
class Strokes:
    """Upright strokes sorted by ``x``: ``x`` center, ``top`` and ``bottom`` end, each ``(n,)`` float64 in pixels.

    ``is_grainy``: they were picked out of thousands of marks, such as those of brushed metal and cloth.
    """

    x: NDArray[np.float64]
    top: NDArray[np.float64]
    bottom: NDArray[np.float64]
    is_grainy: bool

    def __len__(self) -> int:
        return len(self.x)


def upright_strokes(
    gray: NDArray[np.uint8], dark: bool, height_share_max: float = TICK_HEIGHT_SHARE_MAX
) -> Iterator[Strokes]:
    """Thin upright strokes, darker (or lighter) than their ground, in ``(h, w)`` uint8; none longer than that share.

    Where grain makes thousands of marks, first those that stand upright in it, then the strongest of all.
    """
    kernel = np.ones((1, _TICK_WIDTH_PX_MAX), np.uint8)
    operation = cv2.MORPH_BLACKHAT if dark else cv2.MORPH_TOPHAT
    hat = np.asarray(cv2.morphologyEx(gray, operation, kernel), dtype=np.uint8)
    threshold = _threshold(hat)
    marks = _marks(hat, threshold)
    if marks is not None:
        yield _strokes(hat, marks, height_share_max, is_grainy=False)
        return
    # Of grain little is left where it is averaged over some rows; a tick stands over itself.
    upright = np.asarray(cv2.blur(hat, (1, _UPRIGHT_PX)), np.uint8)
    yield _strokes(upright, _strongest(upright, threshold), height_share_max, is_grainy=True)
    yield _strokes(hat, _strongest(hat, threshold), height_share_max, is_grainy=False)


def _strokes(hat: NDArray[np.uint8], marks: NDArray[np.int32], height_share_max: float, is_grainy: bool) -> Strokes:
    """Those of the marks that are as thin and upright as ticks."""
    left, top, width, height, area = marks[1:].T.astype(np.float64)
    keep = (
        (height >= _TICK_HEIGHT_PX_MIN) & (height <= height_share_max * max(hat.shape)) & (width <= _TICK_WIDTH_PX_MAX)
    )
    keep &= (height >= 0.8 * width) & (area >= 0.4 * width * height)
    left, top, width, height = left[keep], top[keep], width[keep], height[keep]
    x = _centers(hat, left, top, width, height)
    order = np.argsort(x)
    return Strokes(x[order], top[order], (top + height - 1)[order], is_grainy)


def _strongest(hat: NDArray[np.uint8], threshold: float) -> NDArray[np.int32]:
    """OpenCV's statistics of the strongest marks, where those above the threshold are too many."""
    for step in range(4):
        marks = _marks(hat, threshold * 1.5**step)
        if marks is not None:
            return marks
    return np.zeros((1, 5), np.int32)


def _marks(hat: NDArray[np.uint8], threshold: float) -> NDArray[np.int32] | None:
    """OpenCV's statistics of what is above the threshold; None where that is too much."""
    _, marks = cv2.threshold(hat, threshold, 255, cv2.THRESH_BINARY)
    # Sixteen-bit labels and eight neighbors take a third of the time of OpenCV's defaults.
    count, _, stats, _ = cv2.connectedComponentsWithStats(marks, connectivity=8, ltype=cv2.CV_16U)
    return np.asarray(stats, dtype=np.int32) if count <= _MARKS_MAX else None


def _threshold(hat: NDArray[np.uint8]) -> float:
    """A third of what the strongest strokes reach, so that blurred flanks do not join them, but above the noise."""
    counts = np.bincount(hat[::2, ::2].ravel(), minlength=256)
    strong = float(np.searchsorted(np.cumsum(counts), 0.99 * counts.sum()))
    return float(np.clip(0.35 * strong, _CONTRAST_MIN, 40.0))


def _centers(
    hat: NDArray[np.uint8],
    left: NDArray[np.float64],
    top: NDArray[np.float64],
    width: NDArray[np.float64],
    height: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Centers weighted by contrast, along the stroke's middle row: better than half a pixel."""
    rows = (top + height / 2).astype(np.intp)
    offsets = np.arange(-1, _TICK_WIDTH_PX_MAX + 1)
    columns = left[:, None].astype(np.intp) + offsets[None]
    inside = (offsets[None] >= -1) & (offsets[None] <= width[:, None])
    weight = hat[rows[:, None], np.clip(columns, 0, hat.shape[1] - 1)] * inside
    total = weight.sum(axis=1)
    weighted = (weight * columns).sum(axis=1) / np.maximum(total, 1)
    return np.where(total > 0, weighted, left + (width - 1) / 2)
