"""How verify is measured: what is asked of a photo, and what a catalog without the pill's own imprint has left."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from made import catalog_of, pill

from pipeline.evaluate.expectations import Asked, Asking, count, lines
from pipeline.evaluate.sets import LabeledPhoto, Truth
from pipeline.identifier import Identifier
from pipeline.verify import expected_of
from reference.store.catalog import Catalog, open_catalog

SAMPLES = Path(__file__).parents[1] / "samples"


def test_what_a_catalog_has_left_of_an_expectation() -> None:
    own, others = pill("PX 4810", "baclofen"), pill("QZ 77", "baclofen", key="other")
    with catalog_of([own, others, pill("ZK 7391", "warfarin")]) as catalog:
        asking = Asking.of(catalog).without(["4810;PX"])
        left = asking.left(expected_of(catalog, "baclofen 10 mg"))
        assert left is not None and [each.product_id for each in left.products] == [others.product_id]
        assert asking.left(expected_of(catalog, own.product_id)) is None


def test_the_bound_is_that_of_the_harmful_answer() -> None:
    counts = {"right": Counter(CONSISTENT=299, CONTRADICTED=1), "drawn at random": Counter(CANNOT_TELL=299)}
    right, wrong = lines(counts)
    assert right == "right: 300: CONSISTENT 299 (99.7%), CONTRADICTED 1 (0.3%); CONTRADICTED at most 1.57%"
    assert wrong == "drawn at random: 299: CANNOT_TELL 299 (100.0%); CONSISTENT at most 1.00%"


@pytest.fixture(scope="module")
def inside() -> Catalog:
    return open_catalog()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "right"),
    [(Asked("drug", 2), "CONSISTENT"), (Asked("drug", 2, own_out=True), "CANNOT_TELL")],
    ids=["own in", "own out"],
)
def test_a_photo_is_asked_about_what_it_shows_and_what_it_does_not(inside: Catalog, asked: Asked, right: str) -> None:
    path = SAMPLES / "024_both_gray.jpg"
    product = next(each for each in inside.products() if each.product_id == "pillprint:baclofen-10-trupharma-024")
    truth = Truth(imprint="024", row_key=product.product_id.removeprefix("pillprint:"), drug="baclofen 10 mg")
    photo = cast(LabeledPhoto, SimpleNamespace(name="one", path=path, truth=truth))
    counts: Any = count([photo], {"one": Identifier(inside).identify(path)}, inside, asked)
    assert counts["right"] == {right: 1}
    wrong = ("drawn at random", "of the same look", "in another strength")
    assert not any(counts[name]["CONSISTENT"] for name in wrong if name in counts)
    assert counts["not high-alert"].total() == 1
