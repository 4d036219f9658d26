"""Random pills without words: colors, forms, score lines, and how the imprint is made."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.draw.spec import Body, Color, Imprint, ScoreLine

# Shares of the colors after the labels of the public reference photos (counts of 2,912), the rare ones raised;
# their values by eye from the same photos.

_COLORS: dict[str, tuple[float, Color]] = {
    "WHITE": (0.42, (228, 228, 225)),
    "YELLOW": (0.13, (226, 208, 110)),
    "PINK": (0.1, (222, 150, 150)),
    "ORANGE": (0.09, (222, 120, 55)),
    "BLUE": (0.08, (95, 140, 195)),
    "BROWN": (0.06, (130, 82, 58)),
    "GREEN": (0.06, (130, 180, 130)),
    "RED": (0.03, (190, 50, 50)),
    "PURPLE": (0.02, (130, 80, 150)),
    "TURQUOISE": (0.01, (90, 180, 175)),
    "GRAY": (0.01, (140, 142, 145)),
    "BLACK": (0.004, (45, 42, 45)),
}

# Mean and standard deviation of the log of a groove's depth, and how far a groove may be filled. With these values
# drawn letters have the contrast of real ones, and as much variation within a face (docs/experiments/reader.md, "Drawn
# debossing").
_LOG_DEPTH = (-1.5, 0.5)
_GROOVE_FADE_MAX = 0.35


def random_color(rng: np.random.Generator) -> Color:
    """A body color as real pills have it, white in two of five."""
    name = str(
        rng.choice(list(_COLORS), p=np.array([c[0] for c in _COLORS.values()]) / sum(c[0] for c in _COLORS.values()))
    )
    base = np.array(_COLORS[name][1])
    spread = 6.0 if name == "WHITE" else 12.0
    pale = rng.uniform(-0.1, 0.6) if name != "WHITE" else 0.0
    color = base + pale * (np.array([232, 232, 230]) - base) + rng.normal(0, spread, 3)
    return clip_color(color)


def clip_color(values: NDArray[np.float64]) -> Color:
    """A color kept off black and white."""
    red, green, blue = (float(value) for value in np.clip(values, 8, 250))
    return red, green, blue


def random_tablet(kind: str, rng: np.random.Generator) -> Body:
    """A tablet of an SPL shape: proportions, press, coating, granules."""
    aspect = {
        "ROUND": 1.0,
        "SQUARE": 1.0,
        "TRIANGLE": rng.uniform(0.95, 1.1),
        "OVAL": rng.uniform(1.3, 2.3),
        "CAPSULE": rng.uniform(1.8, 2.9),
        "RECTANGLE": rng.uniform(1.2, 2.2),
        "DIAMOND": rng.uniform(1.0, 1.5),
        "TEAR": rng.uniform(1.2, 1.6),
        "BULLET": rng.uniform(1.2, 1.8),
        "TRAPEZOID": rng.uniform(1.0, 1.4),
    }.get(kind, 1.0)
    # About half of the ovals in the reference photos are caplets with straight sides.
    shape = "CAPSULE" if kind == "OVAL" and rng.random() < 0.35 else kind
    color = random_color(rng)
    coated = rng.random() < 0.5
    speckled = not coated and rng.random() < 0.3
    other = (
        clip_color(np.array(color) * rng.uniform(0.6, 0.85))
        if rng.random() < 0.6
        else clip_color(np.array(color) * 0.5 + 118)
    )
    return Body(
        shape=shape,
        aspect=float(aspect),
        roundness=float(rng.uniform(0, 1)) if kind != "CAPSULE" else float(rng.uniform(0, 0.5)),
        profile=str(rng.choice(["FLAT", "BEVELED", "CONVEX"], p=[0.12, 0.3, 0.58])),
        bevel=float(rng.uniform(0.06, 0.25)),
        dome=float(rng.uniform(0.08, 0.4)),
        edge=float(rng.uniform(0.02, 0.14)),
        color=color,
        speckle=float(rng.uniform(0.1, 0.5))
        if speckled
        else (float(rng.uniform(0.01, 0.08)) if rng.random() < 0.15 else 0.0),
        speckle_color=other,
        grain=float(np.clip(rng.lognormal(-4.0, 0.8), 0.003, 0.1)),
        gloss=float(rng.uniform(0.05, 0.6)) if coated else float(rng.uniform(0, 0.1)),
        wear=float(rng.uniform(0.2, 1.3)),
        ring=float(rng.uniform(0.08, 0.4)) if rng.random() < 0.06 else 0.0,
    )


def random_shell(rng: np.random.Generator) -> Body:
    """A two-part capsule."""
    color = random_color(rng)
    second = random_color(rng) if rng.random() < 0.55 else clip_color(np.array(color) * rng.uniform(0.92, 1.02))
    aspect, seam = float(rng.uniform(2.0, 2.9)), float(rng.uniform(-0.3, 0.4))
    locks = (
        tuple(float(seam - offset) for offset in rng.uniform(0.3, 1.0, int(rng.integers(1, 3))))
        if rng.random() < 0.4
        else ()
    )
    return Body(
        shape="CAPSULE",
        aspect=aspect,
        roundness=0.0,
        profile="SHELL",
        color=color,
        locks=locks,
        beads=bool(rng.random() < 0.05),
        second_color=second,
        seam=seam,
        band_color=random_color(rng) if rng.random() < 0.07 else None,
        grain=0.0 if rng.random() < 0.7 else 0.01,
        gloss=float(rng.uniform(0.1, 1.0)),
        wear=0.05,
    )


def random_relief(rng: np.random.Generator) -> Imprint:
    """How debossed (rarely embossed) letters are cut."""
    return Imprint(
        relief="EMBOSSED" if rng.random() < 0.04 else "DEBOSSED",
        weight=float(rng.uniform(0.08, 0.22)),
        depth=float(np.clip(rng.lognormal(*_LOG_DEPTH), 0.1, 1.6)),
        bevel=float(rng.uniform(0.4, 1.2)),
        fade=float(rng.uniform(0.1, _GROOVE_FADE_MAX)) if rng.random() < 0.45 else 0.0,
    )


def random_print(body: Body, rng: np.random.Generator) -> Imprint:
    """How printed letters look: an ink that stands out from the body."""
    inks = [
        (25, 25, 28),
        (60, 58, 60),
        (235, 235, 235),
        (30, 60, 150),
        (150, 30, 30),
        (90, 60, 40),
        (20, 100, 60),
        (120, 120, 125),
    ]
    weights = np.array([0.5, 0.12, 0.14, 0.06, 0.05, 0.04, 0.03, 0.06])
    level = float(np.mean(body.color))
    for _ in range(20):
        ink = np.array(inks[int(rng.choice(len(inks), p=weights))]) + rng.normal(0, 8, 3)
        if abs(float(np.mean(ink)) - level) > 45:
            break
    return Imprint(
        relief="PRINTED",
        weight=float(rng.uniform(0.09, 0.2)),
        ink=clip_color(ink),
        bleed=float(rng.uniform(0.7, 3.0)),
        fade=float(rng.uniform(0, 0.7)) if rng.random() < 0.4 else 0.0,
    )


def random_scores(body: Body, is_blank: bool, rng: np.random.Generator) -> tuple[ScoreLine, ...]:
    """Score lines as real pills have them: whole, at the rim, short, crossed, in thirds; mostly none."""
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
        return (
            ScoreLine(turn_deg=turn, start=-reach, end=-reach + short, width=width, depth=depth),
            ScoreLine(turn_deg=turn, start=reach - short, end=reach, width=width, depth=depth),
        )
    if draw < 0.92:
        return (
            ScoreLine(
                turn_deg=turn,
                start=-reach * rng.uniform(0.4, 0.8),
                end=reach * rng.uniform(0.4, 0.8),
                width=width,
                depth=depth,
            ),
        )
    if body.aspect < 1.2:
        return tuple(ScoreLine(turn_deg=angle, start=-1.0, end=1.0, width=width, depth=depth) for angle in (0.0, 90.0))
    third = body.aspect / 3
    return tuple(ScoreLine(u=u, turn_deg=90.0, start=-1.0, end=1.0, width=width, depth=depth) for u in (-third, third))


def score_layout(scores: tuple[ScoreLine, ...]) -> str:
    """How the score lines part the face: nothing, LEVEL, UPRIGHT, THIRDS or QUARTER."""
    if not scores:
        return ""
    if any(score.u for score in scores):
        return "THIRDS"
    return "QUARTER" if len({s.turn_deg for s in scores}) > 1 else ("LEVEL" if scores[0].turn_deg == 0.0 else "UPRIGHT")
