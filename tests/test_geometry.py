"""Outlines, axes, maps, sampling, contrast and color, on shapes and values that are known."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.geometry.affine import composed, inverse, mapped, of_part, scale_of, turned_into
from pipeline.geometry.axes import long_box, principal_axes
from pipeline.geometry.contrast import LocalContrast, normalized
from pipeline.geometry.lab import lab_of_linear, lab_of_pixels, linear_of_pixels, pixel_of_lab
from pipeline.geometry.outline import clockwise, perimeter, resample, smooth, solidity
from pipeline.geometry.sampling import Sampling, cut_to_frame, sample

SQUARE = np.array([[0, 0], [0, 10], [10, 10], [10, 0]], np.float32)
CROSS = np.array([[0, 1], [1, 1], [1, 0], [2, 0], [2, 1], [3, 1], [3, 2], [2, 2], [2, 3], [1, 3], [1, 2], [0, 2]])


def ellipse_xy(long: float, short: float, turn_deg: float) -> NDArray[np.float64]:
    """Its long axis turned counter-clockwise as seen, so that y falls along it."""
    t, turn = np.linspace(0, 2 * np.pi, 720, endpoint=False), math.radians(turn_deg)
    along, across = long * np.cos(t), short * np.sin(t)
    x = along * math.cos(turn) + across * math.sin(turn)
    return np.column_stack([200 + x, 150 - along * math.sin(turn) + across * math.cos(turn)])


def test_points_of_an_outline_lie_at_equal_distances() -> None:
    points = resample(SQUARE, 40)
    assert perimeter(SQUARE) == perimeter(points) == pytest.approx(40)
    assert np.linalg.norm(np.diff(points, axis=0), axis=1) == pytest.approx(np.ones(39))


def test_smoothing_keeps_the_middle_and_rounds_the_corners() -> None:
    smoothed = smooth(resample(SQUARE, 40), 2.0)
    assert smoothed.mean(axis=0) == pytest.approx([5, 5])
    # A corner is the mean of two half Gaussians: sigma / sqrt(2 pi) from either side.
    assert smoothed[0] == pytest.approx([0.8, 0.8], abs=0.03)
    assert smoothed[5] == pytest.approx([0, 5], abs=0.06)


def test_solidity_is_the_share_of_the_hull() -> None:
    assert solidity(SQUARE) == pytest.approx(1.0)
    assert solidity(CROSS.astype(np.float32)) == pytest.approx(5 / 7)
    assert solidity(SQUARE[:2]) == 0.0


def test_an_outline_runs_clockwise_as_seen_whichever_way_it_came() -> None:
    assert np.array_equal(clockwise(SQUARE), SQUARE)
    assert np.array_equal(clockwise(SQUARE[::-1]), SQUARE)


@pytest.mark.parametrize("turn_deg", [-80.0, -30.0, 0.0, 15.0, 89.0])
def test_the_long_axis_by_box_and_by_moments(turn_deg: float) -> None:
    outline = ellipse_xy(60, 30, turn_deg)
    box = long_box(outline)
    assert (box.length, box.width) == pytest.approx((120, 60), abs=0.5)
    assert box.axis_deg == pytest.approx(turn_deg, abs=0.5)
    assert box.is_oblong(1.9) and not box.is_oblong(2.1)
    values, vectors = principal_axes(outline)
    assert 2 * np.sqrt(values) == pytest.approx([30, 60], rel=1e-3)
    assert abs(vectors[:, 1] @ [math.cos(math.radians(turn_deg)), -math.sin(math.radians(turn_deg))]) > 0.9999


def test_what_encloses_nothing_has_no_axes() -> None:
    assert principal_axes(np.array([[3.0, 4.0], [3.0, 4.0]]))[0] == pytest.approx([0, 0])


@settings(deadline=None)
@given(st.floats(-180, 180), st.floats(0.1, 8), st.tuples(st.floats(-50, 500), st.floats(-50, 500)))
def test_a_map_and_its_inverse_undo_each_other(turn_deg: float, scale: float, center: tuple[float, float]) -> None:
    matrix = turned_into(center, (160, 224), scale, turn_deg)
    assert mapped(matrix, np.array(center)) == pytest.approx([112, 80], abs=1e-3)  # OpenCV keeps it as float32
    assert scale_of(matrix) == pytest.approx(scale)
    assert composed(inverse(matrix), matrix) == pytest.approx(np.eye(2, 3), abs=1e-6)


def test_a_part_at_full_size_keeps_the_centers_of_pixels() -> None:
    to_photo = of_part(10, 20, 2.0)
    # The first two pixels of the part lie in the photo's pixel (10, 20): their middle is its center.
    assert mapped(to_photo, np.array([0.5, 0.5])) == pytest.approx([20, 10])


@pytest.mark.parametrize("how", [Sampling(), Sampling(shrink_max=1.0), Sampling(cubic_min=0.0)])
@pytest.mark.parametrize("scale", [0.3, 1.0, 2.0])
def test_what_is_at_a_place_arrives_where_the_map_says(how: Sampling, scale: float) -> None:
    image = np.zeros((300, 400), np.uint8)
    cv2.circle(image, (230, 140), round(12 / scale), 255, -1)
    to_frame = turned_into((220, 150), (120, 120), scale, 30)
    part, to_part = cut_to_frame(image, inverse(to_frame), (120, 120))
    frame = sample(part, to_part, (120, 120), how, cv2.BORDER_CONSTANT)
    rows, cols = np.indices(frame.shape)
    center = float((cols * frame).sum() / frame.sum()), float((rows * frame).sum() / frame.sum())
    assert center == pytest.approx(mapped(to_frame, np.array([230, 140])), abs=0.2)


def test_a_frame_outside_the_image_is_empty() -> None:
    far = np.array([[1.0, 0, 500], [0, 1.0, 500]])
    part, to_part = cut_to_frame(np.full((50, 50, 3), 9, np.uint8), far, (20, 30))
    assert sample(part, to_part, (20, 30), Sampling(), cv2.BORDER_REPLICATE).shape == (20, 30, 3)


@pytest.mark.parametrize("step", [1, 4])
@pytest.mark.parametrize("adds_variance", [False, True])
def test_light_contrast_and_what_lies_beside_the_face_do_not_matter(step: int, adds_variance: bool) -> None:
    how = LocalContrast(8.0, 16.0, 1e-3, mean_step=step, deviation_step=step, adds_variance=adds_variance)
    face = cv2.GaussianBlur(np.random.default_rng(5).uniform(0, 190, (120, 160)).astype(np.float32), (0, 0), 2)
    weight = np.zeros(face.shape, np.float32)
    cv2.ellipse(weight, (80, 60), (60, 40), 0, 0, 360, 1.0, -1)
    plain = normalized(np.asarray(face, np.float32), weight, how)
    lit = np.where(weight > 0, face * 0.6 + 40, 255).astype(np.float32)
    assert normalized(lit, weight, how) == pytest.approx(plain, abs=0.02)
    assert (plain[weight == 0] == 0).all() and np.abs(plain).max() <= 3


@pytest.mark.parametrize(
    ("pixel", "lab"),
    [
        ((255, 255, 255), (100, 0, 0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
    ],
)
def test_published_colors_both_ways(pixel: tuple[int, int, int], lab: tuple[float, float, float]) -> None:
    # Lindbloom's calculator, sRGB with D65.
    pixels = np.array([[pixel]], np.uint8)
    assert lab_of_pixels(pixels)[0, 0] == pytest.approx(lab, abs=0.1)
    assert lab_of_linear(linear_of_pixels(pixels))[0, 0] == pytest.approx(lab, abs=0.1)
    assert pixel_of_lab(lab) == pytest.approx(pixel, abs=1)
