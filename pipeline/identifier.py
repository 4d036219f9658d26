"""The whole flow: photos in, the product and its monograph out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

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
        self, photos: PhotoSource | Sequence[PhotoSource], *, mm_per_px: float | None = None
    ) -> Identification:
        """Identify ONE pill from a photo or several photos of it.

        Args:
            photos: a path, the bytes of a file, a PIL image, an RGB array ``(h, w, 3)`` uint8, or a list of those.
            mm_per_px: millimeters per pixel of the photo at its full size, where the caller knows them.

        Raises:
            PhotoError: a photo cannot be used; the message names it and says what to do.
        """
        clock = _Clock()
        sources: list[PhotoSource] = list(photos) if isinstance(photos, (list, tuple)) else [photos]  # type: ignore[list-item]
        with clock("load"):
            loaded = [load(source, self.settings.load) for source in sources]
        with clock("segment"):
            found = [(photo, segment(photo)) for photo in loaded]
            shown, more = _faces_of_one_pill(found)
        return self._answer(loaded, shown, mm_per_px, clock, more)

    def identify_each(self, photo: PhotoSource, *, mm_per_px: float | None = None) -> tuple[Identification, ...]:
        """Identify every pill of a photo that shows several different ones, the largest first."""
        clock = _Clock()
        with clock("load"):
            loaded = load(photo, self.settings.load)
        with clock("segment"):
            regions = segment(loaded)
            groups = [tuple(regions[index] for index in group) for group in group_faces(loaded, regions)]
        pills = [
            (loaded, group[start : start + _FACES]) for group in groups for start in range(0, len(group), _FACES)
        ] or [(loaded, ())]
        return tuple(self._answer([loaded], [pill], mm_per_px, clock, regions) for pill in pills)

    def _answer(
        self,
        photos: Sequence[Photo],
        shown: Sequence[tuple[Photo, Sequence[PillRegion]]],
        mm_per_px: float | None,
        clock: _Clock,
        regions: Sequence[PillRegion],
    ) -> Identification:
        faces: list[Face] = []
        scales: list[Scale] = []
        for photo, own in shown:
            index = next(place for place, other in enumerate(photos) if other is photo)
            with clock("scale"):
                scale = find_scale(photo, regions or own, None if mm_per_px is None else mm_per_px * photo.reduction)
            scales += [scale] if scale else []
            with clock("measure"):
                looks = [measure(photo, region, scale, self.settings.measure) for region in own]
            with clock("read"):
                readings = self.reader.read(photo, own)
            faces += [Face(photo.name, index, *parts) for parts in zip(own, looks, readings, strict=True)]
        return self._identification(photos, faces, scales, clock)

    def _identification(
        self, photos: Sequence[Photo], faces: Sequence[Face], scales: Sequence[Scale], clock: _Clock
    ) -> Identification:
        warnings = [warning for photo in photos for warning in photo.warnings]
        names = tuple(photo.name for photo in photos)
        nothing = Probabilities(())
        if not faces:
            return Identification(
                Decision.NO_PILL, "No pill was found in the photo.", (), (), nothing, nothing, None, nothing, None,
                None, tuple(warnings), names, self.catalog.fingerprint, clock.seconds,
            )  # fmt: skip
        if any(face.region.cut_by_border for face in faces):
            warnings.append("The pill is cut by the border of the photo: shape, size and imprint may be incomplete.")
        pill = combine([face.measurements for face in faces])
        look = Look(pill.shape, pill.color, pill.score, pill.size, len(faces))
        with clock("match"):
            matched = match([face.reading for face in faces], look, self.catalog, self._index, self.settings)
            monograph = self.catalog.monograph(matched.drug) if matched.drug else None
        return Identification(
            matched.decision, matched.reason, matched.candidates, tuple(faces), pill.shape, pill.color, pill.size,
            pill.score, scales[0] if scales else None, monograph, tuple(warnings), names, self.catalog.fingerprint,
            clock.seconds,
        )  # fmt: skip


def identify(
    photos: PhotoSource | Sequence[PhotoSource],
    *,
    catalog: Catalog | str | Path | None = None,
    mm_per_px: float | None = None,
) -> Identification:
    """Identify ONE pill from a photo or several photos of it; see ``Identifier`` for many calls."""
    return Identifier(catalog).identify(photos, mm_per_px=mm_per_px)


def identify_each(
    photo: PhotoSource, *, catalog: Catalog | str | Path | None = None, mm_per_px: float | None = None
) -> tuple[Identification, ...]:
    """Identify every pill of a photo that shows several different ones."""
    return Identifier(catalog).identify_each(photo, mm_per_px=mm_per_px)


class _Clock:
    """Adds up the seconds each stage takes."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start


def _faces_of_one_pill(
    found: Sequence[tuple[Photo, Sequence[PillRegion]]],
) -> tuple[list[tuple[Photo, Sequence[PillRegion]]], list[PillRegion]]:
    """The faces of the most prominent pill: both of one photo, or one of each of several photos, and all regions."""
    most = _FACES if len(found) == 1 else 1
    shown: list[tuple[Photo, Sequence[PillRegion]]] = []
    for photo, regions in found:
        if regions:
            group = group_faces(photo, tuple(regions))[0]
            shown.append((photo, [regions[index] for index in group[:most]]))
    return shown, [region for _, regions in found for region in regions]
