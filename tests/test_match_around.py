"""Print that goes on around the side of a capsule: what its two sides show is put together, and only there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made import catalog_of, face, look, pill

from pipeline.match import Matcher
from pipeline.match.alignment import best_segments
from pipeline.match.explain import Explanation, bound, distinct, explain
from pipeline.match.model import MatchModel
from pipeline.match.observed import Observed
from pipeline.records import Decision, Probabilities, Reading
from pipeline.settings import Settings

MODEL = MatchModel.load()


def sure(*texts: str) -> Reading:
    return face(*texts, sure=0.99)


def explained(key: str, *readings: Reading, is_round: bool = True) -> Explanation:
    observed = Observed(readings, [reading.lines for reading in readings], MODEL, is_round=is_round)
    fits = best_segments(distinct(key), observed.faces, floor_bits=observed.missing_bits)
    return explain(key, observed, fits)


@pytest.mark.parametrize(("one", "other"), [("A4", "44"), ("A", "44"), ("A4", "4"), ("44", "A")])
def test_a_code_is_read_from_both_sides(one: str, other: str) -> None:
    found = explained("A44", sure(one), sure(other))
    assert found.complete and found.exact and found.certainty > 0.9 and found.sibling_odds < 1
    assert (found.tokens["A44"][1], found.places) == ("A44", {"A44": {0, 1}})
    # It weighs no more than the code read at once.
    assert found.bits <= explained("A44", sure("A44"), sure()).bits + 0.5


def test_a_flat_tablet_has_no_side_around_which_print_goes() -> None:
    flat, around = (explained("A44", sure("A4"), sure("44"), is_round=value) for value in (False, True))
    assert flat.bits < around.bits - 10


@pytest.mark.parametrize(("one", "other"), [("A4", "54"), ("5A", "44"), ("A4", "45"), ("A7", "44")])
def test_what_does_not_go_on_is_another_text(one: str, other: str) -> None:
    found = explained("A44", sure(one), sure(other))
    assert found.certainty == 0.0 and not found.complete


def test_lines_beside_one_that_goes_around_may_leave_a_character_at_the_edge() -> None:
    found = explained("15;APTALIS", sure("APTAL", "15"), sure("ALIS", "5"))
    assert found.complete and (found.stray, found.contradicted) == ("", "")
    assert explained("15;APTALIS", sure("APTALIS", "15"), sure("5")).contradicted == "5"


def test_the_beginning_of_a_text_ends_a_line_of_the_other_side() -> None:
    found = explained("145;FL", sure("FL14"), sure("145"))
    assert found.complete and (found.stray, found.places["145"]) == ("", {0, 1})
    for one in ("14FL", "FL45", "FL17"):
        assert not explained("145;FL", sure(one), sure("145")).complete, one
    assert explained("145;FL", sure("FL14"), sure("145"), is_round=False).contradicted == "14"


def test_of_a_word_a_part_that_fills_the_side_is_enough() -> None:
    found = explained("159;40;MG;OMEPRAZOLE;R", sure("EPRAZ", "40MG", "R159"), sure())
    assert found.complete and not found.exact and found.certainty == 0.0
    whole = explained("159;40;MG;OMEPRAZOLE;R", sure("OMEPRAZOLE", "40MG", "R159"), sure())
    assert found.bits <= whole.bits + 1e-6
    for wrong in ("EPR", "EPXAZ", "EPRAZ7"):
        assert not explained("159;40;MG;OMEPRAZOLE;R", sure(wrong, "40MG", "R159"), sure()).complete
    # Of a number every character is needed.
    assert explained("60274;360;MG", sure("6027", "360MG"), sure()).incomplete == ("60274",)


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [("A44", ["A4"], ["44"]), ("159;40;MG;OMEPRAZOLE;R", ["EPRAZ", "40MG"], ["R159"])],
)
def test_the_quick_estimate_is_no_lower(key: str, one: list[str], other: list[str]) -> None:
    readings = [sure(*one), sure(*other)]
    observed = Observed(readings, [reading.lines for reading in readings], MODEL, is_round=True)
    fits = best_segments(distinct(key), observed.faces, floor_bits=observed.missing_bits)
    assert bound(key, observed, fits) >= explain(key, observed, fits).bits - 1e-6


def test_a_token_takes_no_letter_from_one_that_is_whole() -> None:
    found = explained("160;INDERAL;LA", sure("LA160"), sure("INDERA"))
    assert found.complete and {token: text for token, (_, text) in found.tokens.items()} == {
        "INDERAL": "INDERA", "160": "160", "LA": "LA",
    }  # fmt: skip


def test_a_capsule_read_from_both_sides_is_identified_and_its_sibling_alone_is_not() -> None:
    seen = replace(
        look(shape="CAPSULE", color="BLUE;PINK", size_mm=19.1), relief=Probabilities.of({"PRINTED": 1.0}), faces=2
    )
    readings = [sure("A4"), sure("44")]

    def said(*imprints: str) -> tuple[Decision, str]:
        products = [
            replace(pill(each, shape="CAPSULE", colors=("BLUE", "PINK"), size_mm=19.0), imprint_type="PRINTED")
            for each in imprints
        ]
        found = Matcher(catalog_of(products), Settings()).match(readings, seen)
        return found.decision, found.candidates[0].product.imprint if found.candidates else ""

    assert said("A44", "A45")[1] == "A44"
    assert said("A45")[0] is not Decision.IDENTIFIED
    assert said("44;AN")[0] is not Decision.IDENTIFIED
