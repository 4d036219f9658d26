"""Grounds that pills may lie on, from wide ranges: paper, wood, cloth, skin, laminate, trays, blurred colors.

Every function takes a random generator and a side in pixels and returns ``(side, side, 3)`` float32 RGB, 0-255.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.draw.smooth_noise import quick_noise
from pipeline.draw.surfaces import creases, flat, flecked, rings, toned, weave

Picture = NDArray[np.float32]
Random = np.random.Generator


def _turned(rng: Random, picture: Picture) -> Picture:
    side = picture.shape[0]
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), float(rng.uniform(0, 360)), 1.45)
    return np.asarray(cv2.warpAffine(picture, matrix, (side, side), borderMode=cv2.BORDER_REFLECT), np.float32)


def paper(rng: Random, side: int) -> Picture:
    """Plain paper, card or plastic in any light color, sometimes gray or strongly colored."""
    kind = rng.random()
    if kind < 0.35:
        color = np.full(3, rng.uniform(190, 255)) + rng.normal(0, 4, 3)
    elif kind < 0.75:
        color = np.full(3, rng.uniform(80, 215)) + rng.normal(0, 8, 3)
    else:
        color = rng.uniform(20, 255, 3)
    picture = flat((side, side), color)
    if rng.random() < 0.6:
        picture += quick_noise(rng, side, rng.uniform(1, 4))[..., None] * rng.uniform(0, 5)
    return picture


def wood(rng: Random, side: int) -> Picture:
    """Planks: drawn-out grain, rings, gaps between boards."""
    base = np.array([rng.uniform(70, 215), 0, 0])
    base[1] = base[0] * rng.uniform(0.6, 0.9)
    base[2] = base[1] * rng.uniform(0.5, 0.9)
    grain = quick_noise(rng, side, rng.uniform(2, 5), rng.uniform(8, 20)) * 0.6
    rows = np.linspace(0, 1, side, dtype=np.float32)[:, None]
    warp = np.asarray(quick_noise(rng, side, side / 3, 2.0) * rng.uniform(0.02, 0.2), np.float32)
    grain += rings(rows, warp, 2 * np.pi / rng.uniform(20, 120)) * rng.uniform(0.2, 1.0)
    picture = toned(base, grain, rng.uniform(0.03, 0.14))
    for _ in range(int(rng.integers(0, 4))):
        at = int(rng.integers(0, side))
        picture[at : at + int(rng.integers(1, 3))] *= rng.uniform(0.3, 0.8)
    return _turned(rng, picture.astype(np.float32))


def cloth(rng: Random, side: int) -> Picture:
    """Woven threads, stripes or checks, folds."""
    color = rng.uniform(20, 250, 3)
    cols, rows = np.meshgrid(np.arange(side, dtype=np.float32), np.arange(side, dtype=np.float32))
    picture = toned(color, weave(cols, rows, rng.uniform(2.5, 8)), rng.uniform(0.02, 0.15))
    if rng.random() < 0.5:
        other = rng.uniform(20, 250, 3).astype(np.float32)
        wide = rng.uniform(8, 50)
        stripes = np.sin(cols * 2 * np.pi / wide) > rng.uniform(-0.5, 0.9)
        if rng.random() < 0.5:
            stripes = stripes ^ (np.sin(rows * 2 * np.pi / wide) > 0.3)
        picture = np.where(stripes[..., None], picture * 0.3 + other * 0.7, picture)
    picture *= 1 + quick_noise(rng, side, side / rng.uniform(2, 6))[..., None] * rng.uniform(0, 0.15)
    picture += rng.normal(0, rng.uniform(1, 8), (side, side, 1))
    return _turned(rng, picture.astype(np.float32))


def skin_color(rng: Random) -> NDArray[np.float64]:
    """A color ``(3,)`` that skin can have, 0-255."""
    red = rng.uniform(95, 240)
    green = red * rng.uniform(0.62, 0.85)
    return np.array([red, green, green * rng.uniform(0.7, 0.98)])


def skin(rng: Random, side: int) -> Picture:
    """A palm: blotches, creases, and fingers with shade between them."""
    color = skin_color(rng)
    blotch = quick_noise(rng, side, side / rng.uniform(3, 7)) * 0.07 + quick_noise(rng, side, rng.uniform(2, 5)) * 0.025
    picture = toned(color, blotch)
    picture[..., 1:] *= 1 - 0.06 * np.abs(quick_noise(rng, side, side / 4))[..., None]
    for _ in range(int(rng.integers(2, 8))):
        points = np.cumsum(rng.normal(rng.normal(0, 6, 2), 7, (12, 2)), axis=0) + rng.uniform(0, side, 2)
        line = points, 1.0, int(rng.integers(1, 4))
        soft = creases((side, side), [line], rng.uniform(0.6, 2))
        picture *= 1 - soft[..., None] * np.array([0.15, 0.25, 0.28]) * rng.uniform(0.5, 2)
    return picture.astype(np.float32)


def laminate(rng: Random, side: int) -> Picture:
    """Speckled laminate or granite: flecks of several colors and sizes."""
    picture = paper(rng, side)
    for _ in range(int(rng.integers(1, 5))):
        grain = quick_noise(rng, side, float(np.exp(rng.uniform(np.log(1.2), np.log(24)))))
        sharp = float(np.exp(rng.uniform(np.log(6), np.log(40))))
        fleck = 1 / (1 + np.exp(np.clip(-(grain - rng.uniform(0.6, 1.8)) * sharp, -60, 60)))
        color = np.full(3, rng.uniform(0, 255)) + rng.normal(0, 25, 3)
        picture = flecked(picture, fleck * rng.uniform(0.2, 1.0), color)
    return np.asarray(picture, np.float32)


def tray(rng: Random, side: int) -> Picture:
    """A counting tray: plastic of one color with ridges, a raised wall, gloss."""
    color = (
        rng.uniform(30, 250, 3) if rng.random() < 0.6 else np.array([40, rng.uniform(90, 160), rng.uniform(150, 230)])
    )
    picture = flat((side, side), color)
    rows = np.arange(side, dtype=np.float32)[:, None, None]
    if rng.random() < 0.7:
        picture *= 1 + np.sin(rows * 2 * np.pi / rng.uniform(12, 50)) ** int(rng.choice([1, 3, 9])) * rng.uniform(
            0.03, 0.2
        )
    at = int(rng.integers(-side, side))
    if at > 0:
        picture[at:] *= rng.uniform(0.6, 1.25)
        picture[at : at + int(rng.integers(2, 8))] *= rng.uniform(0.5, 1.5)
    return _turned(rng, picture.astype(np.float32))


def mixed(rng: Random, side: int) -> Picture:
    """A smooth wandering of colors, as a screen, a printed card or a blurred room."""
    fields = [quick_noise(rng, side, side / rng.uniform(1.5, 8)) for _ in range(3)]
    return np.asarray(np.stack(fields, axis=-1) * rng.uniform(10, 60) + rng.uniform(40, 220, 3), np.float32)


KINDS: tuple[tuple[Callable[[Random, int], Picture], float], ...] = (
    (paper, 0.46),
    (wood, 0.09),
    (cloth, 0.08),
    (skin, 0.1),
    (laminate, 0.16),
    (tray, 0.06),
    (mixed, 0.05),
)


def ground(rng: Random, side: int) -> Picture:
    """A ground of a random kind under uneven light."""
    chances = np.array([chance for _, chance in KINDS])
    picture = KINDS[int(rng.choice(len(KINDS), p=chances / chances.sum()))][0](rng, side)
    return np.clip(picture, 0, 255)


def plain(rng: Random, side: int) -> Picture:
    """A sheet of paper or a gray studio ground, white to middling gray, with some tint and grain."""
    light = rng.uniform(200, 255) if rng.random() < 0.5 else rng.uniform(95, 215)
    picture = flat((side, side), np.clip(light + rng.normal(0, 6, 3) - [rng.uniform(0, 14), 4, 0], 0, 255))
    picture += quick_noise(rng, side, rng.uniform(1, 3))[..., None] * rng.uniform(0, 4)
    across = np.linspace(-1, 1, side, dtype=np.float32)
    fall = across[:, None] * rng.normal(0, 0.08) + across[None] * rng.normal(0, 0.08)
    return np.asarray(np.clip(toned(picture, fall), 0, 255), np.float32)
