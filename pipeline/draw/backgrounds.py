"""What pills lie on: paper, wood, cloth, a counting tray, speckled laminate, a palm, patterned cloth, slate."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.draw.smooth_noise import noise_field
from pipeline.draw.surfaces import creases, flat, flecked, rings, toned, weave

Image = NDArray[np.float32]
BACKGROUNDS = ("PAPER", "WOOD", "CLOTH", "TRAY", "LAMINATE", "SKIN", "PATTERN", "SLATE", "GRAY")


def draw_background(kind: str, shape: tuple[int, int], px_per_mm: float, rng: np.random.Generator) -> Image:
    """Draw one of `BACKGROUNDS`: ``(h, w, 3)`` float32, 0-255.

    Raises:
        KeyError: the kind is none of `BACKGROUNDS`.
    """
    drawers = {
        "PAPER": _paper,
        "WOOD": _wood,
        "CLOTH": _cloth,
        "TRAY": _tray,
        "LAMINATE": _laminate,
        "SKIN": _skin,
        "PATTERN": _pattern,
        "SLATE": _slate,
        "GRAY": _gray,
    }
    return np.asarray(np.clip(drawers[kind](shape, px_per_mm, rng), 0, 255), np.float32)


def _coordinates(shape: tuple[int, int], px_per_mm: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """``(x, y)`` in mm."""
    rows, cols = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return cols / np.float32(px_per_mm), rows / np.float32(px_per_mm)


def _paper(shape: tuple[int, int], px_per_mm: float, rng: np.random.Generator) -> Image:
    level = rng.uniform(205, 240)
    fibers = noise_field(shape, 0.2 * px_per_mm, rng) * 1.5 + noise_field(shape, 1.0, rng) * 1.5
    return flat(shape, (level, level - rng.uniform(0, 5), level - rng.uniform(0, 12))) + fibers[..., None]


def _gray(shape: tuple[int, int], px_per_mm: float, rng: np.random.Generator) -> Image:
    level = rng.uniform(110, 150)
    return flat(shape, (level, level, level)) + noise_field(shape, 0.5 * px_per_mm, rng)[..., None]


def _slate(shape: tuple[int, int], px_per_mm: float, rng: np.random.Generator) -> Image:
    level = rng.uniform(35, 65)
    rough = noise_field(shape, 0.3 * px_per_mm, rng) * 4 + noise_field(shape, 3 * px_per_mm, rng) * 5
    return flat(shape, (level, level + 2, level + 6)) + rough[..., None]


def _wood(shape: tuple[int, int], px_per_mm: float, rng: np.random.Generator) -> Image:
    x, y = _coordinates(shape, px_per_mm)
    warp = cv2.resize(noise_field((shape[0], max(shape[1] // 12, 4)), 2.2 * px_per_mm, rng), (shape[1], shape[0]))
    years = rings(y, np.asarray(2.5 * warp, np.float32), rng.uniform(4, 8))
    fine = cv2.resize(
        noise_field((shape[0], max(shape[1] // 24, 4)), max(0.12 * px_per_mm, 0.6), rng), (shape[1], shape[0])
    )
    tone = 0.5 * years + 0.35 * fine + 0.1 * noise_field(shape, 1.0, rng)
    color = np.array(
        [[188, 146, 100], [150, 105, 66], [205, 172, 130], [110, 74, 48]][int(rng.integers(4))], np.float32
    )
    image = toned(color, tone, 0.11)
    plank = rng.uniform(45, 90)
    image *= (1 - 0.45 * np.exp(-((((x + y * 0.002) % plank - plank / 2) / 0.25) ** 2)))[..., None]
    return np.asarray(image, np.float32)


def _cloth(shape: tuple[int, int], px_per_mm: float, rng: np.random.Generator) -> Image:
    x, y = _coordinates(shape, px_per_mm)
    thread = rng.uniform(0.5, 0.9)
    over = weave(x, y, thread)
    folds = noise_field(shape, 8 * px_per_mm, rng)
    tone = 0.09 * over + 0.05 * noise_field(shape, 0.3 * px_per_mm, rng) + 0.07 * folds
    color = rng.uniform(70, 215) + rng.normal(0, 28, 3)
    return toned(color, tone)


def _tray(shape: tuple[int, int], px_per_mm: float, rng: np.random.Generator) -> Image:
    x, y = _coordinates(shape, px_per_mm)
    color = np.array([[60, 110, 165], [70, 150, 120], [190, 195, 200], [45, 85, 140]][int(rng.integers(4))], np.float32)
    ridge = np.exp(-((((x % 14.0) - 7.0) / 0.5) ** 2))
    gloss = np.exp(-((((x * 0.7 + y * 0.5) - rng.uniform(10, 60)) / 14.0) ** 2))
    image = color * (1 - 0.12 * ridge + 0.02 * noise_field(shape, 0.25 * px_per_mm, rng))[..., None]
    return np.asarray(image + (28 * gloss + 12 * np.roll(ridge, 2, axis=1))[..., None], np.float32)


def _laminate(shape: tuple[int, int], px_per_mm: float, rng: np.random.Generator) -> Image:
    image = flat(shape, rng.uniform(120, 200) + rng.normal(0, 10, 3))
    for _ in range(3):
        grain = noise_field(shape, max(rng.uniform(0.15, 0.5) * px_per_mm, 0.7), rng)
        share = np.clip((grain - np.float32(rng.uniform(0.7, 1.4))) * 4, 0, 1)
        color = (rng.uniform(30, 235) + rng.normal(0, 14, 3)).astype(np.float32)
        image = flecked(image, share, color)
    return image


def _skin(shape: tuple[int, int], px_per_mm: float, rng: np.random.Generator) -> Image:
    tone = np.array([[222, 176, 150], [198, 146, 118], [150, 104, 80], [105, 70, 54]][int(rng.integers(4))], np.float32)
    broad = noise_field(shape, 9 * px_per_mm, rng)
    pores = noise_field(shape, max(0.12 * px_per_mm, 0.6), rng)
    wide = max(int(0.35 * px_per_mm), 1)
    lines = [(_crease(shape, px_per_mm, rng), float(rng.uniform(0.4, 1)), wide) for _ in range(9)]
    soft = creases(shape, lines, 0.3 * px_per_mm)
    shade = 1 + 0.09 * broad + 0.022 * pores - 0.3 * soft
    return np.asarray(tone * shade[..., None] + np.array([10, -3, -3], np.float32) * broad[..., None] * 0.6, np.float32)


def _crease(shape: tuple[int, int], px_per_mm: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """A bent line of 15 to 60 mm, ``(30, 2)`` ``(x, y)`` in px."""
    start = rng.uniform(0, 1, 2) * shape[::-1]
    angle, length = rng.uniform(0, 2 * math.pi), rng.uniform(15, 60) * px_per_mm
    bend = angle + rng.uniform(-1, 1) * np.linspace(0, 1, 30)
    return start + np.cumsum(np.stack([np.cos(bend), np.sin(bend)], 1), axis=0) * length / 30


def _pattern(shape: tuple[int, int], px_per_mm: float, rng: np.random.Generator) -> Image:
    x, y = _coordinates(shape, px_per_mm)
    first, second = (
        (rng.uniform(60, 230) + rng.normal(0, 35, 3)).astype(np.float32),
        (rng.uniform(60, 230) + rng.normal(0, 35, 3)).astype(np.float32),
    )
    pitch = rng.uniform(6, 16)
    choice = int(rng.integers(3))
    if choice == 0:  # gingham
        share = 0.5 * ((x % pitch) < pitch / 2) + 0.5 * ((y % pitch) < pitch / 2)
    elif choice == 1:  # stripes
        share = ((x * 0.8 + y * 0.6) % pitch < pitch / 2).astype(np.float32)
    else:  # dots
        share = (np.hypot((x % pitch) - pitch / 2, (y % pitch) - pitch / 2) < pitch * 0.25).astype(np.float32)
    share = cv2.GaussianBlur(share.astype(np.float32), (0, 0), 0.7)
    return np.asarray(
        first + share[..., None] * (second - first) + noise_field(shape, 0.4 * px_per_mm, rng)[..., None] * 3,
        np.float32,
    )
