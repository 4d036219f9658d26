"""Figures around a drawn text."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.draw.fonts import BUILT_IN_FONTS
from pipeline.draw.imprinting import draw_glyphs, draw_logos, place_line
from pipeline.draw.outlines import Contour, outline
from pipeline.draw.random_frames import random_frame
from pipeline.draw.rendering import draw_face
from pipeline.draw.spec import Body, FaceSpec, TextLine

ROUND, LONG = outline("ROUND", 1.0, 0.5), outline("OVAL", 2.2, 0.5)
TO_PX = np.array([[100.0, 0, 230], [0, 100.0, 110], [0, 0, 1]])
WEIGHT = 0.2
STACKED = (TextLine("YS", BUILT_IN_FONTS[0], 0.4, v=-0.3), TextLine("12", BUILT_IN_FONTS[0], 0.4, v=0.3))


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize(
    ("lines", "shape"),
    [
        ((TextLine("Y", BUILT_IN_FONTS[0], 0.9),), ROUND),
        (STACKED, ROUND),
        ((TextLine("SE 0138", BUILT_IN_FONTS[0], 0.5, slant=0.2),), LONG),
        ((TextLine("gQy", BUILT_IN_FONTS[0], 0.7),), LONG),
    ],
)
def test_a_frame_touches_no_character_and_stays_on_the_face(
    seed: int, lines: tuple[TextLine, ...], shape: Contour
) -> None:
    framed, frames = random_frame(lines, shape, WEIGHT, np.random.default_rng(seed))
    assert [line.text for line in framed] == [line.text for line in lines]
    placed = [item for number, line in enumerate(framed) for item in place_line(line, number)]
    characters = draw_glyphs(placed, WEIGHT, TO_PX, (220, 460)) > 0
    figure = draw_logos(frames, TO_PX, (220, 460)) > 0
    assert not (characters & figure).any()
    face = cv2.fillPoly(np.zeros((220, 460), np.uint8), [np.round(shape * 100 + [230, 110]).astype(np.int32)], 1) > 0
    assert not (figure & ~face).any()


def test_most_texts_get_a_frame() -> None:
    framed = [random_frame(STACKED, ROUND, WEIGHT, np.random.default_rng(seed))[1] for seed in range(24)]
    assert sum(map(bool, framed)) > 16


@pytest.mark.parametrize(
    "line",
    [TextLine("AB", BUILT_IN_FONTS[0], 0.3, arc_radius=0.6), TextLine("AB", BUILT_IN_FONTS[0], 0.3, turn_deg=90.0)],
)
def test_a_curved_or_turned_line_gets_none(line: TextLine) -> None:
    assert random_frame((line,), ROUND, WEIGHT, np.random.default_rng(0)) == ((line,), ())


def test_a_frame_is_a_mark_and_is_seen() -> None:
    lines, frames = random_frame(STACKED, ROUND, WEIGHT, np.random.default_rng(1))
    assert frames
    plain, framed = (FaceSpec(180.0, Body(), lines=lines, frames=figures) for figures in ((), frames))
    faces = [draw_face(spec, np.random.default_rng(0)) for spec in (plain, framed)]
    (mark,) = faces[1].marks
    assert mark.kind == "FRAME"
    drawn = np.abs(faces[0].pixels.astype(int) - faces[1].pixels).max(axis=2) > 20
    seen, stated = np.argwhere(drawn), np.array(mark.corners)
    assert np.all(seen.min(axis=0) > stated.min(axis=0) - 8)
    assert np.all(seen.max(axis=0) < stated.max(axis=0) + 8)
    assert np.any(np.abs([seen.min(axis=0) - stated.min(axis=0), seen.max(axis=0) - stated.max(axis=0)]) < 8)
    assert faces[0].characters == faces[1].characters
