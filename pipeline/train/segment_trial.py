"""Tries a trained network in the place of ``pipeline.segment``: photo -> regions, from ``WORK/segment.onnx``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pipeline.records import Photo, PillRegion, Pixels
from pipeline.segment.outline import refine
from pipeline.segment.regions import clockwise, content_box, region_of
from pipeline.train.segment_instances import Instance, instances
from pipeline.train.segment_maps import pill_maps


@dataclass(frozen=True)
class TrialSettings:
    """How pills are looked for.

    ``work_px``: the long side at which the network looks; outlines are drawn in the photo's own pixels.
    ``least_px``: pills with a smaller area, in pixels at ``work_px``, are not told from blots.
    ``least_confidence``: mean chance of pill inside an outline.
    ``least_solidity``: area over convex hull; SPL's CLOVER and GEAR have 0.88 and more.
    ``most_pills``: the smallest beyond this count are left out, so that a photo of gravel ends.
    Guesses: nothing was measured with them yet.
    """

    work_px: int = 384
    least_px: float = 80.0
    least_confidence: float = 0.75
    least_solidity: float = 0.86
    most_pills: int = 200


def segment_by_network(photo: Photo, weights: Path, settings: TrialSettings | None = None) -> tuple[PillRegion, ...]:
    """Find every pill of the photo, the largest first.

    Returns:
        One region a pill face; empty where the photo shows none. A pill that leaves the photo is flagged
        ``cut_by_border``.
    """
    settings = settings or TrialSettings()
    content = content_box(photo.pixels)
    top, left, bottom, right = content
    pixels = photo.pixels[top:bottom, left:right]
    maps = pill_maps(weights, pixels, settings.work_px)
    found = []
    for instance in instances(maps, settings.least_px / 4):
        if not _is_pill(instance, settings):
            continue
        sharp = _sharpened(pixels, instance, maps.to_photo[0]) + np.array([top, left], np.float32)
        found.append(region_of(photo, sharp, content, instance.confidence))
    return tuple(sorted(found, key=lambda region: -region.area))[: settings.most_pills]


def _is_pill(instance: Instance, settings: TrialSettings) -> bool:
    points = instance.outline[:, ::-1]
    hull = cv2.contourArea(cv2.convexHull(points))
    solid = cv2.contourArea(points) / hull if hull > 0 else 0.0
    return instance.confidence >= settings.least_confidence and solid >= settings.least_solidity


def _sharpened(pixels: Pixels, instance: Instance, map_px: float) -> np.ndarray:
    size = float(np.sqrt(cv2.contourArea(instance.outline)))
    reach = max(2.0, 1.2 * map_px, 0.03 * size)
    return refine(pixels, clockwise(instance.outline), reach, rounds=2)
