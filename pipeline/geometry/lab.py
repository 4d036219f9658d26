"""sRGB, linear light and CIELAB (D65)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Linear = NDArray[np.float64]
"""Linear sRGB ``(..., 3)`` float64, 0-1."""

Lab = NDArray[np.float64]
"""CIELAB ``(..., 3)``, L 0-100."""

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
"""Rec. 709 luminance of linear sRGB (IEC 61966-2-1)."""

_XYZ_OF_RGB = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE_XYZ = _XYZ_OF_RGB.sum(axis=1)


def lab_of_pixels(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """sRGB ``(h, w, 3)`` uint8 to CIELAB float32."""
    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def pixel_of_lab(lab: tuple[float, float, float]) -> tuple[int, int, int]:
    """The nearest sRGB color of a CIELAB one."""
    rgb = cv2.cvtColor(np.array([[lab]], np.float32), cv2.COLOR_LAB2RGB)[0, 0]
    red, green, blue = np.clip(rgb * 255, 0, 255)
    return round(float(red)), round(float(green)), round(float(blue))


def linear_of_pixels(pixels: NDArray[np.uint8]) -> Linear:
    """sRGB uint8 to linear light 0-1 (IEC 61966-2-1)."""
    value = np.arange(256) / 255
    table = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return np.asarray(table[pixels], np.float64)


def pixels_of_linear(linear: Linear) -> NDArray[np.uint8]:
    """Linear light 0-1 to sRGB uint8 (IEC 61966-2-1); what is beyond is clipped."""
    light = np.clip(linear, 0, 1)
    value = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * value), np.uint8)


def lab_of_linear(linear: Linear) -> Lab:
    """CIELAB (CIE 15:2004) of linear sRGB ``(..., 3)``; kept in float64, which sums of many small steps need."""
    ratio = np.maximum(linear, 0) @ _XYZ_OF_RGB.T / _WHITE_XYZ
    root = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
