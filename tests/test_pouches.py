"""Composed pouches: the same for one seed, each fault as it says, every pill whole in the photo."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from examples import identification
from made import pill

from pipeline.evaluate.kept import Kept
from pipeline.evaluate.pouch_lists import count_pouches
from pipeline.evaluate.pouches import FAULTS, CutOut, Pouch, composed, pill_at, pouches
from pipeline.identifier import Identifier
from reference.store.catalog import open_catalog

FACES = identification(("024",), ()).faces
CUT_OUTS = [CutOut(Path(f"{number}.jpg"), FACES, pill(f"N {number}", f"drug{number}")) for number in range(30)]


def test_one_seed_gives_the_same_pouches_and_every_second_has_a_fault() -> None:
    made = pouches(CUT_OUTS, 60, 1)
    assert made == pouches(CUT_OUTS, 60, 1)
    assert [pouch.fault for pouch in made[:6]] == ["", FAULTS[0], "", FAULTS[1], "", FAULTS[2]]
    assert all(2 <= len(pouch.listed) <= 9 and len(pouch.pills) <= 9 for pouch in made)


@pytest.mark.parametrize("fault", ["", *FAULTS])
def test_what_lies_in_a_pouch_differs_from_its_list_as_its_fault_says(fault: str) -> None:
    for pouch in (each for each in pouches(CUT_OUTS, 60, 1) if each.fault == fault):
        inside = [cut_out.product.product_id for cut_out, _ in pouch.pills]
        listed = [product.product_id for product in pouch.listed]
        more, less = set(inside) - set(listed), set(listed) - set(inside)
        assert (len(more), len(less)) == {"": (0, 0), "wrong": (1, 1), "missing": (0, 1), "extra": (1, 0)}[fault]
        assert (pouch.odd is not None) == bool(more)
        assert pouch.odd is None or inside[pouch.odd] in more


def test_a_composed_pouch_shows_each_pill_on_the_tray() -> None:
    pouch = pouches(CUT_OUTS, 1, 3)[0]
    white = np.full((400, 400, 3), 250, np.uint8)
    photo = composed(pouch, {cut_out.path: white for cut_out, _ in pouch.pills}, 5)
    assert photo.dtype == np.uint8 and photo.shape[0] == photo.shape[1] and photo.shape[0] % 230 == 0
    cells = photo.reshape(photo.shape[0] // 230, 230, -1, 230, 3).max(axis=(1, 3, 4))
    assert int((cells > 230).sum()) == len(pouch.pills)
    rows, cols = np.nonzero(cells > 230)
    places = [pill_at(pouch, 5, 230 * row + 100, 230 * col + 120) for row, col in zip(rows, cols, strict=True)]
    assert sorted(places) == list(range(len(pouch.pills)))


def test_what_was_seen_is_kept_over_a_stop(tmp_path: Path) -> None:
    file = tmp_path / "work" / "seen.pkl"
    made: list[str] = []

    def made_of(kept: Kept[str], keys: str) -> list[str]:
        return [kept.of(key, partial(make, key)) for key in keys]

    def make(key: str) -> str:
        made.append(key)
        return key.upper()

    assert made_of(Kept(file), "aba") == ["A", "B", "A"]
    whole = file.read_bytes()
    file.write_bytes(whole[:-3])  # a stop in the middle of the second
    assert made_of(Kept(file), "abc") == ["A", "B", "C"]
    assert made_of(Kept(file), "abc") == ["A", "B", "C"]
    assert made == ["a", "b", "b", "c"]


@pytest.mark.slow
def test_the_pills_of_a_pouch_are_seen_once_and_counted(tmp_path: Path) -> None:
    samples = Path(__file__).parents[1] / "samples"
    identifier, catalog = Identifier(), open_catalog()
    answer = identifier.identify(samples / "024_both_gray.jpg")
    products = [product for product in catalog.products() if product.drug == "baclofen"]
    one = CutOut(samples / "024_both_gray.jpg", answer.faces, products[0])
    pouch = Pouch(((one, 0), (one, 1)), (products[0],) * 2, "")
    counts = count_pouches([pouch], catalog, "drug", tmp_path)
    assert counts["pouch: right"].total() == 1 and counts["pills of pouches"].total() == 2
    assert not counts["pouch: right"]["CONTRADICTED"]
    assert counts["pills of pouches, its text up"].total() == counts["pills of pouches, no text up"].total() == 1
    assert counts["untold pills fit"].total() == counts["pills of pouches"]["CANNOT_TELL"]
    size = (tmp_path / "pouches.pkl").stat().st_size
    assert count_pouches([pouch], catalog, "drug", tmp_path) == counts
    assert (tmp_path / "pouches.pkl").stat().st_size == size
