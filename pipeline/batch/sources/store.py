"""What a place of photos is: a folder with its archives, or a bucket."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.batch.state import State
from pipeline.settings import LoadSettings

# Told of each file or folder that is passed over: its path (a folder's ends in ``/``), and why.
PassedOver = Callable[[str, str], None]

# What `load` takes; no store hands over more than a byte beyond, by which `load` sees that it is too much.
BYTES_MAX = LoadSettings().bytes_max
# From the middle, where two photos of one camera differ that have the same header.
SAMPLE_BYTES = 4096


class PhotoBytes(io.BytesIO):
    """A photo's bytes, with the name that messages and pages call it by."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


@dataclass(frozen=True)
class Given:
    """One photo for an identifier.

    ``digest`` is called after it was read: the SHA-256 of what was read, None where that changed meanwhile.
    """

    source: Path | PhotoBytes
    digest: Callable[[], str | None]


class Store(Protocol):
    """A place of photos, each known by its path; picklable, since workers read from a copy of it."""

    def state(self, path: str) -> State | None:
        """Size, times and the like; None where there is nothing of that name, values of None where not known."""
        ...

    def digest(self, path: str) -> str | None:
        """The SHA-256 of a photo; None where it cannot be read to its end."""
        ...

    def sample(self, path: str, size: int) -> bytes | None:
        """``SAMPLE_BYTES`` from the middle of a photo of that size; None where it cannot be read."""
        ...

    def given(self, path: str) -> Given:
        """The photo for an identifier.

        Raises:
            PillprintError: it cannot be had; the message names it and says what to do.
        """
        ...

    def why_not_listed(self, path: str) -> str:
        """Why a folder or archive cannot be listed and what to do, "" where it can; ``path`` ends in a ``/``."""
        ...

    def close(self) -> None:
        """Close what is open; it is opened again where it is wanted."""
        ...


def middle(size: int) -> int:
    """Where the sample of so many bytes begins."""
    return max(0, (size - SAMPLE_BYTES) // 2)
