"""Banks of drawn faces: what is written is what is read."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.draw.bank import MARK_KINDS, RELIEFS, draw_faces, read_image, shard_arrays, write_bank
from pipeline.draw.drawn_sets import write_face_set, write_heap_set
from pipeline.draw.random_body import random_relief
from pipeline.draw.random_face import random_face
from pipeline.evaluate.sets import open_set
from reference.store.catalog import open_catalog


def test_a_shard_holds_every_face_and_character(tmp_path: Path) -> None:
    (path,) = write_bank(tmp_path, 12, seed=3)
    with np.load(path, allow_pickle=False) as loaded:
        shard = dict(loaded)
    faces = draw_faces(12, np.random.default_rng([3, 0]))
    assert len(shard["jpeg_offsets"]) == 13
    for index, face in enumerate(faces):
        image = read_image(shard, index)
        assert image.shape == face.pixels.shape
        assert np.abs(image.astype(int) - face.pixels).mean() < 3
        mine = shard["char_face"] == index
        assert bytes(shard["char_code"][mine]).decode() == "".join(c.char for c in face.characters)
        assert np.allclose(
            shard["char_box"][mine][:, :2], [(c.row, c.col) for c in face.characters] or np.zeros((0, 2))
        )
        start, end = shard["outline_offsets"][index : index + 2]
        assert np.allclose(shard["outline"][start:end], face.outline)
        assert RELIEFS[shard["relief"][index]] == face.relief
        assert [MARK_KINDS[kind] for kind in shard["mark_kind"][shard["mark_face"] == index]] == [
            m.kind for m in face.marks
        ]


def test_a_bank_shows_more_framed_text_than_pills_bear() -> None:
    framed = sum(bool(face.spec.frames) for face in draw_faces(60, np.random.default_rng(5)))
    alone = sum(bool(random_face(rng).frames) for rng in map(np.random.default_rng, range(60)))
    assert framed > 1.5 * alone > 0


def test_marks_are_letters_alone() -> None:
    def lone(**marks: float) -> int:
        specs = [random_face(np.random.default_rng(seed), **marks) for seed in range(200)]
        return sum(sum(len(line.text) for line in spec.lines) == 1 and not spec.scores for spec in specs)

    assert lone(marks=0.5) > 2 * lone() > 0


def test_a_cut_off_run_goes_on_with_the_same_shards(tmp_path: Path) -> None:
    whole = [path.read_bytes() for path in write_bank(tmp_path / "a", 6, seed=1, per_shard=2)]
    first = next(write_bank(tmp_path / "b", 6, seed=1, per_shard=2))
    first.write_bytes(b"kept as it is")
    parts = [path.read_bytes() for path in write_bank(tmp_path / "b", 6, seed=1, per_shard=2)]
    assert parts[0] == b"kept as it is"
    assert parts[1:] == whole[1:]
    assert not list(tmp_path.rglob("*.part"))


def test_a_shard_of_blank_faces_has_empty_arrays() -> None:
    rng = np.random.default_rng(0)
    blank = [face for face in draw_faces(30, rng) if not face.characters][:2]
    assert blank
    arrays = shard_arrays(blank)
    assert arrays["char_box"].shape == (0, 5)
    assert arrays["mark_corners"].shape[1:] == (4, 2)


def test_grooves_are_cut_and_filled_as_on_real_faces() -> None:
    rng = np.random.default_rng(0)
    reliefs = [random_relief(rng) for _ in range(300)]
    assert max(relief.fade for relief in reliefs) <= 0.35
    shallow, middle, deep = np.quantile([relief.depth for relief in reliefs], [0.1, 0.5, 0.9])
    assert shallow < 0.15 and 0.18 < middle < 0.28 and deep > 0.35


@pytest.mark.parametrize("turned", [False, True])
def test_a_drawn_face_set_opens_for_evaluation(tmp_path: Path, turned: bool) -> None:
    list(write_face_set(tmp_path, 4, seed=0, printed=turned, turned=turned))
    drawn = open_set(tmp_path)
    assert len(drawn.photos) == 4
    for photo in drawn.photos:
        image = cv2.imread(str(photo.path))
        assert image is not None and max(image.shape) < 700
        assert photo.truth.imprint
        assert photo.truth.shape
        assert photo.truth.faces == 2
    assert len(tuple(open_catalog(tmp_path / "catalog.csv").products())) == 4


def test_a_drawn_heap_set_has_a_polygon_a_pill(tmp_path: Path) -> None:
    list(write_heap_set(tmp_path, 1, seed=0, pills=6, background="WOOD"))
    (photo,) = open_set(tmp_path).photos
    assert len(photo.truth.polygons) == 6
    assert all(0 <= x <= 1 and 0 <= y <= 1 for polygon in photo.truth.polygons for x, y in polygon)
