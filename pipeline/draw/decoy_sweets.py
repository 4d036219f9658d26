"""Candy: glossy lentils and gum with a printed letter, number or word; hearts and mints with words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pipeline.draw.decoy_scenes import (
    FAR_FROM_WHITE,
    PASTEL,
    VIVID,
    Picture,
    Thing,
    arc_line,
    color_of,
    cut_font,
    dark_or_light,
    listed,
    photo_of,
    pick,
    print_font,
    stacked,
)
from pipeline.draw.spec import Body, FaceSpec, Imprint, TextLine

_Maker = Callable[[np.random.Generator], tuple[FaceSpec, float]]
_LETTERS = tuple("mMsSWwXOCTABLKRPVEHG")
_NUMBERS = ("1", "2", "3", "4", "5", "7", "8", "10", "12", "18", "20", "24", "25", "40", "50", "99", "100")
_SHORT = ("WW", "XX", "OK", "HI", "M+", "SS", "TT", "GO", "XO", "AB", "4U", "U2", "M1", "S5")
_LOVE = (
    ("BE", "MINE"),
    ("LOVE",),
    ("CUTE", "PIE"),
    ("KISS", "ME"),
    ("YES",),
    ("HUG", "ME"),
    ("TRUE", "LOVE"),
    ("4 EVER",),
    ("CALL", "ME"),
    ("XOXO",),
    ("SMILE",),
    ("MY", "BABY"),
)
# The share of the lentils and the gum with a tablet's whole imprint, printed, on a color that the tablet never has.
_LISTED_SHARE = 0.25
_FRESH = ("MINT", "COOL", "FRESH", "PEPPERMINT", "EXTRA STRONG", "ICE", "MENTHOL", "LEMON", "SUGAR FREE", "ORANGE")


def candy(rng: np.random.Generator) -> Picture:
    """One to four glossy lentils or pieces of gum."""
    return _pieces(_lentil if rng.random() < 0.65 else _gum, rng)


def mint(rng: np.random.Generator) -> Picture:
    """One to four hearts or mints with words."""
    return _pieces(_heart if rng.random() < 0.5 else _mint, rng)


def _pieces(maker: _Maker, rng: np.random.Generator) -> Picture:
    face, length = maker(rng)
    count = int(rng.choice([1, 1, 1, 2, 2, 4]))
    faces = [face if rng.random() < 0.7 else _another(face, maker, rng) for _ in range(count)]
    words = tuple(line.text for one in faces for line in one.lines)
    pixels = photo_of([Thing(one, length, 4.5) for one in faces], rng, rng.random() < 0.7)
    return Picture(pixels, maker.__name__.strip("_"), words)


def _another(face: FaceSpec, maker: _Maker, rng: np.random.Generator) -> FaceSpec:
    """A lentil or mint of another color; another heart or gum."""
    if maker not in (_lentil, _mint):
        return maker(rng)[0]
    color = color_of(FAR_FROM_WHITE if maker is _lentil else PASTEL, rng)
    imprint = replace(face.imprint, ink=dark_or_light(color))
    return replace(face, body=replace(face.body, color=color), imprint=imprint)


def _lentil(rng: np.random.Generator) -> tuple[FaceSpec, float]:
    """A glossy sugar shell, round or oblong, with a printed letter."""
    as_listed = rng.random() < _LISTED_SHARE
    color = color_of(FAR_FROM_WHITE if as_listed else VIVID, rng)
    long = rng.random() < 0.15
    aspect = float(rng.uniform(1.3, 1.7)) if long else 1.0
    body = Body(
        "OVAL" if long else "ROUND", aspect, 0.5, "CONVEX", dome=0.5, edge=0.2, color=color,
        gloss=float(rng.uniform(0.5, 1.0)), grain=0.004, wear=0.3,
        speckle=0.03 if rng.random() < 0.2 else 0.0, speckle_color=(255.0, 255.0, 255.0),
    )  # fmt: skip
    words = (_LETTERS, _LETTERS, _NUMBERS, _SHORT)[int(rng.integers(4))]
    texts = listed(rng) if as_listed else (pick(words, rng),)
    lines = stacked(texts, print_font(rng), float(rng.uniform(0.6, 1.0)) / len(texts) ** 0.5, 1.2)
    ink = Imprint(
        "PRINTED", float(rng.uniform(0.12, 0.24)), ink=dark_or_light(color),
        bleed=float(rng.uniform(1, 3)), fade=float(rng.uniform(0, 0.5)),
    )  # fmt: skip
    return FaceSpec(200.0, body, ink, lines), float(rng.uniform(10, 15))


def _heart(rng: np.random.Generator) -> tuple[FaceSpec, float]:
    """A chalky heart with one or two short words."""
    body = Body(
        "HEART", float(rng.uniform(0.95, 1.12)), 0.5, str(rng.choice(["BEVELED", "FLAT"])), 0.1, edge=0.1,
        color=color_of(PASTEL, rng), grain=0.03, gloss=0.0,
    )  # fmt: skip
    words = _LOVE[int(rng.integers(len(_LOVE)))]
    font, cap = print_font(rng), float(rng.uniform(0.28, 0.36))
    lines = tuple(replace(line, v=line.v - 0.25) for line in stacked(words, font, cap, 1.2))
    if rng.random() < 0.25:
        return FaceSpec(200.0, body, Imprint("DEBOSSED", 0.15, 0.5), lines), float(rng.uniform(13, 20))
    ink = Imprint("PRINTED", 0.14, ink=(200.0, 40.0, 60.0), bleed=1.5, fade=float(rng.uniform(0, 0.4)))
    return FaceSpec(200.0, body, ink, lines), float(rng.uniform(13, 20))


def _mint(rng: np.random.Generator) -> tuple[FaceSpec, float]:
    """A pressed mint: a word along its ring with a hole, or straight across a disc."""
    color = color_of(PASTEL, rng) if rng.random() < 0.5 else (240.0, 240.0, 238.0)
    word, font = pick(_FRESH, rng), cut_font(rng)
    if rng.random() < 0.5:
        body = Body("ROUND", profile="CONVEX", dome=0.25, edge=0.15, color=color, grain=0.015, holes=((0, 0, 0.36),))
        lines: tuple[TextLine, ...] = (arc_line(word.split()[0], font, 0.27, 0.68, 90.0),)
        if rng.random() < 0.6:
            lines += (arc_line(word.split()[-1], font, 0.27, 0.68, 270.0, True),)
    else:
        body = Body("ROUND", profile="BEVELED", bevel=0.15, color=color, grain=0.015, gloss=0.1)
        cap = float(rng.uniform(0.3, 0.45))
        lines = stacked(word.split(), font, cap, 1.5)
    relief = Imprint(str(rng.choice(["DEBOSSED", "EMBOSSED"])), 0.15, float(rng.uniform(0.3, 0.8)))
    return FaceSpec(200.0, body, relief, lines), float(rng.uniform(14, 22))


def _gum(rng: np.random.Generator) -> tuple[FaceSpec, float]:
    """A coated cushion of gum or a jelly bean with a printed letter, number or word."""
    as_listed = rng.random() < _LISTED_SHARE
    color = color_of(FAR_FROM_WHITE if as_listed else VIVID, rng)
    shape, aspect = ("SQUARE", 1.0) if rng.random() < 0.3 else ("RECTANGLE", float(rng.uniform(1.3, 1.8)))
    if rng.random() < 0.35:
        shape, aspect = "OVAL", float(rng.uniform(1.4, 1.8))
    body = Body(shape, aspect, 0.7, "CONVEX", dome=0.6, edge=0.25, color=color, gloss=0.7, grain=0.004)
    texts = listed(rng) if as_listed else (pick((*_LETTERS, *_NUMBERS, *_SHORT, *_FRESH), rng).split()[0],)
    lines = stacked(texts, print_font(rng), float(rng.uniform(0.5, 0.8)) / len(texts) ** 0.5, 1.2 * aspect)
    return FaceSpec(200.0, body, Imprint("PRINTED", 0.15, ink=dark_or_light(color), bleed=1.5), lines), 17.0
