# ruff: noqa: E501 (the table is written one pill a line)
"""DailyMed: every pill of the sample labels, read against a table written by hand from the XML."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from spl_documents import characteristic, document, look, product, zipped

from reference.importers import Log, spl
from reference.product import Product

SAMPLES = Path(__file__).parents[2] / "shared/data/catalog/spl_xml"
needs_samples = pytest.mark.skipif(
    not SAMPLES.is_dir() and not os.environ.get("CI"), reason=f"the sample labels are not at {SAMPLES}"
)

# NDC and part: name, drug, strength, imprint, shape, colors, size in mm, score, symbol.
EXPECTED = {
    "0069-4200 0": ("Viagra", "sildenafil", "25 mg", "VGR25;Pfizer", "DIAMOND", "BLUE", 9, 1, None),
    "0069-4210 0": ("Viagra", "sildenafil", "50 mg", "VGR50;Pfizer", "DIAMOND", "BLUE", 11, 1, None),
    "0069-4220 0": ("Viagra", "sildenafil", "100 mg", "VGR100;Pfizer", "DIAMOND", "BLUE", 14, 1, None),
    "0904-7266 0": ("dexamethasone", "dexamethasone", "4 mg", "E3", "ROUND", "WHITE", 6, 2, None),
    "0228-4024 0": ("ALPRAZOLAM Orally Disintegrating Tablets, USP", "alprazolam", "", "024", "ROUND", "YELLOW", 8, 2, True),
    "99999-0024 0": ("Baclofen", "baclofen", "", "024", "ROUND", "WHITE", 7, 2, None),
    "0832-1024 0": ("Baclofen", "baclofen", "", "BAC;10;832", "ROUND", "WHITE", 8, 2, None),
    "0832-1025 0": ("Baclofen", "baclofen", "", "832;BC20", "ROUND", "WHITE", 10, 2, None),
    "0093-3193 0": ("KETOPROFEN Capsules", "ketoprofen", "", "93;3193;93;3193", "CAPSULE", "BLUE", 18, 1, None),
    "0002-3228 0": ("STRATTERA CAP 25 MG", "atomoxetine", "25 mg", "Lilly;3228;25;mg", "CAPSULE", "BLUE;WHITE", 16, 1, None),
    "0054-0010 0": ("FLECAINIDE 50MG TAB", "flecainide", "50 mg", "54;024", "ROUND", "WHITE", 6, 1, None),
    "0173-0633 0": ("LAMICTAL 25MG TAB", "lamotrigine", "25 mg", "LAMICTAL;25", "FREEFORM", "WHITE", 6, 2, None),
    "0093-2140 1": ("Tri-Lo-Sprintec Triphasic Regimen Tablets part 1", "ethinyl estradiol / norgestimate", "", "b;451", "ROUND", "GRAY", 6, 1, None),
    "0093-2140 2": ("Tri-Lo-Sprintec Triphasic Regimen Tablets part 2", "ethinyl estradiol / norgestimate", "", "b;452", "ROUND", "BLUE", 6, 1, None),
    "0093-2140 3": ("Tri-Lo-Sprintec Triphasic Regimen Tablets part 3", "ethinyl estradiol / norgestimate", "", "b;453", "ROUND", "BLUE", 6, 1, None),
    "0093-2140 4": ("Tri-Lo-Sprintec Triphasic Regimen Tablets part 4", "ethinyl estradiol / norgestimate", "", "b;208", "ROUND", "WHITE", 6, 1, None),
    "0093-3134 1": ("camrese part 1", "ethinyl estradiol / levonorgestrel", "", "b;555", "ROUND", "TURQUOISE", 6, 1, False),
    "0093-3134 2": ("camrese part 2", "ethinyl estradiol / levonorgestrel", "", "b;556", "ROUND", "YELLOW", 6, 1, False),
    "0169-0081 0": ("PRANDIN 0.5 MG", "repaglinide", "0.5 mg", "", "ROUND", "WHITE", 6, 1, True),
    "0603-0179 0": ("ferrous sulfate", "ferrous sulfate", "", "", "ROUND", "RED", 8, 1, None),
    "0115-1041 0": ("Promethazine Hydrochloride Tablets, USP", "promethazine", "", "C52", "ROUND", "WHITE", 8, 4, None),
    "63736-044 0": ("Bonine Kids", "chlorcyclizine", "25 mg", "Bonine", "ROUND", "PINK", 14, 2, None),
    "0071-0155 0": ("Lipitor", "atorvastatin", "10 mg", "PD;155;10", "OVAL", "WHITE", 10, 1, None),
    "0071-0156 0": ("Lipitor", "atorvastatin", "20 mg", "PD;156;20", "OVAL", "WHITE", 12, 1, None),
    "0071-0157 0": ("Lipitor", "atorvastatin", "40 mg", "PD;157;40", "OVAL", "WHITE", 15, 1, None),
    "0071-0158 0": ("Lipitor", "atorvastatin", "80 mg", "PD;158;80", "OVAL", "WHITE", 19, 1, None),
    "55289-800 0": ("Lipitor", "atorvastatin", "20 mg", "PD;156;20", "OVAL", "WHITE", 12, 1, None),
    "67296-2130 0": ("ATORVASTATIN CALCIUM", "atorvastatin", "10 mg", "10;A53", "OVAL", "WHITE", 10, 1, None),
    "67046-268 0": ("Haloperidol", "haloperidol", "5 mg", "MYLAN;327", "ROUND", "ORANGE", 9, 2, None),
    "25010-215 0": ("EDECRIN", "ethacrynic acid", "25 mg", "VRX;205;EDECRIN", "OVAL", "WHITE", 10, 2, None),
}  # fmt: skip

# File: labeler, RX or OTC, effective date, dosage forms.
EXPECTED_LABELS = {
    "64f8040f-938d-4236-8e22-c838c9b5f8da": ("Pfizer Laboratories Div Pfizer Inc", "RX", "2017-11-07", {"TABLET, FILM COATED"}),
    "EXCERPT_dexamethasone_major_2024": ("Major Pharmaceuticals", "RX", "2024-07-02", {"TABLET"}),
    "SYN_alprazolam_odt_024_yellow": ("Actavis", "RX", "2018-06-01", {"TABLET"}),
    "SYN_baclofen_024_trupharma_FAKE_ndc": ("TruPharma LLC", "RX", "2018-06-01", {"TABLET"}),
    "SYN_baclofen_upsher_two_strengths": ("Upsher-Smith Laboratories", "RX", "2018-06-01", {"TABLET"}),
    "SYN_capsule_same_colour_twice": ("TEVA", "RX", "2018-06-01", {"CAPSULE"}),
    "SYN_capsule_two_colours": ("ELI LILLY CO.", "RX", "2018-06-01", {"CAPSULE"}),
    "SYN_flecainide_54_024_white": ("Roxane", "RX", "2018-06-01", {"TABLET"}),
    "SYN_freeform": ("GLAXO", "RX", "2018-06-01", {"TABLET"}),
    "SYN_kit_three_or_more_parts": ("TEVA PHARMACEUTICALS USA, INC.", "RX", "2018-06-01", {"TABLET"}),
    "SYN_kit_two_parts_old_style": ("TEVA", "RX", "2018-06-01", {"TABLET"}),
    "SYN_logo_only_no_text": ("NOVO NORDISK", "RX", "2018-06-01", {"TABLET"}),
    "SYN_no_imprint_otc": ("Qualtest Pharmaceuticals", "RX", "2018-06-01", {"TABLET"}),
    "SYN_score_four": ("Global", "RX", "2018-06-01", {"TABLET"}),
    "bonine_kids_chewable_otc": ("Insight Pharmaceuticals", "OTC", "2009-06-17", {"TABLET, CHEWABLE"}),
    "lipitor-orig": ("Parke-Davis Div of Pfizer Inc", "RX", "2014-01-13", {"TABLET, FILM COATED"}),
    "lipitor-repack": ("PD-Rx Pharmaceuticals, Inc.", "RX", "2012-02-29", {"TABLET, FILM COATED"}),
    "medrecpro_test": ("Redpharm Drug", "RX", "2025-06-10", {"TABLET, FILM COATED"}),
    "no-title": ("Contract Pharmacy Services-PA", "RX", "2010-07-28", {"TABLET"}),
    "pharmadb_spl_parser_test": ("Bausch Health US, LLC", "RX", "2020-08-31", {"TABLET"}),
}  # fmt: skip


def _row(pill: Product) -> tuple[object, ...]:
    return (
        pill.name, pill.drug, pill.strength, pill.imprint, pill.shape, ";".join(pill.colors), pill.size_mm, pill.score,
        pill.symbol,
    )  # fmt: skip


@needs_samples
def test_every_pill_of_the_sample_labels_with_every_characteristic() -> None:
    found = {
        f"{entry.product.ndc} {dict(entry.product.originals).get('part', '0')}": _row(entry.product)
        for entry in spl.entries(SAMPLES, Log())
    }
    assert found == EXPECTED


@needs_samples
@pytest.mark.parametrize("name", EXPECTED_LABELS)
def test_what_all_pills_of_a_sample_label_share(name: str) -> None:
    pills = [entry.product for entry in spl.entries(SAMPLES / f"{name}.xml", Log())]
    forms = {pill.dosage_form for pill in pills}
    shared = {(pill.labeler, pill.prescription, pill.source_date) for pill in pills}
    assert (*shared.pop(), forms) == EXPECTED_LABELS[name] and not shared
    assert all(pill.coating == pill.dea_schedule == "" for pill in pills)  # no sample has either


@needs_samples
def test_injections_syrups_and_foams_give_no_product() -> None:
    for name in ("humira_injection_no_characteristics", "remdesivir_injection_multi_product", "cough",
                 "ab36b844-19de-4340-b32b-5e3abdaa5895"):  # fmt: skip
        log = Log()
        assert list(spl.entries(SAMPLES / f"{name}.xml", log)) == []
        assert log.rejected == [] and log.passed_over


@needs_samples
def test_a_template_without_values_is_reported_by_name() -> None:
    log = Log()
    assert list(spl.entries(SAMPLES / "TEMPLATE_medrecpro_spl-drugs.xml", log)) == []
    assert [fault.name for fault in log.rejected] == ["TEMPLATE_medrecpro_spl-drugs.xml"]


@needs_samples
def test_the_words_of_the_label_stay_beside_the_terms() -> None:
    entry = next(iter(spl.entries(SAMPLES / "medrecpro_test.xml", Log())))
    assert ("color", "White to off-white") in entry.product.originals
    assert ("shape", "BICONVEX") in entry.product.originals
    (bonine,) = spl.entries(SAMPLES / "bonine_kids_chewable_otc.xml", Log())
    assert ("flavor", "BERRY") in bonine.product.originals
    assert entry.product.labeler == "Redpharm Drug" and entry.product.source_date == "2025-06-10"


@needs_samples
def test_the_sections_of_a_label_by_loinc_code() -> None:
    entry = next(iter(spl.entries(SAMPLES / "lipitor-orig.xml", Log())))
    assert entry.label is not None and entry.label.origin == "label"
    contraindications = entry.label.section("contraindications")
    assert contraindications is not None and contraindications.loinc == "34070-3"
    assert any("liver disease" in statement.text for statement in contraindications.statements)
    assert {statement.citations for section in entry.label.sections for statement in section.statements} == {("label",)}
    assert entry.label.citations[0].url.endswith("setid=c6e131fe-e7df-4876-83f7-9156fc4e8228")


def _only(data: bytes, tmp_path: Path, name: str = "x.xml") -> tuple[list[Product], Log]:
    (tmp_path / name).write_bytes(data)
    log = Log()
    return [entry.product for entry in spl.entries(tmp_path / name, log)], log


def test_schedule_coating_symbol_and_null_values(tmp_path: Path) -> None:
    marks = (
        look(imprint="X1")
        + characteristic("SPLCOATING", '<value xsi:type="BL" value="true"/>')
        + characteristic("SPLSYMBOL", '<value xsi:type="BL" value="true"/>')
    )
    policy = '<subjectOf><policy classCode="DEADrugSchedule"><code code="C48677"/></policy></subjectOf>'
    (pill,), _ = _only(document(product(marks=marks, extra=policy)), tmp_path)
    assert (pill.coating, pill.symbol, pill.dea_schedule, pill.prescription) == ("COATED", True, "CIV", "RX")
    assert (pill.drug, pill.ingredients, pill.strength) == ("testol", ("testol hydrochloride",), "10 mg")
    nothing = characteristic("SPLSCORE", '<value xsi:type="INT" nullFlavor="OTH"/>') + characteristic(
        "SPLIMPRINT", '<value xsi:type="ST">X2</value>'
    )
    (pill,), _ = _only(document(product(marks=nothing)), tmp_path)
    assert (pill.score, pill.shape, pill.size_mm, pill.tokens) == (None, "", None, ("X2",))


def test_sizes_in_centimeters_and_in_nonsense(tmp_path: Path) -> None:
    size = characteristic("SPLSIZE", '<value xsi:type="PQ" value="1.2" unit="cm"/>')
    (pill,), _ = _only(document(product(marks=size)), tmp_path)
    assert pill.size_mm == 12.0
    for text in ("NaN", "1e9", "-3", "", "seven"):
        size = characteristic("SPLSIZE", f'<value xsi:type="PQ" value="{text}" unit="mm"/>')
        (pill,), _ = _only(document(product(marks=size)), tmp_path)
        assert pill.size_mm is None


def test_a_zip_of_zips_as_dailymed_ships_it(tmp_path: Path) -> None:
    second = document(product("1234-568"), "aaaaaaaa-0000-4000-8000-000000000002")
    outer = zipped(
        {
            "prescription/20240315_a.zip": zipped({"a.xml": document(), "a-01.jpg": b"\xff\xd8"}),
            "prescription/20240315_b.zip": zipped({"b.xml": second}),
        }
    )
    pills, log = _only(outer, tmp_path, "dm_spl_release_human_rx_part1.zip")
    assert [pill.ndc for pill in pills] == ["1234-567", "1234-568"] and log.rejected == []
