"""Random abstract signs that a reader must not take for characters."""

from __future__ import annotations

import math

import numpy as np

from pipeline.draw.imprinting import line_width
from pipeline.draw.spec import Body, Logo, ScoreLine, TextLine


def random_logos(
    body: Body, lines: tuple[TextLine, ...], scores: tuple[ScoreLine, ...], rng: np.random.Generator
) -> tuple[Logo, ...]:
    """A logo alone on a face, or left of its single line; mostly none."""
    free = not lines and not scores
    if free and rng.random() < 0.3:
        return (
            Logo(
                0.0,
                0.0,
                float(rng.uniform(0.35, 0.65)),
                _logo_strokes(rng),
                float(rng.uniform(0.1, 0.25)),
                bool(rng.random() < 0.15),
            ),
        )
    single = (
        len(lines) == 1
        and not scores
        and lines[0].arc_radius is None
        and abs(lines[0].v) < 1e-9
        and lines[0].turn_deg == 0.0
    )
    if single and rng.random() < 0.12 and body.profile != "SHELL":
        half = line_width(lines[0]) / 2
        size = lines[0].cap * float(rng.uniform(0.4, 0.6))
        place = half + lines[0].spacing * lines[0].cap + size * 1.2
        if place + size < body.aspect * 0.85:
            return (
                Logo(-place, 0.0, size, _logo_strokes(rng), float(rng.uniform(0.15, 0.3)), bool(rng.random() < 0.25)),
            )
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
        strokes.append(
            tuple(
                (
                    (1.0 if k % 2 == 0 else inner) * math.sin(math.pi * k / points),
                    -(1.0 if k % 2 == 0 else inner) * math.cos(math.pi * k / points),
                )
                for k in range(2 * points + 1)
            )
        )
    elif kind == 3:
        rows = int(rng.integers(2, 5))
        strokes += [
            tuple((x / 10, (r - (rows - 1) / 2) * 0.45 + 0.2 * math.sin(x / 10 * 4 + r)) for x in range(-10, 11))
            for r in range(rows)
        ]
    elif kind == 4:
        rays = int(rng.integers(5, 10))
        strokes += [
            ((0.35 * math.cos(a), 0.35 * math.sin(a)), (math.cos(a), math.sin(a)))
            for a in np.linspace(0, 2 * math.pi, rays, endpoint=False)
        ]
    else:
        points_ = [(float(x), float(y)) for x, y in rng.uniform(-1, 1, (int(rng.integers(4, 8)), 2))]
        strokes += [tuple(points_), ring(1.0, 40)]
    return tuple(strokes)
