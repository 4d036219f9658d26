"""What the reader's networks are trained from, where and how long, and a training that goes by it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.train.common.learning_curve import LearningCurve
from pipeline.train.common.loop import TrainingTask, run, spent_minutes


@dataclass(frozen=True)
class TrainingPlan:
    """One training of a network.

    ``data`` holds the photo sets, ``out`` is the ONNX file to write, ``work`` keeps the state; ``drawn`` is the folder
    of drawn banks, completed to ``drawn_count`` faces with ``fonts`` besides the built-in ones. ``begin`` is a small
    checkpoint of an earlier training to go on from; one is written beside ``out``. ``limit`` keeps to so many photos
    a set and faces a bank, and the weights written are to the share ``keep`` those begun from, where the training
    knows it.
    """

    data: Path
    out: Path
    work: Path
    drawn: Path
    drawn_count: int
    fonts: Path | None
    minutes: float
    rate: float
    seed: int
    threads: int
    begin: Path | None
    limit: int | None = None
    keep: float = 0.0


def run_planned(task: TrainingTask, checkpoint: Path, plan: TrainingPlan, curve: LearningCurve) -> None:
    """Train as planned, or go on where the checkpoint's training was cut off; nothing where its minutes are spent."""
    if spent_minutes(checkpoint) < plan.minutes:
        run(
            task,
            checkpoint,
            plan.minutes,
            rate=plan.rate,
            seed=plan.seed,
            threads=plan.threads,
            resume=True,
            note=curve.note,
        )
