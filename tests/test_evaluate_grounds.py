"""Photos without a pill: squares beside every box, and how many show a pill."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np

from pipeline.evaluate.grounds import cut_grounds, regions_seen


def test_squares_touch_no_box_and_come_of_both_stocks(tmp_path: Path) -> None:
    field, pictures = tmp_path / "field", tmp_path / "pictures"
    (field / "photos").mkdir(parents=True)
    pictures.mkdir()
    rng = np.random.default_rng(1)
    ground = rng.integers(60, 160, (400, 900, 3)).astype(np.uint8)
    ground[:, :300] = (0, 0, 255)  # the box: pure red
    cv2.imwrite(str(field / "photos/one.png"), ground)
    cv2.imwrite(str(pictures / "wall.png"), rng.integers(170, 255, (300, 300, 3)).astype(np.uint8))
    rows = [
        ["photos/one.png", "hand", "validation", "0.16667 0.5 0.3333 1.0"],
        ["photos/no.png", "desk", "training", ""],
    ]
    with (field / "labels.csv").open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([["file", "source", "part", "boxes"], *rows])
    assert cut_grounds(field, [pictures], tmp_path / "out", 8, 1) == 8
    squares = [cv2.imread(str(path)) for path in sorted((tmp_path / "out").iterdir())]
    assert all(not (square == (0, 0, 255)).all(axis=2).any() for square in squares)
    assert [bool(square.min() >= 170) for square in squares] == [False] * 4 + [True] * 4


def test_pills_seen_are_counted_by_picture(tmp_path: Path) -> None:
    plain = np.full((240, 300, 3), 118, np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), plain)
    cv2.circle(plain, (150, 120), 40, (235, 235, 230), cv2.FILLED, cv2.LINE_AA)
    cv2.imwrite(str(tmp_path / "b.png"), plain)
    assert regions_seen(tmp_path) == [("a.png", 0), ("b.png", 1)]
