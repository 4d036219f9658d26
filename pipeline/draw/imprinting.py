"""From lines of text to one distance field over the face, and the truth of every character."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.draw.glyphs import MARGIN, RESOLUTION, glyph
from pipeline.draw.spec import DrawnCharacter, Logo, TextLine

Affine = NDArray[np.float64]
Field = NDArray[np.float32]
ToPixels = Callable[[NDArray[np.float64]], tuple[NDArray[np.float64], float]]

# A field's value far from every character, in px: below any groove's or ink's reach.
FAR_PX = -50.0


@dataclass(frozen=True, eq=False)
class PlacedGlyph:
    """A character with its (3, 3) map from glyph coordinates (cap heights) to the pill's frame."""

    drawn: str
    font: str
    to_pill: Affine
    line_index: int
    curved: bool

    @property
    def width(self) -> float:
        """Width of the ink in cap heights."""
        return glyph(self.drawn, self.font).width


def line_width(line: TextLine) -> float:
    """Width of the line's ink in short half axes (along its arc if it is curved)."""
    advances = [_advance(character, line) for character in line.text]
    return line.cap * line.condense * (sum(advances) - (line.spacing if advances else 0.0))


def _advance(character: str, line: TextLine) -> float:
    return 0.35 + line.spacing if character == " " else glyph(character, line.font).width + line.spacing


def place_line(line: TextLine, index: int) -> list[PlacedGlyph]:
    """Place a line's characters in the pill's frame."""
    scale = np.array([[line.cap * line.condense, -line.slant * line.cap, 0], [0, line.cap, 0], [0, 0, 1.0]])
    pen = -line_width(line) / 2
    placed = []
    for character in line.text:
        advance = _advance(character, line) * line.cap * line.condense
        if character != " ":
            shape = glyph(character, line.font)
            ink = shape.width * line.cap * line.condense
            middle = np.array([[1, 0, -(shape.ink[0] + shape.ink[2]) / 2], [0, 1, -0.5], [0, 0, 1.0]])
            placed.append(
                PlacedGlyph(
                    character,
                    line.font,
                    _along(line, pen + ink / 2) @ scale @ middle,
                    index,
                    line.arc_radius is not None,
                )
            )
        pen += advance
    return placed


def _along(line: TextLine, distance: float) -> Affine:
    """The frame whose origin is the middle of the cap height at a distance along the line from its center."""
    if line.arc_radius is None:
        return _shift(line.u, line.v) @ _turn(line.turn_deg) @ _shift(distance, 0.0)
    radius = abs(line.arc_radius)
    outward = line.arc_radius > 0
    angle = line.arc_deg - math.degrees(distance / radius) * (1 if outward else -1)
    center = _shift(line.u + radius * math.cos(math.radians(angle)), line.v - radius * math.sin(math.radians(angle)))
    return center @ _turn(angle - 90.0 if outward else angle + 90.0)


def _shift(x: float, y: float) -> Affine:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def _turn(degrees: float) -> Affine:
    """Counter-clockwise as seen, in a frame whose second axis points down."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1.0]])


def draw_glyphs(placed: list[PlacedGlyph], weight: float, to_px: Affine, shape: tuple[int, int]) -> Field:
    """The distance in px to the nearest character's edge, positive inside; ``(h, w)`` float32.

    ``weight`` is the stroke's width in cap heights (of outline fonts, 0.12 is as designed); ``to_px`` (3, 3)
    maps the pill's frame to ``(x, y)`` px.
    """
    field = np.full(shape, FAR_PX, np.float32)
    pixel = np.array(
        [[1 / RESOLUTION, 0, 0.5 / RESOLUTION - MARGIN], [0, 1 / RESOLUTION, 0.5 / RESOLUTION - MARGIN], [0, 0, 1.0]]
    )
    for item in placed:
        shaped = glyph(item.drawn, item.font)
        matrix = to_px @ item.to_pill
        zoom = math.sqrt(abs(float(np.linalg.det(matrix[:2, :2]))))
        bias = weight / 2 if shaped.stroke else (weight - 0.12) / 2
        _stamp(field, shaped.distance, matrix @ pixel, zoom, bias)
    return field


def _stamp(field: Field, source: Field, matrix: Affine, zoom: float, bias: float) -> None:
    height, width = source.shape
    corners = matrix @ np.array([[0, width, width, 0], [0, 0, height, height], [1, 1, 1, 1.0]])
    left, top = np.maximum(np.floor(corners[:2].min(axis=1)).astype(int), 0)
    right, bottom = np.minimum(np.ceil(corners[:2].max(axis=1)).astype(int) + 1, field.shape[::-1])
    if right <= left or bottom <= top:
        return
    local = _shift(-float(left), -float(top)) @ matrix
    warped = cv2.warpAffine(
        source,
        local[:2],
        (int(right - left), int(bottom - top)),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=FAR_PX,
    )
    window = field[top:bottom, left:right]
    np.maximum(window, (warped + np.float32(bias)) * np.float32(zoom), out=window)


def draw_logos(logos: tuple[Logo, ...], to_px: Affine, shape: tuple[int, int]) -> Field:
    """The distance in px to the nearest logo stroke's edge, positive inside; ``(h, w)`` float32."""
    canvas = np.full(shape, 255, np.uint8)
    zoom = math.sqrt(abs(float(np.linalg.det(to_px[:2, :2]))))
    for logo in logos:
        for stroke in logo.strokes:
            points = np.array(stroke) * logo.size + [logo.u, logo.v]
            pixels = points @ to_px[:2, :2].T + to_px[:2, 2]
            fixed = [np.round(pixels * 16).astype(np.int32)]
            if logo.filled:
                cv2.fillPoly(canvas, fixed, 0, cv2.LINE_8, 4)
            cv2.polylines(canvas, fixed, False, 0, 1, cv2.LINE_8, 4)
    far = cv2.distanceTransform(canvas, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    weight = max((logo.weight * logo.size for logo in logos), default=0.0)
    return np.asarray(np.maximum(np.float32(weight / 2 * zoom) - far, np.float32(FAR_PX)), np.float32)


def character_truth(item: PlacedGlyph, weight: float, to_px: ToPixels, char: str) -> DrawnCharacter:
    """A character's truth; ``to_px`` maps ``(n, 2)`` places on the pill to ``(x, y)`` px and the share that is seen."""
    shaped = glyph(item.drawn, item.font)
    grow = weight / 2 if shaped.stroke else (weight - 0.12) / 2
    left, top, right, bottom = shaped.ink[0] - grow, shaped.ink[1] - grow, shaped.ink[2] + grow, shaped.ink[3] + grow
    box = np.array(
        [[left, top], [right, top], [right, bottom], [left, bottom], [(left + right) / 2, (top + bottom) / 2]]
    )
    pill = box @ item.to_pill[:2, :2].T + item.to_pill[:2, 2]
    points, visible = to_px(pill)
    along = (points[1] - points[0] + points[2] - points[3]) / 2
    across = (points[3] - points[0] + points[2] - points[1]) / 2
    width = float(np.hypot(*along))
    height = abs(float(along[0] * across[1] - along[1] * across[0])) / max(width, 1e-6)
    turn = math.degrees(math.atan2(-along[1], along[0]))
    center = points[:4].mean(axis=0) if visible > 0.99 else points[4]
    return DrawnCharacter(
        char, item.drawn, float(center[1]), float(center[0]), height, width, turn, item.line_index, item.curved, visible
    )
