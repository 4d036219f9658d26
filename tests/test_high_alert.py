"""High-alert drugs: known by their moieties in any form, each for a reason with a source."""

from __future__ import annotations

import re

import pytest

from reference.high_alert import CITATIONS, GROUPS, SCHEDULES, high_alert
from reference.product import Product
from reference.store.catalog import open_catalog
from reference.text.drugs import drug_of, one_name


def product(*ingredients: str, name: str = "", **more: str) -> Product:
    return Product("t:1", name, drug_of(ingredients) or name.lower(), "10 mg", ingredients, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ingredients", "said"),
    [
        (("warfarin sodium",), "anticoagulant"),
        (("Levothyroxine Sodium",), "little lies between"),
        (("lithium carbonate",), "little lies between"),
        (("cyclosporine, modified",), "little lies between"),
        (("acetaminophen", "hydrocodone bitartrate"), "opioid"),
        (("paracetamol", "pethidine"), "opioid"),
        (("tramadol hydrochloride 50mg",), "opioid"),
        (("glibenclamide",), "diabetes"),
        (("repaglinide",), "diabetes"),
        (("methotrexate sodium",), "weekly"),
        (("mercaptopurine",), "cancer"),
        (("flecainide acetate",), "rhythm"),
        (("alprazolam",), "controlled"),
        (("mycophenolate mofetil",), "immune"),
        (("divalproex sodium",), "seizures"),
        (("isotretinoin",), "unborn"),
    ],
)
def test_high_alert_drugs_are_known(ingredients: tuple[str, ...], said: str) -> None:
    reason = high_alert(product(*ingredients))
    assert said in reason
    key = re.search(r" \[([a-z0-9-]+)\]$", reason)
    assert key is not None and key[1] in CITATIONS


@pytest.mark.parametrize(
    "ingredients",
    [("baclofen",), ("lisinopril",), ("ibuprofen",), ("potassium chloride",), ("naloxone",), ("levocetirizine",), ()],
)
def test_others_are_not(ingredients: tuple[str, ...]) -> None:
    assert high_alert(product(*ingredients)) == ""


def test_the_schedule_of_a_label_counts_where_the_name_is_not_known() -> None:
    for schedule in ("CII", "CIII", "CIV"):
        assert "controlled" in high_alert(product("newdrug", dea_schedule=schedule))
    assert high_alert(product("pregabalin", dea_schedule="CV")) == "" and "CV" not in SCHEDULES


def test_a_generic_name_in_place_of_ingredients_is_enough_a_brand_is_not() -> None:
    assert "opioid" in high_alert(product(name='TRAMADOL CAPSULES 50MG "T.F."'))
    assert high_alert(product(name="COUMADIN TABLETS 5MG")) == ""


def test_the_first_group_gives_the_reason() -> None:
    assert "opioid" in high_alert(product("butalbital", "codeine phosphate"))
    assert "opioid" in high_alert(product("oxycodone", dea_schedule="CII"))


def test_each_group_has_a_source_and_each_drug_its_one_name() -> None:
    assert {group.citation for group in GROUPS} == set(CITATIONS)
    for citation in CITATIONS.values():
        assert citation.url.startswith("http") and citation.title and citation.kind in {"reference", "government"}
    drugs = [drug for group in GROUPS for drug in group.drugs]
    assert len(drugs) == len(set(drugs)) > 150
    for drug in drugs:
        assert one_name(drug) == drug and any(high_alert(product(drug)).startswith(group.reason) for group in GROUPS)


def test_every_controlled_drug_kept_by_hand_is_flagged() -> None:
    with open_catalog() as catalog:
        for item in catalog.products():
            assert high_alert(item) or item.dea_schedule not in SCHEDULES
            if item.drug == "baclofen":
                assert high_alert(item) == ""
