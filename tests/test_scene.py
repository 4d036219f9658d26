"""Several photos of one pill: which faces are its two, and whether they show one pill at all."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from examples import look, measurements, reading, region

from pipeline.clock import Clock
from pipeline.measure import Measurer
from pipeline.records import Face, PillRegion, Probabilities
from pipeline.scene import FACES, difference, distinct_faces, in_rows, say_the_same, texts_of


def face(
    *texts: str,
    photo: int = 0,
    confidence: float = 0.95,
    color: str = "WHITE",
    shape: str = "ROUND",
    sure: float = 0.97,
    found: float = 0.98,
) -> Face:
    colors = Probabilities(((color, sure),) if color else ())
    looks = replace(measurements(), look=look(color=colors, shape=Probabilities(((shape, sure),))))
    outline = replace(region(), confidence=found)
    return Face(f"{photo}.jpg", photo, outline, looks, reading(*texts, confidence=confidence))


def said_of(faces_by_photo: list[list[Face]], kept: list[Face]) -> str:
    measurer = Measurer()
    looks = [measurer.combine([each.measurements.look for each in faces]) for faces in faces_by_photo if faces]
    return difference(faces_by_photo, kept, looks)


def texts(faces: list[Face]) -> list[tuple[str, ...]]:
    return [each.reading.tokens for each in faces]


def test_front_and_back_are_the_two_faces_in_any_order() -> None:
    front, back = face("024", photo=0), face(photo=1)
    assert distinct_faces([front, back]) == distinct_faces([back, front]) == [front, back]


def test_the_same_face_twice_counts_once_the_surer_reading_stays() -> None:
    sure, unsure, blank, other_blank = face("024"), face("024", confidence=0.7), face(found=0.9), face(found=0.8)
    for order in permutations([sure, unsure, blank, other_blank]):
        assert distinct_faces(order) == [sure, blank]
    for order in permutations([sure, unsure]):
        assert distinct_faces(order) == [sure]


def test_two_photos_of_both_faces_give_the_two_that_bear_text() -> None:
    photos = [
        face("TEVA", photo=0),
        face("7580", photo=0),
        *(face(text, photo=1, confidence=0.9) for text in ("7580", "TEVA")),
    ]
    for order in permutations(photos):
        assert {each.reading.tokens for each in distinct_faces(order)} == {("TEVA",), ("7580",)}
        assert all(each.photo_index == 0 for each in distinct_faces(order))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("024",), ("O24",)),  # look-alikes
        (("69",), ("96",)),  # half a turn
        (("W",), ("M",)),
        (("WATSON", "396"), ("396", "WATSON")),  # lines in another order
        (("TEVA7580",), ("TEVA", "7580")),  # lines run together
        (("WATSON", "395"), ("WATSON", "39")),  # a character lost
    ],
)
def test_one_face_read_in_two_ways_is_one(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    first, second = face(*one), face(*other, confidence=0.6)
    assert distinct_faces([first, second]) == distinct_faces([second, first]) == [first]


@pytest.mark.parametrize(
    ("one", "other"), [("TEVA", "7580"), ("R", "2579"), ("54", "024"), ("10", "A10B2"), ("024", "25")]
)
def test_two_texts_that_share_less_are_two_faces(one: str, other: str) -> None:
    kept = distinct_faces([face(one), face(other, confidence=0.9), face()])
    assert sorted(texts(kept)) == sorted([(one,), (other,)])


def test_a_third_text_stays_and_says_that_there_are_two_pills() -> None:
    three = [face("024"), face("54"), face("TEVA")]
    kept = distinct_faces([*three, face()])
    assert sorted(texts(kept)) == [("024",), ("54",), ("TEVA",)]
    assert said_of([three[:2], three[2:]], kept) == "more than two different texts were read"
    assert said_of([three[:2], three[:2]], distinct_faces(three[:2] * 2)) == ""


@pytest.mark.parametrize(("one", "other"), [("024", "240"), ("134", "314"), ("024", "1024")])
def test_the_same_digits_in_another_order_are_another_face(one: str, other: str) -> None:
    assert sorted(texts(distinct_faces([face(one), face(other, confidence=0.9)]))) == [(one,), (other,)]


def test_two_neighbors_of_a_series_are_two_pills() -> None:
    photos = [[face("WATSON", "396", confidence=0.99), face()], [face("WATSON", "397", confidence=0.99), face()]]
    assert said_of(photos, distinct_faces([each for faces in photos for each in faces])) != ""


def test_at_most_two_faces_without_text_are_left() -> None:
    blanks = [face(found=found) for found in (0.5, 0.9, 0.7)]
    assert distinct_faces(blanks) == [blanks[1], blanks[2]]
    assert len(distinct_faces([*blanks, face("024")])) == FACES
    assert distinct_faces([]) == []


def test_photos_of_two_colors_or_shapes_say_so() -> None:
    white, blue, oval = face("024"), face("024", color="BLUE"), face("024", shape="OVAL")

    def said(*faces: Face) -> str:
        return said_of([[each] for each in faces], distinct_faces(faces))

    assert said(white, blue) == "the color is white in one and blue in another"
    assert said(white, oval) == "the shape is round in one and oval in another"
    assert said(white, white, blue) == "the color is white in one and blue in another"
    two_colored = face(color="BLUE;WHITE")
    assert said(two_colored, blue) == "the color is blue and white in one and blue in another"


def test_photos_of_one_look_or_of_an_unsure_one_say_nothing() -> None:
    white = face("024")
    either = Probabilities((("YELLOW", 0.6), ("WHITE", 0.4)))
    perhaps = replace(face(), measurements=replace(measurements(), look=look(color=either)))
    assert Measurer().combine([perhaps.measurements.look]).color["WHITE"] == pytest.approx(0.4)
    assert said_of([[white], [white]], [white]) == ""
    assert said_of([[white], [perhaps]], [white, perhaps]) == ""
    assert said_of([[white], []], [white]) == ""
    assert said_of([[white], [face(color="")]], [white]) == ""


def placed(*places: tuple[int, int]) -> list[PillRegion]:
    return [replace(region(), top=top, left=left) for top, left in places]


def test_pills_are_numbered_row_by_row_from_the_left() -> None:
    # Disks of 121 px: those whose middles differ by less than half of that in height lie in one row.
    assert in_rows(placed((20, 400), (0, 200), (300, 10), (30, 0), (290, 300))) == [3, 1, 0, 2, 4]
    assert in_rows(placed((0, 0), (200, 0), (100, 0))) == [0, 2, 1]
    assert in_rows([]) == []


def test_alike_texts_speak_together() -> None:
    front, worse, back = face("EC", "10"), face("E0", "10", confidence=0.7), face("M", confidence=0.9)
    assert texts_of([front, worse], [back, face("M", confidence=0.8), face()]) == [front, back]
    # One face more that says the same is a better witness only among three.
    assert texts_of([worse], [front]) == [worse]
    assert texts_of([worse], [front, face("EC", "10", confidence=0.9)]) == [front]
    assert texts_of([face()], [back]) == [back]
    assert texts_of([face(), face()], [face()]) == []


def test_what_most_faces_say_goes_first_and_else_the_pill_meant() -> None:
    meant, often, seldom = face("24"), face("M"), face("TEVA")
    assert texts_of([meant], [often, face("M", confidence=0.9), face("M", confidence=0.8)]) == [often, meant]
    assert texts_of([meant], [seldom, often, face("M", confidence=0.9)]) == [meant, often, seldom]


def test_a_pill_of_another_color_says_nothing_of_the_one_meant() -> None:
    white = face("24")
    assert texts_of([white], [face("M", color="BLUE"), face("M", color="BLUE")]) == [white]


def test_faces_say_the_same_only_if_all_bear_text() -> None:
    assert say_the_same([face("024"), face("O24")])
    assert not say_the_same([face("024"), face()])
    assert not say_the_same([face("024"), face("54")])


def test_the_clock_adds_up_and_goes_on_from_another() -> None:
    clock = Clock({"load": 1.0})
    with pytest.raises(ValueError, match="x"), clock("read"):
        raise ValueError("x")
    with clock("load"):
        pass
    assert list(clock.seconds) == ["load", "read"]
    assert clock.seconds["load"] >= 1.0 and clock.seconds["read"] >= 0.0
