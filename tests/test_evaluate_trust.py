"""What trust is measured with, on values worked out by hand, and the questions put to made-up identifiers."""

from __future__ import annotations

import csv
import json
import math
import pickle
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from examples import identification, photo, product, reading, region
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli import cli
from pipeline.errors import EngineMissingError, PhotoSetError
from pipeline.evaluate import plots
from pipeline.evaluate.ask import Against, CatalogParts, OpenSet, RememberingReader
from pipeline.evaluate.bounds import binomial_tail, certified, fewest_to_certify, upper_bound
from pipeline.evaluate.judge import Verdict, judge
from pipeline.evaluate.metrics import auroc, generalized_risk_area
from pipeline.evaluate.outcome import Outcome, fault_of, imprint_forms, outcome_of, taken_out
from pipeline.evaluate.photo_truth import Truth
from pipeline.evaluate.product_index import ProductIndex
from pipeline.evaluate.run import evaluate_set
from pipeline.evaluate.set_layouts import SetKind
from pipeline.evaluate.sets import LabeledPhoto, PhotoSet, open_exclusions
from pipeline.evaluate.summary import summarize
from pipeline.evaluate.trust import section, trust_figures
from pipeline.identifier import Identifier
from pipeline.records import Candidate, Decision, Identification, Photo, PillRegion, Reading
from pipeline.settings import DecideSettings, Settings
from reference.product import Product
from reference.store.catalog import open_catalog

# --- bounds


@pytest.mark.parametrize(
    ("count", "of", "bound"),
    [
        (0, 1, 0.95),
        (0, 299, 1 - 0.05 ** (1 / 299)),
        (1, 2, math.sqrt(0.95)),  # 1 - p^2 = 0.05
        (2, 3, 0.95 ** (1 / 3)),  # 1 - p^3 = 0.05
        (1, 10, 0.394163),  # printed in tables of one-sided 95 % limits
        (3, 3, 1.0),
    ],
)
def test_exact_upper_bounds(count: int, of: int, bound: float) -> None:
    assert upper_bound(count, of) == pytest.approx(bound, abs=1e-6)


def test_the_rule_of_three_is_the_bound_of_none() -> None:
    found = upper_bound(0, 2912)
    assert found is not None
    assert found == pytest.approx(3 / 2912, rel=0.002)


def test_a_bound_of_nothing_is_none_and_of_nonsense_an_error() -> None:
    assert upper_bound(0, 0) is None
    with pytest.raises(ValueError, match="3 of 2"):
        upper_bound(3, 2)


@given(st.integers(1, 400).flatmap(lambda of: st.tuples(st.integers(0, of - 1), st.just(of))))
def test_the_bound_is_where_so_few_are_seen_one_time_in_twenty(counts: tuple[int, int]) -> None:
    bound = upper_bound(*counts)
    assert bound is not None
    assert binomial_tail(*counts, bound) == pytest.approx(0.05, abs=1e-7)


def test_how_many_right_answers_prove_one_in_a_hundred() -> None:
    assert fewest_to_certify(0.01) == 299
    for answers in (298, 299):
        bound = upper_bound(0, answers)
        assert bound is not None and (bound <= 0.01) == (answers == 299)


def test_thresholds_are_tried_from_the_strictest_until_one_fails() -> None:
    # 300 sure and right; 200 less sure, of them 1 wrong; 100 unsure, half of them wrong.
    scores = [0.99] * 300 + [0.9] * 200 + [0.5] * 100
    right = [True] * 300 + [True] * 199 + [False] + [True, False] * 50
    kept = certified(scores, right, (0.5, 0.9, 0.99), risk=0.01)
    assert kept is not None
    assert (kept.threshold, kept.answers, kept.wrong) == (0.9, 500, 1)
    assert kept.upper == upper_bound(1, 500)
    # Where the strictest fails, what lies below is not looked at; with too few answers it is passed over instead.
    right[0] = False
    assert certified(scores, right, (0.5, 0.9, 0.99), risk=0.01) is None
    assert certified(scores[200:], right[200:], (0.9, 0.99), risk=0.02) is not None


# --- areas


