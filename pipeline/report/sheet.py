"""A drawing surface of a fixed width whose lines and text are smooth and show on any ground."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import resources
from itertools import groupby

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline.errors import EngineMissingError
from pipeline.records import Pixels

Point = tuple[float, float]
Color = tuple[int, int, int]

# The width of every sheet, in pixels: enough for two faces side by side, and it fits a page or a laptop's window.
WIDTH = 1200
MARGIN = 20
INK: Color = (28, 30, 34)
FAINT: Color = (110, 114, 120)
# Everything is drawn at twice the size and reduced: Pillow's lines have no smooth edges of their own.
_SUPERSAMPLE = 2

# The sheet as JPEG: text stays legible and a page of a hundred photos stays below 20 MB.
_JPEG_QUALITY = 82

_PAPER: Color = (250, 250, 248)
_HALO: Color = (0, 0, 0)


class Sheet:
    """A drawing surface in sheet pixels; what it draws is smoothed when it is done."""

    def __init__(self, height: float) -> None:
        size = (WIDTH * _SUPERSAMPLE, max(1, round(height)) * _SUPERSAMPLE)
        self._image = Image.new("RGB", size, _PAPER)
        self._draw = ImageDraw.Draw(self._image)

    def paste(self, pixels: Pixels, left: float, top: float, width: float, height: float) -> None:
        """Lay a picture into the box."""
        size = (max(1, round(width * _SUPERSAMPLE)), max(1, round(height * _SUPERSAMPLE)))
        part = Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)
        self._image.paste(part, (round(left * _SUPERSAMPLE), round(top * _SUPERSAMPLE)))

    def line(self, points: Sequence[Point], color: Color, width: float, halo: bool = True) -> None:
        """A line through the points, dark on both sides so that it shows on any ground."""
        scaled = [(x * _SUPERSAMPLE, y * _SUPERSAMPLE) for x, y in points]
        if halo:
            self._draw.line(scaled, _HALO, round((width + 2) * _SUPERSAMPLE), joint="curve")
        self._draw.line(scaled, color, max(1, round(width * _SUPERSAMPLE)), joint="curve")

    def dashes(self, start: Point, end: Point, color: Color, width: float, dash: float = 12) -> None:
        """A broken line."""
        length = math.dist(start, end)
        for index in range(0, int(length // dash) + 1, 2):
            ends = (index * dash / length, min(1.0, (index + 1) * dash / length)) if length else (0.0, 0.0)
            points = [(start[0] + t * (end[0] - start[0]), start[1] + t * (end[1] - start[1])) for t in ends]
            self.line(points, color, width)

    def polygon(self, points: Sequence[Point], color: Color) -> None:
        """A filled polygon."""
        self._draw.polygon([(x * _SUPERSAMPLE, y * _SUPERSAMPLE) for x, y in points], color)

    def dot(self, place: Point, radius: float, color: Color) -> None:
        """A filled circle."""
        x, y = place
        for size, fill in ((radius + 1, _HALO), (radius, color)):
            corners = [edge * _SUPERSAMPLE for edge in (x - size, y - size, x + size, y + size)]
            self._draw.ellipse(corners, fill)

    def box(self, left: float, top: float, width: float, height: float, color: Color, edge: Color) -> None:
        """A filled box with rounded corners."""
        corners = [round(edge_px * _SUPERSAMPLE) for edge_px in (left, top, left + width, top + height)]
        self._draw.rounded_rectangle(corners, 4 * _SUPERSAMPLE, color, edge, _SUPERSAMPLE)

    def text(self, place: Point, words: str, size: float, color: Color, anchor: str = "la", halo: bool = False) -> None:
        """One line of text; ``anchor`` as Pillow's, ``halo`` for text on a photo."""
        x, baseline = _start(place, words, size, anchor)
        for part, font in _parts(words, size):
            stroke = 2 * _SUPERSAMPLE if halo else 0
            self._draw.text((x, baseline), part, color, font, "ls", stroke_width=stroke, stroke_fill=_HALO)
            x += font.getlength(part)

    def done(self) -> Pixels:
        """The sheet ``(height, width, 3)`` uint8 sRGB."""
        return np.asarray(self._image.reduce(_SUPERSAMPLE), dtype=np.uint8)


def data_uri(sheet: Pixels) -> str:
    """A sheet within a page, as JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


# Where Unicode's blocks of CJK begin; all before is in Pillow's own font or in none here.
_CJK = "\u2e80"


@lru_cache(maxsize=64)
def _font(size: float, cjk: bool) -> ImageFont.FreeTypeFont:
    """Pillow's own font, or the part of Noto Sans CJK that lies beside this file (``fonts/README.md``)."""
    if cjk:
        file = resources.files("pipeline.report").joinpath("fonts/NotoSansCJKkr-Subset.otf")
        return ImageFont.truetype(io.BytesIO(file.read_bytes()), size * _SUPERSAMPLE)
    font = ImageFont.load_default(size * _SUPERSAMPLE)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise EngineMissingError("Pillow was built without FreeType and cannot write on a photo; install its wheel")
    return font


def _parts(words: str, size: float) -> Iterator[tuple[str, ImageFont.FreeTypeFont]]:
    """The text in pieces of one font each."""
    for cjk, signs in groupby(words, lambda sign: sign >= _CJK):
        yield "".join(signs), _font(size, cjk)


def _start(place: Point, words: str, size: float, anchor: str) -> Point:
    """Where a line of text begins on its baseline, in pixels of the drawing; ``anchor`` as Pillow's."""
    ascent, descent = _font(size, False).getmetrics()
    left = {"l": 0.0, "m": 0.5, "r": 1.0}[anchor[0]] * text_width(words, size) * _SUPERSAMPLE
    down = {"a": ascent, "m": (ascent - descent) / 2, "d": -descent, "s": 0}[anchor[1]]
    return place[0] * _SUPERSAMPLE - left, place[1] * _SUPERSAMPLE + down


def text_width(words: str, size: float) -> float:
    """The width of a line of text in sheet pixels."""
    return sum(font.getlength(part) for part, font in _parts(words, size)) / _SUPERSAMPLE


def shortened(words: str, size: float, room: float) -> str:
    """The text, cut with an ellipsis where it is wider than the room."""
    if text_width(words, size) <= room:
        return words
    while words and text_width(words + "…", size) > room:
        words = words[:-1]
    return words + "…"


def wrapped(words: str, size: float, room: float) -> Iterator[str]:
    """The text in lines no wider than the room."""
    line = ""
    for word in words.split():
        longer = f"{line} {word}".strip()
        if line and text_width(longer, size) > room:
            yield shortened(line, size, room)
            line = word
        else:
            line = longer
    if line:
        yield shortened(line, size, room)
