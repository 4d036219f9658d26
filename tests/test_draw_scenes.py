"""Drawn photos: masks, scale and ruler are true."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from pipeline.draw.backgrounds import BACKGROUNDS, draw_background
from pipeline.draw.camera import through_jpeg
from pipeline.draw.laying import Lamp, cast_by_lamps, darken, overlap, paste
from pipeline.draw.outlines import regular, superellipse
from pipeline.draw.random_face import random_face
from pipeline.draw.scenes import DrawnRuler, ScenePill, SceneSpec, crowd, draw_scene
from pipeline.draw.spec import Body, Camera, FaceSpec

_DISK = FaceSpec(100.0, Body(shape="ROUND", color=(250.0, 250.0, 250.0)))
_SHARP = Camera(blur_px=0.0, noise=0.0, jpeg_quality=0)


def test_a_pill_is_as_large_and_where_the_scene_says() -> None:
    scene = draw_scene(
        SceneSpec(30.0, 40.0, 12.0, "SLATE", (ScenePill(_DISK, 8.0, 14.0, 22.0),), camera=_SHARP),
        np.random.default_rng(0),
    )
    assert scene.pixels.shape == (360, 480, 3)
    assert scene.mm_per_px == pytest.approx(1 / 12)
    rows, cols = np.nonzero(scene.labels == 1)
    assert rows.size * scene.mm_per_px**2 == pytest.approx(math.pi * 16, rel=0.01)
    assert rows.mean() == pytest.approx(14.0 * 12, abs=1.0)
    assert cols.mean() == pytest.approx(22.0 * 12, abs=1.0)
    bright = scene.pixels.mean(axis=2) > 150
    assert np.logical_xor(bright, scene.labels == 1).sum() < 0.08 * rows.size
    assert scene.pills[0].visible == pytest.approx(1.0, abs=0.02)
    assert not scene.pills[0].cut


def test_what_lies_on_top_hides_and_the_border_cuts() -> None:
    pills = (
        ScenePill(_DISK, 8.0, 15.0, 15.0),
        ScenePill(_DISK, 8.0, 15.0, 19.0),
        ScenePill(_DISK, 8.0, 1.0, 32.0),
        ScenePill(_DISK, 8.0, 90.0, 90.0),
    )
    scene = draw_scene(SceneSpec(30.0, 40.0, 10.0, "WOOD", pills), np.random.default_rng(0))
    lower, upper, cut, gone = scene.pills
    lens = 2 * 16 * math.acos(0.5) - 4.0 / 2 * math.sqrt(4 * 16 - 16)  # two circles of 4 mm, 4 mm apart
    assert lower.visible == pytest.approx(1 - lens / (16 * math.pi), abs=0.02)
    assert upper.visible == pytest.approx(1.0, abs=0.02)
    assert cut.cut and 0.4 < cut.visible < 0.75
    assert gone.cut and gone.visible == 0.0
    assert set(np.unique(scene.labels)) == {0, 1, 2, 3}


def test_characters_move_with_their_pill() -> None:
    face = random_face(np.random.default_rng(8), blank=0.0)
    assert face.lines
    one = draw_scene(
        SceneSpec(40.0, 40.0, 10.0, "GRAY", (ScenePill(face, 12.0, 20.0, 20.0),)), np.random.default_rng(0)
    )
    for character in one.pills[0].characters:
        if character.visible > 0.99:
            assert one.labels[round(character.row), round(character.col)] == 1


def test_forty_pills_touch_and_are_told_apart() -> None:
    rng = np.random.default_rng(4)
    faces = [(random_face(rng), float(rng.uniform(6.0, 16.0))) for _ in range(40)]
    scene = draw_scene(SceneSpec(100.0, 130.0, 6.0, "WOOD", crowd(faces, (50.0, 65.0), rng)), rng)
    assert len(scene.pills) == 40
    seen = np.bincount(scene.labels.ravel(), minlength=41)[1:]
    assert (seen > 0).all()
    assert np.mean([pill.visible > 0.8 for pill in scene.pills]) > 0.8
    assert not any(pill.cut for pill in scene.pills)
    count = cv2.connectedComponents((scene.labels > 0).astype(np.uint8))[0] - 1
    assert count < 20  # they do touch


@pytest.mark.parametrize("turn", [0.0, 8.0])
def test_ruler_ticks_lie_a_millimeter_apart(turn: float) -> None:
    scale = 14.0
    scene = draw_scene(
        SceneSpec(40.0, 60.0, scale, "SLATE", (), DrawnRuler(15.0, 5.0, 50, turn), camera=_SHARP),
        np.random.default_rng(0),
    )
    angle = math.radians(turn)
    along = np.arange(0, 50 * scale, 0.25)
    x = 5.0 * scale + along * math.cos(angle) + 1.5 * scale * math.sin(angle)
    y = 15.0 * scale - along * math.sin(angle) + 1.5 * scale * math.cos(angle)
    profile = scene.pixels.mean(axis=2)[np.round(y).astype(int), np.round(x).astype(int)]
    dark = profile < 130
    starts = np.nonzero(dark[1:] & ~dark[:-1])[0]
    assert len(starts) in (49, 50)
    assert np.median(np.diff(starts)) * 0.25 == pytest.approx(scale, abs=0.5)


@pytest.mark.parametrize("kind", BACKGROUNDS)
def test_backgrounds_are_full_and_the_same_again(kind: str) -> None:
    first, again = (draw_background(kind, (90, 120), 6.0, np.random.default_rng(1)) for _ in range(2))
    assert first.shape == (90, 120, 3)
    assert first.dtype == np.float32
    assert first.min() >= 0 and first.max() <= 255
    assert first.std() > 0.5
    assert np.array_equal(first, again)


def test_an_unknown_background_is_refused() -> None:
    with pytest.raises(KeyError):
        draw_background("SAND", (10, 10), 1.0, np.random.default_rng(0))


def test_a_patch_is_laid_where_it_meets_the_picture_and_nowhere_else() -> None:
    picture = np.full((6, 8, 3), 100, np.float32)
    paste(picture, np.full((4, 4, 3), 200, np.float32), np.full((4, 4), 0.5, np.float32), (-2, 6))
    assert (picture[:2, 6:] == 150).all()
    assert np.count_nonzero(picture != 100) == 2 * 2 * 3
    paste(picture, np.zeros((4, 4, 3), np.float32), np.ones((4, 4), np.float32), (6, 0))
    assert np.count_nonzero(picture != 100) == 2 * 2 * 3
    assert overlap((6, 0), (4, 4), (6, 8))[0] is None


def test_a_shadow_takes_its_share_of_the_light() -> None:
    picture = np.full((4, 4, 3), 80, np.float32)
    darken(picture, np.full((2, 2), 0.25, np.float32), (1, 1))
    assert (picture[1:3, 1:3] == 60).all()
    assert picture.sum() == 80 * 48 - 20 * 12


def test_a_lamps_shadow_falls_to_its_side() -> None:
    picture, coverage = np.full((80, 80, 3), 200, np.float32), np.zeros((20, 20), np.float32)
    cv2.circle(coverage, (10, 10), 8, 1.0, cv2.FILLED)
    cast_by_lamps(picture, coverage, (30, 30), [Lamp((0.0, 0.3), 0.5, 0.02, small=True)])
    dark = 200 - picture[..., 0]
    # The rim is at 48, the shadow reaches 0.3 of the square root of the pill's area further: to 52.5.
    assert dark[40, 49:52].min() > 90
    assert dark[40, 56:].max() < 1
    assert dark[40, :28].max() < 1


def test_outlines_are_what_they_are_called() -> None:
    points = superellipse(3.0, 2.0, 2.0, 50)
    assert np.allclose((points[:, 0] / 3) ** 2 + (points[:, 1] / 2) ** 2, 1)
    corners = regular(6)
    assert np.allclose(np.hypot(*corners.T), 1)
    assert np.allclose(np.hypot(*(corners - np.roll(corners, 1, axis=0)).T), 1)  # a hexagon's side is its radius


@pytest.mark.parametrize("shape", [(16, 24), (16, 24, 3)])
def test_a_picture_comes_back_from_jpeg_with_its_shape(shape: tuple[int, ...]) -> None:
    flat = np.full(shape, 90, np.uint8)
    assert np.abs(through_jpeg(flat, 90).astype(int) - 90).max() <= 2
    assert through_jpeg(flat, 90).shape == shape
