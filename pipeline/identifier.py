"""The whole flow: photos in, the product and its monograph out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from pipeline.imprint import Reader, default_reader
from pipeline.load import PhotoSource, load
from pipeline.match import ImprintIndex, Look, match
from pipeline.measure import combine, measure
from pipeline.records import Decision, Face, Identification, Photo, PillRegion, Probabilities, Scale
from pipeline.scale import find_scale
from pipeline.segment import group_faces, segment
from pipeline.settings import Settings
from reference.catalog import Catalog, open_catalog

# A tablet or capsule has two faces; what a photo shows beyond that is another pill or the same face again.
_FACES = 2
# So many of a photo's pills are read before it is said that none of them carries an imprint; each costs about 0.1 s.
_GROUPS_READ = 4
# What is smaller beside the pill than this share of it is a crumb or a reflection, not another pill.
_RIVAL_AREA_SHARE = 0.3
# A pill may touch a ruler; the ruler itself holds most of its own ticks.
_REFERENCE_SHARE = 0.3


class Identifier:
    """Holds the catalog and the reader for many calls; safe to use from threads, picklable for processes.

    Args:
        catalog: an opened catalog, the path of one or of a register's table, or None for the one that ships.
        reader: what reads the imprint; None for the built-in reader.
        settings: of every stage.
    """

    def __init__(
        self,
        catalog: Catalog | str | Path | None = None,
        reader: Reader | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.catalog = catalog if isinstance(catalog, Catalog) else open_catalog(catalog)
        self.reader = reader or default_reader()
        self.settings = settings or Settings()

    def __reduce__(self) -> tuple[type[Identifier], tuple[Catalog, Reader, Settings]]:
        return Identifier, (self.catalog, self.reader, self.settings)

    @cached_property
    def _index(self) -> ImprintIndex:
        return ImprintIndex(self.catalog)

    def identify(
        self,
        photos: PhotoSource | Sequence[PhotoSource],
        *,
        mm_per_px: float | None = None,
        coin: str | None = None,
    ) -> Identification:
        """Identify ONE pill from a photo or several photos of it.

        Args:
            photos: a path, the bytes of a file, a PIL image, an RGB array ``(h, w, 3)`` uint8, or a list of those.
            mm_per_px: millimeters per pixel of the photo at its full size, where the caller knows them.
            coin: the kind of coin beside the pill, a key of ``pipeline.coins.COINS_MM``, where there is one.

        Raises:
            PhotoError: a photo cannot be used; the message names it and says what to do.
        """
        clock = _Clock()
        sources: list[PhotoSource] = list(photos) if isinstance(photos, (list, tuple)) else [photos]  # type: ignore[list-item]
        scenes = [self._scene(source, number, (mm_per_px, coin), clock) for number, source in enumerate(sources)]
        faces, others = self._faces_of_one_pill(scenes, clock)
        doubts = [f"The photo shows {others} more; identify_each answers for every pill."] if others else []
        return self._answer(scenes, faces, doubts, clock)

    def identify_each(
        self, photo: PhotoSource, *, mm_per_px: float | None = None, coin: str | None = None
    ) -> tuple[Identification, ...]:
        """Identify every pill of a photo that shows several different ones, the largest first."""
        clock = _Clock()
        scene = self._scene(photo, 0, (mm_per_px, coin), clock)
        pills = [
            group[start : start + _FACES]
            for group in group_faces(scene.photo, scene.pills)
            for start in range(0, len(group), _FACES)
        ]
        answers = []
        for pill in pills or [()]:
            own = _Clock(clock.seconds)
            answers.append(self._answer([scene], self._faces(scene, pill, own), [], own))
        return tuple(answers)

    def _scene(
        self, source: PhotoSource, number: int, reference: tuple[float | None, str | None], clock: _Clock
    ) -> _Scene:
        with clock("load"):
            photo = load(source, self.settings.load)
        with clock("segment"):
            regions = segment(photo)
        with clock("scale"):
            mm_per_px, coin = reference
            known = None if mm_per_px is None else mm_per_px * photo.reduction
            scale = find_scale(photo, regions, known, coin=coin)
        return _Scene(photo, number, tuple(region for region in regions if not _is_reference(region, scale)), scale)

    def _faces_of_one_pill(self, scenes: Sequence[_Scene], clock: _Clock) -> tuple[list[Face], int]:
        """The faces of the pill meant, both of one photo or one of each of several; and how many pills more.

        Meant is the most prominent pill; of one photo the most prominent that anything is read on, since a shadow
        or a thing can be larger than the pill.
        """
        faces: list[Face] = []
        others = 0
        for scene in scenes:
            groups = group_faces(scene.photo, scene.pills)
            most, tried = (_FACES, _GROUPS_READ) if len(scenes) == 1 else (1, 1)
            meant: list[Face] = []
            chosen = 0
            for number, group in enumerate(groups[:tried]):
                read = self._faces(scene, group[:most], clock)
                if not meant or any(face.reading.lines for face in read):
                    meant, chosen = read, number
                if any(face.reading.lines for face in meant):
                    break
            if meant:
                faces += meant
                others += _others(scene, groups, chosen)
        return faces, others

    def _faces(self, scene: _Scene, indices: Sequence[int], clock: _Clock) -> list[Face]:
        """Some of a photo's regions, measured and read."""
        own = [scene.pills[index] for index in indices]
        with clock("measure"):
            looks = [measure(scene.photo, region, scene.scale, self.settings.measure) for region in own]
        with clock("read"):
            readings = self.reader.read(scene.photo, own)
        return [Face(scene.photo.name, scene.number, *parts) for parts in zip(own, looks, readings, strict=True)]

    def _answer(
        self, scenes: Sequence[_Scene], faces: Sequence[Face], doubts: Sequence[str], clock: _Clock
    ) -> Identification:
        answer = self._identification(scenes, faces, clock)
        if any(face.region.cut_by_border for face in faces):
            doubts = [*doubts, "The border of the photo cuts the pill: imprint, shape and size may go on outside."]
            if answer.decision is Decision.UNKNOWN and not any(face.reading.lines for face in faces):
                reason = "What the photo shows a part of has no imprint to be read; take a photo of the whole pill."
                answer = replace(answer, decision=Decision.UNREADABLE, reason=reason)
        if doubts and answer.decision is Decision.IDENTIFIED:
            answer = replace(answer, decision=Decision.AMBIGUOUS, reason=" ".join(doubts), monograph=None)
        return replace(answer, warnings=(*doubts, *answer.warnings))

    def _identification(self, scenes: Sequence[_Scene], faces: Sequence[Face], clock: _Clock) -> Identification:
        notes = [warning for scene in scenes for warning in scene.photo.warnings]
        names = tuple(scene.photo.name for scene in scenes)
        scale = next((scene.scale for scene in scenes if scene.scale), None)
        nothing = Probabilities(())
        if not faces:
            return Identification(
                Decision.NO_PILL, "No pill was found in the photo.", (), (), nothing, nothing, None, nothing, scale,
                None, tuple(notes), names, self.catalog.fingerprint, clock.seconds,
            )  # fmt: skip
        pill = combine([face.measurements for face in faces])
        look = Look(pill.shape, pill.color, pill.score, pill.size, len(faces))
        with clock("match"):
            matched = match([face.reading for face in faces], look, self.catalog, self._index, self.settings)
            first = matched.candidates[0].product.product_id if matched.candidates else ""
            monograph = self.catalog.monograph(matched.drug, first) if matched.drug else None
        return Identification(
            matched.decision, matched.reason, matched.candidates, tuple(faces), pill.shape, pill.color, pill.size,
            pill.score, scale, monograph, tuple(notes), names, self.catalog.fingerprint, clock.seconds,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Scene:
    """What one photo shows: its pills and its scale."""

    photo: Photo
    number: int
    pills: tuple[PillRegion, ...]
    scale: Scale | None


def identify(
    photos: PhotoSource | Sequence[PhotoSource],
    *,
    catalog: Catalog | str | Path | None = None,
    mm_per_px: float | None = None,
    coin: str | None = None,
) -> Identification:
    """Identify ONE pill from a photo or several photos of it; see ``Identifier`` for many calls."""
    return Identifier(catalog).identify(photos, mm_per_px=mm_per_px, coin=coin)


def identify_each(
    photo: PhotoSource,
    *,
    catalog: Catalog | str | Path | None = None,
    mm_per_px: float | None = None,
    coin: str | None = None,
) -> tuple[Identification, ...]:
    """Identify every pill of a photo that shows several different ones."""
    return Identifier(catalog).identify_each(photo, mm_per_px=mm_per_px, coin=coin)


class _Clock:
    """Adds up the seconds each stage takes."""

    def __init__(self, before: Mapping[str, float] | None = None) -> None:
        self.seconds: dict[str, float] = dict(before or {})

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start


def _is_reference(region: PillRegion, scale: Scale | None) -> bool:
    """Whether a region is the ruler, card or marker that the scale was taken from."""
    if scale is None or scale.outline is None:
        return False
    rows, cols = np.round(scale.outline).astype(int).T
    rows, cols = rows - region.top, cols - region.left
    height, width = region.mask.shape
    near = (rows >= 0) & (rows < height) & (cols >= 0) & (cols < width)
    return int(region.mask[rows[near], cols[near]].sum()) > _REFERENCE_SHARE * len(rows)


def _others(scene: _Scene, groups: Sequence[Sequence[int]], chosen: int) -> int:
    """How many pills a photo shows beside the chosen one."""
    area = scene.pills[groups[chosen][0]].area
    rest = [group for number, group in enumerate(groups) if number != chosen]
    rivals = sum(scene.pills[group[0]].area > _RIVAL_AREA_SHARE * area for group in rest)
    return rivals + max(len(groups[chosen]) - _FACES, 0)
