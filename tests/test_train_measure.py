"""What the face network is taught of each face and pill, and networks set side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra `train`")

import cv2
import pandas as pd
import torch
from numpy.typing import NDArray

from pipeline.draw.drawn_sets import _label
from pipeline.draw.random_face import random_face
from pipeline.imprint import default_reader
from pipeline.measure.face import VIEW_PX
from pipeline.measure.models import Perceptron
from pipeline.measure.outline_figures import outline_figures
from pipeline.measure.shape import OUTLINE_SHAPES
from pipeline.records import Photo, PillRegion
from pipeline.segment import segment
from pipeline.segment.regions import region_of
from pipeline.train.faces.cutting import photo_faces
from pipeline.train.measure.dense_networks import fit_outline, side_by_side
from pipeline.train.measure.face_network import FaceBatches, pill_loss, pill_targets
from pipeline.train.measure.fitted_faces import Faces, _outlines, collect

SAMPLES = Path(__file__).parents[1] / "samples"


def pills(**columns: Sequence[str | int | bool]) -> Faces:
    """Faces of which only the labels count, two rows a pill."""
    count = len(next(iter(columns.values())))
    usual: dict[str, str | int | float] = {
        "set": "a",
        "imprint": "X",
        "imprint_type": "",
        "symbol": "",
        "shape": "ROUND",
        "score": "1",
        "text": -1,
        "faces": 2,
        "val": False,
        "aspect": 1.0,
    }
    rows = pd.DataFrame({name: columns.get(name, [value] * count) for name, value in usual.items()})
    none = np.zeros((count, 0))
    views = np.full((count, VIEW_PX, VIEW_PX, 3), 200, np.uint8)
    return Faces(rows, views, np.ones(views.shape[:3], bool), none)


def test_networks_side_by_side_give_the_mean_of_their_logits() -> None:
    rng = np.random.default_rng(1)
    sizes = (5, 7, 6, 3)
    networks = [
        Perceptron(
            np.full(5, 0.3),
            np.full(5, 1.5),
            tuple((rng.normal(0, 0.5, (made, given)), rng.normal(0, 0.5, made)) for given, made in pairwise(sizes)),
            1.7,
        )
        for _ in range(3)
    ]
    figures = rng.normal(0, 1, (4, 5))
    expected = np.mean([network.logits(figures) for network in networks], axis=0)
    np.testing.assert_allclose(side_by_side(networks).logits(figures), expected)


def test_the_faces_that_bear_text_and_those_that_are_blank() -> None:
    faces = pills(
        text=[1, 0, 1, 0, -1, 0, 1, 1],
        symbol=["", "", "TRUE", "TRUE", "", "", "", ""],
        imprint_type=["DEBOSSED"] * 4 + ["PRINTED"] * 4,
    )
    expected = [[0, 1], [0, -1], [-1, 1], [0, 0]]  # a face without text may bear the pill's logo
    assert pill_targets(faces)["blank"].tolist() == expected


def test_a_register_that_names_no_kinds_of_imprint_says_nothing_of_blank_pills() -> None:
    faces = pills(
        set=["a"] * 4 + ["b"] * 2, imprint=["X", "X", "", "", "", ""], imprint_type=["PRINTED"] * 2 + [""] * 4
    )
    assert pill_targets(faces)["relief"].tolist() == [3, 0, -1]


def test_pieces_and_two_part_capsules() -> None:
    faces = pills(score=["2", "2", "4", "4", "", "", "1", "1"], shape=["ROUND", "ROUND"] * 3 + ["CAPSULE"] * 2)
    targets = pill_targets(faces)
    assert targets["score"].tolist() == [1, 3, -1, 0]
    assert targets["two_part"].tolist() == [0, 0, 0, 1]


def test_a_face_found_alone_may_be_the_one_without_score_and_imprint() -> None:
    faces = pills(faces=[1] * 4, score=["2", "2", "1", "1"], imprint_type=["DEBOSSED"] * 4)
    targets = pill_targets(faces)
    assert targets["score"].tolist() == [-1, 0]
    assert targets["relief"].tolist() == [-1, -1]


def test_each_part_of_the_loss_is_least_for_what_is_right() -> None:
    truth = {
        "two_part": torch.tensor([1.0]),
        "score": torch.tensor([1]),
        "relief": torch.tensor([1]),
        "blank": torch.tensor([[1, 0]]),
    }
    right = torch.tensor([[[4.0, 4, 0, 0, 0, 4, 0, 0, 0], [4, 0, 4, 0, 0, 0, 4, 0, 0]]])
    wrong = torch.tensor([[[-4.0, 4, 0, 0, 0, 0, 0, 0, 4], [-4, 4, 0, 0, 0, 4, 0, 0, 0]]])
    (total, parts), (worse, wrong_parts) = pill_loss(right, truth), pill_loss(wrong, truth)
    assert total.item() == pytest.approx(sum(parts.values()))
    assert total.item() < 0.6 < worse.item()
    assert all(parts[name] + 0.5 < wrong_parts[name] for name in parts)


def test_what_is_not_known_costs_nothing() -> None:
    truth = {
        "two_part": torch.tensor([1.0]),
        "score": torch.tensor([-1]),
        "relief": torch.tensor([-1]),
        "blank": torch.tensor([[-1, -1]]),
    }
    _, parts = pill_loss(torch.randn(1, 2, 9), truth)
    assert (parts["score"], parts["relief"], parts["blank"]) == (0, 0, 0)


def test_batches_hold_no_pill_of_the_validation_part() -> None:
    faces = pills(val=[True, True, False, False] * 3, score=["2", "2", "1", "1"] * 3)
    batches = iter(FaceBatches(faces, 1))
    for _ in range(3):
        planes, truth = next(batches)
        assert planes.shape == (2 * len(truth["score"]), 5, VIEW_PX, VIEW_PX)
        assert (truth["score"] == 0).all()


def test_faces_are_collected_with_the_one_that_bears_the_text(tmp_path: Path) -> None:
    names = ["024_both_gray.jpg", "024_front_paper.jpg", "truncated.jpg"]
    for name in names:
        (tmp_path / name).write_bytes((SAMPLES / name).read_bytes())
    pd.DataFrame({"file": names, "imprint": "024"}).to_csv(tmp_path / "labels.csv", index=False)
    reader = default_reader()
    faces = collect(tmp_path, 3, reader).rows
    photo, regions = photo_faces(SAMPLES / names[0]) or (None, ())
    assert photo is not None
    both = faces[faces["file"] == names[0]]
    assert both["text"].tolist() == [int(bool(reading.tokens)) for reading in reader.read(photo, regions)]
    assert sorted(both["text"]) == [0, 1]
    assert both["faces"].tolist() == [2, 2]
    alone = faces[faces["file"] == names[1]]
    assert (alone["text"].tolist(), alone["faces"].tolist()) == ([1, -1], [1, 1])
    assert names[2] not in set(faces["file"])


def test_the_outlines_of_a_face_in_other_views_are_its_own() -> None:
    """A round face beside an oblong one: each keeps its own aspect, the first figure, in every view."""
    pixels = np.full((300, 480, 3), 90, np.uint8)
    cv2.ellipse(pixels, ((120, 150), (110, 110), 0), (240, 240, 240), -1, cv2.LINE_AA)
    cv2.ellipse(pixels, ((340, 150), (150, 75), 20), (240, 240, 240), -1, cv2.LINE_AA)
    photo = Photo(pixels, "drawn")
    regions = segment(photo)
    for region, figures in zip(regions, _outlines(photo, regions), strict=True):
        round_one = region.left < 200
        assert figures.shape == (4, len(outline_figures(region.outline)))
        assert figures[:, 0] == pytest.approx([1.0 if round_one else 0.5] * 4, abs=0.03)
        assert not (figures[1:] == figures[0]).all(axis=1).any()


@pytest.mark.parametrize("elsewhere", [None, 35.0], ids=["nothing", "something else"])
def test_a_face_that_another_view_does_not_show_keeps_its_outline(
    monkeypatch: pytest.MonkeyPatch, elsewhere: float | None
) -> None:
    photo = Photo(np.full((100, 100, 3), 90, np.uint8), "plain")
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)

    def circle(middle: float) -> PillRegion:
        points = np.stack([middle + 20 * np.sin(angle), 50 + 20 * np.cos(angle)], axis=1).astype(np.float32)
        return region_of(photo, points, (0, 0, 100, 100), 1.0)

    shown = () if elsewhere is None else (circle(elsewhere),)
    monkeypatch.setattr("pipeline.train.measure.fitted_faces.segment", lambda photo: shown)
    (figures,) = _outlines(photo, [circle(50.0)])
    assert (figures == figures[0]).all()


def test_every_view_of_an_outline_teaches_its_faces_shape() -> None:
    """Of pills whose ROUND faces are seen so and whose OVAL ones are: mixed up, neither would be learned."""
    shapes = ["ROUND", "OVAL"] * 40
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    rng = np.random.default_rng(0)

    def seen(shape: str) -> NDArray[np.float64]:
        long = (50 if shape == "ROUND" else 90) + rng.normal()
        return outline_figures(np.stack([50 * np.sin(angle), long * np.cos(angle)], axis=1).astype(np.float32))

    outlines = np.stack([np.stack([seen(shape) for _ in range(4)]) for shape in shapes])
    faces = replace(pills(shape=shapes), outlines=outlines)
    network = fit_outline(faces, steps=150, seeds=(0,))
    best = [OUTLINE_SHAPES[index] for index in network.logits(outlines).argmax(axis=-1).ravel()]
    assert best == [shape for shape in shapes for _ in range(4)]


def test_a_drawn_pill_of_two_reliefs_names_none() -> None:
    rng = np.random.default_rng(1)
    face = random_face(rng, blank=0.0, printed=False)
    while not face.lines:
        face = random_face(rng, blank=0.0, printed=False)
    other = replace(face, imprint=replace(face.imprint, relief="EMBOSSED"))
    blank = replace(other, lines=(), logos=())
    named = [_label("x", 1, face, back, 10.0)["imprint_type"] for back in (face, other, blank)]
    assert named == ["DEBOSSED", "", "DEBOSSED"]
