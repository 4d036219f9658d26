"""Which imprints of the catalog could be what was read: a shortlist by characters, then alignment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.match.alignment import ObservedFace, Segment, best_segment, best_segments
from pipeline.records import Character, Reading
from pipeline.settings import MatchSettings
from reference.catalog import Catalog
from reference.imprint_text import CHARACTERS

_COLUMN = {character: column for column, character in enumerate(CHARACTERS)}


@dataclass(frozen=True)
class Explanation:
    """How an imprint of the catalog explains the reading, in bits."""

    imprint_key: str
    bits: float
    segments: tuple[tuple[str, Segment], ...]
    missing: tuple[str, ...]
    stray: str
    read: Mapping[str, str] = field(default_factory=dict)


class ImprintIndex:
    """Every distinct imprint of a catalog as a bag of characters, for a shortlist in a few milliseconds."""

    def __init__(self, catalog: Catalog) -> None:
        self.keys = [row.imprint_key for row in catalog.imprints()]
        self.counts = np.zeros((len(self.keys), len(CHARACTERS)), np.uint8)
        codes = np.frombuffer("\n".join(self.keys).encode("ascii", "replace"), np.uint8)
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
    for hypothesis in _joint_hypotheses(readings):
        faces = [ObservedFace(characters, settings) for characters in hypothesis]
        shortlist = index.shortlist(
            [character for characters in hypothesis for character in characters], settings.shortlist
        )
        keys = [index.keys[position] for position in shortlist]
        fits = best_segments(list(dict.fromkeys(token for key in keys for token in key.split(";") if token)), faces)
        bounds = np.array([_bound(key, faces, fits, settings) for key in keys])
        for key in (keys[place] for place in np.argsort(-bounds, kind="stable")[: settings.explained]):
            explanation = explain(key, faces, fits, settings)
            if key not in best or explanation.bits > best[key].bits:
                best[key] = explanation
    return sorted(best.values(), key=lambda explanation: (-explanation.bits, explanation.imprint_key))


def _bound(
    imprint_key: str, faces: Sequence[ObservedFace], fits: Mapping[str, Segment | None], settings: MatchSettings
) -> float:
    """What ``explain`` would give at most if no two tokens contended for a place: quick, to choose what to explain."""
    bits = sum(float(face.stray_bits.sum()) for face in faces)
    for token in imprint_key.split(";"):
        absent, fit = _absent_bits(token, len(faces), settings), fits.get(token)
        bits += max(fit.bits - float(faces[fit.face].stray_bits[list(fit.places)].sum()), absent) if fit else absent
    return bits


def _joint_hypotheses(readings: Sequence[Reading]) -> list[list[list[Character]]]:
    """The characters of each face by its first hypothesis, then a variant for each other hypothesis of a face."""
    faces = [
        [[character for line in lines for character in line.characters] for lines, _ in reading.hypotheses] or [[]]
        for reading in readings
    ]
    first = [hypotheses[0] for hypotheses in faces]
    variants = [
        [*first[:number], characters, *first[number + 1 :]]
        for number, hypotheses in enumerate(faces)
        for characters in hypotheses[1:]
    ]
    return [first, *variants]


def explain(
    imprint_key: str, faces: Sequence[ObservedFace], fits: Mapping[str, Segment | None], settings: MatchSettings
) -> Explanation:
    """Explain what was read by an imprint: each token takes the stretch it fits best, the longest tokens first.

    A token may stand more than once on a pill (both halves of a capsule) though the register names it once, and the
    other way round; what no token explains counts as stray, tokens not found as missing.

    Args:
        imprint_key: the imprint's tokens, joined by ``;``.
        faces: what was read.
        fits: for each token the best stretch while nothing is taken (``best_segments``).
        settings: the weights.
    """
    tokens = sorted((token for token in imprint_key.split(";") if token), key=lambda token: (-len(token), token))
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
    found = dict(reversed(segments))
    bits += sum(
        settings.repeat_bits if token in found else _absent_bits(token, len(faces), settings) for token in missing
    )
    bits += _repeats(segments, faces, taken, settings)
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
        {token: _text(faces[segment.face], segment.places) for token, segment in segments},
    )


def _repeats(
    segments: Sequence[tuple[str, Segment]],
    faces: Sequence[ObservedFace],
    taken: list[set[int]],
    settings: MatchSettings,
) -> float:
    """Take what tokens explain a second time, about as well as the first, and return what that weighs."""
    bits = 0.0
    for token, first in dict(reversed(segments)).items():
        while any(len(face) - len(used) >= len(token) - 1 for face, used in zip(faces, taken, strict=True)):
            segment = best_segment(token, faces, taken)
            if segment is None or segment.bits < settings.repeat_share * first.bits:
                break
            taken[segment.face].update(segment.places)
            bits += settings.repeat_bits
    return bits


def _text(face: ObservedFace, places: Sequence[int]) -> str:
    return "".join(face.characters[place].text for place in places)


def _absent_bits(token: str, faces: int, settings: MatchSettings) -> float:
    """A token not found at all: it may be on a face that was not shown, or too faint."""
    missed = settings.missed_bits * (1 + settings.missed_token_share * (len(token) - 1))
    return max(missed, settings.missed_token_floor_bits) if faces > 1 else settings.unseen_token_bits
