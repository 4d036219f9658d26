"""What a product is called and what stands on it, as a person reads it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made import pill

from pipeline.records import Candidate, Expected, ExpectedKind
from pipeline.report.short_words import candidate_name
from reference.text.shown import imprint_shown, name_shown


@pytest.mark.parametrize(
    ("imprint", "strength", "shown"),
    [
        ("240;0;5;WATSON", "0.5 mg", "240 0.5 WATSON"),
        ("5241;0;5mg", "0.5 mg", "5241 0.5MG"),
        ("A;17;5;mg;A;17;5;mg", "17.5 mg", "A 17.5 MG A 17.5 MG"),
        ("APO;5;12;5", "5 mg / 12.5 mg", "APO 5 12.5"),
        ("5710;1;25;250", "1.25 mg / 250 mg", "5710 1.25 250"),
        ("0;50", "0.5 mg", "0.50"),
        ("7;1;2;COUMADIN", "7.5 mg", "7 1/2 COUMADIN"),
        ("TV;2;1;2;1714", "2.5 mg", "TV 2 1/2 1714"),
        ("B;95;1;4", "0.25 mg", "B 95 1/4"),
        # not sure: another strength, a whole one, letters, a number that is said whole
        ("240;0;5;WATSON", "1 mg", "240 0 5 WATSON"),
        ("240;0;5;WATSON", "", "240 0 5 WATSON"),
        ("10;0", "10.0 mg", "10 0"),
        ("7;1;2", "6 mg", "7 1 2"),
        ("2;1;2", "2.25 mg", "2 1 2"),
        ("7;5", "75 mg", "7 5"),
        ("A;5", "0.5 mg", "A 5"),
        ("0.5;7", "0.5 mg", "0.5 7"),
    ],
)
def test_a_decimal_of_an_imprint_stands_as_on_the_tablet_where_the_strength_says_so(
    imprint: str, strength: str, shown: str
) -> None:
    product = pill(imprint, "lorazepam", strength)
    assert " ".join(imprint_shown(product)) == shown


def test_numbers_of_two_faces_are_not_put_together() -> None:
    product = pill("0;5;W", "lorazepam", "0.5 mg")
    assert imprint_shown(replace(product, faces=(("0", "5"), ("W",)))) == ("0.5", "W")
    assert imprint_shown(replace(product, faces=(("0", "W"), ("5",)))) == ("0", "5", "W")


@pytest.mark.parametrize(
    ("drug", "name", "strength", "ingredients", "shown"),
    [
        ("brozimin 0.25mg tablets", "Brozimin 0.25mg Tablets", "0.25 mg", (), "Brozimin 0.25mg Tablets"),
        ("havica tab. 5/20mg", "Havica Tab. 5/20mg", "5 mg / 20 mg", (), "Havica Tab. 5/20mg"),
        ("mopik", "Mopik", "15 mg", (), "Mopik 15 mg"),
        ("alprazolam", "Xanax", "1 mg", (), "alprazolam 1 mg"),
        ("estradiol 2mg", "ESTRADIOL 2MG TAB", "2 mg", ("estradiol 2mg",), "estradiol 2 mg"),
        ("advicor 750-20mg", "ADVICOR", "750 mg / 20 mg", ("advicor 750-20mg",), "advicor 750 mg / 20 mg"),
        ("baclofen", "Baclofen Tablets, USP 10 mg", "10 mg", ("baclofen",), "baclofen 10 mg"),
        ("cortisone 25mg", "Cortisone", "5 mg", ("cortisone",), "cortisone 25mg 5 mg"),
        ("", "", "", (), "made:x"),
    ],
)
def test_a_strength_that_stands_in_the_name_is_said_once(
    drug: str, name: str, strength: str, ingredients: tuple[str, ...], shown: str
) -> None:
    product = replace(pill("PX 1", key="x"), drug=drug, name=name, strength=strength, ingredients=ingredients)
    assert name_shown(product) == shown
    # identify, report and verify name it so
    assert candidate_name(Candidate((product,), 0.5, 1.0, ())) == shown
    assert Expected(shown, ExpectedKind.DRUG, (product,)).name == shown
