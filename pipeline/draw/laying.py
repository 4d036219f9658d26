"""Patches laid on a picture, and the shadows that they cast."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.draw.spec import Light

Picture = NDArray[np.float32]
Field = NDArray[np.float32]
# A soft lamp's shadow is drawn in three layers. Each has three factors on the lamp's own values: depth, softness, and
# distance along the shadow's direction.
_SOFT_SHADOWS = ((0.6, 0.5, 0.5), (0.7, 1.0, 1.0), (0.25, 3.0, 1.0))


def overlap(
    corner: tuple[int, int], shape: tuple[int, ...], within: tuple[int, ...]
) -> tuple[tuple[slice, slice] | None, tuple[slice, slice]]:
    """The part of a patch that lies in the photo, in the patch's and in the photo's pixels; None where nothing does."""
    low = [max(start, 0) for start in corner]
    high = [min(start + size, limit) for start, size, limit in zip(corner, shape, within, strict=True)]
    outer = slice(low[0], high[0]), slice(low[1], high[1])
    if low[0] >= high[0] or low[1] >= high[1]:
        return None, outer
    return (slice(low[0] - corner[0], high[0] - corner[0]), slice(low[1] - corner[1], high[1] - corner[1])), outer


def paste(picture: Picture, layer: Picture, share: Field, corner: tuple[int, int]) -> None:
    """Lay a patch ``(h, w, 3)`` on a picture at ``corner``, in place, as much as ``share`` ``(h, w)`` says."""
    inner, outer = overlap(corner, share.shape, picture.shape[:2])
    if inner is not None:
        picture[outer] += share[inner][..., None] * (layer[inner] - picture[outer])


def darken(picture: Picture, share: Field, corner: tuple[int, int]) -> None:
    """Take that share ``(h, w)`` of the light from a picture at ``corner``, in place."""
    inner, outer = overlap(corner, share.shape, picture.shape[:2])
    if inner is not None:
        picture[outer] *= (1 - share[inner])[..., None]


def cast_shadow(
    picture: Picture, coverage: Field, corner: tuple[int, int], light: Light, height_px: float, depth: float
) -> None:
    """The shadow of a thing of that height under one light, and the dark line where it touches the ground."""
    azimuth, elevation = math.radians(light.azimuth_deg), math.radians(max(light.elevation_deg, 20.0))
    reach = 0.6 * height_px / math.tan(elevation)
    pad = math.ceil(reach + 1.5 * height_px) + 2
    block = cv2.copyMakeBorder(coverage, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
    shift = np.array([[1, 0, -reach * math.cos(azimuth)], [0, 1, reach * math.sin(azimuth)]])
    cast = cv2.GaussianBlur(cv2.warpAffine(block, shift, block.shape[::-1]), (0, 0), 0.25 * height_px + 0.5)
    contact = cv2.GaussianBlur(block, (0, 0), 0.12 * height_px + 0.5)
    darken(picture, np.float32(depth) * np.maximum(cast, np.float32(0.7) * contact), (corner[0] - pad, corner[1] - pad))


@dataclass(frozen=True)
class Lamp:
    """One lamp: where its shadows fall (rows, cols), their depth 0-1 and softness; lengths by the pill's size.

    The shadow of a ``small`` one, as of a flash or a bare bulb, is of one depth from the pill to its sharp far edge.
    """

    direction: tuple[float, float]
    depth: float
    softness: float
    small: bool


def random_lamps(rng: np.random.Generator) -> list[Lamp]:
    """One lamp, or two as in a room: soft or hard, low or overhead."""
    lamps = []
    for _ in range(1 if rng.random() < 0.65 else 2):
        angle, small = rng.uniform(0, 2 * np.pi), rng.random() < 0.4
        reach = rng.choice([0.09, 0.16, 0.28, 0.45] if small else [0.02, 0.05, 0.09, 0.16, 0.28])
        softness = float(np.exp(rng.uniform(np.log(0.008), np.log(0.06 if small else 0.15))))
        depth = rng.uniform(0.0, 0.5 if small else 0.8)
        lamps.append(Lamp((reach * np.sin(angle), reach * np.cos(angle)), depth, softness, small))
    return lamps


def cast_by_lamps(picture: Picture, coverage: Field, corner: tuple[int, int], lamps: Sequence[Lamp]) -> None:
    """The shadows under all lamps of a thing whose height is not known, and the dark line where it touches."""
    size = float(np.sqrt((coverage > 0.5).sum()) + 1)
    margin = int(0.5 * size) + 2
    wide = np.pad(coverage, margin)
    top, left = corner[0] - margin, corner[1] - margin
    for lamp in lamps:
        down, right = size * lamp.direction[0], size * lamp.direction[1]
        if lamp.small:
            soft = cv2.GaussianBlur(swept(wide, (down, right)), (0, 0), max(0.4, lamp.softness * size))
            darken(picture, soft * np.float32(lamp.depth), (top, left))
            continue
        for share, softness, part in _SOFT_SHADOWS:
            soft = cv2.GaussianBlur(wide, (0, 0), max(0.4, lamp.softness * softness * size))
            at = round(top + part * down), round(left + part * right)
            darken(picture, soft * np.float32(lamp.depth * share), at)


def swept(coverage: Field, step: tuple[float, float]) -> Field:
    """All that a shape covers on its way along ``step`` (rows, cols)."""
    whole = coverage.copy()
    for share in np.linspace(0, 1, max(2, int(np.ceil(np.hypot(*step))) + 1))[1:]:
        move = np.array([[1, 0, step[1] * share], [0, 1, step[0] * share]], np.float64)
        whole = np.maximum(whole, cv2.warpAffine(coverage, move, coverage.shape[::-1]))
    return np.asarray(whole, np.float32)
