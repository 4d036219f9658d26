"""No harm: nothing that is no pill, and no pill that says nothing, is ever IDENTIFIED."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from pipeline.clock import Clock
from pipeline.draw.__main__ import main
from pipeline.draw.decoys import DECOY_KINDS, draw_decoys
from pipeline.draw.rendering import draw_face
from pipeline.draw.spec import Body, Camera, FaceSpec
from pipeline.identifier import Identifier
from pipeline.load import PhotoSource
from pipeline.records import Decision, Doubts, Face
from pipeline.scene import Scene

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
COUNT = 1000


class _Remembering(Identifier):
    """Takes what is seen and read in a photo from the one that was asked before, and sees only new photos itself."""

    def __init__(self, catalog: Path | None = None, before: _Remembering | None = None) -> None:
        super().__init__(catalog)
        self.last: list[tuple[PhotoSource, Scene, tuple[list[Face], Doubts]]] = before.last if before else []

    @property
    def _meant(self) -> Any:
        return _Recalled(self.last)

    def _scene(self, source: PhotoSource, number: int, *more: Any) -> Scene:
        if not self.last or self.last[0][0] is not source:
            scene = super()._scene(source, number, *more)
            self.last[:] = [(source, scene, super()._meant.of([scene], Clock()))]
        return self.last[0][1]


class _Recalled(NamedTuple):
    """The faces of the pill meant, as they were found in the last photo."""

    last: list[tuple[PhotoSource, Scene, tuple[list[Face], Doubts]]]

    def of(self, scenes: Sequence[Scene], clock: Clock) -> tuple[list[Face], Doubts]:
        return self.last[0][2]


@lru_cache
def _asked(table: Path | None) -> dict[str, Identifier]:
    inside = _Remembering()
    return {"inside": inside} | ({"US table": _Remembering(table, inside)} if table else {})


@pytest.mark.slow
@pytest.mark.parametrize("kind", DECOY_KINDS)
def test_no_decoy_is_identified(kind: str, request: pytest.FixtureRequest) -> None:
    """Asked are the catalog inside and the US table, about one reading; without that table the test is half done."""
    table = SHARED_DATA / "catalog" / "c3pi_pills.csv"
    identifiers, wrong = _asked(table if table.exists() else None), []
    for decoy in draw_decoys(COUNT, kind=kind):
        for name, identifier in identifiers.items():
            answer = identifier.identify(decoy.pixels)
            if answer.decision is Decision.IDENTIFIED:
                wrong.append((decoy.name, decoy.what, decoy.text, name, answer.candidates[0].product.imprint))
    assert not wrong
    request.getfixturevalue("shared_data")


def test_the_thousand_are_of_all_kinds_alike_and_the_same_again() -> None:
    names = [f"{DECOY_KINDS[number % len(DECOY_KINDS)]}-{number:04d}" for number in range(20)]
    drawn, again = list(draw_decoys(20)), list(draw_decoys(20, kind="candy"))
    assert [decoy.name for decoy in drawn] == names
    assert COUNT % len(DECOY_KINDS) == 0
    for one, other in zip((decoy for decoy in drawn if decoy.kind == "candy"), again, strict=True):
        assert (one.name, one.what, one.text) == (other.name, other.what, other.text)
        assert np.array_equal(one.pixels, other.pixels)
    assert all(490 <= max(decoy.pixels.shape) <= 630 for decoy in drawn)
    assert not np.array_equal(drawn[0].pixels, next(draw_decoys(1, seed=1)).pixels)


def test_only_blank_pills_and_logos_say_nothing() -> None:
    for decoy in draw_decoys(40):
        assert decoy.what
        if decoy.kind in ("blank", "logo"):
            assert not decoy.text
        if decoy.kind in ("candy", "mint", "coin", "print", "shape", "watermark"):
            assert decoy.text


def test_a_hole_shows_what_lies_behind() -> None:
    sharp = Camera(blur_px=0.0, noise=0.0, jpeg_quality=0)
    spec = FaceSpec(200.0, Body(holes=((0.5, 0.0, 0.2),)), camera=sharp, background=(10.0, 200.0, 10.0))
    face = draw_face(spec, np.random.default_rng(0))
    middle = face.mask.shape[0] // 2
    assert tuple(face.pixels[middle, middle + 50]) == (10, 200, 10)
    assert not face.mask[middle, middle + 50] and face.mask[middle, middle] and face.mask[middle, middle - 50]


def test_the_command_writes_photos_and_a_manifest(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["decoys", "--out", str(tmp_path), "--count", "12", "--seed", "3"])
    assert result.exit_code == 0, result.output
    with (tmp_path / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["kind"] for row in rows[:10]] == list(DECOY_KINDS)
    assert {row["file"] for row in rows} == {path.name for path in tmp_path.glob("*.jpg")}
    for row, decoy in zip(rows, draw_decoys(12, seed=3), strict=True):
        kept = cv2.imread(str(tmp_path / row["file"]), cv2.IMREAD_COLOR)
        assert kept is not None and kept.shape == decoy.pixels.shape
        assert np.abs(kept[:, :, ::-1].astype(int) - decoy.pixels).mean() < 4
        assert row["text"] == "|".join(decoy.text)
