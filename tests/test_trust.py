"""A pill that the catalog lacks is not taken for its neighbor: each kind of fault, of entries as registers have them.

Each pair is asked both ways: with the pill in the catalog, where it is IDENTIFIED if all of it was read, and with its
neighbor alone in it, where nothing is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from made import WORSE_LOOK, answer, face, look, pill, unread

from pipeline.imprint.replay import typed
from pipeline.match import Match, Matcher
from pipeline.records import Character, Decision, Line, PillLook, Reading
from pipeline.settings import RISKS, Settings
from reference.product import Product
from reference.store.catalog import open_catalog

BLANK = face()


def sure(*texts: str) -> Reading:
    return face(*texts, sure=0.99)


def strong(imprint: str, mg: float) -> Product:
    """One drug in that strength."""
    return pill(imprint, "a", f"{mg:g} mg")


@dataclass(frozen=True)
class Case:
    """A pill, what is read of it, and the neighbor that it must not be taken for."""

    own: Product
    neighbor: Product
    faces: tuple[Reading, ...]
    seen: PillLook | None = None

    @property
    def look(self) -> PillLook:
        return self.seen or look(size_mm=8.0, faces=len(self.faces))


LAN = sure("LAN", "122")
CASES = {
    "the next number": Case(pill("396;WATSON"), pill("399;WATSON"), (sure("WATSON", "396"), BLANK)),
    "the next number alone": Case(pill("396"), pill("399"), (sure("396"), BLANK)),
    "the next number on the other face": Case(pill("396;WATSON"), pill("399;WATSON"), (sure("WATSON"), sure("396"))),
    "2.5 read for 2": Case(strong("LAN;2;5;122", 2.5), strong("LAN;2;122", 2), (LAN, sure("2.5"))),
    "2 read for 2.5": Case(strong("LAN;2;122", 2), strong("LAN;2;5;122", 2.5), (LAN, sure("2"))),
    "2 read for the word 2.5": Case(strong("LAN;2;122", 2), strong("LAN;2.5;122", 2.5), (LAN, sure("2"))),
    "25 read for the word 2.5": Case(strong("LAN;25;122", 25), strong("LAN;2.5;122", 2.5), (LAN, sure("25"))),
    "another strength beside the maker": Case(strong("DWP;90", 90), strong("DWP;60", 60), (sure("DWP", "90"), BLANK)),
    "a number that holds the row's twice": Case(pill("1111;BEACH"), pill("BEACH;11;25"), (sure("BEACH"), sure("1111"))),
    "the same on one face": Case(pill("1111;BEACH"), pill("BEACH;11;25"), (sure("1111", "BEACH"), BLANK)),
    "MC over 32 for C32 and M": Case(pill("MC;32"), pill("C32;M"), (sure("MC", "32"), BLANK)),
    "MC and 32 on two faces": Case(pill("MC;32"), pill("C32;M"), (sure("MC"), sure("32"))),
    "44 over 525 for 452 and 54": Case(pill("44;525"), pill("452;54"), (sure("44", "525"), BLANK)),
    "44 and 525 on two faces": Case(pill("44;525"), pill("452;54"), (sure("44"), sure("525"))),
    "464 for 4346": Case(pill("TV;464"), pill("TV;4346"), (sure("TV"), sure("464"))),
    "464 alone for 4346": Case(pill("464"), pill("4346"), (sure("464"), BLANK)),
    "4 for 6": Case(pill("DAN;5;4"), pill("DAN;5;6"), (sure("DAN", "5"), sure("4"))),
    "a code of one letter more": Case(pill("A99;GG"), pill("GG;0;9;A"), (sure("GG"), sure("A99"))),
    "54 024 for 024": Case(pill("54;024"), pill("024"), (sure("54", "024"), BLANK)),
    "54 on the other face": Case(pill("54;024"), pill("024"), (sure("54"), sure("024"))),
    "a letter more": Case(pill("L484;X"), pill("L484"), (sure("L484"), sure("X"))),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_the_pill_in_the_catalog_is_identified(case: Case) -> None:
    found = answer([case.neighbor, case.own], case.faces, case.look)
    assert found.decision is Decision.IDENTIFIED, found.reason
    assert found.candidates[0].product == case.own
    assert found.candidates[0].tier == "exact"
    assert found.unlisted < 0.2


@pytest.mark.parametrize("risk", RISKS)
@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_its_neighbor_alone_in_the_catalog_is_not(case: Case, risk: str) -> None:
    found = answer([case.neighbor], case.faces, case.look, risk=risk)
    assert found.decision is Decision.UNKNOWN, found.reason
    assert found.drug == ""


@pytest.mark.parametrize("confidence", [0.45, 0.6, 0.8])
def test_a_number_read_in_doubt_is_not_its_neighbor_either(confidence: float) -> None:
    faces = (sure("WATSON"), face("396", sure=confidence))
    found = answer([pill("399;WATSON")], faces, look(size_mm=8.0))
    assert found.decision is Decision.UNKNOWN, found.reason


def test_a_digit_that_could_be_the_neighbors_is_settled_by_what_is_listed_only_where_it_is_likelier() -> None:
    def last(*alternatives: tuple[str, float]) -> Reading:
        characters = (*sure("39").lines[0].characters, Character(alternatives, 0, 0, 9, 9, 0))
        return Reading("made", (((Line(characters),), 1.0),), 0.02)

    for doubtful in (last(("6", 0.6), ("9", 0.39)), last(("6", 0.5), ("9", 0.49))):
        found = answer([pill("399;WATSON")], (sure("WATSON"), doubtful), look(size_mm=8.0))
        assert found.decision is Decision.UNKNOWN, found.reason
        assert "6 was read" in found.reason
    clear = answer([pill("399;WATSON")], (sure("WATSON"), last(("9", 0.98), ("6", 0.01))), look(size_mm=8.0))
    assert clear.decision is Decision.IDENTIFIED


@pytest.mark.parametrize(("read", "row"), [("2.5", "25"), ("0.5", "05")])
def test_a_point_that_was_read_is_not_passed_over(read: str, row: str) -> None:
    """Registers leave the point out now and then (WW;25 is 2.5 mg); a row that says 25 mg does not mean it."""
    whole = pill(f"LAN;122;{row}", "a", f"{row} mg".lstrip("0"))
    found = answer([whole], (sure("LAN", "122"), sure(read)), look(size_mm=8.0))
    assert found.decision is not Decision.IDENTIFIED, found.reason


NAMES = {
    "WESTWARD": pill("WESTWARD;785"),
    "TEVA": pill("TEVA;74"),
    "M": pill("M;A2"),
    "PFIZER": pill("PFIZER;VGR50", shape="DIAMOND", colors=("BLUE",)),
    "WW": pill("WW;65"),
    "U": pill("U;54"),
    "DWP": pill("DWP;60"),
    "10MG": pill("10MG;GG"),
    "HSP": pill("HSP;024"),
}


@pytest.mark.parametrize("risk", RISKS)
@pytest.mark.parametrize("shown", ["one face", "other blank", "other unread"])
@pytest.mark.parametrize("name", NAMES)
def test_a_makers_word_alone_identifies_nothing(name: str, shown: str, risk: str) -> None:
    product = NAMES[name]
    faces = {"one face": (sure(name),), "other blank": (sure(name), BLANK), "other unread": (sure(name), unread())}[
        shown
    ]
    seen = look(product.shape, product.colors[0], size_mm=8.0, faces=len(faces))
    for products in ([product], [product, pill("ZZ;999")]):
        found = answer(products, faces, seen, risk=risk)
        assert found.decision is Decision.UNKNOWN, (name, found.reason)
        assert found.drug == ""


@pytest.mark.parametrize("name", ["WESTWARD", "TEVA", "M", "PFIZER", "WW", "U"])
def test_nor_does_it_where_a_product_bears_the_word_alone(name: str) -> None:
    """One face that says the word, and another maker's tablet of that word listed: the other face is not known."""
    shape, color = ("DIAMOND", "BLUE") if name == "PFIZER" else ("ROUND", "WHITE")
    product = pill(name, shape=shape, colors=(color,))
    found = answer([product], (sure(name),), look(shape, color, faces=1))
    assert found.decision is Decision.UNKNOWN, found.reason


