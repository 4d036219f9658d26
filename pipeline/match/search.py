"""Which imprints of the catalog could be what was read: a shortlist by characters, then alignment."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.match.alignment import ObservedFace, Segment, best_segment, best_segments
from pipeline.records import Character, Reading
from pipeline.settings import MatchSettings
from reference.catalog import Catalog
from reference.imprint_text import CHARACTERS, look_alike_key

_COLUMN = {character: column for column, character in enumerate(CHARACTERS)}
# Of one character nobody can say of which token it is the end.
_LEAST_END = 2


@dataclass(frozen=True)
class Explanation:
    """How an imprint of the catalog explains the reading, in bits.

    ``contradicted`` is what was read beyond doubt and the imprint does not have.
    """

    imprint_key: str
    bits: float
    segments: tuple[tuple[str, Segment], ...]
    missing: tuple[str, ...]
    stray: str
    contradicted: str = ""
    read: Mapping[str, str] = field(default_factory=dict)


class ImprintIndex:
    """Every distinct imprint of a catalog as a bag of characters, for a shortlist in a few milliseconds."""

    def __init__(self, catalog: Catalog) -> None:
        self.keys = [row.imprint_key for row in catalog.imprints()]
        self.counts = np.zeros((len(self.keys), len(CHARACTERS)), np.uint8)
        # A token that a register names for each half of a capsule need be read once only.
        once = "\n".join(";".join(_distinct(key)) for key in self.keys)
        codes = np.frombuffer(once.encode("ascii", "replace"), np.uint8)
        owner = np.cumsum(codes == ord("\n"))
        column = np.full(256, -1, np.int16)
        for character, place in _COLUMN.items():
            column[ord(character)] = place
        place_of = column[codes]
        known = place_of >= 0
        np.add.at(self.counts, (owner[known], place_of[known]), 1)
        self.lengths = self.counts.sum(1).astype(np.float32)

    def shortlist(self, characters: Sequence[Character], count: int) -> NDArray[np.int64]:
        """The imprints that share most characters with what was read, the best first."""
        expected = np.zeros(len(CHARACTERS), np.float32)
        for character in characters:
            for text, probability in character.alternatives:
                if text in _COLUMN:
                    expected[_COLUMN[text]] += probability
        columns = np.flatnonzero(expected > 0.02)
        shared = np.zeros(len(self.keys), np.float32)
        for column in columns:
            shared += np.minimum(self.counts[:, column], expected[column])
        # The Dice coefficient, with a mild pull toward what explains more.
        score = 2 * shared / (self.lengths + expected.sum() + 1.0) + 0.02 * shared
        count = min(count, len(score))
        best = np.argpartition(-score, count - 1)[:count] if count else np.zeros(0, np.int64)
        return best[np.argsort(-score[best], kind="stable")]


def search(readings: Sequence[Reading], index: ImprintIndex, settings: MatchSettings) -> list[Explanation]:
    """The imprints that explain the readings best, by the best of the readings' hypotheses; best first."""
    best: dict[str, Explanation] = {}
    for hypothesis, overruled in _joint_hypotheses(readings, settings.sure_character):
        faces = [ObservedFace(characters, settings) for characters in hypothesis]
        unread_bits = _unread_bits(readings, hypothesis, settings)
        shortlist = index.shortlist(
            [character for characters in hypothesis for character in characters], settings.shortlist
        )
        keys = [index.keys[position] for position in shortlist]
        fits = best_segments(list(dict.fromkeys(token for key in keys for token in _distinct(key))), faces)
        bounds = np.array([_bound(key, faces, fits, settings, unread_bits) for key in keys])
        for key in (keys[place] for place in np.argsort(-bounds, kind="stable")[: settings.explained]):
            explanation = explain(key, faces, fits, settings, unread_bits)
            known = best.get(key)
            if known is None:
                best[key] = replace(explanation, contradicted=overruled + explanation.contradicted)
            elif explanation.bits > known.bits:
                best[key] = replace(explanation, contradicted=known.contradicted)
    return sorted(best.values(), key=lambda explanation: (-explanation.bits, explanation.imprint_key))


