"""The whole flow on the drawn sample photos, and every way to hand a photo over."""

from __future__ import annotations

import csv
import pickle
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline import Identifier
from pipeline.errors import PhotoError
from pipeline.geometry.lab import linear_of_pixels, pixels_of_linear
from pipeline.imprint.null import NullReader
from pipeline.imprint.replay import ReplayReader, typed
from pipeline.load import load
from pipeline.records import Decision, Identification, Photo, PillRegion, Pixels, Reading
from pipeline.report.face_names import face_names
from reference.store.catalog import open_catalog

SAMPLES = Path(__file__).parents[1] / "samples"
ROWS = list(csv.DictReader((SAMPLES / "manifest.csv").read_text(encoding="utf-8").splitlines()))
PHOTO = SAMPLES / "024_both_gray.jpg"
GROUPS = sorted({row["group"] for row in ROWS if row["group"]})


@pytest.fixture(scope="module")
def identifier() -> Identifier:
    return Identifier()


def claim(answer: Identification) -> str:
    """The product id an answer stands by, or ""."""
    return answer.candidates[0].product.product_id if answer.decision is Decision.IDENTIFIED else ""


@pytest.mark.parametrize("row", [pytest.param(row, id=row["file"]) for row in ROWS if row["expected"] != "ERROR"])
def test_sample(identifier: Identifier, row: dict[str, str]) -> None:
    answer = identifier.identify(SAMPLES / row["file"])
    assert answer.decision.name in row["expected"].split(";"), answer.reason
    assert claim(answer) in {"", *row["product_id"].split(";")}
    if answer.decision is Decision.IDENTIFIED:
        assert answer.monograph is None or answer.monograph.drug == answer.candidates[0].product.drug


@pytest.mark.parametrize("row", [row for row in ROWS if row["expected"] == "ERROR"], ids=lambda row: row["file"])
def test_bad_sample_is_named_with_the_way_out(identifier: Identifier, row: dict[str, str]) -> None:
    with pytest.raises(PhotoError, match=row["file"]):
        identifier.identify(SAMPLES / row["file"])


@pytest.mark.parametrize(
    ("name", "light"),
    [
        ("024_both_gray.jpg", (1.0, 1.0, 1.0)),
        ("024_both_gray.jpg", (1.6, 1.0, 0.3)),
        ("024_both_paper.jpg", (1.6, 1.0, 0.3)),
        ("024_both_slate.jpg", (1.6, 1.0, 0.3)),
        ("024_both_dark.jpg", (1.4, 1.0, 0.5)),
        ("024_both_dark.jpg", (0.6, 0.9, 1.3)),
    ],
)
def test_no_lamp_makes_the_white_024_its_yellow_twin(
    identifier: Identifier, name: str, light: tuple[float, float, float]
) -> None:
    """Baclofen 10 mg is white, alprazolam 1 mg yellow; both are round and bear 024."""
    linear = linear_of_pixels(load(SAMPLES / name).pixels) * np.array(light)
    answer = identifier.identify(pixels_of_linear(np.clip(linear, 0, 1)))
    assert (answer.decision is Decision.IDENTIFIED) == (light == (1.0, 1.0, 1.0))
    assert answer.decision is not Decision.IDENTIFIED or answer.candidates[0].product.drug == "baclofen"


@pytest.mark.parametrize("group", GROUPS)
def test_front_and_back_on_two_photos(identifier: Identifier, group: str) -> None:
    rows = [row for row in ROWS if row["group"] == group]
    answer = identifier.identify([SAMPLES / row["file"] for row in rows])
    assert answer.decision.name in rows[0]["expected_group"].split(";"), answer.reason
    assert claim(answer) in {"", rows[0]["product_id"]}
    assert len(answer.faces) == 2


BOTH = [f"024_both_{view}.jpg" for view in ("gray", "wood", "upside_down", "ruler")]


@pytest.mark.parametrize("pair", list(permutations(BOTH, 2)), ids="+".join)
def test_two_photos_that_show_both_faces_each_stay_identified(identifier: Identifier, pair: tuple[str, str]) -> None:
    answer = identifier.identify([SAMPLES / name for name in pair])
    assert claim(answer) == "pillprint:baclofen-10-trupharma-024", answer.reason
    assert [face.reading.tokens for face in answer.faces] == [("024",), ()]
    assert len(answer.photos) == 2 and answer.warnings == ()


def test_front_and_back_in_any_order(identifier: Identifier) -> None:
    front, back = SAMPLES / "024_front_paper.jpg", SAMPLES / "024_back_paper.jpg"
    answers = [identifier.identify(order) for order in ([front, back], [back, front], [front, back, front])]
    assert {claim(answer) for answer in answers} == {"pillprint:baclofen-10-trupharma-024"}
    assert all([face.reading.tokens for face in answer.faces] == [("024",), ()] for answer in answers)


