"""Matching on made readings: what must be identified, what must not."""

from __future__ import annotations

import math

import pytest

from pipeline.match import ImprintIndex, Look, Match, match
from pipeline.match.alignment import Alignment, ObservedFace, best_segment
from pipeline.match.decide import rank
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
    assert [alignment.places(number) for number in range(4)] == [(1, 2), (3, 4, 5, 6), (3, 4, 5), (1,)]
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


def test_capsule_text_on_both_halves_explains_one_token(index: ImprintIndex) -> None:
    once = search([reading("024"), reading()], index, MatchSettings())[0]
    twice = search([reading("024"), reading("024")], index, MatchSettings())[0]
    assert once.imprint_key == twice.imprint_key == "024"
    assert once.bits > twice.bits > once.bits - 3
