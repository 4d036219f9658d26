"""Which way up the lines of a photo run, from all lines together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.imprint.arcs import Arc
from pipeline.imprint.textboxes import TextBox

# Characters that look like one of these after half a turn; stricter than what people may confuse.
_SYMMETRIC = frozenset("01IOHNZSX698MW/-+.")
# The log odds of the other lines of the photo count half, and at most _OTHERS_MAX, since two faces in one photo may be
# turned differently.
_OTHERS, _OTHERS_MAX = 0.5, 3.0
# Log odds that text runs upright in the photo, before anything else is known.
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
    told = max(-_OTHERS_MAX, min(_OTHERS_MAX, _OTHERS * others))
    return own.odds + told + _UPRIGHT * math.cos(own.turn)
