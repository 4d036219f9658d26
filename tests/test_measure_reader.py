"""How the reader is measured on drawn photos."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs the extra `train`")

from pipeline.draw.drawn_sets import write_face_set
from pipeline.records import Character, Line, Photo, PillRegion, Reading
from pipeline.train.reader.evaluate import MEASURES
from reference.text.imprints import characters

PHOTOS, SEED = 2, 3


class Told:
    """A reader that says what it was told, face by face."""

    name = "told"

    def __init__(self, faces: Sequence[str]) -> None:
        self.left = list(faces)

    def read(self, photo: Photo, regions: Sequence[PillRegion]) -> tuple[Reading, ...]:
        return tuple(_reading(self.left.pop(0)) for _ in regions)


def _reading(text: str) -> Reading:
    line = Line(tuple(Character(((letter, 0.99),), 0, 0, 10, 6, 0) for letter in text))
    return Reading("told", (((line,), 1.0),) if text else (), 0.0 if text else 1.0)


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """What stands on the front and the back of each drawn pill, in the order in which they are read."""
    texts = []
    for printed in (True, False):
        for turned in (False, True):
            folder: Path = tmp_path_factory.mktemp("drawn")
            list(write_face_set(folder, PHOTOS, SEED, printed, turned))
            with (folder / "labels.csv").open(encoding="utf-8", newline="") as stream:
                texts += [(characters(row["front"]), characters(row["back"])) for row in csv.DictReader(stream)]
    return texts


def test_faces_read_right_count_whichever_comes_first(truth: list[tuple[str, str]]) -> None:
    told = Told([text for front, back in truth for text in (back, front)])
    figures = MEASURES["drawn"](Path(), told, b"", PHOTOS, SEED)
    assert {(figure["exact"], figure["faces_exact"]) for figure in figures.values()} == {(1.0, 1.0)}


def test_a_face_read_wrong_costs_itself_and_its_photo(truth: list[tuple[str, str]]) -> None:
    told = Told([text for _, back in truth for text in ("Q0Q0Q0Q", back)])
    figures = MEASURES["drawn"](Path(), told, b"", PHOTOS, SEED)
    assert {(figure["exact"], figure["faces_exact"]) for figure in figures.values()} == {(0.0, 0.5)}