def test_a_makers_word_names_none_of_its_products() -> None:
    series = [pill(f"WESTWARD;{number}", f"drug{number}") for number in range(780, 800)]
    found = answer(series, (sure("WESTWARD"),), look(size_mm=8.0, faces=1))
    assert found.decision in {Decision.AMBIGUOUS, Decision.UNKNOWN}
    assert max(each.probability for each in found.candidates) < 0.1


@pytest.mark.parametrize("maker", ["WESTWARD", "WATSON"])
def test_a_number_read_whole_is_told_from_all_of_its_series(maker: str) -> None:
    series = [pill(f"{maker};{number}", f"drug{number}") for number in range(780, 800)]
    found = answer(series, (sure(maker, "785"), BLANK), look(size_mm=8.0))
    assert (found.decision, found.drug) == (Decision.IDENTIFIED, "drug785")
    # All that it could be mistaken for is listed: next to nothing is left to what is not.
    assert found.unlisted < 0.1


def test_a_single_character_on_a_blank_pill_identifies_nothing() -> None:
    for seen in (look(size_mm=8.0), look(size_mm=8.0, score="2")):
        for letter in "UM4":
            found = answer([pill(letter, score=None)], (sure(letter), BLANK), seen)
            assert found.decision is not Decision.IDENTIFIED, (letter, found.reason)


