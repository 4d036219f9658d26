"""The network's line map -> lines of text on the canvas, straight or along the rim, and the way they run."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.imprint.arcs import RADIUS_MIN, SPAN_DEG_MIN, Arc, around
from pipeline.imprint.textboxes import TextBox, about_line

# The map's channels: a logit of "on the middle of a line"; the way its text runs, as a vector that is short where the
# network is unsure of it; cosine and sine of twice its angle, which needs no way up; log2 of its letters' height in px.
CHANNELS = 6
CORE, WAY, AXIS, LOG_HEIGHT = 0, slice(1, 3), slice(3, 5), 5
# The middle of a line is what lies within this many heights of the places between its outermost characters' centers.
CORE_RADIUS = 0.25
_CORE_MIN = 0.5
_STRIDE = 4
_CELLS_MIN = 2
# If the cells of a line are at least this many times as long as wide, their own axis is the line's; else it is taken
# from the network's vectors.
_TELLING_MIN = 2.0
# Below this length of the mean of the doubled axis vectors the line is curved: its axes differ along it.
_STRAIGHT_MIN = 0.85
# In heights: how far off the circle the middle of a curved line may lie.
_OFF_CIRCLE_MAX = 0.3


@dataclass(frozen=True)
class FoundLine:
    """A line of text where it is; it is read along ``band`` or the other way round.

    ``way`` -1 to 1: 1 surely as the band lies, -1 surely the other way round. ``score`` 0-1: that it is text.
    """

    band: TextBox | Arc
    way: float
    score: float

    def moved(self, affine: NDArray[np.float64]) -> FoundLine:
        """The same line in another frame, to which a ``(2, 3)`` map without shear leads."""
        return replace(self, band=self.band.moved(affine))


def lines_of(output: NDArray[np.float32], inside: NDArray[np.float32]) -> list[FoundLine]:
    """The lines on a canvas, bands of straight ones along the way nearer to level, those along the rim tops out.

    Args:
        output: ``(CHANNELS, h / 4, w / 4)`` float32.
        inside: the canvas's mask ``(h, w)`` float32 0-1.
    """
    core = 1.0 / (1.0 + np.exp(-output[CORE]))
    count, parts = cv2.connectedComponents((core > _CORE_MIN).astype(np.uint8), connectivity=8)
    cells = [_Cells.of(output, core, parts == part) for part in range(1, count)]
    return [line for each in cells if len(each.x) >= _CELLS_MIN and (line := _line(each, inside)) is not None]


@dataclass(frozen=True, eq=False)
class _Cells:
    """The map's cells on the middle of one line, each ``(n,)``, places in canvas px, vectors as ``(n,)`` complex."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    way: NDArray[np.complex128]
    axis: NDArray[np.complex128]
    height: float
    score: float

    @classmethod
    def of(cls, output: NDArray[np.float32], core: NDArray[np.float32], on: NDArray[np.bool_]) -> _Cells:
        rows, cols = np.nonzero(on)
        at = output[:, rows, cols].astype(np.float64)
        way, axis = (at[channels][0] + 1j * at[channels][1] for channels in (WAY, AXIS))
        height = 2.0 ** float(at[LOG_HEIGHT].mean())
        x, y = ((places.astype(np.float64) + 0.5) * _STRIDE for places in (cols, rows))
        return cls(x, y, way, axis, height, float(core[rows, cols].max()))


def _line(cells: _Cells, inside: NDArray[np.float32]) -> FoundLine | None:
    length = float(np.abs(cells.axis).mean())
    if abs(cells.axis.mean()) < _STRAIGHT_MIN * length:
        curved = _curved(cells, inside)
        if curved is not None:
            return curved
    return _straight(cells)


def _straight(cells: _Cells) -> FoundLine:
    turn = _axis(cells)
    right, up = math.cos(turn), math.sin(turn)
    along, across = cells.x * right - cells.y * up, cells.x * up + cells.y * right
    middle, off = (float(along.min()) + float(along.max())) / 2, float(across.mean())
    span = max(0.0, float(np.ptp(along)) + _STRIDE - 2 * CORE_RADIUS * cells.height)
    x, y = middle * right + off * up, off * right - middle * up
    box = about_line(x, y, span, cells.height, math.degrees(turn), cells.score)
    return FoundLine(box, float((cells.way * np.exp(-1j * turn)).real.mean()), cells.score)


def _axis(cells: _Cells) -> float:
    """The angle of the line in radians, its way not told: -90 to 90 degrees."""
    told = float(np.angle(cells.axis.mean())) / 2
    places = np.stack([cells.x, -cells.y])
    spread = np.cov(places) + np.eye(2) * _STRIDE**2 / 12
    values, vectors = np.linalg.eigh(spread)
    turn = math.atan2(vectors[1, 1], vectors[0, 1]) if values[1] > _TELLING_MIN**2 * values[0] else told
    return (turn + math.pi / 2) % math.pi - math.pi / 2


def _curved(cells: _Cells, inside: NDArray[np.float32]) -> FoundLine | None:
    """The line as a band about the face's center; None where it does not lie along one."""
    height, width = inside.shape
    if width != height:  # elongated faces have no round rim
        return None
    (x, y), face_radius = cv2.minEnclosingCircle(np.argwhere(inside > 0.5)[:, ::-1].astype(np.float32))
    right, up = cells.x - x, y - cells.y
    radius = np.hypot(right, up)
    middle = float(np.median(radius))
    if middle < RADIUS_MIN * face_radius or float(np.abs(radius - middle).mean()) > _OFF_CIRCLE_MAX * cells.height:
        return None
    phi = np.arctan2(up, right)
    arc = around((x, y), middle, cells.height, np.degrees(phi), CORE_RADIUS, outward=True)
    if abs(arc.stop_deg - arc.start_deg) < SPAN_DEG_MIN:
        return None
    # Tops out, text runs clockwise: a quarter turn back from the place's own angle.
    way = float((cells.way * np.exp(-1j * (phi - math.pi / 2))).real.mean())
    return FoundLine(arc, way, cells.score)
