"""Scenes the segmentation network learns from: what is pill, and which part of it is its core."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.draw.random_layouts import random_layout
from pipeline.train.segment.cutout_scenes import SceneMaker
from pipeline.train.segment.real import RealPhoto, RealScenes


def disc(radius: int, color: tuple[int, int, int]) -> NDArray[np.uint8]:
    """A cut-out: RGB and coverage."""
    side = 2 * radius + 5
    picture = np.zeros((side, side, 4), np.uint8)
    picture[..., :3] = color
    coverage = np.zeros((side, side), np.uint8)
    cv2.circle(coverage, (side // 2, side // 2), radius, 255, cv2.FILLED)
    picture[..., 3] = coverage
    return picture


@pytest.mark.parametrize("seed", range(6))
def test_cores_lie_in_pills_and_every_number_is_one_pill(seed: int) -> None:
    maker = SceneMaker([disc(30, (230, 230, 225)), disc(22, (180, 60, 50))], 128)
    scene = maker.scene(np.random.default_rng(seed))
    assert scene.pixels.shape == (128, 128, 3) and scene.pixels.dtype == np.uint8
    assert scene.labels.shape == scene.cores.shape == (128, 128)
    assert not (scene.cores & (scene.labels == 0)).any()


def test_layouts_cover_scenes_without_and_with_many_pills() -> None:
    rng = np.random.default_rng(1)
    counts = [len(random_layout(rng, 256).places) for _ in range(200)]
    assert min(counts) == 0
    assert max(counts) > 12


def test_a_crop_of_a_real_photo_keeps_its_pill_under_the_polygon() -> None:
    pixels = np.full((200, 240, 3), 90, np.uint8)
    cv2.circle(pixels, (120, 100), 40, (240, 240, 240), cv2.FILLED)
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    polygon = np.stack([120 + 40 * np.cos(angle), 100 + 40 * np.sin(angle)], axis=1).astype(np.float32)
    scenes = RealScenes([RealPhoto("one", pixels, (polygon,))], 96)
    for seed in range(8):
        scene = scenes.scene(np.random.default_rng(seed))
        inside = scene.labels > 0
        if inside.any() and not inside.all():
            assert scene.pixels[inside].mean() > scene.pixels[~inside].mean() * 1.5
