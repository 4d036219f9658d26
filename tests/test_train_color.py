"""What the color networks are taught: whose faces, in which light, and what a wrong color costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra `train`")

import pandas as pd
import torch
from numpy.typing import NDArray

from pipeline.load import load
from pipeline.measure.color import COLORS
from pipeline.measure.models import load_models
from pipeline.segment import segment
from pipeline.train.measure.color_batches import LitBatch, LitBatches, PieceBatches
from pipeline.train.measure.color_fit import _loss, face_pairs, pill_colors, true_pairs, with_pieces
from pipeline.train.measure.colored_faces import ColoredFaces, field_faces, register_faces, together
from pipeline.train.measure.light import Lit, chosen_of, in_known_light, under_white
from pipeline.train.measure.pieces import SOURCE as PIECES
from pipeline.train.measure.pieces import piece_faces

SAMPLES = Path(__file__).parents[1] / "samples"
WHITE, YELLOW, BLUE = (COLORS.index(color) for color in ("WHITE", "YELLOW", "BLUE"))
COLD = np.array([0.5, 0.6, 0.9])


def faces(source: str, colors: list[int], rgb: NDArray[np.float64], validation: bool = False) -> ColoredFaces:
    """Faces of even color ``rgb`` ``(n, 3)`` on a middle gray ground, each a pill."""
    n = len(colors)
    return ColoredFaces(
        areas=np.broadcast_to(rgb[:, None, None], (n, 3, 5, 3)).copy(),
        grounds=np.full((n, 3, 3), 0.2),
        scenes=np.full((n, 2, 3), 0.3),
        shares=np.full(n, 0.5),
        first=np.array(colors),
        second=np.array(colors),
        layered=np.full(n, 0.05),
        pill=np.arange(n),
        validation=np.full(n, validation),
        aside=np.zeros(n, bool),
        source=np.array([source] * n),
    )


def test_a_white_pill_says_what_its_light_makes_of_any_other() -> None:
    rng = np.random.default_rng(1)
    yellow = np.broadcast_to([0.6, 0.5, 0.1], (4000, 3, 5, 3))
    anchor = Lit(np.broadcast_to(0.7 * COLD, (1, 3, 5, 3)), np.full((1, 3, 3), 0.2), np.full((1, 2, 3), 0.3))
    lit = in_known_light(yellow, 0.7, anchor, np.array([1.0]), rng)
    # Cameras differ and grounds throw back some light: in the middle of many draws it is the light itself.
    assert np.allclose(np.median(lit.areas[:, 0, 3], axis=0), np.array([0.6, 0.5, 0.1]) * COLD, rtol=0.1)
    assert lit.areas.min() >= 0 and lit.areas.max() <= 1


def test_under_white_light_a_gray_ground_counts_and_another_does_not() -> None:
    cold = Lit(np.full((2, 3, 5, 3), 0.5) * COLD, np.full((2, 3, 3), 0.2) * COLD, np.full((2, 2, 3), 0.3))
    gray, as_it_is = under_white(cold, np.array([True, False]))
    assert np.allclose(gray, gray[..., :1], rtol=0.1)
    assert np.allclose(as_it_is, cold.areas[1])


def test_each_face_gets_the_light_that_was_drawn_for_it() -> None:
    lights = tuple(Lit(np.full((3, 3, 5, 3), v), np.full((3, 3, 3), v), np.full((3, 2, 3), v)) for v in (0.1, 0.2, 0.3))
    assert chosen_of(np.array([2, 0, 1]), lights).areas[:, 0, 0, 0].tolist() == [0.3, 0.1, 0.2]


def test_batches_know_a_color_for_every_face_and_keep_to_zero_and_one() -> None:
    white, yellow = np.full((6, 3), 0.7), np.tile([0.6, 0.5, 0.1], (6, 1))
    registers = together([faces("rximage300", [WHITE] * 6, white), faces("tfda", [YELLOW, -1] * 3, yellow)])
    scenes = (faces(source, [WHITE] * 6, white * COLD) for source in ("hospital", "hand", "desk", "palm"))
    batch = LitBatches(registers, together(list(scenes)), (0.7, 0.12, 0.18), seed=1).batch(50)
    assert len(batch.first) == 50 and set(batch.first.tolist()) == {WHITE, YELLOW}
    for values in (batch.lit.areas, batch.lit.grounds, batch.lit.scenes):
        assert values.min() >= 0 and values.max() <= 1


def test_the_same_face_comes_brighter_and_darker_ground_and_all() -> None:
    registers = faces("rximage300", [WHITE] * 6, np.full((6, 3), 0.3))
    scenes = (faces(source, [WHITE] * 6, np.full((6, 3), 0.3)) for source in ("hospital", "hand", "desk", "palm"))
    batch = LitBatches(registers, together(list(scenes)), (1.0, 0.0, 0.0), seed=1).batch(400)
    grounds = np.log(batch.lit.grounds[:, 1, 1])
    pills = np.log(batch.lit.areas[:, 0, 2, 1])
    assert 0.2 < pills.std() < 0.35
    assert np.corrcoef(pills, grounds)[0, 1] > 0.2


@pytest.mark.parametrize("swapped", [False, True])
def test_the_loss_does_not_mind_which_area_has_which_color(swapped: bool) -> None:
    sides = torch.full((1, 3, 12), 1e-4)
    sides[0, 1, BLUE if swapped else YELLOW] = sides[0, 2, YELLOW if swapped else BLUE] = 1.0
    lit = Lit(*(np.zeros((1, 1, 3)) for _ in range(3)))

    def loss(first: int, second: int) -> float:
        batch = LitBatch(lit, np.zeros(1), np.array([first]), np.array([second]), np.zeros(1))
        return float(_loss(sides.log(), torch.tensor([8.0]), batch))

    assert loss(YELLOW, BLUE) < 0.1 < 2 < loss(WHITE, WHITE)


def test_pieces_are_lit_by_nothing_beside_them() -> None:
    blue = faces(PIECES, [BLUE] * 6, np.tile([0.1, 0.2, 0.5], (6, 1)))
    batch = PieceBatches(blue, seed=1).batch(20)
    beside = np.concatenate([batch.lit.grounds, batch.lit.scenes], axis=1)
    assert np.allclose(beside, beside[:, :1, :1]) and set(batch.first.tolist()) == {BLUE}


def test_networks_of_pieces_learn_their_colors_and_leave_the_others() -> None:
    rng = np.random.default_rng(0)
    rgb = np.repeat([[0.5, 0.5, 0.5], [0.1, 0.2, 0.5]], 40, axis=0) * rng.uniform(0.3, 1.2, (80, 1))
    shown, shipped = faces(PIECES, [WHITE] * 40 + [BLUE] * 40, rgb), load_models()
    shown.aside[::4] = True
    models = with_pieces(shipped, shown, steps=60)
    assert models.area is shipped.area and models.pair is shipped.pair
    assert (face_pairs(models.of_pieces(), shown).argmax(axis=1) == true_pairs(shown)).mean() > 0.95


def test_a_pill_of_two_faces_is_merged_and_one_of_one_face_stays() -> None:
    white = np.full((3, 3), 0.7)
    shown = faces("rximage300", [WHITE] * 3, white)
    shown.pill[:] = [0, 0, 1]
    chances, truth = pill_colors(load_models(), shown, 1.0, 0.01)
    assert chances.shape == (2, 144) and np.allclose(chances.sum(axis=1), 1)
    assert truth.tolist() == [WHITE * 12 + WHITE] * 2
    assert chances[0, truth[0]] > chances[1, truth[1]]


def test_the_faces_of_a_register_carry_its_colors(tmp_path: Path) -> None:
    name = "024_both_gray.jpg"
    (tmp_path / name).write_bytes((SAMPLES / name).read_bytes())
    row = {"file": name, "imprint": "024", "color": "WHITE", "shape": "ROUND"}
    pd.DataFrame([row]).to_csv(tmp_path / "labels.csv", index=False)
    found = register_faces(tmp_path)
    assert found.first.tolist() == found.second.tolist() == [WHITE, WHITE]
    assert found.white.all() and found.pill.tolist() == [0, 0]
    assert found.areas.shape == (2, 3, 5, 3) and found.scenes.shape == (2, 2, 3)


def test_pieces_of_a_pill_show_nothing_beside_it_and_carry_its_color(tmp_path: Path) -> None:
    name = "024_both_gray.jpg"
    (tmp_path / name).write_bytes((SAMPLES / name).read_bytes())
    row = {"file": name, "imprint": "024", "color": "WHITE", "shape": "ROUND"}
    pd.DataFrame([row, {**row, "color": "WHITE;BLUE"}]).to_csv(tmp_path / "labels.csv", index=False)
    found = piece_faces(tmp_path)
    assert found.first.tolist() == [WHITE, WHITE], "of a tablet in two colors no piece is told"
    assert np.allclose(found.grounds, found.grounds[..., :1])


def test_a_photo_by_hand_names_the_color_of_the_box_that_a_pill_fills(tmp_path: Path) -> None:
    name = "024_both_gray.jpg"
    (tmp_path / name).write_bytes((SAMPLES / name).read_bytes())
    box = " ".join(f"{value:.4f}" for value in pill_boxes(name)[0])
    row = {"file": name, "source": "desk", "part": "training", "pills": "1", "colors": "WHITE", "boxes": box}
    pd.DataFrame([row]).to_csv(tmp_path / "labels.csv", index=False)
    found = field_faces(tmp_path)
    assert sorted(found.first.tolist()) == [-1, WHITE]


def pill_boxes(name: str) -> list[tuple[float, float, float, float]]:
    """Center and size of the pills of a sample, as shares of the photo."""
    photo = load(SAMPLES / name)
    height, width = photo.pixels.shape[:2]
    boxes = [region.box for region in segment(photo)]
    return [
        ((x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height)
        for y0, x0, y1, x1 in boxes
    ]
