"""RxNorm: small RRF files made by NLM's description, and the products they give."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from rrf_rows import CONCEPTS, RELEASE, attributes, conso, rel, rrf_zip, sat

from reference.errors import CatalogError
from reference.importers import Log
from reference.importers.registers import REGISTERS
from reference.importers.rrf import rrf_files
from reference.importers.rxnorm_tables import retired_numbers
from reference.product import Product
from reference.search.query import query
from reference.search.search import search
from reference.store.build import build_catalog
from reference.store.catalog import open_catalog

BACLOFEN = conso("197391", "9001", "MTHSPL", "DP", "0378-4517", "BACLOFEN 10 mg ORAL TABLET")


def read(path: Path, log: Log | None = None) -> list[Product]:
    return [entry.product for entry in REGISTERS["rxnorm"].entries(path, log or Log())]


def one(tmp_path: Path, name: str = BACLOFEN, **other: str) -> Product:
    rxcui, rxaui = name.split("|")[0], name.split("|")[7]
    (pill,) = read(rrf_zip(tmp_path / RELEASE, [name], [], attributes(rxcui, rxaui, **other)))
    return pill


def test_a_product_with_its_look_drug_and_label(tmp_path: Path) -> None:
    pill = one(tmp_path)
    assert (pill.product_id, pill.rxcui, pill.ndc) == ("rxnorm:9001", "197391", "0378-4517-93")
    assert (pill.drug, pill.ingredients, pill.strength) == ("baclofen", ("baclofen",), "10 mg")
    assert (pill.imprint, pill.tokens, pill.symbol) == ("M;AA8", ("M", "AA8"), False)
    assert (pill.shape, pill.colors, pill.size_mm, pill.score) == ("OVAL", ("BLUE",), 11.0, 1)
    assert (pill.dosage_form, pill.coating, pill.prescription) == ("TABLET", "COATED", "RX")
    assert (pill.labeler, pill.market, pill.name) == ("Mylan Pharmaceuticals Inc.", "US", "BACLOFEN 10 mg ORAL TABLET")
    assert pill.source_url.endswith("setid=4be76756-4114-4d50-a36c-fd410f6c773d")
    assert pill.source_date == "2026-11-03"
    assert ("shapetext", "barrel shaped") in pill.originals and ("marketing_status", "ACTIVE") in pill.originals
    assert pill.source_of("strength").source == "NLM RxNorm" and "label" in pill.source_of("shape").source


def test_ingredients_and_strengths_come_by_number_in_pairs(tmp_path: Path) -> None:
    for rxcui, name in (("898342", "AMLODIPINE; BENAZEPRIL ORAL CAPSULE"), ("898344", "ORAL CAPSULE [Lotrel]")):
        pill = one(tmp_path, conso(rxcui, "9002", "MTHSPL", "DP", "0078-0405", name), SHAPE="C48336")
        assert pill.ingredients == ("amlodipine", "benazepril hydrochloride")
        assert (pill.drug, pill.strength) == ("amlodipine / benazepril", "5 mg / 10 mg")
        assert (pill.dosage_form, pill.shape) == ("CAPSULE", "CAPSULE")
    assert pill.name == "Lotrel"


def test_a_concept_without_its_components_is_read_from_its_name(tmp_path: Path) -> None:
    names = [conso("5", "51", "RXNORM", "SCD", "5", "levothyroxine sodium 0.025 MG Oral Tablet")]
    product = conso("5", "9003", "MTHSPL", "DP", "1-2", "LEVOTHYROXINE ORAL TABLET")
    (pill,) = read(rrf_zip(tmp_path / "r.zip", [*names, product], [], attributes("5", "9003")))
    assert (pill.ingredients, pill.drug, pill.strength) == (("levothyroxine sodium",), "levothyroxine", "0.025 mg")


def test_a_product_without_a_concept_has_what_its_label_names(tmp_path: Path) -> None:
    names = [
        conso("7", "9004", "MTHSPL", "DP", "1-2", "Ibuprofen 200 MILLIGRAM In 1 TABLET ORAL TABLET, FILM COATED"),
        conso("8", "9100", "MTHSPL", "SU", "WK2XYI10QM", "Ibuprofen"),
        conso("9", "9101", "MTHSPL", "SU", "070TN40PN4", "Silica"),
    ]
    kinds = {"9100": "has_active_ingredient", "9101": "has_inactive_ingredient"}
    relations = [rel(substance, kind, "9004", "MTHSPL") for substance, kind in kinds.items()]
    (pill,) = read(rrf_zip(tmp_path / "r.zip", names, relations, attributes("7", "9004", LABEL_TYPE="HUMAN OTC DRUG")))
    assert (pill.ingredients, pill.drug, pill.prescription) == (("ibuprofen",), "ibuprofen", "OTC")
    assert pill.dosage_form == "TABLET, FILM COATED"
    assert pill.strength == "200 mg" and pill.fact_sources == ()


@pytest.mark.parametrize(
    ("text", "schedule"),
    [("2", "CII"), ("3n", "CIII"), ("2N", "CII"), ("CIV", "CIV"), ("C48679", "CV"), ("0", ""), ("x", ""), ("", "")],
)
def test_the_schedule_in_each_form_it_is_written(tmp_path: Path, text: str, schedule: str) -> None:
    assert one(tmp_path, DCSA=text).dea_schedule == schedule


def test_a_capsule_of_two_colors(tmp_path: Path) -> None:
    for colors in ("C48333+C48325", "C48333;C48325"):
        assert one(tmp_path, COLOR=colors).colors == ("BLUE", "WHITE")
    assert one(tmp_path, COLOR="", COLORTEXT="WHITE (white to off-white)+BLUE").colors == ("BLUE",)


def test_what_labels_of_one_product_contradict_stays_empty(tmp_path: Path) -> None:
    pill = one(tmp_path, SIZE="11 mm+13 mm", SHAPE="C48345+C48348", SHAPETEXT="", SCORE="1+2", SYMBOL="TRUE+FALSE")
    assert (pill.size_mm, pill.shape, pill.score, pill.symbol) == (None, "", None, None)


def test_each_imprint_of_one_product_is_a_product(tmp_path: Path) -> None:
    facts = attributes("197391", "9001", IMPRINT_CODE="M;AA8+M;AA9")
    pills = read(rrf_zip(tmp_path / "r.zip", [BACLOFEN], [], facts))
    assert [(pill.product_id, pill.imprint) for pill in pills] == [("rxnorm:9001", "M;AA8"), ("rxnorm:9001:2", "M;AA9")]


def test_a_pack_has_no_strength_of_its_own(tmp_path: Path) -> None:
    pill = one(tmp_path, conso("748962", "9005", "MTHSPL", "DP", "1-2", "NORETHINDRONE 0.35 mg KIT"))
    assert (pill.strength, pill.drug) == ("", "norethindrone")


def test_what_is_no_pill_and_what_is_suppressed_is_left_out(tmp_path: Path) -> None:
    log = Log()
    names = [
        conso("11", "9006", "MTHSPL", "DP", "1-2", "IBUPROFEN 100 mg in 5 mL ORAL SUSPENSION"),
        conso("197391", "9007", "MTHSPL", "DP", "1-3", "BACLOFEN 10 mg ORAL TABLET", suppress="E"),
        conso("197391", "9008", "NDDF", "CDD", "1-3", "BACLOFEN 10 mg ORAL TABLET"),
    ]
    facts = [sat("11", "9006", "LABELER", "Acme"), sat("197391", "9001", "NDC", "00378451793", source="RXNORM")]
    (pill,) = read(rrf_zip(tmp_path / "r.zip", [*names, BACLOFEN], [], facts), log)
    assert log.passed_over == {"product that is no tablet or capsule": 1}
    assert (pill.product_id, pill.ndc, pill.imprint) == ("rxnorm:9001", "0378-4517", "")


def test_damaged_lines_cost_themselves_alone(tmp_path: Path) -> None:
    log = Log()
    facts = attributes("197391", "9001")
    facts[2:2] = ["197391|||9001|AUI|", "\x00|" * 400, "x" * 300_000, ""]
    names = [BACLOFEN.replace("9001", "nine"), BACLOFEN]
    (pill,) = read(rrf_zip(tmp_path / "r.zip", names, ["a|b"], facts), log)
    assert pill == replace(one(tmp_path), source_date="", fact_sources=pill.fact_sources)
    assert len({fault.name.partition(":")[0] for fault in log.rejected}) == 3


def test_retired_numbers_are_those_of_today(tmp_path: Path) -> None:
    archive = ["|" * 12 + "400|RXNORM|SCD|500|", "|" * 12 + "500|RXNORM|SCD|197391|", "|" * 12 + "600|RXNORM|SCD|600|"]
    cui = ["100|2020|2021|1|197391|", "200|2020|2021|2|1|", "200|2020|2021|2|2|", "300|2020|2021|0||"]
    path = rrf_zip(tmp_path / "r.zip", [BACLOFEN.replace("197391", "100")], [], [], RXNCUI=cui, RXNATOMARCHIVE=archive)
    assert retired_numbers(rrf_files(path), Log()) == {"100": "197391", "400": "197391", "500": "197391"}
    (pill,) = read(path)
    assert (pill.rxcui, pill.drug) == ("197391", "baclofen") and ("retired_rxcui", "100") in pill.originals


def test_a_circle_of_retired_numbers_ends(tmp_path: Path) -> None:
    path = rrf_zip(tmp_path / "r.zip", [], [], [], RXNCUI=["1|a|b|1|2|", "2|a|b|1|1|"])
    assert retired_numbers(rrf_files(path), Log()) == {"1": "1", "2": "2"}


def test_a_retired_number_of_another_register_is_renewed(tmp_path: Path) -> None:
    cui = ["999|2020|2021|1|197391|"]
    path = rrf_zip(tmp_path / RELEASE, [BACLOFEN], [], attributes("197391", "9001"), RXNCUI=cui)
    table = tmp_path / "c3pi.csv"
    table.write_text(
        "ndc11,part,generic_name,imprint,imprint_type,color,shape,rxcui\n00002-3227-30,1,BACLOFEN,A1,,,,999\n"
    )
    build_catalog([("c3pi", table), ("rxnorm", path)], tmp_path / "us.sqlite")
    with open_catalog(tmp_path / "us.sqlite") as catalog:
        pill = catalog.product("c3pi:00002-3227-30:1")
    assert pill is not None and pill.rxcui == "197391" and ("retired_rxcui", "999") in pill.originals


def test_one_tablet_of_many_labelers_is_one_answer(tmp_path: Path) -> None:
    names, facts = [], []
    for number, labeler in enumerate(("Mylan", "Bryant Ranch Prepack", "A-S Medication Solutions")):
        rxaui = f"90{number}0"
        names.append(conso("197391", rxaui, "MTHSPL", "DP", f"1{number}111-222", "BACLOFEN 10 mg ORAL TABLET"))
        facts += attributes("197391", rxaui, LABELER=labeler, NDC=f"1{number}111-222-30")
    build_catalog([("rxnorm", rrf_zip(tmp_path / RELEASE, names, [], facts))], tmp_path / "us.sqlite")
    with open_catalog(tmp_path / "us.sqlite") as catalog:
        (hit, *_) = search(catalog, query("M AA8", color="blue")).hits
    assert len(hit.products) == 3 == len(hit.labelers)


def test_a_folder_and_nlms_whole_zip_are_read_too(tmp_path: Path) -> None:
    facts = attributes("197391", "9001")
    whole = rrf_zip(tmp_path / "RxNorm_full_11032026.zip", [BACLOFEN], [], facts)
    with zipfile.ZipFile(whole, "a") as archive:
        for name in ("RXNCONSO", "RXNREL", "RXNSAT"):
            archive.writestr(f"prescribe/rrf/{name}.RRF", "")
    (from_zip,) = read(whole)
    with zipfile.ZipFile(whole) as archive:
        archive.extractall(tmp_path / "RxNorm_full_11032026")
    assert read(tmp_path / "RxNorm_full_11032026") == [from_zip]


def test_what_is_not_rxnorm_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"no zip")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("rrf/RXNCONSO.RRF", "\n".join(CONCEPTS))
    for name in ("a.zip", "b.zip", "none.zip"):
        with pytest.raises(CatalogError, match=name):
            read(tmp_path / name)


def test_the_text_of_another_encoding_is_read_and_said(tmp_path: Path) -> None:
    path = tmp_path / "r.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("RXNCONSO.RRF", "\r\n".join([*CONCEPTS, BACLOFEN]).encode("utf-16"))
        archive.writestr("RXNREL.RRF", "")
        rows = attributes("197391", "9001", LABELER="Laboratoires Théa – Clermont")
        archive.writestr("RXNSAT.RRF", "\n".join(rows).encode("cp1252"))
    log = Log()
    (pill,) = read(path, log)
    assert pill.labeler == "Laboratoires Théa – Clermont" and len(log.notes) == 2


def test_a_product_of_two_registers_counts_once_for_the_catalogs_coverage(tmp_path: Path) -> None:
    path = rrf_zip(tmp_path / RELEASE, [BACLOFEN], [], attributes("197391", "9001"))
    table = tmp_path / "c3pi.csv"
    row = "{},1,BACLOFEN,M;AA8,,,,\n"
    header = "ndc11,part,generic_name,imprint,imprint_type,color,shape,rxcui\n"
    table.write_text(header + row.format("00378-4517-93") + row.format("00002-3227-30"))
    build_catalog([("c3pi", table), ("rxnorm", path)], tmp_path / "us.sqlite", builtin=False)
    with open_catalog(tmp_path / "us.sqlite") as catalog:
        assert (len(catalog), catalog.distinct_products) == (3, 2)
        assert catalog.coverage(100) == 0.02
