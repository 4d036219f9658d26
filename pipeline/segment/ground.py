"""Pills that stand out from an even ground: the ground's color and light are modeled, what departs from it is a pill.

Works on plain paper, cards and mats. Wood, cloth, hands and trays are not even; those photos belong to
``network``.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.records import Mask, Pixels

Lab = NDArray[np.float32]

# A quadratic in row and column follows the fall-off of a lamp or a window over one sheet of paper.
_FIT_GRID = 48
_FIT_ROUNDS = 8


def to_lab(pixels: Pixels) -> Lab:
    """sRGB ``(h, w, 3)`` uint8 to CIELAB (D65) float32, L 0-100."""
    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), dtype=np.float32)


def without_strokes(pixels: Pixels, width_px: int) -> Pixels:
    """The photo without dark or light lines thinner than ``width_px``: axes, ticks, numbers, text."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width_px | 1, width_px | 1))
    closed = cv2.morphologyEx(pixels, cv2.MORPH_CLOSE, kernel)
    return np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, kernel), dtype=np.uint8)


def _terms(rows: NDArray[np.float32], cols: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.stack([np.ones_like(rows), rows, cols, rows * rows, cols * cols, rows * cols], axis=-1)


def fit_ground(lab: Lab) -> tuple[Lab, NDArray[np.float32]]:
    """Fit the ground's color and light by a quadratic surface, pills and shadows left out step by step.

    Returns:
        The ground ``(h, w, 3)`` in CIELAB and its scatter per channel (robust standard deviation).
    """
    height, width = lab.shape[:2]
    small = cv2.resize(lab, (_FIT_GRID, _FIT_GRID), interpolation=cv2.INTER_AREA)
    grid = np.asarray(small, np.float32).reshape(-1, 3)
    axis = np.linspace(-1, 1, _FIT_GRID, dtype=np.float32)
    rows, cols = np.meshgrid(axis, axis, indexing="ij")
    terms = _terms(rows.ravel(), cols.ravel())
    edge = (np.maximum(np.abs(rows), np.abs(cols)) > 0.9).ravel()
    start = _densest(grid, edge)
    keep = np.linalg.norm(grid - start, axis=1) < 6.0
    coefficients = np.zeros((6, 3), np.float32)
    coefficients[0] = start
    for step in range(_FIT_ROUNDS):
        used = keep.sum()
        degree = 1 if used < 60 else (3 if step < 3 else 6)
        coefficients = np.zeros((6, 3), np.float32)
        coefficients[:degree] = np.linalg.lstsq(terms[keep][:, :degree], grid[keep], rcond=None)[0]
        rest = grid - terms @ coefficients
        scatter = 1.4826 * np.median(np.abs(rest[keep]), axis=0)
        limit = np.maximum(3.0 * np.linalg.norm(scatter), 2.0 if step > 3 else 5.0)
        keep = np.linalg.norm(rest, axis=1) < limit
    full_rows, full_cols = np.meshgrid(
        np.linspace(-1, 1, height, dtype=np.float32), np.linspace(-1, 1, width, dtype=np.float32), indexing="ij"
    )
    ground = (_terms(full_rows, full_cols) @ coefficients).astype(np.float32)
    away = np.abs(lab - ground)
    near = np.linalg.norm(away, axis=2) < 8.0
    scatter = 1.4826 * np.median(away[near], axis=0) if near.any() else np.ones(3)
    return ground, np.asarray(scatter, dtype=np.float32)


def _densest(grid: NDArray[np.float32], edge: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The most common color, places near the photo's edge counted eight times."""
    weights = np.where(edge, 8.0, 1.0)
    sample = grid[:: max(1, len(grid) // 120)]
    near = np.linalg.norm(sample[:, None, :] - grid[None, :, :], axis=2) < 4.0
    best = int(np.argmax(near @ weights))
    return np.asarray(np.median(grid[near[best]], axis=0), dtype=np.float32)


def departure(lab: Lab, ground: Lab, scatter: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far each pixel departs from the ground, in units where 1 is the limit of what ground can be.

    A shadow is darker than the ground and keeps its hue, so darkening counts less than brightening or a
    change of hue (Lab a, b scaled by the darkening: a shadow dims them too).
    """
    ratio = np.clip(lab[..., 0] / np.maximum(ground[..., 0], 1.0), 0.0, 1.0)
    light = lab[..., 0] - ground[..., 0]
    hue = np.linalg.norm(lab[..., 1:] - ground[..., 1:] * ratio[..., None], axis=2)
    limit_l = max(3.0 * float(scatter[0]), 2.2)
    limit_h = max(3.5 * float(np.hypot(scatter[1], scatter[2])), 3.0)
    darker = np.maximum(-light - 14.0, 0.0) / 10.0
    return np.asarray(np.sqrt((np.maximum(light, 0) / limit_l) ** 2 + (hue / limit_h) ** 2 + darker**2), np.float32)


def edges(lab: Lab) -> NDArray[np.float32]:
    """Strength of the color edges, Lab units per pixel."""
    total = np.zeros(lab.shape[:2], np.float32)
    for channel in cv2.split(lab):
        smooth = cv2.GaussianBlur(channel, (0, 0), 1.0)
        total += cv2.Scharr(smooth, cv2.CV_32F, 1, 0) ** 2 + cv2.Scharr(smooth, cv2.CV_32F, 0, 1) ** 2
    return np.asarray(np.sqrt(total) / 32.0, dtype=np.float32)


def fill(mask: Mask) -> Mask:
    """The mask with its holes filled."""
    flooded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    cv2.floodFill(flooded, None, (0, 0), 2)
    return np.asarray(flooded[1:-1, 1:-1] != 2)
