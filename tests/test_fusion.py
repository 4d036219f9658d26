"""Two readers' votes on made readings."""

from __future__ import annotations

import pytest

from pipeline.imprint.fusion import fuse
from pipeline.records import Character, Line, Reading


def character(text: str, col: float, confidence: float = 0.9, row: float = 50.0) -> Character:
    return Character(((text, confidence),), row, col, 20.0, 12.0, 0.0)


def reading(engine: str, *lines: list[Character]) -> Reading:
    return Reading(engine, ((tuple(Line(tuple(line)) for line in lines), 1.0),), blank=0.0)


def test_both_agree() -> None:
    fused = fuse(
        reading("one", [character("7", 10), character("4", 30)]),
        reading("two", [character("7", 12), character("4", 29)]),
    )
    assert fused.tokens == ("74",)
    assert fused.engine == "one+two"
    assert fused.lines[0].confidence == pytest.approx(0.9)


@pytest.mark.parametrize(("line_vote", "read"), [(0.6, "0"), (0.35, "D")])
def test_where_they_differ_the_line_weighs_more_and_a_surer_vote_still_wins(line_vote: float, read: str) -> None:
    fused = fuse(reading("one", [character("0", 10, line_vote)]), reading("two", [character("D", 10, 0.9)]))
    alternatives = dict(fused.lines[0].characters[0].alternatives)
    assert alternatives == pytest.approx({"D": 0.27, "0": 0.7 * line_vote})
    assert fused.tokens == (read,)


def test_what_one_found_alone_counts_less_and_weak_votes_are_dropped() -> None:
    fused = fuse(reading("one", [character("A", 10)]), reading("two", [character("B", 60), character("C", 200, 0.5)]))
    assert fused.tokens == ("A", "B")
    assert fused.lines[0].confidence == pytest.approx(0.54)


def test_two_characters_never_share_one_vote() -> None:
    fused = fuse(reading("one", [character("1", 10), character("1", 16)]), reading("two", [character("1", 13)]))
    votes = sorted(found.confidence for line in fused.lines for found in line.characters)
    assert votes == pytest.approx([0.54, 0.9])


def test_a_face_nobody_reads_is_blank() -> None:
    fused = fuse(Reading("one", (), 0.99), Reading("two", (), 0.99))
    assert fused.lines == ()
    assert fused.blank == 1.0
