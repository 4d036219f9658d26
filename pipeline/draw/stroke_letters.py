"""Single-stroke letters as a die engraver cuts them: each character as polylines, for relief and for ink.

Drawn by hand for this project in a box whose height 0-1 is the cap height (y down, 1 the baseline) and whose
width is set by the style. Nothing is taken from a font, so that drawings are the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Polyline = NDArray[np.float64]
Shape = list[list[tuple[float, float]]]
Arc = Callable[[float, float, float, float, float, float], list[tuple[float, float]]]

# Widths as shares of a round letter's; the proportions follow DIN 1451 engraving letters by eye.
_WIDTHS = {
    "I": 0.0,
    "1": 0.42,
    "M": 1.15,
    "W": 1.35,
    "J": 0.8,
    "L": 0.85,
    "E": 0.85,
    "F": 0.82,
    "0": 0.92,
    "m": 1.25,
    "w": 1.2,
    "i": 0.0,
    "l": 0.0,
    "j": 0.4,
    "t": 0.6,
    "f": 0.62,
    "r": 0.6,
    "/": 0.6,
    "-": 0.5,
    "+": 0.75,
    ".": 0.1,
    "&": 1.05,
}


@dataclass(frozen=True)
class StrokeStyle:
    """How the letters are cut.

    ``width`` is a round letter's width in cap heights, ``squareness`` the exponent of its bows (2 an
    ellipse, 4 almost a box), ``variant`` chooses among the forms of 1, 3, 4, 6, 7, 9, I, J, M.
    """

    width: float
    squareness: float
    variant: int

    @property
    def name(self) -> str:
        """A stable name, as ``stroke-60-20-3``."""
        return f"stroke-{round(self.width * 100)}-{round(self.squareness * 10)}-{self.variant}"

    @classmethod
    def parse(cls, name: str) -> StrokeStyle:
        """The style of a name that ``name`` gave."""
        _, width, squareness, variant = name.split("-")
        return cls(int(width) / 100, int(squareness) / 10, int(variant))


def stroke_glyph(character: str, style: StrokeStyle) -> tuple[tuple[Polyline, ...], float]:
    """A character's polylines ``(n, 2)`` float64 ``(x, y)`` in cap heights, and its width.

    Raises:
        KeyError: the character has no strokes.
    """
    share = _WIDTHS.get(character, 1.0 if character.isupper() or character.isdigit() else 0.85)
    width = share * style.width
    lines = _unit_glyph(character, style)
    if width == 0.0 and any(np.ptp(line[:, 0]) > 0 for line in lines):  # an I with serifs has width
        width = 0.5 * style.width
    scale = np.array([width, 1.0])
    return tuple(np.asarray(line, dtype=np.float64) * scale for line in lines), width


def _unit_glyph(character: str, style: StrokeStyle) -> list[Polyline]:
    variant = style.variant

    def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> list[tuple[float, float]]:
        count = max(4, int(abs(end - start) / 9))
        power = 2.0 / style.squareness
        points = []
        for step in range(count + 1):
            angle = math.radians(start + (end - start) * step / count)
            cosine, sine = math.cos(angle), math.sin(angle)
            points.append(
                (
                    cx + rx * math.copysign(abs(cosine) ** power, cosine),
                    cy + ry * math.copysign(abs(sine) ** power, sine),
                )
            )
        return points

    shapes = _letters(character, arc, variant)
    return [np.array(line, dtype=np.float64) for line in shapes]


def _letters(c: str, arc: Arc, v: int) -> Shape:
    table = (
        _digits(arc, v)
        if c.isdigit()
        else _capitals(arc, v)
        if c.isupper()
        else _small(arc)
        if c.isalpha()
        else _signs(arc)
    )
    return table[c]


def _digits(arc: Arc, v: int) -> dict[str, Shape]:
    bow = arc(0.5, 0.68, 0.5, 0.32, 0, 360)
    six = [
        [bow, arc(1.0, 0.68, 1.0, 0.68, 180, 258)],
        [bow, [*arc(0.5, 0.36, 0.5, 0.36, -25, -180), (0.0, 0.68)]],
        [bow, [(0.68, 0.0), (0.1, 0.52)]],
    ][v % 3]
    three = [
        [arc(0.5, 0.25, 0.45, 0.25, 195, 450) + arc(0.5, 0.75, 0.5, 0.25, -90, 165)],
        [[(0.05, 0.0), (0.95, 0.0), (0.45, 0.4), *arc(0.48, 0.7, 0.5, 0.3, -75, 155)]],
    ][1 if v % 5 == 3 else 0]
    four = [
        [[(0.76, 1.0), (0.76, 0.0), (0.0, 0.7), (1.0, 0.7)]],
        [[(0.25, 0.0), (0.0, 0.64), (1.0, 0.64)], [(0.74, 0.3), (0.74, 1.0)]],
        [[(0.0, 0.0), (0.0, 0.6), (1.0, 0.6)], [(0.8, 0.0), (0.8, 1.0)]],
    ][(v // 2) % 3]
    one = [
        [[(0.0, 0.26), (0.9, 0.0), (0.9, 1.0)]],
        [[(0.0, 0.24), (0.5, 0.0), (0.5, 1.0)], [(0.0, 1.0), (1.0, 1.0)]],
        [[(0.5, 0.0), (0.5, 1.0)]],
        [[(0.1, 0.2), (0.6, 0.0), (0.6, 1.0)]],
    ][v % 4]
    seven = [[(0.0, 0.0), (1.0, 0.0), (0.35, 1.0)]] + ([[(0.25, 0.52), (0.85, 0.52)]] if v % 7 == 5 else [])
    return {
        "0": [arc(0.5, 0.5, 0.5, 0.5, 0, 360)],
        "1": one,
        "2": [[*arc(0.5, 0.29, 0.47, 0.29, 190, 400), (0.0, 1.0), (1.0, 1.0)]],
        "3": three,
        "4": four,
        "5": [[(0.93, 0.0), (0.13, 0.0), (0.06, 0.46), *arc(0.48, 0.68, 0.5, 0.32, 222, 515)]],
        "6": six,
        "7": seven,
        "8": [arc(0.5, 0.24, 0.43, 0.24, 0, 360), arc(0.5, 0.74, 0.5, 0.26, 0, 360)],
        "9": [[(1.0 - x, 1.0 - y) for x, y in line] for line in six],
    }


def _capitals(arc: Arc, v: int) -> dict[str, Shape]:
    p = [(0.0, 1.0), (0.0, 0.0), (0.55, 0.0), *arc(0.55, 0.27, 0.43, 0.27, -90, 90), (0.0, 0.54)]
    serifs = [[(0.0, 0.0), (1.0, 0.0)], [(0.0, 1.0), (1.0, 1.0)]]
    return {
        "A": [[(0.0, 1.0), (0.5, 0.0), (1.0, 1.0)], [(0.17, 0.66), (0.83, 0.66)]],
        "B": [
            [(0.0, 0.48), (0.0, 0.0), (0.55, 0.0), *arc(0.55, 0.24, 0.37, 0.24, -90, 90), (0.0, 0.48)],
            [(0.0, 0.48), (0.55, 0.48), *arc(0.58, 0.74, 0.42, 0.26, -90, 90), (0.0, 1.0), (0.0, 0.48)],
        ],
        "C": [arc(0.5, 0.5, 0.5, 0.5, -42, -318)],
        "D": [[(0.0, 0.0), (0.42, 0.0), *arc(0.42, 0.5, 0.58, 0.5, -90, 90), (0.0, 1.0), (0.0, 0.0)]],
        "E": [[(1.0, 0.0), (0.0, 0.0), (0.0, 1.0), (1.0, 1.0)], [(0.0, 0.5), (0.82, 0.5)]],
        "F": [[(1.0, 0.0), (0.0, 0.0), (0.0, 1.0)], [(0.0, 0.5), (0.82, 0.5)]],
        "G": [[*arc(0.5, 0.5, 0.5, 0.5, -42, -352), (1.0, 0.54), (0.56, 0.54)]],
        "H": [[(0.0, 0.0), (0.0, 1.0)], [(1.0, 0.0), (1.0, 1.0)], [(0.0, 0.5), (1.0, 0.5)]],
        "I": [[(0.5, 0.0), (0.5, 1.0)]] + (serifs if v % 3 == 1 else []),
        "J": [[(0.95, 0.0), (0.95, 0.68), *arc(0.48, 0.68, 0.47, 0.32, 0, 165)]]
        + ([[(0.5, 0.0), (1.0, 0.0)]] if v % 4 == 1 else []),
        "K": [[(0.0, 0.0), (0.0, 1.0)], [(0.95, 0.0), (0.0, 0.6)], [(0.3, 0.42), (1.0, 1.0)]],
        "L": [[(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)]],
        "M": [[(0.0, 1.0), (0.0, 0.0), (0.5, 0.62 if v % 2 else 0.98), (1.0, 0.0), (1.0, 1.0)]],
        "N": [[(0.0, 1.0), (0.0, 0.0), (1.0, 1.0), (1.0, 0.0)]],
        "O": [arc(0.5, 0.5, 0.5, 0.5, 0, 360)],
        "P": [p],
        "Q": [arc(0.5, 0.5, 0.5, 0.5, 0, 360), [(0.6, 0.7), (1.02, 1.06)]],
        "R": [p, [(0.45, 0.54), (1.0, 1.0)]],
        "S": [arc(0.5, 0.25, 0.46, 0.25, -25, -270) + arc(0.5, 0.75, 0.5, 0.25, -90, 158)],
        "T": [[(0.0, 0.0), (1.0, 0.0)], [(0.5, 0.0), (0.5, 1.0)]],
        "U": [[(0.0, 0.0), (0.0, 0.62), *arc(0.5, 0.62, 0.5, 0.38, 180, 0), (1.0, 0.0)]],
        "V": [[(0.0, 0.0), (0.5, 1.0), (1.0, 0.0)]],
        "W": [[(0.0, 0.0), (0.25, 1.0), (0.5, 0.3 if v % 2 else 0.0), (0.75, 1.0), (1.0, 0.0)]],
        "X": [[(0.0, 0.0), (1.0, 1.0)], [(1.0, 0.0), (0.0, 1.0)]],
        "Y": [[(0.0, 0.0), (0.5, 0.5), (1.0, 0.0)], [(0.5, 0.5), (0.5, 1.0)]],
        "Z": [[(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)]],
    }


def _small(arc: Arc) -> dict[str, Shape]:
    bowl = arc(0.5, 0.67, 0.5, 0.33, 0, 360)
    arch = [(0.0, 1.0), (0.0, 0.64), *arc(0.5, 0.64, 0.5, 0.3, 180, 360), (1.0, 1.0)]
    return {
        "a": [bowl, [(1.0, 0.35), (1.0, 1.0)]],
        "b": [bowl, [(0.0, 0.0), (0.0, 1.0)]],
        "c": [arc(0.5, 0.67, 0.5, 0.33, -42, -318)],
        "d": [bowl, [(1.0, 0.0), (1.0, 1.0)]],
        "e": [[(0.02, 0.66), *arc(0.5, 0.67, 0.5, 0.33, 0, -315)]],
        "f": [[*arc(0.85, 0.3, 0.4, 0.3, -65, -180), (0.45, 1.0)], [(0.05, 0.4), (0.95, 0.4)]],
        "g": [bowl, [(1.0, 0.35), (1.0, 1.08), *arc(0.5, 1.08, 0.5, 0.24, 0, 155)]],
        "h": [[(0.0, 0.0), (0.0, 1.0)], arch],
        "i": [[(0.5, 0.36), (0.5, 1.0)], [(0.5, 0.08), (0.5, 0.1)]],
        "j": [[(0.8, 0.36), (0.8, 1.08), *arc(0.3, 1.08, 0.5, 0.22, 0, 140)], [(0.8, 0.08), (0.8, 0.1)]],
        "k": [[(0.0, 0.0), (0.0, 1.0)], [(0.88, 0.36), (0.0, 0.76)], [(0.32, 0.62), (1.0, 1.0)]],
        "l": [[(0.5, 0.0), (0.5, 1.0)]],
        "m": [
            [(0.0, 0.36), (0.0, 1.0)],
            [(0.0, 0.58), *arc(0.25, 0.58, 0.25, 0.24, 180, 360), (0.5, 1.0)],
            [(0.5, 0.58), *arc(0.75, 0.58, 0.25, 0.24, 180, 360), (1.0, 1.0)],
        ],
        "n": [[(0.0, 0.36), (0.0, 1.0)], arch],
        "o": [bowl],
        "p": [bowl, [(0.0, 0.36), (0.0, 1.32)]],
        "q": [bowl, [(1.0, 0.36), (1.0, 1.32)]],
        "r": [[(0.0, 0.36), (0.0, 1.0)], arc(0.65, 0.68, 0.65, 0.34, 180, 295)],
        "s": [arc(0.5, 0.51, 0.46, 0.165, -25, -270) + arc(0.5, 0.84, 0.5, 0.165, -90, 158)],
        "t": [[(0.45, 0.1), (0.45, 0.8), *arc(0.75, 0.8, 0.3, 0.2, 180, 80)], [(0.05, 0.38), (0.95, 0.38)]],
        "u": [[(0.0, 0.36), (0.0, 0.68), *arc(0.5, 0.68, 0.5, 0.32, 180, 0), (1.0, 0.36)], [(1.0, 0.6), (1.0, 1.0)]],
        "v": [[(0.0, 0.36), (0.5, 1.0), (1.0, 0.36)]],
        "w": [[(0.0, 0.36), (0.25, 1.0), (0.5, 0.45), (0.75, 1.0), (1.0, 0.36)]],
        "x": [[(0.0, 0.36), (1.0, 1.0)], [(1.0, 0.36), (0.0, 1.0)]],
        "y": [[(0.0, 0.36), (0.52, 1.0)], [(1.0, 0.36), (0.25, 1.34)]],
        "z": [[(0.0, 0.36), (1.0, 0.36), (0.0, 1.0), (1.0, 1.0)]],
    }


def _signs(arc: Arc) -> dict[str, Shape]:
    return {
        "/": [[(0.0, 1.05), (1.0, -0.05)]],
        "-": [[(0.0, 0.54), (1.0, 0.54)]],
        "+": [[(0.0, 0.54), (1.0, 0.54)], [(0.5, 0.22), (0.5, 0.86)]],
        ".": [arc(0.5, 0.97, 0.5, 0.03, 0, 360)],
        "&": [
            [(1.0, 1.0), *arc(0.42, 0.21, 0.25, 0.21, 150, 395), *arc(0.38, 0.74, 0.37, 0.26, -115, -330), (0.98, 0.52)]
        ],
    }
