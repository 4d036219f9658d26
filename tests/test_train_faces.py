"""Labeled faces on their canvases, and kept in files."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch", reason="training needs the extra `train`")

from pipeline.imprint.canvas import COMPACT, LONG
from pipeline.train.faces.face_file import load_faces, save_faces
from pipeline.train.faces.labeled import CLASS, HEIGHT, TURN_DEG, WIDTH, LabeledFace, X, Y, canvas_of, filled

CENTER = np.array([150.0, 120.0])


def face(half_axes: tuple[float, float] = (90.0, 90.0), spot: tuple[float, float] = (30.0, -20.0)) -> LabeledFace:
    """A gray face with one dark dot, labeled as an upright character in its place."""
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    outline = (CENTER + np.column_stack([half_axes[0] * np.cos(angle), half_axes[1] * np.sin(angle)])).astype(
        np.float32
    )
    gray = np.full((240, 300), 190, np.uint8)
    x, y = CENTER + spot
    cv2.circle(gray, (round(x), round(y)), 8, 60, -1)
    row = np.array([[x, y, 9.0, 31.0, 0.0, 1.0]], np.float32)
    return LabeledFace(gray, filled(outline, gray.shape), outline, row, "1", "made")


def dark_center(canvas: NDArray[np.float32]) -> tuple[float, float]:
    energy = cv2.GaussianBlur(canvas[0] ** 2 * (canvas[1] > 0.99), (0, 0), 5)
    row, col = np.unravel_index(energy.argmax(), energy.shape)
    return float(col), float(row)


def test_long_faces_go_on_the_wide_canvas() -> None:
    assert canvas_of(face())[0].shape == (2, *COMPACT)
    assert canvas_of(face((100, 60)))[0].shape == (2, *LONG)
    assert face((100, 60)).is_long and not face().is_long


def test_unaugmented_characters_lie_where_they_are_seen() -> None:
    canvas, ((x, y, width, height, turn, code),) = canvas_of(face())
    assert (x, y) == pytest.approx(dark_center(canvas), abs=2.0)
    assert height / width == pytest.approx(31 / 9, rel=1e-3) and turn == 0 and code == 1


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("half_axes", [(90.0, 90.0), (100.0, 60.0)])
def test_augmented_characters_move_with_the_picture(seed: int, half_axes: tuple[float, float]) -> None:
    made = face(half_axes)
    canvas, characters = canvas_of(made, np.random.default_rng(seed))
    assert characters[0, [X, Y]] == pytest.approx(dark_center(canvas), abs=4.0)
    assert characters[0, CLASS] == 1 and made.characters[0, TURN_DEG] == 0


@pytest.mark.parametrize("seed", range(6))
def test_the_turn_is_that_of_two_characters_side_by_side(seed: int) -> None:
    made = face()
    beside = made.characters[0].copy()
    beside[X] += 40
    pair = LabeledFace(made.gray, made.mask, made.outline, np.stack([made.characters[0], beside]))
    _, (first, second) = canvas_of(pair, np.random.default_rng(seed))
    seen = math.degrees(math.atan2(-(second[Y] - first[Y]), second[X] - first[X]))
    assert abs((seen - first[TURN_DEG] + 180) % 360 - 180) < 12  # the sheer of the augmentation
    step = math.hypot(second[X] - first[X], second[Y] - first[Y])
    assert step / first[HEIGHT] == pytest.approx(40 / 31, rel=0.2)


def test_a_turn_nobody_knows_stays_unknown() -> None:
    made = face()
    made.characters[0, TURN_DEG] = np.nan
    assert np.isnan(canvas_of(made, np.random.default_rng(0))[1][0, TURN_DEG])


def test_the_same_seed_gives_the_same_canvas() -> None:
    one, other = (canvas_of(face(), np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(one[0], other[0]) and np.array_equal(one[1], other[1])


def test_faces_come_back_as_they_were_kept(tmp_path: Path) -> None:
    made = face()
    blank = LabeledFace(made.gray[:200], made.mask[:200], made.outline, np.zeros((0, 6), np.float32), "", "Ω.jpg")
    save_faces(tmp_path / "faces.npz", [made, blank])
    first, second = load_faces(tmp_path / "faces.npz")
    assert np.array_equal(first.gray, made.gray) and np.array_equal(first.mask, made.mask)
    assert np.array_equal(first.characters, made.characters) and np.array_equal(first.outline, made.outline)
    assert (first.imprint, first.source, second.source) == ("1", "made", "Ω.jpg")
    assert second.characters.shape == (0, 6) and second.gray.shape == (200, 300)
    assert [path.name for path in tmp_path.iterdir()] == ["faces.npz"]


def test_no_faces_are_kept_too(tmp_path: Path) -> None:
    save_faces(tmp_path / "none.npz", [])
    assert load_faces(tmp_path / "none.npz") == []


def test_widths_and_heights_scale_alike() -> None:
    made = face()
    row = canvas_of(made)[1][0]
    assert row[WIDTH] / made.characters[0, WIDTH] == pytest.approx(row[HEIGHT] / made.characters[0, HEIGHT])
