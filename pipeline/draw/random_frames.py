"""Figures around the text: a ring, a triangle, a plate, wedges that point at it; no part of any character."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from pipeline.draw.glyphs import glyph
from pipeline.draw.imprinting import line_width
from pipeline.draw.outlines import Contour
from pipeline.draw.spec import Logo, TextLine

Stroke = tuple[tuple[float, float], ...]
Figure = tuple[Stroke, ...]

# How small a framed text may get, of what it would be without a frame.
_SHRUNK_MAX = 0.4


def random_frame(
    lines: tuple[TextLine, ...], shape: Contour, imprint_weight: float, rng: np.random.Generator
) -> tuple[tuple[TextLine, ...], tuple[Logo, ...]]:
    """Straight, level lines with a figure around them, shrunk until it fits; as they were where none does.

    ``shape`` is the face's outline ``(n, 2)`` in short half axes, ``imprint_weight`` the letters' in cap heights.
    """
    if not lines or any(line.arc_radius is not None or line.turn_deg for line in lines):
        return lines, ()
    figure, gap, weight = _FIGURES[int(rng.integers(len(_FIGURES)))], rng.uniform(0.08, 0.25), rng.uniform(0.03, 0.09)
    is_flipped = bool(rng.random() < 0.2)
    wedges = int(rng.choice([4, 6, 8]))
    border = (shape * 0.95).astype(np.float32)
    share = 1.0
    while share > _SHRUNK_MAX:
        smaller = tuple(replace(line, cap=line.cap * share, u=line.u * share, v=line.v * share) for line in lines)
        free = max(gap * share, weight)
        width, height = (side + free for side in _half_box(smaller, imprint_weight))
        strokes = figure(width, height, wedges)
        if is_flipped:
            strokes = tuple(tuple((x, -y) for x, y in stroke) for stroke in strokes)
        if strokes and all(cv2.pointPolygonTest(border, point, False) >= 0 for stroke in strokes for point in stroke):
            return smaller, (_frame_of(strokes, weight),)
        share *= 0.9
    return lines, ()


def _half_box(lines: tuple[TextLine, ...], imprint_weight: float) -> tuple[float, float]:
    """Half the width and height of the box around the face's middle that holds the lines."""
    width = max(abs(line.u) + (line_width(line) + (line.slant + imprint_weight) * line.cap) / 2 for line in lines)
    return width, max(abs(line.v) + _height(line) + imprint_weight * line.cap / 2 for line in lines)


def _height(line: TextLine) -> float:
    """How far a line's letters reach from its middle; some hang below the capitals' line."""
    return line.cap * (max(1.0, *(glyph(letter, line.font).ink[3] for letter in line.text if letter != " ")) - 0.5)


def _frame_of(strokes: Figure, weight: float) -> Logo:
    extent = max(abs(place) for stroke in strokes for point in stroke for place in point)
    unit = tuple(tuple((x / extent, y / extent) for x, y in stroke) for stroke in strokes)
    return Logo(0.0, 0.0, extent, unit, weight / extent)


def _ring(width: float, height: float, wedges: int) -> Figure:
    return (_circle(math.hypot(width, height)),)


def _triangle(width: float, height: float, wedges: int) -> Figure:
    above = width * math.sqrt(3.0) + height
    base = (above + height) / math.sqrt(3.0)
    return (((0.0, -above), (base, height), (-base, height), (0.0, -above)),)


def _plate(width: float, height: float, wedges: int) -> Figure:
    return (((-width, -height), (width, -height), (width, height), (-width, height), (-width, -height)),)


def _plate_on_ring(width: float, height: float, wedges: int) -> Figure:
    return *_plate(width, height, wedges), _circle(math.hypot(width, height))


def _wedges(width: float, height: float, wedges: int) -> Figure:
    all_round = [_wedge(2 * math.pi * (number + 0.5) / wedges, min(height * 1.25, 0.7)) for number in range(wedges)]
    return tuple(wedge for wedge in all_round if not _enters(wedge, width, height))


def _enters(stroke: Stroke, width: float, height: float) -> bool:
    corners = np.array(stroke)
    along = np.linspace(0, 1, 16)[:, None, None]
    places = np.abs(corners[:-1] + along * np.diff(corners, axis=0))
    return bool((places < [width, height]).all(axis=-1).any())


def _circle(radius: float) -> Stroke:
    angles = [2 * math.pi * step / 48 for step in range(49)]
    return tuple((radius * math.cos(angle), radius * math.sin(angle)) for angle in angles)


def _wedge(angle: float, inner: float) -> Stroke:
    """A narrow triangle, its tip toward the middle."""
    tip = (inner * math.cos(angle), inner * math.sin(angle))
    feet = [(0.93 * math.cos(angle + off), 0.93 * math.sin(angle + off)) for off in (-0.28, 0.28)]
    return tip, feet[0], feet[1], tip


# Each takes half the width and half the height of the box that stays free for text, and the number of wedges.
_FIGURES: tuple[Callable[[float, float, int], Figure], ...] = (_ring, _triangle, _plate, _plate_on_ring, _wedges)
