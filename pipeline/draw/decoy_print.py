"""Print that is on no pill: paper, boxes and labels, foil, and drawn shapes with letters."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from pipeline.draw.backgrounds import draw_background
from pipeline.draw.camera import photograph
from pipeline.draw.decoy_scenes import (
    FAR_FROM_WHITE,
    PASTEL,
    VIVID,
    Image,
    Picture,
    Thing,
    color_of,
    dark_or_light,
    fill_shape,
    fitted,
    listed,
    photo_of,
    pick,
    print_font,
    random_scene,
    stacked,
    write_on,
)
from pipeline.draw.imprinting import draw_glyphs, line_width, place_line
from pipeline.draw.scenes import draw_scene
from pipeline.draw.shading import shade
from pipeline.draw.smooth_noise import noise_field
from pipeline.draw.spec import Body, Camera, Color, FaceSpec, Imprint, Light, TextLine
from pipeline.draw.wording import random_letters, random_number, random_strength, random_token, random_word

# Names of drugs on boxes are true ones, since the program knows them.
_DRUGS = ("BACLOFEN", "LISINOPRIL", "METOPROLOL", "ALPRAZOLAM", "LITHIUM", "METFORMIN", "ATENOLOL", "WARFARIN")
_PHRASES = ("TABLETS", "30 TABLETS", "CAPSULES USP", "RX ONLY", "TAKE ONE DAILY", "KEEP DRY", "LOT", "EXP", "NDC")
_INK: Color = (30.0, 30.0, 34.0)
_FLAT_SHAPES = (("ROUND", 1.0), ("SQUARE", 1.0), ("CAPSULE", 2.2), ("OVAL", 1.6), ("HEXAGON (6 sided)", 1.0),
                ("TRIANGLE", 1.0), ("RECTANGLE", 1.6), ("DIAMOND", 1.2))  # fmt: skip


def printed(rng: np.random.Generator) -> Picture:
    """Paper or foil with print on it."""
    return _paper(rng) if rng.random() < 0.5 else _foil(rng)


def _paper(rng: np.random.Generator) -> Picture:
    """Lines of words and numbers; a table of numbers; a box with a drug's name; a slip with a tablet's imprint."""
    what = pick(("lines", "table", "box", "lone words", "slip"), rng)
    if what == "slip":
        return _slip(rng)
    spec = random_scene((float(rng.uniform(40, 60)), float(rng.uniform(50, 80))), rng, "PAPER")
    ground = draw_background("PAPER", spec.shape_px, spec.px_per_mm, rng)
    size = spec.height_mm, spec.width_mm
    if what == "box":
        lines, ink = _box(ground, size, spec.px_per_mm, rng)
    else:
        lines, ink = {"lines": _text, "table": _table, "lone words": _lone}[what](size, rng), _INK
    write_on(ground, lines, float(rng.uniform(0.11, 0.18)), ink, spec.px_per_mm)
    pixels = draw_scene(spec, rng, _turned(ground, float(rng.normal(0, 4))))
    return Picture(pixels.pixels, f"paper, {what}", tuple(line.text for line in lines))


def _left(text: str, font: str, cap: float, u: float, v: float) -> TextLine:
    """A line that begins at ``u``."""
    line = TextLine(text, font, cap, v=v)
    return replace(line, u=u + line_width(line) / 2)


def _text(size: tuple[float, float], rng: np.random.Generator) -> list[TextLine]:
    cap, font = float(rng.uniform(1.8, 4.0)), print_font(rng)
    rows = np.arange(4.0 + cap, size[0] - 4.0, 2.2 * cap)
    lines = []
    for row in rows:
        words = [random_word(rng) if rng.random() < 0.7 else random_token(rng) for _ in range(6)]
        while len(words) > 1 and line_width(TextLine(" ".join(words), font, cap)) > size[1] - 10:
            words.pop()
        lines.append(_left(" ".join(words), font, cap, 5.0, float(row)))
    return lines


def _table(size: tuple[float, float], rng: np.random.Generator) -> list[TextLine]:
    cap, font = float(rng.uniform(2.0, 4.0)), print_font(rng)
    cols, rows = np.arange(5.0, size[1] - 12, 6.0 * cap), np.arange(4.0 + cap, size[0] - 4.0, 2.8 * cap)
    return [_left(random_number(rng, 1, 4), font, cap, float(col), float(row)) for row in rows for col in cols]


def _lone(size: tuple[float, float], rng: np.random.Generator) -> list[TextLine]:
    """One to three large words or numbers, as a page number or a price."""
    font, count = print_font(rng), int(rng.integers(1, 4))
    lines = []
    for number in range(count):
        text = pick((random_token(rng), random_number(rng, 2, 4), random_letters(rng, 1, 3), random_strength(rng)), rng)
        row = size[0] * (number + 1) / (count + 1)
        lines.append(fitted(TextLine(text, font, float(rng.uniform(4, 11)), size[1] / 2, row), 0.8 * size[1]))
    return lines


def _slip(rng: np.random.Generator) -> Picture:
    """A slip of paper that lies somewhere, with a number, a word, or a tablet's whole imprint."""
    texts = listed(rng) if rng.random() < 0.5 else (random_token(rng),)
    aspect = float(rng.uniform(1.2, 2.4))
    body = Body("RECTANGLE", aspect, 0.0, "FLAT", edge=0.01, color=(236.0, 235.0, 230.0), grain=0.004, gloss=0.0)
    lines = stacked(texts, print_font(rng), 0.85 / len(texts), 1.5 * aspect)
    face = FaceSpec(200.0, body, Imprint("PRINTED", 0.14, ink=_INK, bleed=0.8), lines)
    ground = pick(("WOOD", "CLOTH", "SLATE", "LAMINATE", "SKIN", "PATTERN", "GRAY"), rng)
    pixels = photo_of([Thing(face, float(rng.uniform(12, 25)), 0.3)], rng, background=ground)
    return Picture(pixels, "paper, slip", texts)


