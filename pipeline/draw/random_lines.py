"""Random lines of imprint, laid out as real pills carry them, and shrunk to fit the face."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.draw.glyphs import glyph
from pipeline.draw.imprinting import line_width, place_line
from pipeline.draw.outlines import Contour
from pipeline.draw.spec import Body, TextLine
from pipeline.draw.wording import (
    random_case,
    random_letter,
    random_letters,
    random_number,
    random_strength,
    random_token,
    random_word,
)


def _line(text: str, font: str, cap: float, rng: np.random.Generator, **place: float) -> TextLine:
    spacing = float(rng.uniform(0.12, 0.42)) if rng.random() < 0.9 else float(rng.uniform(0.5, 1.0))
    slant = float(rng.uniform(0.1, 0.25)) if rng.random() < 0.06 else 0.0
    cased = random_case(text, rng)
    line = TextLine(cased, font, 1.15 * cap, spacing=spacing, condense=float(rng.uniform(0.85, 1.35)), slant=slant)
    return replace(line, **place)  # type: ignore[arg-type]


def random_lines(
    body: Body, scored: bool, axis: str, font: str, weight: float, rng: np.random.Generator
) -> list[TextLine]:
    """Lines laid out as real pills carry them; they may not fit yet."""
    if body.profile == "SHELL":
        return _shell_lines(body, font, rng)
    if scored and axis == "LEVEL":
        return (
            _stacked([random_token(rng) for _ in range(2)], font, rng, gap=0.25)
            if rng.random() < 0.75
            else [_line(random_token(rng), font, rng.uniform(0.3, 0.55), rng, v=float(rng.choice([-0.48, 0.48])))]
        )
    if scored and axis in ("UPRIGHT", "QUARTER", "THIRDS"):
        return _beside(
            body, font, rng, 0.0 if axis != "QUARTER" else float(rng.choice([-0.45, 0.45])), axis == "THIRDS"
        )
    if body.aspect < 1.25:
        return _compact_lines(font, rng)
    return _long_lines(body, font, rng)


def mark_line(font: str, rng: np.random.Generator) -> TextLine:
    """A maker's mark: a lone letter or up to three, as large as the face allows or smaller."""
    letters = int(rng.choice([1, 2, 3], p=[0.6, 0.25, 0.15]))
    text = _lone(rng) if letters == 1 else random_letters(rng, letters, letters)
    return _line(text, font, rng.uniform(0.5, 1.5) / math.sqrt(letters), rng)


def _stacked(texts: list[str], font: str, rng: np.random.Generator, gap: float = 0.0) -> list[TextLine]:
    count = len(texts)
    cap = rng.uniform(0.34, 0.6) if count == 2 else rng.uniform(0.24, 0.36)
    pitch = cap * rng.uniform(1.45, 1.8) + gap
    return [
        _line(text, font, cap * rng.uniform(0.85, 1.1), rng, v=(index - (count - 1) / 2) * pitch)
        for index, text in enumerate(texts)
    ]


def _beside(body: Body, font: str, rng: np.random.Generator, v: float, thirds: bool) -> list[TextLine]:
    """Left and right of an upright score line; sometimes turned to read along it."""
    if body.aspect >= 1.2 and thirds:
        return [
            _line(
                random_letter(rng) if rng.random() < 0.5 else random_number(rng, 1, 2),
                font,
                rng.uniform(0.35, 0.6),
                rng,
                u=side * body.aspect * 0.64,
            )
            for side in (-1, 0, 1)
        ]
    place, cap = body.aspect * rng.uniform(0.42, 0.52), rng.uniform(0.4, 0.85) * (1.0 if v == 0 else 0.6)
    short = [random_number(rng, 1, 2), random_letters(rng, 1, 2), random_letter(rng), random_number(rng, 2, 3), "mg"]
    left, right = (str(rng.choice(short)) for _ in range(2))
    turns = (90.0, 90.0) if rng.random() < 0.12 else (90.0, -90.0) if rng.random() < 0.06 else (0.0, 0.0)
    both = [
        _line(left, font, cap, rng, u=-place, v=v, turn_deg=turns[0]),
        _line(right, font, cap, rng, u=place, v=v, turn_deg=turns[1]),
    ]
    return both if rng.random() < 0.85 else both[:1]


def _compact_lines(font: str, rng: np.random.Generator) -> list[TextLine]:
    draw = rng.random()
    if draw < 0.42:
        return [_line(random_token(rng), font, rng.uniform(0.4, 0.85), rng)]
    if draw < 0.52:
        return [_line(_lone(rng), font, rng.uniform(0.7, 1.35), rng)]
    if draw < 0.76:
        return _stacked([random_token(rng), random_number(rng) if rng.random() < 0.6 else random_token(rng)], font, rng)
    if draw < 0.82:
        return _stacked([random_token(rng) for _ in range(3)], font, rng)
    return _curved_lines(font, rng)


