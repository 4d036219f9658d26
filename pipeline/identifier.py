"""The whole flow: photos in, the product and its monograph out::

    load, segment, scale      a photo -> its pills, and how large it shows them       Identifier._scene
    which pill is meant       several pills or photos -> the faces of one pill        PillMeant
    measure, read             a face -> its look and what is written there            Identifier._faces
    match, decide             look and readings -> candidates and a decision          Identifier._answer
    verify, rule out, check   the same, weighed against what is expected              pipeline.verify

What crosses from one stage to the next is a record of ``pipeline.records``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.answer import Answer, Seen
from pipeline.clock import Clock
from pipeline.errors import InputError
from pipeline.imprint import is_built_in, open_reader
from pipeline.imprint.protocol import Reader
from pipeline.load import PhotoBox, PhotoSource, load, sources_of, to_load_again
from pipeline.looking import CallerHints, Segments, found_in
from pipeline.match import Match, Matcher, Weighing, retake
from pipeline.measure import Measurer, conditions_of
from pipeline.pill_meant import PillMeant
from pipeline.records import Advice, Box, Decision, Doubts, Expected, Face, Photo, PillLook, PillRegion
from pipeline.scene import (
    Scene,
    doubted,
    in_rows,
    is_clear,
    may_be_of_one_color,
    may_be_two_faces,
)
from pipeline.segment import Segmenter, may_be_cut_out, whole_frame
from pipeline.settings import Settings
from reference.high_alert import HIGH_ALERT
from reference.product import Product
from reference.store.catalog import Catalog, open_catalog

if TYPE_CHECKING:
    from pipeline.verify import ListCheck, ListEntry, RuleOut, Verification, Verifier


class Identifier:
    """Holds the catalog, the reader and the networks for many calls; safe to use from threads, picklable for processes.

    Args:
        catalog: an opened catalog, the path of one or of a register's table, or None for the one that ships.
        reader: what reads the imprint: a name of ``pipeline.imprint.READERS`` (pillprint, tesseract, ppocr, none), a
            reader of your own, or None for the one that the settings name.
        settings: of every stage.
        keep_photos: whether answers hold the photos that they were found in, each some 10 MB and its file's bytes; then
            they are drawn without a second decoding. Without it a photo that is a file is read again.

    Raises:
        InputError: no reader has that name.
        EngineMissingError: the reader is not installed; the message says what to install.
    """

    def __init__(
        self,
        catalog: Catalog | str | Path | None = None,
        reader: Reader | str | None = None,
        settings: Settings | None = None,
        *,
        keep_photos: bool = False,
    ) -> None:
        self.keep_photos = keep_photos
        self.catalog = catalog if isinstance(catalog, Catalog) else open_catalog(catalog)
        settings = settings or Settings()
        if isinstance(reader, str):
            settings = replace(settings, read=replace(settings.read, reader=reader))
        self.settings = settings
        self.reader: Reader = open_reader(settings.read) if reader is None or isinstance(reader, str) else reader
        self._segment = Segmenter(settings.segment)
        self._measurer = Measurer(settings.measure)

    def __reduce__(self) -> tuple[partial[Identifier], tuple[Catalog, Reader, Settings]]:
        return partial(Identifier, keep_photos=self.keep_photos), (self.catalog, self.reader, self.settings)

    @property
    def _meant(self) -> PillMeant:
        return PillMeant(self._faces, self._look, self._explained)

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(self.catalog, self.settings)

    def identify(
        self,
        photos: PhotoSource | Iterable[PhotoSource],
        *,
        mm_per_px: float | None = None,
        coin: str | None = None,
        channels: str = "rgb",
        region: PhotoBox | None = None,
    ) -> Answer:
        """Identify ONE pill from a photo or several photos of it.

        Args:
            photos: a path, the bytes of a file, a file object opened for bytes, a PIL image, an array ``(h, w, 3)``, or
                several of those in a list, tuple or generator. Of an array uint8 is taken as it is, floats as 0-1.
            mm_per_px: millimeters per pixel of the photo at its full size, where the caller knows them.
            coin: the kind of coin beside the pill, a key of ``pipeline.scale.coin_sizes.COINS_MM``, where there is one.
            channels: the order of an array's colors. The default is RGB: for what OpenCV's ``imread`` gives say
                ``bgr``, or red and blue are exchanged.
            region: where the pill lies in the one photo: ``(x, y, width, height)`` in pixels of the photo at its full
                size, upright. It may be found there as elsewhere; if it is not, all of the box is taken for it.

        Raises:
            PhotoError: a photo cannot be used; the message names it and says what to do.
            InputError: there is no photo, or the scale, coin, order of colors or region makes no sense.
            TypeError: this is no photo by its type; the message says what is taken.
        """
        return self._one_pill(photos, CallerHints(mm_per_px, coin, channels, region, page=True))[0]

    def identify_each(
        self,
        photo: PhotoSource,
        *,
        mm_per_px: float | None = None,
        coin: str | None = None,
        channels: str = "rgb",
        region: PhotoBox | None = None,
    ) -> tuple[Answer, ...]:
        """Identify every pill of a photo that shows several, row by row from the left, numbered so in the overlay.

        A pill lies with one face up, so each is answered for by that face, and two alike pills are two answers. Only
        where a photo shows nothing but two that look alike and do not say the same, as a register's does, they are
        taken for the two faces of one pill. A photo without a pill has one answer, NO_PILL. The arguments are those
        of ``identify``; with ``region`` only the pills in that box are answered for.
        """
        clock = Clock()
        scene = self._scene(photo, 0, CallerHints(mm_per_px, coin, channels, region), clock)
        own = Clock(clock.seconds)
        both = self._meant.two_faces(scene, own)
        pills = [(both, own)] if both else list(self._apart(scene, clock))
        answers = ((self._seen([scene], faces, Doubts()), own) for faces, own in pills or [([], clock)])
        return tuple(self._answer(seen, own) for seen, own in answers)

    def verify(
        self,
        photos: PhotoSource | Iterable[PhotoSource],
        expected: str | Product | Expected,
        *,
        mm_per_px: float | None = None,
        coin: str | None = None,
        channels: str = "rgb",
    ) -> Verification:
        """Is ONE pill what it should be? It never says what the pill is made of.

        Args:
            photos: as for ``identify``, and so are the further arguments.
            expected: a product id, an NDC, a drug with its strength by any labeler ("baclofen 10 mg"), a product, or
                what ``pipeline.verify.described`` makes of a look that no catalog has.

        Raises:
            InputError: nothing is called so, or more than one drug or strength is; the message says what is near. And
                as ``identify``.
        """
        from pipeline.verify import expected_of

        meant = expected_of(self.catalog, expected)
        answer, weighing = self._one_pill(photos, CallerHints(mm_per_px, coin, channels))
        return self._verifier.verify(weighing, meant, answer)

    def rule_out(
        self,
        photos: PhotoSource | Iterable[PhotoSource],
        drugs: str | Sequence[str] = HIGH_ALERT,
        *,
        mm_per_px: float | None = None,
        coin: str | None = None,
        channels: str = "rgb",
    ) -> RuleOut:
        """Is ONE pill none of these drugs, in any strength?

        Args:
            photos: as for ``identify``, and so are the further arguments.
            drugs: ``high-alert`` for all drugs of ``reference.high_alert``, one of its groups, or drugs by name.

        Raises:
            InputError: no product of the catalog is one of them. And as ``identify``.
        """
        meant = self._verifier.drugs((drugs,) if isinstance(drugs, str) else drugs)
        answer, weighing = self._one_pill(photos, CallerHints(mm_per_px, coin, channels))
        return self._verifier.rule_out(weighing, meant, answer)

    def check_list(
        self,
        photo: PhotoSource,
        entries: Sequence[ListEntry],
        *,
        mm_per_px: float | None = None,
        coin: str | None = None,
        channels: str = "rgb",
    ) -> ListCheck:
        """Are the pills of ONE photo, each on its own face, those of a list?

        Args:
            photo: one photo of a compartment, a pouch or a tray, in a form that ``identify`` takes.
            entries: the list, as ``pipeline.verify.read_list`` reads it from a file.
            mm_per_px: as for ``identify``, and so are the further arguments.

        Raises:
            As ``identify``.
        """
        from pipeline.verify import SeenPill, check_list, counted

        clock = Clock()
        scene = self._scene(photo, 0, CallerHints(mm_per_px, coin, channels), clock, self._segment.of_list)
        seen = ((self._seen([scene], faces, Doubts()), own) for faces, own in self._apart(scene, clock))
        pills = [SeenPill(*self._weighed_answer(pill, own)) for pill, own in seen]
        regions = tuple(scene.pills[index] for index in in_rows(scene.pills))
        alike = may_be_two_faces(scene.photo, [pill.answer.faces[0] for pill in pills])
        number = replace(counted(scene.photo.pixels, regions, scene.no_pills), alike=alike)
        return check_list(self._verifier, entries, pills, number)

    @cached_property
    def _verifier(self) -> Verifier:
        from pipeline.verify import Verifier  # here, since most who identify never verify

        return Verifier(self.catalog, self._matcher, self.settings)

    def _one_pill(self, photos: PhotoSource | Iterable[PhotoSource], told: CallerHints) -> tuple[Answer, Weighing]:
        """What ONE pill is taken for, and what was seen of it, weighed."""
        clock = Clock()
        sources = sources_of(photos)
        if told.region is not None and len(sources) > 1:
            raise InputError("a region is one of one photo; hand over each photo's region in a call of its own")
        scenes = [self._scene(source, number, told, clock) for number, source in enumerate(sources)]
        return self._weighed_answer(self._seen(scenes, *self._meant.of(scenes, clock)), clock)

    def _weighed_answer(self, seen: Seen, clock: Clock) -> tuple[Answer, Weighing]:
        with clock("match"):
            weighing = self._matcher.weigh([face.reading for face in seen.faces], seen.look)
        return self._answer(seen, clock, weighing), weighing

    def _scene(
        self, source: PhotoSource, number: int, told: CallerHints, clock: Clock, segment: Segments | None = None
    ) -> Scene:
        with clock("load"):
            photo = load(source, self.settings.load, channels=told.channels)
        photo, regions, scale, shown = found_in(photo, segment or self._segment, self.settings.scale, told, clock)
        if segment is None:
            regions = regions or self._read_whole(photo, shown, clock)
        again = photo if self.keep_photos else to_load_again(source, photo, self.settings.load)
        return Scene.of(photo, number, regions, scale, again, shown)

    def _read_whole(self, photo: Photo, shown: Box, clock: Clock) -> tuple[PillRegion, ...]:
        """All that a cut-out without a found pill shows, as the pill that fills it, if text is read; else none."""
        if not is_built_in(self.reader) or not may_be_cut_out(photo, shown):
            return ()
        whole = whole_frame(photo, shown)
        with clock("read"):
            return (whole,) if is_clear(self.reader.read(photo, [whole])[0]) else ()

    def _explained(self, faces: Sequence[Face]) -> float:
        """The probability that the catalog explains faces of text; 0 unless each bears a text of its own product."""
        ranked = self._matcher.rank([face.reading for face in faces], self._look(faces))
        best = ranked.explanations[0] if ranked.explanations else None
        own = set(best.places.values()) if best and not best.contradicted else set()
        return 1 - ranked.unlisted if all({number} in own for number in range(len(faces))) else 0.0

    def _apart(self, scene: Scene, clock: Clock) -> Iterator[tuple[list[Face], Clock]]:
        """Each pill by the one face that is up, row by row from the left, with the time that it took."""
        for index in in_rows(scene.pills):
            own = Clock(clock.seconds)
            yield self._faces(scene, [index], own), own

    def _faces(self, scene: Scene, indices: Sequence[int], clock: Clock, like: PillLook | None = None) -> list[Face]:
        """Some of a photo's regions, measured and read; ``like``: only those that may be of the same color."""
        with clock("measure"):
            measured = [
                (pill, self._measurer.measure(scene.photo, pill, scene.scale, scene.pills, shown=scene.shown))
                for pill in (scene.pills[index] for index in indices)
            ]
        some = [pair for pair in measured if like is None or may_be_of_one_color(pair[1].look, like)]
        with clock("read"):
            readings = self.reader.read(scene.photo, [pill for pill, _ in some])
        return [
            Face(scene.photo.name, scene.number, *pair, reading) for pair, reading in zip(some, readings, strict=True)
        ]

    def _look(self, faces: Sequence[Face]) -> PillLook:
        return self._measurer.combine([face.measurements.look for face in faces])

    def _seen(self, scenes: Sequence[Scene], faces: Sequence[Face], doubts: Doubts) -> Seen:
        """Everything seen and read of one pill."""
        faces, doubts = doubted(faces, doubts)
        return Seen(tuple(scenes), tuple(faces), self._look(faces), doubts)

    def _answer(self, seen: Seen, clock: Clock, weighing: Weighing | None = None) -> Answer:
        """What was seen of one pill, matched; ``weighing`` where it is weighed already."""
        with clock("match"):
            matched = self._matcher.match([face.reading for face in seen.faces], seen.look, seen.doubts, weighing)
            first = matched.candidates[0].product.product_id if matched.candidates else ""
            monograph = self.catalog.monograph(matched.drug, first) if matched.drug else None
        if matched.decision is not Decision.IDENTIFIED:
            with clock("measure"):
                matched = replace(matched, advice=self._advice(seen, matched))
        return Answer.of(seen, matched, monograph, self.catalog, clock.seconds)

    def _advice(self, seen: Seen, matched: Match) -> Advice | None:
        """What would help most where the pill was not told."""
        photos = {scene.number: scene.photo for scene in seen.scenes}
        conditions = conditions_of(
            list(photos.values()), [(photos[face.photo_index], face.region) for face in seen.faces]
        )
        return retake(matched, conditions, seen.doubts)


def identify(
    photos: PhotoSource | Iterable[PhotoSource],
    *,
    catalog: Catalog | str | Path | None = None,
    mm_per_px: float | None = None,
    coin: str | None = None,
    channels: str = "rgb",
    region: PhotoBox | None = None,
) -> Answer:
    """Identify ONE pill from a photo or several photos of it; see ``Identifier`` for many calls."""
    return Identifier(catalog).identify(photos, mm_per_px=mm_per_px, coin=coin, channels=channels, region=region)


def identify_each(
    photo: PhotoSource,
    *,
    catalog: Catalog | str | Path | None = None,
    mm_per_px: float | None = None,
    coin: str | None = None,
    channels: str = "rgb",
    region: PhotoBox | None = None,
) -> tuple[Answer, ...]:
    """Identify every pill of a photo that shows several different ones."""
    return Identifier(catalog).identify_each(photo, mm_per_px=mm_per_px, coin=coin, channels=channels, region=region)
