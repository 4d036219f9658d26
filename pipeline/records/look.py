"""What a pill looks like: one record for one face and for the whole pill."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.records.probability import Probabilities

UNKNOWN = Probabilities(())
"""Nothing is known of a property."""


@dataclass(frozen=True)
class SizeMeasurement:
    """Length (SPL SPLSIZE) along the long axis and width across, in mm, with the length's standard deviation."""

    length_mm: float
    width_mm: float
    sigma_mm: float


@dataclass(frozen=True, kw_only=True)
class PillLook:
    """What a pill looks like: measured on each face, taken together for the pill, weighed by the match.

    ``pipeline.properties`` says of each property how it is named, printed and compared with a register; a property
    that is added here stands there too.

    Attributes:
        shape: over SPL shapes.
        color: over SPL colors, ``"WHITE"`` or, for two-color pills, ``"BLUE;WHITE"`` in alphabetical order.
        size: None where the photo carries no scale, the scale makes it a size that no pill has, or no outline is seen.
        score: over ``"1"`` (no score), ``"2"``, ``"3"``, ``"4"`` equal pieces (SPL SPLSCORE).
        relief: how its imprint is made: DEBOSSED, EMBOSSED, PRINTED; of one face BLANK too.
        faces: how many were seen.
        color_in_lamps: as ``color``, had the camera left in the light of a lamp, and that of shade.
    """

    shape: Probabilities = UNKNOWN
    color: Probabilities = UNKNOWN
    size: SizeMeasurement | None = None
    score: Probabilities = UNKNOWN
    relief: Probabilities = UNKNOWN
    faces: int = 0
    color_in_lamps: tuple[Probabilities, ...] = ()


@dataclass(frozen=True)
class ColorMeasurement:
    """The colors of one face.

    ``lab`` is the CIELAB (D65) middle of each color area as it would be in a white light, as far as the photo tells;
    ``seen_lab`` as it is in the photo. ``in_lamps`` are the colors had the camera left in the light of a
    lamp, and that of shade.
    """

    colors: Probabilities
    lab: tuple[tuple[float, float, float], ...] = ()
    seen_lab: tuple[tuple[float, float, float], ...] = ()
    in_lamps: tuple[Probabilities, ...] = ()


@dataclass(frozen=True)
class ScoreMeasurement:
    """The score of one face; ``lines`` are those found, each ``((row, col), (row, col))`` in photo pixels."""

    pieces: Probabilities
    lines: tuple[tuple[tuple[float, float], tuple[float, float]], ...] = ()


@dataclass(frozen=True)
class Measurements:
    """What was measured on one face before any letter is read.

    ``color_lab`` and ``color_seen_lab`` are ``lab`` and ``seen_lab`` of ``ColorMeasurement``, ``score_lines`` the
    ``lines`` of ``ScoreMeasurement``; ``axis_deg`` is the turn of the long axis; the names of the region figures are
    those of scikit-image's regionprops.
    """

    look: PillLook
    axis_deg: float
    axis_major_length_px: float
    axis_minor_length_px: float
    solidity: float
    color_lab: tuple[tuple[float, float, float], ...] = ()
    color_seen_lab: tuple[tuple[float, float, float], ...] = ()
    score_lines: tuple[tuple[tuple[float, float], tuple[float, float]], ...] = ()
