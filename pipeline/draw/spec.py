"""What a drawn face is, before and after drawing: frozen records with the units in their names."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Color = tuple[float, float, float]


@dataclass(frozen=True)
class TextLine:
    """One line of imprint in the pill's frame (`outlines`: short half axis 1, ``v`` downward).

    ``u``, ``v`` is the line's center; where ``arc_radius`` is set, the circle's center, and the line's middle
    lies at ``arc_deg`` (counter-clockwise as seen, 90 at the top) with the letters' feet toward the center
    (positive radius) or their heads (negative). ``cap`` is the cap height, ``spacing`` the gap between
    letters in cap heights, ``condense`` stretches letters along the line, ``slant`` shears them.
    """

    text: str
    font: str
    cap: float
    u: float = 0.0
    v: float = 0.0
    turn_deg: float = 0.0
    spacing: float = 0.25
    condense: float = 1.0
    slant: float = 0.0
    arc_radius: float | None = None
    arc_deg: float = 90.0


@dataclass(frozen=True)
class ScoreLine:
    """A score line through ``(u, v)`` at ``turn_deg``, from ``start`` to ``end`` along it (short half axes)."""

    u: float = 0.0
    v: float = 0.0
    turn_deg: float = 0.0
    start: float = -1.0
    end: float = 1.0
    width: float = 0.06
    depth: float = 0.09


@dataclass(frozen=True)
class Logo:
    """An abstract sign, no character: polylines in a box of -1 to 1, scaled by ``size`` and put at ``(u, v)``."""

    u: float
    v: float
    size: float
    strokes: tuple[tuple[tuple[float, float], ...], ...]
    weight: float = 0.12
    filled: bool = False


@dataclass(frozen=True)
class Body:
    """The pill without imprint.

    ``profile``: ``FLAT``, ``BEVELED``, ``CONVEX`` or ``SHELL`` (a two-part capsule); ``bevel`` the rim's
    width, ``dome`` the height of the convex face, ``edge`` the rounding of the rim, all in short half axes.
    ``second_color`` is the right half's (SHELL), ``seam`` where along ``u`` the cap ends. ``speckle`` is the
    share of the face that granules of ``speckle_color`` cover, ``grain`` the roughness, ``gloss`` 0-1, ``ring``
    an engraved line along the rim at that distance (0: none). ``beads`` fill a clear right half (SHELL),
    ``locks`` are the cap's locking grooves, as places along ``u``. ``holes`` go through it, as ``(u, v, radius)``:
    no pill has any, buttons and beads do.
    """

    shape: str = "ROUND"
    aspect: float = 1.0
    roundness: float = 0.5
    profile: str = "BEVELED"
    bevel: float = 0.12
    dome: float = 0.2
    edge: float = 0.05
    color: Color = (232.0, 232.0, 228.0)
    second_color: Color | None = None
    seam: float = 0.1
    band_color: Color | None = None
    speckle: float = 0.0
    speckle_color: Color = (150.0, 140.0, 130.0)
    grain: float = 0.02
    gloss: float = 0.1
    wear: float = 0.1
    ring: float = 0.0
    beads: bool = False
    locks: tuple[float, ...] = ()
    holes: tuple[tuple[float, float, float], ...] = ()


@dataclass(frozen=True)
class Imprint:
    """How the characters are made.

    ``relief`` is DEBOSSED, EMBOSSED or PRINTED; ``weight`` the stroke's width in cap heights; ``depth`` the
    groove's depth in stroke widths, ``bevel`` the share of the half stroke that is slope; ``ink`` and
    ``bleed`` (softness of the print's edge, px at 200 px) for print; ``fade`` 0-1 lost ink or filled groove.
    """

    relief: str = "DEBOSSED"
    weight: float = 0.12
    depth: float = 0.5
    bevel: float = 0.8
    ink: Color = (30.0, 30.0, 32.0)
    bleed: float = 1.0
    fade: float = 0.0


@dataclass(frozen=True)
class Light:
    """Directional lights over an ambient one.

    ``azimuth_deg`` is where the main light comes from (counter-clockwise as seen, 0 from the right),
    ``elevation_deg`` its height; ``opposite`` 0-1 the strength of a second one across; ``color`` multiplies.
    """

    azimuth_deg: float = 120.0
    elevation_deg: float = 40.0
    ambient: float = 0.6
    opposite: float = 0.3
    occlusion: float = 0.4
    falloff: float = 0.0
    color: Color = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Camera:
    """Blur and motion in px, noise in gray levels, JPEG quality (0: none), gamma, exposure, shrinking."""

    blur_px: float = 0.5
    motion_px: float = 0.0
    noise: float = 1.5
    jpeg_quality: int = 90
    gamma: float = 1.0
    exposure: float = 1.0
    reduction: float = 1.0


@dataclass(frozen=True)
class FaceSpec:
    """One face of a pill, as `draw_face` draws it.

    ``size_px`` is the long axis in px, ``turn_deg`` the turn of the pill's ``u`` axis, counter-clockwise as
    seen; ``tilt`` foreshortens by that share along ``tilt_deg``. ``frames`` are figures around the text.
    """

    size_px: float
    body: Body = field(default_factory=Body)
    imprint: Imprint = field(default_factory=Imprint)
    lines: tuple[TextLine, ...] = ()
    scores: tuple[ScoreLine, ...] = ()
    logos: tuple[Logo, ...] = ()
    frames: tuple[Logo, ...] = ()
    light: Light = field(default_factory=Light)
    camera: Camera = field(default_factory=Camera)
    turn_deg: float = 0.0
    tilt: float = 0.0
    tilt_deg: float = 0.0
    background: Color = (120.0, 120.0, 120.0)
    margin_px: float = 6.0


@dataclass(frozen=True)
class DrawnCharacter:
    """One character's truth: ``char`` in upper case (``drawn`` as drawn), center, ink height and width in px across
    and along its line, and the direction its line runs there, counter-clockwise as seen. ``visible`` is the share
    of it on the face that is seen, below 1 where print goes around a capsule."""

    char: str
    drawn: str
    row: float
    col: float
    height_px: float
    width_px: float
    turn_deg: float
    line_index: int
    curved: bool
    visible: float = 1.0


@dataclass(frozen=True)
class DrawnMark:
    """What is no character: ``kind`` is SCORE, LOGO, FRAME, SEAM, BAND or RING; ``corners`` four ``(row, col)``."""

    kind: str
    corners: tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class DrawnFace:
    """A drawn face with its truth.

    ``pixels`` ``(h, w, 3)`` uint8 sRGB; ``mask`` ``(h, w)`` bool; ``outline`` ``(n, 2)`` float32 ``(row,
    col)``. ``relief`` is the imprint's, or BLANK without characters.
    """

    pixels: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    outline: NDArray[np.float32]
    characters: tuple[DrawnCharacter, ...]
    marks: tuple[DrawnMark, ...]
    relief: str
    spec: FaceSpec = field(repr=False)

    @property
    def text(self) -> tuple[str, ...]:
        """The lines' texts in upper case, in drawing order."""
        lines = sorted({character.line_index for character in self.characters})
        return tuple("".join(c.char for c in self.characters if c.line_index == index) for index in lines)
