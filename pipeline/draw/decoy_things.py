"""Small things that lie on tables: buttons, coins, dice, beads, letter tiles, cells, SIM cards, screws, chips."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from pipeline.draw.decoy_scenes import (
    FAR_FROM_WHITE,
    PASTEL,
    VIVID,
    Picture,
    Thing,
    arc_line,
    circle,
    color_of,
    cut_font,
    dark_or_light,
    fitted,
    listed,
    photo_of,
    pick,
    print_font,
    stacked,
    strokes,
)
from pipeline.draw.spec import Body, Color, FaceSpec, Imprint, Logo, ScoreLine, TextLine
from pipeline.draw.wording import random_letter, random_number, random_word

_BRASS: Color = (196.0, 160.0, 82.0)
_SILVER: Color = (178.0, 180.0, 184.0)
_METALS: tuple[Color, ...] = (_BRASS, _SILVER, (170.0, 102.0, 66.0), (120.0, 122.0, 126.0))
_BUTTON_WORDS = ("DENIM", "JEANS", "SPORT", "CLASSIC", "EST 1987", "ORIGINAL", "WORKWEAR", "501", "NO 24", "CO")
_COIN_WORDS = ("REPUBLIC", "LIBERTY", "FEDERAL BANK", "KINGDOM OF", "IN GOOD HOPE", "EUROLAND", "UNITED ISLES", "CROWN")
_VALUES = ("1", "2", "5", "10", "20", "25", "50", "100")
_UNITS = ("CENT", "CENTS", "CROWN", "DIME", "PENCE", "YEN", "EURO", "FRANC")
_CELLS = (
    ("CR2032", "3V"),
    ("CR2025", "3V"),
    ("CR2016", "3V"),
    ("LR44", "1.5V"),
    ("SR626SW", "1.55V"),
    ("LR41", "1.5V"),
)


def button(rng: np.random.Generator) -> Picture:
    """A button with two or four holes, with or without a rim and a word along it; a few like it beside it."""
    count, away, wide = int(rng.choice([2, 4])), float(rng.uniform(0.16, 0.24)), float(rng.uniform(0.07, 0.1))
    start = math.pi / 4 if count == 4 else 0.0
    turns = [start + 2 * math.pi * k / count for k in range(count)]
    as_listed = rng.random() < 0.2
    metal = not as_listed and rng.random() < 0.25
    color = color_of(_METALS if metal else FAR_FROM_WHITE if as_listed else (*VIVID, *PASTEL), rng)
    body = Body(
        "SQUARE" if rng.random() < 0.08 else "ROUND", 1.0, 0.8, str(rng.choice(["FLAT", "BEVELED", "CONVEX"])),
        bevel=0.2, dome=0.15, edge=0.12, color=color, gloss=0.6 if metal else float(rng.uniform(0.05, 0.6)), grain=0.01,
        speckle=0.2 if rng.random() < 0.25 else 0.0, speckle_color=color_of(PASTEL, rng),
        holes=tuple((away * math.cos(a), away * math.sin(a), wide) for a in turns),
    )  # fmt: skip
    rims = (circle(0.86, weight=0.05), circle(0.48, weight=0.03))[: int(rng.integers(0, 3))]
    lines: tuple[TextLine, ...] = ()
    if as_listed:
        places = ((90.0, False), (270.0, True))
        lines = tuple(
            arc_line(text, cut_font(rng), 0.24, 0.66, at, below)
            for text, (at, below) in zip(listed(rng), places, strict=False)
        )
    elif rng.random() < 0.5:
        word = pick(_BUTTON_WORDS, rng) if rng.random() < 0.6 else random_word(rng)
        lines = (arc_line(word, cut_font(rng), 0.2, 0.66, 90.0),)
        lines += (arc_line(pick(_BUTTON_WORDS, rng), cut_font(rng), 0.2, 0.66, 270.0, True),) * int(rng.integers(2))
    relief = Imprint(str(rng.choice(["DEBOSSED", "EMBOSSED"])), 0.15, float(rng.uniform(0.4, 1.0)))
    face = FaceSpec(200.0, body, relief, lines, logos=rims)
    things = [Thing(face, float(rng.uniform(9, 25)), 2.0)] * int(rng.choice([1, 1, 2, 3]))
    return Picture(photo_of(things, rng), f"button, {count} holes", tuple(line.text for line in lines))


def coin(rng: np.random.Generator) -> Picture:
    """A coin with its value and words along the rim, or a head and a year; alone or with another."""
    faces = [_coin_face(rng) for _ in range(int(rng.choice([1, 1, 1, 2])))]
    things = [thing for face in faces for thing in _struck(face, rng)]
    words = tuple(line.text for face in faces for line in face.lines)
    return Picture(photo_of(things, rng), "coin", words)


def _coin_face(rng: np.random.Generator) -> FaceSpec:
    body = Body(
        "ROUND", profile="FLAT", edge=0.03, color=color_of(_METALS, rng), gloss=float(rng.uniform(0.3, 0.7)),
        grain=0.015, wear=float(rng.uniform(0.1, 0.6)), speckle=0.04, speckle_color=(110.0, 96.0, 76.0),
    )  # fmt: skip
    font, year = cut_font(rng), str(int(rng.integers(1950, 2026)))
    rim = arc_line(pick(_COIN_WORDS, rng), font, 0.17, 0.76, 90.0)
    figures: tuple[Logo, ...] = (circle(0.94, weight=0.05),)
    if rng.random() < 0.6:
        value = fitted(TextLine(pick(_VALUES, rng), font, 0.75, v=-0.1), 0.95)
        unit = TextLine(pick(_UNITS, rng), font, 0.2, v=0.48)
        lines = (value, fitted(unit, 0.9), rim) if rng.random() < 0.7 else (value, rim)
    else:
        figures += (_head(rng),)
        lines = (replace(rim, arc_deg=110.0), arc_line(year, font, 0.17, 0.76, 270.0, True))
    relief = Imprint("EMBOSSED", float(rng.uniform(0.15, 0.22)), float(rng.uniform(0.6, 1.4)), 1.2)
    return FaceSpec(200.0, body, relief, lines, logos=figures)


def _head(rng: np.random.Generator) -> Logo:
    """A profile that looks left or right."""
    outline = [
        (-0.1, -1.0), (0.35, -0.95), (0.65, -0.6), (0.7, -0.1), (0.45, 0.35), (0.5, 0.75), (0.8, 1.0),
        (-0.35, 1.0), (-0.1, 0.7), (-0.15, 0.5), (-0.5, 0.5), (-0.55, 0.3), (-0.48, 0.2), (-0.58, 0.1),
        (-0.72, 0.0), (-0.5, -0.35), (-0.5, -0.75), (-0.1, -1.0),
    ]  # fmt: skip
    side = float(rng.choice([-1, 1]))
    return strokes([(side * x, y) for x, y in outline], size=0.55, weight=0.06, filled=True)


def _struck(face: FaceSpec, rng: np.random.Generator) -> list[Thing]:
    """A coin of one metal, or of two: a disc that bears all on a ring of another metal."""
    length = float(rng.uniform(16, 28))
    if rng.random() < 0.8:
        return [Thing(face, length, 1.6)]
    outer = FaceSpec(
        200.0, replace(face.body, color=_SILVER), replace(face.imprint), logos=(circle(0.94, weight=0.05),)
    )
    inner = replace(face, body=replace(face.body, color=_BRASS), logos=())
    return [Thing(outer, length, 1.6), Thing(inner, 0.86 * length, 0.2, on_top=True)]


def thing(rng: np.random.Generator) -> Picture:
    """A die, a letter bead, a tile, a keycap, a cell, a SIM card, a screw, a nut, a gaming chip."""
    makers = (_die, _letter_bead, _bead, _tile, _keycap, _cell, _sim_card, _screw, _nut, _chip, _counter, _counter)
    maker = makers[int(rng.integers(len(makers)))]
    things = maker(rng)
    words = tuple(line.text for one in things for line in one.face.lines)
    return Picture(photo_of(things, rng), maker.__name__.strip("_"), words)


def _block(color: Color, shape: str = "SQUARE", aspect: float = 1.0, **others: float) -> Body:
    return Body(shape, aspect, 0.3, "BEVELED", 0.08, edge=0.06, color=color, gloss=0.3, grain=0.006, **others)  # type: ignore[arg-type]


def _printed(color: Color, weight: float = 0.14) -> Imprint:
    return Imprint("PRINTED", weight, ink=dark_or_light(color), bleed=1.0)


def _die(rng: np.random.Generator) -> list[Thing]:
    """Pips, or a number as dice of many sides have it."""
    color = color_of(VIVID, rng)
    if rng.random() < 0.5:
        shape = pick(("TRIANGLE", "PENTAGON (5 sided)", "HEXAGON (6 sided)"), rng)
        line = TextLine(str(int(rng.integers(1, 21))), print_font(rng), 0.55, v=0.1)
        return [Thing(FaceSpec(200.0, _block(color, shape), _printed(color), (line,)), 16.0, 9.0)]
    places = {
        1: ((0, 0),),
        2: ((-1, -1), (1, 1)),
        3: ((-1, -1), (0, 0), (1, 1)),
        4: ((-1, -1), (1, 1), (-1, 1), (1, -1)),
    }
    places[5] = (*places[4], (0, 0))
    places[6] = (*places[4], (-1, 0), (1, 0))
    faces = []
    for _ in range(int(rng.integers(1, 4))):
        pips = tuple(circle(0.14, 0.5 * u, 0.5 * v, filled=True) for u, v in places[int(rng.integers(1, 7))])
        faces.append(FaceSpec(200.0, _block(color), _printed(color), logos=pips))
    return [Thing(face, 15.0, 9.0) for face in faces]


def _letter_bead(rng: np.random.Generator) -> list[Thing]:
    white: Color = (242.0, 240.0, 236.0)
    things = []
    for _ in range(int(rng.integers(1, 6))):
        round_bead = rng.random() < 0.5
        line = TextLine(random_letter(rng), print_font(rng), 1.0)
        ink = _printed(white if rng.random() < 0.6 else (250.0, 250.0, 250.0), 0.18)
        body = _block(white, "ROUND") if round_bead else _block(white)
        things.append(Thing(FaceSpec(200.0, body, ink, (line,)), 7.0, 4.0))
    return things


def _bead(rng: np.random.Generator) -> list[Thing]:
    hole = ((0.0, 0.0, float(rng.uniform(0.2, 0.4))),)
    things = []
    for _ in range(int(rng.integers(1, 5))):
        body = Body("ROUND", profile="CONVEX", dome=0.6, edge=0.3, color=color_of(VIVID, rng), gloss=0.9, holes=hole)
        things.append(Thing(FaceSpec(200.0, body), 8.0, 4.0))
    return things


def _tile(rng: np.random.Generator) -> list[Thing]:
    """Letters with their value in the corner, as in word games."""
    things = []
    for _ in range(int(rng.integers(1, 4))):
        body = _block(color_of(((214, 178, 126), (232, 216, 184)), rng), speckle=0.25)
        body = replace(body, speckle_color=(186.0, 146.0, 96.0))
        lines = (
            TextLine(random_letter(rng), "aileron", 1.0, -0.1, -0.05),
            TextLine(random_number(rng, 1, 1), "aileron", 0.32, 0.62, 0.58),
        )
        things.append(Thing(FaceSpec(200.0, body, _printed(body.color), lines), 19.0, 4.0))
    return things


def _keycap(rng: np.random.Generator) -> list[Thing]:
    color = color_of(((40, 40, 44), (236, 234, 228), (150, 150, 154)), rng)
    text = pick((random_letter(rng), random_number(rng, 1, 1), "F" + str(int(rng.integers(1, 13))), "ESC", "ALT"), rng)
    top = _block(color_of((color,), rng, 3.0))
    line = fitted(TextLine(text, "aileron", 0.6, -0.2, -0.2), 1.1)
    cap = Thing(FaceSpec(200.0, top, _printed(color, 0.12), (line,)), 13.0, 1.0, on_top=True)
    return [Thing(FaceSpec(200.0, _block(color)), 18.0, 8.0), cap]


def _cell(rng: np.random.Generator) -> list[Thing]:
    """A button cell with its type and a plus sign."""
    code, volts = _CELLS[int(rng.integers(len(_CELLS)))]
    body = Body("ROUND", profile="FLAT", edge=0.08, color=_SILVER, gloss=0.5, grain=0.012, ring=0.12)
    font = cut_font(rng)
    lines = (
        TextLine("+", font, 0.4, v=-0.45),
        fitted(TextLine(code, font, 0.32), 1.4),
        TextLine(volts, font, 0.26, v=0.48),
    )
    face = FaceSpec(200.0, body, Imprint("DEBOSSED", 0.13, 0.4), lines)
    return [Thing(face, float(rng.uniform(8, 20)), 3.0)] * int(rng.integers(1, 3))


def _sim_card(rng: np.random.Generator) -> list[Thing]:
    """A card with gold contacts and its number."""
    white: Color = (238.0, 238.0, 236.0)
    card = replace(_block(white, "RECTANGLE", 1.65), roundness=0.1, profile="FLAT", edge=0.02)
    number = TextLine(random_number(rng, 4, 4) + " " + random_number(rng, 4, 4), print_font(rng), 0.2, 0.0, 0.75)
    gold = replace(card, color=(206.0, 170.0, 84.0), aspect=1.25, gloss=0.6, roundness=0.4)
    gaps = strokes(
        [(-1.2, -0.35), (-0.4, -0.35), (-0.4, 0.35), (-1.2, 0.35)],
        [(1.2, -0.35), (0.4, -0.35), (0.4, 0.35), (1.2, 0.35)],
        [(0.0, -1.0), (0.0, -0.35), (-0.4, -0.35)],
        [(0.0, 1.0), (0.0, 0.35), (0.4, 0.35)],
        weight=0.06,
    )
    contacts = FaceSpec(200.0, gold, Imprint("DEBOSSED", 0.1, 0.6), logos=(gaps,))
    return [
        Thing(FaceSpec(200.0, card, _printed(white), (fitted(number, 2.4),)), 15.0, 0.8),
        Thing(contacts, 8.0, 0.1, on_top=True, away_mm=(-1.0, 0.0)),
    ]


def _screw(rng: np.random.Generator) -> list[Thing]:
    """A screw from above, slotted, crossed or with six sides; or lying on its side."""
    color = color_of(_METALS, rng)
    if rng.random() < 0.4:
        shaft = Body("RECTANGLE", 5.0, 0.1, "CONVEX", dome=0.6, edge=0.3, color=color, gloss=0.6)
        ridges = tuple(ScoreLine(u, 0.0, 70.0, -1.2, 1.2, 0.13, 0.3) for u in np.arange(-4.0, 5.0, 0.42))
        head = Body("RECTANGLE", 0.5, 0.5, "CONVEX", dome=0.4, edge=0.2, color=color, gloss=0.6)
        return [
            Thing(FaceSpec(200.0, shaft, scores=ridges), 22.0, 3.0),
            Thing(FaceSpec(200.0, head), 4.0, 3.0, on_top=True, away_mm=(0.0, -11.5)),
        ]
    if rng.random() < 0.4:
        body = _block(color, "HEXAGON (6 sided)")
        lines = (
            TextLine("8.8", cut_font(rng), 0.35, v=-0.25),
            TextLine(random_letter(rng) * 2, cut_font(rng), 0.35, v=0.3),
        )
        return [Thing(FaceSpec(200.0, replace(body, gloss=0.6), Imprint("EMBOSSED", 0.16, 0.6), lines), 13.0, 5.0)]
    slots: tuple[list[tuple[float, float]], ...] = ([(-0.75, 0.0), (0.75, 0.0)], [(0.0, -0.75), (0.0, 0.75)])
    slot = strokes(*slots[: int(rng.integers(1, 3))], weight=0.2)
    body = Body("ROUND", profile="CONVEX", dome=0.3, edge=0.1, color=color, gloss=0.6, grain=0.015)
    face = FaceSpec(200.0, body, Imprint("DEBOSSED", 0.2, 1.4), logos=(slot,))
    return [Thing(face, float(rng.uniform(6, 12)), 2.5)] * int(rng.integers(1, 4))


def _nut(rng: np.random.Generator) -> list[Thing]:
    """A nut with six sides, or a washer."""
    shape = pick(("HEXAGON (6 sided)", "ROUND"), rng)
    body = replace(_block(color_of(_METALS, rng), shape), holes=((0.0, 0.0, 0.55),), gloss=0.6)
    return [Thing(FaceSpec(200.0, body), float(rng.uniform(8, 16)), 4.0)] * int(rng.integers(1, 4))


def _counter(rng: np.random.Generator) -> list[Thing]:
    """A counter of plastic with a tablet's whole imprint in print, in a color that the tablet never has."""
    shape = pick(("SQUARE", "HEXAGON (6 sided)", "TRIANGLE", "ROUND"), rng)
    body = _block(color_of(FAR_FROM_WHITE, rng), shape)
    texts = listed(rng)
    wide, cap = (0.8, 0.5) if shape == "TRIANGLE" else (1.35, 0.7)
    lines = stacked(texts, print_font(rng), cap / len(texts) ** 0.5, wide)
    return [Thing(FaceSpec(200.0, body, _printed(body.color), lines), float(rng.uniform(8, 20)), 3.0)]


def _chip(rng: np.random.Generator) -> list[Thing]:
    """A gaming chip: bars on the rim, its value on the inlay."""
    color = color_of(VIVID, rng)
    bars = tuple(
        Logo(0.88 * math.cos(a), 0.88 * math.sin(a), 0.1, (((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)),), 0.1, True)
        for a in np.arange(0, 2 * math.pi, math.pi / 4)
    )
    body = Body("ROUND", profile="FLAT", edge=0.03, color=color, gloss=0.2, grain=0.01)
    inlay = replace(body, color=color_of(PASTEL, rng))
    value = fitted(TextLine(pick(("1", "5", "10", "25", "50", "100", "500"), rng), print_font(rng), 0.8), 1.2)
    return [
        Thing(FaceSpec(200.0, body, _printed(color), logos=bars), 38.0, 3.0),
        Thing(FaceSpec(200.0, inlay, _printed(inlay.color), (value,)), 24.0, 0.1, on_top=True),
    ]