def test_area_under_the_generalized_risk_coverage_curve() -> None:
    # Points (0,0) (1/4,0) (1/2,1/4) (3/4,1/4) (1,1/2).
    assert generalized_risk_area([0.9, 0.8, 0.7, 0.6], [True, False, True, False]) == pytest.approx(0.1875)
    assert generalized_risk_area([0.5, 0.5], [True, False]) == pytest.approx(0.25)  # one tie: a straight line
    assert generalized_risk_area([0.1, 0.9], [True, True]) == 0
    assert generalized_risk_area([0.1, 0.9], [False, False]) == 0.5
    with pytest.raises(ValueError, match="rank"):
        generalized_risk_area([], [])


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.3, 0.5, 0.9]), st.booleans()), min_size=1, max_size=30))
def test_that_area_is_the_closed_form_of_its_authors(answers: list[tuple[float, bool]]) -> None:
    stated, right = [one for one, _ in answers], [hit for _, hit in answers]
    share = sum(right) / len(right)
    area = auroc([one for one, hit in answers if hit], [one for one, hit in answers if not hit])
    closed = (1 - (area or 0.0)) * share * (1 - share) + (1 - share) ** 2 / 2
    assert generalized_risk_area(stated, right) == pytest.approx(closed)


def test_area_under_the_receiver_operating_curve() -> None:
    # Of the 6 pairs 4 are in order and one is even.
    assert auroc([0.9, 0.5], [0.7, 0.5, 0.1]) == pytest.approx(4.5 / 6)
    assert auroc([1.0], [0.0]) == 1
    assert auroc([0.5], [0.5]) == 0.5
    assert auroc([], [0.5]) is None


# --- right and wrong

OWN = product("54;024", "flecainide", "50 mg", "00054-0024-25", market="US", source="A")
TEXTS = frozenset({"02445"})


@pytest.mark.parametrize(
    ("shown", "fault"),
    [
        (OWN, ""),
        (product("BB;9", "flecainide", "50mg", market="US"), ""),  # another labeler
        (product("BB;9", "flecainide", "100 mg", market="US"), "other strength"),
        (product("BB;9", "baclofen", "50 mg", market="US"), "other drug"),
        (product("024;54", "flecainide", "100 mg", market="US"), "same imprint, other strength"),
        (product("540;24", "baclofen", "50 mg", market="US"), "same imprint, other drug"),
        (product("BB;9", "flecainide", "", market="US"), "other imprint, strength not stated"),
        (product("54;024", "flecainide", "", market="US"), ""),
        (product("54;024", "tambocor", "", "00054-0024-01", source="B"), ""),  # one code in two registers
        (product("BB;9", "", "", market="US"), "truth unknown"),
    ],
)
def test_how_an_answer_is_wrong(shown: Product, fault: str) -> None:
    assert fault_of(OWN, shown, TEXTS) == fault


ABROAD = replace(product("54 024", "tambocor tablets 50mg", "50 mg", market="TW"), name="TAMBOCOR TABLETS 50MG")


@pytest.mark.parametrize(
    ("shown", "fault"),
    [
        (product("024;54", "flecainide", "50 mg", market="US"), ""),  # the letters are the same, the names cannot be
        (product("BB;9", "flecainide", "50 mg", market="US"), "other imprint"),
        (replace(product("BB;9", "flecainide", "50 mg", market="US"), name="Tambocor 50 MG"), ""),  # the same brand
        (replace(product("BB;9", "flecainide", "100 mg", market="US"), name="Tambocor"), "other strength"),
        (
            replace(product("BB;9", "flecainide", "", market="US"), name="Tambocor"),
            "other imprint, strength not stated",
        ),
    ],
)
def test_registers_of_two_countries(shown: Product, fault: str) -> None:
    assert fault_of(ABROAD, shown, TEXTS) == fault


def test_the_same_letters_abroad_with_two_known_drugs_are_not_judged() -> None:
    row = replace(ABROAD, drug="baclofen", ingredients=("baclofen",))
    shown = product("54;024", "flecainide", "50 mg", market="US", ingredients=("flecainide",))
    assert fault_of(row, shown, TEXTS) == "same imprint, other name abroad"
    assert fault_of(replace(row, drug="flecainide"), shown, TEXTS) == ""


