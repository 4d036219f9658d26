"""What surfaces are made of: tone on a color, year rings, threads, creases, flecks.

`backgrounds` has some kinds as tables have them, with lengths in mm, for photos whose scale is known; `random_grounds`
draws from wide ranges in pixels, for training. Each says how far its own go; what a surface is stands here.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Field = NDArray[np.float32]
Picture = NDArray[np.float32]


def flat(shape: tuple[int, int], color: ArrayLike) -> Picture:
    """One color ``(3,)`` all over: ``(h, w, 3)`` float32."""
    picture = np.empty((*shape, 3), np.float32)
    picture[:] = color
    return picture


def toned(picture: ArrayLike, tone: NDArray[np.floating], amount: float = 1.0) -> Picture:
    """A color or a picture made lighter and darker by ``amount`` of a tone ``(h, w)``, 0 leaves it as it is."""
    return np.asarray(np.asarray(picture, np.float32) * (1 + np.float32(amount) * tone)[..., None], np.float32)


def rings(across: Field, warp: Field, period: float) -> Field:
    """A board's year rings ``(h, w)``, -1 to 1, along ``across``, bent by ``warp``; all three in one unit."""
    return np.asarray(np.sin((across + warp) * np.float32(2 * np.pi / period)), np.float32)


def weave(x: Field, y: Field, period: float) -> Field:
    """Threads over and under one another ``(h, w)``, -1 to 1."""
    turns = 2 * np.pi / period
    return np.asarray(np.sin(x * turns) * np.sin(y * turns), np.float32)


def creases(shape: tuple[int, int], lines: Iterable[tuple[NDArray[np.floating], float, int]], soft_px: float) -> Field:
    """Soft lines ``(h, w)``, 0-1: each ``(n, 2)`` points ``(x, y)`` in px, its depth 0-1 and its width in px."""
    picture = np.zeros(shape, np.float32)
    for points, depth, wide in lines:
        fixed = np.round(points * 16).astype(np.int32)
        cv2.polylines(picture, [fixed], False, depth, wide, cv2.LINE_AA, 4)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), soft_px), np.float32)


def flecked(picture: Picture, share: NDArray[np.floating], color: ArrayLike) -> Picture:
    """Another color where and as much as ``share`` ``(h, w)`` says."""
    mixed = picture + share[..., None].astype(np.float32) * (np.asarray(color, np.float32) - picture)
    return np.asarray(mixed, np.float32)
