"""The imprint reader's training from the folder of data to the ONNX file: the character detector, then its line head.

Everything between is kept in a work folder, so that the same command goes on where it was cut off: the faces cut out,
the drawn bank, the faces that the reader of now labels, the checkpoint.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
from torch import nn

from pipeline.train.common.learning_curve import LearningCurve
from pipeline.train.common.loop import begin_from, keep_small
from pipeline.train.common.training_plan import TrainingPlan, run_planned
from pipeline.train.faces.boxes import boxed_faces, class_counts, clean_photos
from pipeline.train.faces.drawn import drawn_faces
from pipeline.train.faces.face_file import kept_faces
from pipeline.train.faces.labeled import LabeledFace
from pipeline.train.faces.self_training import self_labeled
from pipeline.train.reader.character_network import CharacterDetector
from pipeline.train.reader.detect import detect_in_training
from pipeline.train.reader.line_finder import LINE_HEAD, train_line_finder
from pipeline.train.reader.scoring import Score, score_face
from pipeline.train.reader.training import Source, marks_among, reader_task

# Shares of the batches: boxed, boxed and blank, drawn, self-labeled, those blank, and of all those with marks.
_SHARES = (0.19, 0.03, 0.18, 0.32, 0.06, 0.22)
COLUMNS = ("step", "minutes", "rate", "center", "classes", "geometry", "character_f1", "faces_exact")


def train_reader(plan: TrainingPlan, line_minutes: float, say: Callable[[str], None]) -> None:
    """Train, or go on training, and write the ONNX file and the training's card, ``work/card.json``.

    Args:
        plan: the training; ``minutes`` are the detector's. A line head beside ``begin`` is gone on from too.
        line_minutes: of the line head's training on the detector, once that is done.
        say: told how it goes.

    Raises:
        PhotoSetError: the boxed photos are missing or broken.
    """
    cv2.setNumThreads(1)
    plan.work.mkdir(parents=True, exist_ok=True)
    detector = plan.out.with_suffix(".pt")
    card = _train_detector(plan, detector, say)
    head = plan.begin.with_name(LINE_HEAD) if plan.begin is not None else None
    begin = head if head is not None and head.exists() else None
    train_line_finder(replace(plan, minutes=line_minutes, begin=begin), detector, say)
    card |= {"line_minutes": line_minutes, "bytes": plan.out.stat().st_size}
    (plan.work / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def _train_detector(plan: TrainingPlan, out: Path, say: Callable[[str], None]) -> dict[str, object]:
    """Train the character detector, write its small checkpoint and return what its card says."""
    training = kept_faces(plan.work / "boxed-training.npz", lambda: _boxed(plan.data, False))
    validation = kept_faces(plan.work / "boxed-validation.npz", lambda: _boxed(plan.data, True))
    say(f"boxed faces: {len(training)} for training, {len(validation)} for validation")
    drawn = drawn_faces(plan.drawn, plan.drawn_count, plan.seed, plan.fonts)
    say(f"drawn faces: {len(drawn)}")
    labeled = self_labeled(plan.data, plan.work, say)
    checkpoint = plan.work / "reader.pt"
    if plan.begin is not None and not checkpoint.exists():
        begin_from(plan.begin, checkpoint)
    trial = (lambda model: tried(model, validation)) if validation else None
    curve = LearningCurve(plan.work / "curve.csv", COLUMNS, trial, say)
    run_planned(reader_task(_sources(training, drawn, labeled)), checkpoint, plan, curve)
    keep_small(checkpoint, out)
    return _card(plan, training, validation, drawn, labeled, curve.last)


def _boxed(data: Path, validation: bool) -> list[LabeledFace]:
    return boxed_faces(photo for photo in clean_photos(data) if photo.is_validation == validation)


def _sources(
    boxed: Sequence[LabeledFace], drawn: Sequence[LabeledFace], labeled: Sequence[LabeledFace]
) -> list[Source]:
    split = [_with_characters(boxed, True), _with_characters(boxed, False), list(drawn)]
    split += [_with_characters(labeled, True), _with_characters(labeled, False)]
    split.append(marks_among([*boxed, *drawn, *labeled]))
    return [(faces, share) for faces, share in zip(split, _SHARES, strict=True) if faces]


def _with_characters(faces: Iterable[LabeledFace], wanted: bool) -> list[LabeledFace]:
    return [face for face in faces if bool(len(face.characters)) == wanted]


def validate(model: nn.Module, faces: Sequence[LabeledFace]) -> Score:
    """Score a network in training on labeled faces."""
    scores = (score_face(face, found) for face, found in zip(faces, detect_in_training(model, faces), strict=True))
    return sum(scores, Score())


def tried(model: nn.Module, faces: Sequence[LabeledFace]) -> dict[str, float]:
    """The figures of the curve."""
    score = validate(model, faces)
    return {"character_f1": score.f1, "faces_exact": score.exact}


def _card(
    plan: TrainingPlan,
    training: Sequence[LabeledFace],
    validation: Sequence[LabeledFace],
    drawn: Sequence[LabeledFace],
    labeled: Sequence[LabeledFace],
    last: dict[str, float],
) -> dict[str, object]:
    """What docs/model_card_reader.md says of a training."""
    counted: Counter[str] = class_counts([*training, *labeled])
    return {
        "minutes": plan.minutes,
        "rate": plan.rate,
        "seed": plan.seed,
        "parameters": sum(weight.numel() for weight in CharacterDetector().parameters()),
        "boxed_faces": len(training),
        "boxed_validation_faces": len(validation),
        "drawn_faces": len(drawn),
        "self_labeled_faces": len(labeled),
        "self_labeled_photos": len({face.source for face in labeled}),
        "real_characters": dict(sorted(counted.items())),
        "validation": last,
    }