def _bound(
    imprint_key: str,
    faces: Sequence[ObservedFace],
    fits: Mapping[str, Segment | None],
    settings: MatchSettings,
    unread_bits: float,
) -> float:
    """About what ``explain`` would give if no two tokens contended for a place: quick, to choose what to explain."""
    bits = sum(float(face.stray_bits.sum()) for face in faces)
    missing = []
    for token in _distinct(imprint_key):
        fit = fits.get(token)
        found = fit.bits - float(faces[fit.face].stray_bits[list(fit.places)].sum()) if fit else -math.inf
        if found > _absent_bits(token, len(faces), settings):
            bits += found
        else:
            missing.append(token)
    return bits + _missing_bits(missing, len(faces), settings, unread_bits)


def _joint_hypotheses(readings: Sequence[Reading], sure: float) -> list[tuple[list[list[Character]], str]]:
    """The characters of each face by its first hypothesis, then a variant for each other hypothesis of a face.

    With each goes what the first hypothesis reads beyond doubt and this one does not.
    """
    first = [list(reading.characters) for reading in readings]
    variants = [
        (
            [*first[:number], [character for line in lines for character in line.characters], *first[number + 1 :]],
            "".join(character.text for character in first[number] if _is_sure(character, sure)),
        )
        for number, reading in enumerate(readings)
        for lines, _ in reading.hypotheses[1:]
    ]
    return [(first, ""), *variants]


def explain(
    imprint_key: str,
    faces: Sequence[ObservedFace],
    fits: Mapping[str, Segment | None],
    settings: MatchSettings,
    unread_bits: float,
) -> Explanation:
    """Explain what was read by an imprint: each token takes the stretch it fits best, the longest tokens first.

    A token is looked for once, however often the register names it; it may stand on the pill more often (both halves
    of a capsule) or less. What no token explains counts as stray, tokens not found as missing.

    Args:
        imprint_key: the imprint's tokens, joined by ``;``.
        faces: what was read.
        fits: for each token the best stretch while nothing is taken (``best_segments``).
        settings: the weights.
        unread_bits: what all tokens not found cost together at most, for they may stand on a face that shows something
            but was not read.
    """
    listed = Counter(filter(None, imprint_key.split(";")))
    tokens = sorted(listed, key=lambda token: (-len(token), token))
    taken: list[set[int]] = [set() for _ in faces]
    segments: list[tuple[str, Segment]] = []
    missing: list[str] = []
    bits = 0.0
    for token in tokens:
        segment = fits[token]
        if segment and not taken[segment.face].isdisjoint(segment.places):
            segment = best_segment(token, faces, taken)
        absent_bits = _absent_bits(token, len(faces), settings)
        if segment is None or segment.bits <= absent_bits:
            missing.append(token)
            continue
        taken[segment.face].update(segment.places)
        segments.append((token, segment))
        bits += segment.bits
    bits += _missing_bits(missing, len(faces), settings, unread_bits)
    bits += _repeats(segments, listed, faces, taken, settings)
    bits += _scattered(segments, faces, taken, settings)
    stray = [
        [place for place in range(len(face)) if place not in used] for face, used in zip(faces, taken, strict=True)
    ]
    bits += float(sum(face.stray_bits[places].sum() for face, places in zip(faces, stray, strict=True)))
    return Explanation(
        imprint_key,
        bits,
        tuple(segments),
        tuple(missing),
        "".join(_text(face, places) for face, places in zip(faces, stray, strict=True)),
        _contradicted(segments, faces, stray, settings),
        {token: _text(faces[segment.face], segment.places) for token, segment in segments},
    )


def _repeats(
    segments: Sequence[tuple[str, Segment]],
    listed: Mapping[str, int],
    faces: Sequence[ObservedFace],
    taken: list[set[int]],
    settings: MatchSettings,
) -> float:
    """Take what tokens explain once more, about as well as the first time, and return what it weighs.

    Only a token that stands on the pill more or less often than the register names it costs anything.
    """
    bits = 0.0
    for token, first in segments:
        more = 0
        while any(len(face) - len(used) >= len(token) - 1 for face, used in zip(faces, taken, strict=True)):
            segment = best_segment(token, faces, taken)
            if segment is None or segment.bits < settings.repeat_share * first.bits:
                break
            taken[segment.face].update(segment.places)
            more += 1
        bits += settings.repeat_bits * abs(listed[token] - 1 - more)
        bits += _end_again(token, first, faces, taken, settings)
    return bits


