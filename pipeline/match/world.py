"""What is written on pills at large and how they look: the model of a pill that the catalog lacks.

A pill that nobody listed bears an imprint all the same, and not one of random letters: makers' names, strengths and
numbers in series. ``World`` says how likely a word is on a pill drawn at random, by how often the registers of three
countries have it, and where they have it too seldom, by its pattern (three digits, two letters and a digit, ...) and
its characters. Every weight of a token is measured against that: ``WESTWARD`` on a pill says little, ``785`` says much.

Fitted by ``python -m pipeline.train match``; how well it foretells how many products share an imprint stands in
docs/trust.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.properties import TERMS
from reference.text.imprints import CHARACTERS, SIGNS

ALPHABET = CHARACTERS + SIGNS
COLUMN = {character: column for column, character in enumerate(ALPHABET)}
_CLASSES = "dLs"
# Smallest probability of a name. Among 10,000 words absolute discounting gives a word that occurs once 0.25 / 10,000.
# That is taken four times, since a maker's name also stands on products that the registers lack.
_WORD_SHARE_MIN = 1e-4
_NAME_MIN = 3
# A word that 1 in 2,500 of all words on pills is stands on many products: a maker's name.
_MAKER_SHARE_MIN = 4e-4


def kind_of(character: str) -> str:
    """``d`` for a digit, ``L`` for a letter, ``s`` for a sign."""
    return "d" if character.isdigit() else "L" if character.isalpha() else "s"


def pattern_of(token: str) -> str:
    """The token's characters by kind: ``A25`` gives ``Ldd``."""
    return "".join(map(kind_of, token))


class Tokens:
    """Tokens made ready to be aligned: the longest first, so that each step takes those it needs."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.texts = tuple(tokens)
        lengths = np.array([len(token) for token in tokens], np.intp)
        self.order = np.argsort(-lengths, kind="stable")
        self.row = np.empty(len(tokens), np.intp)
        self.row[self.order] = np.arange(len(tokens))
        longest = int(lengths.max(initial=1))
        self.columns = np.zeros((len(tokens), longest), np.intp)
        for row, number in enumerate(self.order):
            self.columns[row, : lengths[number]] = [COLUMN[character] for character in tokens[number]]
        # longer[n]: how many tokens have more than n characters.
        self.longer = [int((lengths > step).sum()) for step in range(longest + 1)]

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, eq=False)
class World:
    """The imprints and looks of pills at large.

    Attributes:
        words: the probability of each frequent word among all words of imprints.
        patterns: the probability of each pattern among all words; those not named share ``other_pattern``.
        characters: of the characters of each kind, the probability of each.
        confusions: ``(41, 41)`` float64, rows add up to 1: what stands on the pill where the reader says a character.
        one_word: the share of imprints that are one word alone, by market; under "" that of all markets together.
        looks: of each property told in terms, what share of pills has each; terms not named share ``other_look``.
    """

    words: Mapping[str, float]
    patterns: Mapping[str, float]
    characters: Mapping[str, Mapping[str, float]]
    confusions: NDArray[np.float64]
    one_word: Mapping[str, float]
    looks: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    other_pattern: float = 1e-5
    other_look: float = 0.001

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> World:
        """From the plain values of ``weights/match.json``."""
        confusions = np.zeros((len(ALPHABET), len(ALPHABET)))
        for read, true in values["confusions"].items():
            for character, share in true.items():
                confusions[COLUMN[read], COLUMN[character]] = share
        looks = {each.name: values.get(each.shares, {}) for each in TERMS}
        others = {key: value for key, value in values.items() if key not in {each.shares for each in TERMS}}
        return cls(**{**others, "confusions": confusions, "looks": looks})

    @cached_property
    def kinds(self) -> NDArray[np.float64]:
        """``(3, 41)``: of the characters of each kind (digit, letter, sign) the probability of each."""
        table = np.zeros((len(_CLASSES), len(ALPHABET)))
        for row, kind in enumerate(_CLASSES):
            for character, share in self.characters[kind].items():
                table[row, COLUMN[character]] = share
        return table

    @cached_property
    def shares(self) -> NDArray[np.float64]:
        """``(41,)``: the share of each character among all that stand on pills."""
        weights = dict.fromkeys(_CLASSES, 0.0)
        for pattern, share in self.patterns.items():
            for kind in pattern:
                weights[kind] += share
        total = np.array([weights[kind] for kind in _CLASSES])
        return np.asarray(np.maximum(total / total.sum(), 1e-4) @ self.kinds, np.float64)

    @cached_property
    def frequent(self) -> tuple[Tokens, NDArray[np.float64]]:
        """The frequent words, ready to be aligned, and log2 of their probability."""
        return Tokens(tuple(self.words)), np.log2(np.array(list(self.words.values())))

    @cached_property
    def _rest(self) -> float:
        return 1.0 - sum(self.words.values())

    def pattern_bits(self, pattern: str) -> float:
        """log2 of the probability that a word has that pattern and is none of the frequent ones."""
        return math.log2(self._rest * self.patterns.get(pattern, self.other_pattern))

    def is_maker(self, word: str) -> bool:
        """Whether it is a word of letters that many products bear; those of a series share it."""
        return word.isalpha() and len(word) >= _NAME_MIN and self.words.get(word, 0.0) >= _MAKER_SHARE_MIN

    def word_bits(self, word: str) -> float:
        """log2 of the probability of a word, frequent or not."""
        spelled = 2.0 ** self.pattern_bits(pattern_of(word))
        for character in word:
            spelled *= self.characters[kind_of(character)].get(character, 1e-4)
        known = self.words.get(word, _WORD_SHARE_MIN if word.isalpha() and len(word) >= _NAME_MIN else 0.0)
        return math.log2(known + spelled)
