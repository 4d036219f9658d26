"""What one photo shows, and which of several photos' faces are those of the one pill."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.sampling import placed
from pipeline.load import PhotoFile
from pipeline.properties import TERMS, spoken
from pipeline.records import Box, Doubts, Face, Line, Photo, PillLook, PillRegion, Probabilities, Reading, Scale
from pipeline.segment import group_faces
from reference.text.imprints import look_alike_key, upside_down

# A tablet or capsule has two faces; what a photo shows beyond that is another pill or the same face again.
FACES = 2
# What is smaller than this share of the pill's area does not help to read it. A few such are pills of their own, as two
# tablets beside a capsule in a hand; more that look alike are pills only where a larger one lies among them: beside the
# loose pills of a pharmacy's picture they are its blister's pockets (6 to 16 on a page of `field`).
_RIVAL_AREA_MIN = 0.3
_FEW_MAX = 4
# A region that covers at least this share of the scale's outline is the ruler itself, not a pill that touches it.
_REFERENCE_SHARE_MIN = 0.3
# Pills whose middles differ by less than this share of the usual pill's height lie in one row.
_ROW_SHARE = 0.5
# Two readings of a word of at least so many letters are the same word if this share agrees. Of numbers and codes every
# character must agree, unless one was read with less than ``_SURE_MIN`` confidence.
_WORD_MIN = 5
_SAME_WORD_MIN = 0.7
_SURE_MIN = 0.8
# Below this probability of one shape, or of one color, two photos show two pills.
_SAME_LOOK_MIN = 0.02
# A text on a photo in which no pill was found is that of a pill from this mean confidence of its characters on; from
# the second on where it is a single one (docs/field.md, "Crops and close-ups").
_CLEAR_MIN, _CLEAR_ONE_MIN = 0.95, 0.985
_ALIKE = tuple(each for each in TERMS if each.alike)

# Two faces of one pill in one photo differ by less than this in area: outlines are traced to a percent or two.
_UNCUT_MIN = 0.97

# What a tablet or capsule measures; of C3PI's register 99 % lie in 4-28 mm.
_LENGTH_MM_MIN, _LENGTH_MM_MAX = 2.0, 30.0


# Top, left, bottom and right, as shares of the photo's height and width.
BoxShares = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Scene:
    """What one photo shows: its pills, without the thing that gave the scale, and its scale.

    ``again`` gives the photo once more when all else of the scene is gone. ``shown`` is the part of its pixels that a
    camera saw, without bars and page.
    """

    photo: Photo
    number: int
    pills: tuple[PillRegion, ...]
    scale: Scale | None
    again: Photo | PhotoFile
    shown: Box

    @classmethod
    def of(
        cls,
        photo: Photo,
        number: int,
        regions: Sequence[PillRegion],
        scale: Scale | None,
        again: Photo | PhotoFile,
        shown: Box,
    ) -> Scene:
        """Of all regions found those that are pills."""
        pills = tuple(region for region in regions if not _is_reference(region, scale))
        return cls(placed(photo, pills), number, pills, scale, again, shown)

    @property
    def boxes(self) -> tuple[BoxShares, ...]:
        """The boxes of its pills."""
        height, width = self.photo.pixels.shape[:2]
        boxes = (pill.box for pill in self.pills)
        return tuple((top / height, left / width, bottom / height, right / width) for top, left, bottom, right in boxes)

    @property
    def no_pills(self) -> tuple[NDArray[np.floating], ...]:
        """Outlines ``(n, 2)`` (row, col) of what gave the scale."""
        return () if self.scale is None or self.scale.outline is None else (self.scale.outline,)

    def others(self, groups: Sequence[Sequence[int]], chosen: int) -> int:
        """How many pills it shows beside the chosen group of regions."""
        area = self.pills[groups[chosen][0]].area
        rest = [group for number, group in enumerate(groups) if number != chosen]
        has_rival = any(self.pills[index].area > _RIVAL_AREA_MIN * area for group in rest for index in group)
        beside = sum(len(group) for group in rest if has_rival or len(group) <= _FEW_MAX)
        alike = len(groups[chosen])
        # Two alike are taken for the two faces of one pill; more are as many pills, since each has one face up.
        return beside + (alike - 1 if alike > FACES else 0)

    def beside(self, meant: Sequence[int], most: int) -> list[int]:
        """The pills that lie beside those meant, the largest first, at most so many."""
        area = self.pills[meant[0]].area
        large = (index for index, pill in enumerate(self.pills) if pill.area > _RIVAL_AREA_MIN * area)
        return [index for index in large if index not in meant][:most]


def _is_reference(region: PillRegion, scale: Scale | None) -> bool:
    """Whether a region is the ruler, card or marker that the scale was taken from."""
    if scale is None or scale.outline is None:
        return False
    rows, cols = np.round(scale.outline).astype(int).T
    rows, cols = rows - region.top, cols - region.left
    height, width = region.mask.shape
    near = (rows >= 0) & (rows < height) & (cols >= 0) & (cols < width)
    return int(region.mask[rows[near], cols[near]].sum()) > _REFERENCE_SHARE_MIN * len(rows)


def in_rows(pills: Sequence[PillRegion]) -> list[int]:
    """Their indices as people number things on a table: row by row from the top, each row from the left."""
    middles = [((top + bottom) / 2, (left + right) / 2) for top, left, bottom, right in (pill.box for pill in pills)]
    reach = _ROW_SHARE * float(np.median([pill.mask.shape[0] for pill in pills])) if pills else 0.0
    rows: list[list[int]] = []
    for index in sorted(range(len(pills)), key=lambda index: middles[index]):
        if not rows or middles[index][0] - middles[rows[-1][0]][0] > reach:
            rows.append([])
        rows[-1].append(index)
    return [index for row in rows for index in sorted(row, key=lambda index: middles[index][1])]


def is_clear(reading: Reading) -> bool:
    """Whether a text was read so surely that something bears it."""
    sure = [character.confidence for character in reading.characters]
    return bool(sure) and sum(sure) / len(sure) >= (_CLEAR_MIN if len(sure) > 1 else _CLEAR_ONE_MIN)


def say_the_same(faces: Sequence[Face]) -> bool:
    """Whether all bear text, and the same."""
    return all(face.reading.lines for face in faces) and all(_say_the_same(faces[0], face) for face in faces[1:])


def may_be_two_faces(photo: Photo, faces: Sequence[Face]) -> tuple[tuple[int, int], ...]:
    """Pairs, by their places, of a photo's pills that may be the two faces of one.

    They are of one size, shape and color, as no third is; one at least bears text, and they do not say the same.
    """
    groups = group_faces(photo, tuple(face.region for face in faces))
    pairs = ((group[0], group[1]) for group in groups if len(group) == FACES)
    return tuple((one, other) for one, other in pairs if _may_be_one([faces[one], faces[other]]))


def _may_be_one(faces: Sequence[Face]) -> bool:
    return any(face.reading.lines for face in faces) and not say_the_same(faces)


def texts_of(meant: Sequence[Face], beside: Sequence[Face]) -> list[Face]:
    """One face of each text that is read on the pill meant and on those of its color beside it.

    The pill's own texts go first, the others by how many faces bear them; a text that most faces bear, and at least
    three, goes before all. Of faces that say the same the pill's own stands for them, of three and more the surest.
    """
    look = meant[0].measurements.look
    colored = [face for face in beside if face.reading.lines and may_be_of_one_color(face.measurements.look, look)]
    bearing = sorted((*(face for face in meant if face.reading.lines), *colored), key=_certainty, reverse=True)
    heaps: list[list[Face]] = []
    for face in bearing:
        heap = next((heap for heap in heaps if _say_the_same(face, heap[0])), None)
        heaps.append([face]) if heap is None else heap.append(face)

    def rank(heap: Sequence[Face]) -> tuple[bool, bool, int]:
        is_most = len(heap) > FACES and 2 * len(heap) > len(bearing)
        return not is_most, not any(face in meant for face in heap), -len(heap)

    def first(heap: Sequence[Face]) -> Face:
        own = [face for face in heap if face in meant] if len(heap) <= FACES else []
        return (own or heap)[0]

    return [first(heap) for heap in sorted(heaps, key=rank)]


def may_be_of_one_color(one: PillLook, other: PillLook) -> bool:
    """Whether two looks may be those of one color; so they may where that of one is not known."""
    return not (one.color.best and other.color.best) or _agreement(one.color, other.color) >= _SAME_LOOK_MIN


def distinct_faces(faces: Sequence[Face]) -> list[Face]:
    """The two faces of one pill that several photos show: the same face twice counts once, whatever the order.

    Faces that bear text go first, of two that say the same the one that is read with more certainty; a third text is
    left in, since then the photos show more than one pill.
    """
    bearing = sorted((face for face in faces if face.reading.lines), key=_certainty, reverse=True)
    kept: list[Face] = []
    for face in bearing:
        if not any(_say_the_same(face, other) for other in kept):
            kept.append(face)
    silent = sorted((face for face in faces if not face.reading.lines), key=lambda face: -face.region.confidence)
    return kept + silent[: max(FACES - len(kept), 0)]


def _certainty(face: Face) -> float:
    return sum(character.confidence for character in face.reading.characters)


def _say_the_same(one: Face, other: Face) -> bool:
    """Whether all words of the face that says less stand on the other."""
    fewer, more = sorted((one.reading.lines, other.reading.lines), key=lambda lines: sum(len(x.text) for x in lines))
    if "".join(_key(line) for line in fewer) == "".join(_key(line) for line in more):
        return True
    left = list(more)
    for line in fewer:
        same = next((each for each in left if _is_same_word(line, each)), None)
        if same is None:
            return False
        left.remove(same)
    return True


def _key(line: Line) -> str:
    return look_alike_key(line.text)


def _is_same_word(one: Line, other: Line) -> bool:
    """Equal but for look-alikes, or turned, or where a character was unsure or lost; a long word in most letters."""
    first, second = _key(one), _key(other)
    if first == second or look_alike_key(upside_down(one.text) or "") == second:
        return True
    if min(len(first), len(second)) >= _WORD_MIN and (first + second).isalpha():
        return SequenceMatcher(None, first, second).ratio() >= _SAME_WORD_MIN
    if len(first) != len(second):
        left = iter(second)
        return one.confidence < _SURE_MIN and all(character in left for character in first)
    pairs = zip(first, second, one.characters, other.characters, strict=True)
    return all(min(a.confidence, b.confidence) < _SURE_MIN for x, y, a, b in pairs if x != y)


def difference(faces_by_photo: Sequence[Sequence[Face]], kept: Sequence[Face], looks: Sequence[PillLook]) -> str:
    """What says that the photos show two pills, "" where nothing does; ``looks`` are what each shows."""
    texts = _bearing(kept)
    if texts > FACES:
        return "more than two different texts were read"
    if any(len(faces) == FACES and _bearing(faces) < texts for faces in faces_by_photo):
        return "one shows both faces, and another a text that is on neither"
    for number, one in enumerate(looks):
        for other in looks[number + 1 :]:
            for each in _ALIKE:
                first, second = each.of(one), each.of(other)
                if first.best and second.best and _agreement(first, second) < _SAME_LOOK_MIN:
                    return f"the {each.title} is {spoken(first.best)} in one and {spoken(second.best)} in another"
    return ""


def _bearing(faces: Sequence[Face]) -> int:
    return sum(bool(face.reading.lines) for face in faces)


def _agreement(one: Probabilities, other: Probabilities) -> float:
    return sum(value * other[term] for term, value in one.terms)


def doubted(faces: Sequence[Face], doubts: Doubts) -> tuple[list[Face], Doubts]:
    """The faces, without a size that no pill has, and what border and scale add to the doubts."""
    fills = any(not face.region.is_outlined for face in faces)
    cut = _is_cut(faces)
    odd_mm = _odd_length_mm(faces)
    kept = list(faces) if odd_mm is None else _without_size(faces)
    return kept, replace(doubts, cut=cut, fills=fills, length_mm=odd_mm)


def _is_cut(faces: Sequence[Face]) -> bool:
    """Whether the border cuts a face; one as large as a whole face beside it only touches the border."""
    outlined = [face for face in faces if face.region.is_outlined]
    whole = {face.photo_index: face.region.area for face in outlined if not face.region.cut_by_border}
    cut = (face for face in outlined if face.region.cut_by_border)
    return any(face.region.area < _UNCUT_MIN * whole.get(face.photo_index, math.inf) for face in cut)


def _odd_length_mm(faces: Sequence[Face]) -> float | None:
    """The length of a face that is longer or shorter than any pill, so that its scale is wrong; else None."""
    lengths = [face.measurements.look.size.length_mm for face in faces if face.measurements.look.size]
    return next((length for length in lengths if not _LENGTH_MM_MIN <= length <= _LENGTH_MM_MAX), None)


def _without_size(faces: Sequence[Face]) -> list[Face]:
    """The faces with no size measured."""
    bare = [replace(face.measurements, look=replace(face.measurements.look, size=None)) for face in faces]
    return [replace(face, measurements=each) for face, each in zip(faces, bare, strict=True)]
