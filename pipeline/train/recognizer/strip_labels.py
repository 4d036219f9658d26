"""What stands on the strips that the line reader cuts out of a face, where the face's text is known.

A strip is labeled with its text, or as silent: no text, or text the wrong way up or across, on which the recognizer
must say nothing, so that its confidence tells how a face lies. What is not sure is not labeled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from pipeline.imprint.arcs import Arc
from pipeline.imprint.textboxes import TextBox
from pipeline.imprint.ways import is_symmetric
from pipeline.train.faces.labeled import CLASS, HEIGHT, IGNORED, TURN_DEG, X, Y
from pipeline.train.reader.character_network import CLASSES
from reference.text.imprints import SIGNS, look_alike_key, tokens, without_signs

# Pairs of these are read for one another on pills; such a misreading counts half.
_LOOK_ALIKES = tuple(map(set, ("0OQDC", "1IL", "TI1", "2Z7", "5S", "69GB8", "8B3", "MWN", "VYU", "4A", "EF")))
_LOOK_ALIKE_COST = 0.5
# A reading is believed to be a word where no more than this share of the word is misread.
_MISREAD_MAX = 0.45
_MISREAD_SHORT_MAX = 0.5  # of one or two characters
_MISREAD_PLACED_MAX = 0.5  # where the characters' places are known and only the way up is asked
_MISREAD_LAST_MAX = 0.75  # where one line and one word are left
# Two words that fit a reading equally well: neither is believed, unless one fits exactly.
_AMBIGUOUS = 0.05
# Added to a word's cost for each character that it is longer or shorter than the reading.
_LENGTH_COST = 0.02
# At most this many words of an imprint are joined to one text of a strip.
_JOINED_MAX = 5
# If more characters than this are read on a strip, it may show a word that is not known.
_SILENT_MAX = 2
# A character stands on a band if its center lies within _ON_ALONG lengths along it and _ON_ACROSS heights across it;
# within _NEAR heights it touches the band.
_ON_ALONG, _ON_ACROSS, _NEAR = 0.52, 0.42, 0.62
_SAME_WAY_DEG, _OPPOSITE_DEG, _OTHER_WAY_DEG = 35.0, 140.0, 145.0
_ACROSS_DEG = (50.0, 130.0)
# What may be read as text after a quarter turn.
_SYMMETRIC_ACROSS = frozenset("012356789CEHIJLMNOSUVWXZ/-+.&")
# The tallest letter of a line is at most this many times as high as its band.
_TALLEST = 1.1
_CONCORD = 0.8

Band = TextBox | Arc
# One band of a face with each direction it can be read in and the raw text read there.
Looks = Sequence[tuple[Band, str]]


class LabelKind(StrEnum):
    """Why a strip bears its label: nothing stands on a line that was found, or on ground beside the lines."""

    TEXT = "text"
    NOTHING = "nothing"
    WRONG_WAY = "wrong way"
    ACROSS = "across"
    GROUND = "ground"


@dataclass(frozen=True)
class StripLabel:
    """A band of a crop and what is to be read along it; "" unless it is `LabelKind.TEXT`."""

    band: Band
    text: str
    kind: LabelKind


def distance(read: str, word: str) -> float:
    """Edit distance, 1 for each change, half for a look-alike."""
    row = [float(count) for count in range(len(word) + 1)]
    for count, first in enumerate(read, start=1):
        above, row = row, [float(count)]
        for index, second in enumerate(word):
            row.append(min(above[index] + _cost(first, second), above[index + 1] + 1.0, row[-1] + 1.0))
    return row[-1]


def _cost(first: str, second: str) -> float:
    if first == second:
        return 0.0
    return _LOOK_ALIKE_COST if any(first in group and second in group for group in _LOOK_ALIKES) else 1.0


def turn_deg(band: Band) -> float:
    """The turn of the text in the middle of the band."""
    return band.at(0.5)[2]


def from_characters(
    lines: Sequence[Looks],
    characters: NDArray[np.float32],
    imprint: str = "",
    ground: Sequence[Looks] = (),
    again: Sequence[Looks] = (),
) -> list[StripLabel]:
    """Labels where each character's place is known.

    Args:
        lines: each line's directions.
        characters: rows of ``LabeledFace.characters`` in the crop's pixels; where a turn is not known, the direction
            whose reading fits is the right one.
        imprint: the whole pill's where it is known: boxed words lack their signs, its words have them.
        ground: bands beside the lines.
        again: other bands of the same lines; what is empty there is ground.
    """
    signed = {without_signs(word): word for word in tokens(imprint)}
    letters = characters[characters[:, CLASS] != CLASSES.index("LOGO")]
    labels: list[StripLabel] = []
    bands = [
        *((looks, LabelKind.NOTHING, True) for looks in lines),
        *((looks, LabelKind.GROUND, True) for looks in again),
        *((looks, LabelKind.GROUND, False) for looks in ground),
    ]
    for looks, empty, may_bear_text in bands:
        if any((letters[_within(band, letters, _NEAR, _NEAR), CLASS] == IGNORED).any() for band, _ in looks):
            continue
        on = [_in_order(band, letters) for band, _ in looks]
        if not any(_within(band, letters, _NEAR, _NEAR).any() for band, _ in looks):
            labels += _silent(looks, empty)
        elif may_bear_text and all(map(_holds, (band for band, _ in looks), on)):
            words = ["".join(CLASSES[int(code)] for code in rows[:, CLASS]) for rows in on]
            if signed:
                words = [signed.get(word, word) for word in words]
            else:
                words = [_with_signs(word, read) for word, (_, read) in zip(words, looks, strict=True)]
            if any(np.isnan(rows[:, TURN_DEG]).any() for rows in on):
                labels += _by_reading(looks, words)
            else:
                labels += _by_turn(looks, words, on)
    return labels


def _silent(looks: Looks, kind: LabelKind) -> list[StripLabel]:
    return [StripLabel(band, "", kind) for band, _ in looks]


def _by_turn(looks: Looks, words: Sequence[str], on: Sequence[NDArray[np.float32]]) -> list[StripLabel]:
    labels = []
    for (band, _), word, rows in zip(looks, words, on, strict=True):
        along = [band.at(float(place) + 0.5)[2] for place in _places(band, rows)[0]]
        mean = complex(np.exp(1j * np.radians(rows[:, TURN_DEG] - np.array(along))).mean())
        off = abs(math.degrees(math.atan2(mean.imag, mean.real)))
        if abs(mean) < _CONCORD:
            continue
        if off < _SAME_WAY_DEG:
            labels.append(StripLabel(band, word, LabelKind.TEXT))
        elif off > _OTHER_WAY_DEG and not is_symmetric(word):
            labels.append(StripLabel(band, "", LabelKind.WRONG_WAY))
        elif _ACROSS_DEG[0] < off < _ACROSS_DEG[1] and not _SYMMETRIC_ACROSS.issuperset(word):
            labels.append(StripLabel(band, "", LabelKind.ACROSS))
    return labels


def _by_reading(looks: Looks, words: Sequence[str]) -> list[StripLabel]:
    misread = [distance(read, word) / len(word) for (_, read), word in zip(looks, words, strict=True)]
    return _better_way(looks, words, misread, _MISREAD_PLACED_MAX, apart=0.0)


def _with_signs(word: str, read: str) -> str:
    """A boxed word, which lacks its signs, as it is read where that is the same word with signs within."""
    return read if without_signs(read) == word and not set(read[:1] + read[-1:]) & set(SIGNS) else word


def _better_way(
    looks: Looks, words: Sequence[str], misread: Sequence[float], most: float, apart: float
) -> list[StripLabel]:
    """The labels by the direction that misreads its word least; none if that is too much, or another as good."""
    best, *others = np.argsort(misread).tolist()
    if misread[best] > most or any(misread[other] - misread[best] <= apart for other in others):
        return []
    return _read_as(looks, best, words[best])


def _read_as(looks: Looks, right: int, word: str) -> list[StripLabel]:
    return [StripLabel(looks[right][0], word, LabelKind.TEXT), *_wrong_way(looks, right, word)]


def _wrong_way(looks: Looks, right: int, word: str) -> list[StripLabel]:
    """The other way up of a strip whose word is known; none where that may be read as a word too."""
    if is_symmetric(word):
        return []
    own = turn_deg(looks[right][0])
    turned = [band for band, _ in looks if abs((turn_deg(band) - own + 180.0) % 360.0 - 180.0) > _OPPOSITE_DEG]
    return [StripLabel(band, "", LabelKind.WRONG_WAY) for band in turned]


def from_imprint(
    faces: Sequence[Sequence[Looks]], imprint: str, ground: Sequence[Sequence[Looks]] = ()
) -> list[list[StripLabel]]:
    """Labels of all faces of a pill in one photo where only the imprint is known, not where its words stand.

    Args:
        faces: each face's lines.
        imprint: the whole pill's.
        ground: bands beside each face's lines.

    A line bears the word, or the words side by side, that its reading fits; where one line and one word are left of a
    pill of which both faces are seen, the line bears that word if its reading is at all like it. Lines without a word,
    and the ground, are silent only where every word of the imprint was found and little is read there that is no part
    of a word.
    """
    words = list(dict.fromkeys(tokens(imprint)))
    texts = _texts(words)
    found: set[int] = set()
    labels: list[list[StripLabel]] = [[] for _ in faces]
    left: list[tuple[int, Looks]] = []
    for face, bands in enumerate(faces):
        for looks in bands:
            fits = [_fit(read, texts) for _, read in looks]
            best = min(range(len(fits)), key=lambda index: fits[index][0])
            cost, text, second = fits[best]
            if _is_believed(cost, text, second):
                found |= texts[text]
                labels[face] += _read_as(looks, best, text)
            else:
                left.append((face, looks))
    missing = set(range(len(words))) - found
    if len(faces) > 1 and len(left) == len(missing) == 1:
        ((face, looks), word) = left.pop(), words[missing.pop()]
        labels[face] += _last(looks, word)
    elif not missing:
        beside = ((face, looks, LabelKind.GROUND) for face, bands in enumerate(ground) for looks in bands)
        for face, looks, kind in [*((face, looks, LabelKind.NOTHING) for face, looks in left), *beside]:
            if all(_is_noise(read, words) for _, read in looks):
                labels[face] += _silent(looks, kind)
    return labels


def _last(looks: Looks, word: str) -> list[StripLabel]:
    """The labels of the one line left of a pill for the one word left."""
    misread = [distance(_bare(read), _bare(word)) / len(word) for _, read in looks]
    return _better_way(looks, [word] * len(looks), misread, _MISREAD_LAST_MAX, _AMBIGUOUS)


def _texts(words: Sequence[str]) -> dict[str, set[int]]:
    """Each text that a strip may bear with the words in it: one word, two with or without a sign between, all."""
    texts = {word: {index} for index, word in enumerate(words)}
    for (first, before), (second, after) in permutations(enumerate(words), 2):
        for sign in ("", ".", "/", "-"):
            texts.setdefault(before + sign + after, {first, second})
    if 2 < len(words) <= _JOINED_MAX:
        texts.setdefault("".join(words), set(range(len(words))))
    return texts


def _fit(read: str, texts: dict[str, set[int]]) -> tuple[float, str, float]:
    """What fits a reading best: the share misread, signs aside, the text, and that share of the next other letters."""
    if not texts:
        return math.inf, "", math.inf
    bare = _bare(read)
    misread = {
        text: distance(bare, _bare(text)) / len(text) + _LENGTH_COST * abs(len(text) - len(read)) for text in texts
    }
    best = min(texts, key=lambda text: (misread[text], distance(read, text), text))
    others = (cost for text, cost in misread.items() if _bare(text) != _bare(best))
    return misread[best], best, min(others, default=math.inf)


def _bare(text: str) -> str:
    return "".join(character for character in text if character not in SIGNS)


def _is_believed(cost: float, text: str, second: float) -> bool:
    most = _MISREAD_MAX if len(text) > 2 else _MISREAD_SHORT_MAX
    return cost <= most and (second > cost + _AMBIGUOUS or cost < 0.01)


def _is_noise(read: str, words: Sequence[str]) -> bool:
    """Whether a reading is so short, and so unlike a part of any word, that nothing stands there."""
    key = look_alike_key(_bare(read))
    return len(read) <= _SILENT_MAX and not (key and any(key in look_alike_key(word) for word in words))


def _places(band: Band, rows: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where characters stand: along the band in its lengths and across it in its heights, from its middle."""
    right, up = rows[:, X] - band.x, band.y - rows[:, Y].astype(np.float64)
    if isinstance(band, Arc):
        span = band.stop_deg - band.start_deg
        off = np.degrees(np.arctan2(up, right)) - (band.start_deg + span / 2)
        along = ((off + 180.0) % 360.0 - 180.0) / span
        return along, (np.hypot(right, up) - band.radius) / band.height
    angle = math.radians(band.turn_deg)
    along = (right * math.cos(angle) + up * math.sin(angle)) / band.width
    return along, (right * math.sin(angle) - up * math.cos(angle)) / band.height


def _within(band: Band, rows: NDArray[np.float32], along: float, across: float) -> NDArray[np.bool_]:
    places = _places(band, rows)
    return (np.abs(places[0]) < along) & (np.abs(places[1]) < across)


def _holds(band: Band, rows: NDArray[np.float32]) -> bool:
    """Whether characters stand on the band, none of them higher than it is."""
    return bool(len(rows) and rows[:, HEIGHT].max() <= _TALLEST * band.height)


def _in_order(band: Band, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    on = rows[_within(band, rows, _ON_ALONG, _ON_ACROSS)]
    return on[np.argsort(_places(band, on)[0])]
