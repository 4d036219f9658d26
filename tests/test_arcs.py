"""Words along the rim: bands over places on a circle, unrolled, with known geometry."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from pipeline.imprint.arcs import Arc, around

CENTER = (150.0, 150.0)


def test_a_word_over_the_top_is_one_band_read_either_way() -> None:
    outward = around(CENTER, 100.0, 30.0, np.array([140.0, 115, 90, 65, 40]), 0.0, outward=True)
    inward = outward.back()
    assert outward.outward and outward.start_deg > 140 and outward.stop_deg < 40
    assert not inward.outward and (inward.start_deg, inward.stop_deg) == (outward.stop_deg, outward.start_deg)
    assert outward.radius == pytest.approx(100.0) and outward.height == pytest.approx(30 * 1.45)
    assert outward.holds(150.0, 50.0) and not outward.holds(150.0, 150.0) and not outward.holds(150.0, 250.0)
    assert outward.at(0.5) == pytest.approx((150.0, 50.0, 0.0), abs=1e-6)
    assert inward.at(0.5) == pytest.approx((150.0, 50.0, 180.0), abs=1e-6)


def test_a_word_across_the_left_end_of_the_circle_is_one_band() -> None:
    arc = around(CENTER, 100.0, 30.0, np.array([-150.0, -175.0, 160.0, 135.0]), 0.0, outward=True)
    assert abs(arc.stop_deg - arc.start_deg) == pytest.approx(75.0 + 2 * math.degrees(30 / 100), abs=1)


@pytest.mark.parametrize("outward", [True, False])
def test_the_strip_stands_upright_and_runs_as_read(outward: bool) -> None:
    image = np.full((300, 300), 128, np.uint8)
    start, stop = (150.0, 30.0) if outward else (210.0, 330.0)
    arc = Arc(*CENTER, 100.0, 40.0, start, stop, outward)
    x, y, _ = arc.at(0.25)
    cv2.circle(image, (round(x), round(y)), 6, 255, -1)
    tops = 112.0 if outward else 88.0
    phi = math.radians(arc.start_deg + (arc.stop_deg - arc.start_deg) * 0.75)
    cv2.circle(image, (round(150 + tops * math.cos(phi)), round(150 - tops * math.sin(phi))), 4, 0, -1)
    strip = arc.strip(image, 48)
    assert strip.shape == (48, round(arc.width * 48 / 40))
    row, col = np.argwhere(strip > 240).mean(axis=0)
    assert (row / 48, col / strip.shape[1]) == pytest.approx((0.5, 0.25), abs=0.03)
    row, col = np.argwhere(strip < 20).mean(axis=0)
    assert (row / 48, col / strip.shape[1]) == pytest.approx((0.2, 0.75), abs=0.03)
