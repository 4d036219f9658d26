"""The results: every form has the columns that docs/results.md lists, and can be asked as it says."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from pretend import answer, inline
from spl_documents import document

from pipeline.batch import BatchSettings, Summary, open_list, run_batch
from pipeline.batch.columns import COLUMNS, NAMES, PARTS, SCHEMA, Column, Kind, all_columns, own_columns
from pipeline.batch.rows import result
from pipeline.batch.sinks import ALWAYS, SINKS
from pipeline.cli.batch import batch as command
from pipeline.cli.group import cli
from pipeline.errors import EngineMissingError
from pipeline.records import Candidate, Decision, Identification, ScaleSource
from pipeline.review import VERDICTS
from reference.store.catalog import open_catalog

ROOT = Path(__file__).parents[1]
DOCS = (ROOT / "docs/results.md").read_text("utf-8")
SAMPLES = ROOT / "samples"


class Varied:
    """Answers by the photo's name."""

    def identify(self, photo: Path, **told: object) -> Identification:
        if "bad" in photo.name:
            raise ValueError("=cmd()")
        return answer(Decision.IDENTIFIED if "a" in photo.name else Decision.UNKNOWN)


def batch(place: Path, also: tuple[str, ...] = ()) -> Summary:
    photos = place / "photos"
    photos.mkdir(exist_ok=True)
    for name in ("a.jpg", "b.jpg", "bad.jpg", "=c.jpg"):
        (photos / name).write_bytes(name.encode())
    settings = BatchSettings(also=also)
    return run_batch(photos, place / "out", Varied(), {}, settings, execute=inline)  # type: ignore[arg-type]


