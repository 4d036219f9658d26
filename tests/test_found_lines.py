"""Reading found lines: one way where that is sure, both where it is not."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipeline.imprint.arcs import Arc
from pipeline.imprint.ctc import Step
from pipeline.imprint.detector import SeenText
from pipeline.imprint.found_lines import read_lines
from pipeline.imprint.line_map import FoundLine
from pipeline.imprint.strip_reader import StripReader
from pipeline.imprint.textboxes import TextBox
from pipeline.records import Character, Photo, PillRegion, Reading
from pipeline.settings import FoundLineSettings


class PretendReader(StripReader):
    """Reads what lies along ``upright_deg`` as ``right`` and what lies the other way as ``wrong``; counts the strips.

    Each is a text and its confidence. Short lines are read as 69 both ways.
    """

    def __init__(
        self, right: tuple[str, float] = ("AB", 0.95), wrong: tuple[str, float] = ("", 0.0), upright_deg: float = 0.0
    ) -> None:
        self.right, self.wrong, self.upright_deg, self.strips = right, wrong, upright_deg, 0

    def read(self, image: np.ndarray, band: TextBox | Arc) -> tuple[Step, ...]:
        self.strips += 1
        is_right = np.cos(np.radians(band.at(0.5)[2] - self.upright_deg)) > 0
        text, confidence = self.right if is_right else self.wrong
        if band.width < 1.8 * band.height:
            text, confidence = "69", 0.9
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


def read(reader: StripReader, *lines: FoundLine) -> Reading:
    photo, region = scene()
    (reading,) = read_lines("lines", photo, [region], [SeenText([], list(lines))], reader, FoundLineSettings())
    return reading


def found(turn_deg: float = 0.0, way: float = 0.99, y: float = 150.0, width: float = 80.0) -> FoundLine:
    return FoundLine(TextBox(150.0, y, width, 40.0, turn_deg, 1.0), way, 1.0)


# Long and high enough for two rows; the scene's text does not run along it.
ASKEW = FoundLine(TextBox(150.0, 150.0, 120.0, 80.0, 40.0, 1.0), 0.2, 1.0)


def turn(reading: Reading) -> float:
    return reading.lines[0].characters[0].turn_deg % 360


def test_a_clear_line_is_read_once_the_way_it_runs() -> None:
    reader = PretendReader()
    reading = read(reader, found(180.0, -0.99))
    assert reading.tokens == ("AB",) and reader.strips == 1 and len(reading.hypotheses) == 1
    assert reading.blank == pytest.approx(0.05)
    first, second = reading.lines[0].characters
    assert (first.row, second.row) == pytest.approx((150, 150), abs=1) and first.col < 150 < second.col
    assert turn(reading) == pytest.approx(0.0, abs=1e-6) and first.height_px == pytest.approx(40.0)


@pytest.mark.parametrize("way", [0.9, -0.9])
def test_where_it_is_not_clear_both_ways_are_read_and_the_surer_reading_wins(way: float) -> None:
    reader = PretendReader(("AB", 0.8), ("8V", 0.5))
    reading = read(reader, found(0.0, way))
    assert reader.strips == 2 and reading.tokens == ("AB",)
    (_, best), (turned, second) = reading.hypotheses
    assert turned[0].text == "8V" and best > 0.9 and best + second == pytest.approx(1.0)


def test_what_is_read_the_wrong_way_up_counts_by_how_much_it_leaves_out() -> None:
    assert read(PretendReader(("AB", 0.85), ("V", 0.88)), found(0.0, 0.0)).tokens == ("AB",)


def test_a_word_that_reads_both_ways_lies_as_the_word_on_the_other_face() -> None:
    photo, region = scene()
    number, word = found(0.0, 0.0, width=60.0), found(0.0, 0.0)
    upside_down = PretendReader(upright_deg=180.0)
    for faces, expected in ((([number], []), 0.0), (([number], [word]), 180.0)):
        seen = [SeenText([], lines) for lines in faces]
        first, _ = read_lines("lines", photo, [region, region], seen, upside_down, FoundLineSettings())
        assert first.tokens == ("69",) and turn(first) == pytest.approx(expected, abs=1e-6)


class LoneLetterReader(StripReader):
    """Reads a K where a band runs along ``upright_deg`` within ten degrees, else nothing; counts the strips."""

    def __init__(self, upright_deg: float) -> None:
        self.upright_deg, self.strips = upright_deg, 0

    def read(self, image: np.ndarray, band: TextBox | Arc) -> tuple[Step, ...]:
        self.strips += 1
        off = np.degrees(np.angle(np.exp(1j * np.radians(band.at(0.5)[2] - self.upright_deg))))
        return (Step((("K", 0.97),), 0.5),) if abs(off) < 10.0 else ()


@pytest.mark.parametrize(("upright_deg", "strips"), [(0.0, 3), (180.0, 4), (90.0, 5), (-90.0, 6), (72.0, 3)])
def test_a_lone_letter_whose_band_lies_askew_is_read_along_other_turns_until_one_is_clear(
    upright_deg: float, strips: int
) -> None:
    photo, region = scene()
    letter = Character((("X", 0.5),), 150.0, 150.0, 30.0, 25.0, 70.0)
    line = found(40.0, 0.2, width=50.0)
    reader = LoneLetterReader(upright_deg)
    seen = SeenText([letter] if upright_deg == 72.0 else [], [line])
    (reading,) = read_lines("lines", photo, [region], [seen], reader, FoundLineSettings())
    assert reading.tokens == ("K",) and reader.strips == strips
    assert turn(reading) == pytest.approx(70.0 if upright_deg == 72.0 else upright_deg % 360, abs=1e-6)


def test_a_word_is_read_along_its_own_band_only() -> None:
    reader = LoneLetterReader(0.0)
    assert read(reader, found(40.0, 0.2, width=80.0)).tokens == () and reader.strips == 2


@pytest.mark.parametrize(("chance", "tokens", "strips"), [(0.6, ("K", "K"), 4), (0.3, (), 2)])
def test_on_a_band_that_says_nothing_the_lines_of_the_characters_seen_there_are_read(
    chance: float, tokens: tuple[str, ...], strips: int
) -> None:
    photo, region = scene()
    places = [(132.0, 138.0), (132.0, 164.0), (168.0, 150.0)]
    characters = [Character((("C", chance),), row, col, 30.0, 22.0, 0.0) for row, col in places]
    reader = LoneLetterReader(0.0)
    (reading,) = read_lines("lines", photo, [region], [SeenText(characters, [ASKEW])], reader, FoundLineSettings())
    assert reading.tokens == tokens and reader.strips == strips
    assert [line.characters[0].row for line in reading.lines] == pytest.approx([132.0, 168.0][: len(tokens)], abs=1)


def test_a_logo_on_a_band_that_says_nothing_is_no_line() -> None:
    photo, region = scene()
    logo = Character((("LOGO", 0.9),), 150.0, 150.0, 30.0, 30.0, 0.0)
    reader = LoneLetterReader(0.0)
    (reading,) = read_lines("lines", photo, [region], [SeenText([logo], [ASKEW])], reader, FoundLineSettings())
    assert reading.tokens == () and reader.strips == 2


def test_what_stands_on_a_band_that_is_read_is_not_read_again_within_another() -> None:
    photo, region = scene()
    letters = [Character((("C", 0.9),), 150.0, col, 30.0, 22.0, 0.0) for col in (138.0, 162.0)]
    reader = LoneLetterReader(0.0)
    (reading,) = read_lines(
        "lines", photo, [region], [SeenText(letters, [found(), ASKEW])], reader, FoundLineSettings()
    )
    assert reading.tokens == ("K",)


def test_a_line_within_lies_as_the_word_on_the_other_face() -> None:
    photo, region = scene()
    digits = [Character(((digit, 0.9),), 150.0, col, 30.0, 22.0, 0.0) for digit, col in (("6", 141.0), ("9", 159.0))]
    standing = replace(ASKEW, band=replace(ASKEW.band, turn_deg=90.0))

    class OnlyLevel(PretendReader):
        """Reads nothing along bands that stand."""

        def read(self, image: np.ndarray, band: TextBox | Arc) -> tuple[Step, ...]:
            return super().read(image, band) if abs(np.cos(np.radians(band.at(0.5)[2]))) > 0.5 else ()

    for word, expected in (([], 0.0), ([found(0.0, 0.0, width=120.0)], 180.0)):
        seen = [SeenText(digits, [standing]), SeenText([], word)]
        reader = OnlyLevel(upright_deg=180.0)
        first, _ = read_lines("lines", photo, [region, region], seen, reader, FoundLineSettings())
        assert first.tokens == ("69",) and turn(first) == pytest.approx(expected, abs=1e-6)


def test_lines_stand_in_the_order_in_which_they_are_read() -> None:
    rim = FoundLine(Arc(150.0, 150.0, 80.0, 30.0, 130.0, 50.0, True), 0.9, 1.0)
    lines = [found(y=190.0), found(y=140.0), rim]
    rows = [line.characters[0].row for line in read(PretendReader(), *lines).lines]
    assert rows[0] < 100 and rows[1:] == pytest.approx([140.0, 190.0], abs=1)


def test_faint_lines_and_faces_without_lines_say_nothing() -> None:
    faint = read(PretendReader(("AB", 0.3)), found())
    assert faint.tokens == () and faint.blank == 1.0
    assert read(PretendReader()).hypotheses == () and read(PretendReader()).blank == 1.0
