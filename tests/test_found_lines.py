"""Reading found lines: one way where that is sure, both where it is not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.imprint.arcs import Arc
from pipeline.imprint.ctc import Step
from pipeline.imprint.found_lines import FoundLineSettings, read_lines
from pipeline.imprint.strip_reader import StripReader
from pipeline.imprint.textboxes import TextBox
from pipeline.imprint.ways import DirectedBand
from pipeline.records import Photo, PillRegion, Reading


class PretendReader(StripReader):
    """Reads "AB" on what lies upright, and what ``wrong`` says on what lies upside down; counts the strips."""

    def __init__(self, wrong: str = "", wrong_confidence: float = 0.5) -> None:
        self.wrong, self.wrong_confidence, self.strips = wrong, wrong_confidence, 0

    def read(self, image: np.ndarray, band: TextBox | Arc) -> tuple[Step, ...]:
        self.strips += 1
        is_upright = np.cos(np.radians(band.at(0.5)[2])) > 0
        text, confidence = ("AB", 0.9) if is_upright else (self.wrong, self.wrong_confidence)
        places = (np.arange(len(text)) + 0.5) / max(len(text), 1)
        return tuple(Step(((letter, confidence),), float(place)) for letter, place in zip(text, places, strict=True))


def scene() -> tuple[Photo, PillRegion]:
    pixels = np.full((300, 300, 3), 120, np.uint8)
    cv2.circle(pixels, (150, 150), 100, (230, 230, 230), -1)
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    outline = np.stack([150 + 100 * np.sin(angle), 150 + 100 * np.cos(angle)], axis=1).astype(np.float32)
    mask = np.zeros((201, 201), np.uint8)
    cv2.circle(mask, (100, 100), 100, 1, -1)
    return Photo(pixels, "scene.png"), PillRegion(outline, mask.astype(bool), 50, 50, 1.0)


def read(reader: StripReader, *bands: DirectedBand) -> Reading:
    return read_lines("lines", *scene(), bands, reader, FoundLineSettings())


def box(turn_deg: float = 0.0, y: float = 150.0) -> TextBox:
    return TextBox(150.0, y, 80.0, 40.0, turn_deg, 1.0)


def test_a_sure_line_is_read_once_the_way_it_runs() -> None:
    reader = PretendReader()
    reading = read(reader, DirectedBand(box(180.0), -4.0))
    assert reading.tokens == ("AB",) and reader.strips == 1 and len(reading.hypotheses) == 1
    assert reading.blank == pytest.approx(0.1)
    first, second = reading.lines[0].characters
    assert (first.row, second.row) == pytest.approx((150, 150), abs=1) and first.col < 150 < second.col
    assert first.turn_deg == pytest.approx(0.0) and first.height_px == pytest.approx(40.0)


@pytest.mark.parametrize("odds", [0.5, -0.5])
def test_an_unsure_line_is_read_both_ways_and_the_surer_reading_wins(odds: float) -> None:
    reader = PretendReader(wrong="8V", wrong_confidence=0.6)
    reading = read(reader, DirectedBand(box(), odds))
    assert reader.strips == 2 and reading.tokens == ("AB",)
    (_, best), (turned, second) = reading.hypotheses
    assert turned[0].text == "8V" and best > 0.98 and best + second == pytest.approx(1.0)


def test_what_is_read_the_wrong_way_up_counts_by_how_much_it_leaves_out() -> None:
    assert read(PretendReader(wrong="V", wrong_confidence=0.95), DirectedBand(box(), 0.1)).tokens == ("AB",)


def test_lines_stand_in_the_order_in_which_they_are_read() -> None:
    rim = Arc(150.0, 150.0, 80.0, 30.0, 130.0, 50.0, True)
    bands = [DirectedBand(box(y=190.0), 4.0), DirectedBand(box(y=140.0), 4.0), DirectedBand(rim, 4.0)]
    rows = [line.characters[0].row for line in read(PretendReader(), *bands).lines]
    assert rows[0] < 100 and rows[1:] == pytest.approx([140.0, 190.0], abs=1)


def test_faint_lines_and_faces_without_lines_say_nothing() -> None:
    faint = read(PretendReader(wrong="AB", wrong_confidence=0.3), DirectedBand(box(180.0), 4.0))
    assert faint.tokens == () and faint.blank == 1.0
    assert read(PretendReader()).hypotheses == () and read(PretendReader()).blank == 1.0
