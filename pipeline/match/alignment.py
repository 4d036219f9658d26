"""How well tokens of the register explain what was read: alignment with every character's probabilities.

All figures are match weights in bits: log2 of how much likelier the reading is if the token stands there than if
characters drawn at random do. What a token does not explain costs bits too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.match.model import MatchModel
from pipeline.match.world import ALPHABET, COLUMN, Tokens, kind_of
from pipeline.records import Character, Line
from reference.text.imprints import SIGNS

# Forbidden steps have this weight: no gain elsewhere makes up for it.
_FORBIDDEN_BITS = -1e4
_KINDS = "dLs"


@dataclass(frozen=True)
class Segment:
    """Where a token stands on a face, and its weight.

    ``places`` on the face and ``indices`` in the token belong together, one for each character. ``within``: the token
    lies in one line or takes whole lines. ``rest``: where the token goes on on another face (``around.py``); ``bits``
    are those of both parts then. ``is_cut``: a part of a word, the rest of which no face shows.
    """

    bits: float
    face: int
    places: tuple[int, ...]
    indices: tuple[int, ...]
    within: bool = True
    rest: Segment | None = None
    is_cut: bool = False

    @property
    def parts(self) -> tuple[Segment, ...]:
        """The part on each face."""
        return (self,) if self.rest is None else (self, self.rest)


class ObservedFace:
    """The lines of one face as weights: how well each character of a register fits each place.

    Attributes:
        characters: in reading order; ``line_of`` says of which line each is.
        truth: ``(n, 41)``, the probability of each character of the alphabet, given that one stands there.
        bits: ``(n, 41)``, the weight of each such character.
        stray_bits: ``(n,)``, the weight of a place if nothing stands there.
        world_bits: ``(n,)``, the weight of each place by the imprints of pills at large, whatever the product.
    """

    def __init__(self, lines: Sequence[Line], model: MatchModel) -> None:
        world, shares = model.world, model.shares
        self.characters: tuple[Character, ...] = tuple(each for line in lines for each in line.characters)
        self.line_of = np.repeat(np.arange(len(lines)), [len(line.characters) for line in lines])
        self._world = world
        probabilities = np.zeros((len(self.characters), len(ALPHABET)))
        for place, character in enumerate(self.characters):
            for text, probability in character.alternatives:
                if text in COLUMN:
                    probabilities[place, COLUMN[text]] = probability
        there = np.minimum(probabilities.sum(1), 1.0)
        self.truth: NDArray[np.float64] = probabilities @ world.confusions / np.maximum(there, 1e-9)[:, None]
        # If the alternatives sum to less than 1, the rest stands for another character or none. It favors no token, so
        # it is spread as characters are at large.
        read = self.truth * there[:, None] + (1 - there[:, None]) * world.shares
        self.bits: NDArray[np.float64] = np.log2(read / world.shares * shares.found)
        # A sign that no token takes says nothing: registers leave out the point of 2.5.
        sign = np.array([character.text in SIGNS for character in self.characters], bool)
        self.stray_bits: NDArray[np.float64] = np.where(sign, 0.0, np.log2(1 - there * (1 - shares.stray)))
        self.is_sign = sign
        self.missed_bits = math.log2(1 - shares.found)
        starts = np.flatnonzero(np.diff(self.line_of, prepend=-1))
        self.break_bits = np.zeros(len(self.characters))
        self.break_bits[starts[1:]] = math.log2(shares.broken)

    def __len__(self) -> int:
        return len(self.characters)

    @property
    def lines(self) -> list[NDArray[np.intp]]:
        """The places of each line."""
        return [np.flatnonzero(self.line_of == line) for line in dict.fromkeys(self.line_of.tolist())]

    def lies_within(self, places: Sequence[int]) -> bool:
        """Whether the places lie in one line, or begin and end with lines."""
        first, last = places[0], places[-1]
        if self.line_of[first] == self.line_of[last]:
            return True
        begins = first == 0 or self.line_of[first - 1] != self.line_of[first]
        ends = last == len(self) - 1 or self.line_of[last + 1] != self.line_of[last]
        return bool(begins and ends)

    @cached_property
    def pattern(self) -> str:
        """The kind of each character (``kind_of``)."""
        return "".join(kind_of(each.text) for each in self.characters)

    @cached_property
    def spelled(self) -> NDArray[np.float64]:
        """``(n,)``, the weight of each place by the characters of its kind at large."""
        if not len(self):
            return np.zeros(0)
        by_kind = np.log2(2.0**self.bits @ self._world.kinds.T)
        kind = np.array([_KINDS.index(each) for each in self.pattern], np.intp)
        return np.asarray(np.maximum(by_kind[np.arange(len(self)), kind], self.stray_bits), np.float64)

    @cached_property
    def world_bits(self) -> NDArray[np.float64]:
        """The weight of each place by the words of pills at large: frequent words where they fit, else patterns."""
        pattern, spelled = self.pattern, self.spelled

        def as_pattern(places: NDArray[np.intp]) -> float:
            return float(spelled[places].sum()) + self._world.pattern_bits("".join(pattern[p] for p in places))

        values = np.zeros(len(self))
        free = ~self.is_sign
        for gain, places in self._frequent_words():
            if free[places].all() and gain > as_pattern(places):
                free[places] = False
                values[places] = gain / len(places)
        for line in self.lines:
            left = line[free[line]]
            for run in np.split(left, np.flatnonzero(np.diff(left) > 1) + 1):
                if len(run):
                    values[run] = as_pattern(run) / len(run)
            own = line[~self.is_sign[line]]
            whole = as_pattern(own) if len(own) else 0.0
            if len(own) and whole > values[own].sum():
                values[own] = whole / len(own)
        return values

    def _frequent_words(self) -> list[tuple[float, NDArray[np.intp]]]:
        """Frequent words that could stand on the face, with their places and weights, the best first."""
        if not len(self):
            return []
        words, shares = self._world.frequent
        alignment = Alignment(words, self)
        gains = alignment.bits + shares
        found = []
        for number in np.argsort(-gains, kind="stable")[:_WORDS_TRIED]:
            segment = alignment.segment(int(number), 0)
            if segment and segment.within:
                found.append((float(gains[number]), np.array(segment.places, np.intp)))
        return found


# Only so many frequent words are tried together, the best: a face carries a few.
_WORDS_TRIED = 24


class Alignment:
    """Tokens aligned with one face: each token whole, in a stretch of the face's characters (global-local).

    ``scores[i][t, j]`` is the best weight of the first ``i`` characters of token ``t`` with the stretch ending before
    place ``j``; the stretch may begin anywhere.
    """

    def __init__(self, tokens: Tokens, face: ObservedFace, taken: frozenset[int] = frozenset()) -> None:
        self._tokens, self._face = tokens, face
        self._bits, stray = face.bits, face.stray_bits
        if taken:
            closed = sorted(taken)
            self._bits, stray = self._bits.copy(), stray.copy()
            self._bits[closed], stray[closed] = _FORBIDDEN_BITS, _FORBIDDEN_BITS
        # A token that runs over the end of a line loses the weight for the break at the first character of the next
        # line.
        self._inner = self._bits + face.break_bits[:, None]
        passed = np.concatenate([[0.0], np.cumsum(stray + face.break_bits)])
        rows = [np.zeros((len(tokens), len(face) + 1))]
        bits = np.zeros(len(tokens))
        table = np.ascontiguousarray(self._bits.T)
        inner = np.ascontiguousarray(self._inner.T)
        for step in range(tokens.columns.shape[1]):
            count, done = tokens.longer[step], tokens.longer[step + 1]
            best = rows[-1][:count] + face.missed_bits
            np.maximum(best[:, 1:], rows[-1][:count, :-1] + table[tokens.columns[:count, step]], out=best[:, 1:])
            best -= passed
            np.maximum.accumulate(best, axis=1, out=best)
            best += passed
            rows.append(best)
            bits[tokens.order[done:count]] = best[done:].max(axis=1)
            table = inner
        self._scores = rows
        self.bits: NDArray[np.float64] = bits

    def segment(self, number: int, face: int) -> Segment | None:
        """The best alignment of a token, None where it fits nowhere; ``face`` is the face's number."""
        token, row = self._tokens.texts[number], int(self._tokens.row[number])
        step = len(token)
        end = int(self._scores[step][row].argmax())
        places: list[int] = []
        indices: list[int] = []
        while step and end >= 0:
            before = self._scores[step - 1][row]
            read = _FORBIDDEN_BITS * 9
            if end:
                weights = self._inner if step > 1 else self._bits
                read = before[end - 1] + weights[end - 1, COLUMN[token[step - 1]]]
            here = self._scores[step][row, end]
            if end and math.isclose(here, read, abs_tol=1e-6):
                places.append(end - 1)
                indices.append(step - 1)
                step, end = step - 1, end - 1
            elif math.isclose(here, before[end] + self._face.missed_bits, abs_tol=1e-6):
                step -= 1
            else:
                end -= 1
        if not places:
            return None
        places.reverse()
        indices.reverse()
        within = self._face.lies_within(places)
        return Segment(float(self.bits[number]), face, tuple(places), tuple(indices), within)


def best_segment(token: str, faces: Sequence[ObservedFace], taken: Sequence[set[int]]) -> Segment | None:
    """The best alignment of one token with places not yet taken; None where none is left."""
    return best_segments([token], faces, taken)[token]


def best_segments(
    tokens: Sequence[str],
    faces: Sequence[ObservedFace],
    taken: Sequence[set[int]] | None = None,
    floor_bits: float = _FORBIDDEN_BITS,
) -> dict[str, Segment | None]:
    """The best alignment of each token with places not yet taken; None where its weight is not above ``floor_bits``."""
    best: dict[str, Segment | None] = dict.fromkeys(tokens)
    ready = Tokens(tokens)
    for number, face in enumerate(faces):
        if not len(face) or not tokens:
            continue
        alignment = Alignment(ready, face, frozenset(taken[number] if taken else ()))
        for row in np.flatnonzero(alignment.bits > floor_bits).tolist():
            known = best[tokens[row]]
            if known is None or alignment.bits[row] > known.bits:
                best[tokens[row]] = alignment.segment(row, number) or known
    return best
