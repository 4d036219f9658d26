"""Height maps to shaded color: body relief, lights, coating, grain."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.draw.smooth_noise import noise_field
from pipeline.draw.spec import Body, Color, Light

Field = NDArray[np.float32]


def _field(image: NDArray[Any]) -> Field:
    """OpenCV's stubs lose the type of what went in."""
    return np.asarray(image, np.float32)


def body_height(depth_px: Field, half_px: float, body: Body) -> Field:
    """Height of the bare face in px, ``(h, w)`` float32, from the distance to the rim and the short half axis."""
    inner = np.clip(depth_px / half_px, 0.0, 1.0)
    edge = np.clip(depth_px / max(body.edge * half_px, 1.0), 0.0, 1.0)
    height = np.sqrt(1.0 - (1.0 - edge) ** 2) * np.float32(body.edge * half_px)
    if body.profile == "BEVELED":
        height += np.clip(inner / body.bevel, 0.0, 1.0) * np.float32(0.45 * body.bevel * half_px)
        height = cv2.GaussianBlur(height, (0, 0), max(0.012 * half_px, 0.4))
    elif body.profile == "CONVEX":
        height += (1.0 - (1.0 - inner) ** 2) * np.float32(body.dome * half_px)
    elif body.profile == "SHELL":
        height = np.sqrt(1.0 - (1.0 - inner) ** 2) * np.float32(half_px)
    if body.ring > 0:
        height -= np.exp(-(((inner - body.ring) / 0.02) ** 2)) * np.float32(0.03 * half_px)
    return np.asarray(height, dtype=np.float32)


def shell_height(u: Field, half_px: float, body: Body, rng: np.random.Generator) -> Field:
    """What stands on or lies in a two-part capsule's shell, in px: the cap's step, its locking grooves, beads."""
    height = np.clip((np.float32(body.seam) - u) * np.float32(half_px), 0.0, 1.0) * np.float32(0.02 * half_px)
    for place in body.locks:
        height -= np.exp(-(((u - np.float32(place)) / np.float32(0.03)) ** 2)) * np.float32(0.02 * half_px)
    if body.beads:
        seeds = np.full(u.shape, 255, np.uint8)
        pitch = 0.16 * half_px
        count = int(u.size / (pitch * pitch))
        seeds[rng.integers(0, u.shape[0], count), rng.integers(0, u.shape[1], count)] = 0
        far = cv2.distanceTransform(seeds, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) / np.float32(0.75 * pitch)
        height += np.sqrt(np.maximum(1.0 - far * far, 0.0)) * np.float32(0.6 * pitch) * (u > body.seam)
    return np.asarray(height, np.float32)


def shade(
    height_px: Field, albedo: NDArray[np.float32], cavity: Field, light: Light, gloss: float
) -> NDArray[np.float32]:
    """Light a height map.

    Args:
        height_px: ``(h, w)`` float32.
        albedo: ``(h, w, 3)`` float32, sRGB-like 0-255; shading is done in that space, as looks matter, not radiometry.
        cavity: ``(h, w)`` float32 0-1, how deep in a groove: receives less ambient light.

    Returns:
        ``(h, w, 3)`` float32, unclipped.
    """
    slope_x = cv2.Sobel(height_px, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
    slope_y = cv2.Sobel(height_px, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
    normal_z = 1.0 / np.sqrt(1.0 + slope_x * slope_x + slope_y * slope_y)
    azimuth, elevation = math.radians(light.azimuth_deg), math.radians(light.elevation_deg)
    toward = (math.cos(azimuth) * math.cos(elevation), -math.sin(azimuth) * math.cos(elevation), math.sin(elevation))
    tilt = slope_x * np.float32(toward[0]) + slope_y * np.float32(toward[1])
    main = np.maximum((np.float32(toward[2]) - tilt) * normal_z, 0.0)
    across = np.maximum((np.float32(toward[2]) + tilt) * normal_z, 0.0)
    total = toward[2] * (1.0 + light.opposite)
    direct = (main + np.float32(light.opposite) * across) * np.float32(1.0 / total)
    ambient = (0.55 + 0.45 * normal_z) * (1.0 - np.float32(light.occlusion) * cavity)
    bright = np.float32(light.ambient) * ambient + np.float32(1.0 - light.ambient) * direct
    lit = albedo * bright[..., None]
    if gloss > 0.02:
        lit += _highlight(_field(slope_x), _field(slope_y), _field(normal_z), toward, gloss)[..., None]
    return np.asarray(lit, dtype=np.float32)


def _highlight(
    slope_x: Field, slope_y: Field, normal_z: Field, toward: tuple[float, float, float], gloss: float
) -> Field:
    half = np.array([toward[0], toward[1], toward[2] + 1.0])
    half /= np.linalg.norm(half)
    aligned = np.maximum(
        (np.float32(half[2]) - slope_x * np.float32(half[0]) - slope_y * np.float32(half[1])) * normal_z, 0.0
    )
    power = 8.0 + 60.0 * gloss
    return np.asarray(cv2.pow(aligned, power) * np.float32(150.0 * gloss), dtype=np.float32)


def albedo_of(body: Body, u: Field, scale_px: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """The bare pill's own color ``(h, w, 3)`` float32 0-255; ``u`` is the coordinate along the long axis."""
    shape = u.shape
    color = np.empty((*shape, 3), np.float32)
    color[:] = body.color
    if body.second_color is not None:
        share = np.clip((u - np.float32(body.seam)) * np.float32(scale_px) + 0.5, 0.0, 1.0)
        _mix(color, share, body.second_color)
    if body.band_color is not None:
        band = np.clip((0.07 - np.abs(u - np.float32(body.seam))) * np.float32(scale_px) + 0.5, 0.0, 1.0)
        _mix(color, band, body.band_color)
    if body.speckle > 0.0:
        level = 1.7 - 3.0 * body.speckle
        granule = noise_field(shape, max(scale_px * rng.uniform(0.004, 0.025), 0.6), rng)
        _mix(color, np.clip((granule - np.float32(level)) * 1.5, 0.0, 1.0) * np.float32(0.75), body.speckle_color)
    if body.grain > 0.0:
        color *= (1.0 + np.float32(0.35 * body.grain) * noise_field(shape, 0.7, rng))[..., None]
    return color


def _mix(color: NDArray[np.float32], share: Field, other: Color) -> None:
    color += share[..., None] * (np.array(other, np.float32) - color)