def _end_again(
    token: str, first: Segment, faces: Sequence[ObservedFace], taken: list[set[int]], settings: MatchSettings
) -> float:
    """Take all that another face shows where each character of it fits an end of the token, and return what it weighs.

    Print around a capsule's side shows on both faces, on one of them in part.
    """
    bits = 0.0
    for number, (face, used) in enumerate(zip(faces, taken, strict=True)):
        if number == first.face or used or not _LEAST_END <= len(face) < len(token):
            continue
        ends = (token[: len(face)], token[-len(face) :])
        weights = max(([face.weight(place, text) for place, text in enumerate(end)] for end in ends), key=sum)
        if min(weights) > 0 and sum(weights) > -settings.end_again_bits:
            used.update(range(len(face)))
            bits += sum(weights) + settings.end_again_bits
    return bits


def _is_sure(character: Character, sure: float) -> bool:
    return character.confidence >= sure and character.text in CHARACTERS


def _contradicted(
    segments: Sequence[tuple[str, Segment]],
    faces: Sequence[ObservedFace],
    stray: Sequence[Sequence[int]],
    settings: MatchSettings,
) -> str:
    """What strays or stands for another character, look-alikes aside, in reading order.

    It must have been read beyond doubt, but in a number: makers number their products in a row, and one digit more or
    less is another strength.
    """
    places = {(number, place) for number, left in enumerate(stray) for place in left}
    digits: set[tuple[int, int]] = set()
    for token, segment in segments:
        characters = faces[segment.face].characters
        others = {
            place
            for place, text in zip(segment.places, segment.text, strict=True)
            if look_alike_key(characters[place].text) != look_alike_key(text)
        }
        places |= {(segment.face, place) for place in others}
        if len(token) > 1 and token.isdigit():
            if len(segment.text) < len(token):
                others |= set(stray[segment.face]) & set(range(segment.places[0] - 1, segment.places[-1] + 2))
            digits |= {(segment.face, place) for place in others if characters[place].text.isdigit()}
    bars = {place: settings.sure_digit if place in digits else settings.sure_character for place in sorted(places)}
    doubted = ((faces[face].characters[place], bar) for (face, place), bar in bars.items())
    return "".join(character.text for character, bar in doubted if _is_sure(character, bar))


def _scattered(
    segments: Sequence[tuple[str, Segment]],
    faces: Sequence[ObservedFace],
    taken: list[set[int]],
    settings: MatchSettings,
) -> float:
    """Take characters out of their order that tokens found in part still miss, and return what that weighs."""
    unread = Counter("".join(token for token, _ in segments))
    unread.subtract("".join(segment.text for _, segment in segments))
    bits = 0.0
    for face, used in zip(faces, taken, strict=True):
        for place in range(len(face)):
            wanted = {text: face.weight(place, text) for text, count in unread.items() if count > 0}
            text = max(wanted, key=wanted.__getitem__, default="")
            if place in used or not text:
                continue
            if wanted[text] + settings.scattered_bits > face.stray_bits[place]:
                unread[text] -= 1
                used.add(place)
                bits += wanted[text] + settings.scattered_bits
    return bits


def _distinct(imprint_key: str) -> list[str]:
    """An imprint's tokens, each once."""
    return list(dict.fromkeys(filter(None, imprint_key.split(";"))))


def _text(face: ObservedFace, places: Sequence[int]) -> str:
    return "".join(face.characters[place].text for place in places)


def _unread_bits(
    readings: Sequence[Reading], hypothesis: Sequence[Sequence[Character]], settings: MatchSettings
) -> float:
    """In bits, the chance that a face on which nothing was read bears text all the same; none without such a face.

    No more than that of a token on a face that was not shown.
    """
    empty = [reading for reading, characters in zip(readings, hypothesis, strict=True) if not characters]
    shows = settings.unread_share * max((1.0 - reading.blank for reading in empty), default=0.0)
    return min(math.log2(shows), settings.unseen_token_bits) if shows > 0.0 else -math.inf


def _missing_bits(tokens: Sequence[str], faces: int, settings: MatchSettings, unread_bits: float) -> float:
    """What all tokens not found cost together; nothing where there are none."""
    return max(sum(_absent_bits(token, faces, settings) for token in tokens), unread_bits) if tokens else 0.0


def _absent_bits(token: str, faces: int, settings: MatchSettings) -> float:
    """A token not found at all: it may be on a face that was not shown, or too faint."""
    missed = settings.missed_bits * (1 + settings.missed_token_share * (len(token) - 1))
    return max(missed, settings.missed_token_floor_bits) if faces > 1 else settings.unseen_token_bits
