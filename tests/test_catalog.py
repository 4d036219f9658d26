"""The catalog: built whole or not at all, the same bytes twice, opened read-only from threads and processes."""

from __future__ import annotations

import os
import pickle
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spl_documents import document, look, product, zipped

from reference.audit.check import check
from reference.audit.diff import changes_between
from reference.audit.export import COLUMNS, write_csv
from reference.errors import CatalogError, InputError
from reference.importers import Log
from reference.importers.registers import REGISTERS
from reference.monographs import load_monograph
from reference.product import FactSource, ImprintCheck, Product, RegisterEntry
from reference.store.build import build_catalog
from reference.store.catalog import Catalog, open_catalog
from reference.store.connection import COUNTED_COVERAGE_MAX
from reference.store.migrations import migrate
from reference.store.writer import SCHEMA_VERSION, fill
from reference.text.ndc import possible_product_codes, product_code

SECTION = """<component><section><code code="34067-9" displayName="INDICATIONS"/><title>1 INDICATIONS</title>
  <text><paragraph>For <content>tests</content>.</paragraph><list><item>one</item><item>two</item></list></text>
  </section></component>"""
TABLET = Product(
    "t:1", "Testol 10 mg", "testol", "10 mg", labeler="A", imprint="TE;10", tokens=("TE", "10"), shape="ROUND",
    colors=("WHITE",), size_mm=7.0, score=2,
)  # fmt: skip


# What the registers alone make.
build_registers = partial(build_catalog, builtin=False)


def catalog_of(*products: Product) -> Catalog:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    fill(connection, map(RegisterEntry, products))
    return Catalog(connection, None, "test")


@pytest.fixture
def release(tmp_path: Path) -> Path:
    path = tmp_path / "release.zip"
    one = document(product("1234-567"), sections=SECTION)
    two = document(product("1234-568", marks=look("CD;34")), "aaaaaaaa-0000-4000-8000-000000000002")
    path.write_bytes(zipped({"rx/1.zip": zipped({"1.xml": one}), "rx/2.zip": zipped({"2.xml": two})}))
    return path


def test_building_twice_gives_the_same_bytes_in_any_order(tmp_path: Path, release: Path) -> None:
    other = tmp_path / "other.xml"
    other.write_bytes(document(product("1234-569"), "aaaaaaaa-0000-4000-8000-000000000003"))
    first = build_registers([("spl", release), ("spl", other)], tmp_path / "a.sqlite")
    second = build_registers([("spl", other), ("spl", release)], tmp_path / "b.sqlite")
    assert first.products == 3 and first.fingerprint == second.fingerprint
    assert (tmp_path / "a.sqlite").read_bytes() == (tmp_path / "b.sqlite").read_bytes()


def test_two_labels_of_one_version_give_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    for name, text in (("a", "tests"), ("b", "trials")):
        (tmp_path / f"{name}.xml").write_bytes(document(sections=SECTION.replace("tests", text)))
    built = []
    for order in ("ab", "ba"):
        sources = [("spl", tmp_path / f"{name}.xml") for name in order]
        assert build_registers(sources, tmp_path / order).products == 1
        built.append((tmp_path / order).read_bytes())
    assert built[0] == built[1]


def test_a_build_that_fails_leaves_the_old_catalog(tmp_path: Path, release: Path) -> None:
    out = tmp_path / "c.sqlite"
    build_registers([("spl", release)], out)
    before = out.read_bytes()
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    with pytest.raises(CatalogError):
        build_registers([("spl", release), ("c3pi", tmp_path / "bad.csv")], out)
    assert out.read_bytes() == before
    assert not list(tmp_path.glob(".*.partial"))


def test_a_build_that_is_killed_leaves_the_old_catalog(tmp_path: Path, release: Path) -> None:
    out = tmp_path / "c.sqlite"
    build_registers([("spl", release)], out)
    before = out.read_bytes()
    code = (
        "import os, signal, reference.store.build as b\n"
        "b._settle = lambda partial, out: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"from pathlib import Path\nb.build_catalog([('spl', Path({str(release)!r}))], Path({str(out)!r}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])})
    assert done.returncode == -9 and out.read_bytes() == before
    with open_catalog(out) as catalog:
        assert len(catalog) == 2


