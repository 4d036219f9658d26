"""What an imprint reader is, the one real variation point of the flow, and what an engine says of itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.records import Photo, PillRegion, Reading
from pipeline.settings import ReadSettings


class Reader(Protocol):
    """Reads the imprint of faces. Handed in as an object or by name; safe to use from threads, picklable."""

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


def _always() -> bool:
    return True


@dataclass(frozen=True)
class Engine:
    """An engine that can be chosen by name (``pipeline.imprint.READERS``)."""

    make: Callable[[ReadSettings], Reader]
    """Its reader."""

    is_available: Callable[[], bool] = _always
    """Whether everything is installed that it needs."""

    install: str = ""
    """What to install where it is not, as a command."""
