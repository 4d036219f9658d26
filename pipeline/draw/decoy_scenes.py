"""What all decoys share: words and colors, and photos of a few things on a ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.draw.backgrounds import BACKGROUNDS
from pipeline.draw.fonts import BUILT_IN_FONTS, PRINT_FONTS
from pipeline.draw.imprinting import draw_glyphs, line_width, place_line
from pipeline.draw.outlines import outline
from pipeline.draw.scenes import ScenePill, SceneSpec, draw_scene
from pipeline.draw.spec import Body, Camera, Color, FaceSpec, Light, Logo, TextLine

Image = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Strokes = tuple[tuple[tuple[float, float], ...], ...]

# The photo's long side in px: the photos of the public registers seen from a little farther.
_LONG_SIDE_PX = (500, 620)

VIVID: tuple[Color, ...] = (
    (205, 30, 38),
    (235, 110, 25),
    (245, 205, 40),
    (45, 150, 60),
    (30, 95, 190),
    (110, 50, 130),
    (90, 55, 35),
    (225, 80, 140),
    (40, 170, 175),
    (35, 33, 36),
    (240, 240, 236),
)
PASTEL: tuple[Color, ...] = (
    (246, 190, 200),
    (250, 235, 160),
    (190, 232, 200),
    (185, 215, 242),
    (220, 198, 236),
    (250, 208, 160),
    (244, 242, 236),
)


# Imprints of white debossed tablets of the catalog inside (reference/products.csv). Decoys bear them only where it
# cannot be that tablet: in print, and in colors far from white or in no pill's shape.
LISTED: tuple[tuple[str, ...], ...] = (
    ("024",),
    ("1285",),
    ("1286",),
    ("N029",),
    ("N030",),
    ("LCI", "1330"),
    ("LCI", "1337"),
    ("4096", "10"),
    ("54", "024"),
    ("P", "240"),
    ("DAN", "5513"),
    ("DAN", "5658"),
    ("M", "C32"),
    ("S", "225"),
    ("M", "71"),
    ("TEVA", "74"),
    ("832", "BC20"),
    ("MYLAN", "G1"),
)
FAR_FROM_WHITE: tuple[Color, ...] = (
    (165, 20, 50),
    (45, 150, 60),
    (30, 95, 190),
    (110, 50, 130),
    (90, 55, 35),
    (40, 170, 175),
    (35, 33, 36),
)


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoy's photo ``(h, w, 3)`` uint8 sRGB, what it shows, and the lines of text that can be read in it."""

    pixels: Pixels
    what: str
    text: tuple[str, ...] = ()


@dataclass(frozen=True)
class Thing:
    """Something that lies there: its face, its length and height; ``on_top`` lies on the thing before it.

    ``away_mm`` is where on it, ``(row, col)`` from its middle.
    """

    face: FaceSpec
    length_mm: float
    height_mm: float = 2.5
    on_top: bool = False
    away_mm: tuple[float, float] = (0.0, 0.0)


def pick(choices: Sequence[str], rng: np.random.Generator) -> str:
    """One of the words."""
    return choices[int(rng.integers(len(choices)))]


def listed(rng: np.random.Generator) -> tuple[str, ...]:
    """A true imprint of the catalog inside, by its words."""
    return LISTED[int(rng.integers(len(LISTED)))]


def stacked(texts: Sequence[str], font: str, cap: float, width: float) -> tuple[TextLine, ...]:
    """Lines below one another around the middle, none wider than that."""
    return tuple(
        fitted(TextLine(text, font, cap, v=(number - (len(texts) - 1) / 2) * 1.55 * cap), width)
        for number, text in enumerate(texts)
    )


def color_of(colors: Sequence[Color], rng: np.random.Generator, spread: float = 8.0) -> Color:
    """One of the colors, a little off."""
    red, green, blue = np.clip(np.array(colors[int(rng.integers(len(colors)))]) + rng.normal(0, spread, 3), 8, 250)
    return float(red), float(green), float(blue)


def dark_or_light(color: Color) -> Color:
    """An ink that stands out from the color."""
    return (28.0, 26.0, 30.0) if sum(color) > 420 else (244.0, 242.0, 238.0)


def print_font(rng: np.random.Generator) -> str:
    """A font of printed letters."""
    return pick(PRINT_FONTS, rng)


def cut_font(rng: np.random.Generator) -> str:
    """A font of cut letters."""
    return pick(BUILT_IN_FONTS, rng)


def fitted(line: TextLine, width: float) -> TextLine:
    """The line made smaller until it is no wider than that."""
    wide = line_width(line)
    return line if wide <= width else replace(line, cap=line.cap * width / wide)


def arc_line(text: str, font: str, cap: float, radius: float, at_deg: float, below: bool = False) -> TextLine:
    """A line along a rim, around ``at_deg``; shrunk to no more than a third of a turn and a little."""
    line = TextLine(text, font, cap, arc_radius=-radius if below else radius, arc_deg=at_deg, spacing=0.3)
    return fitted(line, 2.6 * radius)


