"""Training the line finder: what is known of lines, what the network is told, and that it comes back as lines."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra `train`")

import cv2
import torch

from pipeline.imprint.canvas import COMPACT
from pipeline.imprint.line_map import AXIS, CORE, WAY, lines_of
from pipeline.network import Network
from pipeline.train.common.loop import keep_small, run
from pipeline.train.faces.labeled import CLASS, IGNORED, TURN_DEG, UNKNOWN_TURN, LabeledFace, filled
from pipeline.train.reader.character_network import CLASSES, CharacterDetector
from pipeline.train.reader.line_finder import (
    HEAD,
    begin_from_head,
    export_line_finder,
    line_loss,
    line_targets,
    line_task,
    network_with_lines,
    stands_on,
    try_lines,
)
from pipeline.train.reader.line_labels import Rows, boxed_turns, by_line, lines_of_characters


def characters(text: str, turn_deg: float = 0.0, x: float = 80.0, y: float = 80.0, step: float = 18.0) -> Rows:
    """Rows of a word about a place."""
    angle = math.radians(turn_deg)
    along = (np.arange(len(text)) - (len(text) - 1) / 2) * step
    rows = [
        (x + a * math.cos(angle), y - a * math.sin(angle), 14.0, 20.0, turn_deg, CLASSES.index(letter))
        for a, letter in zip(along, text, strict=True)
    ]
    return np.array(rows, np.float32)


def unturned(rows: Rows) -> Rows:
    rows = rows.copy()
    rows[:, TURN_DEG] = UNKNOWN_TURN
    return rows


def levels(rows: Rows) -> np.ndarray:
    return np.full(len(rows), np.nan, np.float32)


@pytest.mark.parametrize("turn_deg", [0.0, 70.0, 180.0, -130.0])
def test_words_of_the_imprint_tell_the_turns_of_their_boxes(turn_deg: float) -> None:
    rows = unturned(np.concatenate([characters("WPI", turn_deg, y=60.0), characters("39", turn_deg, y=110.0)]))
    rng = np.random.default_rng(0)
    turned = boxed_turns(rows[rng.permutation(len(rows))], "WPI;39", levels(rows))
    assert np.allclose((turned[:, TURN_DEG] - turn_deg + 180.0) % 360.0 - 180.0, 0.0, atol=1e-3)


def test_words_along_a_curve_turn_with_it_and_lone_letters_with_the_others() -> None:
    angles = np.radians(np.linspace(150.0, 30.0, 5))
    rim = [
        (80 + 50 * math.cos(a), 80 - 50 * math.sin(a), 14, 20, np.nan, CLASSES.index(c))
        for a, c in zip(angles, "MYLAN", strict=True)
    ]
    turned = boxed_turns(
        np.concatenate([np.array(rim, np.float32), unturned(characters("7"))]), "MYLAN;7", np.full(6, np.nan)
    )
    assert turned[:5, TURN_DEG] == pytest.approx(np.linspace(60, -60, 5), abs=16)
    assert turned[5, TURN_DEG] == pytest.approx(0.0, abs=5)


def test_boxes_without_an_imprint_are_believed_where_they_stand_on_a_level() -> None:
    rows = unturned(characters("K17"))
    assert boxed_turns(rows, "", np.zeros(3, np.float32))[:, TURN_DEG].tolist() == [0, 0, 0]
    assert np.isnan(boxed_turns(rows, "", levels(rows))[:, TURN_DEG]).all()


def test_a_word_not_found_leaves_its_boxes_unknown() -> None:
    lines = lines_of_characters(boxed_turns(unturned(characters("K17")), "Z99", levels(characters("K17"))))
    assert (lines[:, CLASS] == IGNORED).all() and list(by_line(lines)) == []


def test_characters_become_lines_in_reading_order_without_signs_and_logos() -> None:
    rows = np.concatenate([characters("A.5", 180.0), characters("7", 180.0, y=30.0)])
    logo = rows[:1].copy()
    logo[0, [0, CLASS]] = 120, CLASSES.index("LOGO")
    first, second = by_line(lines_of_characters(np.concatenate([rows, logo])))
    assert len(first) == 2 and first[0, 0] > first[1, 0] and len(second) == 1


@pytest.mark.parametrize("turn_deg", [0.0, 50.0, 120.0, -20.0])
def test_what_the_network_is_told_comes_back_as_the_line(turn_deg: float) -> None:
    rows = lines_of_characters(characters("K17", turn_deg))
    told = line_targets(rows, COMPACT)
    output = told["told"].copy()
    output[CORE] = np.log(np.clip(told["core"], 1e-4, 1 - 1e-4) / (1 - np.clip(told["core"], 1e-4, 1 - 1e-4)))
    (line,) = lines_of(output, np.ones(COMPACT, np.float32))
    x, y, turn = line.band.at(0.5)
    assert (x, y) == pytest.approx((80, 80), abs=1.5)
    assert abs((turn + 180.0 * (line.way < 0) - turn_deg + 180.0) % 360.0 - 180.0) < 4 and abs(line.way) > 0.97
    assert line.band.height == pytest.approx(27.0, rel=0.05) and line.band.width == pytest.approx(36 + 27, abs=6)


def test_a_lone_letter_of_unknown_turn_has_a_height_and_no_axis() -> None:
    rows = unturned(characters("8"))
    rows[:, CLASS] = 0
    holds = line_targets(rows, COMPACT)["holds"]
    assert holds[-1].any() and not holds[AXIS].any() and not holds[WAY].any()


def face() -> LabeledFace:
    gray = np.full((160, 160), 120, np.uint8)
    cv2.putText(gray, "K17", (50, 90), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 40, 2, cv2.LINE_AA)
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    outline = np.column_stack([80 + 70 * np.cos(angle), 80 + 70 * np.sin(angle)]).astype(np.float32)
    return LabeledFace(gray, filled(outline, gray.shape), outline, lines_of_characters(characters("K17")))


def test_the_right_answer_costs_least() -> None:
    told = {key: torch.from_numpy(value[None]) for key, value in line_targets(face().characters, COMPACT).items()}
    right = told["told"].clone()
    right[:, CORE] = torch.logit(told["core"].clamp(1e-3, 1 - 1e-3))
    turned = right.clone()
    turned[:, WAY] *= -1
    blank = torch.zeros_like(right)
    blank[:, CORE] = -6
    assert line_loss(right, told)[0] < line_loss(turned, told)[0] < line_loss(blank, told)[0]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_line_head_is_trained_and_the_detector_stays(tmp_path: Path) -> None:
    torch.manual_seed(0)
    detector = CharacterDetector().state_dict()
    checkpoint = tmp_path / "lines.pt"
    run(
        line_task(detector, [([face()], 1.0)], 2),
        checkpoint,
        100.0,
        rate=1e-3,
        workers=0,
        steps=2,
        note=lambda point: None,
    )
    average = torch.load(checkpoint, weights_only=True)["average"]
    assert all(torch.equal(average[f"detector.{name}"], tensor) for name, tensor in detector.items())
    export_line_finder(detector, checkpoint, [face()], tmp_path / "face.onnx")
    outputs = Network((tmp_path / "face.onnx").read_bytes()).run(np.zeros((1, 2, 128, 224), np.float32))
    assert [each.shape for each in outputs] == [(1, 47, 32, 56), (1, 6, 32, 56)]
    trial = try_lines(network_with_lines(detector), [face()])
    assert trial.found == 0 and trial.invented >= 0
    keep_small(checkpoint, tmp_path / "head.pt", HEAD)
    begin_from_head(detector, tmp_path / "head.pt", tmp_path / "next.pt")
    again = torch.load(tmp_path / "next.pt", weights_only=True)["model"]
    assert torch.allclose(again["lines.last.weight"], average["lines.last.weight"], atol=1e-3)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_head_goes_with_the_detector_that_is_given(tmp_path: Path) -> None:
    torch.manual_seed(0)
    first, second = CharacterDetector().state_dict(), CharacterDetector().state_dict()
    checkpoint, moved = tmp_path / "first.pt", tmp_path / "second.pt"
    torch.save({"average": network_with_lines(first).state_dict(), "step": 5}, checkpoint)
    assert stands_on(checkpoint, first) and not stands_on(checkpoint, second)
    begin_from_head(second, checkpoint, moved)
    assert stands_on(moved, second)
    export_line_finder(second, checkpoint, [face()], tmp_path / "face.onnx")
    canvas = np.random.default_rng(0).uniform(-1, 1, (1, 2, 64, 64)).astype(np.float32)
    exported = Network((tmp_path / "face.onnx").read_bytes()).run(canvas)[0]
    off = []
    for weights in (first, second):
        network = network_with_lines(weights).eval()
        with torch.no_grad():
            off.append(float(np.abs(network(torch.from_numpy(canvas))[0].numpy() - exported).max()))
    assert off[1] < 0.2 * off[0]
