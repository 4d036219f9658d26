"""Faces whose text is known but not its places -> labeled faces, where a reading agrees with the text one to one.

The register says what stands on the whole pill, in no order and not on which face. A face is accepted when every
character found on it is assigned to one of some of the imprint's words, each with a fair probability, and when what
is left of the imprint can stand on the other face. The text then corrects the reading: retrain, read again.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from pipeline.evaluate.sets import LabeledPhoto, SetKind, open_set
from pipeline.evaluate.split import is_validation
from pipeline.imprint.detector import presence
from pipeline.records import Character
from pipeline.train.cutting import cut_face, photo_faces
from pipeline.train.detect import detect
from pipeline.train.faces import LabeledFace
from pipeline.train.network import CLASSES
from reference.imprint_text import tokens, without_signs

# The network is asked for what it finds at these floors in turn; the first at which all is explained counts.
_FLOORS = (0.35, 0.25, 0.5, 0.18)
# -ln probability of the text's character: none below 0.10, and half of them above 0.55.
_WORST_COST = 2.3
_MEDIAN_COST = 0.6
# An explanation with more characters is preferred to one with fewer: each is worth this much cost.
_CHARACTER_WORTH = 0.5
_LEAST_PROBABILITY = 1e-4
# More words would give too many subsets; no pill has as many on one face.
_MOST_WORDS = 7
# Something stands on a face where a character is this present, nothing where none is as present as the second.
_SOMETHING = 0.3
_NOTHING = 0.2
_NO_CHARACTERS: NDArray[np.float32] = np.zeros((0, 6), np.float32)


@dataclass(frozen=True)
class KnownPill:
    """One pill's faces in one photo and the words on them; ``empty_is_blank``: no words means that it bears none."""

    faces: tuple[LabeledFace, ...]
    words: tuple[str, ...]
    empty_is_blank: bool = False


@dataclass(frozen=True)
class Explanation:
    """Characters found on one face with the letter each must be; ``whole``: they are all the words."""

    pairs: tuple[tuple[Character, str], ...]
    whole: bool


Labels = tuple[tuple[Character, str], ...]


def explain(found: Sequence[Character], words: Sequence[str]) -> Explanation | None:
    """Explain all characters found on a face by some of the words, each once or each twice; None where that fails."""
    for floor in _FLOORS:
        chosen = [character for character in found if presence(character) >= floor]
        fits = [fit for subset in _subsets(words[:_MOST_WORDS]) if (fit := _fit(chosen, subset)) is not None]
        if fits:
            _, pairs, count = min(fits, key=lambda fit: fit[0])
            return Explanation(pairs, count == len(words))
    return None


def _subsets(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return itertools.chain.from_iterable(itertools.combinations(words, count) for count in range(1, len(words) + 1))


def _fit(chosen: Sequence[Character], subset: Sequence[str]) -> tuple[float, Labels, int] | None:
    text = "".join(subset)
    if not chosen or len(chosen) % len(text) or len(chosen) // len(text) > 2:
        return None
    text *= len(chosen) // len(text)  # registers list a repeated word once
    costs = np.array(
        [
            [-math.log(max(dict(character.alternatives).get(letter, 0.0), _LEAST_PROBABILITY)) for letter in text]
            for character in chosen
        ]
    )
    rows, cols = linear_sum_assignment(costs)
    each = costs[rows, cols]
    if each.max() >= _WORST_COST or np.median(each) >= _MEDIAN_COST:
        return None
    pairs = tuple((chosen[row], text[col]) for row, col in zip(rows, cols, strict=True))
    return float(each.sum()) - _CHARACTER_WORTH * len(text), pairs, len(subset)


def accept(found: Sequence[Sequence[Character]], words: Sequence[str], empty_is_blank: bool) -> list[Labels | None]:
    """What each face of a pill is accepted as: its characters, nothing (it is blank), or None (not accepted).

    ``found`` are the characters of each face that the pill shows, ``words`` all that stands on the pill. A face that
    is explained by part of the words is accepted only where another shows something too. A face without characters is
    accepted as blank only where another bears all the words, or where the pill is known to bear none.
    """
    if not words:
        return [() if empty_is_blank else None for _ in found]
    strongest = [max(map(presence, characters), default=0.0) for characters in found]
    explanations = [
        explain(characters, words) if strong >= _SOMETHING else None
        for characters, strong in zip(found, strongest, strict=True)
    ]
    labels: list[Labels | None] = []
    for number, explanation in enumerate(explanations):
        others = [other for other in range(len(found)) if other != number]
        if explanation and (explanation.whole or any(strongest[other] >= _SOMETHING for other in others)):
            labels.append(explanation.pairs)
        elif strongest[number] < _NOTHING and any(each and each.whole for each in explanations):
            labels.append(())
        else:
            labels.append(None)
    return labels


def known_pills(folder: Path) -> Iterator[KnownPill]:
    """The training part of a photo set whose imprints are known: each photo's faces, cut out, and their words.

    Raises:
        PhotoSetError: the set is missing or broken.
    """
    photo_set = open_set(folder)
    for photo in photo_set.photos:
        if is_validation(photo.truth.imprint or ""):
            continue
        if photo_set.kind is not SetKind.RXIMAGE and not photo.truth.imprint:
            continue  # there a missing imprint is one nobody noted
        faces = _faces(photo, 1 if photo_set.kind is SetKind.CONSUMER else 2)
        if faces:
            yield KnownPill(faces, _words(photo.truth.shown or photo.truth.imprint or ""), not photo.truth.imprint)


def _words(imprint: str) -> tuple[str, ...]:
    return tuple(without_signs(token) for token in tokens(imprint))


def _faces(photo: LabeledPhoto, most: int) -> tuple[LabeledFace, ...]:
    found = photo_faces(photo.path)
    if found is None:
        return ()
    pixels, regions = found
    imprint = photo.truth.imprint or ""
    return tuple(cut_face(pixels, region, _NO_CHARACTERS, imprint, photo.name) for region in regions[:most])


def label_faces(weights: Path, pills: Iterable[KnownPill]) -> tuple[list[LabeledFace], Counter[str]]:
    """The faces that a reading by these weights and the known words agree on, and counts of what was done."""
    kept: list[LabeledFace] = []
    counts: Counter[str] = Counter()
    for pill in pills:
        found = [[c for c in characters if c.text != "LOGO"] for characters in detect(weights, pill.faces)]
        for face, labels in zip(pill.faces, accept(found, pill.words, pill.empty_is_blank), strict=True):
            counts["faces"] += 1
            if labels is None:
                continue
            counts["lettered" if labels else "blank"] += 1
            counts["corrected characters"] += sum(character.text != letter for character, letter in labels)
            kept.append(LabeledFace(face.gray, face.mask, face.outline, _rows(labels), face.imprint, face.source))
    return kept, counts


def _rows(labels: Labels) -> NDArray[np.float32]:
    rows = [(c.col, c.row, c.width_px, c.height_px, c.turn_deg, CLASSES.index(letter)) for c, letter in labels]
    return np.array(rows, np.float32).reshape(-1, 6)
