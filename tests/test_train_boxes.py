"""Boxed photos -> labeled faces: which photos are believed, and what their boxes become."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra `train`")

from pipeline.errors import PhotoSetError
from pipeline.evaluate.photo_truth import CharacterBox
from pipeline.evaluate.split import is_validation
from pipeline.train.faces.boxes import boxed_faces, character_rows, class_counts, clean_photos, is_clean, spelled
from pipeline.train.faces.labeled import CLASS, IGNORED, TURN_DEG, X, Y
from pipeline.train.reader.character_network import CLASSES

HEIGHT, WIDTH = 240, 400
TRAINING = next(text for text in ("A1", "B2", "C3", "D4", "E5") if not is_validation(text))
VALIDATION = next(text for text in (f"{letter}7" for letter in "ABCDEFGHIJKLMNOP") if is_validation(text))


def boxes(text: str, x: float = 100.0, y: float = 120.0) -> list[CharacterBox]:
    return [
        CharacterBox(letter, (x + 26 * i + 0.5) / WIDTH, (y + 0.5) / HEIGHT, 18 / WIDTH, 30 / HEIGHT)
        for i, letter in enumerate(text)
    ]


def write_set(data: Path, photos: Sequence[tuple[str, str, list[CharacterBox]]]) -> None:
    """Photos of two disks on gray, of that name, imprint and boxes."""
    folder = data / "imprint_boxes"
    (folder / "photos").mkdir(parents=True)
    picture = np.full((HEIGHT, WIDTH, 3), 110, np.uint8)
    for x in (110, 290):
        cv2.circle(picture, (x, 120), 75, (225, 228, 230), -1)
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "label", "x", "y", "w", "h", "batch", "imprint", "color", "shape", "size_mm"])
        for name, imprint, own in photos:
            cv2.imwrite(str(folder / "photos" / name), picture)
            for box in own:
                writer.writerow(
                    [f"photos/{name}", box.text, box.x, box.y, box.width, box.height, "", imprint, "", "", ""]
                )


def test_labels_are_believed_where_they_are_the_imprint() -> None:
    assert is_clean(boxes("TEVA50"), "50;teva")
    assert is_clean(boxes("9393"), "93")  # registers list a repeated word once
    assert not is_clean(boxes("TEVA5"), "50;TEVA") and not is_clean(boxes("TEVA5O"), "50;TEVA")
    assert is_clean(boxes("M1"), "M-1")  # signs are not boxed
    assert spelled([CharacterBox("LILLY", 0, 0, 0, 0), CharacterBox("5", 0, 0, 0, 0)]) == "5ILLLY"


def test_photos_are_cleaned_and_parted_by_imprint(tmp_path: Path) -> None:
    write_set(
        tmp_path,
        [
            ("right.png", TRAINING, boxes(TRAINING)),
            ("wrong.png", TRAINING, boxes(TRAINING[0])),
            ("apart.png", VALIDATION, boxes(VALIDATION)),
            ("unknown.png", "", boxes("QXZ")),
        ],
    )
    kept = {each.photo.name: (each.imprint, each.is_validation) for each in clean_photos(tmp_path)}
    assert kept == {
        "photos/right.png": (TRAINING, False),
        "photos/apart.png": (VALIDATION, True),
        "photos/unknown.png": ("", False),
    }


def test_the_register_and_the_same_photo_elsewhere_tell_the_imprint(tmp_path: Path) -> None:
    write_set(
        tmp_path, [("00002-3228-30_AB12.png", "", boxes(VALIDATION[::-1])), ("other.png", "", boxes(VALIDATION[::-1]))]
    )
    folder = tmp_path / "rximage300"
    folder.mkdir()
    header = "file,ndc11,imprint,imprint_type,color,shape,size_mm,score,symbol,generic_name,labeler"
    photo = f"photos/00002-3228-30_NLMIMAGE10_AB12.jpg,00002-3228-30,{VALIDATION},,,,,,,,"
    (folder / "labels.csv").write_text(f"{header}\n{photo}\n")
    (kept,) = clean_photos(tmp_path)  # the other, of the same characters and unknown, could be the same pill
    assert kept.imprint == VALIDATION and kept.is_validation


def test_a_set_without_one_right_photo_is_an_error(tmp_path: Path) -> None:
    write_set(tmp_path, [("wrong.png", "ABC", boxes("XYZ"))])
    with pytest.raises(PhotoSetError, match="imprint_boxes"):
        clean_photos(tmp_path)
    with pytest.raises(PhotoSetError):
        clean_photos(tmp_path / "nowhere")


def test_boxes_become_rows_in_pixels() -> None:
    (row,) = character_rows(boxes("K"), (HEIGHT, WIDTH, 3))
    assert row[:4] == pytest.approx([100, 120, 18, 30], abs=1e-3)
    assert np.isnan(row[TURN_DEG]) and row[CLASS] == CLASSES.index("K")
    assert character_rows([CharacterBox("LILLY", 0.5, 0.5, 0.1, 0.1)], (HEIGHT, WIDTH))[0, CLASS] == IGNORED
    assert character_rows([], (HEIGHT, WIDTH)).shape == (0, 6)


def test_each_face_gets_the_characters_on_it(tmp_path: Path) -> None:
    write_set(tmp_path, [("right.png", "AB;Q", [*boxes("AB"), *boxes("Q", 290, 100)])])
    faces = sorted(boxed_faces(clean_photos(tmp_path)), key=lambda face: len(face.characters))
    assert [len(face.characters) for face in faces] == [1, 2]
    lone, pair = faces
    assert class_counts(faces) == {"A": 1, "B": 1, "Q": 1}
    assert (pair.characters[:, TURN_DEG] == 0).all() and lone.characters[0, TURN_DEG] == 0
    scale = 150 / (pair.outline[:, 0].max() - pair.outline[:, 0].min())
    middle = (pair.outline.min(axis=0) + pair.outline.max(axis=0)) / 2
    assert (pair.characters[0, [X, Y]] - middle) * scale == pytest.approx([-10, 0], abs=3)


def test_letters_above_each_other_do_not_tell_their_turn(tmp_path: Path) -> None:
    write_set(tmp_path, [("right.png", "A;B", [*boxes("A", 110, 90), *boxes("B", 110, 150)])])
    lettered = [face for face in boxed_faces(clean_photos(tmp_path)) if len(face.characters)]
    assert np.isnan(lettered[0].characters[:, TURN_DEG]).all()
