"""The sample photos are what the generator draws, and their manifest agrees with the reference."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from pipeline.draw.__main__ import main
from pipeline.draw.sample_list import sample_list
from pipeline.draw.samples import COLUMNS, draw_sample, encode
from pipeline.records import Decision

_ROOT = Path(__file__).parent.parent
_SAMPLES = _ROOT / "samples"


def _manifest() -> list[dict[str, str]]:
    with (_SAMPLES / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_manifest_names_every_file_once() -> None:
    names = [row["file"] for row in _manifest()]
    files = {path.name for path in _SAMPLES.iterdir()} - {"manifest.csv", "README.md"}
    assert len(names) == len(set(names))
    assert set(names) == files
    assert sum(path.stat().st_size for path in _SAMPLES.iterdir()) < 4_000_000
    assert tuple(_manifest()[0]) == COLUMNS


def test_manifest_expects_decisions_that_exist() -> None:
    allowed = {decision.value for decision in Decision} | {"ERROR"}
    for row in _manifest():
        assert row["expected"]
        assert set(row["expected"].split(";")) <= allowed
        assert set(row["expected_group"].split(";")) <= allowed | {""}
        assert (row["group"] == "") == (row["expected_group"] == "")


def test_manifest_agrees_with_the_products() -> None:
    with (_ROOT / "reference" / "products.csv").open(encoding="utf-8", newline="") as stream:
        products = {row["product_id"]: row for row in csv.DictReader(stream)}
    checked = 0
    for row in _manifest():
        ids = [product for product in row["product_id"].split(";") if product]
        for product in ids:
            assert product in products
        if len(ids) != 1:
            continue
        known, checked = products[ids[0]], checked + 1
        if row["file"].startswith(
            ("024_back", "024_cut", "024_front", "alprazolam_front", "flecainide_front", "solfran_")
        ):
            continue  # one face only, or drawn in part
        tokens = known["tokens"].upper().replace("0;5", "0.5").split(";")
        assert sorted("".join(tokens)) == sorted(row["imprint"].replace("|", "").replace(" ", "")), row["file"]
        assert row["shape"] == known["shape"]
        assert sorted(row["colors"].split(";")) == sorted(known["colors"].split(";"))
        assert not known["size_mm"] or float(row["size_mm"]) == float(known["size_mm"])
        assert not known["score"] or row["score"] == known["score"]
    assert checked > 30


@pytest.mark.parametrize("name", ["024_both_gray", "alprazolam_both", "024_both_ruler"])
def test_the_photo_is_what_the_generator_draws(name: str) -> None:
    (sample,) = (sample for sample in sample_list() if sample.name == name)
    drawn = cv2.imdecode(np.frombuffer(encode(draw_sample(sample, 0)), np.uint8), cv2.IMREAD_COLOR)
    kept = cv2.imread(str(_SAMPLES / f"{name}.jpg"), cv2.IMREAD_COLOR)
    assert drawn is not None and kept is not None
    # Other builds of OpenCV and libjpeg round differently.
    assert np.abs(drawn.astype(int) - kept.astype(int)).mean() < 1.0


def test_names_are_unique() -> None:
    names = [sample.name for sample in sample_list()]
    assert len(names) == len(set(names))


def test_command_draws_a_bank(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["bank", "--n", "3", "--out", str(tmp_path), "--seed", "9"])
    assert result.exit_code == 0, result.output
    assert [path.name for path in tmp_path.iterdir()] == ["faces-9-0000.npz"]


def test_every_command_has_help() -> None:
    for name, command in main.commands.items():
        assert command.help, name
        assert all(option.help for option in command.params), name  # type: ignore[attr-defined]