def _curved_lines(font: str, rng: np.random.Generator) -> list[TextLine]:
    radius, cap = rng.uniform(0.55, 0.72), rng.uniform(0.22, 0.38)
    text = (
        random_word(rng)
        if rng.random() < 0.6
        else random_letters(rng, 2, 4) + (" " + random_number(rng, 1, 3) if rng.random() < 0.4 else "")
    )
    lines = [_line(text, font, cap, rng, arc_radius=radius)]
    draw = rng.random()
    if draw < 0.4:
        lines.append(_line(random_number(rng, 1, 4), font, cap * rng.uniform(0.9, 1.4), rng, v=rng.uniform(0.05, 0.4)))
    elif draw < 0.7:
        lines.append(_line(random_token(rng)[:6], font, cap, rng, arc_radius=-radius, arc_deg=270.0))
    elif draw < 0.8:
        return [_line(text, font, cap, rng, arc_radius=-radius, arc_deg=270.0)]
    return lines


def _long_lines(body: Body, font: str, rng: np.random.Generator) -> list[TextLine]:
    draw = rng.random()
    if draw < 0.62:
        text = random_token(rng) if rng.random() < 0.6 else random_letters(rng, 1, 2) + " " + random_number(rng, 2, 4)
        return [_line(text, font, rng.uniform(0.5, 1.0), rng)]
    if draw < 0.7:
        return [_line(_lone(rng), font, rng.uniform(0.8, 1.3), rng)]
    if draw < 0.86:
        return _stacked([random_token(rng), random_token(rng)], font, rng)
    if draw < 0.93:  # across the axis
        turn = float(rng.choice([-90.0, 90.0]))
        return [
            _line(text, font, rng.uniform(0.35, 0.6), rng, u=(index - 0.5) * 0.9, turn_deg=turn)
            for index, text in enumerate([random_letters(rng, 1, 2), random_number(rng, 1, 3)])
        ]
    place = body.aspect * 0.45  # two words with a wide gap
    return [_line(random_token(rng)[:4], font, rng.uniform(0.4, 0.7), rng, u=side * place) for side in (-1, 1)]


def _shell_lines(body: Body, font: str, rng: np.random.Generator) -> list[TextLine]:
    turn = 0.0 if rng.random() < 0.78 else float(rng.choice([-90.0, 90.0]))
    around = float(rng.normal(0, 0.12)) if rng.random() < 0.8 else float(rng.uniform(-1.0, 1.0))
    same = random_token(rng)
    texts: list[list[str]] = []
    for _ in range(2):
        count = 1 if rng.random() < 0.62 else 2
        texts.append(
            [
                same if rng.random() < 0.3 else (random_token(rng) if rng.random() < 0.85 else random_strength(rng))
                for _ in range(count)
            ]
        )
    lines = []
    halves = (
        ((-body.aspect + body.seam) / 2 + 0.12, body.aspect + body.seam),
        ((body.aspect + body.seam) / 2 - 0.12, body.aspect - body.seam),
    )
    keep = rng.random()
    for side, (middle, room) in enumerate(halves):
        if (keep < 0.1 and side == 0) or (keep > 0.9 and side == 1):
            continue
        count = len(texts[side])
        cap = rng.uniform(0.3, 0.55) if count == 1 else rng.uniform(0.24, 0.4)
        for index, text in enumerate(texts[side]):
            offset = (index - (count - 1) / 2) * cap * 1.5
            place = (
                {"u": middle, "v": around + offset}
                if turn == 0
                else {"u": middle + offset * (1 if turn < 0 else -1) * -1, "v": around}
            )
            line = _line(text, font, cap, rng, turn_deg=turn, **place)
            if turn == 0:
                line = _with_cap(line, min(line.cap, line.cap * 0.86 * (room - 0.35) / max(line_width(line), 1e-3)))
            lines.append(line)
    return lines


def _lone(rng: np.random.Generator) -> str:
    """One character that is no score line, and no other character upside down."""
    letter = random_letter(rng) if rng.random() < 0.7 else str(rng.integers(10))
    return {"I": "S", "6": "5", "9": "2"}.get(letter, letter)


def _with_cap(line: TextLine, cap: float) -> TextLine:
    return replace(line, cap=cap)


def fit_lines(lines: list[TextLine], shape: Contour, body: Body, weight: float) -> tuple[TextLine, ...]:
    """Shrink each line until it lies within the face, 6 % off the rim."""
    if body.profile == "SHELL":
        return tuple(line for line in lines if line.cap > 0.12)
    border = (shape * 0.94).astype(np.float32)
    fitted = []
    for line in lines:
        while line.cap > 0.1 and not _inside(line, border, weight):
            line = _with_cap(line, line.cap * 0.92)
        if line.cap > 0.1:
            fitted.append(line)
    return tuple(fitted)


def _inside(line: TextLine, border: NDArray[np.float32], weight: float) -> bool:
    if line.arc_radius is not None and line_width(line) > 2 * math.radians(
        150.0 if line.arc_radius > 0 else 90.0
    ) * abs(line.arc_radius):
        return False
    for item in place_line(line, 0):
        # Letters such as g hang below the capitals' line.
        bottom = max(1.0, glyph(item.drawn, item.font).ink[3]) + weight / 2
        corners = np.array([(-0.5, -weight / 2, 1), (-0.5, bottom, 1)]).T
        wide = item.width + weight / 2
        for left in (-weight / 2, wide):
            corners[0] = left
            for x, y in (item.to_pill @ corners)[:2].T:
                if cv2.pointPolygonTest(border, (float(x), float(y)), False) < 0:
                    return False
    return True
