"""A reader that reads nothing: for runs by shape, color and size alone, and for tests."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.imprint.protocol import Engine
from pipeline.records import Photo, PillRegion, Reading


class NullReader:
    """Says of every face that nothing is known about its imprint."""

    @property
    def name(self) -> str:
        """The engine's name."""
        return "none"

    def read(self, photo: Photo, regions: Sequence[PillRegion]) -> tuple[Reading, ...]:
        """One empty reading a region; blank or not is left even."""
        return tuple(Reading(self.name, (), blank=0.5) for _ in regions)


ENGINE = Engine(lambda settings: NullReader())
