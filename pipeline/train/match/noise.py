"""Readings of pills whose imprint is known -> how often characters, words and looks are not what the register says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.product_index import ProductIndex
from pipeline.match.alignment import best_segments
from pipeline.match.evidence import look_rows, own_look_rows
from pipeline.match.explain import SAME_GLYPHS, distinct, explain
from pipeline.match.model import MatchModel
from pipeline.match.observed import Observed
from pipeline.match.world import ALPHABET, COLUMN
from pipeline.measure import Measurer
from pipeline.records import PillLook
from pipeline.train.match.readings import ReadPhoto
from reference.grouping import same_drug
from reference.product import Product

# A reading that shows less than this share of the imprint's characters says little of how it reads.
_LEGIBLE_SHARE = 0.5
# Pseudo-counts of the confusions: as if this many of each character had been read before, with this share of errors.
_PRIOR_COUNT, _PRIOR_ERROR = 40.0, 0.002
_ROUNDS = 30
# The share of times that a reader gives the other of two characters that look the same, such as 0 and O.
_GLYPH_ERROR = 0.02
# Other drugs have an imprint of up to this many characters by chance; a longer one is mostly the same drug under
# another name.
_TWIN_CHARACTERS = 3


@dataclass
class Counts:
    """What was counted over photos."""

    probabilities: list[NDArray[np.float64]] = field(default_factory=list)
    truths: list[int] = field(default_factory=list)
    characters: int = 0
    read: int = 0
    certain: int = 0
    stray: int = 0
    tokens: int = 0
    broken: int = 0
    photos: int = 0
    missing: int = 0
    missing_words: int = 0


def count(photos: Iterable[ReadPhoto], table: ProductIndex, model: MatchModel) -> Counts:
    """The readings against the register's imprints."""
    counts = Counts()
    for photo in photos:
        rows = table.rows(photo.truth)
        words = distinct(rows[0].imprint_key) if rows else []
        if words and len(photo.faces) > 1:
            _count_one(photo, words, model, counts)
    return counts


def _count_one(photo: ReadPhoto, words: Sequence[str], model: MatchModel, counts: Counts) -> None:
    readings = [face.reading for face in photo.faces]
    observed = Observed(readings, [reading.lines for reading in readings], model)
    fits = best_segments(words, observed.faces)
    explanation = explain(";".join(words), observed, fits)
    counts.photos += 1
    counts.missing += bool(explanation.missing)
    counts.missing_words += len(explanation.missing)
    seen = sum(len(text) for _, text in explanation.tokens.values())
    if seen < _LEGIBLE_SHARE * sum(map(len, words)):
        return
    counts.tokens += len(explanation.tokens)
    counts.broken += len(explanation.broken)
    counts.stray += len(explanation.stray)
    counts.certain += sum(len(face) for face in observed.faces)
    for word in explanation.tokens:
        segment = fits[word]
        if segment is None:
            continue
        counts.characters += len(word)
        counts.read += len(segment.indices)
        face = observed.faces[segment.face]
        for place, index in zip(segment.places, segment.indices, strict=True):
            alternatives = np.zeros(len(ALPHABET))
            for text, probability in face.characters[place].alternatives:
                if text in COLUMN:
                    alternatives[COLUMN[text]] += probability
            counts.probabilities.append(alternatives / max(alternatives.sum(), 1e-9))
            counts.truths.append(COLUMN[word[index]])


def fit_confusions(counted: Sequence[Counts], shares: NDArray[np.float64]) -> dict[str, dict[str, float]]:
    """What stands there where the reader says a character, by expectation maximization over its alternatives."""
    read = np.array([each for counts in counted for each in counts.probabilities])
    truth = np.array([each for counts in counted for each in counts.truths])
    size = len(ALPHABET)
    prior = _PRIOR_COUNT * (_PRIOR_ERROR * shares[None, :] + (1 - _PRIOR_ERROR) * np.eye(size))
    for group in SAME_GLYPHS:
        columns = [COLUMN[character] for character in group]
        prior[np.ix_(columns, columns)] += _PRIOR_COUNT * _GLYPH_ERROR
    table = prior / prior.sum(axis=1, keepdims=True)
    for _ in range(_ROUNDS):
        weights = read * table[:, truth].T
        weights /= weights.sum(axis=1, keepdims=True)
        found = prior.copy()
        np.add.at(found.T, truth, weights)
        table = found / found.sum(axis=1, keepdims=True)
    return {
        said: {ALPHABET[column]: round(float(table[row, column]), 6) for column in np.flatnonzero(table[row] > 1e-6)}
        for row, said in enumerate(ALPHABET)
    }


def reading_shares(counts: Counts) -> dict[str, float]:
    """The shares of ``pipeline.match.model.Shares`` that the counts give."""
    return {
        "found": counts.read / counts.characters,
        "stray": counts.stray / counts.certain,
        "broken": (counts.broken + 1) / (counts.tokens + 1),
    }


def missing_shares(counts: Counts) -> dict[str, float]:
    """What of ``pipeline.match.model.RegisterErrors`` the counts give."""
    return {
        "missed": counts.missing / counts.photos,
        "further": (counts.missing_words - counts.missing + 1) / (counts.missing + 1),
    }


@dataclass(frozen=True)
class Looked:
    """A pill's look in a photo, and the register's row for it."""

    look: PillLook
    product: Product


def looked_at(photos: Iterable[ReadPhoto], table: ProductIndex) -> list[Looked]:
    """The looks of photos whose row is known."""
    measurer = Measurer()
    rows = ((photo, table.rows(photo.truth)) for photo in photos)
    return [Looked(photo.look(measurer), found[0]) for photo, found in rows if found]


def twin_look(looked: Sequence[Looked], table: ProductIndex, model: MatchModel) -> float:
    """The share of the products with another drug's short imprint that also look like that drug's in a photo.

    How likely the other's look makes the photo, beside the own one's, is on average this share and, of the rest, what
    a pill at large would be.
    """
    ratios, chances = [], []
    for each in looked:
        own = _look_bits(each.product, each.look, model)
        if 0 < len(each.product.imprint_key.replace(";", "")) <= _TWIN_CHARACTERS:
            for other in table.of_imprint(each.product.imprint_key):
                if not same_drug(each.product, other):
                    ratios.append(min(2.0 ** (_look_bits(other, each.look, model) - own), 1.0))
                    chances.append(min(2.0**-own, 1.0))
    chance = sum(chances) / len(chances)
    return max((sum(ratios) / len(ratios) - chance) / (1 - chance), 0.0)


def _look_bits(product: Product, look: PillLook, model: MatchModel) -> float:
    return sum(row.bits for row in look_rows(product, look, model))


def best_share(looked: Sequence[Looked], model_of: Callable[[float], MatchModel], grid: Sequence[float]) -> float:
    """The value on a grid under which the looks of the photos are most likely."""

    def likelihood(value: float) -> float:
        model = model_of(value)
        return sum(_look_bits(each.product, each.look, model) for each in looked)

    return max(grid, key=likelihood)


def outline_errors(looked: Sequence[Looked], model: MatchModel, bits: float) -> float:
    """The share of photos in which more than one part of the look contradicts its own product."""
    wrong = [sum(row.bits <= bits for row in own_look_rows(each.product, each.look, model)) for each in looked]
    return (sum(number > 1 for number in wrong) + 1) / (len(wrong) + 1)
