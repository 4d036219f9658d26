"""Smooth noise, as grain, fibers and clouds have it."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def noise_field(shape: tuple[int, int], sigma_px: float, rng: np.random.Generator) -> Field:
    """Smooth noise of about unit deviation, ``(h, w)`` float32."""
    reduction = max(int(sigma_px), 1)
    small = rng.standard_normal((shape[0] // reduction + 2, shape[1] // reduction + 2), dtype=np.float32)
    sigma = sigma_px / reduction
    smooth = cv2.GaussianBlur(small, (0, 0), sigma) * np.float32(2.0 * math.sqrt(math.pi) * max(sigma, 0.3))
    return np.asarray(
        cv2.resize(smooth, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
        if reduction > 1
        else smooth[: shape[0], : shape[1]],
        dtype=np.float32,
    )


def quick_noise(rng: np.random.Generator, side: int, grain_px: float, stretch: float = 1.0) -> Field:
    """Smooth noise ``(side, side)`` of unit deviation; ``stretch`` > 1 draws it out along the rows."""
    rows = max(2, int(side / grain_px))
    cols = max(2, int(side / (grain_px * stretch)))
    small = rng.normal(0, 1, (rows, cols)).astype(np.float32)
    return np.asarray(cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)
