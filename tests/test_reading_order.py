"""Characters in places -> lines in reading order."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from pipeline.imprint.reading_order import apart_if_repeated, group_lines
from pipeline.records import Character, Line


def character(text: str, row: float, col: float, turn_deg: float = 0.0, height_px: float = 20.0) -> Character:
    return Character(((text, 0.9),), row, col, height_px, 0.6 * height_px, turn_deg)


def word(text: str, row: float, col: float, turn_deg: float = 0.0, step_px: float = 16.0) -> list[Character]:
    """A straight word whose middle is at that place, running in its turn's direction."""
    turn = math.radians(turn_deg)
    along = [(index - (len(text) - 1) / 2) * step_px for index in range(len(text))]
    return [
        character(letter, row - way * math.sin(turn), col + way * math.cos(turn), turn_deg)
        for letter, way in zip(text, along, strict=True)
    ]


def arc(text: str, radius_px: float, step_deg: float, middle_deg: float = 90.0) -> list[Character]:
    """A word along the rim of a face around (100, 100), its letters' feet towards the center."""
    angles = [middle_deg - (index - (len(text) - 1) / 2) * step_deg for index in range(len(text))]
    return [
        character(
            letter,
            100 - radius_px * math.sin(math.radians(angle)),
            100 + radius_px * math.cos(math.radians(angle)),
            (angle - 90.0 + 180.0) % 360.0 - 180.0,
        )
        for letter, angle in zip(text, angles, strict=True)
    ]


def texts(characters: Sequence[Character]) -> list[str]:
    return [line.text for line in group_lines(characters)]


@pytest.mark.parametrize("turn_deg", [0.0, 30.0, 90.0, 135.0, 180.0, -60.0, -179.0])
def test_a_straight_word_reads_in_its_own_direction(turn_deg: float) -> None:
    assert texts(word("ABC12", 100, 100, turn_deg)[::-1]) == ["ABC12"]


@pytest.mark.parametrize("turn_deg", [0.0, 90.0, 180.0, -45.0])
def test_two_lines_come_top_to_bottom_as_they_are_turned(turn_deg: float) -> None:
    turn = math.radians(turn_deg)
    below = 26 * math.cos(turn), 26 * math.sin(turn)
    lower = word("50", 100 + below[0], 100 + below[1], turn_deg)
    assert texts([*lower, *word("TEVA", 100, 100, turn_deg)]) == ["TEVA", "50"]


@pytest.mark.parametrize("middle_deg", [90.0, 0.0, 210.0])
def test_a_word_along_the_rim_is_one_line(middle_deg: float) -> None:
    assert texts(arc("MYLAN", 60, 18, middle_deg)[::-1]) == ["MYLAN"]


def test_a_full_circle_of_letters_has_a_beginning() -> None:
    lines = group_lines(arc("ABCDEFGHIJKLMNOPQR", 60, 20))
    assert sum(len(line.characters) for line in lines) == 18


def test_words_far_apart_or_unlike_in_height_are_lines_of_their_own() -> None:
    apart = [*word("AB", 100, 60), *word("CD", 100, 160)]
    assert sorted(texts(apart)) == ["AB", "CD"]
    unlike = [character("A", 100, 60), character("B", 100, 76, height_px=40.0)]
    assert sorted(texts(unlike)) == ["A", "B"]


def test_letters_the_other_way_up_do_not_join() -> None:
    assert sorted(texts([character("A", 100, 60), character("B", 100, 76, turn_deg=180.0)])) == ["A", "B"]


def test_every_character_is_in_exactly_one_line() -> None:
    characters = [*word("10", 60, 90), *word("MG", 90, 90), *arc("ACTAVIS", 70, 14)]
    grouped = [each for line in group_lines(characters) for each in line.characters]
    assert sorted(map(id, grouped)) == sorted(map(id, characters))


def test_nothing_makes_no_lines() -> None:
    assert group_lines([]) == ()


@pytest.mark.parametrize(
    ("text", "gap_px", "parts"),
    [
        ("TK81TK81", 30.0, ["TK81", "TK81"]),
        ("TK81TK81", 16.0, ["TK81TK81"]),
        ("TK81TK8", 30.0, ["TK81TK8"]),
        ("TK81TK84", 30.0, ["TK81TK84"]),
        ("88", 30.0, ["88"]),
    ],
)
def test_a_line_is_two_where_it_is_one_word_twice_with_a_gap(text: str, gap_px: float, parts: list[str]) -> None:
    half = len(text) // 2
    steps = [16.0 * index + (gap_px - 16.0) * (index >= half) for index in range(len(text))]
    line = Line(tuple(character(letter, 50, 20 + step) for letter, step in zip(text, steps, strict=True)))
    assert [part.text for part in apart_if_repeated(line)] == parts
