"""Lines of text from the network's map, on made maps with known truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pipeline.imprint.arcs import Arc
from pipeline.imprint.line_map import CHANNELS, CORE_RADIUS, FoundLine, lines_of
from pipeline.imprint.textboxes import GROUND, TextBox

HEIGHT_PX = 24.0
CENTER = 80.0


def made_map(
    places: list[tuple[float, float]], turns_deg: list[float], sureness: float = 1.0, height_px: float = HEIGHT_PX
) -> np.ndarray:
    """The map of one line along these places ``(x, y)`` of a 160 x 160 px canvas."""
    y, x = (np.mgrid[:40, :40] + 0.5) * 4.0
    distances = np.stack([np.hypot(x - px, y - py) for px, py in places])
    turns = np.radians(np.array(turns_deg))[distances.argmin(axis=0)]
    on = distances.min(axis=0) < CORE_RADIUS * height_px
    output = np.zeros((CHANNELS, 40, 40), np.float32)
    output[0] = np.where(on, 5.0, -5.0)
    output[1], output[2] = sureness * np.cos(turns), sureness * np.sin(turns)
    output[3], output[4] = np.cos(2 * turns), np.sin(2 * turns)
    output[5] = math.log2(height_px)
    return output


def disc() -> np.ndarray:
    y, x = np.mgrid[:160, :160]
    return (np.hypot(x - CENTER, y - CENTER) < 75).astype(np.float32)


def straight(turn_deg: float, span: float) -> list[tuple[float, float]]:
    angle = math.radians(turn_deg)
    along = np.linspace(-span / 2, span / 2, 60)
    return [(CENTER + a * math.cos(angle), CENTER - a * math.sin(angle)) for a in along]


def off_deg(one: float, other: float) -> float:
    return abs((one - other + 180.0) % 360.0 - 180.0)


def off_axis_deg(one: float, other: float) -> float:
    return off_deg(2 * one, 2 * other) / 2


@pytest.mark.parametrize("turn_deg", range(-180, 180, 35))
def test_a_straight_line_is_a_box_along_its_text(turn_deg: float) -> None:
    (line,) = lines_of(made_map(straight(turn_deg, 60.0), [turn_deg] * 60), disc())
    box = line.band
    assert isinstance(box, TextBox)
    assert off_axis_deg(box.turn_deg, turn_deg) < 4 and -91 < box.turn_deg < 91
    assert (box.x, box.y) == pytest.approx((CENTER, CENTER), abs=2)
    assert box.height == pytest.approx(GROUND * HEIGHT_PX, rel=0.01)
    assert box.width == pytest.approx(60 + GROUND * HEIGHT_PX, abs=5)
    assert line.score > 0.98 and abs(line.way) == pytest.approx(1.0, abs=0.03)
    assert off_deg(box.turn_deg + 180.0 * (line.way < 0), turn_deg) < 4


def test_a_lone_character_has_the_axis_that_the_network_tells() -> None:
    (line,) = lines_of(made_map([(CENTER, CENTER)], [130.0]), disc())
    assert off_axis_deg(line.band.at(0.5)[2], 130.0) < 1


def test_an_unsure_way_is_a_short_vector() -> None:
    (line,) = lines_of(made_map(straight(0.0, 60.0), [180.0] * 60, sureness=0.1), disc())
    assert line.way == pytest.approx(-0.1, abs=0.02) and off_deg(line.band.at(0.5)[2], 0.0) < 4


@pytest.mark.parametrize(("start", "stop"), [(160.0, 40.0), (320.0, 200.0)])
def test_a_line_along_the_rim_is_a_band_about_the_center(start: float, stop: float) -> None:
    angles = np.linspace(start, stop, 80)
    places = [(CENTER + 55 * math.cos(math.radians(a)), CENTER - 55 * math.sin(math.radians(a))) for a in angles]
    (line,) = lines_of(made_map(places, [a - 90.0 for a in angles]), disc())
    arc = line.band
    assert isinstance(arc, Arc) and arc.outward
    assert arc.radius == pytest.approx(55, abs=2) and (arc.x, arc.y) == pytest.approx((CENTER, CENTER), abs=1.5)
    ground = math.degrees(HEIGHT_PX / 55)
    assert off_deg(arc.start_deg, start + ground) < 5 and off_deg(arc.stop_deg, stop - ground) < 5
    assert line.way > 0.9


def test_no_line_runs_along_the_rim_of_an_elongated_face() -> None:
    angles = np.linspace(160.0, 40.0, 80)
    places = [(CENTER + 55 * math.cos(math.radians(a)), CENTER - 55 * math.sin(math.radians(a))) for a in angles]
    wide = np.pad(disc(), ((0, 0), (0, 32)))
    (line,) = lines_of(
        np.pad(made_map(places, [a - 90.0 for a in angles]), ((0, 0), (0, 0), (0, 8)), mode="edge"), wide
    )
    assert isinstance(line.band, TextBox)


def test_two_lines_apart_are_two_and_an_empty_map_none() -> None:
    upper = [(x, y - 20.0) for x, y in straight(0.0, 60.0)]
    lower = [(x, y + 20.0) for x, y in straight(0.0, 60.0)]
    assert len(lines_of(made_map(upper + lower, [0.0] * 120), disc())) == 2
    assert lines_of(np.full((CHANNELS, 40, 40), -5.0, np.float32), disc()) == []


@pytest.mark.parametrize(
    "band", [TextBox(30.0, 20.0, 40.0, 16.0, 25.0, 1.0), Arc(50.0, 50.0, 30.0, 12.0, 150.0, 60.0, True)]
)
def test_moving_there_and_back_changes_nothing(band: TextBox | Arc) -> None:
    angle = math.radians(70.0)
    linear = 1.7 * np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    there = np.column_stack([linear, [5.0, -8.0]])
    back = np.column_stack([np.linalg.inv(linear), -np.linalg.inv(linear) @ there[:, 2]])
    moved = FoundLine(band, 1.0, 1.0).moved(there).band
    x, y, turn = band.at(0.3)
    expected = there @ np.array([x, y, 1.0])
    assert moved.at(0.3) == pytest.approx((*expected, turn + 70.0))
    assert moved.moved(back).at(0.8) == pytest.approx(band.at(0.8))
    assert moved.height == pytest.approx(1.7 * band.height) and moved.width == pytest.approx(1.7 * band.width)


@pytest.mark.parametrize(
    "band", [TextBox(30.0, 20.0, 40.0, 16.0, 25.0, 1.0), Arc(50.0, 50.0, 30.0, 12.0, 150.0, 60.0, True)]
)
def test_a_band_read_back_runs_through_the_same_places_the_other_way(band: TextBox | Arc) -> None:
    x, y, turn = band.at(0.2)
    other_x, other_y, other_turn = band.back().at(0.8)
    assert (other_x, other_y) == pytest.approx((x, y)) and off_deg(turn + 180.0, other_turn) < 1e-6
    assert (
        band.back().back().at(0.2) == pytest.approx((x, y, turn), abs=1e-6)
        or off_deg(band.back().back().at(0.2)[2], turn) < 1e-6
    )
