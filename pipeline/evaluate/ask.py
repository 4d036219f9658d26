"""The questions put to a photo: the catalog as it is, without the pill's own imprint, and another table.

A photo is read once: what reads remembers the last photo, so that a further question costs the seconds of matching.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

from pipeline.evaluate.outcome import Outcome, outcome_of, taken_out
from pipeline.evaluate.photo_truth import Truth
from pipeline.evaluate.product_index import ProductIndex
from pipeline.identifier import Identifier
from pipeline.imprint.protocol import Reader
from pipeline.records import Identification, Photo, PillRegion, Reading
from pipeline.settings import Settings
from reference.store.catalog import Catalog

OPEN = "open"
AGAINST = "against"


class Identifies(Protocol):
    """The one thing evaluation asks of an identifier. It must pickle when several processes share the work."""

    def identify(self, photo: Any) -> Identification:
        """The answer for one photo of one pill."""
        ...


class Parts(Protocol):
    """An identifier whose catalog can be asked without some imprints."""

    def without(self, imprints: Sequence[str]) -> Identifies:
        """The same over a catalog that lacks every product with these letters and digits, in any order."""
        ...


class Question(Protocol):
    """One more question about each photo."""

    @property
    def name(self) -> str:
        """Under which the outcome stands in a verdict."""
        ...

    def ask(self, photo: Any, truth: Truth) -> Outcome | None:
        """What came of it; None where the question makes no sense for the photo."""
        ...


@dataclass(frozen=True)
class OpenSet:
    """The catalog asked lacks the photo's own imprint; a photo whose imprint is not known is not asked about."""

    parts: Parts
    table: ProductIndex
    name: str = OPEN

    def ask(self, photo: Any, truth: Truth) -> Outcome | None:
        """What the rest of the catalog answers."""
        imprints = taken_out(truth, self.table)
        if not imprints:
            return None
        answer = self.parts.without(imprints).identify(photo)
        return replace(outcome_of(truth, answer, self.table), listed=False)


@dataclass(frozen=True)
class Against:
    """Another table is asked, as it is."""

    identifier: Identifies
    table: ProductIndex
    name: str = AGAINST

    def ask(self, photo: Any, truth: Truth) -> Outcome | None:
        """What the other table answers."""
        return outcome_of(truth, self.identifier.identify(photo), self.table)


@dataclass(frozen=True)
class CatalogParts:
    """A catalog as it is and in parts, with one reader and the same settings for all of them."""

    catalog: Catalog
    reader: Reader
    settings: Settings | None = None

    @cached_property
    def _whole(self) -> Identifier:
        return Identifier(self.catalog, self.reader, self.settings)

    def identify(self, photo: Any) -> Identification:
        """The answer of the whole catalog."""
        return self._whole.identify(photo)

    def without(self, imprints: Sequence[str]) -> Identifies:
        """The same over what is left of the catalog."""
        view = self.catalog
        for imprint in imprints:
            view = view.without(imprint)
        return Identifier(view, self.reader, self.settings)


class RememberingReader:
    """Reads each face once: the readings of the last photo are given again when the same faces are asked for."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._photo = -1
        self._readings: dict[tuple[object, ...], tuple[Reading, ...]] = {}

    def __reduce__(self) -> tuple[type[RememberingReader], tuple[Reader]]:
        return RememberingReader, (self._reader,)

    @property
    def name(self) -> str:
        """The engine's name."""
        return self._reader.name

    def read(self, photo: Photo, regions: Sequence[PillRegion]) -> tuple[Reading, ...]:
        """The reader's readings, one a region."""
        pixels = zlib.crc32(photo.pixels.tobytes())
        if pixels != self._photo:
            self._photo, self._readings = pixels, {}
        faces = tuple((region.box, region.area) for region in regions)
        if faces not in self._readings:
            self._readings[faces] = self._reader.read(photo, regions)
        return self._readings[faces]
