"""What a batch does as one: the photos of one pill, or one photo, with what is said of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Told:
    """What the caller says of a photo: its scale, or the kind of coin beside the pill; None where nothing is said.

    ``expected``: what the pill should be, as ``Identifier.verify`` takes it; "" where that is not asked.
    """

    mm_per_px: float | None = None
    coin: str | None = None
    expected: str = ""

    @property
    def arguments(self) -> dict[str, Any]:
        """What is said, as ``Identifier.identify`` takes it."""
        said = {"mm_per_px": self.mm_per_px, "coin": self.coin}
        return {name: value for name, value in said.items() if value is not None}

    @property
    def cells(self) -> dict[str, Any]:
        """What is said, as a row keeps it."""
        return self.arguments | ({"expected": self.expected} if self.expected else {})


NOTHING = Told()


@dataclass(frozen=True)
class Entry:
    """What has one place in the plan.

    ``path``: of the photo, as its store knows it; with a ``/`` at its end a folder or archive that could not be listed.
    ``further``: other photos of the same pill. ``told``: of all of them. ``own``: what the list has in the caller's own
    columns, in their order. ``wrong``: why it cannot be done as it was listed, "" where it can.
    """

    path: str
    further: tuple[str, ...] = ()
    told: Told = NOTHING
    own: tuple[str, ...] = ()
    wrong: str = ""
