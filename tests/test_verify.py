"""Is the pill what it should be: made pills for each rule, the sample photo, the command and its JSON."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import sqlite3
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import jsonschema
import pytest
from click.testing import CliRunner
from examples import identification
from made import WORSE_LOOK, catalog_of, face, look, pill, unread
from referencing import Registry, Resource

import pipeline.identifier
from pipeline import Identifier
from pipeline.cli import cli
from pipeline.errors import InputError
from pipeline.figures_in_words import percent
from pipeline.match import Matcher
from pipeline.records import Agreement, Doubts, Expected, ExpectedKind, Identification, PillLook, Reading
from pipeline.report.verification import headline, list_lines, next_step, rule_out_lines, verification_lines
from pipeline.settings import Settings
from pipeline.verify import (
    Counted,
    ListEntry,
    PillState,
    SeenPill,
    Verifier,
    check_list,
    described,
    expected_of,
    read_list,
)
from pipeline.verify.agree import Finding
from reference.importers import own_products
from reference.product import Product
from reference.store.catalog import Catalog
from reference.store.writer import fill

SAMPLE = Path(__file__).parents[1] / "samples" / "024_both_gray.jpg"
CONSISTENT, CONTRADICTED, CANNOT_TELL = Agreement.CONSISTENT, Agreement.CONTRADICTED, Agreement.CANNOT_TELL

TEN = pill("PX 4810", "baclofen", "10 mg", labeler="Able")
TWENTY = pill("PX 4820", "baclofen", "20 mg", labeler="Able")
OTHER = pill("ZK 7391", "warfarin", "5 mg", labeler="Baker")
MADE = (TEN, TWENTY, OTHER)


def seen_of(
    readings: Sequence[Reading],
    seen: PillLook,
    doubts: Doubts | None = None,
    unlikely: bool = False,
    cut: bool = False,
) -> Identification:
    """What was seen of a pill that reads and looks so; ``unlikely``: it may be no pill; ``cut``: by the border."""
    imprint = tuple(token for reading in readings for token in reading.tokens)
    faces = [
        SimpleNamespace(reading=reading, region=SimpleNamespace(doubted=unlikely, cut_by_border=cut))
        for reading in readings
    ]
    made = SimpleNamespace(
        look=seen, doubts=doubts or Doubts(), faces=faces, imprint=imprint, advice=None, candidates=()
    )
    return cast(Identification, made)


def found(
    products: Sequence[Product],
    expected: str | Product | Expected,
    readings: Sequence[Reading],
    seen: PillLook | None = None,
    doubts: Doubts | None = None,
    coverage: float | None = None,
) -> Finding:
    """What is said of a pill that reads and looks so, where these products are all that the catalog has."""
    seen = seen or look(faces=len(readings))
    with catalog_of(products, coverage) as catalog:
        settings = Settings()
        matcher = Matcher(catalog, settings)
        verifier = Verifier(catalog, matcher, settings)
        meant = expected_of(catalog, expected)
        return verifier.find(matcher.weigh(readings, seen), meant, seen_of(readings, seen, doubts))[1]


def test_what_is_expected_and_whole_is_consistent() -> None:
    for asked in ("baclofen 10 mg", TEN.product_id, TEN):
        done = found(MADE, asked, [face("PX", "4810"), face()])
        assert done.agreement is CONSISTENT, (asked, done.reason)


def test_products_of_no_concept_are_not_one_drug() -> None:
    # C3PI's 0 says that RxNorm has no concept: hyoscyamine 0.125 mg was CONSISTENT with 0.375 mg
    one, other = (pill(f"FT {text}", "hyoscyamine", f"{text} mg", rxcui="0") for text in ("125", "375"))
    done = found((one, other, *MADE), "hyoscyamine 375 mg", [face("FT", "125"), face()])
    assert done.agreement is CONTRADICTED, done.reason


def test_a_wrong_strength_that_shows_is_contradicted_and_named() -> None:
    for asked in ("baclofen 20 mg", TWENTY.product_id):
        done = found(MADE, asked, [face("PX", "4810"), face()])
        assert done.agreement is CONTRADICTED, (asked, done.reason)
        assert "PX 4810 was read" in done.reason
        assert done.reason.endswith("It looks like baclofen 10 mg.")


def test_a_look_alike_of_another_drug_is_no_proof_and_is_named() -> None:
    twin = pill("PX 4810", "warfarin", "1 mg", labeler="Baker")
    done = found((*MADE, twin), "baclofen 10 mg", [face("PX", "4810"), face()])
    assert done.agreement is CANNOT_TELL
    assert "warfarin 1 mg (high-alert) would look the same" in done.reason
    assert [group.products[0].drug for group in done.look_alikes] == ["warfarin"]


def test_another_maker_s_tablet_keeps_an_ndc_open_but_not_the_drug() -> None:
    twin = pill("PX 4810", "baclofen", "10 mg", key="twin", labeler="Charlie")
    readings = [face("PX", "4810"), face()]
    done = found((*MADE, twin), TEN.product_id, readings)
    assert done.agreement is CANNOT_TELL
    assert "of Charlie would look the same" in done.reason
    assert found((*MADE, twin), "baclofen 10 mg", readings).agreement is CONSISTENT


def test_one_face_that_tells_too_little_is_open() -> None:
    products = [pill(f"TEVA {number}", f"drug{number}") for number in range(3100, 3140)]
    done = found(products, products[0], [face("TEVA")])
    assert done.agreement is CANNOT_TELL
    assert "would look the same" in done.reason or "too many pills" in done.reason


@pytest.mark.parametrize("readings", [[], [face(), face()], [face()], [unread(), unread()]], ids=len)
def test_without_text_nothing_is_consistent(readings: list[Reading]) -> None:
    seen = look(faces=len(readings)) if readings else PillLook()
    done = found(MADE, TEN, readings, seen)
    assert done.agreement is CANNOT_TELL
    assert done.reason


def test_a_look_alone_may_contradict_a_product_but_not_a_drug_of_makers_that_are_not_listed() -> None:
    readings = [face(), face()]
    assert found(MADE, TEN, readings, WORSE_LOOK).agreement is CONTRADICTED
    assert found(MADE, "baclofen 10 mg", readings, WORSE_LOOK).agreement is CANNOT_TELL


def test_text_of_no_listed_pill_leaves_a_drug_open_and_contradicts_a_product() -> None:
    readings = [face("QWE", "9562"), face()]
    assert found(MADE, TEN, readings).agreement is CONTRADICTED
    done = found(MADE, "baclofen 10 mg", readings)
    assert done.agreement is CANNOT_TELL
    excuse, read = (
        "It may be another maker's baclofen 10 mg, which the catalog lacks, or another drug.",
        "QWE 9562 was read; baclofen 10 mg of Able is marked PX 4810.",
    )
    assert f"{excuse} {read}" in done.reason  # what speaks against it stands last
    assert "no such text" not in done.reason  # said once


@pytest.mark.parametrize(("read", "said"), [("A", CANNOT_TELL), ("LA", CANNOT_TELL), ("LAX", CONTRADICTED)])
def test_a_letter_or_two_contradict_nothing(read: str, said: Agreement) -> None:
    ycp, other = pill("YCP", "baclofen", "25 mg"), pill(read, "propranolol", "120 mg")
    done = found((ycp, other, *MADE), ycp, [face(read), face()])
    assert done.agreement is said, done.reason


def test_letters_beside_a_word_that_was_read_in_part_contradict() -> None:
    # AHI 4 is glimepiride's whole imprint; of lisinopril's H146 it has H and 4, and one A too much
    lisinopril, other = pill("H146", "lisinopril", "10 mg"), pill("AHI 4", "glimepiride", "4 mg")
    assert found((lisinopril, other, *MADE), "lisinopril 10 mg", [face("AHI4")]).agreement is CONTRADICTED
    assert found((lisinopril, other, *MADE), "lisinopril 10 mg", [face("AH146")]).agreement is CANNOT_TELL


def test_one_misread_character_of_a_pill_that_fits_else_hides_no_contradiction() -> None:
    known, asked = pill("VGR 2558", "sildenafil", "25 mg"), "warfarin 5 mg"
    assert found((known, *MADE), asked, [face("VCR", "2558"), face()]).agreement is CONTRADICTED
    open_ = found((known, *MADE), asked, [face("XCR", "2558"), face()])
    assert open_.agreement is CANNOT_TELL
    # what bears not quite the text is not named as what it looks like
    assert "Other pills of the catalog fit better, but none of them surely." in open_.reason
    assert "looks more like" not in open_.reason
    # another maker's number may be one digit from a listed one: of guanfacine 2 mg only TEVA 5961 was not listed
    assert found((known, *MADE), asked, [face("VGR", "2553"), face()]).agreement is CANNOT_TELL
    assert found((known, *MADE), asked, [face("VGR", "255"), face()]).agreement is CANNOT_TELL


def test_a_word_that_nothing_listed_bears_may_be_misread() -> None:
    small = pill("SC O02", "oxaze", "")
    assert found((small, *MADE), small, [face("S"), face("200")]).agreement is CANNOT_TELL
    assert found((small, *MADE), small, [face("QX"), face("7914")]).agreement is CONTRADICTED


def test_a_short_imprint_of_which_a_character_was_not_read_well_is_open() -> None:
    # lysozyme's HS was read SM, M with 74 %: a white, round tablet like the register's baclofen
    short, other = pill("M S", "baclofen", "10 mg"), pill("HS", "lysozyme", "30 mg", key="hs")
    sure, unsure = [face("M", "S"), face()], [face("M", "S", sure=0.74), face()]
    assert found((short, other, *MADE), short, sure).agreement is CONSISTENT
    done = found((short, other, *MADE), short, unsure)
    assert done.agreement is CANNOT_TELL
    assert "Its imprint is short, and M was read with 74 % only." in done.reason
    assert ruled_out((short, other, *MADE), ["warfarin"], sure).is_ruled_out
    assert not ruled_out((short, other, *MADE), ["warfarin"], unsure).is_ruled_out


def test_a_tablet_known_by_its_brand_alone_contradicts_no_drug_of_its_strength_and_is_not_ruled_out() -> None:
    # Taiwan's register names most tablets by a brand and no substance: Mopik is meloxicam, Nonin glimepiride
    listed_so, brand = pill("SK 302", "meloxicam", "15 mg"), pill("NK 477", "mopik", "15 mg", ingredients=())
    read = [face("NK", "477"), face()]
    done = found((listed_so, brand, *MADE), "meloxicam 15 mg", read)
    assert done.agreement is CANNOT_TELL
    assert "It looks like mopik 15 mg; the catalog does not say what is in it." in done.reason
    assert "many other pills" not in done.reason  # nothing of meloxicam's imprint was read
    assert found((listed_so, brand, *MADE), "warfarin 5 mg", read).agreement is CONTRADICTED  # another strength
    assert found((listed_so, brand, *MADE), listed_so, read).agreement is CONTRADICTED  # another product
    # Lica, whose strength is not said either, fits nearly as well as the tablet of another strength.
    others = (pill("NK 477", "fuyou", "500 mg", ingredients=()), pill("NK 477", "lica", "", ingredients=()))
    assert found((listed_so, *others, *MADE), "meloxicam 15 mg", read).agreement is CANNOT_TELL
    assert found((listed_so, others[0], *MADE), "meloxicam 15 mg", read).agreement is CONTRADICTED
    named = dataclasses.replace(brand, ingredients=("mopik",))
    assert found((listed_so, named, *MADE), "meloxicam 15 mg", read).agreement is CONTRADICTED
    out = ruled_out((listed_so, brand, *MADE), ["warfarin"], read)
    assert out.outcome == "NOT_RULED_OUT" and not out.is_likely
    assert "Which drug is in mopik 15 mg the catalog does not say." in out.reason
    assert ruled_out((listed_so, named, *MADE), ["warfarin"], read).is_ruled_out


def test_another_maker_s_name_beside_the_right_number_contradicts_nothing() -> None:
    product = pill("93 5728", "lovastatin", "40 mg")
    done = found((product, *MADE), product, [face("TEVA", "5728"), face()])
    assert done.agreement is CANNOT_TELL


def test_a_product_whose_register_says_no_imprint_is_contradicted_by_another_pill_s_alone() -> None:
    bare = pill("", "iron", "65 mg")
    done = found((bare, *MADE), bare, [face("PX", "4810"), face()])
    assert done.agreement is CONTRADICTED
    assert "PX 4810 was read; of iron 65 mg the catalog says no imprint. It looks like baclofen 10 mg." in done.reason
    # of any maker it may be listed again under a brand: a hospital's etodolac 200 mg is the register's Elac
    assert found((bare, *MADE), "iron 65 mg", [face("PX", "4810"), face()]).agreement is CANNOT_TELL
    for readings in ([face("QWE", "9562"), face()], [face(), face()]):
        assert found((bare, *MADE), bare, readings).agreement is CANNOT_TELL


@pytest.mark.parametrize("asked", ["baclofen 10 mg", TEN.product_id])
def test_a_maker_s_name_alone_contradicts_nothing(asked: str) -> None:
    teva = [pill(f"TEVA {number}", f"drug{number}") for number in range(3100, 3104)]
    done = found((*teva, *MADE), asked, [face("TEVA")])
    assert done.agreement is CANNOT_TELL, done.reason
    assert found((*teva, *MADE), asked, [face("TEVA", "3101")]).agreement is CONTRADICTED


@pytest.mark.parametrize("doubts", [Doubts(others=2), Doubts(cut=True), Doubts(different="the color is red in one")])
def test_what_is_doubtful_is_neither_consistent_nor_contradicted(doubts: Doubts) -> None:
    for asked in (TEN, TWENTY):
        done = found(MADE, asked, [face("PX", "4810"), face()], doubts=doubts)
        assert done.agreement is CANNOT_TELL
        said = "The photo shows 3 pills, and it is not known which of them is meant." if doubts.others else ""
        assert done.reason == (said or doubts.sentences[0])


def test_what_no_catalog_has_is_expected_by_its_look() -> None:
    meant = described("LM 5512", color="white", shape="round", size="8")
    readings = [face("LM", "5512"), face()]
    assert meant.kind is ExpectedKind.LOOK
    assert (
        "It does not look like a pill with imprint LM 5512" in found(MADE, meant, [face("PX", "4810"), face()]).reason
    )
    assert found(MADE, meant, readings).agreement is CONSISTENT
    red = found(MADE, meant, [face("PX", "4810"), face()], look(color="RED")).reason
    assert "PX 4810 was read, not LM 5512. The color does not fit: red was seen, white was expected." in red
    assert found(MADE, meant, [face("PX", "4810"), face()]).agreement is CONTRADICTED
    listed = pill("LM 5512", "warfarin", "2 mg")
    done = found((*MADE, listed), meant, readings)
    assert done.agreement is CANNOT_TELL
    assert "It looks as described, and so would warfarin 2 mg (high-alert)." in done.reason


@pytest.fixture(scope="module")
def inside() -> Catalog:
    return pipeline.open_catalog()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("baclofn 10 mg", "Did you mean baclofen 10 mg?"),
        ("baclofen", "which strength? It has baclofen"),
        ("baclofen 10", "baclofen 10: say the unit too. It has baclofen 10 mg"),
        ("baclofen 15 mg", "it has baclofen"),
        ("0000-1111", "NDC 0000-1111 is not in catalog"),
        ("", "nothing is expected"),
        ("  ", "nothing is expected"),
        ("xyzzyq 3 mg", "no product of catalog pillprint is xyzzyq 3 mg. Give an NDC"),
        ("%$#", "no product of catalog"),
    ],
)
def test_an_unknown_expectation_says_what_is_near(inside: Catalog, asked: str, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        expected_of(inside, asked)


def test_an_expectation_is_found_by_number_id_names_and_order(inside: Catalog) -> None:
    ten = expected_of(inside, "baclofen 10 mg")
    assert ten.kind is ExpectedKind.DRUG
    assert expected_of(inside, "Baclofen Tablets, USP 0.01 g").products == ten.products
    one = next(product for product in ten.products if product.ndc)
    by_number, by_id = expected_of(inside, one.ndc), expected_of(inside, one.product_id)
    assert by_number.kind is by_id.kind is ExpectedKind.PRODUCT
    assert one in by_number.products and by_id.products == (one,)


@pytest.mark.parametrize("look_of", [{"shape": "blob"}, {"color": "plaid"}, {"size": "huge"}, {}, {"imprint": "***"}])
def test_a_look_that_is_not_understood_is_refused(look_of: dict[str, str]) -> None:
    with pytest.raises(InputError):
        described(**look_of)


# --- rule-out ---------------------------------------------------------------------------------------------------------


def ruled_out(
    products: Sequence[Product],
    names: Sequence[str],
    readings: Sequence[Reading],
    coverage: float = 0.9,
    seen: PillLook | None = None,
) -> Any:
    seen = seen or look(faces=len(readings))
    with catalog_of(products, coverage) as catalog:
        settings = Settings()
        matcher = Matcher(catalog, settings)
        verifier = Verifier(catalog, matcher, settings)
        return verifier.rule_out(matcher.weigh(readings, seen), verifier.drugs(names), seen_of(readings, seen))


def test_a_known_pill_rules_the_others_out_with_a_risk() -> None:
    done = ruled_out(MADE, ["warfarin"], [face("PX", "4810"), face()])
    assert done.outcome == "RULED_OUT"
    assert 0 < done.risk < 0.02
    assert (
        done.reason == f"It does not look like warfarin; the risk that it is one all the same is {percent(done.risk)}."
    )


def test_a_risk_that_is_too_high_is_said() -> None:
    done = ruled_out((*MADE, pill("20", "dapsone")), ["warfarin"], [face("20"), face()], coverage=0.001)
    assert not done.is_ruled_out and done.risk > 0.02
    assert done.reason.endswith(f"The risk that it is one is {percent(done.risk)}; it would be ruled out below 2 %.")


@pytest.mark.parametrize("names", [["high-alert"], ["anticoagulants"], ["warfarin"], ["baclofen", "warfarin"]])
def test_the_drug_itself_is_never_ruled_out(names: list[str]) -> None:
    done = ruled_out(MADE, names, [face("ZK", "7391"), face()])
    assert done.outcome == "NOT_RULED_OUT"
    assert [candidate.product.drug for candidate in done.could_be] == ["warfarin"]
    assert "warfarin 5 mg" in done.reason


def test_a_look_that_does_not_fit_is_in_the_risk() -> None:
    readings, blue = [face("PX", "4810"), face()], look(color="BLUE")
    done = ruled_out(MADE, ["warfarin"], readings, seen=blue)
    assert done.is_ruled_out and done.risk > ruled_out(MADE, ["warfarin"], readings).risk
    assert not ruled_out(MADE, ["warfarin"], [face("PX", "4819"), face()], seen=blue).is_ruled_out


def test_a_look_alike_that_is_dangerous_is_not_ruled_out() -> None:
    twin = pill("PX 4810", "warfarin", "1 mg")
    assert not ruled_out((*MADE, twin), ["high-alert"], [face("PX", "4810"), face()]).is_ruled_out


@pytest.mark.parametrize("readings", [[], [face(), face()], [unread()], [face("4")]], ids=len)
def test_nothing_is_ruled_out_by_little(readings: list[Reading]) -> None:
    done = ruled_out(MADE, ["warfarin"], readings)
    assert not done.is_ruled_out
    assert done.reason


def test_a_drug_that_the_catalog_lacks_cannot_be_ruled_out() -> None:
    with pytest.raises(InputError, match="Did you mean warfarin"):
        ruled_out(MADE, ["warfarine"], [face("PX", "4810")])
    with pytest.raises(InputError, match="A drug that it lacks cannot be ruled out"):
        ruled_out(MADE, ["zzzz"], [face("PX", "4810")])
    with pytest.raises(InputError, match="no drug to rule out"):
        ruled_out(MADE, ["", " "], [face("PX", "4810")])


# --- the photo, the command, the schema -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def validator() -> Any:
    folder = files("pipeline.report")
    texts = {name: folder.joinpath(name).read_text("utf-8") for name in ("identification.schema.json",)}
    registry: Any = Registry().with_resources(
        (name, Resource.from_contents(json.loads(text))) for name, text in texts.items()
    )
    schema = json.loads(folder.joinpath("verification.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, registry=registry)


NOT_YET_ONE, NOT_YET_ALL = (f"Do not give {it} yet. Add none, take none out." for it in ("it", "them"))
CHECK_BOTH = (
    "This is for one pill, shown from both sides: of two, do not give them, photograph each alone. "
    "Check the label and the order all the same."
)


def run(*arguments: str) -> Any:
    return CliRunner().invoke(cli, ["verify", str(SAMPLE), *arguments])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "first"),
    [
        (("--expect", "baclofen 10 mg"), 0, "CONSISTENT baclofen 10 mg"),
        (("--expect", "baclofen 20 mg"), 10, "CONTRADICTED baclofen 20 mg"),
        (("--expect", "alprazolam 1 mg"), 11, "CANNOT_TELL alprazolam 1 mg"),
        (("--expect-imprint", "024", "--expect-color", "white"), 11, "CANNOT_TELL imprint 024, color white"),
        (("--rule-out", "opioids,warfarin"), 0, "RULED_OUT opioids, warfarin"),
        (("--rule-out", "baclofen"), 11, "NOT_RULED_OUT baclofen"),
    ],
)
def test_the_command_says_one_word_and_exits_with_its_code(
    arguments: tuple[str, ...], code: int, first: str, validator: Any
) -> None:
    done = run(*arguments)
    assert (done.exit_code, done.output.splitlines()[0].partition(":")[0]) == (code, first), done.output
    assert "bits" not in done.output and len(done.output.splitlines()) <= 14
    assert not re.search(r"genuine|authentic|\bsafe\b", done.output, re.IGNORECASE)
    # that others may look so matters where the look agrees
    assert ("never give or take a pill on this alone." in done.output.splitlines()[1]) is not bool(code)
    said = next((line for line in done.output.splitlines() if line.startswith("next: ")), "")
    if first.startswith("CONSISTENT"):
        assert said == "next: " + CHECK_BOTH
    elif first == "NOT_RULED_OUT baclofen":
        ask = "If baclofen 10 mg is ordered, ask with --expect; if not, do not give it."
        assert said == f"next: Do not give it yet. {ask}" and "It is likely baclofen" in done.output
    else:
        no = "next: Do not give it, and do not make up the dose from it. "
        assert said.startswith(no if code == 10 else "next: Do not give it yet. ") is bool(code)
        assert ("nor that it may be given" in said) is not bool(code)
    as_json = run(*arguments, "--json")
    assert as_json.exit_code == code
    validator.validate(json.loads(as_json.output))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "say one of --expect"),
        (("--expect", "baclofen 10 mg", "--rule-out", "opioids"), "say one of --expect"),
        (("--expect", "baclofn 10 mg"), "Did you mean baclofen 10 mg?"),
        (("--expect", ""), "nothing is expected"),
        (("--rule-out", ","), "no drug to rule out"),
        (("--expect-shape", "blob"), "shape 'blob' is not known"),
    ],
)
def test_wrong_questions_are_refused_before_a_photo_is_read(arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert said in done.stderr


@pytest.mark.slow
def test_verifying_leaves_the_answer_as_identify_gives_it() -> None:
    identifier = Identifier()
    plain = identifier.identify(SAMPLE)
    verified = identifier.verify(SAMPLE, "baclofen 10 mg").identification
    for one in (plain, verified):
        object.__setattr__(one, "seconds", {})
    assert verified.to_dict() == plain.to_dict() if isinstance(verified, pipeline.Answer) else False


@pytest.mark.slow
def test_several_photos_are_of_one_pill_and_two_pills_never_agree() -> None:
    identifier, samples = Identifier(), SAMPLE.parent
    both = identifier.verify([samples / "024_front_paper.jpg", samples / "024_back_paper.jpg"], "baclofen 10 mg")
    assert both.agreement is not CONTRADICTED and len(both.identification.faces) == 2
    for other in ("alprazolam_front", "flecainide_front", "solfran_front"):
        two = identifier.verify([samples / "024_front_paper.jpg", samples / f"{other}.jpg"], "baclofen 10 mg")
        assert two.agreement is not CONSISTENT, other


def test_a_list_takes_one_photo(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("expected,count\nbaclofen 10 mg,1\n", encoding="utf-8")
    done = run(str(SAMPLE), "--list", str(file))
    assert (done.exit_code, "--list takes one photo" in done.stderr) == (2, True)


@pytest.mark.slow
def test_the_dispensing_log_of_the_docs_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    page = (Path(__file__).parents[1] / "docs" / "verify.md").read_text("utf-8")
    code = re.search(r"```python\n(.+?)```", page, re.DOTALL)
    assert code
    table = files("reference").joinpath("products.csv").read_text("utf-8")
    with contextlib.closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as database:
        fill(database, own_products(table))
    rows = [f"A1,{SAMPLE},pillprint:baclofen-10-trupharma-024", f"A2,{SAMPLE},00172-4097-60"]
    (tmp_path / "dispensed.csv").write_text("\n".join(("order,photo,ndc", *rows, "")), "utf-8")
    monkeypatch.chdir(tmp_path)
    exec(compile(code[1], "verify.md", "exec"), {})
    logged = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text("utf-8").splitlines()]
    assert [line["expected"]["asked"] for line in logged] == [row.split(",")[2] for row in rows]
    assert [line["agreement"] for line in logged] == ["CONSISTENT", "CONTRADICTED"]
    assert capsys.readouterr().out.startswith("A2 CONTRADICTED It does not look like baclofen 20 mg of Ivax")


# --- a list against a photo -------------------------------------------------------------------------------------------


def checked(
    entries: Sequence[tuple[str, int]],
    pills: Sequence[tuple[str, ...]],
    doubts: Doubts | None = None,
    counted: Counted | None = None,
    unlikely: Sequence[int] = (),
) -> Any:
    """What is said of pills that say so on the face that is up, and look white and round.

    ``unlikely`` are the places of those that may be no pill.
    """
    with catalog_of(MADE) as catalog:
        settings = Settings()
        matcher = Matcher(catalog, settings)
        seen = look(faces=1)
        faces = [[face(*texts)] for texts in pills]
        return check_list(
            Verifier(catalog, matcher, settings),
            [ListEntry(expected_of(catalog, name), count) for name, count in entries],
            [
                SeenPill(seen_of(each, seen, doubts, place in unlikely), matcher.weigh(each, seen))
                for place, each in enumerate(faces)
            ],
            counted or Counted(),
        )


BACLOFEN, WARFARIN = ("PX", "4810"), ("ZK", "7391")


def test_all_that_is_listed_and_seen_is_there() -> None:
    done = checked([("baclofen 10 mg", 2), ("warfarin 5 mg", 1)], [BACLOFEN, WARFARIN, BACLOFEN])
    assert done.agreement is CONSISTENT
    assert [(each.present, each.missing, each.untold) for each in done.entries] == [(2, 0, 0), (1, 0, 0)]
    assert {pill.state for pill in done.pills} == {PillState.PRESENT}


def test_what_is_missing_or_extra_is_named_the_dangerous_first() -> None:
    done = checked([("baclofen 10 mg", 2), ("warfarin 5 mg", 1)], [BACLOFEN])
    assert done.agreement is CONTRADICTED
    assert done.reason.startswith("Missing: 1 x warfarin 5 mg (high-alert: an anticoagulant")
    assert "Missing: 1 x baclofen 10 mg" in done.reason
    done = checked([("baclofen 10 mg", 1)], [BACLOFEN, WARFARIN])
    assert done.agreement is CONTRADICTED
    assert [(pill.state, pill.entry) for pill in done.pills] == [(PillState.EXTRA, None), (PillState.PRESENT, 0)]
    assert "It looks like warfarin 5 mg (high-alert)." in done.reason


def test_one_too_many_of_what_is_listed_is_extra() -> None:
    done = checked([("baclofen 10 mg", 1)], [BACLOFEN, BACLOFEN])
    assert done.agreement is CONTRADICTED
    assert "Pill 2 is one more that looks like baclofen 10 mg than the list has." in done.reason


def test_a_wrong_pill_is_extra_and_the_right_one_missing() -> None:
    done = checked([("baclofen 10 mg", 1), ("baclofen 20 mg", 1)], [BACLOFEN, WARFARIN])
    assert done.agreement is CONTRADICTED
    assert "Missing: 1 x baclofen 20 mg." in done.reason
    said = "pill 2 is not on the list; one pill is missing: baclofen 20 mg"
    assert headline(done)[1] == f"2 pills seen, 2 on the list: {said}"
    assert next_step(done) == (
        f"{NOT_YET_ALL} Look for the missing pill in the cup, on the floor, in the packages. "
        "Ask a pharmacist about pill 2."
    )
    assert "Pill 2 is not on the list; nearest to it is baclofen " in done.reason


def test_a_blank_face_and_a_pill_cut_by_the_border_cannot_be_told() -> None:
    entries = [("baclofen 10 mg", 1), ("warfarin 5 mg", 1)]
    done = checked(entries, [BACLOFEN, ()])
    assert done.agreement is CANNOT_TELL
    assert [(each.present, each.missing, each.untold) for each in done.entries] == [(1, 0, 0), (0, 0, 1)]
    assert checked(entries, [BACLOFEN, WARFARIN], Doubts(cut=True)).agreement is CANNOT_TELL


def test_a_count_that_does_not_fit_is_a_fault_though_nobody_can_say_of_which() -> None:
    done = checked([("baclofen 10 mg", 1), ("warfarin 5 mg", 1)], [()])
    assert done.agreement is CONTRADICTED
    either = "warfarin 5 mg (high-alert) or baclofen 10 mg"
    assert f"The list has 2 pills, 1 was seen. One is missing: {either}." in done.reason
    assert headline(done)[1] == f"1 pill seen, 2 on the list: one pill is missing, not known which: {either}"
    more = checked([("baclofen 10 mg", 1)], [BACLOFEN, ()])
    assert "The list has 1 pill, 2 were seen: one pill too many, not known which." in more.reason
    assert headline(more)[1] == "2 pills seen, 1 on the list: one pill too many, not known which"


@pytest.mark.parametrize("doubt", [Counted(spots=((120, 40),)), Counted(touching=((0, 1),))])
def test_a_count_that_the_photo_does_not_show_is_no_fault(doubt: Counted) -> None:
    entries = [("baclofen 10 mg", 1), ("warfarin 5 mg", 1)]
    done = checked(entries, [BACLOFEN], counted=doubt)
    assert done.agreement is CANNOT_TELL
    assert "The list has 2 pills, 1 was seen, but the photo does not show how many lie there." in done.reason
    assert [(each.missing, each.untold) for each in done.entries] == [(0, 0), (0, 1)]
    assert next(doubt.sentences) in done.reason
    # what is read is a fault all the same, and where pills may hide nothing is consistent
    assert checked([("baclofen 10 mg", 1)], [BACLOFEN, WARFARIN], counted=doubt).agreement is CONTRADICTED
    assert checked(entries, [BACLOFEN, WARFARIN], counted=doubt).agreement is CANNOT_TELL
    # one place hides one pill, not two
    more = [("baclofen 10 mg", 1), ("warfarin 5 mg", 2)]
    assert checked(more, [()], counted=doubt).reason.startswith("The list has 3 pills, 1 was seen. One is missing")


def test_what_may_be_no_pill_is_no_fault_unless_it_bears_text() -> None:
    one = [("baclofen 10 mg", 1)]
    assert checked(one, [BACLOFEN, ()]).agreement is CONTRADICTED
    done = checked(one, [BACLOFEN, ()], unlikely=[1])
    assert done.agreement is CANNOT_TELL
    assert "The list has 1 pill, 2 were seen, but the photo does not show how many lie there." in done.reason
    assert "Pill 2 may be no pill." in done.reason
    assert checked(one, [BACLOFEN, WARFARIN], unlikely=[1]).agreement is CONTRADICTED
    two = [("baclofen 10 mg", 1), ("warfarin 5 mg", 1)]
    assert checked(two, [BACLOFEN, WARFARIN], unlikely=[1]).agreement is CONSISTENT
    assert checked(two, [BACLOFEN, ()], unlikely=[1]).agreement is CANNOT_TELL
    # the print of a blister's pocket is no known pill's
    assert checked(one, [BACLOFEN, ("QWERTY", "50850")], unlikely=[1]).agreement is CANNOT_TELL
    # nor need it be told: a tablet that is known bears just that
    known = (*MADE, pill("PX 48", "etodolac", "400 mg"), pill("PX 48", "ibuprofen", "200 mg", key="twin"))
    done = listed(known, ["etodolac 400 mg"], [("PX", "48"), ("PX", "48")], unlikely=[1])
    assert "Pill 2 may be no pill." not in done.reason
    # where a pill lacks even if it is one, it lacks
    assert checked([("baclofen 10 mg", 3)], [BACLOFEN, ()], unlikely=[1]).agreement is CONTRADICTED


def test_a_blank_face_is_counted_by_its_look_and_stays_untold() -> None:
    blue = pill("BL 5521", "lisinopril", "5 mg", labeler="Able", colors=("BLUE",))
    with catalog_of((*MADE, blue)) as catalog:
        settings = Settings()
        matcher = Matcher(catalog, settings)
        names = (("lisinopril 5 mg", 2), ("baclofen 10 mg", 1), ("warfarin 5 mg", 1))
        entries = [ListEntry(expected_of(catalog, name), count) for name, count in names]
        looks = [look(color=color, faces=1) for color in ("BLUE", "BLUE", "WHITE", "RED")]
        pills = [SeenPill(seen_of([face()], each), matcher.weigh([face()], each)) for each in looks]
        done = check_list(Verifier(catalog, matcher, settings), entries, pills)
    assert done.agreement is CANNOT_TELL
    assert {pill.number: pill.fits for pill in done.pills} == {1: (0,), 2: (0,), 3: (1, 2), 4: ()}
    assert {pill.state for pill in done.pills} == {PillState.CANNOT_TELL}
    assert [(each.present, each.untold, each.likely) for each in done.entries] == [(0, 2, 2), (0, 1, 0), (0, 1, 0)]
    assert "Look at pill 4 first: it fits nothing on the list, as far as the catalog knows." in done.reason
    assert "Not identified: pills 1, 2, 3 and 4." in done.reason
    assert done.pills[0].number == 4
    lines = [words for name, words in list_lines(done, verbose=False) if name == "unclear"]
    alert = "(high-alert: an anticoagulant: too much of it causes bleeding, too little clots)"
    assert lines == [
        f"1 x warfarin 5 mg {alert}: not found yet; may be pill 3",
        "2 x lisinopril 5 mg: pills 1 and 2 could be it, not sure",
        "1 x baclofen 10 mg: not found yet; may be pill 3",
    ]


@pytest.mark.parametrize(("touching", "state"), [((), PillState.EXTRA), (((0, 1),), PillState.CANNOT_TELL)])
def test_of_pills_that_touch_no_look_tells_anything(touching: tuple[tuple[int, int], ...], state: PillState) -> None:
    with catalog_of(MADE) as catalog:
        settings, seen = Settings(), dataclasses.replace(WORSE_LOOK, faces=1)
        matcher = Matcher(catalog, settings)
        pills = [
            SeenPill(seen_of(each, one), matcher.weigh(each, one))
            for each, one in (([face(*BACLOFEN)], look(faces=1)), ([face()], seen))
        ]
        entries = [ListEntry(expected_of(catalog, TEN.product_id), 1)]
        done = check_list(Verifier(catalog, matcher, settings), entries, pills, Counted(touching=touching))
    states = {pill.number: pill.state for pill in done.pills}
    assert states == {1: PillState.PRESENT, 2: state}
    assert ("It nearly touches another pill" in " ".join(pill.reason for pill in done.pills)) is bool(touching)


def test_two_faces_that_look_alike_may_be_one_pill() -> None:
    done = checked([("baclofen 10 mg", 1)], [BACLOFEN, ()], counted=Counted(alike=((0, 1),)))
    assert done.agreement is CONTRADICTED
    assert "Pill 1 and pill 2 may be one pill, shown from both sides." in done.reason
    assert done.alike == ((1, 2),)
    assert headline(done)[1] == "2 pills seen, 1 on the list: one pill shown from both sides, or two pills?"
    assert next_step(done) == f"{NOT_YET_ONE} Lay each pill down once, and take the photo again."
    # where no entry could be both, they are two pills
    both = checked([("baclofen 10 mg", 1)], [BACLOFEN, WARFARIN], counted=Counted(alike=((0, 1),)))
    assert (both.agreement, both.alike) == (CONTRADICTED, ())
    assert headline(both)[1] == "2 pills seen, 1 on the list: pill 2 is not on the list"
    two = checked([("baclofen 10 mg", 2)], [BACLOFEN, BACLOFEN], counted=Counted(alike=((0, 1),)))
    assert (two.agreement, two.alike) == (CONSISTENT, ())


SHARED = (*MADE, pill("PX 7711", "etodolac", "400 mg", labeler="Able"), pill("PX 7720", "ibuprofen", "200 mg"))


def listed(
    products: Sequence[Product], names: Sequence[str], pills: Sequence[tuple[str, ...]], unlikely: Sequence[int] = ()
) -> Any:
    """What is said of pills beside a list, where these products are all that the catalog has."""
    with catalog_of(products) as catalog:
        settings, seen = Settings(), look(faces=1)
        matcher = Matcher(catalog, settings)
        faces = [[face(*texts)] for texts in pills]
        return check_list(
            Verifier(catalog, matcher, settings),
            [ListEntry(expected_of(catalog, name), 1) for name in names],
            [
                SeenPill(seen_of(each, seen, None, place in unlikely), matcher.weigh(each, seen))
                for place, each in enumerate(faces)
            ],
        )


def test_what_only_pills_off_the_list_share_looks_like_the_listed_one_and_names_them() -> None:
    whole = listed(SHARED, ["etodolac 400 mg"], [("PX",)])
    (done,) = whole.pills
    assert (done.state, done.entry) == (PillState.LOOKS_LIKE, 0), done.reason
    off = "baclofen 10 mg, baclofen 20 mg and ibuprofen 200 mg"
    assert done.reason == f"It looks like etodolac 400 mg, which is on the list, and like {off}, which are not."
    assert "ibuprofen 200 mg" in done.look_alikes
    assert whole.agreement is CANNOT_TELL
    assert whole.reason == "Something that is not on the list would look the same as pill 1."
    assert [(each.present, each.looks_like, each.missing, each.untold) for each in whole.entries] == [(0, 1, 0, 0)]
    assert next_step(whole) == (
        f"{NOT_YET_ONE} Compare pill 1 with the label of the package; its other side may tell too."
    )
    assert ("unclear", "1 x etodolac 400 mg: pill 1 could be it, not sure") in list(list_lines(whole, verbose=False))
    (alone,) = listed(SHARED, ["warfarin 5 mg"], [WARFARIN]).pills
    assert (alone.state, alone.look_alikes) == (PillState.PRESENT, ())


def test_another_maker_s_tablet_leaves_drug_and_strength_told_and_is_named() -> None:
    twin = pill("PX 4810", "baclofen", "10 mg", key="twin", labeler="Charlie")
    (done,) = listed((*MADE, twin), [TEN.product_id], [BACLOFEN]).pills
    assert (done.state, done.look_alikes) == (PillState.LOOKS_LIKE, ("baclofen 10 mg of Charlie",))
    assert done.reason == (
        "It looks like baclofen 10 mg of Able, which is on the list, and like baclofen 10 mg of Charlie, which is not."
    )
    assert listed((*MADE, twin), ["baclofen 10 mg"], [BACLOFEN]).agreement is CONSISTENT
    both = listed((*MADE, twin), [TEN.product_id, twin.product_id], [BACLOFEN, BACLOFEN])
    assert both.agreement is CANNOT_TELL
    assert {pill.state for pill in both.pills} == {PillState.CANNOT_TELL}
    assert "It looks like baclofen 10 mg of Charlie of the list too." in [pill.reason for pill in both.pills]


def test_more_of_what_looks_like_the_listed_one_is_extra() -> None:
    done = listed(SHARED, ["etodolac 400 mg"], [("PX",), ("PX",)])
    assert done.agreement is CONTRADICTED
    assert "Pill 2 is one more that looks like etodolac 400 mg than the list has." in done.reason


def test_a_face_that_two_of_the_list_have_cannot_be_told() -> None:
    done = listed(SHARED, ["etodolac 400 mg", "ibuprofen 200 mg"], [("PX",), ("PX",)])
    assert {pill.state for pill in done.pills} == {PillState.CANNOT_TELL}


def test_a_face_that_another_strength_has_cannot_be_told_whatever_its_color() -> None:
    blue = pill("PX 4820", "baclofen", "20 mg", labeler="Able", colors=("BLUE",))
    (done,) = listed((TEN, blue, OTHER), ["baclofen 10 mg"], [("PX",)]).pills
    assert done.state is PillState.CANNOT_TELL
    assert done.reason == "It looks like baclofen 10 mg, which is on the list, and like baclofen 20 mg, which is not."


def test_a_photo_without_pills_lacks_all() -> None:
    done = checked([("baclofen 10 mg", 2)], [])
    assert (done.agreement, done.reason) == (CONTRADICTED, "Missing: 2 x baclofen 10 mg.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no column `expected`"),
        ("drug,count\nx,1\n", "has no column `expected`"),
        ("expected,count\n", "the list is empty"),
        ("expected,count\nbaclofen 10 mg,0\n", "line 2: a count of '0'"),
        ("expected,count\nbaclofen 10 mg,many\n", "line 2: a count of 'many'"),
        ("expected,count\nbaclofen 10 mg,-1\n", "line 2: a count of '-1'"),
        ("expected,count\nbaclofen 10 mg,400\n", "line 2: a count of '400'; it is a whole number from 1 to 200"),
        (f"expected,count\nbaclofen 10 mg,{'9' * 5000}\n", "line 2: a count of '999"),
        ("expected,count\n" + 6 * "baclofen 10 mg,200\n", "lists 1200 pills; one photo shows at most 1000"),
        ("expected,count\nbaclofen 10 mg,1\nbaclofn 10 mg,1\n", "line 3: no product of catalog made is baclofn"),
        ("expected;count\nbaclofn 10 mg;1\n", "line 2: no product of catalog made is baclofn"),
        ("count,expected\n2\n", "line 2: nothing is expected"),
        ("expected,count\n,2\n", "line 2: nothing is expected"),
    ],
)
def test_a_list_that_means_nothing_is_refused_by_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "list.csv"
    file.write_text(text, encoding="utf-8")
    with catalog_of(MADE) as catalog, pytest.raises(InputError, match=re.escape(said)):
        read_list(file, catalog)


def test_a_list_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with catalog_of(MADE) as catalog, pytest.raises(InputError, match="cannot be read"):
        read_list(tmp_path / "none.csv", catalog)


@pytest.mark.parametrize(
    "text",
    [
        "expected,count\nbaclofen 10 mg,\nwarfarin 5 mg,2\n",
        "\ufeffexpected;count\r\nbaclofen 10 mg;1\r\nwarfarin 5 mg;2\r\n;\r\n",
        "Patient\tExpected \tCOUNT\nA\tbaclofen  10 mg\t1.0\nA\twarfarin 5 mg\t2.0",
    ],
    ids=["plain", "a spreadsheet's", "other columns"],
)
def test_a_list_is_read_as_people_and_spreadsheets_write_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(text.encode("utf-8"))
    with catalog_of(MADE) as catalog:
        entries = read_list(file, catalog)
    assert [(each.expected.name, each.count) for each in entries] == [("baclofen 10 mg", 1), ("warfarin 5 mg", 2)]


def test_a_file_that_is_no_list_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(b"PK\x03\x04\x14\x00\x06\x00\xb5\n\x00")
    with catalog_of(MADE) as catalog, pytest.raises(InputError, match="has no column `expected`; write a CSV"):
        read_list(file, catalog)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "cp949"])
def test_a_list_is_read_in_the_encoding_that_a_spreadsheet_saves(tmp_path: Path, encoding: str) -> None:
    patient = "강남구청" if encoding == "cp949" else "Müller"
    file = tmp_path / "list.csv"
    file.write_bytes(f"patient;expected;count\r\n{patient};baclofen 10 mg;2\r\n".encode(encoding))
    with catalog_of(MADE) as catalog:
        entries = read_list(file, catalog)
    assert [(each.expected.name, each.count) for each in entries] == [("baclofen 10 mg", 2)]


@pytest.mark.slow
def test_the_command_checks_a_list(tmp_path: Path, validator: Any) -> None:
    file = tmp_path / "list.csv"
    file.write_text("expected,count\nbaclofen 20 mg,1\nalprazolam 1 mg,1\n", encoding="utf-8")
    done = run("--list", str(file))
    assert done.exit_code in (10, 11), done.output
    assert "on the list" in done.output.splitlines()[0]
    validator.validate(json.loads(run("--list", str(file), "--json").output))


def test_what_is_told_by_its_list_alone_says_so() -> None:
    # TEVA 25 is too little to be told by itself; of the list only one pill looks so
    products = [pill(f"TEVA {number}", f"drug{number}") for number in (3100, 3101, 25)]
    alone = found((*MADE, *products), "drug25 10 mg", [face("25")])
    assert alone.agreement is CANNOT_TELL
    done = listed((*MADE, *products), ["drug25 10 mg", "baclofen 10 mg"], [("25",), BACLOFEN])
    assert {pill.number: (pill.state, pill.by_list) for pill in done.pills} == {
        1: (PillState.PRESENT, True),
        2: (PillState.PRESENT, False),
    }
    assert done.agreement is CONSISTENT
    said = (
        "Pill 1 was identified with the help of the list, of which only one looks so; "
        "asked for alone (--expect) it could not be identified."
    )
    assert said in done.reason
    bare = [dataclasses.replace(each, identification=identification((), ())) for each in done.pills]
    as_json = dataclasses.replace(done, pills=tuple(bare)).to_dict()
    assert [each["by_list"] for each in as_json["pills"]] == [True, False]


def test_fingers_at_the_border_are_looked_at_not_turned_over() -> None:
    with catalog_of(MADE) as catalog:
        settings, seen = Settings(), look(faces=1)
        matcher = Matcher(catalog, settings)
        verifier = Verifier(catalog, matcher, settings)
        entries = [ListEntry(expected_of(catalog, name), 1) for name in ("baclofen 10 mg", "warfarin 5 mg")]
        cut = Doubts(cut=True)
        fingers = SeenPill(seen_of([face()], seen, cut, cut=True), matcher.weigh([face()], seen))
        blank = SeenPill(seen_of([face()], seen), matcher.weigh([face()], seen))
        half = SeenPill(seen_of([face("48")], seen, cut, cut=True), matcher.weigh([face("48")], seen))
        done = check_list(verifier, entries, [fingers, blank])
        alone = check_list(verifier, entries[:1], [fingers])
        read = check_list(verifier, entries[:1], [half])
    assert [pill.number for pill in done.pills if pill.may_be_no_pill] == [1]
    assert "Pill 1 is cut by the border and bears no text that was read: it may be no pill." in done.reason
    assert next_step(done) == (
        f"{NOT_YET_ALL} Look at pill 1: no pill, perhaps, but a finger or another thing. "
        "Turn over pill 2, lay all apart, and take the photo again."
    )
    assert next_step(alone).startswith(
        f"{NOT_YET_ONE} Look at pill 1: no pill, perhaps"
    ) and "Turn over" not in next_step(alone)
    assert headline(alone)[1] == "1 thing seen, perhaps no pill, 1 on the list: nothing was identified"
    assert headline(done)[1].startswith("1 pill and 1 thing seen, perhaps no pill, 2 on the list: ")
    assert ("unclear", "1 x baclofen 10 mg: not seen in this photo") in list(list_lines(alone, verbose=False))
    assert not any(pill.may_be_no_pill for pill in read.pills)


def test_of_several_pills_no_drug_is_named_as_what_it_looks_like() -> None:
    several = Doubts(others=2)
    with catalog_of(MADE) as catalog:
        settings, readings, seen = Settings(), [face("PX", "4810"), face("ZK")], look(faces=2)
        matcher = Matcher(catalog, settings)
        verifier, weighing = Verifier(catalog, matcher, settings), matcher.weigh(readings, seen)
        answer = seen_of(readings, seen, several)
        done = verifier.verify(weighing, expected_of(catalog, "warfarin 5 mg"), answer)
        out = verifier.rule_out(weighing, verifier.drugs(["warfarin"]), answer)
    assert done.agreement is CANNOT_TELL
    assert done.reason == "The photo shows 3 pills, and it is not known which of them is meant."
    lines = dict(verification_lines(done, verbose=False))
    assert lines["seen"] == "3 pills; of the text on them PX 4810 and ZK was read"
    assert "baclofen" not in " ".join(lines.values())
    assert (
        next_step(done) == "Do not give it yet. Take a photo of each pill alone, or compare all with a list (--list)."
    )
    assert not out.is_ruled_out and next_step(out) == "Do not give it yet. Take a photo of each pill alone."
    assert [name for name, _ in rule_out_lines(out, verbose=False)] == ["seen"]


@pytest.mark.parametrize(
    ("names", "read", "means"),
    [
        (["warfarin"], "PX 4810", "warfarin: it does not look like it"),
        (["anticoagulants"], "PX 4810", "anticoagulants: it looks like none of them"),
        (["warfarin"], "ZK 7391", "warfarin: it is likely warfarin 5 mg (high-alert)"),
        (
            ["warfarin", "baclofen"],
            "ZK 7391",
            "warfarin, baclofen: it could be one of them: likely warfarin 5 mg (high-alert)",
        ),
        (["anticoagulants"], "", "anticoagulants: it could be one of them"),
    ],
)
def test_what_a_rule_out_means_of_one_drug_and_of_several(names: list[str], read: str, means: str) -> None:
    done = ruled_out(MADE, names, [face(*read.split()), face()])
    assert headline(done)[1] == means
    seen = identification(tuple(read.split()), ())
    risk = dict(rule_out_lines(dataclasses.replace(done, identification=seen), verbose=False))
    assert ("risk that it is one" in risk) is (names == ["warfarin"])


def test_where_no_pill_was_found_the_first_line_says_so() -> None:
    with catalog_of(MADE) as catalog:
        settings, seen = Settings(), PillLook()
        matcher = Matcher(catalog, settings)
        verifier, weighing = Verifier(catalog, matcher, settings), matcher.weigh([], seen)
        done = verifier.verify(weighing, expected_of(catalog, "warfarin 5 mg"), seen_of([], seen))
        out = verifier.rule_out(weighing, verifier.drugs(["warfarin"]), seen_of([], seen))
    assert headline(done)[1] == "warfarin 5 mg: no pill was found"
    assert headline(out)[1] == "warfarin: no pill was found"
    assert headline(checked([("baclofen 10 mg", 1)], []))[1] == "0 pills seen, 1 on the list: no pill was found"


def test_what_is_cut_and_not_read_is_said_once() -> None:
    with catalog_of(MADE) as catalog:
        settings, seen = Settings(), look(faces=1)
        matcher = Matcher(catalog, settings)
        verifier, weighing = Verifier(catalog, matcher, settings), matcher.weigh([face()], seen)
        out = verifier.rule_out(weighing, verifier.drugs(["warfarin"]), seen_of([face()], seen, Doubts(cut=True)))
    assert out.reason.endswith("No text was read on it, so it may be no pill at all.")
    assert out.reason.count("No text was read") == 1
    assert next_step(out) == "Do not give it yet. If it is a pill, take the photo again, with all of the pill in it."


def test_a_look_that_does_not_fit_is_said_in_words_of_every_day() -> None:
    blue = pill("PX 4810", "baclofen", "10 mg", colors=("BLUE",), score=2, size_mm=13.0)
    done = found((blue, OTHER), blue, [face("PX", "4810"), face()], look(size_mm=8.0))
    assert done.agreement is CONTRADICTED
    assert "The color does not fit: white was seen, blue is listed." in done.reason
    assert "The size does not fit: 8.0 mm was seen, 13 mm is listed." in done.reason
    assert "register" not in done.reason and "%" not in done.reason


# --- what to do next --------------------------------------------------------------------------------------------------


def test_each_answer_that_settles_nothing_says_what_to_do_next() -> None:
    entries = [("baclofen 10 mg", 1), ("warfarin 5 mg", 1)]
    turn = NOT_YET_ALL + " Turn over {}, lay all apart, and take the photo again."
    assert next_step(checked(entries, [BACLOFEN, ()])) == turn.format("pill 2")
    assert next_step(checked(entries, [(), ()])) == turn.format("pills 1 and 2")
    look = f"{NOT_YET_ALL} Look for the missing pill in the cup, on the floor, in the packages."
    assert next_step(checked(entries, [BACLOFEN])) == look
    assert next_step(checked(entries, [BACLOFEN, WARFARIN])) == ""
    hidden = checked(entries, [BACLOFEN, WARFARIN], counted=Counted(touching=((0, 1),)))
    assert next_step(hidden) == f"{NOT_YET_ALL} Lay the pills apart on plain paper, and take the photo again."


def test_a_short_answer_of_a_list_says_each_reason_once() -> None:
    entries = [("baclofen 10 mg", 1), ("warfarin 5 mg", 2)]
    lines = list(list_lines(checked(entries, [BACLOFEN, (), ()]), verbose=False))
    assert [name for name, _ in lines] == ["unclear", "as listed", "pills 2 and 3", "numbers"]
    assert dict(lines)["as listed"] == "1 x baclofen 10 mg: pill 1"
    assert dict(lines)["pills 2 and 3"] == "no text was read."


@pytest.mark.parametrize(("faces", "says"), [(1, "imprint PX 4810, round, white"), (2, "not scored")])
def test_that_one_face_is_not_scored_says_nothing_of_the_pill(faces: int, says: str) -> None:
    with catalog_of(MADE) as catalog:
        settings = Settings()
        matcher = Matcher(catalog, settings)
        readings, seen = [face("PX", "4810"), face("PX")][:faces], look(faces=faces)
        found = Verifier(catalog, matcher, settings).verify(
            matcher.weigh(readings, seen), expected_of(catalog, "warfarin 5 mg"), seen_of(readings, seen)
        )
    words = dict(verification_lines(found, verbose=False))["seen"]
    assert words.endswith(says)


def test_what_is_likely_another_pill_is_held_back_though_it_contradicts_nothing() -> None:
    with catalog_of(MADE) as catalog:
        settings = Settings()
        matcher = Matcher(catalog, settings)
        readings, seen = [face("PX", "4810")], look(faces=1)
        found = Verifier(catalog, matcher, settings).verify(
            matcher.weigh(readings, seen), expected_of(catalog, "warfarin 5 mg"), seen_of(readings, seen)
        )
    open_ = dataclasses.replace(found, agreement=CANNOT_TELL)
    assert open_.others[0].product.drug == "baclofen" and open_.others[0].probability > 0.5
    assert next_step(open_).startswith("Do not give it")
    assert next_step(dataclasses.replace(open_, others=())).startswith("Do not give it yet. Turn it over")


def test_a_ratio_above_one_of_what_is_contradicted_says_that_it_is_outweighed() -> None:
    with catalog_of(MADE) as catalog:
        settings = Settings()
        matcher = Matcher(catalog, settings)
        readings, seen = [face("PX", "4810"), face()], look(faces=2)
        found = Verifier(catalog, matcher, settings).verify(
            matcher.weigh(readings, seen), expected_of(catalog, "baclofen 20 mg"), seen_of(readings, seen)
        )
    short = dict(verification_lines(dataclasses.replace(found, identification=identification(("024",), ())), False))
    assert (
        short["seen"].startswith("one side 024, other side blank")
        and "likelihood ratio" not in short
        and "for" not in short
    )
    unread_one = dataclasses.replace(found, identification=identification((), ()))
    assert dict(verification_lines(unread_one, False))["seen"] == "no imprint was read"
    shown = dataclasses.replace(found, likelihood_ratio_bits=8.6, identification=identification(("024",), ()))
    lines = dict(verification_lines(shown))
    assert lines["likelihood ratio"].endswith("; what contradicts it weighs more")
    assert next_step(found).startswith("Do not give it")


# --- what fits better -------------------------------------------------------------------------------------------------

COUMADIN = tuple(
    pill(f"{mark} COUMADIN", "warfarin", f"{strength} mg", labeler="DuPont", colors=(color,))
    for mark, strength, color in (("2", "2", "PURPLE"), ("2 1 2", "2.5", "GREEN"), ("7 1 2", "7.5", "YELLOW"))
)


def verified(products: Sequence[Product], asked: str, readings: Sequence[Reading], seen: PillLook) -> Any:
    """The whole answer about a pill that reads and looks so."""
    with catalog_of(products) as catalog:
        settings = Settings()
        matcher = Matcher(catalog, settings)
        verifier, weighing = Verifier(catalog, matcher, settings), matcher.weigh(readings, seen)
        return verifier.verify(weighing, expected_of(catalog, asked), seen_of(readings, seen))


@pytest.mark.parametrize(
    ("color", "asked", "like", "question"),
    [
        ("YELLOW", "2.5", "7.5", "is it 7 1/2, 2 or 2 1/2?"),  # 7 1/2 was read as 2
        ("GREEN", "2", "2.5", "is it 2 1/2 or 2?"),
    ],
)
def test_another_strength_of_the_drug_is_named_first_and_asked_for(
    color: str, asked: str, like: str, question: str
) -> None:
    products, readings = (*COUMADIN, *MADE), [face("COUMADIN", "2"), face()]
    done = verified(products, f"warfarin {asked} mg", readings, look(color=color))
    assert done.agreement is CANNOT_TELL
    assert headline(done)[1] == f"warfarin {asked} mg: it looks more like warfarin {like} mg (high-alert)"
    assert f"It looks more like warfarin {like} mg (high-alert)" in done.reason
    assert "another maker's" not in done.reason  # COUMADIN is one maker's
    assert next_step(done).startswith(f"Do not give it yet. Come closer: {question} Compare it with the label")


def test_another_number_of_a_series_is_not_what_it_looks_more_like() -> None:
    # the register has Ivax's Z 2083; the tablet is sold with TEVA 2083 now, and TEVA 2089 is another strength
    own, other = pill("Z 2083", "chlor", "25 mg"), pill("TEVA 2089", "chlor", "50 mg")
    done = verified((own, other, *MADE), "chlor 25 mg", [face("TEVA", "2083"), face()], look(faces=2))
    assert (done.agreement, done.better) == (CANNOT_TELL, ())
    assert headline(done)[1] == "chlor 25 mg: the photo does not settle it"


def test_what_nothing_fits_better_is_not_settled() -> None:
    twin = pill("PX 4810", "warfarin", "1 mg", labeler="Baker")
    done = verified((*MADE, twin), "baclofen 10 mg", [face("PX", "4810"), face()], look(faces=2))
    assert (done.agreement, done.better) == (CANNOT_TELL, ())
    assert headline(done)[1] == "baclofen 10 mg: the photo does not settle it"


def test_a_brand_whose_drug_is_not_known_may_be_what_is_expected() -> None:
    listed_so, brand = pill("SK 302", "meloxicam", "15 mg"), pill("NK 477", "mopik", "15 mg", ingredients=())
    done = verified((listed_so, brand, *MADE), "meloxicam 15 mg", [face("NK", "477"), face()], look(faces=2))
    assert headline(done)[1] == "meloxicam 15 mg: it looks like mopik 15 mg; the catalog does not say what is in it"
    assert next_step(done) == "Do not give it yet. Read the package: what is in mopik 15 mg?"
    seen = dataclasses.replace(done, identification=identification(("NK", "477"), ()))
    names = [name for name, _ in verification_lines(seen, verbose=False)]
    assert "looks like" in names and "could instead be" not in names


def test_what_is_nearly_the_list_s_own_word_is_said_once_and_read_again() -> None:
    zomig = pill("ZOMIG 2.5", "zolmitriptan", "2.5 mg")
    done = listed((zomig, *MADE), ["zolmitriptan 2.5 mg", "baclofen 10 mg"], [("ZOMIG5L",), BACLOFEN])
    (misread,) = (each for each in done.pills if each.number == 1)
    assert misread.reason.startswith("ZOMIG5L was read, perhaps misread; zolmitriptan 2.5 mg is marked ZOMIG")
    assert misread.reason.endswith(" Read it yourself.") and "fits nothing" not in done.reason
    assert done.agreement is CANNOT_TELL and next_step(done) == f"{NOT_YET_ALL} Read pill 1 yourself."
    assert ("unclear", "1 x zolmitriptan 2.5 mg: pill 1 could be it, not sure") in list(list_lines(done, verbose=False))


def test_of_each_entry_the_pills_that_could_be_it_are_named_by_number() -> None:
    names = ["etodolac 400 mg", "ibuprofen 200 mg", "warfarin 5 mg"]
    done = listed(SHARED, names, [("PX",), ("PX",), ("QWE", "9562")])
    alert = "(high-alert: an anticoagulant: too much of it causes bleeding, too little clots)"
    lines = list(list_lines(done, verbose=False))
    assert [words for name, words in lines if name == "unclear"] == [
        f"1 x warfarin 5 mg {alert}: not found yet; may be pill 3",
        "1 x etodolac 400 mg: not found yet; may be one of pills 1 and 2",
        "1 x ibuprofen 200 mg: not found yet; may be one of pills 1 and 2",
    ]
    both = "etodolac 400 mg and ibuprofen 200 mg, which are on the list, and like baclofen 10 mg and baclofen 20 mg"
    assert dict(lines)["pills 1 and 2"].endswith(f"It looks like {both}, which are not.")
    lacks = dict(list_lines(checked([("baclofen 10 mg", 1), ("baclofen 20 mg", 2)], [BACLOFEN]), verbose=False))
    assert lacks["missing"] == "2 x baclofen 20 mg" and lacks["as listed"] == "1 x baclofen 10 mg: pill 1"


def test_a_pill_of_a_list_that_fits_nothing_says_so_once() -> None:
    done = listed(MADE, ["baclofen 10 mg"], [("QWE", "9562")])
    (odd,) = done.pills
    assert odd.reason.startswith("It fits nothing on the list, as far as the catalog knows; nearest to it is baclofen")
    assert "another maker's" not in odd.reason and "not certain" not in odd.reason


def test_a_strength_is_echoed_as_it_was_asked() -> None:
    thyroid = pill("SY 150", "levothyroxine", "0.15 mg")
    with catalog_of((thyroid, *MADE)) as catalog:
        assert expected_of(catalog, "levothyroxine 150 mcg").asked_name == "levothyroxine 150 mcg (0.15 mg)"
        assert expected_of(catalog, "levothyroxine 0.15 mg").asked_name == "levothyroxine 0.15 mg"
        assert expected_of(catalog, "baclofen 10 mg").asked_name == "baclofen 10 mg"
        assert expected_of(catalog, thyroid.product_id).asked_name.startswith("levothyroxine 0.15 mg")


def test_of_names_that_look_alike_none_is_offered() -> None:
    near = (pill("HA 25", "hydralazine", "25 mg"), pill("HX 25", "hydroxyzine", "25 mg"))
    with catalog_of((*near, *MADE)) as catalog, pytest.raises(InputError) as raised:
        expected_of(catalog, "hydroxalazine 25 mg")
    said = str(raised.value)
    assert "Read the order again, letter by letter: names that look alike are hydralazine 25 mg, hydroxyzine" in said
    assert "Did you mean" not in said


def test_who_shares_a_likelihood_ratio_is_said_before_it() -> None:
    twin = pill("PX 4810", "warfarin", "1 mg", labeler="Baker")
    done = verified((*MADE, twin), "baclofen 10 mg", [face("PX", "4810"), face()], look(faces=2))
    lines = dict(verification_lines(dataclasses.replace(done, identification=identification(("PX", "4810"), ()))))
    assert lines["likelihood ratio"].startswith("shared with warfarin 1 mg (high-alert): what was seen is ")
