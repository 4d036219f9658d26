"""The products kept by hand: what every row owes, and the rows that the answer for 024 hangs on."""

from __future__ import annotations

import csv
import re
from dataclasses import fields
from importlib import resources
from pathlib import Path

import pytest

from reference.audit.imprint_check import write_checks
from reference.importers import Log
from reference.importers.check_cell import as_text, from_text
from reference.importers.hand import own_products
from reference.importers.registers import REGISTERS
from reference.product import Product
from reference.store.catalog import Catalog, open_catalog
from reference.text.drugs import drug_of, ingredients_of
from reference.text.imprints import tokens
from reference.text.vocabulary import color_terms, shape_term

TABLE = resources.files("reference").joinpath("products.csv").read_text("utf-8")
ROWS = list(csv.DictReader(TABLE.splitlines()))
PRODUCTS = [entry.product for entry in own_products(TABLE)]
IDS = [row["product_id"] for row in ROWS]

TABLET_024 = "pillprint:baclofen-10-trupharma-024"


def product(key: str) -> Product:
    return next(found for found in PRODUCTS if found.product_id == key)


@pytest.fixture
def catalog() -> Catalog:
    return open_catalog()


def test_the_columns_are_the_fields_of_product() -> None:
    assert list(ROWS[0]) == [field.name for field in fields(Product)]


def test_there_are_enough_products_and_each_once() -> None:
    assert len(PRODUCTS) == len(ROWS) >= 60
    assert len(set(IDS)) == len(IDS)
    numbers = [row["ndc"] for row in ROWS if row["ndc"]]
    assert len(set(numbers)) == len(numbers)


def test_each_row_names_its_source() -> None:
    for row in ROWS:
        assert row["source"]
        assert re.fullmatch(r"https://[^\s]+", row["source_url"])
        assert re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", row["source_date"])


def test_each_fact_names_its_source_and_date() -> None:
    for item in PRODUCTS:
        for field in fields(Product):
            fact = item.source_of(field.name)
            assert fact.source and re.fullmatch(r"https?://[^\s]+", fact.url), (item.product_id, field.name)
            assert re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", fact.date), (item.product_id, field.name)
            assert fact not in item.fact_sources or getattr(item, field.name), (item.product_id, field.name)


def test_what_no_register_says_names_where_it_was_read() -> None:
    assert product("pillprint:00172-4097-60").source_of("faces").source == "its photo in NLM C3PI, read by eye"
    for item in PRODUCTS:
        if item.source == "NLM C3PI":
            elsewhere = {fact.field for fact in item.fact_sources}
            filled = {name for name in ("faces", "rxcui", "dea_schedule", "prescription") if getattr(item, name)}
            assert filled <= elsewhere, item.product_id


def test_each_row_speaks_the_spl_vocabulary() -> None:
    for row in ROWS:
        assert row["shape"] == shape_term(row["shape"])
        assert set(row["colors"].split(";")) == set(color_terms(row["colors"]))
        assert row["score"] in {"", "1", "2", "3", "4"}
        assert row["symbol"] in {"", "true", "false"}
        assert row["imprint_type"] in {"", "DEBOSSED", "EMBOSSED", "PRINTED"}
        assert row["dea_schedule"] in {"", "CII", "CIII", "CIV", "CV"}
        assert row["prescription"] in {"", "RX", "OTC"}
        assert row["market"] in {"US", "TW", "KR"}


def test_each_number_is_plausible() -> None:
    for row in ROWS:
        assert not row["size_mm"] or 4 <= float(row["size_mm"]) <= 26
        assert not row["ndc"] or re.fullmatch(r"\d{5}-\d{4}-\d\d", row["ndc"])
        assert not row["rxcui"] or row["rxcui"].isdigit()
        assert not row["strength"] or re.match(r"\d[\d.]* m(c?g|Eq)\b", row["strength"])


def test_tokens_and_faces_say_what_the_imprint_says() -> None:
    for row in ROWS:
        assert row["imprint"]
        assert row["tokens"] == ";".join(tokens(row["imprint"]))
        if row["faces"]:
            on_faces = [token for face in row["faces"].split("|") for token in tokens(face)]
            assert sorted(on_faces) == sorted(tokens(row["imprint"]))
            assert len(row["faces"].split("|")) == 2


def test_the_drug_is_the_active_moiety_of_the_ingredients() -> None:
    for row in ROWS:
        if row["market"] == "US":
            assert drug_of(tuple(row["ingredients"].split(";"))) == row["drug"]
            assert drug_of(ingredients_of(row["drug"])) == row["drug"]


def test_the_tablet_024_is_first_and_complete_but_for_what_is_not_known() -> None:
    tablet = PRODUCTS[0]
    assert tablet.product_id == TABLET_024
    assert (tablet.drug, tablet.strength, tablet.labeler) == ("baclofen", "10 mg", "TruPharma LLC")
    assert (tablet.shape, tablet.colors, tablet.size_mm, tablet.score) == ("ROUND", ("WHITE",), 7.0, 2)
    assert tablet.faces == (("024",), ())
    assert tablet.prescription == "RX"
    assert tablet.ndc == tablet.dea_schedule == ""
    assert tablet.symbol is None


