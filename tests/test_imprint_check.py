"""The check of an imprint: what else bears it, as a record, as a cell of a table, and how it is made."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.serialize import product_to_dict
from reference.audit.export import as_row, write_csv
from reference.audit.imprint_check import SOURCE, bearers, checked
from reference.errors import InputError
from reference.importers.check_cell import as_text, from_text
from reference.product import ImprintCheck, Product
from reference.store.catalog import open_catalog
from reference.text.imprints import tokens

CHECK = ImprintCheck("2026-11-29", ("A", "B"), 0.1, ("x 1 mg (RED ROUND, US)",), "looked up", "https://x")


def pill(key: str, drug: str, imprint: str = "024", strength: str = "10 mg", **more: object) -> Product:
    fields: dict[str, object] = {"market": "US", "shape": "ROUND", "colors": ("WHITE",), "size_mm": 7.0, "source": "R"}
    return Product(
        key, drug, drug, strength, (drug,), imprint=imprint, tokens=tokens(imprint), **(fields | more),  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_cell_is_readable_and_comes_back() -> None:
    assert as_text(CHECK) == "2026-11-29|A;B|0.1|x 1 mg (RED ROUND, US)|looked up|https://x"
    for check in (CHECK, replace(CHECK, bearers=()), replace(CHECK, source="", url="")):
        assert from_text(as_text(check)) == check
    assert from_text("2026-11-29|A|1") == ImprintCheck("2026-11-29", ("A",), 1.0)
    assert as_text(None) == "" and from_text(" ") is None
    odd = from_text(as_text(replace(CHECK, registers=("A;1|2",))))
    assert odd is not None and odd.registers == ("A,1/2",)


@pytest.mark.parametrize(
    "text",
    ["x", "2026-11-29|A", "2026-13-01|A|1", "soon|A|1", "2026-11-29|A|0", "2026-11-29|A|1.1", "2026-11-29|A|much"],
)  # fmt: skip
def test_what_is_no_check_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no imprint check"):
        from_text(text)


def test_bearers_are_other_drugs_with_exactly_that_imprint() -> None:
    tablet = pill("pillprint:1", "baclofen", ndc="00001-0001-01")
    others = [
        pill("r:1", "alprazolam", colors=("YELLOW",), symbol=True, size_mm=8.0),
        pill("r:2", "alprazolam", colors=("YELLOW",), symbol=True, size_mm=8.0, labeler="B"),
        pill("r:3", "baclofen", strength="20 mg", imprint="024;024"),
        pill("r:4", "baclofen", labeler="another labeler"),
        pill("r:5", "flecainide", imprint="54;024"),
        pill("r:6", "cimetidine", imprint="U L;024"),
        pill("r:7", "mistaken name of the same row", ndc="00001-0001-30"),
        pill("r:8", "turned", imprint="420"),
    ]
    found = ("alprazolam 10 mg (YELLOW ROUND 8 mm logo, US)", "baclofen 20 mg (WHITE ROUND 7 mm, US)")
    assert bearers(tablet, others) == found
    brand = replace(pill("r:9", "x"), name="ANGINAR 25MG", drug="anginar 25mg", ingredients=(), strength="25 mg")
    assert bearers(tablet, [brand]) == ("ANGINAR 25MG 25 mg (WHITE ROUND 7 mm, US)",)


def test_the_share_is_that_of_the_market_and_rows_kept_by_hand_count() -> None:
    tablet = pill("pillprint:1", "baclofen")
    beside = pill("pillprint:2", "alprazolam", ndc="00002-0002-01")
    domestic = [pill(f"r:{number}", "other", imprint=str(number)) for number in range(1000)]
    abroad = [pill("k:1", "ambroxol", market="KR", source="K")]
    check = checked(tablet, [domestic, abroad], [tablet, beside], "2026-11-29").imprint_check
    assert check == ImprintCheck(
        "2026-11-29", ("R", "K"), 0.02,
        ("ambroxol 10 mg (WHITE ROUND 7 mm, KR)", "alprazolam 10 mg (WHITE ROUND 7 mm, US)"), SOURCE,
    )  # fmt: skip
    listed = [*domestic, pill("r:024", "alprazolam", ndc="00002-0002-30", labeler="the same in the register")]
    again = checked(tablet, [listed, abroad], [tablet, beside], "2026-11-29").imprint_check
    assert again is not None and len(again.bearers) == 2
    assert checked(tablet, [abroad], [tablet], "2026-11-29").imprint_check is None
    assert checked(replace(tablet, tokens=()), [domestic], [], "2026-11-29").imprint_check is None


def test_it_is_in_every_form_of_a_product(tmp_path: Path) -> None:
    with open_catalog() as catalog:
        tablet = catalog.product("pillprint:baclofen-10-trupharma-024")
        assert tablet is not None and tablet.imprint_check is not None
        with (tmp_path / "out.csv").open("w", encoding="utf-8", newline="") as out:
            write_csv(catalog.products(), out)
        products = list(catalog.products())
    with open_catalog(tmp_path / "out.csv") as again:
        assert [item.imprint_check for item in again.products()] == [item.imprint_check for item in products]
    for row in (as_row(tablet), product_to_dict(tablet)):
        found = json.loads(json.dumps(row))["imprint_check"]
        assert found["share"] == 0.9 and len(found["bearers"]) == 2 and found["date"] == "2026-11-29"
    assert as_row(replace(tablet, imprint_check=None))["imprint_check"] is None
    assert product_to_dict(replace(tablet, imprint_check=None))["imprint_check"] is None
