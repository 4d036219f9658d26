"""Two readers' votes on every character, one reading."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.imprint.detector import DetectorReader, presence
from pipeline.imprint.found_lines import read_lines
from pipeline.imprint.protocol import Engine
from pipeline.imprint.reading_order import apart_if_repeated, group_lines
from pipeline.imprint.strip_reader import StripReader
from pipeline.records import Character, Line, Photo, PillRegion, Reading
from pipeline.settings import FoundLineSettings, ReadSettings

_LINES = "lines"
# Two finds are one character if their centers lie within this share of its height.
_SAME_PLACE_MAX = 0.6
# How many of the first reader's hypotheses are merged, best first: as the line lies, and upside down.
_HYPOTHESES_MAX = 2
# From this probability on a character counts as read.
_READ_MIN = 0.5
# Each reader gives every letter at least this probability, so that none is ruled out.
_PROBABILITY_MIN = 0.01

Alternatives = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Pool:
    """How two opinions on one place become one: each counts by its logarithm, against a constant for no such character.

    A logarithmic opinion pool (Genest and Zidek, "Combining probability distributions", Statistical Science 1986) with
    weights fitted by ``python -m pipeline.train votes``.
    """

    line: float
    detector: float
    neither: float

    def __call__(self, line: Alternatives, detector: Alternatives) -> Alternatives:
        """The probabilities of both readers' letters, best first; what is missing from 1 is none of them."""
        weights = {
            text: self.line * first + self.detector * second
            for text, (first, second) in logarithms(line, detector).items()
        }
        most = max(*weights.values(), self.neither)
        shares = {text: math.exp(weight - most) for text, weight in weights.items()}
        total = sum(shares.values()) + math.exp(self.neither - most)
        ranked = sorted(shares.items(), key=lambda pair: (-pair[1], pair[0]))
        return tuple((text, share / total) for text, share in ranked)


def logarithms(line: Alternatives, detector: Alternatives) -> dict[str, tuple[float, float]]:
    """The logarithms of both opinions on each letter that either thinks of."""
    first, second = dict(line), dict(detector)
    pairs = ((text, first.get(text, 0.0), second.get(text, 0.0)) for text in first | second)
    return {text: (_logarithm(one), _logarithm(other)) for text, one, other in pairs}


def _logarithm(probability: float) -> float:
    return math.log(max(probability, _PROBABILITY_MIN))


# The key says whether the reader of lines and the reader of characters found something at the place
# (docs/experiments/reader.md, "Votes").
POOLS = {
    (True, True): Pool(1.28, 0.72, -4.96),
    (True, False): Pool(3.94, 0.01, -2.49),
    (False, True): Pool(0.54, 2.26, -2.10),
}


@dataclass(frozen=True)
class Vote:
    """A character in the photo with what either reader thinks it is; empty where that reader found none."""

    character: Character
    line: Alternatives
    detector: Alternatives

    @property
    def found_by(self) -> tuple[bool, bool]:
        """Whether the reader of lines and that of characters found it: the key of its pool."""
        return bool(self.line), bool(self.detector)

    def pooled(self) -> Character:
        """The character with both opinions in one."""
        return replace(self.character, alternatives=POOLS[self.found_by](self.line, self.detector))


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
        return tuple(fuse(first, second) for first, second in self.both(photo, regions))

    def both(self, photo: Photo, regions: Sequence[PillRegion]) -> list[tuple[Reading, Reading]]:
        """What the lines and what the single characters of each region say, before they are merged."""
        seen = self._detector.see(photo, regions)
        lines = read_lines(_LINES, photo, regions, seen, self._strips, self.settings)
        return list(zip(lines, (self._detector.reading(face.characters) for face in seen), strict=True))


def _reader(settings: ReadSettings) -> FusedReader:
    return FusedReader(settings=settings.lines)


ENGINE = Engine(_reader)


def fuse(first: Reading, second: Reading) -> Reading:
    """Merge two readings of one face: a weighed vote where both found a character, less where only one did.

    The first reader's lines and their order stay, with the second's places where it found the character too; what only
    the second found makes lines of its own. Each hypothesis of the first is merged, with its probability.
    """
    hypotheses: list[tuple[tuple[Line, ...], float]] = []
    blank = 1.0
    for lines, probability in first.hypotheses[:_HYPOTHESES_MAX] or (((), 1.0),):
        votes, alone = votes_of(lines, second.characters)
        merged = [[vote.pooled() for vote in line] for line in votes]
        rest = [vote.pooled() for vote in alone]
        if not hypotheses:
            blank = math.prod(1.0 - presence(character) for line in [*merged, rest] for character in line)
        kept = [part for line in merged for part in apart_if_repeated(Line(tuple(filter(_is_read, line))))]
        lines = (*(line for line in kept if line.characters), *group_lines(list(filter(_is_read, rest))))
        hypotheses.append((lines, probability))
    return Reading(f"{first.engine}+{second.engine}", tuple(hypotheses), blank, max(first.symbol, second.symbol))


def votes_of(lines: Sequence[Line], others: Sequence[Character]) -> tuple[list[list[Vote]], list[Vote]]:
    """The first reader's lines with both votes, and the characters that only the second reader found."""
    left = list(others)
    votes = []
    for line in lines:
        own = []
        for character in line.characters:
            other = _nearest(character, left)
            if other is not None:
                left.remove(other)
            # The place comes from the second reader, which finds each character; the first only divides its line's box.
            # The turn comes from the first, which knows how the line runs; a single 0 does not show that.
            placed = replace(other or character, turn_deg=character.turn_deg)
            own.append(Vote(placed, character.alternatives, other.alternatives if other else ()))
        votes.append(own)
    return votes, [Vote(other, (), other.alternatives) for other in left]


def _is_read(character: Character) -> bool:
    return presence(character) >= _READ_MIN


def _nearest(character: Character, others: Sequence[Character]) -> Character | None:
    def distance(other: Character) -> float:
        return math.dist((character.row, character.col), (other.row, other.col))

    best = min(others, key=distance, default=None)
    return best if best is not None and distance(best) < _SAME_PLACE_MAX * best.height_px else None
