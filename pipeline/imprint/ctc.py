"""A recognizer's time steps to characters, admitting only what stands on pills."""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from reference.text.imprints import CHARACTERS, SIGNS

ADMITTED = CHARACTERS + SIGNS


@dataclass(frozen=True)
class Step:
    """One decoded character: what it may be, best first, and where it lies along the strip (0-1)."""

    alternatives: tuple[tuple[str, float], ...]
    place: float


@dataclass(frozen=True, eq=False)
class Alphabet:
    """Which of a recognizer's classes count: class 0 is the blank, then ``classes`` with what each may mean.

    ``fold`` is ``(classes, admitted characters)`` float32; each row sums to 1.
    """

    classes: NDArray[np.intp]
    fold: NDArray[np.float32]


@cache
def own_alphabet() -> Alphabet:
    """Our recognizer's classes: the admitted characters themselves."""
    return Alphabet(np.arange(1, len(ADMITTED) + 1), np.eye(len(ADMITTED), dtype=np.float32))


@cache
def ppocr_alphabet() -> Alphabet:
    """PP-OCR's classes: class 1 + i is the i-th character of its dictionary.

    That begins with ASCII's signs, digits, capitals and small letters. A small ``l`` is drawn as a stroke and means I
    or 1 as often as L: it is shared among the three.
    """
    columns, targets = [], []
    for index, known in enumerate(string.punctuation + string.digits + string.ascii_uppercase + string.ascii_lowercase):
        spread = {"l": "1IL", "|": "1I"}.get(known, known.upper())
        row = np.array([spread.count(character) / len(spread) for character in ADMITTED], np.float32)
        if row.any():
            columns.append(index + 1)
            targets.append(row)
    return Alphabet(np.array(columns), np.stack(targets))


def decode(probabilities: NDArray[np.float32], alphabet: Alphabet, share: float = 1.0) -> tuple[Step, ...]:
    """Best-path CTC decoding over the admitted characters.

    Args:
        probabilities: ``(steps, classes)`` float32, each row summing to 1.
        alphabet: what the classes mean.
        share: the part of the steps that is strip and not padding.

    A character's probability is taken at its most certain step. What the recognizer gives to characters that
    are not admitted stays missing from the sum, as "not a character".
    """
    blank = probabilities[:, 0]
    admitted = probabilities[:, alphabet.classes] @ alphabet.fold
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
