"""The canvas a face is read on."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.imprint.canvas import (
    COMPACT,
    COMPACT_ROOT_AREA_PX,
    LONG,
    LONG_ROOT_AREA_PX,
    normalize,
    place,
    warp,
)


def ellipse(center_xy: tuple[float, float], half_axes: tuple[float, float], turn_deg: float) -> NDArray[np.float32]:
    """An outline ``(n, 2)`` ``(x, y)``, its first axis turned counter-clockwise as seen."""
    angle = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    across = half_axes[0] * np.cos(angle), half_axes[1] * np.sin(angle)
    turn = math.radians(turn_deg)
    x = center_xy[0] + across[0] * math.cos(turn) + across[1] * math.sin(turn)
    y = center_xy[1] - across[0] * math.sin(turn) + across[1] * math.cos(turn)
    return np.column_stack([x, y]).astype(np.float32)


def moved(outline: NDArray[np.float32], to_canvas: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(outline @ to_canvas[:, :2].T + to_canvas[:, 2])


@pytest.mark.parametrize("radius", [15.0, 60.0, 400.0])
def test_a_round_face_is_centered_at_the_scale_letters_are_read_at(radius: float) -> None:
    placement = place(ellipse((500, 300), (radius, radius), 0))
    assert placement.size == COMPACT and placement.turn_deg == 0
    assert placement.scale == pytest.approx(COMPACT_ROOT_AREA_PX / (radius * math.sqrt(math.pi)), rel=0.01)
    assert placement.to_canvas @ [500, 300, 1] == pytest.approx([COMPACT[1] / 2, COMPACT[0] / 2], abs=0.5)


@pytest.mark.parametrize("turn_deg", [-80.0, -37.0, 0.0, 12.0, 45.0, 89.0])
def test_a_long_face_lies_level_and_inside(turn_deg: float) -> None:
    outline = ellipse((200, 150), (90, 40), turn_deg)
    placement = place(outline)
    points = moved(outline, placement.to_canvas)
    width, height = np.ptp(points, axis=0)
    assert placement.size == LONG
    assert width / height == pytest.approx(90 / 40, rel=0.03)
    assert points.min() >= 0 and (points.max(axis=0) <= [LONG[1], LONG[0]]).all()
    # As large as letters are read at, or as the canvas less three pixels of margin allows.
    largest = min(LONG_ROOT_AREA_PX / math.sqrt(math.pi * 90 * 40), (LONG[1] - 6) / 180, (LONG[0] - 6) / 80)
    assert placement.scale == pytest.approx(largest, rel=0.02)


def test_the_turn_is_the_one_the_map_makes() -> None:
    placement = place(ellipse((200, 150), (90, 40), 30))
    matrix = placement.to_canvas[:, :2] / placement.scale
    assert math.degrees(math.atan2(matrix[0, 1], matrix[0, 0])) == pytest.approx(placement.turn_deg, abs=1e-6)
    assert abs(placement.turn_deg) == pytest.approx(30, abs=1.5)


def test_very_long_faces_are_made_to_fit() -> None:
    outline = ellipse((200, 200), (180, 30), 20)
    points = moved(outline, place(outline).to_canvas)
    assert points.min() >= 0 and (points.max(axis=0) <= [LONG[1], LONG[0]]).all()


@pytest.mark.parametrize("scale", [0.25, 0.8, 3.0])
def test_what_is_at_a_place_arrives_where_the_map_says(scale: float) -> None:
    radius = 70 / scale
    outline = ellipse((2 * radius, 1.5 * radius), (radius, radius), 0)
    placement = place(outline)
    spot = round(2.4 * radius), round(1.2 * radius)
    gray = np.zeros((round(3 * radius), round(4 * radius)), np.uint8)
    cv2.circle(gray, spot, max(2, round(0.08 * radius)), 255, -1)
    mask = np.zeros_like(gray)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 255)
    canvas, inside = warp(gray, mask, placement.to_canvas, placement.size)
    rows, cols = np.mgrid[: canvas.shape[0], : canvas.shape[1]]
    center = [float((cols * canvas).sum() / canvas.sum()), float((rows * canvas).sum() / canvas.sum())]
    assert center == pytest.approx(placement.to_canvas @ [*spot, 1], abs=1.5)
    assert inside.max() == 1 and inside.sum() == pytest.approx(COMPACT_ROOT_AREA_PX**2, rel=0.06)


def test_nothing_but_pill_is_left() -> None:
    rng = np.random.default_rng(0)
    gray = rng.uniform(0, 255, COMPACT).astype(np.float32)
    inside = np.zeros(COMPACT, np.float32)
    cv2.circle(inside, (80, 80), 60, 1.0, -1)
    normal, mask = normalize(gray, inside)
    assert (normal[inside == 0] == 0).all() and np.array_equal(mask, inside)
    assert np.abs(normal).max() <= 3 and normal.dtype == np.float32


def test_what_lies_around_the_pill_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    inside = np.zeros(COMPACT, np.float32)
    cv2.circle(inside, (80, 80), 60, 1.0, -1)
    face = rng.uniform(90, 160, COMPACT).astype(np.float32)
    dark, light = np.where(inside > 0, face, 0.0), np.where(inside > 0, face, 255.0)
    assert np.allclose(
        normalize(dark.astype(np.float32), inside), normalize(light.astype(np.float32), inside), atol=1e-3
    )


def test_light_that_changes_slowly_and_contrast_cancel() -> None:
    inside = np.ones(COMPACT, np.float32)
    rows = np.linspace(0, 60, COMPACT[0], dtype=np.float32)[:, None]
    drawn = np.zeros(COMPACT, np.uint8)
    cv2.putText(drawn, "A", (60, 100), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 40.0, 5)
    letter = drawn.astype(np.float32)
    even = normalize(120 + letter, inside)[0]
    sloped = normalize(100 + rows + letter, inside)[0]
    core = (slice(40, 120), slice(40, 120))
    assert np.corrcoef(even[core].ravel(), sloped[core].ravel())[0, 1] > 0.97


def test_a_blank_faces_grain_stays_small() -> None:
    grain = np.random.default_rng(2).normal(200, 0.7, COMPACT).astype(np.float32)
    assert np.abs(normalize(grain, np.ones(COMPACT, np.float32))[0]).mean() < 0.25
