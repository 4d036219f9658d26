"""What was found against what is there: characters by place and class, faces by all their characters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.imprint.detector import presence
from pipeline.records import Character
from pipeline.train.faces.labeled import CLASS, HEIGHT, IGNORED, LabeledFace, X, Y
from pipeline.train.reader.character_network import CLASSES
from reference.text.imprints import CHARACTERS

# A character is found where one of its class lies within this many of its own heights.
WITHIN_HEIGHTS = 0.5
# The curve counts characters at least this present, whatever the reader's own floor becomes.
_PRESENT = 0.35


@dataclass(frozen=True)
class Wanted:
    """One labeled letter or digit: center and height in the pixels of what was read; ``text`` None where ignored."""

    text: str | None
    row: float
    col: float
    height_px: float


@dataclass(frozen=True)
class Score:
    """Counts over faces; ``right`` are faces, the others characters.

    ``stated``: each character found with its confidence and whether it is there.
    """

    hits: int = 0
    found: int = 0
    wanted: int = 0
    right: int = 0
    faces: int = 0
    stated: tuple[tuple[float, bool], ...] = field(default=(), compare=False)

    def __add__(self, other: Score) -> Score:
        return Score(
            self.hits + other.hits,
            self.found + other.found,
            self.wanted + other.wanted,
            self.right + other.right,
            self.faces + other.faces,
            self.stated + other.stated,
        )

    @property
    def precision(self) -> float:
        """The share of what was found that is there."""
        return self.hits / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """The share of what is there that was found."""
        return self.hits / self.wanted if self.wanted else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.hits / (self.found + self.wanted) if self.found + self.wanted else 0.0

    @property
    def exact(self) -> float:
        """The share of faces with all characters found and none besides."""
        return self.right / self.faces if self.faces else 0.0


def score(found: Iterable[Character], wanted: Sequence[Wanted]) -> Score:
    """Score one face or photo; the surest first, each label used once.

    Signs and logos are not counted, found or labeled: the hand labels know none. What lies on an ignored label
    counts neither way.
    """
    counted = sorted((each for each in found if each.text in CHARACTERS), key=lambda each: -each.confidence)
    left = [each for each in wanted if each.text is not None and each.text in CHARACTERS]
    ignored = [each for each in wanted if each.text is None]
    total = len(left)
    stated: list[tuple[float, bool]] = []
    for character in counted:
        near = [
            (heights_away(character, each), index) for index, each in enumerate(left) if each.text == character.text
        ]
        distance, index = min(near, default=(math.inf, -1))
        if distance <= WITHIN_HEIGHTS:
            stated.append((character.confidence, True))
            del left[index]
        elif not any(heights_away(character, each) <= 1.0 for each in ignored):
            stated.append((character.confidence, False))
    hits, read = sum(right for _, right in stated), len(stated)
    return Score(hits, read, total, int(hits == read == total), 1, tuple(stated))


def heights_away(character: Character, wanted: Wanted) -> float:
    """How far a character's center lies from a label's, in the label's heights."""
    return math.hypot(character.row - wanted.row, character.col - wanted.col) / max(wanted.height_px, 1.0)


def wanted_of(rows: NDArray[np.float32]) -> list[Wanted]:
    """Rows of ``LabeledFace.characters``, in whatever pixels they are."""
    return [
        Wanted(
            None if row[CLASS] == IGNORED else CLASSES[int(row[CLASS])],
            float(row[Y]),
            float(row[X]),
            float(row[HEIGHT]),
        )
        for row in rows
    ]


def score_face(face: LabeledFace, found: Iterable[Character]) -> Score:
    """Score what the network found on a labeled face, in the face's own pixels."""
    return score((character for character in found if presence(character) >= _PRESENT), wanted_of(face.characters))
