"""The network's map -> characters; the reader around it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.geometry.affine import turned_into
from pipeline.imprint.canvas import COMPACT, Placement, face_canvas, place
from pipeline.imprint.detector import CLASSES, STRIDE, DetectorReader, decode, presence
from pipeline.load import load
from pipeline.records import Photo, PillRegion
from pipeline.segment import segment

SAMPLES = Path(__file__).parents[1] / "samples"

STRAIGHT = Placement(np.eye(2, 3), COMPACT, 1.0, 0.0)


def blank_map(size: tuple[int, int] = COMPACT) -> NDArray[np.float32]:
    output = np.zeros((5 + len(CLASSES), size[0] // STRIDE, size[1] // STRIDE), np.float32)
    output[0] = -9.0
    return output


def put(
    output: NDArray[np.float32],
    cell: tuple[int, int],
    text: str,
    turn_deg: float = 0.0,
    size: tuple[float, float] = (24.0, 16.0),
    logit: float = 3.0,
) -> None:
    """A character at a cell of the map, of that height and width in canvas px."""
    turn = math.radians(turn_deg)
    output[:5, cell[0], cell[1]] = logit, math.cos(turn), math.sin(turn), math.log2(size[0]), math.log2(size[1])
    output[5 + CLASSES.index(text), cell[0], cell[1]] = 8.0


def test_a_peak_is_a_character_with_place_size_and_turn() -> None:
    output = blank_map()
    put(output, (10, 20), "K", turn_deg=40.0)
    (found,) = decode(output, STRAIGHT)
    assert found.text == "K"
    assert (found.row, found.col) == pytest.approx((10.5 * STRIDE, 20.5 * STRIDE), abs=0.1)
    assert (found.height_px, found.width_px) == pytest.approx((24, 16), rel=1e-3)
    assert found.turn_deg == pytest.approx(40, abs=0.1)
    assert presence(found) == pytest.approx(1 / (1 + math.exp(-3)), abs=0.02)


def test_places_turns_and_sizes_come_back_to_the_photo() -> None:
    scale, turn = 0.5, 25.0
    placement = Placement(turned_into((300, 200), COMPACT, scale, turn), COMPACT, scale, turn)
    output = blank_map()
    put(output, (12, 30), "7", turn_deg=100.0)
    (found,) = decode(output, placement)
    on_canvas = placement.to_canvas @ [found.col, found.row, 1]
    assert on_canvas == pytest.approx([30.5 * STRIDE, 12.5 * STRIDE], abs=0.1)
    assert found.height_px == pytest.approx(48, rel=1e-3)
    assert found.turn_deg == pytest.approx(75, abs=0.1)


def test_the_surest_come_first_and_faint_peaks_are_none() -> None:
    output = blank_map()
    put(output, (10, 10), "A", logit=0.5)
    put(output, (10, 30), "B", logit=4.0)
    put(output, (30, 20), "C", logit=-4.0)
    assert [character.text for character in decode(output, STRAIGHT)] == ["B", "A"]


def test_two_peaks_on_one_character_are_one_and_neighbors_are_two() -> None:
    output = blank_map()
    put(output, (10, 10), "A", logit=4.0)
    put(output, (10, 12), "B", logit=2.0)
    put(output, (10, 15), "C", logit=2.0)
    assert [character.text for character in decode(output, STRAIGHT)] == ["A", "C"]


def test_alternatives_share_the_presence() -> None:
    output = blank_map()
    put(output, (10, 10), "8")
    output[5 + CLASSES.index("B"), 10, 10] = 7.0
    (found,) = decode(output, STRAIGHT)
    assert [text for text, _ in found.alternatives[:2]] == ["8", "B"]
    assert found.alternatives[0][1] / found.alternatives[1][1] == pytest.approx(math.e, rel=1e-3)
    assert sum(value for _, value in found.alternatives) <= 1


def test_an_empty_map_has_no_characters() -> None:
    assert decode(blank_map(), STRAIGHT) == []


def test_the_canvas_of_a_region_at_the_photos_border() -> None:
    rows, cols = np.mgrid[:80, :80]
    mask = np.hypot(rows - 40, cols - 40) < 40
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    outline = np.column_stack([40 + 40 * np.sin(angle), 40 + 40 * np.cos(angle)]).astype(np.float32)
    pixels = np.random.default_rng(0).integers(80, 200, (81, 120, 3)).astype(np.uint8)
    canvas, placement = face_canvas(Photo(pixels, "made"), PillRegion(outline, mask, 0, 0, 1.0))
    assert canvas.shape == (2, *COMPACT) and canvas[1].max() == 1
    assert placement.scale == pytest.approx(place(outline[:, ::-1].copy()).scale)
    area = float(np.count_nonzero(canvas[1] > 0.5)) / placement.scale**2
    assert area == pytest.approx(float(mask.sum()), rel=0.03)


def test_faces_seen_together_show_what_each_shows_alone() -> None:
    photo = load(SAMPLES / "heap_of_40.jpg")
    regions = segment(photo)[::3]
    reader = DetectorReader()
    canvases = [face_canvas(photo, region)[0].shape for region in regions]
    assert len(set(canvases)) == 2 and max(map(canvases.count, canvases)) > 4
    for together, region in zip(reader.see(photo, regions), regions, strict=True):
        (alone,) = reader.see(photo, [region])
        assert [one.text for one in together.characters] == [one.text for one in alone.characters]
        for one, same in zip(together.characters, alone.characters, strict=True):
            assert (one.row, one.confidence) == pytest.approx((same.row, same.confidence), abs=1e-3)
        assert len(together.lines) == len(alone.lines)
    assert reader.see(photo, []) == []
