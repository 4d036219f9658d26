"""How well photos show a pill."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Conditions:
    """What of photos decides whether a text on a pill can be read at all; None where nothing was found to measure.

    Attributes:
        brightness: of the brightest photo, 0-255: the level that one pixel in a hundred reaches.
        length_px: the largest face's length at the photo's full size; where no pill was found the longer side of the
            largest photo, since no pill in it is longer.
        edge_px: how wide the sharpest face's edge is there, and without a face the sharpest photo's sharpest edges;
            some 1.4 where a lens is sharp and nothing was enlarged.
        saturated: the share of a face that is plain white, of the face where it is largest, 0-1.
    """

    brightness: float
    length_px: float | None = None
    edge_px: float | None = None
    saturated: float = 0.0

    @property
    def elements(self) -> float | None:
        """The length in widths of an edge: how many details can be told apart along it."""
        return self.length_px / max(self.edge_px, 1.0) if self.length_px and self.edge_px else None
