"""Print that goes on around the side of a capsule, where no face shows it.

``A44`` across a capsule shows ``A4`` from one side and ``44`` from the other: what lies at the edge of both is read
twice. Of ``OMEPRAZOLE`` one side may show ``EPRAZ``, and nobody sees the rest.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.match.alignment import ObservedFace, Segment
from pipeline.match.world import COLUMN, World

# So many characters at most are seen from both sides: a capsule shows less than half of its round at a time.
_TWICE_MAX = 3
# A word of so many letters is known by a line that is so long a part of it. Numbers and codes need every character.
_WORD_MIN = 5
_PART_MIN = 4


def around_the_side(
    token: str, faces: Sequence[ObservedFace], taken: Sequence[set[int]] | None = None
) -> Segment | None:
    """The best way in which a token ends a line of one face and goes on at the start of a line of another.

    Each of its characters was read on one face at least, and none as something else. None where there is no such way.
    """
    columns = np.array([COLUMN[character] for character in token], np.intp)
    ways = []
    for one, other in itertools.permutations(range(len(faces)), 2):
        closed = (taken[one], taken[other]) if taken else (set(), set())
        heads = _fitting(columns, faces[one], closed[0], ends=True)
        tails = _fitting(columns, faces[other], closed[1], ends=False)
        for (head, places), (tail, others) in itertools.product(heads, tails):
            twice = head + tail - len(token)
            if not 0 <= twice <= _TWICE_MAX:
                continue
            first, last = faces[one].bits[places, columns[:head]], faces[other].bits[others, columns[-tail:]]
            # What is read twice stands there once.
            bits = float(first.sum() + last.sum() - np.minimum(first[head - twice :], last[:twice]).sum())
            rest = Segment(bits, other, tuple(others.tolist()), tuple(range(len(token) - tail, len(token))))
            ways.append(Segment(bits, one, tuple(places.tolist()), tuple(range(head)), rest=rest))
    # Of equal ways the one that leaves less text over.
    return max(ways, key=lambda way: (round(way.bits, 6), sum(len(part.places) for part in way.parts)), default=None)


def is_word(token: str) -> bool:
    """Whether a token is long enough, and of letters alone, to be known by a part."""
    return token.isalpha() and len(token) >= _WORD_MIN


def cut_by_the_side(
    token: str, faces: Sequence[ObservedFace], hidden_bits: float, taken: Sequence[set[int]] | None = None
) -> Segment | None:
    """The best line that is a part of the word, its beginning or end or both being out of sight; else None.

    ``hidden_bits`` is the weight of an end that is out of sight.
    """
    if not is_word(token):
        return None
    columns = np.array([COLUMN[character] for character in token], np.intp)
    best: Segment | None = None
    for number, face in enumerate(faces):
        for line in face.lines:
            if not _PART_MIN <= len(line) < len(token) or (taken and not taken[number].isdisjoint(line.tolist())):
                continue
            for start in range(len(token) - len(line) + 1):
                weights = face.bits[line, columns[start : start + len(line)]]
                ends = (start > 0) + (start + len(line) < len(token))
                bits = float(weights.sum()) + ends * hidden_bits
                if (weights > 0).all() and (best is None or bits > best.bits):
                    indices = tuple(range(start, start + len(line)))
                    best = Segment(bits, number, tuple(line.tolist()), indices, is_cut=True)
    return best


def world_bits_around(segment: Segment, faces: Sequence[ObservedFace], world: World) -> float:
    """The weight of the text of both parts, read as one word of a pill at large."""
    place_of = {
        index: (faces[part.face], place)
        for part in reversed(segment.parts)
        for place, index in zip(part.places, part.indices, strict=True)
    }
    word = [place_of[index] for index in sorted(place_of)]
    pattern = "".join(face.pattern[place] for face, place in word)
    return sum(float(face.spelled[place]) for face, place in word) + world.pattern_bits(pattern)


def _fitting(
    columns: NDArray[np.intp], face: ObservedFace, closed: set[int], ends: bool
) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """How many characters of the token's beginning may end a line, or else of its end begin one, with their places."""
    for line in face.lines:
        for count in range(1, min(len(line), len(columns) - 1) + 1):
            places, part = (line[-count:], columns[:count]) if ends else (line[:count], columns[-count:])
            if closed.isdisjoint(places.tolist()) and (face.bits[places, part] > 0).all():
                yield count, places
