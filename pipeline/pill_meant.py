"""Which of a photo's pills the caller means, and which faces are its own; what lies beside it may help to read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.clock import Clock
from pipeline.records import Doubts, Face, PillLook
from pipeline.scene import FACES, Scene, difference, distinct_faces, say_the_same, texts_of
from pipeline.segment import group_faces

# At most this many pills of a photo are read before the answer says that none has an imprint; each takes about 0.1 s.
_GROUPS_READ_MAX = 4
# Above this probability that the catalog explains both faces of the pill, the pills beside it are not read.
_EXPLAINED_MIN = 0.5
# At most this many pills beside the one meant are read too, since the pills of a heap mostly are of one drug.
_BESIDE_READ_MAX = 10
# The most frequent of their texts are tried as the text of the other face: this many, with the pill's own.
_TEXTS_TRIED_MAX = 4


class MeasureAndRead(Protocol):
    """How some of a photo's regions are measured and read."""

    def __call__(self, scene: Scene, indices: Sequence[int], clock: Clock, like: PillLook | None = None) -> list[Face]:
        """The faces of the regions at ``indices`` in ``scene.pills``; with ``like`` those that may be of its color."""


@dataclass(frozen=True)
class PillMeant:
    """Finds the faces of the pill meant.

    Attributes:
        faces: measures and reads regions.
        look: what the faces of one pill look like together.
        explained: the probability that the catalog explains faces of text as one product.
    """

    faces: MeasureAndRead
    look: Callable[[Sequence[Face]], PillLook]
    explained: Callable[[Sequence[Face]], float]

    def of(self, scenes: Sequence[Scene], clock: Clock) -> tuple[list[Face], Doubts]:
        """The faces of the pill that all the photos show, and what makes that doubtful."""
        meant = [self._in_photo(scene, clock) for scene in scenes]
        by_photo = [faces for faces, _ in meant]
        others = sum(more for _, more in meant)
        if len(scenes) == 1:
            return by_photo[0], Doubts(others)
        faces = distinct_faces([face for faces in by_photo for face in faces])
        looks = [self.look(faces) for faces in by_photo if faces]
        return faces[:FACES], Doubts(others, different=difference(by_photo, faces, looks))

    def _in_photo(self, scene: Scene, clock: Clock) -> tuple[list[Face], int]:
        """The faces of the most prominent pill on which anything is read, and how many pills more the photo shows.

        A shadow or a thing can be larger than the pill, so the largest region need not be the one. Where nothing is
        read on any, a pill that the border does not cut goes before one that it cuts.
        """
        groups = group_faces(scene.photo, scene.pills)
        meant: list[Face] = []
        chosen = 0
        for number, group in enumerate(groups[:_GROUPS_READ_MAX]):
            read = self.faces(scene, group[:FACES], clock)
            has_text = any(face.reading.lines for face in read)
            if not meant or has_text or (_is_cut(meant) and not _is_cut(read)):
                meant, chosen = read, number
            if has_text:
                break
        others = scene.others(groups, chosen) if meant else 0
        return self._with_the_heap(scene, groups[chosen], meant, clock) if others else meant, others

    def two_faces(self, scene: Scene, clock: Clock) -> list[Face]:
        """The two faces of one pill where a photo shows these and nothing else, as a register's does; else none."""
        if len(scene.pills) != FACES or len(group_faces(scene.photo, scene.pills)) > 1:
            return []
        faces = self.faces(scene, range(FACES), clock)
        return [] if say_the_same(faces) else faces

    def _with_the_heap(self, scene: Scene, group: Sequence[int], meant: list[Face], clock: Clock) -> list[Face]:
        """The faces of the pill meant, completed by what the pills beside it show.

        In a heap of one drug some pills show the front and others the back. ``group`` are the pills of the same size
        and shape. A text on another pill is taken for the pill's other face if one product bears both texts. If nothing
        is read on the pill meant itself, only the pills of its group count.
        """
        if len(meant) == FACES and not say_the_same(meant) and self.explained(meant) > _EXPLAINED_MIN:
            return meant
        is_silent = not any(face.reading.lines for face in meant)
        beside = [i for i in scene.beside(group[:FACES], _BESIDE_READ_MAX) if i in group or not is_silent]
        like = meant[0].measurements.look
        read = {index: face for index in beside for face in self.faces(scene, [index], clock, like)}
        alike = [face for index, face in read.items() if index in group]
        texts = texts_of(meant, list(read.values()))
        if not texts:
            return meant
        with clock("match"):
            backs = sorted(texts[1:_TEXTS_TRIED_MAX], key=lambda face: -self.explained([texts[0], face]))
            pair = [texts[0], *backs[:1]]
            if backs and self.explained(pair) > 0 and not all(face in meant for face in pair):
                return pair
        if texts[0] in meant and not say_the_same(meant):
            return meant
        return [texts[0], *[face for face in (*meant, *alike) if not face.reading.lines][:1]]


def _is_cut(faces: Sequence[Face]) -> bool:
    """Whether the border cuts all of them."""
    return all(face.region.cut_by_border for face in faces)