def test_two_photos_of_two_pills_say_so(identifier: Identifier) -> None:
    answer = identifier.identify([SAMPLES / "024_both_gray.jpg", SAMPLES / "alprazolam_both.jpg"])
    assert answer.decision is not Decision.IDENTIFIED
    assert any(
        warning.startswith("The photos may show two different pills: the color is") for warning in answer.warnings
    )
    other = identifier.identify([SAMPLES / "024_both_gray.jpg", SAMPLES / "lisinopril_both.jpg"])
    assert other.decision is not Decision.IDENTIFIED
    doubt = "The photos may show two different pills: more than two different texts were read."
    assert doubt in other.warnings


def test_024_and_240_are_two_pills(identifier: Identifier) -> None:
    answer = identifier.identify([SAMPLES / "024_both_gray.jpg", SAMPLES / "repaglinide_both.jpg"])
    assert answer.decision is not Decision.IDENTIFIED


def test_the_tablet_024_comes_with_its_monograph(identifier: Identifier) -> None:
    answer = identifier.identify(PHOTO)
    product = answer.candidates[0].product
    assert (product.drug, product.labeler, product.ndc) == ("baclofen", "TruPharma LLC", "")
    assert (product.shape, product.colors, product.size_mm, product.score) == ("ROUND", ("WHITE",), 7.0, 2)
    assert product.prescription == "RX"
    assert answer.monograph is not None
    assert answer.monograph.section("withdrawal") is not None


@pytest.mark.parametrize("row", [pytest.param(row, id=row["file"]) for row in ROWS if row["expected"] == "IDENTIFIED"])
def test_one_face_is_debossed_and_the_other_blank(identifier: Identifier, row: dict[str, str]) -> None:
    faces = identifier.identify(SAMPLES / row["file"]).faces
    for face in faces:
        assert face.measurements.look.relief.best == ("DEBOSSED" if face.reading.tokens else "BLANK")
    assert sorted(bool(face.reading.tokens) for face in faces) == [False, True]


def test_a_printed_capsule_is_printed(identifier: Identifier) -> None:
    faces = identifier.identify(SAMPLES / "amoxicillin_both.jpg").faces
    assert sorted(face.measurements.look.relief.best or "" for face in faces) == ["BLANK", "PRINTED"]


def test_every_way_to_hand_a_photo_over_gives_one_answer(identifier: Identifier) -> None:
    with Image.open(PHOTO) as image:
        pixels = np.array(image.convert("RGB"))
        sources = [PHOTO, str(PHOTO), PHOTO.read_bytes(), image.copy(), pixels]
    answers = [identifier.identify(source) for source in sources]
    assert {claim(answer) for answer in answers} == {"pillprint:baclofen-10-trupharma-024"}
    assert len({answer.imprint for answer in answers}) == 1


def test_size_from_the_callers_figure(identifier: Identifier) -> None:
    row = next(row for row in ROWS if row["file"] == PHOTO.name)
    answer = identifier.identify(PHOTO, mm_per_px=float(row["mm_per_px"]))
    assert answer.size_mm == pytest.approx(float(row["size_mm"]), abs=0.3)


def test_each_pill_of_a_photo_is_answered(identifier: Identifier) -> None:
    answers = identifier.identify_each(SAMPLES / "three_024.jpg")
    assert len(answers) == 3
    row = next(row for row in ROWS if row["file"] == "three_024.jpg")
    claims = [claim(answer) for answer in answers if claim(answer)]
    assert set(claims) <= set(row["product_id"].split(";"))
    assert len(claims) == len(set(claims))


def test_a_photo_without_a_pill_has_one_answer_for_each_pill() -> None:
    answers = Identifier(reader="none").identify_each(SAMPLES / "empty_wood.jpg")
    assert [answer.decision for answer in answers] == [Decision.NO_PILL]


def test_a_larger_thing_without_text_is_not_the_pill_meant() -> None:
    pixels = np.full((300, 500, 3), 190, np.uint8)
    lay_tablet(pixels, (130, 150), 90)
    lay_tablet(pixels, (370, 150), 60)
    answer = Identifier(reader=_ReadsTheSmall(20_000)).identify(pixels)
    assert answer.imprint == ("54", "024")
    assert answer.candidates[0].product.drug == "flecainide"
    # One drug comes near and a second pill lies beside it: nothing else to name, so the answer claims nothing.
    assert answer.decision is Decision.UNKNOWN
    doubt = "The photo shows one more pill; photograph one alone, or ask for each."
    assert doubt in answer.warnings and doubt in answer.reason
    assert answer.advice is not None and answer.advice.code == "ONE_PILL_ALONE"
    nothing = Identifier(reader=_ReadsTheSmall(0)).identify(pixels)
    assert (nothing.decision, nothing.imprint) == (Decision.UNKNOWN, ())
    assert nothing.faces[0].region.area > 20_000


