"""Outlines -> the records that leave this stage."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.records import Mask, Photo, PillRegion, Pixels

Box = tuple[int, int, int, int]

# Black padding is JPEG-compressed: a little above 0.
_BLACK = 12
_WHITE = 244


def content_box(pixels: Pixels) -> Box:
    """The box inside black padding or a white page around the photo: ``(top, left, bottom, right)``."""
    box = _extent(pixels.max(axis=2) > _BLACK, 0.03)
    top, left, bottom, right = box
    colored = pixels[top:bottom, left:right].min(axis=2) < _WHITE
    inset = _extent(colored, 0.25)
    if colored[inset[0] : inset[2], inset[1] : inset[3]].mean() < 0.95:
        return box
    return top + inset[0], left + inset[1], top + inset[2], left + inset[3]


def _extent(mask: Mask, share: float) -> Box:
    """The rows and columns of which at least ``share`` lies in the mask; everything where there are none."""
    rows = np.flatnonzero(mask.mean(axis=1) > share)
    cols = np.flatnonzero(mask.mean(axis=0) > share)
    if len(rows) == 0 or len(cols) == 0:
        return 0, 0, mask.shape[0], mask.shape[1]
    return int(rows[0]), int(cols[0]), int(rows[-1]) + 1, int(cols[-1]) + 1


def clockwise(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """The outline of (row, col) so that it runs clockwise as seen."""
    rows, cols = points[:, 0], points[:, 1]
    signed = float(np.sum(cols * np.roll(rows, -1) - np.roll(cols, -1) * rows))
    return points if signed >= 0 else points[::-1].copy()


def region_of(photo: Photo, points: NDArray[np.float32], content: Box, confidence: float) -> PillRegion:
    """The region inside an outline ``(n, 2)`` (row, col); cut by the border where it reaches that of ``content``."""
    height, width = photo.pixels.shape[:2]
    edge = np.array([content[0], content[1]]), np.array([content[2] - 1, content[3] - 1])
    cut = bool((points <= edge[0] + 1.5).any() or (points >= edge[1] - 1.5).any())
    top, left = np.clip(np.floor(points.min(axis=0)).astype(int), 0, [height - 1, width - 1])
    bottom, right = np.clip(np.ceil(points.max(axis=0)).astype(int) + 1, [top + 1, left + 1], [height, width])
    canvas = np.zeros((bottom - top, right - left), np.uint8)
    shifted = np.round((points[:, ::-1] - [left, top]) * 16).astype(np.int32)
    cv2.fillPoly(canvas, [shifted[:, None, :]], 1, shift=4)
    return PillRegion(points.astype(np.float32), canvas > 0, int(top), int(left), min(1.0, confidence), cut)
