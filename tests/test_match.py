"""Matching on made readings: what must be identified, what must not."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import cast

import pytest

from pipeline.match import ImprintIndex, Look, Match, match
from pipeline.match.alignment import Alignment, ObservedFace, best_segment
from pipeline.match.decide import rank
from pipeline.match.evidence import weigh
from pipeline.match.search import search
from pipeline.records import Character, Decision, Line, Probabilities, Reading, SizeMeasurement
from pipeline.settings import MatchSettings, Settings
from reference.catalog import Catalog, open_catalog

NOTHING = Probabilities(())
NOT_SCORED, SCORED = Probabilities((("1", 0.97), ("2", 0.03))), Probabilities((("2", 0.97), ("1", 0.03)))
ROUND = Probabilities((("ROUND", 0.99),))
WHITE, YELLOW = Probabilities((("WHITE", 0.97),)), Probabilities((("YELLOW", 0.97),))


def line(text: str, confidence: float = 0.95) -> Line:
    """A line whose characters are each as sure as that, the rest of the probability on a look-alike X."""
    other = (1 - confidence) / 2
    return Line(
        tuple(
            Character(((letter, confidence), ("X", other)), 50.0, 20.0 * place, 18.0, 12.0, 0.0)
            for place, letter in enumerate(text)
        )
    )


def reading(*texts: str, confidence: float = 0.95) -> Reading:
    """A face that carries these lines; without any a blank one."""
    lines = tuple(line(text, confidence) for text in texts)
    return Reading("made", ((lines, 1.0),) if lines else (), 0.02 if lines else 0.98)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return open_catalog()


@pytest.fixture(scope="module")
def index(catalog: Catalog) -> ImprintIndex:
    return ImprintIndex(catalog)


def answer(
    catalog: Catalog,
    index: ImprintIndex,
    faces: list[Reading],
    color: Probabilities = WHITE,
    score: Probabilities = SCORED,
    size_mm: float | None = None,
) -> Match:
    size = None if size_mm is None else SizeMeasurement(size_mm, size_mm, 0.3)
    return match(faces, Look(ROUND, color, score, size, len(faces)), catalog, index, Settings())


def test_white_024_with_a_score_is_baclofen(catalog: Catalog, index: ImprintIndex) -> None:
    found = answer(catalog, index, [reading("024"), reading()], size_mm=7.0)
    assert found.decision is Decision.IDENTIFIED
    assert found.drug == "baclofen"
    assert found.candidates[0].product.labeler == "TruPharma LLC"


def test_yellow_024_is_not_baclofen(catalog: Catalog, index: ImprintIndex) -> None:
    found = answer(catalog, index, [reading("024"), reading()], color=YELLOW)
    assert found.candidates[0].product.drug == "alprazolam"
    assert found.drug != "baclofen"


@pytest.mark.parametrize("faces", [["54", "024"], ["54 024".replace(" ", "")]])
def test_54_024_is_not_baclofen(catalog: Catalog, index: ImprintIndex, faces: list[str]) -> None:
    found = answer(catalog, index, [reading(text) for text in faces], score=NOT_SCORED)
    assert found.candidates[0].product.drug == "flecainide"
    assert found.drug != "baclofen"


def test_54_over_024_on_one_face_is_not_baclofen(catalog: Catalog, index: ImprintIndex) -> None:
    found = answer(catalog, index, [reading("54", "024"), reading()], score=NOT_SCORED)
    assert found.candidates[0].product.drug == "flecainide"
    assert found.drug != "baclofen"


def test_one_white_face_names_both_possibilities(catalog: Catalog, index: ImprintIndex) -> None:
    found = answer(catalog, index, [reading("024")], score=NOT_SCORED)
    assert found.decision is Decision.AMBIGUOUS
    named = {candidate.product.drug for candidate in found.candidates if candidate.probability > 0.02}
    assert {"baclofen", "flecainide"} <= named
    assert found.drug == ""


def test_unlisted_imprint_is_unknown(catalog: Catalog, index: ImprintIndex) -> None:
    assert answer(catalog, index, [reading("QXJ7"), reading("88")]).decision is Decision.UNKNOWN


def test_blank_faces_are_unknown_whatever_the_look(catalog: Catalog, index: ImprintIndex) -> None:
    found = answer(catalog, index, [reading(), reading()])
    assert (found.decision, found.candidates) == (Decision.UNKNOWN, ())


def test_what_cannot_be_read_is_unreadable(catalog: Catalog, index: ImprintIndex) -> None:
    faint = Reading("made", (), blank=0.1)
    assert answer(catalog, index, [faint]).decision is Decision.UNREADABLE


def test_evidence_adds_up_to_the_score(catalog: Catalog, index: ImprintIndex) -> None:
    found = answer(catalog, index, [reading("024"), reading()], size_mm=7.0)
    for candidate in found.candidates:
        assert math.isclose(sum(row.bits for row in candidate.evidence), candidate.score_bits, abs_tol=1e-9)


def test_missing_data_weighs_nothing(catalog: Catalog, index: ImprintIndex) -> None:
    look = Look(NOTHING, NOTHING, NOTHING, None, 2)
    found = match([reading("024"), reading()], look, catalog, index, Settings())
    rows = [row for row in found.candidates[0].evidence if row.kind in {"shape", "color", "size", "score"}]
    assert len(rows) == 4
    assert all(row.bits == 0.0 for row in rows)


def test_probabilities_leave_room_for_an_unlisted_pill(catalog: Catalog, index: ImprintIndex) -> None:
    found = answer(catalog, index, [reading("024", confidence=0.5)])
    assert 0 < sum(candidate.probability for candidate in found.candidates) < 1
    assert rank([], len(catalog), MatchSettings()) == ((), 0.0)


def test_alignment_is_global_in_the_token_and_local_in_the_face() -> None:
    settings = MatchSettings()
    face = ObservedFace(line("9TV7580").characters, settings)
    alignment = Alignment(["TV", "7580", "758", "TB"], face)
    segments = [alignment.segment(number, 0) for number in range(4)]
    assert [segment and segment.places for segment in segments] == [(1, 2), (3, 4, 5, 6), (3, 4, 5), (1,)]
    assert [segment and segment.text for segment in segments] == ["TV", "7580", "758", "T"]
    whole, part = alignment.bits[1], alignment.bits[2]
    assert whole > part > 0


def test_alignment_steps_over_a_missed_and_a_stray_character() -> None:
    face = ObservedFace(line("7X580", confidence=0.6).characters, MatchSettings())
    segment = best_segment("7580", [face], [set()])
    assert segment is not None
    assert segment.places == (0, 2, 3, 4)
    segment = best_segment("75180", [face], [set()])
    assert segment is not None
    assert segment.places == (0, 2, 3, 4)


def test_alignment_leaves_taken_places_alone() -> None:
    face = ObservedFace(line("5555").characters, MatchSettings())
    segment = best_segment("55", [face], [{0, 1}])
    assert segment is not None
    assert segment.places == (2, 3)


class _Imprints:
    """What an index asks of a catalog."""

    def __init__(self, *keys: str) -> None:
        self._rows = [SimpleNamespace(imprint_key=key) for key in keys]

    def imprints(self) -> list[SimpleNamespace]:
        return self._rows


def made_index(*keys: str) -> ImprintIndex:
    return ImprintIndex(cast(Catalog, _Imprints(*keys)))


def test_imprints_listed_for_both_halves_do_not_crowd_out_the_right_one() -> None:
    halves = [f"{number};{number};MYLAN;MYLAN" for number in range(2140, 2240)]
    found = search([reading("MYLAN"), reading("244")], made_index(*halves, "244;MYLAN"), MatchSettings())
    assert found[0].imprint_key == "244;MYLAN"


def test_one_half_of_a_capsule_is_enough() -> None:
    index = made_index("2579;2579;R;R", "256", "7219;93", "129;93", "3129;3129;93;93")
    first = search([reading("R2579"), reading()], index, MatchSettings())[0]
    assert (first.imprint_key, first.missing, first.stray) == ("2579;2579;R;R", (), "")
    assert search([reading("93", "3129"), reading("C")], index, MatchSettings())[0].imprint_key == "3129;3129;93;93"


@pytest.mark.parametrize("end", ["CAM", "PRO"])
def test_the_end_of_a_word_that_comes_around_a_capsules_side_is_that_word(end: str) -> None:
    index = made_index("PROCAM", f"PROCAM;WE{end}", f"PROCAM;{end}")
    found = {one.imprint_key: one for one in search([reading(end), reading("PROCAM")], index, MatchSettings())}
    assert found["PROCAM"].bits > found[f"PROCAM;WE{end}"].bits and found["PROCAM"].stray == ""
    assert found[f"PROCAM;{end}"].bits > found["PROCAM"].bits


@pytest.mark.parametrize("faces", [("M", "PROCAM"), ("CT4", "PROCAM"), ("ROC", "PROCAM"), ("", "PROCAM CAM")])
def test_what_is_no_end_of_a_word_alone_on_a_face_strays(faces: tuple[str, str]) -> None:
    readings = [reading(*face.split()) for face in faces]
    (found,) = search(readings, made_index("PROCAM"), MatchSettings())
    assert found.stray != ""


def test_characters_out_of_their_order_count() -> None:
    found = search([reading("1", "54", "3"), reading()], made_index("331;54", "54;93", "54", "5;4"), MatchSettings())
    assert found[0].imprint_key == "331;54"


def test_what_is_missing_may_stand_on_a_face_that_shows_something_unread() -> None:
    def cost(blank: float) -> float:
        """Bits that 122;C;YH is behind 122, the other face read as nothing."""
        found = search([reading("122"), Reading("made", (), blank)], made_index("122", "122;C;YH"), MatchSettings())
        bits = {one.imprint_key: one.bits for one in found}
        return bits["122"] - bits["122;C;YH"]

    assert cost(0.1) == cost(0.9) == pytest.approx(2.0)
    assert cost(0.99) == pytest.approx(-math.log2(4 * 0.01))
    assert cost(1.0) == cost(0.9999) > 7.0


def test_a_face_that_was_read_another_way_costs_what_is_missing_on_it_in_full() -> None:
    upright = Reading("made", (((), 0.6), ((line("QX"),), 0.4)), 0.5)
    found = search([reading("122"), upright], made_index("122;C;YH", "122;QX"), MatchSettings())
    bits = {one.imprint_key: one.bits for one in found}
    assert found[0].imprint_key == "122;QX"
    assert bits["122;QX"] - bits["122;C;YH"] > 5.0


def test_a_sure_reading_that_another_direction_overrules_contradicts() -> None:
    upright, turned = reading("4097", confidence=0.97), reading("L607", confidence=0.5)
    both = Reading("made", ((upright.lines, 0.99), (turned.lines, 0.01)), 0.02)
    found = {one.imprint_key: one for one in search([both], made_index("L607", "4097"), MatchSettings())}
    assert found["4097"].contradicted == ""
    assert "4" in found["L607"].contradicted


def test_what_contradicts_the_register_is_never_identified(catalog: Catalog, index: ImprintIndex) -> None:
    found = answer(catalog, index, [reading("024"), reading("TV")], size_mm=7.0)
    assert found.candidates[0].product.labeler == "TruPharma LLC"
    assert found.decision is Decision.AMBIGUOUS
    assert "TV was read" in found.reason
    assert found.drug == ""
    faint = answer(catalog, index, [reading("024"), reading("TV", confidence=0.4)], size_mm=7.0)
    assert "was read" not in faint.reason


@pytest.mark.parametrize(
    ("text", "imprint", "contradicted"),
    [("3123", "3125", "3"), ("B125", "8125", ""), ("3I25", "3125", ""), ("31Z5", "3125", ""), ("8012", "B012", "")],
)
def test_a_look_alike_contradicts_nothing(text: str, imprint: str, contradicted: str) -> None:
    first = search([reading("TEVA", text)], made_index(f"{imprint};TEVA"), MatchSettings())[0]
    assert first.contradicted == contradicted


@pytest.mark.parametrize(
    ("text", "imprint", "contradicted"),
    [("2083", "2089", "3"), ("2O83", "2083", ""), ("TEVA", "TEVB", ""), ("4", "7", "")],
)
def test_a_doubtful_digit_contradicts_a_number(text: str, imprint: str, contradicted: str) -> None:
    first = search([reading("WATSON", text, confidence=0.6)], made_index(f"{imprint};WATSON"), MatchSettings())[0]
    assert first.contradicted == contradicted


def test_a_wrong_outline_weighs_once(catalog: Catalog) -> None:
    product = catalog.product("pillprint:baclofen-10-trupharma-024")
    assert product is not None
    settings = MatchSettings()
    wrong = Look(Probabilities((("CAPSULE", 0.99),)), YELLOW, NOT_SCORED, SizeMeasurement(15.0, 5.0, 0.3), faces=2)
    rows = weigh(product, None, wrong, settings)
    assert all(row.bits < 0 for row in rows)
    assert sum(row.bits for row in rows) == pytest.approx(math.log2(settings.outline_share), abs=0.1)
    one = weigh(product, None, Look(ROUND, YELLOW, SCORED, None, faces=2), settings)
    assert sum(row.bits for row in one) < -2


def test_capsule_text_on_both_halves_explains_one_token(index: ImprintIndex) -> None:
    once = search([reading("024"), reading()], index, MatchSettings())[0]
    twice = search([reading("024"), reading("024")], index, MatchSettings())[0]
    assert once.imprint_key == twice.imprint_key == "024"
    assert once.bits > twice.bits > once.bits - 3