@pytest.mark.parametrize(
    ("small", "large", "others"),
    [
        pytest.param(1, 0, 1, id="a small tablet beside a large one"),
        pytest.param(2, 0, 2, id="two"),
        pytest.param(6, 0, 0, id="a blister's pockets"),
        pytest.param(6, 1, 7, id="a large one among many small ones"),
    ],
)
def test_small_pills_beside_a_large_one_are_counted(small: int, large: int, others: int) -> None:
    pixels = np.full((400, 900, 3), 190, np.uint8)
    lay_tablet(pixels, (130, 200), 90)
    for number in range(small):
        lay_tablet(pixels, (540 + 120 * (number % 3), 100 + 200 * (number // 3)), 32)
    for _ in range(large):
        lay_tablet(pixels, (370, 200), 60)
    answer = Identifier(reader=_ReadsTheSmall(0)).identify(pixels)
    assert answer.doubts.others == others
    assert any(" more pill" in warning for warning in answer.warnings) == (others > 0)


def test_where_nothing_is_read_a_thing_that_the_border_cuts_is_not_the_pill_meant() -> None:
    pixels = np.full((300, 500, 3), 190, np.uint8)
    lay_tablet(pixels, (40, 150), 90)
    lay_tablet(pixels, (370, 150), 60)
    answer = Identifier(reader=_ReadsTheSmall(0)).identify(pixels)
    assert len(answer.faces) == 1 and not answer.faces[0].region.cut_by_border
    assert answer.faces[0].region.area == pytest.approx(np.pi * 60**2, rel=0.1)
    with_text = Identifier(reader=_ReadsTheSmall(100_000)).identify(pixels)
    assert with_text.imprint == ("54", "024") and with_text.faces[0].region.cut_by_border


def lay_tablet(pixels: Pixels, center: tuple[int, int], radius: int) -> None:
    """Draw a white disk with its soft shadow at ``center`` ``(x, y)``: without a shadow it is a hole or a print."""
    shadow = np.zeros(pixels.shape[:2], np.float32)
    cv2.circle(shadow, (center[0] + radius // 8, center[1] + radius // 6), radius, 0.4, -1)
    pixels[:] = pixels * (1 - cv2.GaussianBlur(shadow, (0, 0), radius / 12))[..., None]
    cv2.circle(pixels, center, radius, (246, 244, 240), -1, cv2.LINE_AA)


def tablets(*centers: tuple[int, int], radius: int = 50) -> Pixels:
    """White tablets on gray, ``(340, 640, 3)`` uint8; ``centers`` are ``(x, y)``."""
    pixels = np.full((340, 640, 3), 150, np.uint8)
    for center in centers:
        lay_tablet(pixels, center, radius)
    return pixels


HEAP = tablets((90, 90), (250, 80), (420, 95), (570, 240), (170, 240), (380, 250))


class _ReadsByPlace:
    """Says of each face what stands at its middle, ``(x, y)`` within 40 pixels; nothing of others."""

    name = "made"

    def __init__(self, texts: Mapping[tuple[int, int], tuple[str, ...]]) -> None:
        self.texts = texts

    def read(self, photo: Photo, regions: Sequence[PillRegion]) -> tuple[Reading, ...]:
        return tuple(self._of(region) for region in regions)

    def _of(self, region: PillRegion) -> Reading:
        top, left, bottom, right = region.box
        x, y = (left + right) / 2, (top + bottom) / 2
        near = (text for (col, row), text in self.texts.items() if abs(col - x) < 40 and abs(row - y) < 40)
        return typed(*next(near, ()))


def test_a_heap_reads_as_the_drug_whose_faces_it_shows() -> None:
    """One tablet of six lies with its text up; wherever that is, the heap is taken for its drug."""
    for place in ((90, 90), (570, 240), (380, 250)):
        answer = Identifier(reader=_ReadsByPlace({place: ("54", "024")})).identify(HEAP)
        assert [face.reading.tokens for face in answer.faces] == [("54", "024"), ()]
        assert answer.candidates[0].product.drug == "flecainide"
        # It is one of six, and what the other five are no one has read.
        assert answer.doubts.others == 5 and answer.decision is not Decision.IDENTIFIED
        assert "The photo shows 5 more pills; photograph one alone, or ask for each." in answer.warnings


def test_fronts_and_backs_of_a_heap_speak_together() -> None:
    catalog = open_catalog()
    two = next(p for p in catalog.products() if len(p.faces) == 2 and all(map(len, p.faces)) and len(p.tokens) == 2)
    (front, back), row = two.tokens, [(90, 90), (250, 80), (420, 95), (570, 240), (170, 240), (380, 250)]
    for turned in range(6):
        texts = {
            place: ((front,) if number < 5 else (back,)) for number, place in enumerate(row[turned:] + row[:turned])
        }
        answer = Identifier(reader=_ReadsByPlace(texts)).identify(HEAP)
        assert sorted(face.reading.tokens for face in answer.faces) == sorted([(front,), (back,)])
        assert answer.candidates[0].product.imprint_key == two.imprint_key


def test_each_pill_of_a_heap_has_its_own_answer_and_number() -> None:
    texts = {(90, 90): ("54", "024"), (250, 80): ("54", "024"), (170, 240): ("5",)}
    answers = Identifier(reader=_ReadsByPlace(texts)).identify_each(HEAP)
    assert [answer.imprint for answer in answers] == [("54", "024"), ("54", "024"), (), ("5",), (), ()]
    assert all(len(answer.faces) == 1 for answer in answers)
    middles = [answer.faces[0].region.left + 50 for answer in answers]
    assert middles == pytest.approx([90, 250, 420, 170, 380, 570], abs=4)
    names = face_names(answers)
    assert [names[id(answer.faces[0])] for answer in answers] == list("123456")


def test_two_alike_pills_are_two_answers_and_two_faces_are_one() -> None:
    pair = tablets((180, 170), (460, 170), radius=80)
    same = Identifier(reader=_ReadsByPlace({(180, 170): ("54", "024"), (460, 170): ("54", "024")}))
    assert [answer.imprint for answer in same.identify_each(pair)] == [("54", "024"), ("54", "024")]
    faces = Identifier(reader=_ReadsByPlace({(460, 170): ("54", "024")}))
    assert [answer.imprint for answer in faces.identify_each(pair)] == [("54", "024")]
    assert len(faces.identify_each(pair)[0].faces) == 2


class _ReadsTheSmall:
    """Says 54 024 of every face below an area in pixels, nothing of the others."""

    name = "made"

    def __init__(self, below: int) -> None:
        self.below = below

    def read(self, photo: Photo, regions: Sequence[PillRegion]) -> tuple[Reading, ...]:
        return tuple(typed("54", "024") if region.area < self.below else typed() for region in regions)


def test_threads_and_processes_may_share_it(identifier: Identifier) -> None:
    photos = [PHOTO, SAMPLES / "flecainide_both.jpg"] * 2
    with ThreadPoolExecutor(4) as threads:
        together = [claim(answer) for answer in threads.map(identifier.identify, photos)]
    assert together == [claim(identifier.identify(photo)) for photo in photos]
    again: Identifier = pickle.loads(pickle.dumps(identifier))
    assert claim(again.identify(PHOTO)) == together[0]


def test_the_reader_is_handed_in() -> None:
    assert Identifier(reader=NullReader()).identify(PHOTO).decision in {Decision.UNKNOWN, Decision.UNREADABLE}
    answer = Identifier(reader=ReplayReader({PHOTO.name: (typed("54", "024"), typed())})).identify(PHOTO)
    assert answer.imprint == ("54", "024")


def test_a_pill_cut_by_the_border_is_never_identified(identifier: Identifier) -> None:
    with Image.open(PHOTO) as image:
        pixels = np.array(image.convert("RGB"))
    face = next(face for face in identifier.identify(pixels).faces if face.reading.tokens)
    top, left, bottom, right = face.region.box
    cut = np.ascontiguousarray(pixels[max(top - 40, 0) : bottom + 40, max(left - 40, 0) : right - 15])
    answer = identifier.identify(cut)
    assert answer.decision is not Decision.IDENTIFIED
    assert any("border" in warning for warning in answer.warnings)


def test_a_pill_that_only_touches_the_border_is_whole(identifier: Identifier) -> None:
    with Image.open(PHOTO) as image:
        pixels = np.array(image.convert("RGB"))
    faces = identifier.identify(pixels).faces
    start = min(face.region.box[1] for face in faces)
    touching = identifier.identify(np.ascontiguousarray(pixels[:, start + 2 :]))
    assert any(face.region.cut_by_border for face in touching.faces) and touching.decision is Decision.IDENTIFIED
    assert not any("border" in warning for warning in touching.warnings)
    width = faces[0].region.box[3] - faces[0].region.box[1]
    cut = identifier.identify(np.ascontiguousarray(pixels[:, start + width // 8 :]))
    assert cut.decision is not Decision.IDENTIFIED and any("border" in warning for warning in cut.warnings)