def test_faces_that_repeat_are_the_same_imprint() -> None:
    assert imprint_forms("MYLAN;3422;MYLAN;3422") == [("MYLAN", "3422", "MYLAN", "3422"), ("MYLAN", "3422")]
    twice = product("BB;9;BB;9", "baclofen", "10 mg", market="US")
    assert fault_of(replace(OWN, imprint="BB;9"), twice, frozenset({"9BB"})) == "same imprint, other drug"


# --- the truth

INSIDE = ProductIndex((product("54;024", "flecainide", "50 mg", "00777-0001-01"),))
REGISTER = ProductIndex((OWN,))
TRUTH = Truth(imprint="54;024", shown="54;024", row_key="00054-0024-25", market="US", imprint_type="DEBOSSED", faces=2)


def answer(shown: Product, decision: Decision = Decision.IDENTIFIED, p: float = 0.99, unlisted: float = 0.01) -> Any:
    found = (Candidate((shown,), p, 9.0, ()),)
    return identification(("54",), ("024",), candidates=found, decision=decision, unlisted=unlisted)


def test_the_truth_is_the_register_not_the_catalog_asked() -> None:
    asked = ProductIndex((product("54;024", "flecainide", "50 mg", "00777-0001-01"),), REGISTER)
    right = outcome_of(TRUTH, answer(product("54;024", "flecainide", "50 mg")), asked)
    assert right.right is True and right.listed and not right.false_accept
    wrong = outcome_of(TRUTH, answer(product("54;024", "flecainide", "100 mg")), asked)
    assert wrong.false_accept and wrong.fault == "same imprint, other strength"
    empty = ProductIndex((product("77", "lithium"),), REGISTER)
    assert not outcome_of(TRUTH, answer(product("77", "lithium")), empty).listed
    shares = judge(LabeledPhoto("a", Path("a"), TRUTH), answer(product("77", "lithium")), empty).shares
    assert shares["drug_top1"] == (0, 1)
    assert shares["wrong_among_identified"] == (1, 1)
    assert "product_top1" not in shares


@pytest.mark.parametrize(
    ("shown", "right", "fault"),
    [
        (product("54;024", "flecainide", "50 mg", market="US"), True, ""),
        (product("9", "flecainide", "50 mg", market="US"), None, "other imprint, strength not stated"),
        (product("9", "baclofen", "10 mg", market="US"), False, "other drug"),
    ],
)
def test_without_a_row_the_label_itself_is_the_truth(shown: Product, right: bool | None, fault: str) -> None:
    outcome = outcome_of(replace(TRUTH, drug="Flecainide"), answer(shown), ProductIndex(()))
    assert (outcome.right, outcome.fault) == (right, fault)


def test_a_label_that_says_nothing_is_not_judged() -> None:
    verdict = judge(LabeledPhoto("a", Path("a"), Truth(row_key="1-2-3")), answer(OWN), ProductIndex(()))
    assert verdict.outcomes["asked"].right is None
    assert "wrong_among_identified" not in verdict.shares
    found = section([verdict.outcomes["asked"]])
    assert (found["answers"], found["false_accept"]["of"]) == (1, 0)
    assert found["truth_unknown"] == {"truth unknown": 1}


def test_kinds_of_photos() -> None:
    verdict = judge(LabeledPhoto("a", Path("a"), TRUTH), answer(OWN), REGISTER)
    assert verdict.groups == {"imprint_characters": "5+", "imprint_type": "debossed", "faces_seen": "2"}
    doubled = Truth(imprint="M;2;M;2", imprint_type="")
    row = judge(LabeledPhoto("a", Path("a"), doubled), None, ProductIndex(()))
    assert row.groups == {"imprint_characters": "2", "imprint_type": "not known", "faces_seen": "not known"}


# --- the questions


@dataclass(frozen=True)
class Parted:
    """Knows some products by their letters and digits; answers the photo's own where it is left, else the sibling."""

    own: Product
    sibling: Product
    asked_without: list[tuple[str, ...]] = field(default_factory=list)

    def identify(self, photo: Any) -> Identification:
        return answer(self.own)  # type: ignore[no-any-return]

    def without(self, imprints: Sequence[str]) -> Parted:
        self.asked_without.append(tuple(imprints))
        return Parted(self.sibling, self.sibling)


