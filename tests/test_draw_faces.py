"""Drawn faces: what the truth says is where the ink is."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.draw.fonts import BUILT_IN_FONTS, PRINT_FONTS, find_fonts
from pipeline.draw.glyphs import glyph
from pipeline.draw.imprinting import draw_glyphs, place_line
from pipeline.draw.outlines import outline
from pipeline.draw.random_face import random_face
from pipeline.draw.rendering import draw_face, place_face, render_face
from pipeline.draw.spec import Body, Camera, DrawnCharacter, FaceSpec, Imprint, Light, ScoreLine, TextLine

_FONT = "stroke-60-20-0"
_PLAIN = Body(shape="ROUND", profile="FLAT", edge=0.02, grain=0.0, gloss=0.0, wear=0.0)
_PRINT = Imprint("PRINTED", ink=(10.0, 10.0, 10.0), bleed=0.5)
_SHARP = Camera(blur_px=0.0, noise=0.0, jpeg_quality=0)


def _printed(line: TextLine, **changes: object) -> FaceSpec:
    spec = FaceSpec(240.0, _PLAIN, _PRINT, (line,), light=Light(falloff=0.0, occlusion=0.0), camera=_SHARP)
    return replace(spec, **changes)  # type: ignore[arg-type]


def _boxes(characters: Sequence[DrawnCharacter], shape: tuple[int, int], grow: float) -> NDArray[np.bool_]:
    canvas = np.zeros(shape, np.uint8)
    for c in characters:
        box = cv2.boxPoints(((c.col, c.row), (c.width_px + grow, c.height_px + grow), -c.turn_deg))
        cv2.fillPoly(canvas, [np.round(box).astype(np.int32)], 1)
    return canvas > 0


@pytest.mark.parametrize("turn", [0.0, 37.0, -120.0, 180.0])
@pytest.mark.parametrize("arc", [None, 0.6, -0.6])
def test_boxes_hold_the_ink_and_no_more(turn: float, arc: float | None) -> None:
    line = TextLine("B/80.5g", _FONT, 0.3, arc_radius=arc, arc_deg=90.0 if arc is None or arc > 0 else 270.0)
    face = draw_face(_printed(line, turn_deg=turn), np.random.default_rng(0))
    ink = (face.pixels.mean(axis=2) < 110) & cv2.erode(face.mask.astype(np.uint8), np.ones((9, 9))).astype(bool)
    assert ink.sum() > 300
    assert not (ink & ~_boxes(face.characters, ink.shape, 2.5)).any()
    for c in face.characters:  # each box is as large as its own ink
        rows, cols = np.nonzero(ink & _boxes([c], ink.shape, 1.0))
        angle = math.radians(c.turn_deg)
        along = (cols - c.col) * math.cos(angle) - (rows - c.row) * math.sin(angle)
        across = (cols - c.col) * math.sin(angle) + (rows - c.row) * math.cos(angle)
        if c.char != "." and arc is None:
            assert np.ptp(along) + 1 == pytest.approx(c.width_px, abs=2.5)
            assert np.ptp(across) + 1 == pytest.approx(c.height_px, abs=2.5)


def test_truth_is_upper_case_in_reading_order() -> None:
    lines = (TextLine("par 02", _FONT, 0.3, v=-0.3), TextLine("5 mg", _FONT, 0.3, v=0.3))
    face = draw_face(replace(_printed(lines[0]), lines=lines), np.random.default_rng(0))
    assert face.text == ("PAR02", "5MG")
    assert [c.drawn for c in face.characters][:3] == ["p", "a", "r"]
    cols = [c.col for c in face.characters if c.line_index == 0]
    assert cols == sorted(cols)
    assert face.relief == "PRINTED"


def test_turn_is_counter_clockwise_as_seen() -> None:
    face = draw_face(_printed(TextLine("AB", _FONT, 0.4), turn_deg=90.0), np.random.default_rng(0))
    first, second = face.characters
    assert first.turn_deg == pytest.approx(90.0)
    assert first.row > second.row + 10  # text that turned to the left reads upward
    assert first.col == pytest.approx(second.col, abs=1.0)


def test_a_face_without_text_is_blank() -> None:
    spec = replace(_printed(TextLine("A", _FONT, 0.4)), lines=(), scores=(ScoreLine(turn_deg=90.0),))
    face = draw_face(spec, np.random.default_rng(0))
    assert face.relief == "BLANK"
    assert face.characters == ()
    assert [mark.kind for mark in face.marks] == ["SCORE"]
    corners = np.array(face.marks[0].corners)
    assert np.ptp(corners[:, 0]) == pytest.approx(240.0, abs=0.5)
    assert corners[:, 1].mean() == pytest.approx(face.mask.shape[1] / 2, abs=1.0)


@pytest.mark.parametrize(
    ("shape", "aspect", "area"), [("ROUND", 1.0, math.pi), ("OVAL", 2.0, 2 * math.pi), ("CAPSULE", 2.5, math.pi + 6.0)]
)
def test_mask_has_the_analytic_area(shape: str, aspect: float, area: float) -> None:
    # The exponent of an oval's superellipse is 1.6 + 1.6 * roundness**1.5: here 2, an ellipse.
    body = replace(
        _PLAIN, shape=shape, aspect=aspect, roundness=0.0 if shape == "CAPSULE" else (0.4 / 1.6) ** (1 / 1.5)
    )
    face = draw_face(FaceSpec(300.0, body, turn_deg=25.0), np.random.default_rng(0))
    half = 150.0 / aspect
    assert face.mask.sum() == pytest.approx(area * half * half, rel=0.01)
    filled = np.zeros(face.mask.shape, np.uint8)
    cv2.fillPoly(filled, [np.round(face.outline[:, ::-1]).astype(np.int32)], 1)
    assert np.logical_xor(filled > 0, face.mask).sum() < 0.03 * face.mask.sum()


def test_debossed_letters_turn_bright_and_dark_sides_with_the_light() -> None:
    line = TextLine("I", "stroke-60-20-0", 1.0)
    spec = FaceSpec(240.0, _PLAIN, Imprint("DEBOSSED", weight=0.2, depth=0.5), (line,), camera=_SHARP)

    def sides(azimuth: float, relief: str) -> float:
        lit = replace(
            spec,
            light=Light(azimuth_deg=azimuth, opposite=0.0, ambient=0.3),
            imprint=replace(spec.imprint, relief=relief),
        )
        face = draw_face(lit, np.random.default_rng(0))
        gray, c = face.pixels.mean(axis=2), face.characters[0]
        row, col, off = round(c.row), round(c.col), round(c.width_px / 3)
        return float(gray[row, col + off - 1 : col + off + 2].mean() - gray[row, col - off - 1 : col - off + 2].mean())

    assert sides(180.0, "DEBOSSED") > 10  # from the left: the groove's right slope faces the light
    assert sides(0.0, "DEBOSSED") < -10
    assert sides(180.0, "EMBOSSED") < -10


def test_same_seed_same_face_and_another_another() -> None:
    spec = random_face(np.random.default_rng(5))
    first, again, other = (draw_face(spec, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.pixels, again.pixels)
    assert first.characters == again.characters == other.characters
    assert not np.array_equal(first.pixels, other.pixels)
    assert random_face(np.random.default_rng(5)) == spec


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_faces_keep_their_words_on_the_pill(seed: int) -> None:
    rng = np.random.default_rng(seed)
    spec = random_face(rng, blank=0.0)
    face = draw_face(spec, rng)
    assert face.pixels.dtype == np.uint8
    assert face.pixels.shape == (*face.mask.shape, 3)
    assert 60 < face.mask.sum() ** 0.5 < 260
    allowed = set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-+.&")
    for c in face.characters:
        assert c.char in allowed
        assert c.height_px > 0 and c.width_px > 0
        if c.visible > 0.99:
            assert face.mask[
                round(min(max(c.row, 0), face.mask.shape[0] - 1)), round(min(max(c.col, 0), face.mask.shape[1] - 1))
            ]
    if spec.body.profile != "SHELL":
        frame, shape = place_face(spec)
        placed = [item for index, line in enumerate(spec.lines) for item in place_line(line, index)]
        ink = draw_glyphs(placed, spec.imprint.weight, frame, shape) > 0
        assert not (ink & ~face.mask).any()


def test_print_around_a_capsule_says_how_much_is_seen() -> None:
    body = Body(shape="CAPSULE", aspect=2.5, roundness=0.0, profile="SHELL", second_color=(200.0, 60.0, 60.0))
    spec = FaceSpec(300.0, body, _PRINT, (TextLine("8", _FONT, 0.5, u=-1.2), TextLine("8", _FONT, 0.5, u=1.2, v=1.35)))
    middle, side = draw_face(spec, np.random.default_rng(0)).characters
    assert middle.visible == 1.0
    assert 0.0 < side.visible < 0.6
    assert side.height_px < 0.5 * middle.height_px


@pytest.mark.parametrize("font", sorted({*BUILT_IN_FONTS, *PRINT_FONTS}))
def test_built_in_fonts_have_every_character(font: str) -> None:
    for character in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz/-+.&":
        drawn = glyph(character, font)
        assert drawn.distance.max() > -0.05, character
        assert drawn.ink[3] > drawn.ink[1] - 1e-9
        if character.isupper() or character.isdigit():
            assert drawn.ink[3] - drawn.ink[1] == pytest.approx(1.0, abs=0.13), character


def test_unknown_shape_and_character_say_so() -> None:
    with pytest.raises(ValueError, match="STAR"):
        outline("STAR", 1.0)
    with pytest.raises(KeyError):
        glyph("é", _FONT)


def test_fonts_that_do_not_open_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    assert find_fonts(tmp_path) == ()


def test_drawing_costs_no_more_than_a_few_hundred_blurs() -> None:
    """Measured 2026-11-22: a face of about 200 px costs 16 ms of one core, 45 to 80 blurs of its size."""
    rng = np.random.default_rng(0)
    specs = [replace(random_face(rng), size_px=200.0) for _ in range(20)]
    for spec in specs:
        draw_face(spec, rng)  # fills the glyph cache
    image = np.zeros((200, 200, 3), np.float32)

    def cost(work: Callable[[], object]) -> float:
        start = time.process_time()
        work()
        return time.process_time() - start

    faces = min(cost(lambda: [draw_face(spec, rng) for spec in specs]) for _ in range(3)) / len(specs)
    blur = min(cost(lambda: [cv2.GaussianBlur(image, (0, 0), 1.2) for _ in range(200)]) for _ in range(3)) / 200
    assert faces < 400 * blur


def test_rendering_into_a_larger_image_only_moves_the_face() -> None:
    spec = _printed(TextLine("A", _FONT, 0.5))
    frame, shape = place_face(spec)
    here = render_face(spec, frame, shape, np.random.default_rng(0))
    moved = here.shifted(10, 20)
    assert moved.characters[0].row == here.characters[0].row + 10
    assert moved.characters[0].col == here.characters[0].col + 20
    assert np.allclose(moved.outline - here.outline, [10, 20])
