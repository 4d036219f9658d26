"""Which way up lines run, from their own evidence, the others' and that photos are held upright."""

from __future__ import annotations

import pytest

from pipeline.imprint.textboxes import TextBox
from pipeline.imprint.ways import DirectedBand, is_symmetric, odds_among


def line(turn_deg: float, odds: float) -> DirectedBand:
    return DirectedBand(TextBox(0.0, 0.0, 40.0, 20.0, turn_deg, 1.0), odds)


def test_a_sure_line_keeps_its_way_against_an_upright_photo() -> None:
    assert odds_among([line(180.0, 3.0)], 0) > 2 and odds_among([line(0.0, -3.0)], 0) < -2


def test_without_any_evidence_text_stands_upright() -> None:
    assert odds_among([line(0.0, 0.0)], 0) > 0 > odds_among([line(180.0, 0.0)], 0)
    assert abs(odds_among([line(90.0, 0.0)], 0)) < 1e-9


def test_a_line_that_reads_both_ways_runs_as_the_others_of_its_photo() -> None:
    bands = [line(10.0, 0.1), line(195.0, 4.0)]
    assert odds_among(bands, 0) < -1 and odds_among(bands, 1) > 2


def test_lines_across_each_other_say_nothing_of_each_other() -> None:
    assert abs(odds_among([line(90.0, 0.0), line(0.0, 4.0)], 0)) < 1e-6


@pytest.mark.parametrize(("text", "expected"), [("6", True), ("80", True), ("SMW", True), ("67", False), ("V", False)])
def test_what_reads_after_half_a_turn(text: str, expected: bool) -> None:
    assert is_symmetric(text) is expected