def test_nothing_to_build_from_and_nowhere_to_write(tmp_path: Path, release: Path) -> None:
    with pytest.raises(CatalogError, match="--spl"):
        build_registers([], tmp_path / "x")
    with pytest.raises(CatalogError, match="folder"):
        build_registers([("spl", release)], tmp_path)
    with pytest.raises(CatalogError, match="cannot write"):
        build_registers([("spl", release)], tmp_path / "no/where.sqlite")


def test_the_newest_version_of_a_label_stands_alone(tmp_path: Path) -> None:
    (tmp_path / "new.xml").write_bytes(document(product("1234-567", marks=look("NEW")), version=3))
    (tmp_path / "old.xml").write_bytes(document(product("1234-567") + product("1234-999"), version=2))
    build_registers([("spl", tmp_path)], tmp_path / "c.sqlite")
    with open_catalog(tmp_path / "c.sqlite") as catalog:
        assert [(pill.ndc, pill.tokens) for pill in catalog.products()] == [("1234-567", ("NEW",))]


def test_the_label_is_the_products_monograph(tmp_path: Path, release: Path) -> None:
    build_registers([("spl", release)], tmp_path / "c.sqlite")
    with open_catalog(tmp_path / "c.sqlite") as catalog:
        first, second = catalog.products()
        label = catalog.label(first.product_id)
        assert label is not None and label == catalog.monograph("testol") and label.origin == "label"
        assert label == catalog.monograph("TESTOL", first.product_id) and catalog.monograph("no such drug") is None
        assert catalog.monograph("baclofen", first.product_id) == load_monograph("baclofen")
        section = label.section("indications")
        assert section is not None and section.loinc == "34067-9"
        assert [statement.text for statement in section.statements] == ["For tests.", "one", "two"]
        assert catalog.label(second.product_id) is None


def test_a_catalog_survives_threads_and_pickling(tmp_path: Path, release: Path) -> None:
    build_registers([("spl", release)], tmp_path / "c.sqlite")
    for catalog in (open_catalog(tmp_path / "c.sqlite"), open_catalog()):
        with catalog, pickle.loads(pickle.dumps(catalog)) as copy, ThreadPoolExecutor(8) as pool:
            assert copy.fingerprint == catalog.fingerprint
            keys = [row.imprint_key for row in catalog.imprints()] * 10
            answers = list(pool.map(lambda key: len(copy.products_with([key])[key]), keys))
            assert sum(answers) == 10 * len(catalog)


def test_a_read_only_file_and_folder_are_enough(tmp_path: Path, release: Path) -> None:
    folder = tmp_path / "ro"
    folder.mkdir()
    build_registers([("spl", release)], folder / "c?#%.sqlite")
    (folder / "c?#%.sqlite").chmod(0o444)
    folder.chmod(0o555)
    try:
        with open_catalog(folder / "c?#%.sqlite") as catalog:
            assert len(catalog) == 2
        assert [path.name for path in folder.iterdir()] == ["c?#%.sqlite"]
    finally:
        folder.chmod(0o755)


def test_what_is_no_catalog_is_refused_with_a_way_out(tmp_path: Path, release: Path) -> None:
    with pytest.raises(CatalogError, match="cannot read"):
        open_catalog(tmp_path / "none")
    with pytest.raises(CatalogError, match="cannot read"):
        open_catalog(tmp_path)
    foreign = tmp_path / "foreign.sqlite"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    with pytest.raises(CatalogError, match="no pillprint catalog"):
        open_catalog(foreign)
    cut = tmp_path / "cut.sqlite"
    build_registers([("spl", release)], cut)
    cut.write_bytes(cut.read_bytes()[:3000])
    with pytest.raises(CatalogError, match=r"build it again|damaged"), open_catalog(cut) as catalog:
        list(catalog.products())


