"""A catalog as if one imprint were not in it: the other products stay, the imprint's are found in no way."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.identifier import Identifier
from pipeline.records import Decision
from reference.errors import CatalogError
from reference.product import Product, RegisterEntry
from reference.search.query import query
from reference.search.search import search
from reference.store.catalog import Catalog, open_catalog
from reference.store.writer import fill
from reference.text.imprints import characters, tokens


def pill(imprint: str, number: int = 1, **more: object) -> Product:
    return Product(
        f"t:{imprint}:{number}", f"{imprint} {number}", f"drug {imprint}", "10 mg", imprint=imprint,
        tokens=tokens(imprint), shape="ROUND", colors=("WHITE",), size_mm=7.0, score=1, **more,  # type: ignore[arg-type]
    )  # fmt: skip


PILLS = (
    pill("024"), pill("024", 2), pill("40;2"), pill("2;0;4"), pill("0;2;4;0;2;4"), pill("00;22;44"), pill("0244"),
    pill("54;024"), pill("025"), pill(""),
)  # fmt: skip


@pytest.fixture
def catalog() -> Iterator[Catalog]:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    fill(connection, map(RegisterEntry, PILLS))
    with Catalog(connection, None, "test") as opened:
        yield opened


def names(catalog: Catalog) -> set[str]:
    return {product.imprint for product in catalog.products()}


def test_the_same_letters_and_digits_in_any_order_are_absent(catalog: Catalog) -> None:
    assert names(catalog.without("024")) == {"00;22;44", "0244", "54;024", "025", ""}
    assert names(catalog.without("2;40;2;40")) == names(catalog.without("024")) - {"00;22;44"}
    assert names(catalog.without("420")) == names(catalog.without("024"))
    assert names(catalog.without("ZZ")) == names(catalog)
    assert names(catalog.without("")) == names(catalog) - {""}
    assert names(catalog.without("024").without("025")) == {"00;22;44", "0244", "54;024", ""}


def test_what_is_absent_is_found_in_no_way(catalog: Catalog) -> None:
    view = catalog.without("024")
    assert len(view) == 5 and len(catalog) == len(PILLS)
    assert view.product("t:024:1") is None and catalog.product("t:024:1") is not None
    assert list(view.products_with(["024", "0;2;4", "025"])) == ["025"]
    assert {product.drug for product in view.products()}.isdisjoint({"drug 024", "drug 0;2;4"})
    assert view.label("t:024:1") is None
    for asked in (
        query("024"),
        query("0*4"),
        query("4"),
        query(shape="ROUND"),
        query(drug="drug"),
        query("0", size="7"),
    ):
        found = search(view, asked, limit=1000)
        shown = {product.imprint for hit in found.hits for product in hit.products}
        whole = {product.imprint for hit in search(catalog, asked, limit=1000).hits for product in hit.products}
        assert shown == whole & names(view), asked
        assert found.products == sum(len(hit.products) for hit in found.hits)
    hits = search(view, query("024", drug="drug 024")).hits
    assert {hit.product.imprint for hit in hits} == {"54;024", "0244"}


def test_the_ids_of_the_imprints_stay(catalog: Catalog) -> None:
    view = catalog.without("024")
    rows = list(zip(catalog.imprints(), view.imprints(), strict=True))
    assert sum(row.products for _, row in rows) == len(view)
    for number, (whole, row) in enumerate(rows, 1):
        assert row == (("", 0, 0) if number in view.absent else whole)
    assert catalog.absent == frozenset() and view.fingerprint == f"{catalog.fingerprint} without 024"
    for opened in (catalog, view):
        keys, texts = opened.imprint_texts()
        assert list(keys) == [row.imprint_key for row in opened.imprints()]
        assert list(texts) == [characters(";".join(set(tokens(key)))) for key in keys]


def test_a_view_survives_threads_and_pickling_and_leaves_its_catalog_open(tmp_path: Path) -> None:
    for catalog in (open_catalog(), open_catalog().without("025")):
        with catalog.without("024") as view, ThreadPoolExecutor(4) as pool:
            copy = pickle.loads(pickle.dumps(view))
            assert (len(copy), copy.absent, copy.fingerprint) == (len(view), view.absent, view.fingerprint)
            assert not any(pool.map(lambda _, view=view: view.products_with(["024"]), range(20)))
        assert len(catalog) > len(view)
    with open_catalog() as closed:
        view = closed.without("024")
    with pytest.raises(CatalogError):
        len(view)


def test_a_view_keeps_a_catalog_alive_that_nobody_else_holds() -> None:
    view = open_catalog().without("024")
    assert view.product("pillprint:baclofen-10-trupharma-024") is None and len(view) > 60


@given(st.lists(st.from_regex(r"[01A]{1,2}", fullmatch=True), max_size=4), st.permutations(range(4)))
def test_a_view_leaves_out_exactly_what_has_the_same_characters(words: list[str], order: list[int]) -> None:
    imprint = ";".join(words)
    shuffled = ";".join(words[number] for number in order if number < len(words))
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    others = [pill(text) for text in ("0", "0;1", "01;01", "A0;1", "11", "1;1", "")]
    fill(connection, map(RegisterEntry, (*others, pill(imprint, 2))))
    with Catalog(connection, None, "test") as catalog:
        view = catalog.without(shuffled)
        forms = {characters(imprint), characters(";".join(set(tokens(imprint))))}
        for product in catalog.products():
            own = {characters(product.imprint), characters(";".join(set(product.tokens)))}
            assert (view.product(product.product_id) is None) == bool(own & forms)


def test_an_answer_from_a_view_is_an_answer_of_the_whole_without_that_imprint() -> None:
    """Every part of an answer asks the catalog for something: its age, its pictures, its monographs."""
    sample = Path(__file__).parents[1] / "samples" / "024_both_gray.jpg"
    with open_catalog() as whole:
        answer = Identifier(whole.without("024")).identify(sample)
        assert answer.decision is not Decision.IDENTIFIED
        assert ("024",) in [face.reading.tokens for face in answer.faces]
        assert Identifier(whole).identify(sample).decision is Decision.IDENTIFIED