@pytest.mark.parametrize(
    ("imprint", "color"),
    [
        ("4096;10", "WHITE"), ("Z;4096;10", "WHITE"), ("G;BN;10", "WHITE"), ("LCI;1330", "WHITE"),
        ("DAN;5730;10", "WHITE"), ("BAC;10;832", "WHITE"), ("22;65;V", "WHITE"), ("1285", "WHITE"), ("N029", "WHITE"),
        ("N030", "WHITE"), ("16;09", "WHITE"), ("025", "WHITE"), ("MX 24", "YELLOW"),
    ],
)  # fmt: skip
def test_the_other_looks_of_baclofen_are_there(imprint: str, color: str) -> None:
    found = [item for item in PRODUCTS if item.imprint == imprint and item.drug == "baclofen"]
    assert {item.colors for item in found} == {(color,)}


@pytest.mark.parametrize(
    ("imprint", "drug", "market"),
    [
        ("024", "alprazolam", "US"), ("54;024", "flecainide", "US"), ("P;240", "repaglinide", "US"),
        ("240;0;5;WATSON", "lorazepam", "US"), ("L;24;M", "lisinopril", "US"), ("54;420", "mercaptopurine", "US"),
        ("1024;93", "nefazodone", "US"), ("R;029", "alprazolam", "US"), ("025", "alprazolam", "US"),
        ("024", "dipyridamole", "TW"), ("U L;024", "cimetidine", "TW"), ("FY T024", "Sidus", "TW"),
        ("HSP;024", "ambroxol", "KR"),
    ],
)  # fmt: skip
def test_the_look_alikes_are_there(imprint: str, drug: str, market: str) -> None:
    assert any((item.imprint, item.drug, item.market) == (imprint, drug, market) for item in PRODUCTS)


def test_nothing_else_looks_like_the_tablet_024() -> None:
    tablet = product(TABLET_024)
    same = [item for item in PRODUCTS if item.tokens == tablet.tokens and item.colors == tablet.colors]
    assert same == [tablet]


def test_what_shares_024_with_it_differs_in_a_way_a_photo_can_show() -> None:
    tablet = product(TABLET_024)
    for item in PRODUCTS:
        if item is not tablet and "024" in item.tokens:
            differs = item.colors != tablet.colors or item.score != tablet.score or item.tokens != tablet.tokens
            assert differs, item.product_id


def test_the_yellow_024_is_a_controlled_drug_and_the_register_error_is_kept_as_a_note() -> None:
    odt = product("pillprint:00228-4024-11")
    assert (odt.colors, odt.size_mm, odt.symbol, odt.dea_schedule) == (("YELLOW",), 8.0, True, "CIV")
    assert ("labeler", "1 mg") in odt.originals
    assert odt.labeler != "1 mg"


def test_each_imprint_was_looked_up() -> None:
    of_market = {"US": 0.1, "TW": 0.12, "KR": 0.16}
    for item in PRODUCTS:
        check = item.imprint_check
        assert check is not None and check.source and check.url.startswith("https://")
        assert {"NLM C3PI", "Taiwan FDA", "Korea MFDS"} <= set(check.registers)
        assert check.share == of_market[item.market] or item.product_id == TABLET_024
        assert from_text(as_text(check)) == check
        fact = item.source_of("imprint_check")
        assert (fact.source, fact.url, fact.date) == (check.source, check.url, check.date)


def test_what_the_check_of_024_rests_on_is_said() -> None:
    check = product(TABLET_024).imprint_check
    assert check is not None and check.share == 0.9 and len(check.registers) == 4
    assert [bearer.split()[0] for bearer in check.bearers] == ["alprazolam", "dipyridamole"]
    assert "healthsnapz.com" in check.source and "clonazepam" in check.source
    yellow = product("pillprint:00228-4024-11").imprint_check
    assert yellow is not None and any(bearer.startswith("baclofen 10 mg") for bearer in yellow.bearers)


def test_the_checks_are_what_the_registers_say(shared_data: Path, tmp_path: Path) -> None:
    table = tmp_path / "products.csv"
    table.write_text(re.sub(r',"?2026-11-29\|[^\n]*python -m[^\n]*', ",", TABLE), "utf-8")
    emptied = [entry.product for entry in own_products(table.read_text("utf-8"))]
    assert [item.product_id for item in emptied if item.imprint_check] == [TABLET_024]
    registers = [
        [entry.product for entry in REGISTERS[name].entries(shared_data / f"catalog/{name}_pills.csv", Log())]
        for name in ("c3pi", "tfda", "mfds")
    ]
    assert write_checks(table, registers, emptied, "2026-11-29") == len(PRODUCTS) - 1
    assert table.read_text("utf-8") == TABLE


def test_no_ndc_is_invented_for_trupharma() -> None:
    trupharma = [item for item in PRODUCTS if item.labeler.startswith("TruPharma")]
    assert [item.ndc for item in trupharma] == [""]


def test_the_catalog_of_the_package_is_this_table(catalog: Catalog) -> None:
    assert catalog.product(TABLET_024) == product(TABLET_024)
    monograph = catalog.monograph(product(TABLET_024).drug)
    assert monograph is not None
    assert monograph.drug == "baclofen"


def test_c3pi_rows_agree_with_the_register(shared_data: Path) -> None:
    with (shared_data / "catalog" / "c3pi_pills.csv").open(encoding="utf-8", newline="") as file:
        register = {row["ndc11"]: row for row in csv.DictReader(file) if row["part"] == "1"}
    checked = 0
    for row in ROWS:
        if row["source"].startswith("NLM C3PI"):
            known = register[row["ndc"]]
            assert tokens(row["imprint"]) == tokens(known["imprint"]), row["product_id"]
            assert set(row["colors"].split(";")) == set(known["color"].split(";")), row["product_id"]
            assert (row["shape"], row["size_mm"], row["score"]) == (known["shape"], known["size_mm"], known["score"])
            checked += 1
    assert checked >= 60
