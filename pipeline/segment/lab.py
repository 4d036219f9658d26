"""sRGB to CIELAB."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.records import Pixels

Lab = NDArray[np.float32]


def to_lab(pixels: Pixels) -> Lab:
    """sRGB ``(h, w, 3)`` uint8 to CIELAB (D65) float32, L 0-100."""
    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), dtype=np.float32)
