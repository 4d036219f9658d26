"""English names of the ingredients that Korea's and Taiwan's registers name in their own words."""

from __future__ import annotations

import csv
from importlib import resources
from pathlib import Path

import pytest

from pipeline.records import Candidate
from pipeline.report.short_words import candidate_named
from reference.grouping import same_drug
from reference.importers import Log
from reference.importers.mfds import _in_english, _ingredients
from reference.importers.registers import REGISTERS
from reference.product import Product
from reference.text.drugs import one_name
from reference.text.english import english_name, english_names

TABLE = resources.files("reference.text").joinpath("english_names.csv").read_text("utf-8")


@pytest.mark.parametrize(
    ("own", "english"),
    [
        ("로수바스타틴칼슘", "rosuvastatin calcium"),
        ("로수바스타틴칼슘미분화", "rosuvastatin calcium"),
        ("아토르바스타틴칼슘삼수화물", "atorvastatin calcium trihydrate"),
        ("염산암브록솔", "ambroxol hydrochloride"),
        ("말레인산에날라프릴", "enalapril maleate"),
        ("푸마르산 케토티펜", "ketotifen fumarate"),
        ("리세드론산나트륨2.5수화물", "risedronate sodium hydrate"),
        ("미분화에토돌락", "etodolac"),
        ("침강탄산칼슘과립", "precipitated calcium carbonate"),
        ("수산화마그네슘", "magnesium hydroxide"),
        ("巴克樂芬", "baclofen"),
        ("Baclofen", "Baclofen"),
    ],
)
def test_a_name_with_its_salts_and_how_it_was_made(own: str, english: str) -> None:
    assert english_name(own) == english


@pytest.mark.parametrize(
    "own", ["", "나트륨", "염화나트륨", "가나다라", "20→1", "은교산", "구연산칼슘칼륨마그네슘염", "吡啶"]
)
def test_what_the_table_does_not_know_has_no_name(own: str) -> None:
    assert english_name(own) == ""


def test_several_ingredients_are_known_together_or_not_at_all() -> None:
    assert english_names("아목시실린·클라불란산칼륨") == ("amoxicillin", "clavulanate potassium")
    assert english_names("아목시실린-클라불란산칼륨") == ("amoxicillin", "clavulanate potassium")
    assert english_names("오메가-3-산에틸에스테르90") == ("omega-3-acid ethyl esters 90",)
    assert english_names("아목시실린·가나다라") == ()


def test_each_row_has_a_source_and_says_nothing_twice() -> None:
    rows = list(csv.DictReader(TABLE.splitlines()))
    assert len({row["name"] for row in rows}) == len(rows)
    for row in rows:
        assert row["source"] in {"hand", "k1", "k2"} or row["source"].partition(":")[0] in {"mfds", "tfda"}, row
        assert row["english"].isascii() and bool(row["english"]) == (row["kind"] != "out"), row
        assert set(row["checked"].split()) <= {"c1", "k1", "k2"} - {row["source"]}, row
    korean = [row for row in rows if row["kind"] == "name" and "\uac00" <= max(row["name"]) <= "\ud7a3"]
    assert (len(korean), sum(row["source"] == "hand" and not row["checked"] for row in korean)) == (657, 372)


def _read(name: str, folder: Path, text: str) -> Product:
    (folder / "t.csv").write_text(text, "utf-8")
    (entry,) = REGISTERS[name].entries(folder / "t.csv", Log())
    return entry.product


def test_a_korean_product_has_its_english_drug_and_keeps_its_own_words(tmp_path: Path) -> None:
    header = "item_seq,item_name,item_eng,print_front,print_back\n"
    pill = _read("mfds", tmp_path, header + "200810870,로수로드정10밀리그램(로수바스타틴칼슘),Rosulord Tab.,A,B\n")
    assert (pill.drug, pill.ingredients, pill.strength) == ("rosuvastatin", ("rosuvastatin calcium",), "10 mg")
    assert dict(pill.originals)["item_name"].endswith("(로수바스타틴칼슘)")
    assert "table of English names" in pill.source_of("drug").source
    us = Product("x:1", "Crestor", "rosuvastatin", "10 mg", ("rosuvastatin calcium",))
    assert same_drug(pill, us)


def test_the_registers_own_name_is_right_where_its_english_one_is_of_another_product(tmp_path: Path) -> None:
    header = "item_seq,item_name,item_eng,print_front,print_back\n"
    pill = _read("mfds", tmp_path, header + "199900664,진코정(은행엽엑스),Ginko Tab.(Tramadol Hydrochloride),A,B\n")
    assert pill.drug == "ginkgo leaf extract"
    unknown = _read("mfds", tmp_path, header + "199900665,모름정(가나다라),Morum Tab.(Baclofen),A,B\n")
    assert unknown.drug == "baclofen" and unknown.fact_sources == ()


def test_a_taiwanese_product_named_in_chinese_alone(tmp_path: Path) -> None:
    header = "licence_id,name_zh,name_en,mark1,mark2,shape,color,score,size_mm\n"
    pill = _read(
        "tfda",
        tmp_path,
        header + "衛署藥製字第1號,樂芬錠１０毫克（巴克樂芬）,LOFEN TABLETS 10MG,A,,ROUND,WHITE,none,7\n",
    )
    assert (pill.drug, pill.ingredients, pill.strength) == ("baclofen", ("baclofen",), "10 mg")


def test_nearly_all_products_with_an_ingredient_have_an_english_name(shared_data: Path) -> None:
    """The share that docs/registers.md states."""
    path = shared_data / "catalog/mfds_pills.csv"
    named = [entry.product.ingredients for entry in REGISTERS["mfds"].entries(path, Log())]
    given = [ingredients for ingredients in named if ingredients]
    assert sum(all(map(str.isascii, ingredients)) for ingredients in given) >= 0.965 * len(given) > 4000


def test_names_are_those_that_the_register_gives_in_its_other_field(shared_data: Path) -> None:
    """Every product of Korea that names its one ingredient in both languages; the register misspells some."""
    with (shared_data / "catalog/mfds_pills.csv").open(encoding="utf-8-sig") as file:
        rows = [
            (_in_english(_ingredients(row["item_name"])), _ingredients(row["item_eng"])) for row in csv.DictReader(file)
        ]
    both = [(ours[0], theirs[0]) for ours, theirs in rows if len(ours) == 1 == len(theirs) and theirs[0].isascii()]
    same = sum(one_name(ours)[:5] == one_name(theirs)[:5] for ours, theirs in both)
    assert len(both) > 500 and same >= 0.95 * len(both)


def test_a_candidates_own_name_stands_beside_its_english_drug() -> None:
    own = Product("mfds:1", "Rosulord Tab.", "rosuvastatin", "10 mg", originals=(("item_name", "로수로드정"),))
    assert candidate_named(Candidate((own,), 0.5, 1.0, ())) == "rosuvastatin 10 mg (로수로드정)"
    plain = Product("c3pi:1", "Crestor", "rosuvastatin", "10 mg", originals=(("shape", "ROUND"),))
    assert candidate_named(Candidate((plain,), 0.5, 1.0, ())) == "rosuvastatin 10 mg"
