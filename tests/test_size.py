from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.measure.size import size
from pipeline.records import PillRegion, Scale, ScaleSource


def ellipse(long_px: float, short_px: float, turn_deg: float) -> PillRegion:
    t, turn = np.linspace(0, 2 * np.pi, 720, endpoint=False), math.radians(turn_deg)
    along, across = long_px / 2 * np.cos(t), short_px / 2 * np.sin(t)
    x = 200 + along * math.cos(turn) + across * math.sin(turn)
    y = 200 - along * math.sin(turn) + across * math.cos(turn)
    return PillRegion(np.stack([y, x], axis=1).astype(np.float32), np.ones((2, 2), np.bool_), 0, 0, 1.0)


@settings(deadline=None, max_examples=40)
@given(st.floats(40, 300), st.floats(0.3, 0.95), st.floats(-180, 180), st.floats(0.02, 0.5))
def test_length_and_width_of_an_ellipse(long_px: float, ratio: float, turn_deg: float, mm_per_px: float) -> None:
    measured = size(ellipse(long_px, ratio * long_px, turn_deg), Scale(mm_per_px, 0.01, ScaleSource.CALLER))
    assert measured.length_mm == pytest.approx(long_px * mm_per_px, rel=1e-3)
    assert measured.width_mm == pytest.approx(ratio * long_px * mm_per_px, rel=5e-3)


def polygon(*corners: tuple[float, float], turn_deg: float = 0.0) -> PillRegion:
    x, y = np.array(corners).T * 10
    cos, sin = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))
    outline = np.stack([200 + y * cos - x * sin, 200 + x * cos + y * sin], axis=1)
    return PillRegion(outline.astype(np.float32), np.ones((2, 2), np.bool_), 0, 0, 1.0)


@pytest.mark.parametrize("turn_deg", [0, 17, 45, 90, 151])
@pytest.mark.parametrize(
    ("corners", "length_mm", "width_mm"),
    [
        pytest.param([(0, 0), (8, 0), (8, 8), (0, 8)], 8, 8, id="a square's side"),
        pytest.param([(0, 0), (12, 0), (12, 5), (0, 5)], 12, 5, id="a rectangle's side"),
        pytest.param([(0, 0), (8.8, 0), (8.8, 8), (0, 8)], 8.8, 8, id="a rectangle's side, nearly a square"),
        pytest.param([(-6, 0), (0, -4), (6, 0), (0, 4)], 12, 8, id="a diamond's diagonal"),
        pytest.param([(-6, 0), (0, -5), (6, 0), (0, 5)], 12, 10, id="a diamond's diagonal, nearly a square"),
        pytest.param([(-9, 0), (6, -4), (6, 4)], 15, 8, id="a long triangle's height"),
    ],
)
def test_lengths_lie_along_the_long_axis(
    corners: list[tuple[float, float]], length_mm: float, width_mm: float, turn_deg: float
) -> None:
    measured = size(polygon(*corners, turn_deg=turn_deg), Scale(0.1, 0.01, ScaleSource.CALLER))
    assert (measured.length_mm, measured.width_mm) == pytest.approx((length_mm, width_mm), rel=1e-4)


def test_shadow_in_the_outline_of_a_round_pill_makes_it_less_sure_but_not_larger() -> None:
    clean = ellipse(100, 100, 0)
    bulged = clean.outline.copy()
    bulged[:180] += (clean.outline[:180] - 200) * 0.3
    shaded = PillRegion(bulged, clean.mask.copy(), 0, 0, 1.0)
    scale = Scale(0.1, 0.01, ScaleSource.RULER)
    measured, undisturbed = size(shaded, scale, is_round=True), size(clean, scale, is_round=True)
    assert undisturbed.length_mm == undisturbed.width_mm == pytest.approx(10.0, rel=1e-3)
    assert measured.length_mm == pytest.approx(10.0, abs=0.1)
    assert size(shaded, scale).length_mm > 11.0
    assert measured.sigma_mm > 2 * undisturbed.sigma_mm


def test_a_homography_is_undone() -> None:
    # mm -> px: what the camera did; its inverse is the scale's homography.
    camera = np.array([[10.0, 1.0, 50.0], [0.5, 8.0, 40.0], [0.002, 0.004, 1.0]])
    t = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    mm = np.stack([20 + 6 * np.cos(t), 15 + 4 * np.sin(t)], axis=1)
    px = cv2.perspectiveTransform(mm[None], camera)[0]
    region = PillRegion(px[:, ::-1].astype(np.float32), np.ones((2, 2), np.bool_), 0, 0, 1.0)
    measured = size(region, Scale(0.1, 0.01, ScaleSource.MARKER, np.linalg.inv(camera)))
    assert (measured.length_mm, measured.width_mm) == pytest.approx((12.0, 8.0), rel=1e-3)


def test_uncertainty_grows_with_the_scales_and_never_vanishes() -> None:
    region = ellipse(100, 60, 20)
    sure, unsure = (size(region, Scale(0.1, sigma, ScaleSource.RULER)).sigma_mm for sigma in (0.0, 0.03))
    assert 0 < sure < unsure
    assert unsure == pytest.approx(math.hypot(sure, 0.3), rel=1e-3)