def test_the_imprints_taken_out_are_all_that_name_the_pill() -> None:
    asked = ProductIndex(
        (product("54;0;24", "flecainide", "50 mg", "00054-0024-25"),),
        ProductIndex((product("X54", ndc="00054-0024-01"),)),
    )
    assert taken_out(TRUTH, asked) == ("54;0;24", "X54")  # the same letters once, what the register says too
    assert taken_out(Truth(imprint="M;2;M;2"), ProductIndex(())) == ("M;2;M;2", "M;2")
    assert taken_out(Truth(), ProductIndex(())) == ()


SIBLING = product("54;025", "flecainide", "100 mg", market="US")


def both(limit: int = 2) -> tuple[list[Verdict], Parted]:
    parted = Parted(OWN, SIBLING)
    photos = tuple(LabeledPhoto(f"{n}.png", Path(f"{n}.png"), TRUTH) for n in range(limit))
    more = (OpenSet(parted, REGISTER), Against(Parted(SIBLING, SIBLING), ProductIndex((SIBLING,), REGISTER)))
    return list(evaluate_set(PhotoSet(Path(), SetKind.RXIMAGE, photos), parted, REGISTER, more=more)), parted


def test_each_photo_is_asked_in_the_catalog_and_out_of_it() -> None:
    verdicts, parted = both()
    assert parted.asked_without == [("54;024",)] * 2
    assert [verdict.outcomes["asked"].right for verdict in verdicts] == [True, True]
    out = verdicts[0].outcomes["open"]
    assert (out.false_accept, out.fault, out.listed) == (True, "other strength", False)
    figures = trust_figures(verdicts)
    assert set(figures["trust"]) == {"asked", "open", "in_and_out", "against"}
    assert figures["false_accept"]["count"] == 0
    assert figures["coverage_strict"] == 1
    opened = figures["trust"]["open"]["false_accept"]
    assert (opened["count"], opened["of"], opened["share"], opened["upper"]) == (2, 2, 1, 1)
    assert opened["by_kind"] == {"other strength": 2}
    assert figures["augrc"] == pytest.approx(0.25)  # all stated alike, half of them wrong
    assert figures["unlisted_auroc"] == 0.5
    assert figures["coverage_at_risk_1pct"] is None  # four answers prove nothing
    assert figures["trust"]["in_and_out"]["by"]["imprint_characters"]["5+"]["answers"] == 4
    assert figures["trust"]["against"]["false_accept"]["count"] == 2


def test_rows_carry_every_question() -> None:
    (row, _) = summarize(both()[0], rows=True)["rows"]
    opened = row["questions"]["open"]
    assert opened["false_accept"] == "other strength"
    assert (opened["decision"], opened["unlisted"], opened["right"]) == ("IDENTIFIED", 0.01, False)
    assert opened["first"]["imprint"] == "025;54"
    assert row["questions"]["asked"]["false_accept"] is None
    json.dumps(row, allow_nan=False)


def test_a_photo_whose_imprint_is_not_known_is_not_taken_out() -> None:
    question = OpenSet(Parted(OWN, SIBLING), ProductIndex(()))
    assert question.ask(Path("a.png"), Truth(drug="flecainide")) is None


def test_processes_ask_every_question() -> None:
    parted = Parted(OWN, SIBLING)
    photos = PhotoSet(Path(), SetKind.RXIMAGE, tuple(LabeledPhoto(f"{n}", Path(f"{n}"), TRUTH) for n in range(2)))
    more = (OpenSet(parted, REGISTER),)
    verdicts = list(evaluate_set(photos, parted, REGISTER, workers=2, more=more))
    assert [verdict.outcomes["open"].false_accept for verdict in verdicts] == [True, True]


def test_a_catalog_in_parts_has_one_reader() -> None:
    parts = CatalogParts(open_catalog(), RememberingReader(Counting()))
    whole, question = pickle.loads(pickle.dumps((parts, OpenSet(parts, REGISTER))))
    assert whole is question.parts  # so that a worker reads once, too
    left = parts.without(["024", "ZZ;99"])
    assert isinstance(left, Identifier)
    assert left.reader is parts.reader
    assert "024" in parts.catalog.products_with(["024"])
    assert not left.catalog.products_with(["024"])


