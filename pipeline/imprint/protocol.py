"""What an imprint reader is: the one real variation point of the flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pipeline.records import Photo, PillRegion, Reading


class Reader(Protocol):
    """Reads the imprint of faces. Handed in as an object, never chosen by a global; safe to use from threads."""

    @property
    def name(self) -> str:
        """The engine's name as it stands in ``Reading.engine``."""
        ...

    def read(self, photo: Photo, regions: Sequence[PillRegion]) -> tuple[Reading, ...]:
        """Read each region of the photo; one reading a region, in their order.

        Raises:
            EngineMissingError: the engine is not installed; the message says what to install.
        """
        ...
