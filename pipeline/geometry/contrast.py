"""A face's gray values less their mean nearby, over their deviation nearby, both taken on the face alone."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]


@dataclass(frozen=True)
class LocalContrast:
    """How a network's gray values are normalized: what it was trained with, so each network keeps its own.

    Sigmas are those of the Gaussians, in frame pixels.
    """

    mean_sigma_px: float
    """Of the mean that is taken off."""

    deviation_sigma_px: float
    """Of the deviation that is divided by."""

    deviation_floor: float
    """Added to the deviation: keeps the grain of a blank face from growing into marks, in units of the values."""

    clip: float = 3.0
    """Largest value, in deviations."""

    mean_step: int = 1
    """The mean is taken at this reduction: wide Gaussians are cheap so."""

    deviation_step: int = 1
    """The deviation is taken at this reduction."""

    weight_floor: float = 0.0
    """Added to the weight of the face nearby, before the mean is divided by it."""

    adds_variance: bool = False
    """The floor is a deviation of its own, so that the squares are added."""


def normalized(values: Plane, weight: Plane, how: LocalContrast) -> Plane:
    """Values ``(h, w)`` in local deviations from their local mean, clipped; 0 where the weight is.

    Args:
        values: gray or lightness, ``(h, w)`` float32.
        weight: ``(h, w)`` float32, 1 on the face and 0 beside it.
        how: of the network.
    """
    mean = _enlarged(_local_mean(values * weight, weight, how.mean_sigma_px, how.mean_step, how.weight_floor), weight)
    centered = (values - mean) * weight
    variance = _local_mean(centered * centered, weight, how.deviation_sigma_px, how.deviation_step, how.weight_floor)
    if how.adds_variance:
        floored = np.sqrt(np.maximum(_enlarged(variance, weight), 0) + how.deviation_floor**2)
    else:
        floored = _enlarged(np.sqrt(np.maximum(variance, 0)), weight) + how.deviation_floor
    return np.asarray(np.clip(centered / floored, -how.clip, how.clip), np.float32)


def _local_mean(weighted: Plane, weight: Plane, sigma_px: float, step: int, floor: float) -> Plane:
    """Gaussian mean of what was weighted, ``(h / step, w / step)``."""
    total, share = (cv2.GaussianBlur(_reduced(plane, step), (0, 0), sigma_px / step) for plane in (weighted, weight))
    return np.asarray(total / np.maximum(share + np.float32(floor), 1e-6), np.float32)


def _reduced(plane: Plane, step: int) -> Plane:
    if step == 1:
        return plane
    size = max(1, plane.shape[1] // step), max(1, plane.shape[0] // step)
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)


def _enlarged(plane: Plane, like: Plane) -> Plane:
    if plane.shape == like.shape:
        return plane
    return np.asarray(cv2.resize(plane, (like.shape[1], like.shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)