class Counting:
    """A reader that counts what it is asked."""

    name = "counting"

    def __init__(self) -> None:
        self.calls = 0

    def read(self, photo: Photo, regions: Sequence[PillRegion]) -> tuple[Reading, ...]:
        self.calls += 1
        return tuple(reading("54") for _ in regions)


def test_a_photo_is_read_once() -> None:
    counting = Counting()
    reader = RememberingReader(counting)
    faces = [region(100), region(260)]
    first = reader.read(photo(), faces)
    assert reader.read(photo(), faces) == first  # the same photo loaded again
    assert counting.calls == 1
    reader.read(photo(), faces[:1])
    assert counting.calls == 2
    darker = Photo(photo().pixels // 2, "tablet.png")
    reader.read(darker, faces)
    assert counting.calls == 3
    assert pickle.loads(pickle.dumps(reader)).name == "counting"


# --- the figures


def outcome(p: float, right: bool | None, identified: bool, listed: bool, unlisted: float = 0.5) -> Outcome:
    decision = "IDENTIFIED" if identified else "AMBIGUOUS"
    fault = "" if right else "other drug" if right is False else "truth unknown"
    return Outcome(decision, p, right, fault, listed, unlisted)


def test_coverage_at_one_in_a_hundred_is_over_the_pills_that_are_listed() -> None:
    inside = [outcome(0.99, True, True, True, 0.1)] * 320 + [outcome(0.2, False, False, True, 0.6)] * 80
    outside = [outcome(0.6, False, False, False, 0.9)] * 400
    verdicts = [
        Verdict("a", "", outcomes={"asked": one, "open": two}) for one, two in zip(inside, outside, strict=True)
    ]
    figures = trust_figures(verdicts)
    assert figures["coverage_at_risk_1pct"] == 0.8
    at_risk = figures["trust"]["in_and_out"]["at_risk_1pct"]
    assert (at_risk["threshold"], at_risk["answers"], at_risk["wrong"]) == (0.7, 320, 0)
    assert figures["unlisted_auroc"] == 1
    assert figures["coverage_strict"] == 0.8
    assert figures["trust"]["in_and_out"]["coverage_strict"] == 0.4
    assert figures["ece"] == pytest.approx((320 * 0.01 + 80 * 0.2) / 400)
    assert figures["trust"]["asked"]["listed_identified_right"] == 320


def test_nothing_that_can_be_certified_is_no_coverage() -> None:
    some = [outcome(0.99, index % 2 == 0, True, True) for index in range(400)]
    assert section(some)["coverage_at_risk_1pct"] == 0


def test_reliability_by_tenths() -> None:
    bins = section([outcome(0.95, True, True, True), outcome(1.0, False, True, True), outcome(0.0, False, False, True)])
    assert bins["reliability"] == [
        {"from": 0.0, "answers": 1, "stated": 0.0, "right": 0.0},
        {"from": 0.9, "answers": 2, "stated": pytest.approx(0.975), "right": 0.5},
    ]


# --- photos counted apart


def test_photos_are_counted_apart_with_their_reason(tmp_path: Path) -> None:
    table = tmp_path / "apart.csv"
    table.write_text("file,reason\n1.png,the label is of another pill\n", encoding="utf-8")
    photos = PhotoSet(tmp_path, SetKind.RXIMAGE, tuple(LabeledPhoto(f"{n}.png", Path(f"{n}"), TRUTH) for n in (0, 1)))
    marked = photos.excluding(open_exclusions(table))
    figures = summarize(list(evaluate_set(marked, Parted(SIBLING, SIBLING), REGISTER)), rows=True)
    assert figures["photos"] == figures["false_accept"]["of"] == 1
    (apart,) = figures["excluded"]
    assert (apart["file"], apart["reason"]) == ("1.png", "the label is of another pill")
    assert apart["asked"]["false_accept"] == "other strength"
    assert [row["excluded"] for row in figures["rows"]] == [None, "the label is of another pill"]


@pytest.mark.parametrize("text", ["file,reason\nb.png,x\n", "file,reason\n0.png,\n", "name\n0.png\n"])
def test_names_and_reasons_that_are_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "apart.csv").write_text(text, encoding="utf-8")
    photos = PhotoSet(tmp_path, SetKind.RXIMAGE, (LabeledPhoto("0.png", Path("0.png"), TRUTH),))
    with pytest.raises(PhotoSetError):
        photos.excluding(open_exclusions(tmp_path / "apart.csv"))
    with pytest.raises(PhotoSetError, match="cannot be read"):
        open_exclusions(tmp_path / "none.csv")