def test_newer_and_older_versions(tmp_path: Path, release: Path) -> None:
    path = tmp_path / "c.sqlite"
    build_registers([("spl", release)], path)
    with open_catalog(path) as catalog:
        whole = catalog.rows("SELECT * FROM imprint_look"), catalog.rows("SELECT * FROM imprint")
    _set(path, f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    with pytest.raises(CatalogError, match="update it"):
        open_catalog(path)
    with pytest.raises(CatalogError, match="update it"):
        migrate(path)
    without_checks = "ALTER TABLE product DROP COLUMN imprint_check"
    _set(path, without_checks, "PRAGMA user_version=3")
    assert migrate(path) == (3, SCHEMA_VERSION)
    _set(path, without_checks, "DROP TABLE fact_source", "PRAGMA user_version=2")
    assert migrate(path) == (2, SCHEMA_VERSION)
    older = (without_checks, "DROP TABLE fact_source", "DROP TABLE imprint_look", "UPDATE imprint SET characters = 'x'")
    _set(path, *older, "PRAGMA user_version=1")
    with pytest.raises(CatalogError, match="catalog migrate"):
        open_catalog(path)
    assert migrate(path) == (1, SCHEMA_VERSION)
    assert migrate(path) == (SCHEMA_VERSION, SCHEMA_VERSION)
    with open_catalog(path) as catalog:
        assert whole == (catalog.rows("SELECT * FROM imprint_look"), catalog.rows("SELECT * FROM imprint"))
        assert all(pill.source_of("shape").source == "DailyMed" for pill in catalog.products())
        assert {pill.imprint_check for pill in catalog.products()} == {None}


def _set(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


text = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=8)
words = st.lists(st.from_regex(r"[0-9A-Z]{1,4}", fullmatch=True), max_size=3).map(tuple)


@settings(max_examples=40)
@given(
    text,
    text,
    words,
    st.none() | st.floats(1, 40),
    st.none() | st.booleans(),
    st.lists(st.tuples(text, text), max_size=2),
)
def test_a_product_comes_back_as_it_was(
    name: str,
    labeler: str,
    tokens: tuple[str, ...],
    size: float | None,
    symbol: bool | None,
    pairs: list[tuple[str, str]],
) -> None:
    given_product = replace(
        TABLET, name=name, labeler=labeler, tokens=tokens, faces=(tokens, ()) if tokens else (), size_mm=size,
        symbol=symbol, originals=tuple(pairs), colors=("BLUE", "WHITE"), ingredients=("a", "b c"),
        fact_sources=(FactSource("faces", name or "x"), FactSource("rxcui", "RxNorm", "https://x", "2026-01-02")),
        imprint_check=ImprintCheck("2026-11-29", (name, labeler), 0.5, tokens, name) if symbol else None,
    )  # fmt: skip
    with catalog_of(given_product) as catalog:
        assert catalog.product("t:1") == given_product
        assert catalog.products_with([given_product.imprint_key]) == {given_product.imprint_key: (given_product,)}
        assert [row.tokens for row in catalog.imprints()] == [tuple(sorted(tokens))]


def test_every_fact_has_a_source_and_a_date(tmp_path: Path, release: Path) -> None:
    table = tmp_path / "c3pi.csv"
    table.write_text(
        "ndc11,part,generic_name,imprint,imprint_type,color,shape,rxcui,rxnorm_name\n"
        "00001-0001-01,1,TESTOL,A,PRINTED,RED,OVAL,7,Testol 5 MG Oral Tablet\n00001-0002-01,1,TESTOL,B,,RED,OVAL,,\n"
    )
    day = datetime(2026, 3, 4, 12, tzinfo=UTC).timestamp()
    os.utime(table, (day, day))
    sources = [("c3pi", table), ("spl", release)]
    dated = build_registers(sources, tmp_path / "a.sqlite", retrieved=date(2026, 5, 6))
    assert build_registers(sources, tmp_path / "b.sqlite").fingerprint == dated.fingerprint
    for path, retrieved in ((tmp_path / "a.sqlite", "2026-05-06"), (tmp_path / "b.sqlite", "2026-03-04")):
        with open_catalog(path) as catalog:
            pills = {pill.ndc: pill for pill in catalog.products()}
            facts = [pill.source_of(field) for pill in pills.values() for field in COLUMNS]
        assert all(fact.source and fact.url and fact.date for fact in facts)
        named, plain, label = pills["00001-0001-01"], pills["00001-0002-01"], pills["1234-567"]
        elsewhere = {fact.field: (fact.source, fact.date) for fact in named.fact_sources}
        assert elsewhere == dict.fromkeys(
            ("drug", "ingredients", "rxcui", "strength"), ("RxNorm, in the C3PI table", retrieved)
        )
        assert (named.source_of("shape").source, named.source_of("shape").date) == ("NLM C3PI", retrieved)
        assert plain.fact_sources == label.fact_sources == () and label.source_of("shape").date == "2024-03-15"


def test_what_is_kept_by_hand_is_part_of_every_catalog(tmp_path: Path, release: Path) -> None:
    with open_catalog() as inside:
        own = list(inside.products())
    report = build_catalog([("spl", release)], tmp_path / "c.sqlite")
    assert report.entries == {"spl": 2, "pillprint": len(own)} and report.products == len(own) + 2
    with open_catalog(tmp_path / "c.sqlite") as catalog:
        assert [pill for pill in catalog.products() if pill.product_id.startswith("pillprint:")] == own
    again = build_catalog([("spl", release)], tmp_path / "d.sqlite")
    assert (tmp_path / "d.sqlite").read_bytes() == (tmp_path / "c.sqlite").read_bytes()
    without = build_catalog([("spl", release)], tmp_path / "c.sqlite", builtin=False)
    assert without.products == 2 and without.fingerprint != again.fingerprint
    with pytest.raises(CatalogError, match="nothing to build from"):
        build_catalog([], tmp_path / "c.sqlite")


@pytest.mark.parametrize(("imprint", "color"), [("024", "YELLOW"), ("024", "WHITE"), ("024;R", "YELLOW")])
def test_what_a_register_has_too_does_not_compete(tmp_path: Path, imprint: str, color: str) -> None:
    table = tmp_path / "c3pi.csv"
    table.write_text(
        "ndc11,part,labeler,generic_name,imprint,imprint_type,color,shape\n"
        f"00228-4024-99,1,1 mg,ALPRAZOLAM,{imprint},DEBOSSED,{color},ROUND\n"
    )
    build_catalog([("c3pi", table)], tmp_path / "c.sqlite")
    with open_catalog(tmp_path / "c.sqlite") as catalog:
        own, register = catalog.product("pillprint:00228-4024-11"), catalog.product("c3pi:00228-4024-99:1")
        assert register is not None and catalog.product("pillprint:baclofen-10-trupharma-024") is not None
        if (imprint, color) == ("024", "YELLOW"):
            assert own is not None and catalog.groups_of([own, register]) == ((own, register),)
        else:
            assert own is None


def test_licenses_and_items_kept_by_hand_are_the_registers_own(tmp_path: Path, shared_data: Path) -> None:
    sources = [(name, shared_data / f"catalog/{name}_pills.csv") for name in ("tfda", "mfds")]
    build_catalog(sources, tmp_path / "c.sqlite")
    with open_catalog(tmp_path / "c.sqlite") as catalog:
        for own in ("tfda-041548", "tfda-022903", "tfda-017082", "mfds-198800355"):
            pill = catalog.product(f"pillprint:{own}")
            assert pill is not None
            groups = catalog.groups_of(catalog.products_with([pill.imprint_key])[pill.imprint_key])
            assert [len(group) for group in groups if pill in group] == [2], own


def test_a_catalog_is_of_the_market_of_most_of_its_products() -> None:
    """What a build wrote, and what is counted where an older build wrote nothing."""

    def market(*markets: str) -> tuple[str, str]:
        products = [
            replace(TABLET, product_id=f"t:{number}", market=market) for number, market in enumerate(markets, 1)
        ]
        with catalog_of(*products) as catalog:
            written = catalog.market
        with catalog_of(*products) as catalog:
            catalog.rows("DELETE FROM meta WHERE key = 'markets'")
            return written, catalog.market

    assert market("US", "US", "US", "TW") == ("US", "US")
    assert market("US", "US", "TW") == ("", "")


def test_how_much_of_its_market_a_catalog_holds(tmp_path: Path, release: Path) -> None:
    path = tmp_path / "c.sqlite"
    build_registers([("spl", release)], path)
    with open_catalog(path) as catalog:
        assert catalog.coverage(50_000) == 2 / 50_000 and catalog.stated_coverage is None
        assert catalog.coverage(2) == catalog.coverage(1) == COUNTED_COVERAGE_MAX
        for world in (0, -1):
            with pytest.raises(InputError, match="above 0"):
                catalog.coverage(world)
    build_registers([("spl", release)], path, coverage=0.9)
    with open_catalog(path) as stated, open_catalog(path, coverage=0.25) as told:
        assert (stated.coverage(50_000), told.coverage(50_000)) == (0.9, 0.25)
        for catalog in (told, told.without("AB;12")):
            assert pickle.loads(pickle.dumps(catalog)).coverage(50_000) == 0.25
        assert stated.without("AB;12").coverage(7) == 0.9
    with open_catalog(coverage=0.3) as inside:
        assert pickle.loads(pickle.dumps(inside)).coverage(9) == 0.3
    for wrong in (0.0, 1.0, -0.1, 90.0, float("nan")):
        with pytest.raises(InputError, match="above 0 and below 1"):
            open_catalog(path, coverage=wrong)
        with pytest.raises(InputError, match="above 0 and below 1"):
            build_registers([("spl", release)], tmp_path / "no", coverage=wrong)
    _set(path, "UPDATE meta SET value = 'much' WHERE key = 'coverage'")
    with open_catalog(path) as damaged, pytest.raises(CatalogError, match="build it again"):
        damaged.coverage(50_000)


def test_a_catalog_is_as_new_as_the_newest_of_its_sources(tmp_path: Path, release: Path) -> None:
    path = tmp_path / "c.sqlite"
    build_registers([("spl", release)], path)
    with open_catalog(path) as catalog:
        assert catalog.date == "2024-03-15"
    _set(path, "DELETE FROM meta WHERE key = 'date'")  # as older catalogs are
    with open_catalog(path) as catalog:
        assert catalog.date == catalog.without("AB;12").date == "2024-03-15"
    older, odd = replace(TABLET, source_date="2020-01-02"), replace(TABLET, product_id="t:2", source_date="soon")
    with catalog_of(TABLET) as undated, catalog_of(older, odd) as dated:
        assert (undated.date, dated.date) == ("", "2020-01-02")


def test_the_same_tablet_under_many_names() -> None:
    relabeled = replace(TABLET, product_id="t:2", name="TESTOL", drug="testol hydrochloride", labeler="B", size_mm=8.0)
    other_color = replace(TABLET, product_id="t:3", colors=("PINK",))
    other_strength = replace(TABLET, product_id="t:4", strength="20 mg")
    unknown_look = replace(TABLET, product_id="t:5", shape="", colors=(), size_mm=None, score=None, labeler="C")
    far = replace(TABLET, product_id="t:6", size_mm=9.0)
    blank = [replace(TABLET, product_id=f"t:{n}", tokens=(), imprint="") for n in (7, 8)]
    with catalog_of(TABLET) as catalog:
        groups = catalog.groups_of([TABLET, relabeled, other_color, other_strength, unknown_look, far, *blank])
    assert [[pill.product_id for pill in group] for group in groups] == [
        ["t:1", "t:2", "t:5"], ["t:3"], ["t:4"], ["t:6"], ["t:7"], ["t:8"],
    ]  # fmt: skip


def test_what_changed_between_two_builds() -> None:
    changed = replace(TABLET, product_id="t:2", size_mm=8.0)
    renamed = replace(TABLET, product_id="t:3", labeler="B")
    with (
        catalog_of(TABLET, *(replace(TABLET, product_id=f"t:{n}") for n in (2, 3))) as old,
        catalog_of(changed, renamed, replace(TABLET, product_id="t:4")) as new,
    ):
        changes = [(change.kind, change.product.product_id, change.fields) for change in changes_between(old, new)]
    assert changes == [
        ("gone", "t:1", ()),
        ("look", "t:2", (("size_mm", "7.0", "8.0"),)),
        ("other", "t:3", (("labeler", "A", "B"),)),
        ("appeared", "t:4", ()),
    ]


def test_suspicious_rows_are_listed() -> None:
    rows = [
        replace(TABLET, product_id="t:cap", shape="CAPSULE", size_mm=2.0, score=1),
        replace(TABLET, product_id="t:mg", labeler="1 mg", tokens=("X",)),
        replace(TABLET, product_id="t:a", tokens=("4096", "10"), imprint="4096;10"),
        replace(TABLET, product_id="t:b", tokens=("4096", "10"), imprint="4096;10"),
        replace(TABLET, product_id="t:c", tokens=("4096", "TV"), imprint="TV;4096"),
    ]
    found = {(finding.rule, finding.product_id) for finding in check(rows)}
    assert found == {("size", "t:cap"), ("labeler", "t:mg"), ("imprint of twins", "t:c")}


def test_the_shared_table_shows_its_known_errors(shared_data: Path) -> None:
    entries = REGISTERS["c3pi"].entries(shared_data / "catalog/c3pi_pills.csv", Log())
    found = {(finding.rule, finding.product_id) for finding in check(entry.product for entry in entries)}
    assert {("labeler", "c3pi:00228-4024-11:1"), ("size", "c3pi:00054-2527-31:1")} <= found


def test_export_defuses_formulas(tmp_path: Path) -> None:
    with (tmp_path / "x.csv").open("w", newline="") as out:
        assert write_csv([replace(TABLET, name="=HYPERLINK(1)", labeler="-x")], out) == 1
    header, row = (tmp_path / "x.csv").read_text().splitlines()
    assert tuple(header.split(",")) == COLUMNS
    assert "'=HYPERLINK(1)" in row and ",'-x," in row


@pytest.mark.parametrize(
    ("ndc", "codes"),
    [
        ("0054-0010-25", ("000540010",)),
        ("00054-0010-25", ("000540010",)),
        ("00054001025", ("000540010",)),
        ("0054001025", ("000540010", "005400010", "005400102")),
        ("0054-0010", ("000540010",)),
        ("68382-040-01", ("683820040",)),
        ("0054–0010—25", ("000540010",)),
        ("0054 0010 25", ("000540010",)),
        ("0054.0010.25", ("000540010",)),
        ("NDC 0054-0010-25", ("000540010",)),
        ("NDC: 54868-0010", ("548680010",)),
        ("NDC11: 00054001025", ("000540010",)),
        ("ndc#00054-0010-25", ("000540010",)),
        ("N400054001025", ("000540010",)),
        ("'00054001025", ("000540010",)),
        ("*0054-0010-25", ("000540010",)),
        ("54001025.0", ()),
        ("00054001025.0", ("000540010",)),
        ("００５４−００１０−２５", ("000540010",)),
        ("0054 - 0010 - 25", ("000540010",)),
        ("000054-0010-25", ("000540010",)),
        ("000054001025", ("000540010",)),
        ("123456-7890-12", ("1234567890",)),
        ("123456789012", ("1234567890",)),
        ("'" * 5000 + "x", ()),
        ("n/a", ()),
        ("", ()),
        ("١٢٣٤٥٦٧٨٩٠١", ()),
    ],
)
def test_ndc_forms(ndc: str, codes: tuple[str, ...]) -> None:
    assert possible_product_codes(ndc) == codes
    assert product_code(ndc) == (codes[0] if len(codes) == 1 else "")


@pytest.mark.parametrize(
    ("imprint", "kind"),
    [
        ("10-Oct", "a date"), ("Oct-10", "a date"), ("10-oct-24", "a date"), ("2026-10-10", "a date"),
        ("TE;10-Oct", "a date"), ("10/10/2026", "a date"), ("1.00E+10", "a large number"), ("1E10", "a large number"),
        ("24.0", "a number with decimals"), ("#NAME?", "a formula"),
    ],
)  # fmt: skip
def test_check_names_what_a_spreadsheet_mangled(imprint: str, kind: str) -> None:
    (found,) = (one for one in check([replace(TABLET, imprint=imprint)]) if one.rule == "spreadsheet")
    assert "looks mangled by a spreadsheet" in found.sentence and kind in found.sentence


@pytest.mark.parametrize(
    "imprint", ["DEC", "APR;10", "5/325", "10/20", "1.0", "E 10", "5E", "10-20", "54;024", "AUG 625"]
)
def test_check_leaves_real_imprints_alone(imprint: str) -> None:
    assert not list(check([replace(TABLET, imprint=imprint)]))


def test_check_names_lost_zeros() -> None:
    lost, whole = (
        replace(TABLET, product_id=f"t:{imprint}", imprint=imprint, tokens=(imprint,), source=imprint)
        for imprint in ("24", "024")
    )
    assert [(one.product_id, one.rule) for one in check([lost, whole])] == [("t:24", "spreadsheet")]
    other = replace(whole, drug="other")
    assert not list(check([lost, other]))
    numbers = [
        replace(TABLET, product_id=f"t:{number}", imprint=str(number), tokens=(str(number),), source="A register")
        for number in range(100, 300)
    ]
    assert [(one.product_id, one.rule) for one in check(numbers)] == [("A register", "spreadsheet")]
    assert not list(check([*numbers, replace(numbers[0], product_id="t:x", imprint="024", drug="other")]))