def circle(radius: float, u: float = 0.0, v: float = 0.0, weight: float = 0.05, filled: bool = False) -> Logo:
    """A ring or a dot; ``weight`` in short half axes."""
    angles = np.linspace(0, 2 * np.pi, 49)
    ring = tuple((float(np.cos(a)), float(np.sin(a))) for a in angles)
    return Logo(u, v, radius, (ring,), weight / radius, filled)


def strokes(
    *lines: Sequence[tuple[float, float]], size: float = 1.0, weight: float = 0.1, filled: bool = False
) -> Logo:
    """A figure of polylines around the middle."""
    return Logo(0.0, 0.0, size, tuple(tuple(line) for line in lines), weight, filled)


def random_light(rng: np.random.Generator) -> Light:
    """A light from any side."""
    warm = float(rng.normal(0, 0.03))
    return Light(
        azimuth_deg=float(rng.uniform(-180, 180)),
        elevation_deg=float(rng.uniform(25, 60)),
        ambient=float(rng.uniform(0.4, 0.72)),
        opposite=float(rng.uniform(0, 0.7)),
        falloff=float(rng.uniform(0, 0.1)),
        color=(1.0 + warm, 1.0, 1.0 - warm),
    )


def random_camera(rng: np.random.Generator) -> Camera:
    """A usual camera: a little soft, a little noise."""
    return Camera(
        blur_px=float(rng.uniform(0.2, 0.9)),
        noise=float(rng.uniform(0.5, 3.0)),
        jpeg_quality=int(rng.integers(65, 97)),
        gamma=float(rng.uniform(0.9, 1.12)),
        exposure=float(rng.uniform(0.85, 1.05)),
    )


def random_scene(size_mm: tuple[float, float], rng: np.random.Generator, background: str = "") -> SceneSpec:
    """An empty photo of a ground of about that height and width."""
    return SceneSpec(
        size_mm[0],
        size_mm[1],
        float(rng.uniform(*_LONG_SIDE_PX)) / max(size_mm),
        background or pick(BACKGROUNDS, rng),
        light=random_light(rng),
        camera=random_camera(rng),
    )


def photo_of(things: Sequence[Thing], rng: np.random.Generator, turned: bool = True, background: str = "") -> Pixels:
    """A photo of things that lie side by side, or on top of one another."""
    lying = [thing for thing in things if not thing.on_top]
    widths = [thing.length_mm / min(thing.face.body.aspect, 1.0) for thing in lying]
    gap = float(rng.uniform(0.15, 0.5)) * max(widths)
    row_mm = sum(widths) + gap * (len(lying) - 1)
    wide = row_mm + max(widths) * float(rng.uniform(0.3, 1.4))
    high = max(max(widths) * float(rng.uniform(1.25, 2.0)), 0.6 * wide)
    starts = iter(np.cumsum([(wide - row_mm) / 2, *[width + gap for width in widths]]))
    pills: list[ScenePill] = []
    row, col, turn = high / 2, wide / 2, 0.0
    for thing in things:
        if not thing.on_top:
            col = float(next(starts)) + thing.length_mm / 2
            row = high / 2 + float(rng.uniform(-0.06, 0.06)) * high
            turn = float(rng.uniform(-180, 180)) if turned else float(rng.normal(0, 3))
        away = _turned(thing.away_mm, turn)
        pills.append(ScenePill(thing.face, thing.length_mm, row + away[0], col + away[1], turn, thing.height_mm))
    return draw_scene(replace(random_scene((high, wide), rng, background), pills=tuple(pills)), rng).pixels


def _turned(away: tuple[float, float], degrees: float) -> tuple[float, float]:
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return float(away[0] * cosine - away[1] * sine), float(away[0] * sine + away[1] * cosine)


def write_on(
    image: Image, lines: Sequence[TextLine], weight: float, ink: Color, px: float, share: float = 0.93
) -> None:
    """Print lines whose places are in mm on an image of ``px`` px a mm."""
    placed = [glyph for number, line in enumerate(lines) for glyph in place_line(line, number)]
    distance = draw_glyphs(placed, weight, np.diag([px, px, 1.0]), (image.shape[0], image.shape[1]))
    cover = np.clip(distance + np.float32(0.5), 0, 1)[..., None] * np.float32(share)
    image += cover * (np.array(ink, np.float32) - image)


def fill_shape(
    image: Image, body: Body, middle: tuple[float, float], half_px: float, turn_deg: float
) -> NDArray[np.int32]:
    """Fill a body's outline flat with its color around ``(x, y)``; returns the outline in 1/16 px."""
    turn = np.radians(turn_deg)
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    points = outline(body.shape, body.aspect, body.roundness) @ spin.T * half_px + middle
    fixed = np.asarray(np.round(points * 16), np.int32)
    cv2.fillPoly(image, [fixed], body.color, cv2.LINE_AA, 4)
    return fixed
