"""The answer as callers get it: an identification that says itself as plain values, draws and saves itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.load import PhotoFile
from pipeline.match import Match
from pipeline.records import Doubts, Face, Identification, Photo, PillLook, Pixels
from pipeline.scene import BoxShares, Scene
from pipeline.serialize import Detail, identification_to_dict, identification_to_json
from reference.product import Monograph
from reference.store.catalog import Catalog
from reference.store.product_pictures import LabelPictures


@dataclass(frozen=True, eq=False)
class Seen:
    """What the photos show of one pill."""

    scenes: tuple[Scene, ...]
    faces: tuple[Face, ...]
    look: PillLook
    doubts: Doubts


@dataclass(frozen=True, repr=False)
class Answer(Identification):
    """The answer for one pill, as ``identify`` gives it: it says itself as plain values, draws and saves itself.

    ``again`` is where its photos are, one each: a file, which takes no memory and is read once more when it is drawn,
    or the photo that was no file. Pickled and copied answers leave the latter behind. ``labels`` is where the catalog
    that was asked has its labels' pictures, None where it is no file. ``boxes`` has for each photo the boxes of all
    pills found there, also of those that the answer is not about: top, left, bottom and right as shares of the photo's
    height and width.
    """

    again: tuple[Photo | PhotoFile | None, ...] = field(default=(), compare=False)
    labels: LabelPictures | None = field(default=None, compare=False)
    boxes: tuple[tuple[BoxShares, ...], ...] = field(default=(), compare=False)

    @classmethod
    def of(
        cls,
        seen: Seen,
        matched: Match,
        monograph: Monograph | None,
        catalog: Catalog,
        seconds: Mapping[str, float],
    ) -> Answer:
        """The answer from what was seen, what the match made of it and the catalog that was asked."""
        photos = [scene.photo for scene in seen.scenes]
        return cls(
            decision=matched.decision,
            reason=matched.reason,
            candidates=matched.candidates,
            faces=seen.faces,
            look=seen.look,
            scale=next((scene.scale for scene in seen.scenes if scene.scale), None),
            monograph=monograph,
            doubts=seen.doubts,
            warnings=(*seen.doubts.sentences, *(warning for photo in photos for warning in photo.warnings)),
            photos=tuple(photo.name for photo in photos),
            catalog=catalog.fingerprint,
            seconds=seconds,
            unlisted=matched.unlisted,
            advice=matched.advice,
            catalog_name=catalog.name,
            catalog_date=catalog.date,
            again=tuple(scene.again for scene in seen.scenes),
            labels=catalog.pictures,
            boxes=tuple(scene.boxes for scene in seen.scenes),
        )

    def __getstate__(self) -> dict[str, Any]:
        # Pixels stay in the process that saw them: rows and queues want the answer alone.
        kept = tuple(each if isinstance(each, PhotoFile) else None for each in self.again)
        return {**self.__dict__, "again": kept}

    def to_dict(self, detail: Detail = "summary") -> dict[str, Any]:
        """The answer as plain JSON values, in the form of ``pipeline/report/identification.schema.json``.

        Args:
            detail: ``summary``, or ``full`` for the outlines and the monograph's text too.

        Raises:
            InputError: ``detail`` is neither.
        """
        return identification_to_dict(self, detail)

    def to_json(self, indent: int | None = None, detail: Detail = "summary") -> str:
        """The answer as JSON text, in the same form.

        Raises:
            InputError: ``detail`` is neither ``summary`` nor ``full``.
            ValueError: a figure is not finite.
        """
        return identification_to_json(self, indent, detail)

    def load_photos(self) -> tuple[Photo, ...]:
        """The photos as they were identified; those that came from files are read from them again.

        Raises:
            PhotoError: a file is gone or was changed since.
            InputError: the photo was no file, and the answer comes from another process, or is a copy.
        """
        held = self.again or (None,) * len(self.photos)
        return tuple(_loaded(each, name) for each, name in zip(held, self.photos, strict=True))

    def overlay(self) -> Pixels:
        """The photos with what was found drawn on them, ``(height, 1200, 3)`` uint8 sRGB; raises as ``load_photos``."""
        from pipeline.report.save import sheets

        return sheets(self.load_photos(), [self])

    def save_overlay(self, file: str | os.PathLike[str]) -> None:
        """Save what ``overlay`` draws; the name's ending gives the format: .png, .jpg, .jpeg or .webp.

        Raises:
            InputError: another ending, or the file cannot be written; and as ``load_photos``.
        """
        from pipeline.report.save import save_overlay

        save_overlay(Path(file), self.load_photos(), [self])

    def save_html(self, file: str | os.PathLike[str]) -> None:
        """Save the answer as one HTML page: its photos drawn with what was found, and what the labels of the candidates
        show, where the catalog has it.

        Raises:
            InputError: the file cannot be written; and as ``load_photos``.
        """
        from pipeline.report.save import save_html

        save_html(Path(file), self.load_photos(), [self], self.labels.of if self.labels else None)

    def _repr_html_(self) -> str:
        """How a notebook shows it: the photo with what was found, where there still is one, and tables."""
        from pipeline.report.notebook import notebook_html

        try:
            sheet = self.overlay()
        except InputError:
            sheet = None
        return notebook_html(self, sheet)


def _loaded(again: Photo | PhotoFile | None, name: str) -> Photo:
    if again is None:
        raise InputError(
            f"{name}: this answer holds no photo: it comes from another process or is a copy; draw it where it was "
            "made, or with pipeline.report.overlay.overlay(photo, answer)"
        )
    return again if isinstance(again, Photo) else again.load()
