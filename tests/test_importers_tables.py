# ruff: noqa: E501 (rows as the registers write them)
"""The tables of C3PI, TFDA, MFDS and Pillbox: rows as the registers write them, and the product they give."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from reference.errors import CatalogError
from reference.importers import Log
from reference.importers.registers import REGISTERS, importer_of
from reference.product import FactSource, Product
from reference.store.catalog import open_catalog


def _csv(path: Path, *rows: dict[str, str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def _read(name: str, path: Path) -> list[Product]:
    return [entry.product for entry in REGISTERS[name].entries(path, Log())]


C3PI = {
    "ndc11": "00093-3240-01", "part": "1", "parts": "1", "labeler": "TEVA", "generic_name": "AMLODIPINE AND BENAZEPRIL",
    "proprietary_name": "AMLODIPINE/BENAZEPRIL CAPSULES", "imprint": "TEVA;7370", "imprint_type": "PRINTED",
    "imprint_color": "BLACK", "color": "WHITE;BLUE;WHITE", "shape": "CAPSULE", "size_mm": "18", "score": "1",
    "symbol": "FALSE", "rxcui": "898342", "rxnorm_name": "Amlodipine 5 MG / Benazepril hydrochloride 10 MG Oral Capsule",
}  # fmt: skip


def test_c3pi(tmp_path: Path) -> None:
    (pill,) = _read("c3pi", _csv(tmp_path / "t.csv", C3PI))
    assert (pill.product_id, pill.ndc, pill.rxcui) == ("c3pi:00093-3240-01:1", "00093-3240-01", "898342")
    assert (pill.drug, pill.strength) == ("amlodipine / benazepril", "5 mg / 10 mg")
    assert pill.ingredients == ("amlodipine", "benazepril hydrochloride")
    assert (pill.shape, pill.colors, pill.size_mm, pill.score) == ("CAPSULE", ("BLUE", "WHITE"), 18.0, 1)
    assert (pill.tokens, pill.symbol, pill.imprint_type) == (("TEVA", "7370"), False, "PRINTED")
    assert ("color", "WHITE;BLUE;WHITE") in pill.originals
    assert {fact.field for fact in pill.fact_sources} == {"drug", "ingredients", "rxcui", "strength"}


def test_c3pi_writes_0_for_no_concept(tmp_path: Path) -> None:
    (pill,) = _read("c3pi", _csv(tmp_path / "t.csv", C3PI | {"rxcui": "0"}))
    assert pill.rxcui == "" and "rxcui" not in {fact.field for fact in pill.fact_sources}


TFDA = {
    "許可證字號": "衛署藥製字第000001號", "中文品名": "錠", "英文品名": 'LIORE TABLETS 10MG (BACLOFEN) "A.B."', "形狀": "圓形",
    "特殊劑型": "", "顏色": "白;白", "刻痕": "十字", "外觀尺寸": "7.5;7.4", "標註一": "FY", "標註二": "T024",
}  # fmt: skip


def test_tfda_as_csv_and_as_json(tmp_path: Path) -> None:
    (from_csv,) = _read("tfda", _csv(tmp_path / "t.csv", TFDA))
    (tmp_path / "t.json").write_text(json.dumps([TFDA], ensure_ascii=False), encoding="utf-8")
    (from_json,) = _read("tfda", tmp_path / "t.json")
    assert from_csv == from_json
    assert (from_csv.drug, from_csv.strength, from_csv.market) == ("baclofen", "10 mg", "TW")
    assert (from_csv.shape, from_csv.colors, from_csv.score, from_csv.size_mm) == ("ROUND", ("WHITE",), 4, 7.5)
    assert from_csv.faces == (("FY",), ("T024",))
    assert dict(from_csv.originals)["name_zh"] == "錠" and dict(from_csv.originals)["shape"] == "圓形"


def test_tfda_parts_a_license_of_several_tablets_and_passes_over_liquids(tmp_path: Path) -> None:
    two = TFDA | {
        "形狀": "圓形;橢圓形",
        "標註一": "KN;;;KM",
        "標註二": "",
        "顏色": "白;黃",
        "刻痕": "無;直線",
        "外觀尺寸": "6;9",
    }
    liquid = TFDA | {"許可證字號": "x", "形狀": "液劑(包含糖漿用粉劑)"}
    log = Log()
    pills = [entry.product for entry in REGISTERS["tfda"].entries(_csv(tmp_path / "t.csv", two, liquid), log)]
    assert [(pill.shape, pill.colors, pill.score, pill.size_mm, pill.tokens) for pill in pills] == [
        ("ROUND", ("WHITE",), 1, 6.0, ("KN",)),
        ("OVAL", ("YELLOW",), 2, 9.0, ("KM",)),
    ]
    assert sum(log.passed_over.values()) == 1 and log.rejected == []


def test_a_four_sided_outline_is_not_guessed(tmp_path: Path) -> None:
    (pill,) = _read("tfda", _csv(tmp_path / "t.csv", TFDA | {"形狀": "四邊形"}))
    assert pill.shape == "" and dict(pill.originals)["shape"] == "四邊形"


MFDS = {
    "ITEM_SEQ": "200009361", "ITEM_NAME": "바클로정10밀리그램(바클로펜)", "ITEM_ENG_NAME": "Baclo Tab. 10mg (Baclofen)",
    "ENTP_NAME": "(주)휴온스", "CHART": "흰색의 원형 정제", "PRINT_FRONT": "BΛ분할선10", "PRINT_BACK": "마크",
    "DRUG_SHAPE": "장방형", "COLOR_CLASS1": "하양, 옅은", "COLOR_CLASS2": "연두|투명", "LINE_FRONT": "-", "LINE_BACK": "",
    "LENG_LONG": "15.50-15.60", "LENG_SHORT": "6", "THICK": "3.1", "FORM_CODE_NAME": "필름코팅정",
    "ETC_OTC_NAME": "전문의약품", "MARK_CODE_FRONT_ANAL": "", "MARK_CODE_BACK_ANAL": "P,d", "CHANGE_DATE": "20240102",
}  # fmt: skip


def test_mfds_as_the_api_gives_it(tmp_path: Path) -> None:
    body = {"header": {"resultCode": "00"}, "body": {"items": [MFDS], "totalCount": 1}}
    (tmp_path / "m.json").write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
    (pill,) = _read("mfds", tmp_path / "m.json")
    assert (pill.drug, pill.strength, pill.prescription, pill.market) == ("baclofen", "10 mg", "RX", "KR")
    assert (pill.shape, pill.colors, pill.size_mm, pill.score) == ("OVAL", ("GREEN", "WHITE"), 15.6, 2)
    assert (pill.tokens, pill.faces, pill.symbol) == (("BA", "10"), (("BA", "10"), ()), True)
    assert pill.dosage_form == "TABLET, FILM COATED" and pill.labeler == "(주)휴온스"
    assert dict(pill.originals)["color2"] == "연두|투명"


@pytest.mark.parametrize(
    ("form", "shape"), [("경질캡슐제, 산제", "CAPSULE"), ("연질캡슐제, 액상", "OVAL"), ("캡슐", "")]
)
def test_mfds_capsules_by_their_form(tmp_path: Path, form: str, shape: str) -> None:
    (pill,) = _read("mfds", _csv(tmp_path / "m.csv", MFDS | {"FORM_CODE_NAME": form}))
    assert pill.shape == shape


PILLBOX = {
    "ID": "1", "setid": "68aa591e", "spp": "x", "splsize": "8.00", "pillbox_size": "", "splshape": "C48348",
    "splshape_text": "ROUND", "pillbox_shape_text": "", "splscore": "2", "pillbox_score": "", "splimprint": "10;832",
    "pillbox_imprint": "BAC;10;832", "splcolor": "C48325;C48333", "splcolor_text": "WHITE;BLUE",
    "pillbox_color_text": "", "spl_strength": "BACLOFEN 10 mg;", "spl_ingredients": "BACLOFEN [BACLOFEN];",
    "rxcui": "197391", "product_code": "0832-1024", "part_num": "0", "medicine_name": "Baclofen",
    "effective_time": "20150622", "dea_schedule_code": "", "author": "Upsher-Smith", "document_type": "34391-3",
}  # fmt: skip


def test_pillbox_prefers_what_nlm_saw_on_its_photo(tmp_path: Path) -> None:
    (pill,) = _read("pillbox", _csv(tmp_path / "p.csv", PILLBOX))
    assert (pill.imprint, pill.tokens) == ("BAC;10;832", ("BAC", "10", "832"))
    assert ("splimprint", "10;832") in pill.originals
    assert (pill.drug, pill.strength, pill.ndc, pill.rxcui) == ("baclofen", "10 mg", "0832-1024", "197391")
    assert (pill.colors, pill.size_mm, pill.score, pill.shape) == (("BLUE", "WHITE"), 8.0, 2, "ROUND")
    assert (pill.source_date, pill.prescription, pill.labeler) == ("2015-06-22", "RX", "Upsher-Smith")
    photo, rxnorm = "NLM Pillbox, from its photo", "RxNorm, in the Pillbox table"
    assert [(fact.field, fact.source) for fact in pill.fact_sources] == [
        ("imprint", photo), ("rxcui", rxnorm), ("tokens", photo),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "row"),
    [("c3pi", C3PI), ("tfda", TFDA), ("mfds", MFDS), ("pillbox", PILLBOX)],
    ids=lambda value: str(value)[:8],
)
def test_a_table_tells_its_register_by_its_columns(tmp_path: Path, name: str, row: dict[str, str]) -> None:
    path = _csv(tmp_path / "any.csv", row)
    assert importer_of(path) is REGISTERS[name].entries
    with open_catalog(path) as catalog:
        assert len(catalog) == 1


def test_an_unknown_table_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"known are the tables of: NLM Pillbox.*C3PI.*Taiwan.*Korea.*products\.csv"):
        open_catalog(_csv(tmp_path / "x.csv", {"a": "1", "b": "2"}))


def test_products_given_by_hand_name_the_sources_of_their_fields(tmp_path: Path) -> None:
    row = {"product_id": "x:1", "drug": "x", "imprint": "A", "source": "s", "source_date": "2026-01-02"}
    table = _csv(tmp_path / "own.csv", row | {"fact_sources": "score,shape=label|https://x|2026-03-04;rxcui=RxNorm"})
    with open_catalog(table) as catalog:
        pill = catalog.product("x:1")
    assert pill is not None
    assert pill.source_of("shape") == FactSource("shape", "label", "https://x", "2026-03-04")
    assert pill.source_of("rxcui").source == "RxNorm" and pill.source_of("color").source == "s"
    log = Log()
    bad = _csv(tmp_path / "bad.csv", row | {"fact_sources": "nonsense=x"})
    assert list(importer_of(bad)(bad, log)) == [] and log.rejected_count == 1


def test_the_shared_tables_are_read_whole(shared_data: Path) -> None:
    counts = {}
    for name, products, passed in (("c3pi", 5014, 0), ("tfda", 6075, 278), ("mfds", 8122, 0)):
        log = Log()
        found = [entry.product for entry in REGISTERS[name].entries(shared_data / f"catalog/{name}_pills.csv", log)]
        counts[name] = len(found)
        assert (len(found), sum(log.passed_over.values()), log.rejected) == (products, passed, [])
        assert len({pill.product_id for pill in found}) == products
