"""The answer as callers get it: an identification that says itself as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.match import Match
from pipeline.records import Doubts, Face, Identification, PillLook
from pipeline.scene import Scene
from pipeline.serialize import identification_to_dict, identification_to_json
from reference.product import Monograph
from reference.store.catalog import Catalog


@dataclass(frozen=True, eq=False)
class Seen:
    """What the photos show of one pill."""

    scenes: tuple[Scene, ...]
    faces: tuple[Face, ...]
    look: PillLook
    doubts: Doubts


@dataclass(frozen=True)
class Answer(Identification):
    """The answer for one pill, as ``identify`` gives it."""

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
        )

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain JSON values, in the form of ``pipeline/report/identification.schema.json``."""
        return identification_to_dict(self)

    def to_json(self, indent: int | None = None) -> str:
        """The answer as JSON text, in the same form.

        Raises:
            ValueError: a figure is not finite.
        """
        return identification_to_json(self, indent)
