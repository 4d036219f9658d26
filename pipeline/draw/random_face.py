"""Random faces over what real pills look like, for training and tests."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from pipeline.draw.fonts import BUILT_IN_FONTS, PRINT_FONTS
from pipeline.draw.outlines import outline
from pipeline.draw.random_body import (
    clip_color,
    random_print,
    random_relief,
    random_scores,
    random_shell,
    random_tablet,
    score_layout,
)
from pipeline.draw.random_frames import random_frame
from pipeline.draw.random_lines import fit_lines, mark_line, random_lines
from pipeline.draw.random_logos import random_logos
from pipeline.draw.spec import Body, Camera, Color, FaceSpec, Light, Logo, TextLine

# Shares of shapes after the labels of the public reference photos (counts of 2,912), the rare ones raised.

_SHAPES = {
    "ROUND": 0.44,
    "OVAL": 0.32,
    "CAPSULE": 0.08,
    "SHELL": 0.1,
    "TRIANGLE": 0.012,
    "RECTANGLE": 0.012,
    "TEAR": 0.006,
    "DIAMOND": 0.008,
    "SQUARE": 0.006,
    "PENTAGON (5 sided)": 0.004,
    "HEXAGON (6 sided)": 0.004,
    "OCTAGON (8 sided)": 0.003,
    "BULLET": 0.003,
    "TRAPEZOID": 0.002,
}


def random_face(
    rng: np.random.Generator,
    fonts: Sequence[str] = (),
    blank: float = 0.2,
    body: Body | None = None,
    printed: bool | None = None,
    framed: float = 0.2,
    marks: float = 0.0,
) -> FaceSpec:
    """A random face.

    Args:
        rng: the source of everything random.
        fonts: paths of more fonts, used for half of the lines.
        blank: the share of faces without characters.
        body: the pill, where it is not to be random too.
        printed: printed or debossed, where it is not to be random too.
        framed: the share of faces, where nothing is in the way, whose text gets a figure around it if one fits.
        marks: the share of tablets without a score line that bear one to three letters alone.
    """
    body = random_body(rng) if body is None else body
    shell = body.profile == "SHELL"
    printed = rng.random() < (0.97 if shell else 0.13) if printed is None else printed
    imprint = random_print(body, rng) if printed else random_relief(rng)
    shape = outline(body.shape, body.aspect, body.roundness)
    is_blank = rng.random() < blank
    scores = () if shell else random_scores(body, is_blank, rng)
    font = _random_font(printed, fonts, rng)
    lines: tuple[TextLine, ...] = ()
    if not is_blank:
        is_mark = marks > 0 and not (shell or scores) and rng.random() < marks
        laid = (
            [mark_line(font, rng)]
            if is_mark
            else random_lines(body, bool(scores), score_layout(scores), font, imprint.weight, rng)
        )
        lines = fit_lines(laid, shape, body, imprint.weight)
    logos = random_logos(body, lines, scores, rng)
    frames: tuple[Logo, ...] = ()
    if not (shell or scores or logos) and rng.random() < framed:
        lines, frames = random_frame(lines, shape, imprint.weight, rng)
    root_area = rng.uniform(110, 230)
    zoom = root_area / math.sqrt(abs(float(cv2.contourArea(shape.astype(np.float32)))))
    return FaceSpec(
        size_px=zoom * float(np.ptp(shape[:, 0])),
        body=body,
        imprint=imprint,
        lines=lines,
        scores=scores,
        logos=logos,
        frames=frames,
        light=_random_light(rng, 0.5 if shell else 0.28),
        camera=_random_camera(root_area, rng),
        turn_deg=float(rng.uniform(-180, 180)) if rng.random() < 0.6 else float(rng.normal(0, 4)),
        tilt=float(rng.uniform(0, 0.14)) if rng.random() < 0.35 else 0.0,
        tilt_deg=float(rng.uniform(0, 180)),
        background=_random_background(rng),
        margin_px=float(rng.uniform(4, 14)),
    )


def random_body(rng: np.random.Generator) -> Body:
    """A random pill without imprint."""
    kind = str(rng.choice(list(_SHAPES), p=np.array(list(_SHAPES.values())) / sum(_SHAPES.values())))
    return random_shell(rng) if kind == "SHELL" else random_tablet(kind, rng)


def _random_font(printed: bool, fonts: Sequence[str], rng: np.random.Generator) -> str:
    if fonts and rng.random() < (0.75 if printed else 0.45):
        return str(fonts[int(rng.integers(len(fonts)))])
    pool = PRINT_FONTS if printed else BUILT_IN_FONTS
    return str(pool[int(rng.integers(len(pool)))])


def _random_light(rng: np.random.Generator, ambient: float) -> Light:
    warm = rng.normal(0, 0.04)
    return Light(
        azimuth_deg=float(rng.uniform(-180, 180)),
        elevation_deg=float(rng.uniform(18, 65)),
        ambient=float(rng.uniform(ambient, 0.78)),
        opposite=float(rng.choice([0.0, rng.uniform(0, 1)])),
        occlusion=float(rng.uniform(0.08, 0.6)),
        falloff=float(rng.uniform(0, 0.15)) if rng.random() < 0.5 else 0.0,
        color=(1.0 + warm, 1.0, 1.0 - warm),
    )


def _random_camera(root_area: float, rng: np.random.Generator) -> Camera:
    low = rng.random() < 0.25  # a small pill in the photo
    reduction = root_area / rng.uniform(45, 100) if low else 1.0
    blur = float(rng.uniform(0, 0.8)) if low else float(np.clip(rng.lognormal(-0.6, 0.6), 0, 3))
    return Camera(
        blur_px=blur,
        motion_px=float(rng.uniform(2, 5)) if not low and rng.random() < 0.06 else 0.0,
        noise=float(np.clip(rng.lognormal(0.4, 0.7), 0.2, 9)),
        jpeg_quality=int(rng.integers(45, 97)),
        gamma=float(rng.uniform(0.8, 1.25)),
        exposure=float(rng.uniform(0.65, 1.06)),
        reduction=max(float(reduction), 1.0),
    )


def _random_background(rng: np.random.Generator) -> Color:
    if rng.random() < 0.5:
        level = rng.uniform(90, 150)
        return float(level), float(level), float(level)
    return clip_color(rng.uniform(15, 245) + rng.normal(0, 20, 3))
