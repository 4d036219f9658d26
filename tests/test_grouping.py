"""The same drug is the same drug: units, salts, names, orders and brands; and what stays apart."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.grouping import drug_strength, same_drug, same_tablet
from reference.product import Product
from reference.text.drugs import _NAMES_OF_ONE, active_moiety, amounts_of, brand_of, one_name, strength_of
from reference.text.imprints import tokens


def product(
    *ingredients: str, strength: str = "10 mg", name: str = "", imprint: str = "024", **more: object
) -> Product:
    drug = " / ".join(sorted(map(active_moiety, ingredients))) or name.lower()
    return Product(
        f"t:{name}{ingredients}{strength}", name or drug, drug, strength, tuple(ingredients), imprint=imprint,
        tokens=tokens(imprint), shape="ROUND", colors=("WHITE",), size_mm=7.0, score=2, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def are_one(one: Product, other: Product) -> bool:
    """Whether the two are one drug by the rule, by its key and as a tablet; the three must agree."""
    answers = {same_drug(one, other), drug_strength(one) == drug_strength(other), len(same_tablet([one, other])) == 1}
    assert len(answers) == 1
    return answers.pop()


@pytest.mark.parametrize(
    "strengths",
    [
        ("0.025 mg", "25 mcg", "25 ug", "25µg", "25 MCG", "0.0250 mg", "0,025 mg", "0.000025 g"),
        ("1 g", "1000 mg", "1,000 mg", "1GM"),
        ("10mg", "10 MG", "10.0 mg", "10 mg"),
        ("400 unt", "400 units", "400 IU"),
        ("8 meq", "8 mEq"),
    ],
)
def test_strengths_in_any_unit_are_one(strengths: tuple[str, ...]) -> None:
    products = [product("testol", strength=strength) for strength in strengths]
    assert all(are_one(*pair) for pair in itertools.combinations(products, 2))


@pytest.mark.parametrize(
    ("one", "other"),
    [("2 mg", "2.5 mg"), ("25 mg", "25 mcg"), ("1 g", "1 mg"), ("5 mEq", "5 mg"), ("10 mg / 20 mg", "20 mg")],
)  # fmt: skip
def test_other_strengths_are_other_drugs(one: str, other: str) -> None:
    assert not are_one(product("testol", strength=one), product("testol", strength=other))


@given(st.decimals("0.001", "999", places=3))
def test_a_unit_changes_nothing(number: object) -> None:
    text = str(number)
    milligrams = amounts_of(f"{text} mg")[0][1]
    assert amounts_of(f"{float(text) * 1000:.0f} mcg")[0][1] == milligrams
    assert amounts_of(f"{text}MG")[0][1] == amounts_of(strength_of(f"Testol {text} mg tablets"))[0][1] == milligrams


def test_combinations_in_any_order_keep_their_pairs() -> None:
    one = product("amlodipine besylate", "benazepril hydrochloride", strength="5 mg / 10 mg")
    turned = product("Benazepril", "Amlodipine", strength="10 mg / 5 mg")
    named = product("benazepril", "amlodipine", strength="amlodipine 5mg / benazepril 10 MG")
    other = product("amlodipine besylate", "benazepril hydrochloride", strength="10 mg / 5 mg")
    assert are_one(one, turned) and are_one(one, named) and are_one(turned, named)
    assert not any(are_one(each, other) for each in (one, turned, named))
    assert drug_strength(one) == ("amlodipine / benazepril", "5 mg / 10 mg")


def test_a_combination_named_with_one_unit_has_all_its_amounts() -> None:
    assert strength_of("Telmicom Tab. 80/5mg") == "80 mg / 5 mg"
    assert strength_of("Sevikar HCT 20/5/12.5mg") == "20 mg / 5 mg / 12.5 mg"
    assert strength_of("CARB/LEVO 25-100MG TAB") == "25 mg / 100 mg"
    assert strength_of("Zetova 10/10 mg (ezetimibe 10 mg)") == "10 mg / 10 mg / 10 mg"
    assert strength_of("VITAMIN B12-5MG") == "5 mg" and strength_of("CO-Q10 / 30 mg") == "30 mg"
    assert strength_of("Testol 10 mg (testol hydrochloride 10 mg)") == "10 mg"


def test_salts_and_names_of_one_moiety() -> None:
    assert are_one(product("hydroxyzine hydrochloride"), product("Hydroxyzine HCl"))
    assert are_one(product("amlodipine besylate"), product("amlodipine besilate"))
    assert are_one(product("acetaminophen"), product("Paracetamol"))
    assert are_one(product("albuterol sulfate"), product("salbutamol sulphate"))
    for names in _NAMES_OF_ONE:
        assert {one_name(name) for name in names} == {names[0]}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("metoprolol succinate", "metoprolol tartrate"), ("potassium chloride", "potassium citrate"),
        ("isosorbide mononitrate", "isosorbide dinitrate"), ("divalproex sodium", "valproic acid"),
        ("methenamine hippurate", "methenamine mandelate"), ("prednisone", "prednisolone"),
        ("erythromycin", "erythromycin ethylsuccinate"), ("calcium carbonate", "lithium carbonate"),
    ],
)  # fmt: skip
def test_what_is_another_drug_stays_apart(one: str, other: str) -> None:
    assert not are_one(product(one), product(other))


def test_no_concept_is_no_common_concept() -> None:
    # C3PI writes 0 where RxNorm has none, in 60 of its 5,014 rows: they were all one drug
    one = Product("c3pi:1", "Hyomax-FT", "hyoscyamine", "0.125 mg", rxcui="0")
    other = Product("c3pi:2", "Hyomax-DT", "hyoscyamine", "0.375 mg", rxcui="0")
    assert one.rxcui == "" and not same_drug(one, other)
    assert same_drug(replace(one, rxcui="5"), replace(other, rxcui="5"))


def test_what_is_not_said_does_not_contradict() -> None:
    assert same_drug(product("metoprolol"), product("metoprolol succinate"))
    assert same_drug(product("testol", strength=""), product("testol"))
    assert same_drug(product("a", rxcui="1"), product("b", rxcui="1"))
    assert not same_drug(product(name="", strength=""), product(name="", strength=""))
    assert len(same_tablet([product("metoprolol"), product("metoprolol succinate")])) == 2


def test_a_name_in_place_of_ingredients() -> None:
    assert are_one(product(name='METFORMIN HYDROCHLORIDE TABLETS 10MG "T.F."'), product("metformin"))
    assert brand_of('NICARPINE S.C. TABLETS 20MG "P.L" (NICARDIPINE)') == "nicarpine"
    assert brand_of("VYTORIN TABLETS 10/20MG") == "vytorin" and brand_of("100 mg Tablets") == ""


@pytest.mark.parametrize(
    ("named", "brand"),
    [
        (("JARDIANCE Tablets", "empagliflozin", "S;10"), ("Jardiance 10mg Film-Coated Tablets", "S10")),
        (("Exelon capsules 10mg", "rivastigmine", "EXELON10.5mg"), ("EXELON CAPSULES", "EXELON 10 5mg")),
        (("Seroquel IR Tablet 10mg", "quetiapine", "SEROQUEL;10"), ("SEROQUEL TABLETS", "SEROQUEL 10")),
        (("Madopar HBS capsule 125", "levodopa", "ROCHE"), ('MADOPAR HBS CAPSULES "ROCHE"', "ROCHE")),
    ],
)
def test_a_brand_is_known_whatever_stands_beside_it_and_however_its_imprint_is_split(
    named: tuple[str, str, str], brand: tuple[str, str]
) -> None:
    whole = product(named[1], name=named[0], imprint=named[2])
    alone = product(name=brand[0], imprint=brand[1], strength="")
    assert same_drug(whole, alone) and len(same_tablet([whole, alone])) == 1
    for change in ({"colors": ("PINK",)}, {"size_mm": 9.5}, {"strength": "25 mg"}, {"name": "TESTOLAN TABLETS"}):
        other = replace(alone, **change)  # type: ignore[arg-type]
        assert not same_drug(whole, other) and len(same_tablet([whole, other])) == 2


@pytest.mark.parametrize(
    ("alone", "named", "ingredient"),
    [
        ("Warfarin Sandoz", "Lisinopril Sandoz", "lisinopril"),
        ("Warfarin Sodium", "Levothyroxine Sodium", "levothyroxine"),
        ("Morphine Sulfate", "Codeine Sulfate", "codeine"),
        ("Isoptin Retard", "Nifedipine Retard", "nifedipine"),
        ("Lundbeck Brintellix", "BRINTELLIX VORTIOXETINE", "vortioxetine"),
    ],
)
def test_one_shared_word_is_no_brand(alone: str, named: str, ingredient: str) -> None:
    one, other = product(name=alone, strength=""), product(ingredient, name=named)
    assert not same_drug(one, other) and len(same_tablet([one, other])) == 2


@pytest.mark.parametrize(("one", "other"), [("12", "21"), ("M 25", "M 52"), ("AB 1", "BA 1"), ("1 23", "12 3")])
def test_other_numbers_of_the_same_digits_are_another_imprint(one: str, other: str) -> None:
    brand, named = (
        product(name="COUMADIN", imprint=one, strength=""),
        product("warfarin", name="Coumadin", imprint=other),
    )
    assert not same_drug(brand, named)
    parts = [
        replace(brand, product_id="tfda:1:1", imprint=one),
        replace(brand, product_id="tfda:1:2", tokens=tokens(other)),
    ]
    assert len(same_tablet(parts)) == 2


def test_a_form_or_a_maker_alone_is_no_brand() -> None:
    assert not same_drug(product("testol", name="TESTOL SR", imprint="S10"), product(name="OTHER SR", imprint="S10"))
    assert not same_drug(product("testol", name="GSK", imprint="S10"), product(name="GSK", imprint="S10"))


def test_a_brand_alone_joins_its_own_tablet_only() -> None:
    named = product("quetiapine fumarate", name="SeroQUEL Tablets", imprint="SEROQUEL;10")
    brand = product(name="SEROQUEL TABLETS 10MG", imprint="SEROQUEL 10")
    other_name = product("quetiapine", name="Seroquel IR (Quetiapine Fumarate)", imprint="SEROQUEL;10", market="KR")
    for order in itertools.permutations((named, brand, other_name)):
        assert len(same_tablet(order)) == 1
    assert same_drug(named, brand) and same_drug(brand, replace(named, strength=""))
    for change in (
        {"imprint": "S;10", "tokens": ("S", "10")}, {"tokens": ()}, {"colors": ("PINK",)}, {"size_mm": 9.0},
        {"strength": "25 mg"}, {"name": "SEROQUEST TABLETS 10MG", "drug": "seroquest tablets 10mg"},
    ):  # fmt: skip
        changed = replace(brand, **change)  # type: ignore[arg-type]
        assert len(same_tablet([named, changed])) == 2 and not same_drug(named, changed), change
    stranger = product("risperidone", name="Seroquel", imprint="SEROQUEL;10")
    assert [len(group) for group in same_tablet([named, brand, stranger])] == [2, 1]
    assert not same_drug(named, stranger)


def test_two_registers_know_one_product_by_one_number() -> None:
    whole = product("alprazolam", strength="1 mg", ndc="0228-4024-11", labeler="Actavis")
    lacking = product("alprazolam", strength="", ndc="00228402499", labeler="1 mg")
    other_script = product("알프라졸람", strength="", ndc="0228-4024")
    for order in itertools.permutations((whole, lacking, other_script)):
        (group,) = same_tablet(order)
        assert group[0] == whole and len(group) == 3
    assert same_tablet([lacking, whole]) == ((whole, lacking),)
    assert same_drug(whole, other_script)
    for change in ({"ndc": "0228-4025-11"}, {"strength": "2 mg"}, {"colors": ("RED",)}, {"tokens": ("025",)}):
        assert len(same_tablet([whole, replace(lacking, **change)])) == 2, change  # type: ignore[arg-type]


def test_tablets_without_text_or_drug_stand_alone() -> None:
    blank = [product("testol", imprint=""), product("testol", imprint="")]
    nameless = [product(name=""), product(name="")]
    assert len(same_tablet([*blank, *nameless])) == 4
