"""What a camera makes of a drawn picture: exposure, blur, noise, JPEG."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.draw.smooth_noise import quick_noise
from pipeline.draw.spec import Camera, Light

Picture = NDArray[np.float32]


def through_jpeg(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """A picture ``(h, w)`` or ``(h, w, 3)`` uint8 as it comes back from a JPEG file of that quality, 0-100."""
    coded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    kind = cv2.IMREAD_GRAYSCALE if pixels.ndim == 2 else cv2.IMREAD_COLOR
    return np.asarray(cv2.imdecode(coded, kind), np.uint8)


def photograph(image: NDArray[np.float32], light: Light, camera: Camera, rng: np.random.Generator) -> NDArray[np.uint8]:
    """What the camera makes of it: ``(h, w, 3)`` float32 in, uint8 sRGB out, same size."""
    height, width = image.shape[:2]
    image = image * (np.array(light.color, np.float32) * np.float32(camera.exposure))
    if light.falloff > 0:
        azimuth = math.radians(light.azimuth_deg)
        ramp = np.linspace(-1, 1, width, dtype=np.float32)[None, :] * math.cos(azimuth) - np.linspace(
            -1, 1, height, dtype=np.float32
        )[:, None] * math.sin(azimuth)
        image *= (1.0 + np.float32(light.falloff) * ramp)[..., None]
    if camera.reduction > 1.05:
        small = max(int(width / camera.reduction), 8), max(int(height / camera.reduction), 8)
        image = np.asarray(cv2.resize(image, small, interpolation=cv2.INTER_AREA))
    if camera.blur_px > 0.2:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), camera.blur_px))
    if camera.motion_px > 1.0:
        image = np.asarray(cv2.filter2D(image, -1, _motion(camera.motion_px, rng.uniform(0, math.pi))))
    if camera.gamma != 1.0:
        image = np.asarray(cv2.pow(np.clip(image, 0, 255) * np.float32(1 / 255), camera.gamma)) * np.float32(255)
    if camera.noise > 0.1:
        noise = rng.standard_normal(image.shape[:2], dtype=np.float32)[..., None]
        image = image + noise * np.float32(camera.noise)
    out = np.clip(image, 0, 255).astype(np.uint8)
    if camera.jpeg_quality:
        out = through_jpeg(out, camera.jpeg_quality)
    if out.shape[:2] != (height, width):
        out = np.asarray(cv2.resize(out, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
    return out


def _motion(length: float, angle: float) -> NDArray[np.float32]:
    size = int(length) | 1
    kernel = np.zeros((size, size), np.float32)
    middle, reach = (size - 1) / 2, (size - 1) / 2
    start = round(middle - reach * math.cos(angle)), round(middle - reach * math.sin(angle))
    end = round(middle + reach * math.cos(angle)), round(middle + reach * math.sin(angle))
    cv2.line(kernel, start, end, 1.0)
    return np.asarray(kernel / kernel.sum(), np.float32)


def developed(rng: np.random.Generator, picture: Picture, labels: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Uneven light, shadow over the scene, color cast, blur, noise, JPEG, black or white margins (pills kept)."""
    side = picture.shape[0]
    if rng.random() < 0.8:
        picture = picture * (1 + quick_noise(rng, side, side / 1.5)[..., None] * rng.uniform(0, 0.12))
    if rng.random() < 0.25:
        filled = np.zeros((side, side), np.float32)
        corners = rng.uniform(-0.5, 1.5, (int(rng.integers(3, 5)), 2)) * side
        cv2.fillPoly(filled, [corners.astype(np.int32)], 1.0)
        edge = cv2.GaussianBlur(filled, (0, 0), rng.uniform(0.7, 25))
        picture = picture * (1 - edge[..., None] * rng.uniform(0.1, 0.5))
    if rng.random() < 0.1:
        spot = np.exp(-0.5 * ((np.mgrid[:side, :side] - rng.uniform(0, side, (2, 1, 1))) / rng.uniform(5, 40)) ** 2)
        picture = picture + (spot.prod(axis=0) * rng.uniform(40, 160))[..., None]
    picture = picture * np.exp(rng.normal(0, 0.06, 3)) * rng.uniform(0.6, 1.15)
    if rng.random() < 0.2:
        warm = rng.uniform(-0.3, 0.6)
        picture = picture * np.array([1 + 0.15 * warm, 1 + 0.03 * warm, 1 - 0.6 * warm])
    picture = (picture - 128) * rng.uniform(0.75, 1.15) + 128
    if rng.random() < 0.6:
        picture = np.asarray(cv2.GaussianBlur(picture.astype(np.float32), (0, 0), rng.uniform(0.3, 1.3)), np.float32)
    noisy = picture + rng.normal(0, rng.uniform(0.3, 6), picture.shape)
    pixels = np.clip(noisy, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        pixels = through_jpeg(pixels, int(rng.integers(35, 95)))
    if rng.random() < 0.08:
        rows = np.flatnonzero((labels > 0).any(axis=1))
        level = 0 if rng.random() < 0.5 else 255
        first, last = (rows[0], rows[-1] + 1) if len(rows) else (side // 4, side // 2)
        pixels[: int(rng.uniform(0, first + 1))] = level
        pixels[int(rng.uniform(last, side + 1)) :] = level
    return pixels
