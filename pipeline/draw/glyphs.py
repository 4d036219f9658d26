"""Characters as signed distance fields: one small float image each, warped to any place, size and turn.

A field tells for every point how far inside (positive) or outside (negative) the character it lies. Groove
profiles, bevels, ink bleed and stroke weight are then simple functions of one number a pixel.

Fonts by name: ``stroke-...`` (`strokes`), ``rubik`` and ``rubik-bold`` (built into OpenCV 5), ``aileron``
(built into Pillow), or the path of a TrueType or OpenType file. The first four are the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipeline.draw.stroke_letters import StrokeStyle, stroke_glyph

Field = NDArray[np.float32]

# Pixels a cap height in the stored fields: letters are drawn 15-100 px high, where linear sampling of a
# distance is exact but at corners.
RESOLUTION = 64
_FINE = 4 * RESOLUTION
MARGIN = 0.35
_BELOW = 0.45
# Sizes and glyph count of the cache: 60 fonts with 70 characters of about 40 kB each are some 170 MB.
_CACHED_GLYPHS = 4200


@dataclass(frozen=True, eq=False)
class Glyph:
    """One character.

    ``distance`` ``(h, w)`` float32 in cap heights, its pixel (0, 0) at ``(-MARGIN, -MARGIN)``; for strokes
    the distance to the center line (<= 0), the weight is added when drawn. ``ink`` is ``(left, top, right,
    bottom)`` in cap heights (of the center lines for strokes), ``width`` the ink's width for spacing.
    """

    distance: Field
    ink: tuple[float, float, float, float]
    stroke: bool

    @property
    def width(self) -> float:
        """Width of the ink."""
        return self.ink[2] - self.ink[0]


@lru_cache(maxsize=_CACHED_GLYPHS)
def glyph(character: str, font: str) -> Glyph:
    """The glyph of one character in a font; a pure function, kept because fields cost a millisecond each.

    Raises:
        KeyError: the font lacks the character.
        OSError: the font file can't be read.
    """
    if font.startswith("stroke-"):
        return _stroke(character, StrokeStyle.parse(font))
    image, baseline, cap = _render(character, font)
    return _outline(image, baseline, cap, f"{character!r} in {font}")


def _stroke(character: str, style: StrokeStyle) -> Glyph:
    lines, width = stroke_glyph(character, style)
    shape = round((1 + MARGIN + _BELOW) * _FINE), round((width + 2 * MARGIN) * _FINE)
    canvas = np.full(shape, 255, np.uint8)
    points = [np.round((line + MARGIN) * _FINE * 16 - 8).astype(np.int32) for line in lines]
    cv2.polylines(canvas, points, False, 0, 1, cv2.LINE_8, 4)
    far = cv2.distanceTransform(canvas, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    joined = np.concatenate(lines)
    (left, top), (right, bottom) = joined.min(axis=0), joined.max(axis=0)
    return Glyph(_shrink(-far / _FINE), (float(left), float(top), float(right), float(bottom)), True)


def _outline(image: NDArray[np.uint8], baseline: int, cap: float, what: str) -> Glyph:
    rows, cols = np.nonzero(image > 127)
    if rows.size == 0:
        raise KeyError(what)
    zoom = _FINE / cap
    left, right, top, bottom = cols.min(), cols.max() + 1, rows.min(), rows.max() + 1
    ink = (0.0, float((top - baseline) / cap + 1), float((right - left) / cap), float((bottom - baseline) / cap + 1))
    shape = round((1 + MARGIN + _BELOW) * _FINE), round((ink[2] + 2 * MARGIN) * _FINE)
    shift = np.array([[zoom, 0, MARGIN * _FINE - left * zoom], [0, zoom, (1 + MARGIN) * _FINE - baseline * zoom]])
    canvas = cv2.warpAffine(image, shift, (shape[1], shape[0]), flags=cv2.INTER_LINEAR)
    solid = (canvas > 127).astype(np.uint8)
    inside = cv2.distanceTransform(solid, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = cv2.distanceTransform(1 - solid, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return Glyph(_shrink((inside - outside) / _FINE), ink, False)


def _shrink(field: NDArray[np.floating]) -> Field:
    small = cv2.resize(
        field.astype(np.float32), None, fx=RESOLUTION / _FINE, fy=RESOLUTION / _FINE, interpolation=cv2.INTER_AREA
    )
    small.setflags(write=False)
    return np.asarray(small, dtype=np.float32)


def _render(character: str, font: str) -> tuple[NDArray[np.uint8], int, float]:
    """Render large; returns ``(h, w)`` uint8, the baseline's row and the cap height in px."""
    if font.startswith("rubik"):
        return _render_rubik(character, font)
    size = 200
    face = ImageFont.load_default(size) if font == "aileron" else _open_font(font, size)
    top, bottom = face.getbbox("H", anchor="ls")[1], 0
    canvas = Image.new("L", (3 * size, 3 * size))
    ImageDraw.Draw(canvas).text((size, 2 * size), character, font=face, fill=255, anchor="ls")
    return np.asarray(canvas), 2 * size, float(bottom - top)


@lru_cache(maxsize=64)
def _open_font(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(Path(path)), size)


def _render_rubik(character: str, font: str) -> tuple[NDArray[np.uint8], int, float]:
    face = cv2.FONT_HERSHEY_DUPLEX if font == "rubik-bold" else cv2.FONT_HERSHEY_SIMPLEX

    def put(text: str) -> NDArray[np.uint8]:
        canvas = np.zeros((500, 600), np.uint8)
        cv2.putText(canvas, text, (150, 350), face, 6.0, 255, 2, cv2.LINE_AA)
        return canvas

    rows = np.nonzero(put("H").max(axis=1) > 127)[0]
    return put(character), int(rows.max()) + 1, float(np.ptp(rows) + 1)
