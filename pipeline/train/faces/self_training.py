"""Faces whose text is known but not its places -> labeled faces, where a reading agrees with the text one to one.

The register says what stands on the whole pill, in no order and not on which face. A face is accepted when every
character read on it is assigned to one of some of the imprint's words, each with a fair probability, and when what
is left of the imprint can stand on the other face. The text then corrects the reading: retrain, read again. The reader
is the default one: beside its neighbors on a strip a character is read that the detector still misses by itself.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from pipeline.evaluate.set_layouts import SetKind
from pipeline.evaluate.sets import LabeledPhoto, PhotoSet, open_set
from pipeline.imprint import default_reader
from pipeline.imprint.detector import presence
from pipeline.imprint.protocol import Reader
from pipeline.records import Character, Photo, PillRegion
from pipeline.train.faces.cutting import cut_face, photo_faces
from pipeline.train.faces.face_file import kept_faces
from pipeline.train.faces.labeled import IGNORED, LabeledFace
from pipeline.train.reader.character_network import CLASSES
from reference.text.imprints import SIGNS, tokens, without_signs

# Every character found with at least this probability must be explained by the imprint's words. The floors are tried in
# this order, and the first at which that works counts; the reader finds no characters below the first.
_FLOORS = (0.5, 0.8)
# -ln probability of the text's character: none below 0.10, and half of them above 0.55.
_WORST_COST = 2.3
_MEDIAN_COST = 0.6
# An explanation with more characters is preferred to one with fewer: each character takes this much off the cost.
_CHARACTER_WORTH = 0.5
_PROBABILITY_MIN = 1e-4
# More words would give too many subsets; no pill has as many on one face.
_WORDS_MAX = 7


@dataclass(frozen=True, eq=False)
class KnownPill:
    """One pill's faces in one photo and its imprint; ``empty_is_blank``: no imprint means that it bears none."""

    photo: Photo
    regions: tuple[PillRegion, ...]
    imprint: str
    source: str
    empty_is_blank: bool = False


@dataclass(frozen=True)
class LabeledCharacters:
    """Characters found on one face with the letter each must be; ``whole``: they are all the words."""

    pairs: tuple[tuple[Character, str], ...]
    whole: bool


Labels = tuple[tuple[Character, str], ...]
_KNOWN_SETS = ("rximage300", "tfda", "consumer")


def explain(found: Sequence[Character], words: Sequence[str]) -> LabeledCharacters | None:
    """Explain all characters found on a face by some of the words, each once or each twice; None where that fails."""
    for floor in _FLOORS:
        chosen = [character for character in found if presence(character) >= floor]
        fits = [fit for subset in _subsets(words[:_WORDS_MAX]) if (fit := _fit(chosen, subset)) is not None]
        if fits:
            _, pairs, count = min(fits, key=lambda fit: fit[0])
            return LabeledCharacters(pairs, count == len(words))
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
            [-math.log(max(dict(character.alternatives).get(letter, 0.0), _PROBABILITY_MIN)) for letter in text]
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
    explanations = [explain(characters, words) if characters else None for characters in found]
    labels: list[Labels | None] = []
    for number, explanation in enumerate(explanations):
        others = [characters for other, characters in enumerate(found) if other != number]
        if explanation and (explanation.whole or any(others)):
            labels.append(explanation.pairs)
        elif not found[number] and any(each and each.whole for each in explanations):
            labels.append(())
        else:
            labels.append(None)
    return labels


def self_labeled(data: Path, work: Path, say: Callable[[str], None]) -> list[LabeledFace]:
    """The faces of the photo sets in ``data`` that the reader that ships can read, kept in ``work``."""

    def labeled(folder: Path) -> list[LabeledFace]:
        faces, counts = label_faces(default_reader(), known_pills(folder))
        say(f"{folder.name}: " + ", ".join(f"{count} {what}" for what, count in counts.items()))
        return faces

    folders = known_folders(data)
    kept = (kept_faces(work / f"self-labeled-{folder.name}.npz", partial(labeled, folder)) for folder in folders)
    return [face for faces in kept for face in faces]


def known_folders(data: Path) -> list[Path]:
    """The photo sets in ``data`` whose imprints are known, not the places of their characters."""
    return [data / name for name in _KNOWN_SETS if (data / name / "labels.csv").is_file()]


def known_photos(photo_set: PhotoSet) -> Iterator[LabeledPhoto]:
    """The photos of a set whose text is known."""
    for photo in photo_set.photos:
        # In RxIMAGE a missing imprint means a blank pill; in other sets nobody noted it.
        if photo.truth.imprint or photo_set.kind is SetKind.RXIMAGE:
            yield photo


def known_pills(folder: Path, limit: int | None = None) -> Iterator[KnownPill]:
    """The training part of a photo set whose imprints are known: each photo's faces and their imprint.

    Of so many photos at most, taken at random.

    Raises:
        PhotoSetError: the set is missing or broken.
    """
    photo_set = open_set(folder).part("training").sample(limit, seed=0)
    for photo in known_photos(photo_set):
        found = photo_faces(photo.path)
        if found is not None:
            pixels, regions = found
            most = 1 if photo_set.kind is SetKind.CONSUMER else 2
            imprint = photo.truth.shown or photo.truth.imprint or ""
            yield KnownPill(pixels, regions[:most], imprint, photo.name, not photo.truth.imprint)


def label_faces(reader: Reader, pills: Iterable[KnownPill]) -> tuple[list[LabeledFace], Counter[str]]:
    """The faces on which a reader and the known imprint agree, and counts of what was done."""
    kept: list[LabeledFace] = []
    counts: Counter[str] = Counter()
    for pill in pills:
        read = [reading.characters for reading in reader.read(pill.photo, pill.regions)]
        for region, characters, labels in zip(pill.regions, read, accepted_on(pill, read), strict=True):
            counts["faces"] += 1
            if labels is None:
                continue
            counts["lettered" if labels else "blank"] += 1
            counts["corrected characters"] += sum(character.text != letter for character, letter in labels)
            signs = [(one, one.text) for one in characters if one.text in SIGNS]
            rows = _rows([*labels, *signs], pill.imprint)
            kept.append(cut_face(pill.photo, region, rows, pill.imprint, pill.source))
    return kept, counts


def accepted_on(pill: KnownPill, read: Sequence[Sequence[Character]]) -> list[Labels | None]:
    """What each face of a pill is accepted as (``accept``), given the characters read there; signs say nothing."""
    letters = [[one for one in characters if one.text not in SIGNS] for characters in read]
    words = tuple(without_signs(token) for token in tokens(pill.imprint))
    return accept(letters, words, pill.empty_is_blank)


def _rows(labels: Sequence[tuple[Character, str]], imprint: str) -> NDArray[np.float32]:
    """Characters as rows of ``LabeledFace.characters``; a sign that is none of the imprint's is ignored."""
    rows = [
        (
            *(one.col, one.row, one.width_px, one.height_px, one.turn_deg),
            CLASSES.index(text) if text not in SIGNS or text in imprint else IGNORED,
        )
        for one, text in labels
    ]
    return np.array(rows, np.float32).reshape(-1, 6)