SCORED = pill("GG;4385", score=2)
GG = (sure("GG"), sure("4385"))
RIGHT = look(score="2", size_mm=8.0)


@pytest.mark.parametrize("risk", RISKS)
@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("color", replace(RIGHT, color=look(color="BLUE").color)),
        ("score", replace(RIGHT, score=look(score="1").score)),
        ("size", replace(RIGHT, size=look(size_mm=14.1).size)),
        ("shape", replace(RIGHT, shape=look(shape="OVAL").shape)),
        ("imprint type", replace(RIGHT, relief=look(relief="PRINTED").relief)),
    ],
)
def test_a_look_that_contradicts_forbids_it_whatever_the_imprint_says(kind: str, seen: PillLook, risk: str) -> None:
    assert answer([SCORED], GG, RIGHT, risk=risk).decision is Decision.IDENTIFIED
    found = answer([SCORED], GG, seen, risk=risk)
    assert found.decision is Decision.UNKNOWN
    assert f"The {kind} does not fit: " in found.reason
    assert found.candidates[0].probability > 0.9
    assert found.drug == ""


def test_a_wholly_other_look_forbids_it_too() -> None:
    found = answer([pill("GG;438571")], (sure("GG"), sure("438571")), WORSE_LOOK)
    assert found.decision is Decision.UNKNOWN
    assert all(f"The {kind} does not fit" in found.reason for kind in ("shape", "color", "size", "score"))


def test_the_one_whose_look_agrees_is_taken() -> None:
    white, yellow = pill("GG;4385", "a"), pill("GG;4385", "b", colors=("YELLOW",))
    for color, drug in (("WHITE", "a"), ("YELLOW", "b")):
        found = answer([white, yellow], GG, look(color=color, size_mm=8.0))
        assert (found.decision, found.drug) == (Decision.IDENTIFIED, drug)


