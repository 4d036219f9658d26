"""What is expected of labeled photos: by their number, else by the drug that the label names."""

from __future__ import annotations

import pytest
from made import catalog_of, pill

from pipeline.evaluate.photo_truth import Truth
from pipeline.evaluate.product_groups import ProductGroups

BACLOFEN = pill("PX 4805", "baclofen", "5 mg")
OTHER = pill("PX 4810", "baclofen", "10 mg")


@pytest.mark.parametrize(
    "label", ["Baclofen 5mg/tab", "(brand)Baclofen 5mg/tab(blister)", "★[5mg] Baclofen 5mg", "baclofen 黃 ５ＭＧ/TAB"]
)
def test_a_label_in_words_means_the_drug_in_its_strength(label: str) -> None:
    with catalog_of((BACLOFEN, OTHER)) as catalog:
        assert ProductGroups(catalog).rows(Truth(drug=label)) == (BACLOFEN,)


@pytest.mark.parametrize("label", ["", "baclofen", "midol", "Baclofen 15mg/tab"])
def test_a_label_that_means_no_one_product_is_left_out(label: str) -> None:
    with catalog_of((BACLOFEN, OTHER)) as catalog:
        assert ProductGroups(catalog).rows(Truth(drug=label)) == ()


def test_a_number_that_the_catalog_lacks_is_not_looked_up_by_name() -> None:
    with catalog_of((BACLOFEN,)) as catalog:
        assert ProductGroups(catalog).rows(Truth(row_key="0000-1111", drug="baclofen 5 mg")) == ()
