"""Composed pouches: the same for one seed, each fault as it says, every pill whole in the photo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from examples import identification
from made import pill

from pipeline.evaluate.pouches import FAULTS, CutOut, composed, pouches

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