def _box(ground: Image, size: tuple[float, float], px: float, rng: np.random.Generator) -> tuple[list[TextLine], Color]:
    """A colored panel with a name, a strength and small print."""
    color = color_of((*VIVID, *PASTEL), rng)
    body = Body("RECTANGLE", float(rng.uniform(1.1, 1.8)), 0.1, color=color)
    high = 0.4 * size[0]
    middle = size[1] / 2, size[0] / 2
    fill_shape(ground, body, (middle[0] * px, middle[1] * px), high * px, 0.0)
    font, wide = print_font(rng), 1.8 * high * body.aspect
    texts = (pick(_DRUGS, rng), random_strength(rng), pick(_PHRASES, rng), f"LOT {random_number(rng, 3, 5)}")
    caps, rows = (5.0, 6.0, 3.0, 2.2), (-0.6, -0.12, 0.35, 0.7)
    lines = [
        fitted(TextLine(text, font, cap, middle[0], middle[1] + row * high), wide)
        for text, cap, row in zip(texts, caps, rows, strict=True)
    ]
    return lines, dark_or_light(color)


def _turned(image: Image, degrees: float) -> Image:
    height, width = image.shape[:2]
    reach = max(width / height, height / width)
    zoom = abs(np.cos(np.radians(degrees))) + reach * abs(np.sin(np.radians(degrees)))  # the corners stay covered
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, float(zoom))
    return np.asarray(cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.float32)


def _foil(rng: np.random.Generator) -> Picture:
    """A blister's foil: a fine pattern, wrinkles, the pockets behind it, and rows of print that run across."""
    spec = random_scene((float(rng.uniform(35, 50)), float(rng.uniform(45, 70))), rng, "GRAY")
    shape, px = spec.shape_px, spec.px_per_mm
    height = noise_field(shape, 2.5 * px, rng) * np.float32(0.05 * px)
    rows, cols = np.mgrid[: shape[0], : shape[1]].astype(np.float32) / np.float32(px)
    height += np.sin(rows * 8) * np.sin(cols * 8) * np.float32(0.012 * px)
    pitch, radius = float(rng.uniform(14, 22)), float(rng.uniform(4.0, 6.5))
    if rng.random() < 0.75:
        off = rng.uniform(0, pitch, 2)
        away = np.hypot((rows + off[0]) % pitch - pitch / 2, (cols + off[1]) % pitch - pitch / 2)
        height += np.clip(radius - away, 0.0, 0.8) * np.float32(rng.choice([-0.5, 0.5]) * px)
    albedo = np.full((*shape, 3), color_of(((196, 198, 202), (206, 186, 140), (222, 222, 224)), rng), np.float32)
    usual = (f"{pick(_DRUGS, rng)} {random_strength(rng)}", random_word(rng), f"LOT {random_number(rng, 4, 6)}")
    texts = listed(rng) if rng.random() < 0.3 else usual[: int(rng.integers(1, 4))]
    lines = _rows_of(texts, (spec.height_mm, spec.width_mm), rng)
    write_on(albedo, lines, float(rng.uniform(0.12, 0.18)), color_of(((30, 40, 90), _INK, (150, 30, 40)), rng), px)
    light = replace(spec.light, ambient=0.5)
    cavity = np.zeros(shape, np.float32)
    lit = shade(height.astype(np.float32), albedo, cavity, light, float(rng.uniform(0.1, 0.4)))
    lit = _turned(lit, float(rng.choice([0.0, 0.0, 15.0, -20.0])))
    lit = np.ascontiguousarray(np.rot90(lit, int(rng.choice([0, 0, 0, 1, 2]))))
    return Picture(photograph(lit, light, spec.camera, rng), "foil", tuple(dict.fromkeys(line.text for line in lines)))


