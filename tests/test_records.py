"""What the records refuse, and what they work out."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from examples import identification, line, no_pill, photo, product, reading, region, sold_by_two
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.records import Candidate, Character, Line, Photo, PillRegion, Probabilities, Scale, ScaleSource


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)],
    ids=["gray", "alpha", "float"],
)
def test_photos_are_rgb_of_eight_bits(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="pixels must be"):
        Photo(pixels, "a.png")


def test_arrays_are_read_only() -> None:
    scale = Scale(0.1, 0.01, ScaleSource.RULER, np.eye(3), np.zeros((3, 2), np.float32))
    assert scale.homography is not None
    for array in (photo().pixels, region().outline, region().mask, scale.homography, scale.outline):
        assert array is not None
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize("mm_per_px", [0.0, -1.0, float("nan"), float("inf")])
def test_scale_is_positive(mm_per_px: float) -> None:
    with pytest.raises(ValueError, match="mm_per_px"):
        Scale(mm_per_px, 0.01, ScaleSource.CALLER)


def test_region_measures_itself() -> None:
    mask = np.zeros((3, 5), bool)
    mask[1, 1:4] = True
    small = PillRegion(np.zeros((4, 2), np.float32), mask, top=10, left=20, confidence=0.5)
    assert small.area == 3
    assert small.box == (10, 20, 13, 25)
    with pytest.raises(ValueError, match="not a probability"):
        dataclasses.replace(small, confidence=1.5)


def test_probabilities() -> None:
    found = Probabilities((("B", 0.2), ("A", 0.2), ("C", 0.5)))
    assert found.terms == (("C", 0.5), ("A", 0.2), ("B", 0.2))
    assert (found.best, found["A"], found["Z"]) == ("C", 0.2, 0.0)
    assert Probabilities(()).best is None
    for terms in ((("A", 1.2),), (("A", -0.1),), (("A", 0.7), ("B", 0.7))):
        with pytest.raises(ValueError, match="probabilit"):
            Probabilities(terms)


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.floats(0, 1e6), max_size=6))
@example({"0": 862338.0, "1": 999999.9999999999, "2": 1000000.0})
def test_weights_become_probabilities(weights: dict[str, float]) -> None:
    found = Probabilities.of(weights)
    if sum(weights.values()) <= 0:
        assert found.terms == ()
    else:
        assert sum(value for _, value in found.terms) == pytest.approx(1.0)
        assert found.best is not None
        assert weights[found.best] == max(weights.values())


def test_reading_in_order() -> None:
    read = reading("54", "024")
    assert read.tokens == ("54", "024")
    assert reading().tokens == ()
    assert line("024", confidence=0.4).confidence == 0.4
    assert Line(()).confidence == 0.0
    character = Character((("6", 0.6), ("9", 0.3)), 1, 2, 3, 4, 0)
    assert (character.text, character.confidence) == ("6", 0.6)


def test_candidate_stands_for_its_products() -> None:
    products = tuple(product(labeler=labeler) for labeler in ("B", "", "A", "B"))
    candidate = Candidate(products, 0.5, 1.0, ())
    assert candidate.product is products[0]
    assert candidate.labelers == ("B", "A")
    with pytest.raises(ValueError, match="at least one product"):
        Candidate((), 0.5, 1.0, ())
    with pytest.raises(ValueError, match="probability"):
        Candidate(products, 1.5, 1.0, ())


def test_candidates_of_one_drug_in_one_strength_are_one_drug() -> None:
    answer = sold_by_two()
    drugs, (first, second, other) = answer.drugs, answer.candidates
    assert [drug.candidates for drug in drugs] == [(first, second), (other,)]
    assert drugs[0].first is first
    assert drugs[0].probability == pytest.approx(0.9)
    assert drugs[0].labelers == ("TruPharma LLC", "Teva", "Sun")
    assert (drugs[0].imprints, drugs[1].imprints) == (("024",), ("54 024",))
    assert drugs[0].high_alert is None and first.high_alert is None
    assert drugs[1].high_alert is not None and drugs[1].high_alert.name == "antiarrhythmics"


def test_products_of_which_no_drug_is_known_stay_apart() -> None:
    unknown = tuple(Candidate((product("024", "", "10 mg", ndc=ndc),), 0.4, 1.0, ()) for ndc in "12")
    assert [drug.probability for drug in identification(candidates=unknown).drugs] == [0.4, 0.4]


def test_any_of_a_candidate_s_products_may_say_that_it_is_a_high_alert_drug() -> None:
    candidate = Candidate((product(), product(ndc="2", dea_schedule="CII")), 0.5, 1.0, ())
    assert candidate.high_alert is not None
    assert candidate.high_alert.words == "a controlled substance (schedule II to IV) [cfr-1308]"


def test_identification_sums_up() -> None:
    answer = identification(("54",), ("024",))
    assert answer.imprint == ("54", "024")
    assert answer.size_mm == 7.1
    assert no_pill().size_mm is None
    assert no_pill().imprint == ()
