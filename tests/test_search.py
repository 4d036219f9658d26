"""Search: each tier by name, any order and spacing, and nothing excluded because a register is silent."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.errors import InputError
from reference.product import Product, RegisterEntry
from reference.search.query import query
from reference.search.search import SearchResult, search
from reference.search.suggest import did_you_mean
from reference.store.catalog import Catalog, open_catalog
from reference.store.writer import fill
from reference.text.imprints import tokens

OPEN = "cannot be excluded: the register has no value"


def pill(name: str, imprint: str, **more: object) -> Product:
    base = Product(
        f"t:{name}", name, name, "10 mg", labeler="Acme", ndc="0054-0010", imprint=imprint, tokens=tokens(imprint),
        symbol=False, shape="ROUND", colors=("WHITE",), size_mm=7.0, score=2,
    )  # fmt: skip
    return replace(base, **more)  # type: ignore[arg-type]


PILLS = (
    pill("baclofen", "024"),
    pill("flecainide", "54;024", score=1, size_mm=6.0),
    pill("alprazolam", "024", colors=("YELLOW",), symbol=True, size_mm=8.0),
    pill("nefazodone", "1024;93", shape="OVAL", size_mm=12.0),
    pill("prefixed", "024X"),
    pill("mistaken", "O2A"),
    pill("lookalike", "O24"),
    pill("lorazepam", "240;0;5;WATSON", size_mm=5.0),
    pill("turned", "96N"),
    pill("whole", "N96"),
    pill("caplet", "LILLY;3227;10;MG", shape="CAPSULE", colors=("BLUE", "WHITE"), size_mm=16.0),
    pill("blank", ""),
    pill("silent", "77", shape="", colors=(), size_mm=None, score=None, symbol=None, labeler="", ndc=""),
)


@pytest.fixture(scope="module")
def catalog() -> Iterator[Catalog]:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    fill(connection, map(RegisterEntry, PILLS))
    with Catalog(connection, None, "test") as opened:
        yield opened


def tiers(result: SearchResult) -> dict[str, str]:
    return {hit.product.name: hit.tier.title for hit in result.hits}


def test_every_tier_is_named(catalog: Catalog) -> None:
    assert tiers(search(catalog, query("024"))) == {
        "baclofen": "exact",
        "alprazolam": "exact",
        "flecainide": "all tokens",
        "prefixed": "prefix",
        "nefazodone": "contains",
        "lookalike": "look-alike characters",
        "blank": OPEN,
    }
    assert tiers(search(catalog, query("N96")))["whole"] == "exact"
    assert tiers(search(catalog, query("N96")))["turned"] == "upside down"
    assert tiers(search(catalog, query("0?4"))) == {
        "baclofen": "wildcard", "alprazolam": "wildcard", "flecainide": "wildcard", "blank": OPEN,
    }  # fmt: skip


def test_hits_come_in_the_order_of_their_tiers(catalog: Catalog) -> None:
    result = search(catalog, query("024"))
    assert [hit.tier for hit in result.hits] == sorted(hit.tier for hit in result.hits)
    assert result.products == sum(result.counts.values()) == 7
    assert {tier.title: count for tier, count in result.counts.items()}[OPEN] == 1
    assert result.catalog == catalog.fingerprint


@pytest.mark.parametrize("imprint", ["54 024", "024;54", "54024", "02454", "5 4 0 2 4", "54-024"])
def test_any_order_and_spacing_of_one_imprint(catalog: Catalog, imprint: str) -> None:
    assert tiers(search(catalog, query(imprint)))["flecainide"] == "exact"


@pytest.mark.parametrize("imprint", ["WATSON 240 0.5", "240 0.5 WATSON", "watson240 05", "0 5 240 Watson"])
def test_a_decimal_is_found_as_registers_store_it(catalog: Catalog, imprint: str) -> None:
    assert tiers(search(catalog, query(imprint)))["lorazepam"] == "exact"


@pytest.mark.parametrize(
    ("imprint", "tier"), [("lilly3227", "all tokens"), ("3227 LILLY", "all tokens"), ("LIL 3227", "prefix"),
                          ("ILLY", "contains"), ("LI* 32??", "wildcard")],
)  # fmt: skip
def test_part_of_an_imprint(catalog: Catalog, imprint: str, tier: str) -> None:
    assert tiers(search(catalog, query(imprint)))["caplet"] == tier


def test_an_anagram_is_no_match(catalog: Catalog) -> None:
    assert "baclofen" not in tiers(search(catalog, query("240")))


def test_a_logo(catalog: Catalog) -> None:
    found = search(catalog, query("logo 024"))
    assert tiers(found)["alprazolam"] == "exact" and "baclofen" not in tiers(found)
    found = search(catalog, query("logo"))
    assert tiers(found) == {"alprazolam": "exact", "silent": OPEN}


def test_look_filters_exclude_what_disagrees_and_nothing_else(catalog: Catalog) -> None:
    found = search(catalog, query("024", color="white", shape="round", size="7", score="2"))
    assert tiers(found) == {
        "baclofen": "exact", "prefixed": "prefix", "lookalike": "look-alike characters", "blank": OPEN,
    }  # fmt: skip
    assert tiers(search(catalog, query(color="blue, white"))) == {"caplet": "exact", "silent": OPEN}
    assert tiers(search(catalog, query(size="15.5-17")))["caplet"] == "exact"


def test_an_empty_field_never_excludes(catalog: Catalog) -> None:
    asked = (
        query("77", color="pink"), query("77", shape="diamond"), query("77", size="20"), query("77", score="4"),
        query("77", labeler="nobody"), query("77", ndc="1111-2222"), query("logo 77"), query(color="pink"),
        query(shape="diamond"), query(size="20"), query(score="3"), query(labeler="nobody"), query(ndc="1111-2222"),
        query(drug="silent", labeler="nobody", ndc="1111-2222", color="pink"),
    )  # fmt: skip
    for one in asked:
        result = search(catalog, one)
        hit = next(hit for hit in result.hits if hit.product.name == "silent")
        assert hit.unknown or hit.tier.title == OPEN
        assert "imprint" not in hit.unknown


def test_a_product_without_any_name_is_not_excluded_by_a_drug() -> None:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    nameless = replace(pill("nameless", "77"), name="", drug="", strength="")
    fill(connection, map(RegisterEntry, [pill("baclofen", "77"), pill("other", "77"), nameless]))
    with Catalog(connection, None, "test") as catalog:
        for asked in (query("77", drug="baclofen"), query(drug="baclofen"), query(drug="baclofen", shape="round")):
            first, second = search(catalog, asked).hits
            assert (first.product.name, first.tier.title, first.unknown) == ("baclofen", "exact", ())
            assert (second.product.product_id, second.tier.title, second.unknown) == ("t:nameless", OPEN, ("drug",))


@pytest.mark.parametrize("pair", ["0O", "0D", "0Q", "1I", "1L", "2Z", "5S", "69", "6G", "8B", "UV", "MW", "MN"])
def test_characters_that_look_alike(pair: str) -> None:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    fill(connection, [RegisterEntry(pill("there", f"A{pair[1]}7"))])
    with Catalog(connection, None, "test") as catalog:
        assert tiers(search(catalog, query(f"A{pair[0]}7"))) == {"there": "look-alike characters"}


def test_what_is_open_is_named_and_comes_behind(catalog: Catalog) -> None:
    (hit,) = [hit for hit in search(catalog, query("77", color="pink", size="9")).hits if hit.product.name == "silent"]
    assert (hit.tier.title, hit.unknown) == ("exact", ("color", "size"))


def test_drug_labeler_and_ndc(catalog: Catalog) -> None:
    assert tiers(search(catalog, query(drug="BACLOFEN 10 mg"))) == {"baclofen": "exact"}
    assert tiers(search(catalog, query("024", drug="flecainide"))) == {"flecainide": "all tokens"}
    assert search(catalog, query(labeler="acm")).products == len(PILLS)
    for ndc in ("0054-0010", "0054-0010-25", "00054001025", "0054001025", "00054-0010-25"):
        counts = {tier.title: count for tier, count in search(catalog, query(ndc=ndc)).counts.items()}
        assert counts == {"exact": len(PILLS) - 1, OPEN: 1}


def test_one_tablet_of_many_labelers_is_one_hit() -> None:
    sellers = [
        pill("baclofen", "024", product_id=f"t:{n}", labeler=f"Seller {n}", ndc=f"{n:05d}-0001") for n in range(40)
    ]
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    fill(connection, map(RegisterEntry, [*sellers, pill("other", "025")]))
    with Catalog(connection, None, "test") as catalog:
        (hit,) = search(catalog, query("024"), limit=5).hits
        assert len(hit.products) == 40 and len(hit.labelers) == 40
        assert len(search(catalog, query(color="white"), limit=1).hits[0].products) == 40


def test_the_tablet_024_in_the_catalog_inside() -> None:
    with open_catalog() as catalog:
        hit = search(catalog, query("024", color="white", shape="round", size="7")).hits[0]
        assert (hit.product.drug, hit.product.strength, hit.tier.title) == ("baclofen", "10 mg", "exact")
        assert "TruPharma LLC" in hit.labelers
        yellow = search(catalog, query("024", color="yellow")).hits
        assert yellow[0].product.drug == "alprazolam" and all(hit.product.drug != "baclofen" for hit in yellow)


@pytest.mark.parametrize(
    ("field", "value"), [("shape", "blob"), ("color", "mauve"), ("size", "big"), ("score", "9"), ("ndc", "12")]
)
def test_what_is_not_understood_says_what_would_be(field: str, value: str) -> None:
    with pytest.raises(InputError, match=field if field != "ndc" else "NDC"):
        query(**{field: value})


@settings(max_examples=50)
@given(st.text(max_size=30), st.text(max_size=10), st.text(max_size=10))
def test_any_text_can_be_asked(catalog: Catalog, imprint: str, drug: str, labeler: str) -> None:
    result = search(catalog, query(imprint, drug=drug, labeler=labeler))
    assert result.products <= len(PILLS)


@settings(max_examples=30)
@given(st.sampled_from(PILLS), st.randoms())
def test_a_product_is_found_by_its_own_words_in_any_order(catalog: Catalog, one: Product, rng: object) -> None:
    words = list(one.tokens)
    rng.shuffle(words)  # type: ignore[attr-defined]
    result = search(catalog, query(" ".join(words), shape=one.shape, color=";".join(one.colors)))
    assert any(one in hit.products for hit in result.hits)


def drugs_found(catalog: Catalog, name: str) -> list[str]:
    return [hit.product.name for hit in search(catalog, query(drug=name)).hits]


@pytest.fixture(scope="module")
def named() -> Iterator[Catalog]:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    pills = (
        pill("Lioresal", "A1", drug="baclofen", ingredients=("baclofen",)),
        pill("Tylenol", "A2", drug="acetaminophen", ingredients=("acetaminophen",)),
        pill("Rosulord Tab.", "A3", drug="rosuvastatin", ingredients=("rosuvastatin calcium",)),
        pill("Prednisone", "A4", drug="prednisone"),
    )
    fill(connection, map(RegisterEntry, pills))
    with Catalog(connection, None, "test") as opened:
        yield opened


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("lioresal", "Lioresal"),
        ("Baclofen", "Lioresal"),
        ("paracetamol", "Tylenol"),
        ("로수바스타틴칼슘", "Rosulord Tab."),
        ("로수바스타틴", "Rosulord Tab."),
    ],
)
def test_a_drug_is_found_by_brand_generic_name_and_its_names_elsewhere(named: Catalog, asked: str, found: str) -> None:
    assert drugs_found(named, asked) == [found]
    assert did_you_mean(named, asked) == ()


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("baclofn", "baclofen"),
        ("tylenoll", "tylenol"),
        ("rosuvastatine", "rosuvastatin"),
        ("baclofn 10", "baclofen 10"),
    ],
)
def test_a_misspelled_drug_is_suggested(named: Catalog, asked: str, meant: str) -> None:
    assert did_you_mean(named, asked)[0] == meant


def test_nothing_is_suggested_where_nothing_is_alike(named: Catalog) -> None:
    assert did_you_mean(named, "xyzzyx") == ()


def test_whether_any_product_carries_the_imprint(catalog: Catalog) -> None:
    assert search(catalog, query("024")).carried and search(catalog, query("024", color="black")).carried
    assert not search(catalog, query("L484")).carried