# --- plots and the command


def test_plots_and_a_page_that_needs_nothing_else(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    verdicts, _ = both(3)
    figures = summarize(verdicts) | {"set": {"folder": "<b>set</b>"}}
    plots.prepare(tmp_path / "plots")
    names = [path.name for path in plots.write_plots(tmp_path / "plots", verdicts, figures)]
    assert names == ["risk_coverage.png", "reliability.png", "unlisted.png", "index.html"]
    page = (tmp_path / "plots/index.html").read_text("utf-8")
    assert page.count("data:image/png;base64,") == 3
    assert "&lt;b&gt;set&lt;/b&gt;" in page and "<b>" not in page and "http://" not in page
    assert "falsely IDENTIFIED: other strength 3" in page


def test_no_answers_no_plots(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    verdicts = [Verdict("a.png", "SEGMENTED")]
    assert [path.name for path in plots.write_plots(tmp_path, verdicts, summarize(verdicts))] == ["index.html"]


def test_without_matplotlib_it_is_said_before_any_photo_is_read(monkeypatch: pytest.MonkeyPatch, small: Path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(EngineMissingError):
        plots.prepare(small / "plots")
    done = CliRunner().invoke(cli, ["evaluate", str(small), "--plots", str(small / "plots")])
    assert done.exit_code == 6
    assert "-m pip install matplotlib" in done.output


@pytest.fixture
def small(tmp_path: Path) -> Path:
    with (tmp_path / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "ndc11", "imprint", "imprint_type", "generic_name"])
        writer.writerow(["gone.png", "00054-0024-25", "54;024", "DEBOSSED", "flecainide"])
    return tmp_path


def test_the_command_asks_all_questions(small: Path) -> None:
    out = small / "out.json"
    options = ["--open-set", "--against", "inside", "--json", str(out), "--rows"]
    done = CliRunner().invoke(cli, ["evaluate", str(small), *options], catch_exceptions=False)
    assert done.exit_code == 5  # the set's only photo is missing; the figures are written all the same
    figures: Mapping[str, Any] = json.loads(out.read_text("utf-8"))
    assert figures["against_catalog"] == figures["catalog"]
    assert figures["truth_catalog"] is None
    assert set(figures["rows"][0]["questions"]) == {"asked", "open", "against"}
    assert "catalog as it is" in done.output


def test_the_command_asks_at_the_risk_and_coverage_stated(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[CatalogParts] = []

    def parts(*arguments: Any) -> CatalogParts:
        made.append(CatalogParts(*arguments))
        return made[-1]

    monkeypatch.setattr("pipeline.cli.evaluate.CatalogParts", parts)
    options = ["--against", "inside", "--risk", "1-in-100", "--coverage", "0.5", "--json", "-"]
    done = CliRunner().invoke(cli, ["evaluate", str(small), *options], catch_exceptions=False)
    assert done.exit_code == 5  # the set's only photo is missing; the figures are written all the same
    assert [each.settings.decide.risk for each in made] == ["one in 100", "one in 100"]
    assert [each.catalog.stated_coverage for each in made] == [0.5, None]
    figures = json.loads(done.stdout)
    assert (figures["risk"], figures["coverage"]) == ("one in 100", 0.5)


def test_parts_of_a_catalog_are_asked_with_the_same_settings() -> None:
    settings = Settings(decide=DecideSettings(risk="exact only"))
    parts = CatalogParts(open_catalog(), RememberingReader(Counting()), settings)
    rest = parts.without(["024"])
    assert isinstance(rest, Identifier) and rest.settings == settings


def test_outlines_have_no_catalog_to_ask(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("file,bbox\na.jpg,1 0 0 0 1 1 1\n", encoding="utf-8")
    done = CliRunner().invoke(cli, ["evaluate", str(tmp_path), "--open-set"])
    assert done.exit_code == 2
    assert "segmented only" in done.output
