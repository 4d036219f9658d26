"""A recognizer's time steps to characters, admitting only what stands on pills."""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from reference.imprint_text import CHARACTERS, SIGNS

ADMITTED = CHARACTERS + SIGNS


@dataclass(frozen=True)
class Step:
    """One decoded character: what it may be, best first, and where it lies along the strip (0-1)."""

    alternatives: tuple[tuple[str, float], ...]
    place: float


@cache
def _fold() -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Which of PP-OCR's classes are admitted, and the (classes, characters) matrix that folds case.

    Class 0 is the blank, class 1 + i the i-th character of its dictionary, which begins with ASCII's signs, digits,
    capitals and small letters.
    A small ``l`` is drawn as a stroke and means I or 1 as often as L: it is shared among the three.
    """
    columns, targets = [], []
    for index, known in enumerate(string.punctuation + string.digits + string.ascii_uppercase + string.ascii_lowercase):
        spread = {"l": "1IL", "|": "1I"}.get(known, known.upper())
        row = np.array([spread.count(character) / len(spread) for character in ADMITTED], np.float32)
        if row.any():
            columns.append(index + 1)
            targets.append(row)
    return np.array([0, *columns]), np.stack(targets)


def decode(probabilities: NDArray[np.float32], share: float = 1.0) -> tuple[Step, ...]:
    """Best-path CTC decoding over the admitted characters.

    Args:
        probabilities: ``(steps, classes)`` float32, each row summing to 1.
        share: the part of the steps that is strip and not padding.

    A character's probability is taken at its most certain step. What the recognizer gives to characters that
    are not admitted stays missing from the sum, as "not a character".
    """
    classes, fold = _fold()
    blank = probabilities[:, 0]
    admitted = probabilities[:, classes[1:]] @ fold
    best = np.where(admitted.max(axis=1) > blank, admitted.argmax(axis=1), -1)
    steps: list[Step] = []
    start = 0
    for end in range(1, len(best) + 1):
        if end < len(best) and best[end] == best[start]:
            continue
        if best[start] >= 0:
            steps.append(_step(admitted, slice(start, end), int(best[start]), share))
        start = end
    return tuple(steps)


def _step(admitted: NDArray[np.float32], run: slice, winner: int, share: float) -> Step:
    peak = run.start + int(admitted[run, winner].argmax())
    order = np.argsort(-admitted[peak])[:5]
    probable = [i for i in order if admitted[peak, i] > 0.005 or i == winner]
    alternatives = tuple((ADMITTED[i], min(1.0, float(admitted[peak, i]))) for i in probable)
    weights = admitted[run, winner]
    place = float((np.arange(run.start, run.stop) + 0.5) @ weights / weights.sum()) / (len(admitted) * share)
    return Step(alternatives, min(1.0, place))