def rows(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


# ----------------------------------------------------------------------------------------------------------- the schema


def test_the_docs_list_every_column_with_its_kind_in_order() -> None:
    listed = re.findall(r"(?m)^\| `(\w+)` \| ([a-z ]+) \|", DOCS)
    assert listed == [(column.name, column.kind.value) for column in COLUMNS]
    assert f"This is schema {SCHEMA}." in DOCS


@pytest.mark.parametrize("kind", PARTS, ids=lambda kind: kind.name)
def test_the_docs_list_what_elements_of_lists_have(kind: Kind) -> None:
    word = {Kind.PHOTOS: "photo", Kind.BOXES: "box", Kind.CANDIDATES: "candidate"}[kind]
    (line,) = re.findall(rf"(?m)^\| {word} \| (.*) \|$", DOCS)
    assert re.findall(r"`(\w+)` \((\w+)", line) == [(name, part.value) for name, part in PARTS[kind].items()]


def test_a_real_row_has_the_columns_and_kinds(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/a.jpg").write_bytes((SAMPLES / "024_both_ruler.jpg").read_bytes())
    out = tmp_path / "out"
    command = ["batch", str(tmp_path / "photos"), "--out", str(out), "--workers", "1", "--no-report"]
    assert CliRunner().invoke(cli, command).exit_code == 0
    (row,) = rows(out)
    assert tuple(row) == NAMES
    kinds = {Kind.TEXT: str, Kind.INTEGER: int, Kind.REAL: (int, float)}
    for column in COLUMNS:
        cell = row[column.name]
        assert cell is None or isinstance(cell, kinds.get(column.kind, list)), column
        for element in cell if isinstance(cell, list) and column.kind in PARTS else ():
            assert set(element) <= set(PARTS[column.kind]), column
    found = {name for name, cell in row.items() if cell not in (None, [])}
    assert found >= {"size_mm", "size_width_mm", "size_sigma_mm", "scale", "scale_mm_per_px", "sha256", "boxes"}
    assert found >= {"shape_probability", "color_probability", "imprint_confidence", "candidates", "mtime_ns"}
    assert json.loads((out / "summary.json").read_text())["schema"] == SCHEMA


def test_the_docs_list_every_code() -> None:
    rooms = [(ROOT / "pipeline/match" / name).read_text("utf-8") for name in ("advice.py", "retake.py")]
    codes = {
        "decision": {decision.value for decision in Decision},
        "advice_code": set(re.findall(r'"([A-Z]+(?:_[A-Z]+)*)"', "".join(rooms))),
        "scale": {source.value for source in ScaleSource},
        "verdict": set(VERDICTS),
    }
    for column, known in codes.items():
        (line,) = re.findall(rf"(?m)^\| `{column}` \| text \| (.*) \|$", DOCS)
        assert set(re.findall(r"`([A-Za-z_ ]+)`", line)) == known, column


def test_columns_of_ones_own_never_hide_ours() -> None:
    assert own_columns(["ward", "Drug", "photo"]) == ("ward", "list_Drug", "list_photo")
    assert all_columns(("x",))[:-1] == COLUMNS


# ------------------------------------------------------------------------------------------------------------ the forms


def test_a_form_is_written_when_it_is_asked_for_and_else_removed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    summary = batch(tmp_path, ("sqlite",))
    assert set(summary.results) == {*ALWAYS, "sqlite"} and (out / "results.sqlite").exists()
    batch(tmp_path)
    assert {path.suffix[1:] for path in out.glob("results.*")} == set(ALWAYS)


def test_a_spreadsheet_knows_the_table_for_utf_8_and_takes_no_cell_for_a_formula(tmp_path: Path) -> None:
    batch(tmp_path)
    content = (tmp_path / "out/results.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfphoto,decision,drug")
    table = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [row["photo"] for row in table] == ["'=c.jpg", "a.jpg", "b.jpg", "bad.jpg"]
    assert tuple(table[0]) == tuple(column.name for column in COLUMNS if column.in_table)
    assert not {"mtime_ns", "ctime_ns"} & set(table[0])
    assert rows(tmp_path / "out")[0]["photo"] == "=c.jpg", "defused in the table alone"


@hypothesis.settings(max_examples=40, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=8))
def test_no_cell_is_a_formula(tmp_path: Path, text: str) -> None:
    columns = (Column("a"), Column("b", Kind.TEXTS), Column(text or "c"))
    with SINKS["csv"](tmp_path / "x.csv", columns) as add:
        add({"a": text, "b": [text], text or "c": text})
    head, cells = csv.reader(io.StringIO((tmp_path / "x.csv").read_bytes().decode("utf-8-sig"), newline=""))
    for cell in (head[2], *cells):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert cells[1].removeprefix("'") == text.removeprefix("'")


def test_a_database_has_every_cell_and_its_candidates(tmp_path: Path) -> None:
    batch(tmp_path, ("sqlite",))
    base = sqlite3.connect(tmp_path / "out/results.sqlite")
    assert base.execute("PRAGMA user_version").fetchone() == (SCHEMA,)
    assert base.execute("SELECT * FROM meta").fetchall() == [("schema", str(SCHEMA))]
    assert [name for _, name, *_ in base.execute("PRAGMA table_info(result)")] == ["id", *NAMES]
    for row, cells in zip(rows(tmp_path / "out"), base.execute("SELECT * FROM result ORDER BY id"), strict=True):
        assert [
            json.loads(cell) if isinstance(row[name], list) else cell
            for name, cell in zip(NAMES, cells[1:], strict=True)
        ] == [*row.values()]
    found = base.execute(
        "SELECT photo, rank, c.drug, c.probability FROM result JOIN candidate c ON result_id = result.id"
    )
    assert ("a.jpg", 1, "baclofen", 0.97) in found.fetchall()
    base.close()


def test_columns_of_ones_own_come_last_in_every_form(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/a.jpg").write_bytes(b"a")
    (tmp_path / "list.csv").write_bytes(b'path,ward,WARD,id,drug,q"q,\xff\na.jpg,3,4,5,6,7,\xfe\n')
    settings = BatchSettings(also=("sqlite", "parquet"))
    photos = open_list(tmp_path / "list.csv", tmp_path / "photos")
    run_batch(photos, tmp_path / "out", Varied(), {}, settings, execute=inline)  # type: ignore[arg-type]
    own = {"ward": "3", "WARD": "4", "id": "5", "list_drug": "6", 'q"q': "7", "\\xff": "\\xfe"}
    (row,) = rows(tmp_path / "out")
    assert list(row.items())[-6:] == list(own.items())
    base = sqlite3.connect(tmp_path / "out/results.sqlite")
    assert base.execute("SELECT * FROM result").fetchone()[-6:] == tuple(own.values())
    assert [name for _, name, *_ in base.execute("PRAGMA table_info(result)")][-6:] == [
        "ward",
        "WARD_",
        "id_",
        *[*own][3:],
    ]
    base.close()
    parquet = pytest.importorskip("pyarrow.parquet")
    assert list(parquet.read_table(tmp_path / "out/results.parquet").to_pylist()[0].items())[-6:] == list(own.items())


def test_a_damaged_disk_under_a_database_is_an_error_of_the_disk(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match=r"x.sqlite: no such table"),
        SINKS["sqlite"](tmp_path / "x.sqlite", COLUMNS) as add,
    ):
        raise sqlite3.OperationalError("no such table")
    assert not (tmp_path / "x.sqlite").exists() and add


def test_without_pyarrow_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(EngineMissingError, match=r"results.parquet: needs pyarrow; .*pip install pyarrow"):
        batch(tmp_path, ("parquet",))


# ---------------------------------------------------------------------------------------------------- asked in one line


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with results in all forms, and the catalog that the test's answers are from."""
    pytest.importorskip("pyarrow", reason="needs the extra `parquet`")
    place = tmp_path_factory.mktemp("asked")
    batch(place, ("parquet", "sqlite"))
    return place / "out"


def blocks(language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", DOCS)


@pytest.mark.parametrize("query", [query for query in blocks("sql") if "ATTACH" not in query])
def test_duckdb_answers_what_the_docs_ask(asked: Path, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    duckdb = pytest.importorskip("duckdb", reason="needs the extra `parquet`")
    monkeypatch.chdir(asked)
    found = duckdb.sql(query).fetchall()
    if "GROUP BY decision" in query:
        assert found == [("IDENTIFIED", 1), ("UNKNOWN", 2), (None, 1)]
    elif "unnest" in query:
        assert [row[1:] for row in found] == [("baclofen", 0.97)] * 3
    elif "advice_code" in query:
        assert found == [(None, 2)]
    else:
        assert len(found) == 1 and "pillprint failed on this photo" in found[0][1]


@pytest.mark.parametrize("line", blocks("python"))
@pytest.mark.filterwarnings("ignore")
def test_pandas_answers_what_the_docs_ask(asked: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    pandas = pytest.importorskip("pandas", reason="needs the extra `parquet`")
    monkeypatch.chdir(asked)
    found = eval(line, {"pandas": pandas})
    if "groupby" in line:
        assert found.to_dict() == {"IDENTIFIED": 1, "UNKNOWN": 2}
    elif "explode" in line:
        assert len(found) == 4
    else:
        assert found.values.tolist() == [["a.jpg", "baclofen", "10 mg", 0.97]]


def test_a_database_joins_a_catalog_by_product_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "good.xml").write_bytes(document())
    build = ["catalog", "build", "--spl", str(tmp_path / "good.xml"), "--out", str(tmp_path / "catalog.sqlite")]
    built = CliRunner().invoke(cli, build)
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a.jpg").write_bytes(b"a")
    product = next(open_catalog().products())

    class Knows:
        def identify(self, photo: Path) -> Identification:
            return replace(answer(), candidates=(Candidate((product,), 0.97, 12.0, ()),))

    run_batch(photos, tmp_path / "results", Knows(), {}, BatchSettings(also=("sqlite",)), execute=inline)  # type: ignore[arg-type]
    assert built.exit_code == 0, built.output
    monkeypatch.chdir(tmp_path)
    base = sqlite3.connect(tmp_path / "results/results.sqlite")
    attach, query = next(query for query in blocks("sql") if "ATTACH" in query).strip().splitlines()
    base.execute(attach)
    assert base.execute(query).fetchall() == [("a.jpg", product.drug, product.ndc, product.dosage_form)]
    base.close()


def test_every_row_of_every_kind_goes_into_every_form(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="needs the extra `parquet`")
    whole = result({"photo": "a", "further": [{"photo": "b", "sha256": None}], "imprint": ["x"]}, {})
    for form, sink in SINKS.items():
        with sink(tmp_path / f"x.{form}", COLUMNS) as add:
            add(whole)
        assert (tmp_path / f"x.{form}").stat().st_size


def test_the_command_offers_every_form() -> None:
    (also,) = [option for option in command.params if option.name == "also"]
    assert list(also.type.choices) == [form for form in SINKS if form not in ALWAYS]  # type: ignore[attr-defined]
