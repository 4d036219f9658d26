"""Pills that say nothing: blank, with a logo alone, and blank under a register's watermark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.draw.decoy_scenes import (
    PASTEL,
    VIVID,
    Picture,
    Thing,
    color_of,
    photo_of,
    pick,
    print_font,
    write_on,
)
from pipeline.draw.random_body import random_print, random_relief, random_scores, random_shell, random_tablet
from pipeline.draw.random_logos import random_logos
from pipeline.draw.spec import Body, FaceSpec, TextLine

# Every shape alike, since the rare ones are blank too; SHELL is a two-part capsule.
_SHAPES = (
    "ROUND",
    "OVAL",
    "CAPSULE",
    "SHELL",
    "TRIANGLE",
    "RECTANGLE",
    "TEAR",
    "DIAMOND",
    "SQUARE",
    "PENTAGON (5 sided)",
    "HEXAGON (6 sided)",
    "OCTAGON (8 sided)",
    "BULLET",
    "TRAPEZOID",
    "SEMI-CIRCLE",
)
_MARKS = (
    "SAMPLE",
    "COPYRIGHT",
    "DO NOT COPY",
    "PILL LIBRARY",
    "NLM",
    "FDA",
    "REGISTER",
    "REFERENCE PHOTO",
    "NOT FOR SALE",
    "IMG 0024",
    "ARCHIVE 10",
    "PHOTO 5",
    "PROOF",
)


def blank_pill(rng: np.random.Generator) -> Picture:
    """One face or both of a pill without imprint, scored or not."""
    body = _any_body(rng)
    front = FaceSpec(200.0, body, scores=() if body.profile == "SHELL" else random_scores(body, True, rng))
    faces = [front] if rng.random() < 0.5 else [front, replace(front, scores=())]
    return Picture(_photo(faces, rng), f"blank {body.shape}, {_faces(faces)}")


def logo_pill(rng: np.random.Generator) -> Picture:
    """A pill that bears a logo alone, on one face or both."""
    body = _any_body(rng)
    logo = random_logos(body, (), (), rng)
    while not logo:
        logo = random_logos(body, (), (), rng)
    logo = tuple(replace(one, size=0.8 * one.size) for one in logo)
    printed = body.profile == "SHELL" or rng.random() < 0.4
    imprint = random_print(body, rng) if printed else random_relief(rng)
    front = FaceSpec(200.0, body, imprint, logos=logo)
    back = replace(front, logos=() if rng.random() < 0.6 else logo)
    faces = [front] if rng.random() < 0.5 else [front, back]
    return Picture(_photo(faces, rng), f"{body.shape} with a logo, {imprint.relief.lower()}, {_faces(faces)}")


def watermarked_pill(rng: np.random.Generator) -> Picture:
    """A blank pill under the words that a register writes across its photos."""
    body = _any_body(rng)
    faces = [FaceSpec(200.0, body)] * int(rng.integers(1, 3))
    image = _photo(faces, rng).astype(np.float32)
    height, width = image.shape[:2]
    text, slant = pick(_MARKS, rng), float(rng.choice([0.0, 0.0, 30.0, 45.0]))
    cap = min(float(rng.uniform(0.08, 0.2)) * height, 1.1 * width / len(text))
    count = int(rng.choice([1, 1, 2, 3]))
    rows = height / 2 + (np.arange(count) - (count - 1) / 2) * 2.6 * cap + rng.normal(0, 0.05) * height
    font = print_font(rng)
    lines = [TextLine(text, font, cap, width / 2, float(row), turn_deg=slant) for row in rows]
    ink = (250.0, 250.0, 250.0) if rng.random() < 0.5 else (40.0, 40.0, 44.0)
    write_on(image, lines, 0.13, ink, 1.0, float(rng.uniform(0.3, 0.9)))
    return Picture(np.clip(image, 0, 255).astype(np.uint8), f"watermark across a blank {body.shape}", (text,) * count)


def _any_body(rng: np.random.Generator) -> Body:
    shape = pick(_SHAPES, rng)
    body = random_shell(rng) if shape == "SHELL" else random_tablet(shape, rng)
    if rng.random() < 0.5:  # half have colors as common as pills have them, half any color
        body = replace(body, color=color_of((*VIVID, *PASTEL), rng))
    return body


def _photo(faces: list[FaceSpec], rng: np.random.Generator) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    length = float(rng.uniform(5, 20))
    background = "" if rng.random() < 0.6 else "GRAY"
    return photo_of([Thing(face, length) for face in faces], rng, rng.random() < 0.6, background)


def _faces(faces: list[FaceSpec]) -> str:
    return "both faces" if len(faces) > 1 else "one face"