def _rows_of(texts: tuple[str, ...], size: tuple[float, float], rng: np.random.Generator) -> list[TextLine]:
    """The texts over and over, each row begun elsewhere."""
    cap, font = float(rng.uniform(1.8, 3.4)), print_font(rng)
    lines = []
    for number, row in enumerate(np.arange(cap, size[0], float(rng.uniform(2.4, 4.0)) * cap)):
        line = TextLine(texts[number % len(texts)], font, cap)
        step = line_width(line) + 4 * cap
        start = -float(rng.uniform(0, step))
        for col in np.arange(start, size[1], step):
            lines.append(replace(line, u=float(col) + line_width(line) / 2, v=float(row)))
    return lines


def drawn_shape(rng: np.random.Generator) -> Picture:
    """A plain shape with one to four characters, flat as a drawing program makes it; or two of them."""
    height, width = int(rng.integers(320, 460)), int(rng.integers(500, 620))
    ground = color_of(((255, 255, 255), (250, 250, 250), (225, 232, 240), (70, 80, 95), (240, 226, 200)), rng, 3.0)
    image = np.full((height, width, 3), ground, np.float32)
    shape, aspect = _FLAT_SHAPES[int(rng.integers(len(_FLAT_SHAPES)))]
    as_listed = rng.random() < 0.3
    colors = FAR_FROM_WHITE if as_listed else (*VIVID, *PASTEL, (255, 255, 255))
    body = Body(shape, aspect, 0.3, color=color_of(colors, rng))
    texts = [listed(rng) if as_listed else (_few(rng),) for _ in range(int(rng.choice([1, 1, 1, 2])))]
    half = min(float(rng.uniform(0.22, 0.38)) * height, 0.45 * width / (len(texts) + 1) / aspect)
    edge, font = int(rng.choice([0, 2, 4, 8])), print_font(rng)
    edge = max(edge, 2) if np.abs(np.subtract(body.color, ground)).max() < 60 else edge
    room = {"TRIANGLE": 0.8, "DIAMOND": 1.0}.get(shape, 1.3 * min(aspect, 1.6))
    for number, few in enumerate(texts):
        middle = width * (number + 1) / (len(texts) + 1), height / 2
        lines = stacked(few, font, float(rng.uniform(0.5, 0.9)) / len(few) ** 0.5, room)
        _drawn(image, body, middle, half, edge, lines, rng)
    camera = Camera(0.0, noise=0.0, jpeg_quality=int(rng.integers(70, 97)))
    return Picture(photograph(image, Light(), camera, rng), f"drawn {shape}", tuple(t for few in texts for t in few))


def _few(rng: np.random.Generator) -> str:
    """One to four characters as an imprint could have them."""
    kind = int(rng.integers(4))
    if kind == 0:
        return random_letters(rng, 1, 1)
    if kind == 1:
        return random_number(rng, 1, 4)
    return random_letters(rng, 1, 2) + random_number(rng, 1, 2) if kind == 2 else random_letters(rng, 2, 4)


def _drawn(
    image: Image,
    body: Body,
    middle: tuple[float, float],
    half: float,
    edge: int,
    lines: tuple[TextLine, ...],
    rng: np.random.Generator,
) -> None:
    outline = fill_shape(image, body, middle, half, 0.0)
    if body.shape == "CAPSULE" and rng.random() < 0.4:  # like the usual symbol of a capsule: one half in another color
        left = image[:, : round(middle[0])].copy()
        fill_shape(image, replace(body, color=color_of(VIVID, rng)), middle, half, 0.0)
        image[:, : round(middle[0])] = left
    if edge:
        cv2.polylines(image, [outline], True, dark_or_light(body.color), edge, cv2.LINE_AA, 4)
    place = np.array([[half, 0, middle[0]], [0, half, middle[1]], [0, 0, 1.0]])
    glyphs = [glyph for line in lines for glyph in place_line(line, 0)]
    ink = draw_glyphs(glyphs, 0.16, place, (image.shape[0], image.shape[1]))
    image += np.clip(ink + np.float32(0.5), 0, 1)[..., None] * (np.array(dark_or_light(body.color), np.float32) - image)
