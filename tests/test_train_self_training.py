"""Self-training: which readings are believed; and how what was found is scored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra `train`")
pytest.importorskip("scipy", reason="training needs the extra `train`")

import examples

from pipeline.records import Character, Photo, PillRegion, Reading
from pipeline.train.faces.labeled import IGNORED
from pipeline.train.faces.self_training import KnownPill, accept, explain, label_faces
from pipeline.train.reader.character_network import CLASSES
from pipeline.train.reader.scoring import Score, Wanted, score, wanted_of


def found(text: str, confidence: float = 0.9, other: str = "", col: float = 0.0) -> list[Character]:
    """One character a letter; ``other`` letters are each thought of with what is left, less 0.02."""
    pairs = zip(text, other or " " * len(text), strict=True)
    return [
        Character(
            ((letter, confidence), *([(second, 0.98 - confidence)] if second.strip() else [])),
            50,
            col + 16 * i,
            20,
            12,
            0,
        )
        for i, (letter, second) in enumerate(pairs)
    ]


def labels(accepted: list[tuple[tuple[Character, str], ...] | None]) -> list[str | None]:
    return [None if face is None else "".join(letter for _, letter in face) for face in accepted]


def test_a_whole_imprint_on_one_face_makes_the_other_blank() -> None:
    assert labels(accept([found("TEVA50"), []], ("TEVA", "50"), False)) == ["TEVA50", ""]


def test_words_on_both_faces() -> None:
    assert labels(accept([found("TEVA"), found("50")], ("50", "TEVA"), False)) == ["TEVA", "50"]


def test_part_of_the_imprint_alone_is_not_believed() -> None:
    assert labels(accept([found("TEVA"), []], ("TEVA", "50"), False)) == [None, None]


def test_a_missing_or_surplus_character_is_not_believed() -> None:
    assert labels(accept([found("TEV"), []], ("TEVA",), False)) == [None, None]
    assert labels(accept([found("TEVAI"), []], ("TEVA",), False)) == [None, None]


def test_a_faint_surplus_is_left_out_and_a_faint_letter_taken_in() -> None:
    assert labels(accept([[*found("TEVA"), *found("I", 0.6)], []], ("TEVA",), False)) == ["TEVA", ""]
    assert labels(accept([[*found("TEV"), *found("A", 0.6)], []], ("TEVA",), False)) == ["TEVA", ""]


def test_the_text_corrects_what_the_network_thought_of_too() -> None:
    misread = [*found("TEV"), *found("4", 0.6, "A")]
    assert labels(accept([misread, []], ("TEVA",), False)) == ["TEVA", ""]
    unthought = [*found("TEV"), *found("4", 0.9)]
    assert labels(accept([unthought, []], ("TEVA",), False)) == [None, None]


def test_a_word_on_both_halves_of_a_face_is_listed_once() -> None:
    explanation = explain([*found("93"), *found("93", col=60)], ("93",))
    assert explanation is not None and explanation.whole and len(explanation.pairs) == 4
    assert explain([*found("93"), *found("93"), *found("93")], ("93",)) is None


def test_something_on_the_other_face_is_not_called_blank() -> None:
    assert labels(accept([found("TEVA"), found("X", 0.6)], ("TEVA",), False)) == ["TEVA", None]


def test_no_words_mean_blank_only_where_the_register_says_so() -> None:
    assert labels(accept([[], found("C", 0.6)], (), True)) == ["", ""]
    assert labels(accept([[], found("C", 0.6)], (), False)) == [None, None]


def test_many_words_are_explained_by_the_first_seven() -> None:
    words = tuple("ABCDEFGHJ")
    explanation = explain(found("AB"), words)
    assert explanation is not None and not explanation.whole


class Tells:
    """A reader that says the same of every photo."""

    name = "tells"

    def __init__(self, *readings: Reading) -> None:
        self.readings = readings

    def read(self, photo: Photo, regions: Sequence[PillRegion]) -> tuple[Reading, ...]:
        return self.readings


def test_faces_that_a_reader_explains_are_labeled_in_their_own_pixels() -> None:
    pill = KnownPill(examples.photo(), (examples.region(), examples.region(260)), "T-30", "tablet.png")
    reader = Tells(examples.reading("T-30"), examples.reading())
    (lettered, blank), counts = label_faces(reader, [pill])
    texts = [CLASSES[int(row[5])] for row in lettered.characters]
    assert texts == ["T", "3", "0", "-"] and not len(blank.characters)
    assert counts == {"faces": 2, "lettered": 1, "blank": 1, "corrected characters": 0}
    inside = lettered.mask[tuple(np.round(lettered.characters[:, [1, 0]]).astype(int).T)]
    assert inside.all() and lettered.imprint == "T-30"


def test_a_sign_that_the_imprint_does_not_have_is_ignored() -> None:
    pill = KnownPill(examples.photo(), (examples.region(), examples.region(260)), "T30", "tablet.png")
    (lettered, _), _ = label_faces(Tells(examples.reading("T-30"), examples.reading()), [pill])
    assert lettered.characters[-1, 5] == IGNORED


def test_a_character_counts_where_place_and_letter_are_right_and_once() -> None:
    wanted = [Wanted("A", 50, 0, 20), Wanted("B", 50, 16, 20)]
    assert score(found("AB"), wanted) == Score(hits=2, found=2, wanted=2, right=1, faces=1)
    assert score(found("AX"), wanted) == Score(hits=1, found=2, wanted=2, right=0, faces=1)
    assert score(found("AB", col=11), wanted).hits == 0
    assert score([*found("AB"), *found("A")], wanted) == Score(hits=2, found=3, wanted=2, right=0, faces=1)


def test_signs_and_logos_are_not_counted_nor_what_is_ignored() -> None:
    logo = Character((("LOGO", 0.9),), 50, 80, 20, 20, 0)
    wanted = [Wanted("A", 50, 0, 20), Wanted("-", 50, 40, 20), Wanted(None, 50, 16, 20)]
    counted = score([*found("AB"), logo], wanted)
    assert counted == Score(hits=1, found=1, wanted=1, right=1, faces=1)
    assert counted.stated == ((0.9, True),)


def test_figures_of_a_score() -> None:
    total = sum([Score(3, 4, 6, 1, 2), Score(0, 0, 0, 1, 1)], Score())
    assert (total.precision, total.recall, total.f1, total.exact) == (0.75, 0.5, 0.6, 2 / 3)
    assert (Score().precision, Score().recall, Score().f1, Score().exact) == (0, 0, 0, 0)


def test_labels_become_what_is_wanted() -> None:
    rows = np.array([[5, 7, 9, 11, 0, CLASSES.index("Q")], [1, 2, 3, 4, 0, IGNORED]], np.float32)
    assert wanted_of(rows) == [Wanted("Q", 7, 5, 11), Wanted(None, 2, 1, 4)]
