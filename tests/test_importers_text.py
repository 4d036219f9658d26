"""Tables as they come: encodings, separators, packings, floats, units, placeholders, names in brackets."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from spl_documents import zipped

from reference.errors import CatalogError
from reference.importers import Log
from reference.importers.lengths import millimeters
from reference.importers.mfds import _ingredients
from reference.importers.registers import REGISTERS, importer_of
from reference.product import Product
from reference.store.catalog import open_catalog

C3PI = {
    "ndc11": "00002-3227-30", "part": "1", "parts": "1", "labeler": "ACME", "generic_name": "BACLOFEN",
    "proprietary_name": "BACLOFEN 10MG", "imprint": "024", "imprint_type": "DEBOSSED", "color": "WHITE",
    "shape": "ROUND", "size_mm": "7", "score": "2", "symbol": "FALSE", "rxcui": "197391", "rxnorm_name": "",
}  # fmt: skip
KOREAN = {
    "품목일련번호": "200808876", "품목명": "가스정50밀리그램", "업소명": "하나제약(주)", "성상": "흰색의 원형 정제",
    "표시앞": "IDG", "표시뒤": "024", "의약품제형": "원형", "색상앞": "하양", "크기장축": "7.6", "크기단축": "7.6",
}  # fmt: skip
CHINESE = {
    "許可證字號": "衛署藥製字第000001號", "中文品名": "福元錠", "英文品名": "LIORE TABLETS 10MG (BACLOFEN)",
    "形狀": "圓形", "顏色": "白", "刻痕": "直線", "外觀尺寸": "7.5", "標註一": "FY", "標註二": "T024",
}  # fmt: skip
LATIN = {
    "setid": "1234abcd", "product_code": "0002-3227", "part_num": "0", "medicine_name": "Nestlé – Baclofen™",
    "author": "Laboratoires Théa", "splimprint": "024", "splshape_text": "ROUND", "splcolor_text": "WHITE",
    "splsize": "7", "splscore": "2", "spl_strength": "BACLOFEN 10 µg", "spl_ingredients": "BACLOFEN [BACLOFEN]",
}  # fmt: skip
ROWS = {"c3pi": C3PI, "mfds": KOREAN, "tfda": CHINESE, "pillbox": LATIN}


def table(*rows: dict[str, str], sign: str = ",") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0], delimiter=sign)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def read(name: str, path: Path, log: Log | None = None) -> list[Product]:
    return [entry.product for entry in REGISTERS[name].entries(path, log or Log())]


def c3pi(tmp_path: Path, **changed: str) -> Product:
    (tmp_path / "t.csv").write_text(table(C3PI | changed), encoding="utf-8")
    (pill,) = read("c3pi", tmp_path / "t.csv")
    return pill


@pytest.mark.parametrize(
    ("name", "codec", "said"),
    [
        ("mfds", "cp949", "read as CP949 (Korean)"),
        ("mfds", "euc_kr", "read as CP949 (Korean)"),
        ("tfda", "big5", "read as Big5 (Chinese)"),
        ("pillbox", "cp1252", "read as Windows-1252"),
        ("mfds", "utf-16", "read as UTF-16"),
        ("tfda", "utf-16-le", "read as UTF-16 without a byte order mark"),
        ("c3pi", "utf-16-be", "read as UTF-16 without a byte order mark"),
        ("mfds", "utf-8-sig", ""),
        ("pillbox", "utf-8", ""),
    ],
)
def test_the_encoding_is_told_by_the_content_and_said(tmp_path: Path, name: str, codec: str, said: str) -> None:
    (tmp_path / "good.csv").write_text(table(ROWS[name]), encoding="utf-8")
    (tmp_path / "t.csv").write_bytes(table(ROWS[name]).encode(codec))
    log = Log()
    assert read(name, tmp_path / "t.csv", log) == read(name, tmp_path / "good.csv")
    assert log.notes == ([said] if said else []) and not log.rejected
    assert importer_of(tmp_path / "t.csv") is REGISTERS[name].entries


def test_json_may_be_in_any_encoding_too(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_bytes(json.dumps([KOREAN], ensure_ascii=False).encode("cp949"))
    assert read("mfds", tmp_path / "t.json")[0].labeler == "하나제약(주)"


def test_the_shared_tables_are_the_same_in_their_countries_encodings(shared_data: Path, tmp_path: Path) -> None:
    for name, codec in (("mfds", "cp949"), ("tfda", "cp950"), ("mfds", "utf-16-le")):
        text = (shared_data / f"catalog/{name}_pills.csv").read_text("utf-8-sig")
        (tmp_path / "t.csv").write_bytes(text.encode(codec, "replace"))
        (tmp_path / "u.csv").write_bytes(text.encode(codec, "replace").decode(codec).encode())
        log = Log()
        found, good = read(name, tmp_path / "t.csv", log), read(name, tmp_path / "u.csv")
        assert found == good and log.notes


def test_a_damaged_byte_does_not_change_the_encoding(tmp_path: Path) -> None:
    rows = [KOREAN | {"품목일련번호": str(200808876 + number)} for number in range(3)]
    (tmp_path / "t.csv").write_bytes(table(*rows).encode().replace("하나".encode(), b"\xff\xfe", 1))
    log = Log()
    assert [pill.labeler for pill in read("mfds", tmp_path / "t.csv", log)][1:] == ["하나제약(주)"] * 2
    assert log.notes == ["read as UTF-8; 2 bytes are not, and were replaced"]


def test_one_line_in_another_encoding_does_not_outvote_the_others(tmp_path: Path) -> None:
    good = table(*(LATIN | {"part_num": str(number)} for number in range(4))).encode("cp1252")
    (tmp_path / "t.csv").write_bytes(good + table(LATIN | {"author": "분할선" * 5}).encode().split(b"\n")[1])
    assert [pill.labeler for pill in read("pillbox", tmp_path / "t.csv")][:4] == ["Laboratoires Théa"] * 4


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_header_tells_what_parts_the_values(tmp_path: Path, sign: str) -> None:
    (tmp_path / "t.csv").write_text(table(C3PI | {"imprint": "54;024", "labeler": "A, B"}, sign=sign))
    log = Log()
    (pill,) = read("c3pi", tmp_path / "t.csv", log)
    assert (pill.imprint, pill.labeler, len(log.notes)) == ("54;024", "A, B", int(sign != ","))


@pytest.mark.parametrize("before", ["\n\r\n", "sep=;\n"])
def test_lines_before_the_header_are_passed_over(tmp_path: Path, before: str) -> None:
    (tmp_path / "t.csv").write_text(before + table(C3PI, sign=";"))
    assert len(read("c3pi", tmp_path / "t.csv")) == 1


def test_gz_and_zip_are_read(tmp_path: Path) -> None:
    data = table(KOREAN).encode("cp949")
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(data))
    (tmp_path / "t.zip").write_bytes(zipped({"a/OpenData.csv": data, "readme.pdf": b"", "__MACOSX/._x.csv": b""}))
    log = Log()
    assert read("mfds", tmp_path / "t.csv.gz") == read("mfds", tmp_path / "t.zip", log)
    assert log.notes == ["read from a/OpenData.csv in the zip", "read as CP949 (Korean)"]
    with open_catalog(tmp_path / "t.zip") as catalog:
        assert len(catalog) == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (zipped({"a.csv": b"x", "b.csv": b"y"}), "2 tables"),
        (zipped({"a.pdf": b"x"}), "no table"),
        (gzip.compress(table(C3PI).encode())[:-20], "cannot read"),
        (gzip.compress(b"x,y\n" * (8 << 20)), "200 to 1"),
        (b"PK\3\4 cut", "cannot read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "CSV UTF-8"),
        (b"", "columns"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "t").write_bytes(data)
    with pytest.raises(CatalogError, match=said):
        open_catalog(tmp_path / "t")


def workbook(path: Path, *rows: list[object], formats: dict[str, str] | None = None) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "empty"
    page = book.create_sheet("pills")
    for row in rows:
        page.append(row)
    for cell, shown in (formats or {}).items():
        page[cell].number_format = shown
    book.save(path)
    return path


def test_a_workbook_is_read(tmp_path: Path) -> None:
    from datetime import date

    cells = list(C3PI.values())
    rows = [[*cells[:6], 24, *cells[7:10], 6.3999999999999995, 2, False, 197391, None] for _ in range(2)]
    rows[1][0], rows[1][6] = "00002-3228-30", date(2026, 10, 10)
    path = workbook(tmp_path / "t.xlsx", list(C3PI), [], *rows, formats={"G3": "000"})
    one, two = read("c3pi", path)
    assert (one.imprint, one.size_mm, one.score, one.symbol, one.rxcui) == ("024", 6.4, 2, False, "197391")
    assert two.imprint == "2026-10-10"


def test_a_workbook_of_no_table_or_damaged_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="columns"):
        open_catalog(workbook(tmp_path / "t.xlsx"))
    with pytest.raises(CatalogError, match="neither"):
        open_catalog(workbook(tmp_path / "t.xlsx", ["a", "b"], ["1", "2"]))
    (tmp_path / "u.xlsx").write_bytes(zipped({"xl/workbook.xml": b"<x/>"}))
    with pytest.raises(CatalogError, match="CSV UTF-8"):
        open_catalog(tmp_path / "u.xlsx")


def test_without_openpyxl_a_workbook_is_refused_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    (tmp_path / "u.xlsx").write_bytes(zipped({"xl/workbook.xml": b"<x/>"}))
    with pytest.raises(CatalogError, match=r"CSV UTF-8.*pip install openpyxl"):
        open_catalog(tmp_path / "u.xlsx")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5,8", 5.8), ("6.30000019", 6.3), ("6.3999999999999995", 6.4), ("0.8 cm", 8), ("7,5", 7.5), ("6,5 mm", 6.5),
        ("5/16 in", 7.938), ('3/8"', 9.525), ("1 1/4 in", 31.75), ("½ inch", 12.7), ("0.5in.", 12.7), ("７．５㎜", 7.5),
        ("15;15", 15), ("15.50-15.60", 15.6), ("21.1±0.1mm", 21.1), ("14.2.", 14.2), ("1.5 x 0.7 cm", 15), ("15×7", 15),
        ("15,7 x 8,2 mm", 15.7), ("7, 6, 3", 7), ("7,6,3", 7), ("5/16", 16), ("7.0E0", 7), ("8 毫米", 8),
        ("4호", None), ("about ten", None), ("8 ft", None), ("70", None), ("0", None), ("", None), ("-", None),
        ("1e30", None), ("7 (10 mg)", None), ("\0" * 300, None), ("9" * 300, None),
        ("0.8", None), ("1.9 mm", None), ("2", 2),
    ],
)  # fmt: skip
def test_sizes(text: str, expected: float | None) -> None:
    found = millimeters(text)
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-9))


def test_a_size_that_is_not_understood_is_empty_and_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(table(C3PI | {"size_mm": "two thumbs"}))
    log = Log()
    assert read("c3pi", tmp_path / "t.csv", log)[0].size_mm is None
    assert [(doubt.name, doubt.reason) for doubt in log.doubts] == [
        ("t.csv:2", "size_mm 'two thumbs' is not understood")
    ]


def test_floats_of_pandas_are_whole_numbers_again(tmp_path: Path) -> None:
    pill = c3pi(tmp_path, part="1.0", score="2.0", rxcui="197391.0", size_mm="6.3999999999999995", symbol="1.0")
    assert pill == c3pi(tmp_path, part="1", score="2", rxcui="197391", size_mm="6.4", symbol="TRUE")
    assert c3pi(tmp_path, ndc11="2322730.0").ndc == "00002322730"
    (tmp_path / "m.csv").write_text(table(KOREAN | {"품목일련번호": "200808876.0"}), encoding="utf-8")
    assert read("mfds", tmp_path / "m.csv")[0].product_id == "mfds:200808876"
    (tmp_path / "p.csv").write_text(table(LATIN | {"part_num": "0.0", "splscore": "2.0", "rxcui": "1.0"}), "utf-8")
    pill = read("pillbox", tmp_path / "p.csv")[0]
    assert (pill.product_id, pill.score, pill.rxcui) == ("pillbox:1234abcd:0002-3227:0", 2, "1")
    own = {"product_id": "x:1", "drug": "x", "imprint": "A", "source": "s", "score": "4.0", "rxcui": "5.0"}
    (tmp_path / "h.csv").write_text(table(own))
    with open_catalog(tmp_path / "h.csv") as catalog:
        assert [(pill.score, pill.rxcui) for pill in catalog.products()] == [(4, "5")]


@pytest.mark.parametrize("missing", ["nan", "NaN", "NULL", "N/A", "#N/A", "<NA>", "\\N", "#REF!"])
def test_what_says_that_a_value_is_missing_is_none(tmp_path: Path, missing: str) -> None:
    pill = c3pi(tmp_path, imprint=missing, labeler=missing, rxcui=missing, size_mm=missing, score=missing)
    assert (pill.imprint, pill.labeler, pill.rxcui, pill.size_mm, pill.score) == ("", "", "", None, None)


def test_a_number_kept_as_a_formula_is_its_text(tmp_path: Path) -> None:
    assert c3pi(tmp_path, imprint='="024"').imprint == "024"


@pytest.mark.parametrize("nothing", ["NO IMPRINT", "NONE", "N/A", "blank", "-", "Plain", "無", "없음", "ＮＯＮＥ"])
def test_an_imprint_that_says_there_is_none_is_empty(tmp_path: Path, nothing: str) -> None:
    pill = c3pi(tmp_path, imprint=nothing)
    assert (pill.imprint, pill.tokens) == ("", ())
    both = c3pi(tmp_path, imprint=f"024;{nothing}")
    assert (both.imprint, both.tokens) == ("024", ("024",))
    assert nothing == "N/A" or dict(pill.originals)["imprint"] == nothing


@pytest.mark.parametrize("printed", ["NO", "NA", "4;NO", "NONE 5", "BLANKS"])
def test_words_that_stand_on_pills_stay(tmp_path: Path, printed: str) -> None:
    assert c3pi(tmp_path, imprint=printed).imprint == printed


def test_taiwans_and_koreas_faces_without_text(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(table(CHINESE | {"標註二": "無"}), "utf-8")
    assert (read("tfda", tmp_path / "t.csv")[0].imprint, read("tfda", tmp_path / "t.csv")[0].faces) == (
        "FY",
        (("FY",),),
    )
    (tmp_path / "m.csv").write_text(table(KOREAN | {"표시앞": "없음", "표시뒤": "분활선 5 로고"}), "utf-8")
    pill = read("mfds", tmp_path / "m.csv")[0]
    assert (pill.tokens, pill.faces, pill.score, pill.symbol) == (("5",), ((), ("5",)), 2, True)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("로펜정(방풍통성산건조엑스(4.6→1))", ("방풍통성산건조엑스",)),
        ("씨렉신정(은교산연조엑스 4.08→1)", ("은교산연조엑스",)),
        ("지소렌정[애엽이소프로판올연조엑스(20→1)]", ("애엽이소프로판올연조엑스",)),
        ("유틸렌정(애엽95%에탄올연조엑스(20->1))", ("애엽95%에탄올연조엑스",)),
        ("카타프로현탁정(아이비엽30%에탄올건조엑스(5~7.5→1)))", ("아이비엽30%에탄올건조엑스",)),
        ("오멘정(아목시실린수화물·묽은클라불란산칼륨)(2:1)", ("아목시실린수화물·묽은클라불란산칼륨",)),
        ("크레스논정(로수바스타틴칼슘(미분화))", ("로수바스타틴칼슘",)),
        ("KUKJE CEFADROXIL(Cefadroxil)(Export name: RUMOCEF)", ("cefadroxil",)),
        ("Baclo Tab. (Baclofen)", ("baclofen",)),
        ("Ilsung Tab. (for export)", ()),
        ("정(((((바클로펜", ("바클로펜",)),
        (")))", ()),
        ("정", ()),
    ],
)
def test_koreas_ingredients_are_those_of_the_outer_bracket(name: str, expected: tuple[str, ...]) -> None:
    assert _ingredients(name) == expected


@pytest.mark.parametrize("rows", [[], [C3PI | {"ndc11": "none"}], [C3PI | {"ndc11": "2.28E+10"}]])
def test_a_table_without_a_usable_row_is_refused(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    (tmp_path / "t.csv").write_text(table(*(rows or [C3PI])) if rows else table(C3PI).split("\n")[0])
    with pytest.raises(CatalogError, match=r"no tablet or capsule in .*t\.csv") as refused:
        open_catalog(tmp_path / "t.csv")
    assert refused.value.exit_code == 4 and ("no NDC" in str(refused.value)) == bool(rows)
