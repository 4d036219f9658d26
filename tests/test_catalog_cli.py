"""The commands on catalogs, in a pipe and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from spl_documents import document, look, product

from pipeline.cli import cli

# What the registers alone make.
BUILD = ("catalog", "build", "--no-builtin")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "good.xml").write_bytes(document(product() + product("1234-568", marks=look("CD;34"))))
    (tmp_path / "bad.xml").write_bytes(b"<html/>")
    result = run(*BUILD, "--spl", tmp_path / "good.xml", "--spl", tmp_path / "bad.xml", "--out", tmp_path / "c")
    assert result.exit_code == 0, result.output
    assert "2 products" in result.output and "bad.xml: not an SPL document" in result.output
    return tmp_path / "c"


def test_build_reports_as_json(built: Path) -> None:
    out = built.with_name("d")
    report = json.loads(run(*BUILD, "--spl", built.with_name("good.xml"), "--out", out, "--json").output)
    assert (report["products"], report["entries"], report["repeated"]) == (2, {"spl": 2}, 0)
    assert out.read_bytes() == built.read_bytes()


def test_the_day_of_the_download_dates_what_its_register_does_not(built: Path) -> None:
    table = built.with_name("c3pi.csv")
    table.write_text(
        "ndc11,part,generic_name,imprint,imprint_type,color,shape\n00001-0001-01,1,X,A,PRINTED,RED,OVAL\n", "utf-8"
    )
    out = built.with_name("f")
    build = (*BUILD, "--c3pi", table, "--spl", built.with_name("good.xml"), "--out", out)
    assert run(*build, "--retrieved", "2026-11-22").exit_code == 0
    products = [json.loads(line) for line in run("catalog", "export", out, "--json").output.splitlines()]
    dates = {product["source"]: product["source_date"] for product in products}
    assert dates["NLM C3PI"] == "2026-11-22" and dates["DailyMed"] not in ("", "2026-11-22")
    assert run(*build, "--retrieved", "yesterday").exit_code == 2


def test_info_export_check_and_ceiling(built: Path) -> None:
    info = json.loads(run("catalog", "info", built, "--json").output)
    assert info["products"] == 2 and info["filled"]["shape"] == 2 and info["registers"][0]["register"] == "DailyMed"
    assert "fingerprint" in run("catalog", "info", built).output
    lines = run("catalog", "export", built).output.splitlines()
    assert lines[0].startswith("product_id,name,drug") and len(lines) == 3
    first = json.loads(run("catalog", "export", built, "--json").output.splitlines()[0])
    assert first["tokens"] == ["AB", "12"]
    assert run("catalog", "check", built).output == "0 suspicious rows\n"
    assert json.loads(run("catalog", "check", built, "--json").output) == []
    assert "all tokens\t2\t100.0%" in run("catalog", "ceiling", built).output
    assert json.loads(run("catalog", "ceiling", built, "--json").output)["rows"][0]["known"] == "color + shape"


def test_build_adds_what_is_kept_by_hand(built: Path) -> None:
    build = ("catalog", "build", "--spl", built.with_name("good.xml"), "--out", built)
    assert "pillprint\t93" in run(*build).output
    assert run("search", "--imprint", "024", "--drug", "baclofen", "--catalog", built).output.startswith("tier")
    told = run("search", "--imprint", "024", "--drug", "baclofen", "--catalog", built, "--json").output
    assert json.loads(told)["hits"][0]["products"][0]["product_id"] == "pillprint:baclofen-10-trupharma-024"


def test_build_keeps_the_coverage(built: Path) -> None:
    build = (*BUILD, "--spl", built.with_name("good.xml"), "--out", built)
    assert run(*build, "--coverage", "0.9").exit_code == 0
    info = json.loads(run("catalog", "info", built, "--json").output)
    assert (info["coverage"], info["date"]) == (0.9, "2024-03-15")
    assert "coverage     0.9 of its market" in run("catalog", "info", built).output
    for wrong in ("0", "1", "90", "nan", "x"):
        result = run(*build, "--coverage", wrong)
        assert result.exit_code == 2 and "coverage" in result.stderr, wrong


def test_diff_and_migrate(built: Path) -> None:
    other = built.with_name("e")
    built.with_name("new.xml").write_bytes(document(product(marks=look(size="9")), version=2))
    assert run(*BUILD, "--spl", built.with_name("new.xml"), "--out", other).exit_code == 0
    told = run("catalog", "diff", built, other).output
    assert "size_mm: 7.0 -> 9.0" in told and told.splitlines()[-1].endswith(
        "0 appeared, 1 gone, 1 look, 0 other; 0 new look-alikes"
    )
    kinds = [json.loads(line)["kind"] for line in run("catalog", "diff", built, other, "--json").output.splitlines()]
    assert sorted(kinds) == ["gone", "look", "summary"]
    assert "already version" in run("catalog", "migrate", built).output


def _table(path: Path, *rows: str) -> Path:
    path.write_text("product_id,drug,strength,imprint,shape,colors,size_mm,source\n" + "\n".join((*rows, "")))
    return path


def test_diff_names_the_tablets_that_look_alike_since(tmp_path: Path) -> None:
    kept = "x:1,baclofen,10 mg,024,ROUND,WHITE,7,s"
    old = _table(tmp_path / "old.csv", kept, "x:2,clonidine,0.1 mg,025,ROUND,WHITE,7,s")
    other = ("x:3,baclofen,10 mg,024,ROUND,WHITE,7,s", "x:4,digoxin,0.125 mg,024,OVAL,WHITE,7,s")
    new = _table(tmp_path / "new.csv", kept, "x:2,clonidine,0.1 mg,024,ROUND,WHITE,7,s", *other)
    *_, last = run("catalog", "diff", old, new).output.splitlines()
    assert last.endswith(
        "2 appeared, 0 gone, 1 look, 0 other; 1 new look-alike: baclofen 10 mg and clonidine 0.1 mg (024, WHITE ROUND)"
    )
    *_, line = run("catalog", "diff", old, new, "--json").output.splitlines()
    (pair,) = json.loads(line)["look_alikes"]
    assert (pair["imprint"], pair["drugs"]) == ("024", ["baclofen 10 mg", "clonidine 0.1 mg"])
    assert run("catalog", "diff", new, new).output.endswith("0 new look-alikes\n")


def test_build_says_in_json_how_a_table_is_written_and_what_it_did_not_understand(tmp_path: Path) -> None:
    table = tmp_path / "c.csv"
    table.write_text(
        "ndc11;part;generic_name;imprint;imprint_type;color;shape;size_mm\n00002-3227-30;1;BACLOFEN;A1;;;;huge\n"
    )
    told = json.loads(run("catalog", "build", "--c3pi", table, "--out", tmp_path / "o.sqlite", "--json").output)
    assert told["notes"] == {str(table): ["separated by ';'"]}
    assert told["doubts_count"] == {str(table): 1} and "huge" in told["doubts"][str(table)][0]["reason"]


def test_search_says_first_that_no_product_carries_the_imprint(tmp_path: Path) -> None:
    table = _table(tmp_path / "c.csv", "x:1,baclofen,10 mg,,ROUND,WHITE,7,s", "x:2,digoxin,1 mg,024,ROUND,WHITE,7,s")
    first, second, *_ = run("search", "--imprint", "L484", "--catalog", table).output.splitlines()
    assert first == "No product carries L484." and second.startswith("These cannot be excluded")
    first, *_ = run("search", "--imprint", "024", "--color", "black", "--catalog", table).output.splitlines()
    assert first == "No product that fits the rest carries 024."
    assert run("search", "--imprint", "024", "--catalog", table).output.startswith("tier")
    told = json.loads(run("search", "--imprint", "L484", "--catalog", table, "--json").output)
    assert told["carried"] is False and told["products"] == 1


def test_search_for_a_misspelled_drug(tmp_path: Path) -> None:
    table = _table(tmp_path / "c.csv", "x:1,baclofen,10 mg,A,ROUND,WHITE,7,s")
    told = run("search", "--drug", "baclofn", "--catalog", table).output
    assert told.startswith("No product is named baclofn. Did you mean baclofen?\n") and "tier" not in told
    assert json.loads(run("search", "--drug", "baclofn", "--catalog", table, "--json").output)["did_you_mean"] == [
        "baclofen"
    ]


def test_search_shows_how_a_product_is_supplied_and_sold(tmp_path: Path) -> None:
    table = tmp_path / "c.csv"
    table.write_text(
        "product_id,name,drug,strength,imprint,labeler,dea_schedule,prescription,originals,source\n"
        "x:1,Xanax,alprazolam,1 mg,A1,Pfizer,CIV,RX,,s\nx:2,Alpram,alprazolam,2 mg,A1,Daewoo,,,item_name=알프람정,s\n"
    )
    header, first, second, *_ = [
        line.split("\t") for line in run("search", "--imprint", "A1", "--catalog", table).output.splitlines()
    ]
    rows = [dict(zip(header, row, strict=True)) for row in (first, second)]
    assert [(row["drug"], row["supply"], row["sold as"]) for row in rows] == [
        ("alprazolam 1 mg", "Rx CIV", "Xanax"),
        ("alprazolam 2 mg", "", "알프람정"),
    ]


def test_search_as_a_page_escapes_what_registers_say(tmp_path: Path) -> None:
    table = _table(
        tmp_path / "c.csv", "x:1,<script>alert(1)</script>,10 mg,A1,ROUND,WHITE,7,s", "x:2,warfarin,5 mg,A1,,,,s"
    )
    page = tmp_path / "p.html"
    assert run("search", "--imprint", "A1", "--catalog", table, "--html", page).exit_code == 0
    text = page.read_text("utf-8")
    assert "<script" not in text and "&lt;script&gt;" in text and "high-alert" in text and "Not medical advice" in text
    assert run("search", "--imprint", "A1", "--catalog", table, "--html", table).exit_code == 2


def test_search_in_a_pipe_and_as_json(built: Path) -> None:
    told = run("search", "--imprint", "AB12", "--catalog", built).output
    row = ("exact", "testol 10 mg", "AB 12", "WHITE ROUND 7 mm score 2", "Rx", "", "Test Labs", "1", "spl:")
    assert told.splitlines()[1].startswith("\t".join(row))
    answer = json.loads(run("search", "--imprint", "AB", "--imprint", "12", "--catalog", built, "--json").output)
    assert answer["counts"] == {"exact": 1} and answer["hits"][0]["labelers"] == ["Test Labs"]
    inside = json.loads(
        run("search", "--imprint", "024", "--color", "white", "--shape", "round", "--size", "7", "--json").output
    )
    assert inside["hits"][0]["products"][0]["drug"] == "baclofen"


def test_the_labels_own_sections_are_printed_by_drug_brand_and_product(tmp_path: Path) -> None:
    section = (
        '<component><section><code code="34067-9"/><title>Uses</title><text>For tests.</text></section></component>'
    )
    (tmp_path / "x.xml").write_bytes(document(product(name="Brandol"), sections=section))
    assert run(*BUILD, "--spl", tmp_path / "x.xml", "--out", tmp_path / "c").exit_code == 0
    product_id = json.loads(run("catalog", "export", tmp_path / "c", "--json").output)["product_id"]
    for name in ("testol", "brandol", product_id):
        shown = json.loads(run("monograph", name, "--catalog", tmp_path / "c", "--json").output)
        assert shown["origin"] == "label" and shown["sections"][0]["loinc"] == "34067-9"
    assert run("monograph", "aspirin", "--catalog", tmp_path / "c").exit_code == 2
    assert run("monograph", "baclofen", "--catalog", tmp_path / "c").output.startswith("Baclofen")


def test_wrong_use_says_so(built: Path) -> None:
    assert run("search").exit_code == 2
    nothing = run("catalog", "build", "--out", built)
    assert nothing.exit_code == 4 and "--spl" in nothing.output
    color = run("search", "--color", "mauve")
    assert color.exit_code == 2 and "WHITE" in color.output
    assert run("catalog", "info", built.with_name("none")).exit_code == 4


def test_registers_cannot_play_with_the_terminal(tmp_path: Path) -> None:
    header = "product_id,name,drug,imprint,source\n"
    (tmp_path / "t.csv").write_text(header + "x:1,\x1b[2J,\x1b]0;evil\x07,A1,s\n")
    assert "\x1b" not in run("search", "--imprint", "A1", "--catalog", tmp_path / "t.csv").output