@pytest.mark.parametrize("words", [("DRUGS.COM",), ("SHUTTERSTOCK",), ("WWW", "PILLS", "COM"), ("SAMPLE", "2019")])
def test_words_that_stand_across_the_photo_are_not_passed_over(words: tuple[str, ...]) -> None:
    for faces in ((sure("GG", *words), sure("4385")), (sure("GG"), sure("4385", *words))):
        found = answer([SCORED], faces, RIGHT)
        assert found.decision is Decision.UNKNOWN, found.reason
        assert found.drug == ""
    alone = answer([SCORED, pill("COM"), pill("SAM;PLE")], (sure(*words),), look(score="2", faces=1))
    assert alone.decision is Decision.UNKNOWN


def test_one_ndc_in_two_units_is_one_drug() -> None:
    micro = pill("GG;331", "levothyroxine", "0.025 mg", "1", ndc="00781-5180-01", labeler="Sandoz")
    same = pill("GG;331", "levothyroxine", "25 mcg", "2", ndc="00781-5180-92", labeler="Sandoz Inc")
    other = replace(same, size_mm=9.5, product_id="made:3")
    for products, groups in (([micro, same], 1), ([same, micro], 1), ([micro, other], 2)):
        found = answer(products, (sure("GG", "331"), BLANK), look())
        assert found.decision is Decision.IDENTIFIED, found.reason
        assert found.drug == "levothyroxine" and len(found.candidates) == groups
        assert found.reason.count("levothyroxine") == 1
    different = answer([micro, pill("GG;331", "levothyroxine", "50 mcg")], (sure("GG", "331"), BLANK), look())
    assert different.decision is Decision.AMBIGUOUS
    assert "levothyroxine 0.025 mg or levothyroxine 50 mcg" in different.reason


