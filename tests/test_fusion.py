"""Two readers' votes on made readings."""

from __future__ import annotations

import math

import pytest

from pipeline.imprint.fusion import Pool, Vote, fuse
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


def test_where_they_agree_the_answer_is_surer_than_either() -> None:
    fused = fuse(reading("one", [character("7", 10, 0.8)]), reading("two", [character("7", 10, 0.8)]))
    assert fused.lines[0].confidence > 0.9


@pytest.mark.parametrize(("line_vote", "read"), [(0.9, "0"), (0.05, "D")])
def test_where_they_differ_the_surer_vote_wins_and_both_stay_possible(line_vote: float, read: str) -> None:
    voted = Vote(character("0", 10), (("0", line_vote),), (("D", 0.9),)).pooled()
    assert {text for text, _ in voted.alternatives} == {"0", "D"} and voted.text == read
    assert sum(probability for _, probability in voted.alternatives) < 1


def test_what_one_found_alone_counts_less_and_weak_votes_are_dropped() -> None:
    fused = fuse(reading("one", [character("A", 10)]), reading("two", [character("B", 60), character("C", 200, 0.2)]))
    assert "A" in fused.tokens and "C" not in fused.tokens
    both = fuse(reading("one", [character("A", 10)]), reading("two", [character("A", 10)]))
    assert fused.lines[0].confidence < both.lines[0].confidence


def test_a_word_that_stands_twice_in_a_line_becomes_two() -> None:
    line = [character(text, col) for text, col in zip("TKTK", (10, 26, 72, 88), strict=True)]
    assert fuse(reading("one", line), reading("two")).tokens == ("TK", "TK")


def test_two_characters_never_share_one_vote() -> None:
    fused = fuse(
        reading("one", [character("1", 10, 0.8), character("1", 16, 0.8)]), reading("two", [character("1", 13, 0.8)])
    )
    backed, alone = sorted((found.confidence for line in fused.lines for found in line.characters), reverse=True)
    assert backed > alone


def test_a_pool_tells_what_is_missing_from_one() -> None:
    pool = Pool(line=1.0, detector=1.0, neither=math.log(0.25))
    assert pool((("A", 0.5),), (("A", 0.5),)) == (("A", pytest.approx(0.5)),)
    assert dict(pool((("A", 0.5),), (("B", 0.5),)))["A"] == pytest.approx(0.005 / (0.005 + 0.005 + 0.25))


def test_a_face_nobody_reads_is_blank() -> None:
    fused = fuse(Reading("one", (), 0.99), Reading("two", (), 0.99))
    assert fused.lines == ()
    assert fused.blank == 1.0
