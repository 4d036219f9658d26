"""Random faces over what real pills look like, for training and tests."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from pipeline.draw.fonts import BUILT_IN_FONTS, PRINT_FONTS
from pipeline.draw.imprinting import line_width, place_line
from pipeline.draw.outlines import Outline, outline
from pipeline.draw.spec import Body, Camera, Color, FaceSpec, Imprint, Light, Logo, ScoreLine, TextLine
from pipeline.draw.wording import random_case, random_letter, random_letters, random_number, random_strength, random_token, random_word

# Shares of shapes and colors after the labels of the public reference photos (counts of 2,912), the rare ones raised.
_SHAPES = {"ROUND": 0.44, "OVAL": 0.32, "CAPSULE": 0.08, "SHELL": 0.1, "TRIANGLE": 0.012, "RECTANGLE": 0.012, "TEAR": 0.006,
           "DIAMOND": 0.008, "SQUARE": 0.006, "PENTAGON (5 sided)": 0.004, "HEXAGON (6 sided)": 0.004, "OCTAGON (8 sided)": 0.003,
           "BULLET": 0.003, "TRAPEZOID": 0.002}
_COLORS: dict[str, tuple[float, Color]] = {
    "WHITE": (0.42, (228, 228, 225)), "YELLOW": (0.13, (226, 208, 110)), "PINK": (0.1, (222, 150, 150)), "ORANGE": (0.09, (222, 120, 55)),
    "BLUE": (0.08, (95, 140, 195)), "BROWN": (0.06, (130, 82, 58)), "GREEN": (0.06, (130, 180, 130)), "RED": (0.03, (190, 50, 50)),
    "PURPLE": (0.02, (130, 80, 150)), "TURQUOISE": (0.01, (90, 180, 175)), "GRAY": (0.01, (140, 142, 145)), "BLACK": (0.004, (45, 42, 45))}


def random_face(rng: np.random.Generator, fonts: Sequence[str] = (), blank: float = 0.2) -> FaceSpec:
    """A random face.

    Args:
        rng: the source of everything random.
        fonts: paths of more fonts, used for half of the lines.
        blank: the share of faces without characters.
    """
    kind = str(rng.choice(list(_SHAPES), p=np.array(list(_SHAPES.values())) / sum(_SHAPES.values())))
    body = _random_shell(rng) if kind == "SHELL" else _random_tablet(kind, rng)
    printed = rng.random() < (0.97 if kind == "SHELL" else 0.13)
    imprint = _random_print(body, rng) if printed else _random_relief(rng)
    shape = outline(body.shape, body.aspect, body.roundness)
    is_blank = rng.random() < blank
    scores = () if kind == "SHELL" else _random_scores(body, is_blank, rng)
    font = _random_font(printed, fonts, rng)
    lines = () if is_blank else _fit(_random_lines(body, bool(scores), _axis(scores), font, imprint.weight, rng), shape, body, imprint.weight)
    logos = _random_logos(body, lines, scores, rng)
    root_area = rng.uniform(110, 230)
    zoom = root_area / math.sqrt(abs(float(cv2.contourArea(shape.astype(np.float32)))))
    return FaceSpec(
        size_px=zoom * float(np.ptp(shape[:, 0])), body=body, imprint=imprint, lines=lines, scores=scores, logos=logos,
        light=_random_light(rng, 0.55 if kind == "SHELL" else 0.35), camera=_random_camera(root_area, rng),
        turn_deg=float(rng.uniform(-180, 180)) if rng.random() < 0.6 else float(rng.normal(0, 4)),
        tilt=float(rng.uniform(0, 0.14)) if rng.random() < 0.35 else 0.0, tilt_deg=float(rng.uniform(0, 180)),
        background=_random_background(rng), margin_px=float(rng.uniform(4, 14)))


def _random_color(rng: np.random.Generator) -> Color:
    name = str(rng.choice(list(_COLORS), p=np.array([c[0] for c in _COLORS.values()]) / sum(c[0] for c in _COLORS.values())))
    base = np.array(_COLORS[name][1])
    spread = 6.0 if name == "WHITE" else 12.0
    pale = rng.uniform(-0.1, 0.6) if name != "WHITE" else 0.0
    color = base + pale * (np.array([232, 232, 230]) - base) + rng.normal(0, spread, 3)
    return _color(color)


def _color(values: np.ndarray) -> Color:  # type: ignore[type-arg]
    red, green, blue = (float(value) for value in np.clip(values, 8, 250))
    return red, green, blue


def _random_tablet(kind: str, rng: np.random.Generator) -> Body:
    aspect = {"ROUND": 1.0, "SQUARE": 1.0, "TRIANGLE": rng.uniform(0.95, 1.1), "OVAL": rng.uniform(1.3, 2.3), "CAPSULE": rng.uniform(1.8, 2.9),
              "RECTANGLE": rng.uniform(1.2, 2.2), "DIAMOND": rng.uniform(1.0, 1.5), "TEAR": rng.uniform(1.2, 1.6),
              "BULLET": rng.uniform(1.2, 1.8), "TRAPEZOID": rng.uniform(1.0, 1.4)}.get(kind, 1.0)
    # Of the reference photos' ovals about half are caplets with straight sides.
    shape = "CAPSULE" if kind == "OVAL" and rng.random() < 0.35 else kind
    color = _random_color(rng)
    coated = rng.random() < 0.5
    speckled = not coated and rng.random() < 0.3
    other = _color(np.array(color) * rng.uniform(0.6, 0.85)) if rng.random() < 0.6 else _color(np.array(color) * 0.5 + 118)
    return Body(
        shape=shape, aspect=float(aspect), roundness=float(rng.uniform(0, 1)) if kind != "CAPSULE" else float(rng.uniform(0, 0.5)),
        profile=str(rng.choice(["FLAT", "BEVELED", "CONVEX"], p=[0.12, 0.3, 0.58])), bevel=float(rng.uniform(0.06, 0.25)),
        dome=float(rng.uniform(0.08, 0.4)), edge=float(rng.uniform(0.02, 0.14)), color=color,
        speckle=float(rng.uniform(0.1, 0.5)) if speckled else (float(rng.uniform(0.01, 0.08)) if rng.random() < 0.15 else 0.0), speckle_color=other,
        grain=float(np.clip(rng.lognormal(-4.0, 0.8), 0.003, 0.1)), gloss=float(rng.uniform(0.05, 0.6)) if coated else float(rng.uniform(0, 0.1)),
        wear=float(rng.uniform(0.2, 1.3)), ring=float(rng.uniform(0.08, 0.4)) if rng.random() < 0.06 else 0.0)


def _random_shell(rng: np.random.Generator) -> Body:
    color = _random_color(rng)
    second = _random_color(rng) if rng.random() < 0.55 else _color(np.array(color) * rng.uniform(0.92, 1.02))
    aspect, seam = float(rng.uniform(2.0, 2.9)), float(rng.uniform(-0.3, 0.4))
    locks = tuple(float(seam - offset) for offset in rng.uniform(0.3, 1.0, int(rng.integers(1, 3)))) if rng.random() < 0.4 else ()
    return Body(shape="CAPSULE", aspect=aspect, roundness=0.0, profile="SHELL", color=color, locks=locks, beads=bool(rng.random() < 0.05),
                second_color=second, seam=seam, band_color=_random_color(rng) if rng.random() < 0.07 else None,
                grain=0.0 if rng.random() < 0.7 else 0.01, gloss=float(rng.uniform(0.1, 1.0)), wear=0.05)


def _random_relief(rng: np.random.Generator) -> Imprint:
    return Imprint(relief="EMBOSSED" if rng.random() < 0.04 else "DEBOSSED", weight=float(rng.uniform(0.07, 0.2)),
                   depth=float(np.clip(rng.lognormal(-0.8, 0.55), 0.12, 1.4)), bevel=float(rng.uniform(0.4, 1.2)),
                   fade=float(rng.uniform(0.1, 0.75)) if rng.random() < 0.45 else 0.0)


def _random_print(body: Body, rng: np.random.Generator) -> Imprint:
    inks = [(25, 25, 28), (60, 58, 60), (235, 235, 235), (30, 60, 150), (150, 30, 30), (90, 60, 40), (20, 100, 60), (120, 120, 125)]
    weights = np.array([0.5, 0.12, 0.14, 0.06, 0.05, 0.04, 0.03, 0.06])
    level = float(np.mean(body.color))
    for _ in range(20):
        ink = np.array(inks[int(rng.choice(len(inks), p=weights))]) + rng.normal(0, 8, 3)
        if abs(float(np.mean(ink)) - level) > 45:
            break
    return Imprint(relief="PRINTED", weight=float(rng.uniform(0.09, 0.2)), ink=_color(ink), bleed=float(rng.uniform(0.7, 3.0)),
                   fade=float(rng.uniform(0, 0.7)) if rng.random() < 0.4 else 0.0)


def _random_scores(body: Body, is_blank: bool, rng: np.random.Generator) -> tuple[ScoreLine, ...]:
    if rng.random() > (0.5 if is_blank else 0.22):
        return ()
    level = body.aspect < 1.2 and rng.random() < 0.6
    reach = body.aspect if level else 1.0
    width, depth = float(rng.uniform(0.035, 0.11)), float(rng.uniform(0.03, 0.16))
    turn = 0.0 if level else 90.0
    draw = rng.random()
    if draw < 0.72:
        return (ScoreLine(turn_deg=turn, start=-reach, end=reach, width=width, depth=depth),)
    if draw < 0.82:
        short = rng.uniform(0.25, 0.45)
        return (ScoreLine(turn_deg=turn, start=-reach, end=-reach + short, width=width, depth=depth),
                ScoreLine(turn_deg=turn, start=reach - short, end=reach, width=width, depth=depth))
    if draw < 0.92:
        return (ScoreLine(turn_deg=turn, start=-reach * rng.uniform(0.4, 0.8), end=reach * rng.uniform(0.4, 0.8), width=width, depth=depth),)
    if body.aspect < 1.2:
        return tuple(ScoreLine(turn_deg=angle, start=-1.0, end=1.0, width=width, depth=depth) for angle in (0.0, 90.0))
    third = body.aspect / 3
    return tuple(ScoreLine(u=u, turn_deg=90.0, start=-1.0, end=1.0, width=width, depth=depth) for u in (-third, third))


def _axis(scores: tuple[ScoreLine, ...]) -> str:
    if not scores:
        return ""
    if any(score.u for score in scores):
        return "THIRDS"
    return "QUARTER" if len({s.turn_deg for s in scores}) > 1 else ("LEVEL" if scores[0].turn_deg == 0.0 else "UPRIGHT")


def _random_font(printed: bool, fonts: Sequence[str], rng: np.random.Generator) -> str:
    if fonts and rng.random() < (0.75 if printed else 0.45):
        return str(fonts[rng.integers(len(fonts))])
    pool = PRINT_FONTS if printed else BUILT_IN_FONTS
    return str(pool[rng.integers(len(pool))])


def _line(text: str, font: str, cap: float, rng: np.random.Generator, **place: float | None) -> TextLine:
    spacing = float(rng.uniform(0.14, 0.5)) if rng.random() < 0.9 else float(rng.uniform(0.5, 1.0))
    slant = float(rng.uniform(0.1, 0.25)) if rng.random() < 0.06 else 0.0
    return TextLine(random_case(text, rng), font, cap, spacing=spacing, condense=float(rng.uniform(0.75, 1.25)), slant=slant, **place)  # type: ignore[arg-type]


def _random_lines(body: Body, scored: bool, axis: str, font: str, weight: float, rng: np.random.Generator) -> list[TextLine]:
    if body.profile == "SHELL":
        return _shell_lines(body, font, rng)
    if scored and axis == "LEVEL":
        return _stacked([random_token(rng) for _ in range(2)], font, rng, gap=0.25) if rng.random() < 0.75 else [
            _line(random_token(rng), font, rng.uniform(0.3, 0.55), rng, v=float(rng.choice([-0.48, 0.48])))]
    if scored and axis in ("UPRIGHT", "QUARTER", "THIRDS"):
        return _beside(body, font, rng, 0.0 if axis != "QUARTER" else float(rng.choice([-0.45, 0.45])), axis == "THIRDS")
    if body.aspect < 1.25:
        return _compact_lines(font, rng)
    return _long_lines(body, font, rng)


def _stacked(texts: list[str], font: str, rng: np.random.Generator, gap: float = 0.0) -> list[TextLine]:
    count = len(texts)
    cap = rng.uniform(0.34, 0.6) if count == 2 else rng.uniform(0.24, 0.36)
    pitch = cap * rng.uniform(1.3, 1.6) + gap
    return [_line(text, font, cap * rng.uniform(0.85, 1.1), rng, v=(index - (count - 1) / 2) * pitch) for index, text in enumerate(texts)]


def _beside(body: Body, font: str, rng: np.random.Generator, v: float, thirds: bool) -> list[TextLine]:
    """Left and right of an upright score line; sometimes turned to read along it."""
    if body.aspect >= 1.2 and thirds:
        return [_line(random_letter(rng) if rng.random() < 0.5 else random_number(rng, 1, 2), font, rng.uniform(0.35, 0.6), rng, u=side * body.aspect * 0.64)
                for side in (-1, 0, 1)]
    place, cap = body.aspect * rng.uniform(0.42, 0.52), rng.uniform(0.4, 0.85) * (1.0 if v == 0 else 0.6)
    short = [random_number(rng, 1, 2), random_letters(rng, 1, 2), random_letter(rng), random_number(rng, 2, 3), "mg"]
    left, right = (str(rng.choice(short)) for _ in range(2))
    turns = (90.0, 90.0) if rng.random() < 0.12 else (90.0, -90.0) if rng.random() < 0.06 else (0.0, 0.0)
    both = [_line(left, font, cap, rng, u=-place, v=v, turn_deg=turns[0]), _line(right, font, cap, rng, u=place, v=v, turn_deg=turns[1])]
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
    text = random_word(rng) if rng.random() < 0.6 else random_letters(rng, 2, 4) + (" " + random_number(rng, 1, 3) if rng.random() < 0.4 else "")
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
        return [_line(text, font, rng.uniform(0.35, 0.6), rng, u=(index - 0.5) * 0.9, turn_deg=turn)
                for index, text in enumerate([random_letters(rng, 1, 2), random_number(rng, 1, 3)])]
    place = body.aspect * 0.45  # two words with a wide gap
    return [_line(random_token(rng)[:4], font, rng.uniform(0.4, 0.7), rng, u=side * place) for side in (-1, 1)]


def _shell_lines(body: Body, font: str, rng: np.random.Generator) -> list[TextLine]:
    turn = 0.0 if rng.random() < 0.78 else float(rng.choice([-90.0, 90.0]))
    around = float(rng.normal(0, 0.12)) if rng.random() < 0.8 else float(rng.uniform(-1.0, 1.0))
    same = random_token(rng)
    texts: list[list[str]] = []
    for _ in range(2):
        count = 1 if rng.random() < 0.62 else 2
        texts.append([same if rng.random() < 0.3 else (random_token(rng) if rng.random() < 0.85 else random_strength(rng)) for _ in range(count)])
    lines = []
    halves = (((-body.aspect + body.seam) / 2 + 0.12, body.aspect + body.seam), ((body.aspect + body.seam) / 2 - 0.12, body.aspect - body.seam))
    keep = rng.random()
    for side, (middle, room) in enumerate(halves):
        if (keep < 0.1 and side == 0) or (keep > 0.9 and side == 1):
            continue
        count = len(texts[side])
        cap = rng.uniform(0.3, 0.55) if count == 1 else rng.uniform(0.24, 0.4)
        for index, text in enumerate(texts[side]):
            offset = (index - (count - 1) / 2) * cap * 1.35
            place = {"u": middle, "v": around + offset} if turn == 0 else {"u": middle + offset * (1 if turn < 0 else -1) * -1, "v": around}
            line = _line(text, font, cap, rng, turn_deg=turn, **place)
            if turn == 0:
                line = _with_cap(line, min(line.cap, line.cap * 0.86 * (room - 0.35) / max(line_width(line), 1e-3)))
            lines.append(line)
    return lines


def _lone(rng: np.random.Generator) -> str:
    """One character that no score line can be taken for."""
    letter = random_letter(rng) if rng.random() < 0.7 else str(rng.integers(10))
    return "S" if letter == "I" else letter


def _with_cap(line: TextLine, cap: float) -> TextLine:
    fields = {name: getattr(line, name) for name in TextLine.__dataclass_fields__}
    fields["cap"] = cap
    return TextLine(**fields)


def _fit(lines: list[TextLine], shape: Outline, body: Body, weight: float) -> tuple[TextLine, ...]:
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


def _inside(line: TextLine, border: np.ndarray, weight: float) -> bool:  # type: ignore[type-arg]
    if line.arc_radius is not None and line_width(line) > 2 * math.radians(150.0 if line.arc_radius > 0 else 90.0) * abs(line.arc_radius):
        return False
    corners = np.array([(-0.5, -weight / 2, 1), (-0.5, 1 + weight / 2, 1)]).T
    for item in place_line(line, 0):
        wide = item.width + weight / 2
        for left in (-weight / 2, wide):
            corners[0] = left
            for x, y in (item.to_pill @ corners)[:2].T:
                if cv2.pointPolygonTest(border, (float(x), float(y)), False) < 0:
                    return False
    return True


def _random_logos(body: Body, lines: tuple[TextLine, ...], scores: tuple[ScoreLine, ...], rng: np.random.Generator) -> tuple[Logo, ...]:
    free = not lines and not scores
    if free and rng.random() < 0.3:
        return (Logo(0.0, 0.0, float(rng.uniform(0.35, 0.65)), _logo_strokes(rng), float(rng.uniform(0.1, 0.25)), bool(rng.random() < 0.15)),)
    single = len(lines) == 1 and not scores and lines[0].arc_radius is None and abs(lines[0].v) < 1e-9 and lines[0].turn_deg == 0.0
    if single and rng.random() < 0.12 and body.profile != "SHELL":
        half = line_width(lines[0]) / 2
        size = lines[0].cap * float(rng.uniform(0.4, 0.6))
        place = half + lines[0].spacing * lines[0].cap + size * 1.2
        if place + size < body.aspect * 0.85:
            return (Logo(-place, 0.0, size, _logo_strokes(rng), float(rng.uniform(0.15, 0.3)), bool(rng.random() < 0.25)),)
    return ()


def _logo_strokes(rng: np.random.Generator) -> tuple[tuple[tuple[float, float], ...], ...]:
    """An abstract sign: regular figures, stars, waves, rays and nested ones; never a letter on its own."""
    strokes: list[tuple[tuple[float, float], ...]] = []

    def ring(radius: float, corners: int, start: float = 0.0) -> tuple[tuple[float, float], ...]:
        angles = [start + 2 * math.pi * k / corners for k in range(corners + 1)]
        return tuple((radius * math.cos(a), radius * math.sin(a)) for a in angles)

    kind = int(rng.integers(6))
    if kind in (0, 1):
        strokes.append(ring(1.0, int(rng.choice([3, 5, 6, 8])), float(rng.uniform(0, 1))))
        strokes.append(ring(float(rng.uniform(0.3, 0.6)), int(rng.choice([3, 4, 6, 30])), float(rng.uniform(0, 1))))
    elif kind == 2:
        points = int(rng.choice([4, 5, 6, 8]))
        inner = float(rng.uniform(0.3, 0.6))
        strokes.append(tuple(((1.0 if k % 2 == 0 else inner) * math.sin(math.pi * k / points), -(1.0 if k % 2 == 0 else inner) * math.cos(math.pi * k / points))
                             for k in range(2 * points + 1)))
    elif kind == 3:
        rows = int(rng.integers(2, 5))
        strokes += [tuple((x / 10, (r - (rows - 1) / 2) * 0.45 + 0.2 * math.sin(x / 10 * 4 + r)) for x in range(-10, 11)) for r in range(rows)]
    elif kind == 4:
        rays = int(rng.integers(5, 10))
        strokes += [((0.35 * math.cos(a), 0.35 * math.sin(a)), (math.cos(a), math.sin(a))) for a in np.linspace(0, 2 * math.pi, rays, endpoint=False)]
    else:
        points_ = [(float(x), float(y)) for x, y in rng.uniform(-1, 1, (int(rng.integers(4, 8)), 2))]
        strokes += [tuple(points_), ring(1.0, 40)]
    return tuple(strokes)


def _random_light(rng: np.random.Generator, ambient: float) -> Light:
    warm = rng.normal(0, 0.04)
    return Light(azimuth_deg=float(rng.uniform(-180, 180)), elevation_deg=float(rng.uniform(18, 65)), ambient=float(rng.uniform(ambient, 0.85)),
                 opposite=float(rng.choice([0.0, rng.uniform(0, 1)])), occlusion=float(rng.uniform(0.05, 0.5)),
                 falloff=float(rng.uniform(0, 0.15)) if rng.random() < 0.5 else 0.0, color=(1.0 + warm, 1.0, 1.0 - warm))


def _random_camera(root_area: float, rng: np.random.Generator) -> Camera:
    low = rng.random() < 0.3  # a small pill in the photo
    reduction = root_area / rng.uniform(45, 100) if low else 1.0
    blur = float(rng.uniform(0, 0.8)) if low else float(np.clip(rng.lognormal(-0.4, 0.6), 0, 3))
    return Camera(blur_px=blur, motion_px=float(rng.uniform(2, 5)) if not low and rng.random() < 0.06 else 0.0,
                  noise=float(np.clip(rng.lognormal(0.4, 0.7), 0.2, 9)), jpeg_quality=int(rng.integers(45, 97)),
                  gamma=float(rng.uniform(0.8, 1.25)), exposure=float(rng.uniform(0.65, 1.06)), reduction=max(float(reduction), 1.0))


def _random_background(rng: np.random.Generator) -> Color:
    if rng.random() < 0.5:
        level = rng.uniform(90, 150)
        return float(level), float(level), float(level)
    return _color(rng.uniform(15, 245) + rng.normal(0, 20, 3))
