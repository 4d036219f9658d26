"""The reader's training from the folder of data to the ONNX file, in rounds that label what is not boxed.

Everything between is kept in a work folder, so that the same command goes on where it was cut off: the faces cut out,
the drawn bank, each round's self-labeled faces and its checkpoint.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import cv2
from torch import nn

from pipeline.train.boxes import boxed_faces, class_counts, clean_photos
from pipeline.train.curve import Curve
from pipeline.train.detect import detect_in_training
from pipeline.train.drawn import drawn_faces
from pipeline.train.export import export
from pipeline.train.faces import LabeledFace
from pipeline.train.loop import begin_from, keep_small, spent_minutes
from pipeline.train.network import CharacterDetector
from pipeline.train.plan import TrainingPlan
from pipeline.train.reader import Source, train
from pipeline.train.scoring import Score, score_face
from pipeline.train.self_training import KnownPill, known_pills, label_faces
from pipeline.train.store import load_faces, save_faces

# Shares of the batches, without and with self-labeled faces: boxed, boxed and blank, drawn, self-labeled, those blank.
# From docs/model_card_reader.md, "Training".
_SHARES_FIRST = (0.50, 0.06, 0.44, 0.0, 0.0)
_SHARES_LATER = (0.30, 0.04, 0.25, 0.36, 0.05)
# Of the minutes given, round by round: the first learns to read, each later one on what the one before could read.
_ROUND_SHARES = (0.4, 0.2, 0.4)
_KNOWN_SETS = ("rximage300", "tfda", "consumer")
COLUMNS = ("round", "step", "minutes", "rate", "center", "classes", "geometry", "character_f1", "faces_exact")


def train_reader(plan: TrainingPlan, say: Callable[[str], None]) -> None:
    """Train, or go on training, and write the ONNX file and the training's card, ``work/card.json``.

    Raises:
        PhotoSetError: the boxed photos are missing or broken.
    """
    cv2.setNumThreads(1)
    plan.work.mkdir(parents=True, exist_ok=True)
    training = _kept(plan.work / "boxed-training.npz", lambda: _boxed(plan.data, False))
    validation = _kept(plan.work / "boxed-validation.npz", lambda: _boxed(plan.data, True))
    say(f"boxed faces: {len(training)} for training, {len(validation)} for validation")
    drawn = drawn_faces(plan.drawn, plan.drawn_count, plan.seed, plan.fonts)
    say(f"drawn faces: {len(drawn)}")
    trial = (lambda model: tried(model, validation)) if validation else None
    curve = Curve(plan.work / "curve.csv", COLUMNS, trial, say)
    labeled: list[LabeledFace] = []
    for number, share in enumerate(_ROUND_SHARES, start=1):
        if number > 1:
            labeled = _self_labeled(plan, number, say)
        sources = _sources(training, drawn, labeled, _SHARES_LATER if labeled else _SHARES_FIRST)
        _train_round(plan, number, share * plan.minutes, sources, curve)
    export(_checkpoint(plan.work, len(_ROUND_SHARES)), plan.out)
    keep_small(_checkpoint(plan.work, len(_ROUND_SHARES)), plan.out.with_suffix(".pt"))
    card = _card(plan, training, validation, drawn, labeled, curve.last)
    (plan.work / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    say(f"{plan.out}: {plan.out.stat().st_size:,} bytes")


def _kept(path: Path, make: Callable[[], list[LabeledFace]]) -> list[LabeledFace]:
    """The faces kept at that path, made and kept first where they are not."""
    if not path.exists():
        save_faces(path, make())
    return load_faces(path)


def _boxed(data: Path, validation: bool) -> list[LabeledFace]:
    return boxed_faces(photo for photo in clean_photos(data) if photo.is_validation == validation)


def _checkpoint(work: Path, number: int) -> Path:
    return work / f"round-{number}.pt"


def _train_round(plan: TrainingPlan, number: int, minutes: float, sources: Sequence[Source], curve: Curve) -> None:
    checkpoint, before = _checkpoint(plan.work, number), _checkpoint(plan.work, number - 1)
    going_on = checkpoint.exists()
    if going_on and spent_minutes(checkpoint) >= minutes:
        return
    origin = before if number > 1 else plan.begin
    if not going_on and origin is not None:
        begin_from(origin, checkpoint)
    curve.begin(round=number)
    train(
        sources,
        checkpoint,
        minutes,
        rate=plan.rate,
        seed=plan.seed + number,
        threads=plan.threads,
        resume=True,
        note=curve.note,
    )


def _self_labeled(plan: TrainingPlan, number: int, say: Callable[[str], None]) -> list[LabeledFace]:
    """The faces that the round before can read, kept for this round."""
    path = plan.work / f"self-labeled-{number}.npz"
    if not path.exists():
        weights = plan.work / f"round-{number - 1}.onnx"
        export(_checkpoint(plan.work, number - 1), weights)
        faces, counts = label_faces(weights, _pills(plan))
        say(", ".join(f"{count} {name}" for name, count in counts.items()))
        save_faces(path, faces)
    return load_faces(path)


def _pills(plan: TrainingPlan) -> Iterable[KnownPill]:
    for name in _KNOWN_SETS:
        if (plan.data / name / "labels.csv").is_file():
            yield from known_pills(plan.data / name)


def _sources(
    boxed: Sequence[LabeledFace], drawn: Sequence[LabeledFace], labeled: Sequence[LabeledFace], shares: Sequence[float]
) -> list[Source]:
    split = [_with_characters(boxed, True), _with_characters(boxed, False), list(drawn)]
    split += [_with_characters(labeled, True), _with_characters(labeled, False)]
    return [(faces, share) for faces, share in zip(split, shares, strict=True) if faces and share]


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
    last: dict[str, float | str],
) -> dict[str, object]:
    """What docs/model_card_reader.md says of a training."""
    counted: Counter[str] = class_counts([*training, *labeled])
    return {
        "minutes": plan.minutes,
        "rate": plan.rate,
        "seed": plan.seed,
        "bytes": plan.out.stat().st_size,
        "parameters": sum(weight.numel() for weight in CharacterDetector().parameters()),
        "boxed_faces": len(training),
        "boxed_validation_faces": len(validation),
        "drawn_faces": len(drawn),
        "self_labeled_faces": len(labeled),
        "self_labeled_photos": len({face.source for face in labeled}),
        "real_characters": dict(sorted(counted.items())),
        "validation": last,
    }
