"""Training the reader's network: what it is told, and that a training that is cut off goes on."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra `train`")

import torch

from pipeline.draw.bank import MARK_KINDS
from pipeline.imprint.canvas import COMPACT
from pipeline.train.common.learning_curve import LearningCurve
from pipeline.train.common.loop import CurvePoint, begin_from, keep_small, run, spent_minutes
from pipeline.train.common.training_plan import TrainingPlan
from pipeline.train.faces.drawn import drawn_shards, load_bank
from pipeline.train.faces.labeled import CLASS, IGNORED, LabeledFace, filled
from pipeline.train.reader import detector as detector_module
from pipeline.train.reader.character_network import CLASSES, GEOMETRY, STRIDE, CharacterDetector
from pipeline.train.reader.detector import COLUMNS, train_reader, tried
from pipeline.train.reader.training import Batches, loss, marks_among, reader_task, targets


def row(x: float, y: float, text: str = "A", turn_deg: float = 0.0) -> list[float]:
    return [x, y, 16.0, 24.0, turn_deg, float(CLASSES.index(text)) if text else IGNORED]


def small_face() -> LabeledFace:
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    outline = np.column_stack([40 + 36 * np.cos(angle), 40 + 36 * np.sin(angle)]).astype(np.float32)
    gray = np.random.default_rng(0).integers(100, 160, (80, 80)).astype(np.uint8)
    return LabeledFace(gray, filled(outline, gray.shape), outline, np.array([row(40, 40)], np.float32))


def test_a_mark_is_one_character_or_two() -> None:
    face = small_face()
    faces = [replace(face, characters=np.repeat(face.characters, count, axis=0)) for count in range(4)]
    assert [len(each.characters) for each in marks_among(faces)] == [1, 2]


def test_a_character_peaks_in_the_cell_its_center_lies_in() -> None:
    told = targets(np.array([row(50, 70, "K", 90.0)], np.float32), COMPACT)
    cell = int(70 / STRIDE), int(50 / STRIDE)
    assert np.unravel_index(told["heat"].argmax(), told["heat"].shape) == cell and told["heat"][cell] == 1
    assert told["label"][cell] == CLASSES.index("K") and told["placed"][cell] == 1
    assert told["geometry"][:, *cell] == pytest.approx([0, 1, math.log2(24), math.log2(16)], abs=1e-6)
    assert told["heat"][0, 0] < 1e-6 and told["care"].all()


def test_nothing_is_learned_where_a_label_is_ignored() -> None:
    told = targets(np.array([row(50, 70, "")], np.float32), COMPACT)
    assert told["care"][70 // STRIDE, 50 // STRIDE] == 0 and told["care"].mean() > 0.95
    assert told["heat"].max() == 0 and (told["label"] == -1).all()


def test_an_unknown_turn_teaches_class_but_no_geometry() -> None:
    told = targets(np.array([row(50, 70, "8", math.nan)], np.float32), COMPACT)
    cell = 70 // STRIDE, 50 // STRIDE
    assert told["label"][cell] == CLASSES.index("8") and not told["placed"].any()
    assert np.isfinite(told["geometry"]).all()


def test_characters_off_the_canvas_are_left_out() -> None:
    told = targets(np.array([row(-20, 70), row(50, 400)], np.float32), COMPACT)
    assert told["heat"].max() == 0


def test_the_right_answer_costs_least() -> None:
    told = targets(np.array([row(50, 70, "K")], np.float32), COMPACT)
    target = {key: torch.from_numpy(value[None]) for key, value in told.items()}
    right = torch.zeros(1, GEOMETRY + len(CLASSES), *told["heat"].shape)
    right[:, 0] = torch.logit(target["heat"].clamp(1e-4, 1 - 1e-4))
    right[:, 1:GEOMETRY] = target["geometry"]
    cell = 70 // STRIDE, 50 // STRIDE
    right[0, GEOMETRY + CLASSES.index("K")] = 6.0
    blank = torch.zeros_like(right)
    blank[:, 0] = -9.0
    wrong = right.clone()
    wrong[0, GEOMETRY + CLASSES.index("X"), cell[0], cell[1]] = 12.0
    best = loss(right, target)[0]
    assert best < loss(wrong, target)[0] < loss(blank, target)[0]


def test_batches_repeat_with_their_seed() -> None:
    one, other = (next(iter(Batches([([small_face()], 1.0)], seed=3, size=2))) for _ in range(2))
    assert one["image"].shape == (2, 2, *COMPACT)
    assert all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.slow
def test_a_training_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    path, points = tmp_path / "reader.pt", []
    task = reader_task([([small_face()], 1.0)], batch=1)
    how = {"rate": 1.5e-3, "workers": 0, "resume": True, "note": points.append}
    run(task, path, 100.0, steps=3, **how)
    stored = torch.load(path, weights_only=True)
    assert stored["step"] == stored["session"] == 3 and 0 < stored["spent_minutes"] == spent_minutes(path)
    run(task, path, 100.0, steps=1, **how)
    again = torch.load(path, weights_only=True)
    assert again["step"] == again["session"] == 4 and again["spent_minutes"] > stored["spent_minutes"]
    moments = [state["state"][0]["step"].item() for state in (stored["optimizer"], again["optimizer"])]
    assert moments == [3, 4]
    assert [point.step for point in points] == [3, 4] and all(point.is_last for point in points)
    begin_from(path, tmp_path / "next.pt")
    fresh = torch.load(tmp_path / "next.pt", weights_only=True)
    assert spent_minutes(tmp_path / "next.pt") == 0 and fresh["step"] == 4
    key = next(iter(fresh["model"]))
    assert torch.equal(fresh["model"][key], again["average"][key])


def test_minutes_of_no_training_are_none(tmp_path: Path) -> None:
    assert spent_minutes(tmp_path / "none.pt") == 0


def test_the_curve_is_written_as_it_grows_and_ends_with_a_trial(tmp_path: Path) -> None:
    said: list[str] = []
    trial = partial(tried, faces=[small_face()])
    curve = LearningCurve(tmp_path / "curve.csv", COLUMNS, trial, said.append)
    losses = {"center": 1.0, "classes": 2.0, "geometry": 0.5}
    model = CharacterDetector()
    curve.note(CurvePoint(50, 1.0, 1e-3, losses, model))
    curve.note(CurvePoint(60, 1.2, 1e-3, losses, model, is_last=True))
    header, first, last = (tmp_path / "curve.csv").read_text().splitlines()
    assert header.startswith("step,minutes,rate,center,classes,geometry,character_f1")
    assert first.startswith("50,1.0,0.001,1.0,2.0,0.5") and first.endswith(",,")
    assert last.split(",")[-2:] == ["0.0", "0.0"] and len(said) == 2
    assert model.training
    curve.note(CurvePoint(110, 2.0, 1e-3, losses, model))
    again = LearningCurve(tmp_path / "curve.csv", COLUMNS, trial, said.append)
    assert (again.last["step"], again.last["faces_exact"]) == (60.0, 0.0)
    assert LearningCurve(tmp_path / "none.csv", COLUMNS, trial, said.append).last == {}


def test_the_line_head_is_trained_after_the_detector_and_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[float, Path | None, Path]] = []

    def train_detector(plan: TrainingPlan, out: Path, say: object) -> dict[str, object]:
        out.write_bytes(b"detector")
        return {"minutes": plan.minutes}

    def train_line_finder(plan: TrainingPlan, detector: Path, say: object) -> None:
        assert detector.read_bytes() == b"detector"
        told.append((plan.minutes, plan.begin, detector))
        plan.out.write_bytes(b"both")

    monkeypatch.setattr(detector_module, "_train_detector", train_detector)
    monkeypatch.setattr(detector_module, "train_line_finder", train_line_finder)
    begin = tmp_path / "before" / "reader.pt"
    begin.parent.mkdir()
    work, out = tmp_path / "work", tmp_path / "reader.onnx"
    plan = TrainingPlan(tmp_path, out, work, tmp_path, 0, None, 60.0, 1e-3, 0, 1, begin)
    train_reader(plan, 20.0, print)
    begin.with_name("line_head.pt").touch()
    train_reader(plan, 20.0, print)
    detector = out.with_suffix(".pt")
    assert told == [(20.0, None, detector), (20.0, begin.with_name("line_head.pt"), detector)]
    assert json.loads((work / "card.json").read_text()) == {"minutes": 60.0, "line_minutes": 20.0, "bytes": 4}


def test_a_frame_is_taught_as_no_logo(tmp_path: Path) -> None:
    (path,) = drawn_shards(tmp_path, 40, seed=1)
    with np.load(path) as shard:
        kinds = [MARK_KINDS[kind] for kind in shard["mark_kind"]]
    taught = [CLASSES[int(row[CLASS])] for face in load_bank([path]) for row in face.characters if row[CLASS] >= 0]
    assert "FRAME" in kinds
    assert taught.count("LOGO") == kinds.count("LOGO")


def test_a_training_begins_from_the_small_checkpoint_of_another(tmp_path: Path) -> None:
    model = CharacterDetector()
    torch.save({"average": model.state_dict(), "step": 7}, tmp_path / "done.pt")
    keep_small(tmp_path / "done.pt", tmp_path / "small.pt")
    assert (tmp_path / "small.pt").stat().st_size < 0.55 * (tmp_path / "done.pt").stat().st_size
    begin_from(tmp_path / "small.pt", tmp_path / "next.pt")
    state = torch.load(tmp_path / "next.pt", weights_only=True)
    CharacterDetector().load_state_dict(state["model"])
    weight = "stages.0.0.0.weight"
    torch.testing.assert_close(state["model"][weight], model.state_dict()[weight], atol=1e-3, rtol=1e-3)
    assert state["step"] == 7
