"""Labels of the line reader's strips: which readings are believed, and what a strip is told to be silent on."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra `train`")

from pipeline.imprint.arcs import Arc
from pipeline.imprint.textboxes import TextBox
from pipeline.train.reader.character_network import CLASSES
from pipeline.train.recognizer.strip_labels import (
    Band,
    LabelKind,
    Looks,
    StripLabel,
    distance,
    from_characters,
    from_imprint,
)

BOX = TextBox(100, 100, 90, 30, 0.0, 1.0)
ELSEWHERE = TextBox(100, 160, 90, 30, 0.0, 1.0)


def both_ways(upright: str, turned: str = "", box: TextBox = BOX) -> Looks:
    return [(box, upright), (box.along(box.turn_deg + 180.0), turned)]


def told(labels: list[StripLabel]) -> list[tuple[str, str]]:
    return [(label.kind.value, label.text) for label in labels]


def rows(text: str, turn_deg: float = 0.0, band: Band = BOX) -> np.ndarray:
    """Characters of a text in a band, upright in it but turned further by ``turn_deg``."""
    places = [band.at((index + 0.5) / len(text)) for index in range(len(text))]
    return np.array(
        [
            (x, y, 20, 24, turn + turn_deg, CLASSES.index(letter))
            for (x, y, turn), letter in zip(places, text, strict=True)
        ],
        np.float32,
    ).reshape(-1, 6)


def test_a_look_alike_is_half_a_misreading() -> None:
    assert distance("TEVA", "TEVA") == 0
    assert distance("TEVO", "TEV0") == 0.5 and distance("TEVX", "TEV0") == 1
    assert distance("TEA", "TEVA") == 1 and distance("", "54") == 2
    assert distance("L", "1") == distance("I", "T") == 0.5 and distance("L", "T") == 1


def test_a_reading_near_a_word_of_the_imprint_is_that_word() -> None:
    assert told(from_imprint([[both_ways("TEVO", "V")]], "TEV0;54")[0]) == [("text", "TEV0"), ("wrong way", "")]
    assert told(from_imprint([[both_ways("XKQ")]], "TEV0;54")[0]) == []


def test_the_direction_that_fits_is_the_right_one() -> None:
    (labels,) = from_imprint([[both_ways("LO1", "TEVA")]], "TEVA")
    right, wrong = labels
    assert (right.text, right.band.turn_deg) == ("TEVA", 180.0)
    assert wrong.kind is LabelKind.WRONG_WAY and wrong.band == BOX


def test_symmetric_words_are_never_labeled_wrong_way() -> None:
    for word in ("1001", "609", "SIX", "M-W"):
        assert told(from_imprint([[both_ways(word)]], word)[0]) == [("text", word)]
        assert told(from_characters([both_ways(word)], rows(word))) == [("text", word)]


def test_words_side_by_side_are_one_strip() -> None:
    assert told(from_imprint([[both_ways("TEVA54")]], "54;TEVA")[0])[0] == ("text", "TEVA54")
    assert told(from_imprint([[both_ways("5/325")]], "325;5")[0])[0] == ("text", "5/325")


def test_between_two_words_that_fit_alike_none_is_believed() -> None:
    assert from_imprint([[both_ways("A1X")]], "A1B;A1C") == [[]]


def test_a_strip_is_silent_only_where_all_words_were_found_elsewhere() -> None:
    mark = both_ways("V", "", ELSEWHERE)
    first, second = from_imprint([[both_ways("TEVA"), mark], [both_ways("54")]], "TEVA;54")
    assert told(first)[:2] == [("text", "TEVA"), ("wrong way", "")]
    assert told(first)[2:] == []  # V is a part of TEVA
    mark = both_ways("K", "", ELSEWHERE)
    first, second = from_imprint([[both_ways("TEVA"), mark], [both_ways("54")]], "TEVA;54")
    assert told(first)[2:] == [("nothing", ""), ("nothing", "")] and told(second)[0] == ("text", "54")
    first, second = from_imprint([[both_ways("TEVA"), mark], []], "TEVA;54")
    assert told(first)[2:] == []  # 54 was not found
    long = both_ways("KRM", "", ELSEWHERE)
    assert told(from_imprint([[both_ways("TEVA"), long]], "TEVA")[0])[2:] == []


def test_the_one_line_left_bears_the_one_word_left_if_it_is_at_all_like_it() -> None:
    _, second = from_imprint([[both_ways("TEVA")], [both_ways("X7", "KL", ELSEWHERE)]], "TEVA;517")
    assert told(second) == [("text", "517"), ("wrong way", "")]
    for left in ([both_ways("KL", "", ELSEWHERE)], [both_ways("X7", "X7", ELSEWHERE)], [both_ways("X7")] * 2, []):
        _, second = from_imprint([[both_ways("TEVA")], left], "TEVA;517")
        assert second == []
    # Where one face is seen, the word may stand on the other.
    assert told(from_imprint([[both_ways("TEVA"), both_ways("X7", "KL", ELSEWHERE)]], "TEVA;517")[0])[2:] == []


def test_ground_is_silent_where_all_words_were_found() -> None:
    ground = [[both_ways("K", "", ELSEWHERE)]]
    assert told(from_imprint([[both_ways("TEVA")]], "TEVA", ground)[0])[2:] == [("ground", "")] * 2
    assert told(from_imprint([[both_ways("TEVA")]], "TEVA;54", ground)[0])[2:] == []


def test_a_look_alike_of_a_part_of_a_word_is_not_silent() -> None:
    mark = both_ways("O", "", ELSEWHERE)
    assert told(from_imprint([[both_ways("TEV0"), mark]], "TEV0")[0])[2:] == []


def test_a_pill_without_imprint_is_silent() -> None:
    assert told(from_imprint([[both_ways("X")]], "")[0]) == [("nothing", ""), ("nothing", "")]


def test_known_turns_tell_text_from_text_the_wrong_way_up() -> None:
    assert told(from_characters([both_ways("")], rows("KV7"))) == [("text", "KV7"), ("wrong way", "")]
    labels = from_characters([both_ways("")], rows("KV7", 180.0))
    assert told(labels) == [("wrong way", ""), ("text", "7VK")] and labels[1].band.turn_deg == 180.0
    assert told(from_characters([both_ways("")], rows("KV7", 90.0))) == [("across", "")] * 2
    for reads_as_another in "Z69":
        assert from_characters([both_ways("")], rows(reads_as_another, 90.0)) == []


def test_unknown_turns_are_told_by_the_reading() -> None:
    unknown = rows("KV7", math.nan)
    assert told(from_characters([both_ways("KV7", "LA")], unknown)) == [("text", "KV7"), ("wrong way", "")]
    assert from_characters([both_ways("", "")], unknown) == []


def test_boxed_words_get_their_signs_back() -> None:
    labels = from_characters([both_ways("M1", "")], rows("M1", math.nan), "M-1")
    assert told(labels)[0] == ("text", "M-1")
    assert told(from_characters([both_ways("M-1", "")], rows("M1", math.nan)))[0] == ("text", "M-1")
    for read, imprint in (("KVZ-", ""), ("KV7-", ""), ("KV-7", "KV7;10")):
        assert told(from_characters([both_ways(read, "")], rows("KV7", math.nan), imprint))[0] == ("text", "KV7")


def test_a_line_looked_at_again_bears_its_letter_where_that_is_whole_and_else_is_ground() -> None:
    letter = rows("K")
    closer, off = replace(BOX, width=30.0), replace(ELSEWHERE, width=30.0)
    again = [[(band, ""), (band.back(), "")] for band in (closer, replace(closer, height=10.0), off)]
    assert told(from_characters([], letter, again=again)) == [
        ("text", "K"),
        ("wrong way", ""),
        ("ground", ""),
        ("ground", ""),
    ]


def test_bands_without_characters_are_silent_and_those_with_ignored_ones_unlabeled() -> None:
    assert told(from_characters([both_ways("X", "", ELSEWHERE)], rows("KV7"))) == [("nothing", ""), ("nothing", "")]
    beside = from_characters([], rows("KV7"), "", [both_ways("X", "", ELSEWHERE)])
    assert told(beside) == [("ground", ""), ("ground", "")]
    assert from_characters([], rows("KV7"), "", [both_ways("KV7")]) == []
    ignored = rows("KV7")
    ignored[1, 5] = -1
    assert from_characters([both_ways("KV7")], ignored) == []


@pytest.mark.parametrize("outward", [True, False])
def test_words_along_the_rim_are_read_in_the_order_of_the_band(outward: bool) -> None:
    angles = (160.0, 20.0) if outward else (200.0, 340.0)
    arc = Arc(100, 100, 70, 30, *angles, outward)
    back = Arc(100, 100, 70, 30, *angles[::-1], not outward)
    labels = from_characters([[(arc, ""), (back, "")]], rows("BARR", band=arc))
    assert [(label.kind, label.text, label.band) for label in labels] == [
        (LabelKind.TEXT, "BARR", arc),
        (LabelKind.WRONG_WAY, "", back),
    ]