_TWO = ("hydrochlorothiazide", "lisinopril")
SAME = {
    "a salt": (
        pill("GG;331", "lisinopril", ingredients=("lisinopril dihydrate",), key="1"),
        pill("GG;331", "lisinopril", "10mg", key="2"),
    ),
    "ingredients in another order": (
        pill("GG;331", "hydrochlorothiazide / lisinopril", "12.5 mg / 20 mg", "1", ingredients=_TWO),
        pill("GG;331", "lisinopril / hydrochlorothiazide", "20 mg / 12.5 mg", "2", ingredients=_TWO[::-1]),
    ),
    "a brand of which one register names no ingredient": (
        pill("GG;331", "amlodipine", "5 mg", "1", name="Norvasc 5 mg tablet", ingredients=("amlodipine besylate",)),
        pill("GG;331", "Norvasc", "", "2", name="NORVASC TABLETS 5MG", ingredients=()),
    ),
    "grams": (
        pill("GG;331", "metformin", "1 g", "1"),
        pill("GG;331", "metformin", "1000 mg", "2"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("products", SAME.values(), ids=list(SAME))
def test_the_same_drug_under_two_names_is_one_drug(products: tuple[Product, Product]) -> None:
    for order in (products, products[::-1]):
        found = answer(order, (sure("GG", "331"), BLANK), look(size_mm=8.0))
        assert found.decision is Decision.IDENTIFIED, found.reason
        assert sum(each.probability for each in found.candidates) > 0.9


def test_two_drugs_of_one_imprint_and_look_are_both_named_with_strength() -> None:
    one, other = pill("GG;331", "baclofen", "10 mg"), pill("GG;331", "clonidine", "0.1 mg")
    for order in ([one, other], [other, one]):
        found = answer(order, (sure("GG", "331"), BLANK), look(size_mm=8.0))
        assert found.decision is Decision.AMBIGUOUS
        assert "baclofen 10 mg" in found.reason and "clonidine 0.1 mg" in found.reason
        assert [each.tier for each in found.candidates] == ["exact", "exact"]
        assert found.candidates[0].probability == pytest.approx(found.candidates[1].probability)
        assert found.drug == ""


def test_two_strengths_of_one_drug_are_both_named_and_share_its_monograph() -> None:
    found = answer(
        [pill("GG;331", "baclofen", "10 mg"), pill("GG;331", "baclofen", "20 mg")],
        (sure("GG", "331"), BLANK),
        look(size_mm=8.0),
    )
    assert found.decision is Decision.AMBIGUOUS
    assert "It could be baclofen 10 mg or baclofen 20 mg." in found.reason
    assert found.drug == "baclofen"


def inside(faces: Sequence[Reading], seen: PillLook) -> Match:
    return Matcher(open_catalog(), Settings()).match(list(faces), seen)


def test_the_tablet_024_and_its_neighbors_in_the_catalog_inside() -> None:
    white = inside((sure("024"), BLANK), look(score="2", size_mm=7.0))
    assert (white.decision, white.drug) == (Decision.IDENTIFIED, "baclofen")
    assert white.candidates[0].product.labeler == "TruPharma LLC"
    yellow = inside((sure("024"), BLANK), look(color="YELLOW", score="2", size_mm=8.0))
    assert (yellow.decision, yellow.drug) == (Decision.IDENTIFIED, "alprazolam")
    for faces in ((sure("54", "024"), BLANK), (sure("54"), sure("024")), (sure("54024"), BLANK)):
        found = inside(faces, look(size_mm=6.0))
        assert (found.decision, found.drug) == (Decision.IDENTIFIED, "flecainide")


def test_one_white_face_that_says_024_names_all_that_it_could_be() -> None:
    found = inside((sure("024"),), look(score="1", faces=1))
    assert found.decision is Decision.AMBIGUOUS
    assert {"baclofen 10 mg", "flecainide 50 mg"} <= set(found.reason.partition(". ")[0][12:].split(" or "))
    assert found.drug == ""


@pytest.mark.parametrize("text", ["023", "025", "034", "O24X", "0242", "24"])
def test_what_is_nearly_024_is_not_the_tablet_024(text: str) -> None:
    found = inside((sure(text), BLANK), look(score="2", size_mm=7.0))
    assert found.decision is not Decision.IDENTIFIED or found.candidates[0].product.tokens == (text,)
    assert found.drug == "" or text == "025"


def test_024_with_another_makers_word_is_not_the_tablet_024() -> None:
    for other in ("TV", "MYLAN", "L484"):
        for faces in ((sure("024"), sure(other)), (sure("024", other), BLANK)):
            found = inside(faces, look(score="2", size_mm=7.0))
            assert found.decision is Decision.UNKNOWN, found.reason
            assert found.drug == ""


def test_typed_text_is_identified_as_read_text_is() -> None:
    for faces in ((typed("54", "024"), typed()), (typed("54"), typed("024"))):
        assert inside(faces, look(size_mm=6.0)).drug == "flecainide"
    assert inside((typed("QXJ7"), typed("88")), look()).decision is Decision.UNKNOWN


C3PI = """\
ndc11,part,generic_name,imprint,imprint_type,color,shape,size_mm,score,rxcui,rxnorm_name
00591-0396-01,1,ENALAPRIL,WATSON;396,DEBOSSED,WHITE,ROUND,8,1,,Enalapril Maleate 10 MG Oral Tablet
00591-0399-01,1,LABETALOL,WATSON;399,DEBOSSED,WHITE,ROUND,8,1,,Labetalol 100 MG Oral Tablet
"""


def test_of_a_registers_table_the_neighbors_row_is_not_taken(tmp_path: Path) -> None:
    """The same through a table as C3PI writes it, with and without the pill's own row."""
    header, own, neighbor = C3PI.splitlines()
    table = tmp_path / "c3pi.csv"
    for rows, decision, drug in (
        ((own, neighbor), Decision.IDENTIFIED, "enalapril"),
        ((neighbor,), Decision.UNKNOWN, ""),
    ):
        table.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
        with open_catalog(table) as catalog:
            found = Matcher(catalog, Settings()).match([sure("WATSON", "396"), BLANK], look(size_mm=8.0))
        assert (found.decision, found.drug) == (decision, drug), found.reason
