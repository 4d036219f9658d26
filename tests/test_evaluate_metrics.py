"""Figures of merit on values worked out by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.evaluate.metrics import (
    bare,
    bootstrap_interval,
    edits_in_any_order,
    expected_calibration_error,
    intersection_over_union,
    risk_coverage,
    selective_risk,
    sorted_characters,
    tokens_found,
)


def levenshtein(one: str, other: str) -> int:
    """The textbook recursion, as slow as it is plain."""
    if not one or not other:
        return len(one) + len(other)
    if one[0] == other[0]:
        return levenshtein(one[1:], other[1:])
    return 1 + min(levenshtein(one[1:], other), levenshtein(one, other[1:]), levenshtein(one[1:], other[1:]))


def test_bare() -> None:
    assert bare("l-484.") == "L484"
    assert sorted_characters(("b", "0.5")) == "05B"


@pytest.mark.parametrize(
    ("truth", "read", "edits"),
    [
        (["024"], "024", 0),
        (["54", "024"], "02454", 0),
        (["54", "024"], "0245", 1),
        (["LILLY", "3228", "25", "MG"], "322825MGLILLY", 0),
        (["LILLY", "3228", "25", "MG"], "3Z28LILY25MG", 2),
        (["93"], "", 2),
        ([], "CO", 2),
        (["AB"], "BA", 2),
    ],
)
def test_edits(truth: list[str], read: str, edits: int) -> None:
    assert edits_in_any_order(truth, read) == edits


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("AB1", min_size=1, max_size=3), max_size=3), st.text("AB1", max_size=5))
def test_edits_are_the_least_over_all_orders(truth: list[str], read: str) -> None:
    by_trying = min(levenshtein("".join(order), read) for order in itertools.permutations(truth))
    assert edits_in_any_order(truth, read) == by_trying


def test_more_tokens_than_can_be_reordered_are_compared_in_their_order() -> None:
    assert edits_in_any_order(list("ABCDEFGHIJKL"), "ABCDEFGHIJKM") == 1


@pytest.mark.parametrize(
    ("truth", "faces", "found"),
    [
        (["54", "024"], [["54"], ["024"]], 2),
        (["54", "024"], [["024"], []], 1),
        (["25"], [["5"]], 0),
        (["5"], [["25"]], 0),
        (["0", "5"], [["0.5"]], 2),
        (["25", "mg"], [["25 MG"]], 2),
        (["25", "mg"], [["MG25"]], 2),
        (["TEVA", "54"], [["TEVA5A"]], 0),
        (["VGR25", "Pfizer"], [["VGR", "25"], ["PFIZER"]], 2),
        (["VGR25"], [["VGR"], ["25"]], 0),
        (["10", "10"], [["10"]], 1),
        (["10"], [["10"], ["10"]], 1),
        (["A", "AB", "B"], [["AB"], ["AB"]], 3),
        ([], [["C"]], 0),
    ],
    ids=str,
)
def test_tokens_found(truth: list[str], faces: list[list[str]], found: int) -> None:
    assert tokens_found(truth, faces) == found


def test_calibration_error_on_exact_fractions() -> None:
    # Two bins of fifteen: 0.60 (right 2 of 4, gap 0.10) and 0.95 (right 1 of 1, gap 0.05), weighted 4 : 1.
    confidences = [0.6, 0.6, 0.6, 0.6, 0.95]
    right = [True, True, False, False, True]
    assert expected_calibration_error(confidences, right) == pytest.approx((4 * 0.1 + 0.05) / 5)


def test_calibration_error_at_the_ends() -> None:
    assert expected_calibration_error([1.0, 0.0], [True, False]) == 0
    assert expected_calibration_error([1.0, 0.0], [False, True]) == 1
    # Opposite gaps in one bin cancel; in two bins they do not.
    assert expected_calibration_error([0.5, 0.5], [True, False]) == 0
    assert expected_calibration_error([0.5, 0.9], [True, False], bins=1) == pytest.approx(0.2)
    with pytest.raises(ValueError, match="no confidences"):
        expected_calibration_error([], [])


def test_risk_coverage_on_exact_fractions() -> None:
    curve = risk_coverage([0.9, 0.8, 0.7, 0.6], [True, False, True, False])
    assert curve.coverage == (0.25, 0.5, 0.75, 1.0)
    assert curve.risk == pytest.approx((0, 1 / 2, 1 / 3, 1 / 2))
    assert curve.area == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)


def test_answers_of_equal_confidence_are_kept_together() -> None:
    for right in ([True, False, True], [False, True, True]):
        assert risk_coverage([0.5, 0.5, 0.2], right).risk == pytest.approx((1 / 2, 1 / 2, 1 / 3))


def test_selective_risk() -> None:
    confidences, right = [0.99, 0.95, 0.9, 0.2], [True, True, False, False]
    assert selective_risk(confidences, right, 0.95) == (0.0, 0.5)
    risk, coverage = selective_risk(confidences, right, 0.9)
    assert risk == pytest.approx(1 / 3)
    assert coverage == 0.75
    assert selective_risk(confidences, right, 1.0) == (None, 0.0)
    assert selective_risk([], [], 0.5) == (None, 0.0)


def test_bootstrap_interval() -> None:
    values = [1.0] * 60 + [0.0] * 40
    low, high = bootstrap_interval(values)
    # The normal approximation: 0.6 +- 1.96 * sqrt(0.6 * 0.4 / 100).
    half_width = 1.96 * math.sqrt(0.6 * 0.4 / 100)
    assert low == pytest.approx(0.6 - half_width, abs=0.02)
    assert high == pytest.approx(0.6 + half_width, abs=0.02)
    assert bootstrap_interval(values) == (low, high)
    assert bootstrap_interval([1.0, 1.0]) == (1.0, 1.0)
    assert bootstrap_interval([2.0, 4.0], [4.0, 8.0]) == (0.5, 0.5)
    with pytest.raises(ValueError, match="no values"):
        bootstrap_interval([])


def test_intersection_over_union() -> None:
    one, other = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    assert intersection_over_union(one, other) == 0
    one[:, :2] = True
    other[:2, :] = True
    assert intersection_over_union(one, other) == pytest.approx(4 / 12)
    assert intersection_over_union(one, one) == 1
