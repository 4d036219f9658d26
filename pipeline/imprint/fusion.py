"""Two readers' votes on every character, one reading."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from pipeline.imprint.detector import DetectorReader, presence
from pipeline.imprint.found_lines import FoundLineSettings, read_lines
from pipeline.imprint.lines import group_lines
from pipeline.imprint.strip_reader import StripReader
from pipeline.records import Character, Line, Photo, PillRegion, Reading

_LINES = "lines"
# The line reader sees a character beside its neighbors and errs less than the finder of single ones. From 0.5 to 0.8
# the share of faces read whole changes by a point (docs/experiments/reader.md, "Our lines in place of PP-OCR's").
_LINE_VOTE = 0.7
# What a character is worth that only one of the two readers found, and from where on it counts as read. Not fitted: an
# even vote of two readers, of which the silent one may be wrong.
_ALONE = 0.6
_READ_FLOOR = 0.35
# The same character where two centers lie within this share of its height.
_SAME_PLACE = 0.6
# The best of the first reader's hypotheses that are merged: as it lies, and upside down.
_HYPOTHESES = 2


class FusedReader:
    """Finds lines and characters, reads the lines, and merges what both say, character by character."""

    def __init__(
        self,
        detector: DetectorReader | None = None,
        strips: StripReader | None = None,
        settings: FoundLineSettings | None = None,
    ) -> None:
        self._detector, self._strips = detector or DetectorReader(), strips or StripReader()
        self.settings = settings or FoundLineSettings()

    @property
    def name(self) -> str:
        """Both engines' names."""
        return f"{_LINES}+{self._detector.name}"

    def read(self, photo: Photo, regions: Sequence[PillRegion]) -> tuple[Reading, ...]:
        """Read each region; which way up the lines of one run also tells of the others."""
        seen = [self._detector.see(photo, region) for region in regions]
        lines = read_lines(_LINES, photo, regions, [face.lines for face in seen], self._strips, self.settings)
        characters = (self._detector.reading(face.characters) for face in seen)
        return tuple(fuse(first, second) for first, second in zip(lines, characters, strict=True))


def fuse(first: Reading, second: Reading) -> Reading:
    """Merge two readings of one face: a weighed vote where both found a character, less where only one did.

    The first reader's lines and their order stay, with the second's places where it found the character too; what only
    the second found makes lines of its own. Each hypothesis of the first is merged, with its probability.
    """
    others = [character for line in second.lines for character in line.characters]
    hypotheses: list[tuple[tuple[Line, ...], float]] = []
    blank = 1.0
    for lines, probability in first.hypotheses[:_HYPOTHESES] or (((), 1.0),):
        merged, alone = _merged(lines, others)
        if not hypotheses:
            everything = [*(character for line in merged for character in line.characters), *alone]
            blank = math.prod(1.0 - presence(character) for character in everything)
        kept = [Line(tuple(filter(_is_read, line.characters))) for line in merged]
        lines = (*(line for line in kept if line.characters), *group_lines(list(filter(_is_read, alone))))
        hypotheses.append((lines, probability))
    return Reading(f"{first.engine}+{second.engine}", tuple(hypotheses), blank, max(first.symbol, second.symbol))


def _merged(lines: Sequence[Line], others: Sequence[Character]) -> tuple[list[Line], list[Character]]:
    """The first reader's lines with both votes, and the characters that only the second reader found."""
    left = list(others)
    merged = []
    for line in lines:
        characters = []
        for character in line.characters:
            other = _nearest(character, left)
            if other is not None:
                left.remove(other)
            # The second reader places single characters; the first only shares its line's box out among them, but knows
            # which way the line runs, which a lone 0 does not tell.
            votes = _voted(character, other)
            characters.append(replace(other or character, alternatives=votes, turn_deg=character.turn_deg))
        merged.append(Line(tuple(characters)))
    return merged, [replace(other, alternatives=_voted(other, None)) for other in left]


def _is_read(character: Character) -> bool:
    return presence(character) >= _READ_FLOOR


def _nearest(character: Character, others: Sequence[Character]) -> Character | None:
    def distance(other: Character) -> float:
        return math.dist((character.row, character.col), (other.row, other.col))

    best = min(others, key=distance, default=None)
    return best if best is not None and distance(best) < _SAME_PLACE * best.height_px else None


def _voted(character: Character, other: Character | None) -> tuple[tuple[str, float], ...]:
    if other is None:
        return tuple((text, probability * _ALONE) for text, probability in character.alternatives)
    votes: dict[str, float] = {}
    for alternatives, weight in ((character.alternatives, _LINE_VOTE), (other.alternatives, 1.0 - _LINE_VOTE)):
        for text, probability in alternatives:
            votes[text] = votes.get(text, 0.0) + probability * weight
    return tuple(sorted(votes.items(), key=lambda pair: (-pair[1], pair[0])))
