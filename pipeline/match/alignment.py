"""How well tokens of the register explain what was read: alignment with every character's probabilities.

All figures are match weights in bits: log2 of how much likelier the reading is if the token stands there than if
it does not. What a token does not explain costs bits too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.records import Character
from pipeline.settings import MatchSettings
from reference.imprint_text import CHARACTERS, SIGNS, look_alike_key

# The share of each character among the imprints of NLM's C3PI tables (5,014 products): a rare character that agrees
# says more. Signs occur in about three of a thousand places.
_SHARES = (
    0.081, 0.076, 0.069, 0.064, 0.049, 0.067, 0.033, 0.046, 0.028, 0.038, 0.051, 0.012, 0.018, 0.015, 0.023, 0.007,
    0.026, 0.008, 0.021, 0.002, 0.003, 0.027, 0.029, 0.026, 0.020, 0.027, 0.001, 0.028, 0.018, 0.027, 0.007, 0.017,
    0.013, 0.007, 0.010, 0.007, *(0.003 for _ in SIGNS),
)  # fmt: skip
_ALPHABET = CHARACTERS + SIGNS
_COLUMN = {character: column for column, character in enumerate(_ALPHABET)}
_CLASSES = np.array([look_alike_key(character) for character in _ALPHABET])
# The chance of each character for each one read, where it was taken for one of its look-alikes, rows add up to 1.
_LOOK_ALIKE = (_CLASSES[:, None] == _CLASSES) / (_CLASSES[:, None] == _CLASSES).sum(1, keepdims=True)
# What may not be used costs more than anything else could gain.
_FORBIDDEN_BITS = -1e4


@dataclass(frozen=True)
class Segment:
    """The places of a face's characters that a token explains, by which of its characters, with the weight."""

    bits: float
    face: int
    places: tuple[int, ...]
    text: str


class ObservedFace:
    """The characters of one face in reading order, as weights: what each character of a register would earn there."""

    def __init__(self, characters: Sequence[Character], settings: MatchSettings) -> None:
        self.characters = tuple(characters)
        shares = np.array(_SHARES)
        probabilities = np.zeros((len(characters), len(_ALPHABET)))
        for place, character in enumerate(characters):
            for text, probability in character.alternatives:
                if text in _COLUMN:
                    probabilities[place, _COLUMN[text]] = probability
        misread = settings.misread_share
        read = (1 - 2 * misread) * probabilities + misread * (shares + probabilities @ _LOOK_ALIKE)
        self.bits: NDArray[np.float64] = np.log2(read / shares * settings.found_share)
        there = np.minimum(probabilities.sum(1), 1.0)
        stray = np.log2((1 - there) * (1 - settings.stray_share) + settings.stray_share)
        self.stray_bits: NDArray[np.float64] = np.maximum(stray, settings.stray_floor_bits)
        self.missed_bits = settings.missed_bits

    def __len__(self) -> int:
        return len(self.characters)

    def weight(self, place: int, text: str) -> float:
        """What a character of a register earns at a place."""
        return float(self.bits[place, _COLUMN[text]])


class Alignment:
    """Tokens aligned with one face: each token whole, in a stretch of the face's characters (global-local).

    ``scores[i, t, j]`` is the best weight of the first ``i`` characters of token ``t`` with the stretch ending
    before place ``j``; the stretch may begin anywhere.
    """

    def __init__(self, tokens: Sequence[str], face: ObservedFace, taken: frozenset[int] = frozenset()) -> None:
        self._tokens, self._face = tokens, face
        lengths = np.array([len(token) for token in tokens])
        columns = np.zeros((len(tokens), max(int(lengths.max(initial=1)), 1)), np.intp)
        for row, token in enumerate(tokens):
            columns[row, : len(token)] = [_COLUMN[character] for character in token]
        self._bits, stray = face.bits.copy(), face.stray_bits.copy()
        closed = sorted(taken)
        self._bits[closed], stray[closed] = _FORBIDDEN_BITS, _FORBIDDEN_BITS
        self._passed = np.concatenate([[0.0], np.cumsum(stray)])
        rows = [np.zeros((len(tokens), len(face) + 1))]
        for step in range(columns.shape[1]):
            best = rows[-1] + face.missed_bits
            best[:, 1:] = np.maximum(best[:, 1:], rows[-1][:, :-1] + self._bits[:, columns[:, step]].T)
            rows.append(np.maximum.accumulate(best - self._passed, axis=1) + self._passed)
        self._scores = np.stack(rows)
        self._lengths = lengths
        self.bits: NDArray[np.float64] = self._scores[lengths, np.arange(len(tokens))].max(axis=1)

    def segment(self, number: int, face: int) -> Segment | None:
        """Where that token stands in its best alignment, None where at no place; ``face`` is what to call the face."""
        token, scores = self._tokens[number], self._scores[:, number]
        step = int(self._lengths[number])
        end = int(scores[step].argmax())
        places: list[int] = []
        text = ""
        while step and end >= 0:
            missed = scores[step - 1, end] + self._face.missed_bits
            read = _FORBIDDEN_BITS * 9
            if end:
                read = scores[step - 1, end - 1] + self._bits[end - 1, _COLUMN[token[step - 1]]]
            here = scores[step, end]
            if end and math.isclose(here, read, abs_tol=1e-6):
                places.insert(0, end - 1)
                text = token[step - 1] + text
                step, end = step - 1, end - 1
            elif math.isclose(here, missed, abs_tol=1e-6):
                step -= 1
            else:
                end -= 1
        return Segment(float(self.bits[number]), face, tuple(places), text) if places else None


def best_segment(token: str, faces: Sequence[ObservedFace], taken: Sequence[set[int]]) -> Segment | None:
    """Where one token fits best over places not yet taken; None where it finds no place at all."""
    return best_segments([token], faces, taken)[token]


def best_segments(
    tokens: Sequence[str], faces: Sequence[ObservedFace], taken: Sequence[set[int]] | None = None
) -> dict[str, Segment | None]:
    """Where each token fits best over places not yet taken; None where it finds no place at all."""
    best: dict[str, Segment | None] = dict.fromkeys(tokens)
    for number, face in enumerate(faces):
        if not len(face):
            continue
        alignment = Alignment(tokens, face, frozenset(taken[number] if taken else ()))
        for row, token in enumerate(tokens):
            known = best[token]
            if known is None or alignment.bits[row] > known.bits:
                best[token] = alignment.segment(row, number) or known
    return best
