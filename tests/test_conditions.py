"""How well a photo shows a pill, measured on drawn disks of known size, blur and light; and what is advised for it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from examples import identification

from pipeline import Identifier
from pipeline.imprint.replay import typed
from pipeline.match import Match, retake
from pipeline.measure import conditions_of
from pipeline.records import Advice, Candidate, Conditions, Decision, Doubts, Photo, PillRegion, Pixels, Reading
from pipeline.segment import Segmenter

SEGMENT = Segmenter()
GOOD = Conditions(brightness=220.0, length_px=200.0, edge_px=1.4, saturated=0.0)


def disk(radius: int, sigma: float = 0.0, light: float = 1.0) -> Photo:
    """A light disk on gray in the middle of six radii."""
    side = 6 * radius
    pixels = np.full((4 * side, 4 * side, 3), 120, np.uint8)
    cv2.circle(pixels, (2 * side, 2 * side), 4 * radius, (225, 222, 215), -1)
    small = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), sigma) if sigma else small
    return Photo(np.asarray(np.rint(blurred * light), np.uint8), "disk")


def conditions(photo: Photo) -> Conditions:
    return conditions_of([photo], [(photo, region) for region in SEGMENT(photo)])


@pytest.mark.parametrize("radius", [30, 60, 90])
def test_length_and_a_sharp_edge(radius: int) -> None:
    seen = conditions(disk(radius))
    assert seen.length_px == pytest.approx(2 * radius, abs=3)
    assert seen.edge_px is not None and 0.9 <= seen.edge_px <= 1.9
    assert seen.elements == pytest.approx(seen.length_px / max(seen.edge_px, 1.0))


@pytest.mark.parametrize("sigma", [2.0, 3.0, 5.0])
def test_a_blurred_edge_is_as_wide_as_the_blur_says(sigma: float) -> None:
    """A step blurred by a Gaussian changes at most by 1 / (sigma sqrt(2 pi)) a pixel."""
    edge = conditions(disk(80, sigma)).edge_px
    assert edge == pytest.approx(np.sqrt(2 * np.pi) * sigma, rel=0.12)


def test_light_and_reflections() -> None:
    photo = disk(60)
    assert conditions(photo).brightness == pytest.approx(225, abs=2)
    assert conditions(disk(60, light=0.3)).brightness == pytest.approx(0.3 * 225, abs=2)
    spot = np.array(photo.pixels)
    cv2.circle(spot, (180, 180), 30, (255, 255, 255), -1)
    region = SEGMENT(photo)[0]
    shining = Photo(spot, "spot")
    # A quarter of the disk's area.
    assert conditions_of([shining], [(shining, region)]).saturated == pytest.approx(0.25, abs=0.02)
    assert conditions(photo).saturated == 0


def test_a_plain_photo_without_a_pill_has_no_edge() -> None:
    assert conditions_of([Photo(np.full((50, 60, 3), 80, np.uint8), "gray")], []) == Conditions(80.0, 60.0)


def test_a_photo_without_a_pill_has_its_own_length_and_sharpest_edge() -> None:
    rows, cols = np.mgrid[:300, :400] // 70 % 2
    page = np.where((rows == cols)[..., None], 60, 220).astype(np.uint8).repeat(3, axis=2)
    sharp = conditions_of([Photo(page, "page")], [])
    soft = conditions_of([Photo(cv2.GaussianBlur(page, (0, 0), 9), "page")], [])
    assert sharp.length_px == soft.length_px == 400
    assert sharp.edge_px is not None and soft.edge_px is not None and sharp.edge_px < 1.5 < 6 < soft.edge_px
    halved = Photo(cv2.resize(page, (200, 150), interpolation=cv2.INTER_AREA), "page", reduction=2)
    assert conditions_of([halved], []).length_px == 400


def test_a_faint_edge_is_not_measured() -> None:
    region = SEGMENT(disk(60))[0]
    flat = Photo(np.full((360, 360, 3), 120, np.uint8), "flat")
    seen = conditions_of([flat], [(flat, region)])
    assert (seen.edge_px, seen.elements) == (None, None)


TURN_OVER = Advice("TURN_OVER", "Turn it over.", 0.4)


def matched(
    decision: Decision, candidates: tuple[Candidate, ...] = (), unlisted: float = 1.0, advice: Advice | None = TURN_OVER
) -> Match:
    return Match(decision, "", candidates, unlisted, advice, "")


def advised(seen: Conditions, decision: Decision = Decision.UNREADABLE, doubts: Doubts | None = None) -> str:
    advice = retake(matched(decision), seen, doubts or Doubts())
    assert advice is not None and 0 < advice.bits <= 1
    return advice.code


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (GOOD, "TURN_OVER"),
        (replace(GOOD, edge_px=12.0), "SHARPER"),
        (replace(GOOD, length_px=30.0), "LARGER"),
        (replace(GOOD, brightness=50.0), "MORE_LIGHT"),
        (replace(GOOD, saturated=0.1), "NO_GLARE"),
        (Conditions(30.0), "MORE_LIGHT"),
        # What is worst is named, and first of all the dark, in which nothing else is seen.
        (replace(GOOD, edge_px=9.0, saturated=0.3), "NO_GLARE"),
        (replace(GOOD, edge_px=40.0, saturated=0.02), "SHARPER"),
        (replace(GOOD, brightness=45.0, saturated=0.3), "MORE_LIGHT"),
    ],
)
def test_what_is_to_blame_is_named(seen: Conditions, code: str) -> None:
    assert advised(seen) == advised(seen, Decision.UNKNOWN) == code


def test_the_length_is_told_in_pixels() -> None:
    advice = retake(matched(Decision.UNKNOWN, advice=None), replace(GOOD, length_px=33.4), Doubts())
    assert advice is not None
    assert advice.sentence == "The pill is 33 pixels long in the photo: come closer, until it is 100 or more."


def test_a_pill_cut_by_the_border_is_to_be_taken_whole() -> None:
    assert advised(GOOD, doubts=Doubts(cut=True)) == "WHOLE_PILL"
    # One of the two faces: the other is no other pill.
    assert advised(GOOD, doubts=Doubts(others=1, cut=True)) == "WHOLE_PILL"
    # An outline at the border of a tiny or blurred photo may be none.
    assert advised(replace(GOOD, length_px=30.0), doubts=Doubts(cut=True)) == "LARGER"


def test_several_pills_are_told_first() -> None:
    assert advised(replace(GOOD, edge_px=12.0), doubts=Doubts(others=2, cut=True)) == "TURN_OVER"
    assert advised(replace(GOOD, brightness=20.0), doubts=Doubts(others=2, cut=True)) == "MORE_LIGHT"


def test_what_was_read_whole_is_not_taken_again() -> None:
    candidates = identification(("024",)).candidates
    assert candidates[0].tier == "exact"
    soft = replace(GOOD, edge_px=12.0)
    assert retake(matched(Decision.AMBIGUOUS, candidates, 0.1), soft, Doubts()) == TURN_OVER
    unlisted = retake(matched(Decision.UNKNOWN, candidates, 0.9), soft, Doubts())
    assert unlisted is not None and unlisted.code == "SHARPER"
    assert retake(matched(Decision.IDENTIFIED, candidates, 0.1, None), soft, Doubts()) is None


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (Conditions(220.0, 3000.0, 2.0), "PILL_IN_VIEW"),
        (Conditions(220.0, 3000.0), "PILL_IN_VIEW"),  # a blank wall
        (Conditions(220.0, 400.0, 20.0), "SHARPER"),
        (Conditions(220.0, 25.0, 1.3), "LARGER"),
        (Conditions(30.0, 400.0, 20.0), "MORE_LIGHT"),
    ],
)
def test_where_no_pill_was_found_it_is_told_how_one_would_be(seen: Conditions, code: str) -> None:
    assert advised(seen, Decision.NO_PILL) == code


class _Silent:
    name = "made"

    def read(self, photo: Photo, regions: tuple[PillRegion, ...]) -> tuple[Reading, ...]:
        return tuple(typed() for _ in regions)


@pytest.mark.parametrize(
    ("pixels", "code"),
    [
        (disk(80, 9.0).pixels, "SHARPER"),
        (disk(16).pixels, "LARGER"),
        (np.full((90, 90, 3), 9, np.uint8), "MORE_LIGHT"),
        (np.full((90, 90, 3), 150, np.uint8), "PILL_IN_VIEW"),
    ],
)
def test_an_answer_carries_the_advice(pixels: Pixels, code: str) -> None:
    answer = Identifier(reader=_Silent()).identify(pixels)
    assert answer.advice is not None and answer.advice.code == code
