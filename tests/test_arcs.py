"""Words along the rim: bands found from characters, unrolled, on drawn faces with known geometry."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from pipeline.imprint.arcs import Arc, find_arcs
from pipeline.imprint.placed import Placed

CENTER, RADIUS = (150.0, 150.0), 140.0


def on_circle(angles_deg: list[float], radius: float) -> Placed:
    """Characters 30 px high about the center, at these angles counter-clockwise as seen."""
    phi = np.radians(angles_deg)
    x, y = CENTER[0] + radius * np.cos(phi), CENTER[1] - radius * np.sin(phi)
    return Placed(x, y, np.full(len(phi), 30.0), np.zeros(len(phi)))


def test_a_word_over_the_top_is_one_band_read_either_way() -> None:
    outward, inward = find_arcs(on_circle([140, 115, 90, 65, 40], 100.0), CENTER, RADIUS)
    assert outward.outward and outward.start_deg > 140 and outward.stop_deg < 40
    assert not inward.outward and (inward.start_deg, inward.stop_deg) == (outward.stop_deg, outward.start_deg)
    assert outward.radius == pytest.approx(100.0) and outward.height == pytest.approx(30 * 1.45)
    assert outward.holds(150.0, 50.0) and not outward.holds(150.0, 150.0) and not outward.holds(150.0, 250.0)
    assert outward.overlaps(inward)
    assert outward.at(0.5) == pytest.approx((150.0, 50.0, 0.0), abs=1e-6)
    assert inward.at(0.5) == pytest.approx((150.0, 50.0, 180.0), abs=1e-6)


def test_two_words_on_one_circle_are_two_bands() -> None:
    angles = [150.0, 125.0, 100.0, 75.0, -40.0, -65.0, -90.0, -115.0]
    arcs = find_arcs(on_circle(angles, 100.0), CENTER, RADIUS)
    assert len(arcs) == 4 and not arcs[0].overlaps(arcs[2])


def test_a_word_across_the_left_end_of_the_circle_is_one_band() -> None:
    arc, _ = find_arcs(on_circle([-150.0, -175.0, 160.0, 135.0], 100.0), CENTER, RADIUS)
    assert abs(arc.stop_deg - arc.start_deg) == pytest.approx(75.0 + 2 * math.degrees(30 / 100), abs=1)


@pytest.mark.parametrize(
    "characters",
    [
        on_circle([100.0, 80.0], 100.0),
        on_circle([140.0, 90.0, 40.0], 40.0),
        on_circle([100.0, 90.0, 80.0], 100.0),
        Placed(np.array([90.0, 120, 150, 180, 210]), np.full(5, 150.0), np.full(5, 24.0), np.zeros(5)),
        Placed(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0)),
    ],
    ids=["two characters", "near the middle", "too short to bend", "a straight line", "nothing"],
)
def test_what_is_no_word_along_the_rim(characters: Placed) -> None:
    assert find_arcs(characters, CENTER, RADIUS) == []


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
