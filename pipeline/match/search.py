"""Which imprints of the catalog could be what was read: a shortlist by characters, then alignment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.match.alignment import ObservedLine, Segment, best_segment
from pipeline.records import Line, Reading
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

    def shortlist(self, lines: Sequence[Line], count: int) -> NDArray[np.int64]:
        """The imprints that share most characters with what was read, the best first."""
        expected = np.zeros(len(CHARACTERS), np.float32)
        for line in lines:
            for character in line.characters:
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
        if not hypothesis:
            continue
        lines = [ObservedLine(line, settings) for line in hypothesis]
        cache: dict[str, Segment | None] = {}
        for position in index.shortlist(hypothesis, settings.shortlist):
            explanation = explain(index.keys[position], lines, len(readings), settings, cache)
            known = best.get(explanation.imprint_key)
            if known is None or explanation.bits > known.bits:
                best[explanation.imprint_key] = explanation
    return sorted(best.values(), key=lambda explanation: (-explanation.bits, explanation.imprint_key))


def _joint_hypotheses(readings: Sequence[Reading]) -> list[list[Line]]:
    """All lines of all faces: each face's first hypothesis, and one variant for each face's other hypotheses."""
    first = [list(reading.lines) for reading in readings]
    joint = [[line for lines in first for line in lines]]
    for number, reading in enumerate(readings):
        for lines, _ in reading.hypotheses[1:]:
            joint.append([line for place, own in enumerate(first) for line in (lines if place == number else own)])
    return joint


def explain(
    imprint_key: str,
    lines: Sequence[ObservedLine],
    faces: int,
    settings: MatchSettings,
    cache: dict[str, Segment | None] | None = None,
) -> Explanation:
    """Explain what was read by an imprint: each token takes the stretch it fits best, the longest tokens first.

    A token may stand more than once on a pill (both halves of a capsule) though the register names it once; what
    no token explains counts as stray, tokens not found as missing.
    """
    tokens = [token for token in imprint_key.split(";") if token]
    taken: list[set[int]] = [set() for _ in lines]
    segments: list[tuple[str, Segment]] = []
    missing: list[str] = []
    bits = 0.0
    for token in sorted(tokens, key=lambda token: (-len(token), token)):
        segment = _segment(token, lines, taken, settings, cache)
        if segment is None:
            missing.append(token)
            continue
        _take(segment, taken)
        segments.append((token, segment))
        bits += segment.bits
    # A register that names a repeated token twice is as right as one that names it once.
    seen = {token for token, _ in segments}
    for token in missing:
        bits += settings.repeat_bits if token in seen else _missing_bits(token, faces, settings)
    for token in sorted(seen, key=lambda token: (-len(token), token)):
        while (segment := best_segment(token, lines, taken, settings)) and segment.bits > settings.repeat_floor_bits:
            _take(segment, taken)
            bits += settings.repeat_bits
    stray = [[place for place in range(len(line)) if place not in used] for line, used in zip(lines, taken, strict=True)]
    bits += sum(line.stray_bits_of(places) for line, places in zip(lines, stray, strict=True))
    text = "".join(line.line.characters[place].text for line, places in zip(lines, stray, strict=True) for place in places)
    read = {token: _text(lines[segment.line], segment) for token, segment in segments}
    return Explanation(imprint_key, bits, tuple(segments), tuple(missing), text, read)


def _text(line: ObservedLine, segment: Segment) -> str:
    return "".join(character.text for character in line.line.characters[segment.start : segment.stop])


def _segment(
    token: str,
    lines: Sequence[ObservedLine],
    taken: list[set[int]],
    settings: MatchSettings,
    cache: dict[str, Segment | None] | None,
) -> Segment | None:
    """``best_segment``, remembered for lines of which nothing is taken yet."""
    if cache is None:
        return best_segment(token, lines, taken, settings)
    if token not in cache:
        cache[token] = best_segment(token, lines, [set() for _ in lines], settings)
    known = cache[token]
    if known is None or not any(place in taken[known.line] for place in range(known.start, known.stop)):
        return known
    return best_segment(token, lines, taken, settings)


def _take(segment: Segment, taken: list[set[int]]) -> None:
    taken[segment.line].update(range(segment.start, segment.stop))


def _missing_bits(token: str, faces: int, settings: MatchSettings) -> float:
    """A token not found at all: it may be on a face that was not shown, or too faint."""
    if faces < 2:
        return settings.unseen_token_bits
    return max(settings.missed_bits * (1 + settings.missed_token_share * (len(token) - 1)), settings.missed_token_floor_bits)
