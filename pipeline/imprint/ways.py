"""Which way up the lines of a photo run, all its evidence together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.imprint.arcs import Arc
from pipeline.imprint.textboxes import TextBox

# What is drawn alike, or as another of them, after half a turn: narrower than what people may take for one another.
_SYMMETRIC = frozenset("01IOHNZSX698MW/-+.")
# What the other lines of a photo say counts half, and no more than this: faces may lie turned to each other.
_OTHERS, _OTHERS_MOST = 0.5, 3.0
# Photos are held upright more often than not; as log odds.
_UPRIGHT = 0.6


@dataclass(frozen=True)
class DirectedBand:
    """A band in photo px with the log odds, by its own evidence, that it is read as it lies and not the other way."""

    band: TextBox | Arc
    odds: float

    @property
    def turn(self) -> float:
        """The turn of the text in its middle, in radians."""
        return math.radians(self.band.at(0.5)[2])


def is_symmetric(text: str) -> bool:
    """Whether the text may be read as text after half a turn."""
    return _SYMMETRIC.issuperset(text)


def odds_among(bands: Sequence[DirectedBand], index: int) -> float:
    """The log odds of one line of a photo, all its lines' evidence counted in.

    Besides its own counts that of the other lines, of any face, that run along it, and that photos are mostly held
    upright: a lone 6 lies as the words on the other face do.
    """
    own = bands[index]
    others = sum(math.cos(band.turn - own.turn) * band.odds for number, band in enumerate(bands) if number != index)
    told = max(-_OTHERS_MOST, min(_OTHERS_MOST, _OTHERS * others))
    return own.odds + told + _UPRIGHT * math.cos(own.turn)
