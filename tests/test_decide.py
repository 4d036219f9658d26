"""From weighed candidates to probabilities, a decision and advice: on made candidates and made catalogs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from made import NOTHING, answer, catalog_of, face, look, pill, unread

from pipeline.match import Matcher
from pipeline.match.advice import advise
from pipeline.match.decide import ReasonedDecision, decide
from pipeline.match.explain import Explanation
from pipeline.match.model import MatchModel, Shares
from pipeline.match.rank import Market, Ranked, Weighed, rank
from pipeline.records import Candidate, Decision, Doubts, EvidenceRow, PillLook, Probabilities, Reading
from pipeline.settings import RISKS, DecideSettings, MatchSettings, Settings
from reference.product import ImprintCheck, Product
from reference.store.catalog import Catalog, open_catalog

MODEL = replace(MatchModel.load(), levels={"one in 100": 0.5, "strict": 0.9})
SHARES = Shares(
    found=0.98, stray=0.01, broken=0.001, hidden=0.3, twin_look=0.25, sibling=0.5, outline_error=0.001
)  # fmt: skip
MARKET = Market(listed=1000, coverage=0.1, one_word=0.2)
CHECK = ImprintCheck("2026-11-29", ("NLM C3PI",), 0.9)
TABLET = "pillprint:baclofen-10-trupharma-024"


def weighed(
    product: Product, bits: float, look_bits: float = 0.0, certainty: float = 1.0, sibling_odds: float = 0.0
) -> Weighed:
    key = product.imprint_key
    rows = (EvidenceRow("imprint", key, key, bits, ""), EvidenceRow("color", "", "", look_bits, ""))
    found = Explanation(key, bits, {key: (bits, key)}, certainty=certainty, sibling_odds=sibling_odds)
    return Weighed((product,), rows, found)


def ranked_alone(each: Weighed, alone: float = 0.0) -> Ranked:
    return rank([each], MARKET, alone, SHARES, 20)


def odds(found: Ranked) -> float:
    """Of the unlisted pill against the first candidate."""
    return found.unlisted / found.candidates[0].probability


def test_a_product_is_one_of_its_market_before_anything_is_seen() -> None:
    assert MARKET.prior.bits == pytest.approx(math.log2(0.1 / 1000))
    assert MARKET.prior.sentence == "One of about 10,000 tablets and capsules of the market."
    with catalog_of([pill("024"), pill("025")]) as two:
        assert two.coverage(MatchSettings().world) == pytest.approx(2 / 50_000)


def test_nothing_found_is_not_listed() -> None:
    assert rank([], MARKET, 0.0, SHARES, 20) == Ranked((), (), 1.0)


def test_another_text_weighs_what_is_not_certain() -> None:
    none, half = (ranked_alone(weighed(pill("1"), 20.0, certainty=certainty)) for certainty in (0.0, 0.5))
    weight = 2.0**20 * 0.1 / 1000
    assert none.unlisted == pytest.approx(0.9 / (0.9 + weight))
    assert none.candidates[0].probability == pytest.approx(weight / (0.9 + weight))
    assert odds(half) == pytest.approx(0.9 * (0.5 + 0.5) / weight)


def test_a_twin_looks_the_same_or_like_any_pill() -> None:
    weight = 2.0**24 * 0.1 / 1000
    found = ranked_alone(weighed(pill("1"), 20.0, look_bits=4.0))
    assert odds(found) == pytest.approx(0.9 * (0.25 * 2.0**4 + 0.75) / weight)
    against = ranked_alone(weighed(pill("1"), 20.0, look_bits=-4.0))
    assert odds(against) == pytest.approx(0.9 * (0.25 * 2.0**-4 + 0.75) / (2.0**16 * 0.1 / 1000))


def test_a_check_leaves_the_twins_that_its_registers_do_not_hold() -> None:
    plain = ranked_alone(weighed(pill("1"), 20.0, look_bits=4.0))
    checked = ranked_alone(weighed(pill("1", imprint_check=CHECK), 20.0, look_bits=4.0))
    assert odds(checked) == pytest.approx(odds(plain) * (1 - 0.9))
    assert Weighed((pill("1"), pill("1", imprint_check=CHECK)), (), Explanation("1", 0.0)).checked == 0.9


def test_twins_of_one_imprint_count_once_those_of_others_each() -> None:
    def unlisted_weight(*groups: Weighed) -> float:
        found = rank(groups, MARKET, 0.0, SHARES, 20)
        return odds(found) * 2.0 ** (groups[0].bits + MARKET.prior.bits)

    one = weighed(pill("1", "a"), 20.0, certainty=0.5)
    same, other = weighed(pill("1", "b"), 20.0, certainty=0.5), weighed(pill("2", "b"), 20.0, certainty=0.4)
    assert unlisted_weight(one) == pytest.approx(0.9 * (0.5 + 0.5))
    assert unlisted_weight(one, same) == pytest.approx(0.9 * (0.5 + 0.5))
    assert unlisted_weight(one, other) == pytest.approx(0.9 * (0.1 + 0.5 + 0.4))


def test_a_sibling_weighs_by_what_was_not_read_with_certainty() -> None:
    weight = 2.0**20 * 0.1 / 1000
    for sibling_odds in (0.01, 9.0):
        found = ranked_alone(weighed(pill("1"), 20.0, sibling_odds=sibling_odds))
        assert odds(found) == pytest.approx(0.9 * (1.0 / weight + 0.5 * sibling_odds))
    # What contradicts one imprint may be just what another of the catalog says.
    groups = [weighed(pill("1"), 20.0), weighed(pill("2"), 20.0, certainty=0.0, sibling_odds=9.0)]
    assert rank(groups, MARKET, 0.0, SHARES, 20).unlisted == pytest.approx(0.9 / (0.9 + 2 * weight))


def test_what_another_imprint_of_the_catalog_says_with_near_certainty_is_no_sibling_of_one() -> None:
    read, near = weighed(pill("1"), 20.0, certainty=0.99), weighed(pill("2"), 10.0, certainty=0.001, sibling_odds=999.0)
    own, other = (2.0**bits * 0.1 / 1000 for bits in (20, 10))
    siblings = other * 0.5 * 999 * (1 - 0.99)
    assert odds(rank([read, near], MARKET, 0.0, SHARES, 20)) == pytest.approx(0.9 * (1.0 + siblings) / own)


def test_one_word_alone_is_as_rare_as_on_its_market() -> None:
    some = weighed(pill("1"), 20.0)
    plain, alone = ranked_alone(some), ranked_alone(some, alone=1.0)
    assert odds(alone) == pytest.approx(odds(plain) * MARKET.one_word)
    assert odds(ranked_alone(some, alone=0.5)) == pytest.approx(odds(plain) * (0.5 + 0.5 * MARKET.one_word))


def test_candidates_stand_best_first_and_no_more_than_asked_for() -> None:
    groups = [weighed(pill(str(number)), float(number), certainty=0.0) for number in range(1, 9)]
    found = rank(groups, MARKET, 0.0, SHARES, 3)
    assert [each.product.imprint for each in found.candidates] == ["8", "7", "6"]
    assert [each.imprint_key for each in found.explanations] == ["8", "7", "6"]
    assert found.candidates[0].probability == pytest.approx(2 * found.candidates[1].probability)
    with_all = rank(groups, MARKET, 0.0, SHARES, 20)
    assert sum(each.probability for each in with_all.candidates) + with_all.unlisted == pytest.approx(1)
    assert with_all.unlisted == found.unlisted


@pytest.mark.parametrize(
    ("found", "tier"),
    [
        (Explanation("024", 1.0, {"024": (1.0, "024")}), "exact"),
        (Explanation("024", 1.0, {"024": (1.0, "O24")}), "all tokens"),
        (Explanation("024;54", 1.0, {"024": (1.0, "024")}, ("54",), unseen=True), "all that was read"),
        (Explanation("024", 1.0, {"024": (1.0, "024")}, stray="TV", contradicted="TV"), "partly"),
    ],
)
def test_the_tier_says_how_the_imprint_agrees(found: Explanation, tier: str) -> None:
    (candidate,) = rank([Weighed((pill("024"),), (), found)], MARKET, 0.0, SHARES, 20).candidates
    assert candidate.tier == tier


def of_builtin(change: dict[str, object], product_id: str = TABLET) -> Catalog:
    """The catalog inside with one product changed."""
    with open_catalog() as own:
        products = [replace(each, **change) if each.product_id == product_id else each for each in own.products()]  # type: ignore[arg-type]
    return catalog_of(products)


def white_024(catalog: Catalog) -> Ranked:
    readings = [face("024", sure=0.99), face()]
    return Matcher(catalog, Settings()).rank(readings, look(score="2", size_mm=7.0))


def test_the_tablet_024_is_known_by_its_check_as_any_row_would_be() -> None:
    tablet = white_024(open_catalog())
    assert tablet.candidates[0].product.product_id == TABLET
    invented = {
        "product_id": "pillprint:invented", "name": "inventol 3 mg", "drug": "inventol", "ingredients": ("inventol",),
        "strength": "3 mg", "labeler": "Nobody", "rxcui": "", "ndc": "",
    }  # fmt: skip
    other = white_024(of_builtin(invented))
    first, second = tablet.candidates[0], other.candidates[0]
    assert second.product.drug == "inventol"
    assert [row.bits for row in second.evidence] == pytest.approx([row.bits for row in first.evidence])
    assert second.probability == pytest.approx(first.probability)
    assert other.unlisted == pytest.approx(tablet.unlisted)


def test_without_its_check_an_unlisted_twin_of_the_tablet_024_is_likelier() -> None:
    checked, unchecked = white_024(open_catalog()), white_024(of_builtin({"imprint_check": None}))
    first, second = checked.candidates[0], unchecked.candidates[0]
    assert first.product.product_id == second.product.product_id == TABLET
    # The evidence is no other: a check is no bonus.
    assert [row.bits for row in second.evidence] == pytest.approx([row.bits for row in first.evidence])
    assert unchecked.unlisted > 3 * checked.unlisted
    assert second.probability < first.probability - 0.01


def candidate(product: Product, probability: float) -> Candidate:
    return Candidate((product,), probability, 10.0, (), "exact")


def ranked(*found: tuple[Product, float], explanation: Explanation | None = None) -> Ranked:
    """Candidates of these probabilities, the first explained so, the others completely."""
    explanations = [Explanation(product.imprint_key, 10.0) for product, _ in found]
    explanations[0] = explanation or explanations[0]
    rest = 1.0 - sum(probability for _, probability in found)
    return Ranked(tuple(candidate(*each) for each in found), tuple(explanations), rest)


READ = [face("GG", "331"), face()]
A, B, TWIN = pill("GG;331", "a"), pill("GG;332", "b", "2 mg"), pill("GG;331", "c", "2 mg")


def verdict(
    found: Ranked,
    seen: PillLook | None = None,
    doubts: Doubts | None = None,
    risk: str = "strict",
    readings: Sequence[Reading] = READ,
) -> ReasonedDecision:
    return decide(readings, seen or look(), found, doubts or Doubts(), MODEL, DecideSettings(risk))


def test_identified_asks_that_nothing_is_against_it() -> None:
    assert verdict(ranked((A, 0.95))) == ReasonedDecision(Decision.IDENTIFIED, "a 10 mg explains imprint and look.")
    unnamed = replace(A, drug="", strength="", name="Aa 331 tablets")
    assert verdict(ranked((unnamed, 0.95))).reason == "Aa 331 tablets explains imprint and look."


@pytest.mark.parametrize(
    ("imprint", "sure", "decision"),
    [("M;S", 0.9, Decision.IDENTIFIED), ("M;S", 0.74, Decision.UNKNOWN), ("M;S;1", 0.74, Decision.IDENTIFIED)],
)
def test_of_an_imprint_of_two_characters_each_has_to_be_read_well(
    imprint: str, sure: float, decision: Decision
) -> None:
    """Lysozyme's HS was read SM, its M with 74 %: baclofen 10 mg of Taiwan's register."""
    found = verdict(ranked((pill(imprint, "a"), 0.95)), readings=[face(imprint.replace(";", ""), sure=sure), face()])
    assert found.decision is decision
    assert ("was read with 74 % only" in found.reason) is (decision is Decision.UNKNOWN)


def test_a_line_without_characters_is_no_fault_of_a_short_imprint() -> None:
    """A reader of one's own may give one."""
    assert verdict(ranked((pill("M;S", "a"), 0.95)), readings=[face("")]).decision is Decision.IDENTIFIED


@pytest.mark.parametrize(
    ("explanation", "sentence"),
    [
        ({"contradicted": "TV"}, "TV was read and its imprint has no such text there."),
        ({"incomplete": ("7580",)}, "Of its 7580 only a part was seen."),
        ({"broken": ("452", "54")}, "Its 452 54 would have to be put together from parts of lines."),
        ({"missing": ("25",)}, "Its 25 was not found."),
    ],
)
def test_what_does_not_fit_its_imprint_is_against_it(explanation: dict[str, object], sentence: str) -> None:
    found = verdict(ranked((A, 0.99), explanation=Explanation("GG;331", 10.0, **explanation)))  # type: ignore[arg-type]
    assert found.against == (sentence,)
    assert found == ReasonedDecision(
        Decision.UNKNOWN, f"a 10 mg comes nearest, but it is not certain. {sentence}", (sentence,)
    )


def test_what_may_stand_on_a_face_not_shown_is_not_against_it() -> None:
    unseen = Explanation("GG;331", 10.0, missing=("331",), unseen=True)
    assert verdict(ranked((A, 0.99), explanation=unseen)).decision is Decision.IDENTIFIED


@pytest.mark.parametrize(
    ("seen", "sentence"),
    [
        (look(shape="OVAL"), "The shape does not fit: oval was seen, round is listed."),
        (look(color="BLUE"), "The color does not fit: blue was seen, white is listed."),
        (look(score="2"), "The score does not fit: a line to break it was seen, no line to break it is listed."),
        (look(relief="PRINTED"), "The imprint type does not fit: printed was seen, debossed is listed."),
    ],
)
def test_a_look_that_contradicts_is_against_it_however_probable_it_is(seen: PillLook, sentence: str) -> None:
    assert verdict(ranked((A, 0.9999)), seen).against == (sentence,)


def test_a_size_that_contradicts_is_against_it() -> None:
    found = verdict(ranked((A, 0.9999)), look(size_mm=14.1))
    assert found.decision is Decision.UNKNOWN
    assert len(found.against) == 1 and found.against[0].startswith("The size does not fit: 14.1")
    assert verdict(ranked((A, 0.9999)), look(size_mm=8.4)).against == ()


def test_levels_of_risk() -> None:
    fits = {level: verdict(ranked((A, 0.8)), risk=level) for level in RISKS}
    assert {level: each.decision for level, each in fits.items()} == {
        "one in 100": Decision.IDENTIFIED, "strict": Decision.UNKNOWN, "exact only": Decision.UNKNOWN,
    }  # fmt: skip
    assert fits["strict"].against == ("That is not sure enough.",)
    other = Explanation("GG;331", 10.0, {"331": (5.0, "33I")})
    exact = verdict(ranked((A, 0.99), explanation=other), risk="exact only")
    assert exact.against == ("The text read is not equal to its imprint.",)
    assert verdict(ranked((A, 0.99), explanation=other)).decision is Decision.IDENTIFIED
    with pytest.raises(ValueError, match="none of one in 100, strict, exact only"):
        DecideSettings("careful")


def test_a_high_alert_drug_needs_the_strict_level() -> None:
    warfarin = pill("GG;331", "warfarin", "2 mg")
    scheduled = pill("GG;331", "a", dea_schedule="CII")
    for product in (warfarin, scheduled):
        assert verdict(ranked((product, 0.8)), risk="one in 100").against == ("That is not sure enough.",)
        assert verdict(ranked((product, 0.95)), risk="one in 100").decision is Decision.IDENTIFIED
    assert verdict(ranked((A, 0.8)), risk="one in 100").decision is Decision.IDENTIFIED


def test_ambiguous_names_at_least_two_by_drug_and_strength() -> None:
    found = verdict(ranked((A, 0.6), (B, 0.35)))
    assert found.decision is Decision.AMBIGUOUS
    assert found.against == ("Others of the catalog fit nearly as well.", "That is not sure enough.")
    assert found.reason.startswith("It could be a 10 mg or b 2 mg. ")
    strengths = verdict(ranked((A, 0.6), (pill("GG;332", "a", "20 mg"), 0.35)))
    assert strengths.reason.startswith("It could be a 10 mg or a 20 mg. ")


def test_of_what_is_listed_nearly_all_must_be_one_drug_whatever_the_level() -> None:
    model = replace(MODEL, levels={"one in 100": 0.5, "strict": 0.5})

    def against(one: float, other: float) -> tuple[str, ...]:
        return decide(READ, look(), ranked((A, one), (B, other)), Doubts(), model, DecideSettings()).against

    share = DecideSettings().beside_rivals_min
    assert 0.9 <= share < 1
    for listed in (0.99, 0.7):
        first = share * listed
        assert against(first - 0.001, listed - first + 0.001) == ("Others of the catalog fit nearly as well.",)
        # What no row describes is asked by the level alone.
        assert against(first + 0.001, listed - first - 0.001) == ()


def test_a_twin_of_another_drug_is_against_it_however_little_it_weighs() -> None:
    said = ("c 2 mg bears the same imprint and looks the same.",)
    assert verdict(ranked((A, 0.98), (TWIN, 0.001))).against == said
    for other in (
        replace(TWIN, colors=("BLUE",)),
        replace(TWIN, size_mm=10.0),
        replace(TWIN, drug="a", strength="10 mg", ingredients=("a",)),
    ):
        assert verdict(ranked((A, 0.98), (other, 0.001))).against == ()


YELLOW, WHITE = (Probabilities(((color, 0.97),)) for color in ("YELLOW", "WHITE"))


@pytest.mark.parametrize(
    ("twin", "lamps", "against"),
    [
        ({}, (YELLOW, YELLOW), ()),
        ({}, (YELLOW, WHITE), ("c 2 mg bears the same imprint; in another light it would have this color.",)),
        ({"colors": ("BLUE",)}, (YELLOW, WHITE), ()),
        # What else tells the two apart still does in another light.
        ({"shape": "OVAL"}, (YELLOW, WHITE), ()),
        ({"imprint": "GG;332", "tokens": ("GG", "332")}, (YELLOW, WHITE), ()),
        ({"drug": "a", "strength": "10 mg", "ingredients": ("a",)}, (YELLOW, WHITE), ()),
    ],
    ids=["in any light", "in another light", "another color", "another shape", "another imprint", "the same drug"],
)
def test_a_twin_that_another_light_would_make_of_it_is_against_it(
    twin: dict[str, object], lamps: tuple[Probabilities, ...], against: tuple[str, ...]
) -> None:
    yellow = replace(A, colors=("YELLOW",))
    found = ranked((yellow, 0.98), (replace(TWIN, **twin), 0.001))  # type: ignore[arg-type]
    said = verdict(found, replace(look(color="YELLOW"), color_in_lamps=lamps))
    assert said.against == against
    assert said.decision is (Decision.UNKNOWN if against else Decision.IDENTIFIED)


def test_daylight_is_advised_where_another_light_would_make_a_twin_of_it() -> None:
    seen = replace(look(color="YELLOW"), color_in_lamps=(WHITE,))
    found = answer([replace(A, colors=("YELLOW",)), TWIN], [face("GG", "331", sure=0.99), face()], seen).advice
    assert found is not None
    assert (found.code, found.sentence) == ("DAYLIGHT", "Take it in daylight, on white paper: is it yellow or white?")


def test_one_drug_of_several_labelers_is_one_answer() -> None:
    tablets = ranked((A, 0.5), (replace(A, product_id="made:2", size_mm=10.0), 0.45))
    assert verdict(tablets) == ReasonedDecision(Decision.IDENTIFIED, "a 10 mg explains imprint and look.")


def test_a_single_weak_candidate_is_unknown_and_named() -> None:
    found = verdict(ranked((A, 0.6)))
    assert found.decision is Decision.UNKNOWN
    assert found.reason == "a 10 mg comes nearest, but it is not certain. That is not sure enough."
    weak = verdict(ranked((A, 0.6), (B, 0.01)))
    assert weak.decision is Decision.UNKNOWN
    for nothing in (ranked((A, 0.5)), ranked((A, 0.3), (B, 0.15)), Ranked((), (), 1.0)):
        assert verdict(nothing) == ReasonedDecision(Decision.UNKNOWN, "Nothing in the catalog explains what was read.")


def test_each_doubt_of_the_photo_is_against_it() -> None:
    sentences = {
        Doubts(1): "The photo shows one more pill; photograph one alone, or ask for each.",
        Doubts(3): "The photo shows 3 more pills; photograph one alone, or ask for each.",
        Doubts(cut=True): "The border of the photo cuts the pill: imprint, shape and size may go on outside.",
        Doubts(different="the color is white in one and blue in another"): (
            "The photos may show two different pills: the color is white in one and blue in another."
        ),
    }
    for doubts, sentence in sentences.items():
        assert doubts.sentences == (sentence,)
        found = verdict(ranked((A, 0.9999)), doubts=doubts)
        assert (found.decision, found.against) == (Decision.UNKNOWN, (sentence,))
    assert Doubts().sentences == ()
    assert len(Doubts(2, True, "x").sentences) == 3


def test_without_text_nothing_is_identified() -> None:
    nothing = Ranked((), (), 1.0)
    assert verdict(nothing, readings=[]).decision is Decision.NO_PILL
    assert verdict(nothing, readings=[face(), face()]).reason == (
        "No imprint was found, and without one a pill cannot be told by its look."
    )
    unreadable = verdict(nothing, readings=[face(), unread()])
    assert unreadable.decision is Decision.UNREADABLE
    cut = verdict(nothing, readings=[face()], doubts=Doubts(cut=True))
    assert cut.decision is Decision.UNREADABLE and cut.against == Doubts(cut=True).sentences


def advice(
    *found: tuple[Product, float], readings: Sequence[Reading] = READ, seen: PillLook | None = None, **more: object
):  # type: ignore[no-untyped-def]
    explanation = Explanation("GG;331", 10.0, **more) if more else None  # type: ignore[arg-type]
    return advise(readings, seen or look(size_mm=8.0), ranked(*found, explanation=explanation), Doubts())


def test_turn_it_over_where_the_other_face_tells() -> None:
    one, other = pill("54;024", "flecainide"), pill("024", "clonidine")
    found = answer([one, other], [face("024", sure=0.99)], look(size_mm=8.0, faces=1))
    assert found.advice is not None
    assert (found.advice.code, found.advice.sentence) == ("TURN_OVER", "Turn it over: what does the other face say?")
    likely = [each.probability for each in found.candidates]
    assert found.advice.bits == pytest.approx(entropy(likely))
    blank = answer([one], [face()], look(faces=1)).advice
    assert blank is not None
    assert (blank.code, blank.sentence) == ("TURN_OVER", "Turn it over: the other face may bear an imprint.")


def entropy(weights: Sequence[float]) -> float:
    return -sum(each / sum(weights) * math.log2(each / sum(weights)) for each in weights)


def test_lay_a_coin_beside_it_where_the_size_tells() -> None:
    small, large = replace(A, size_mm=7.0), replace(B, size_mm=10.0)
    found = advice((small, 0.6), (large, 0.35), seen=look())
    assert found.code == "COIN_BESIDE" and "7 or 10 mm?" in found.sentence
    assert found.bits == pytest.approx(entropy([0.6, 0.35]))
    assert advice((small, 0.6), (large, 0.35)) is None
    assert advice((A, 0.6), (replace(B, size_mm=8.2), 0.35), seen=look()) is None


def test_the_question_for_the_size_ends_once() -> None:
    found = advice((replace(A, size_mm=7.0), 0.6), (replace(B, size_mm=10.0), 0.35), seen=look())
    assert found.sentence == "Lay a coin or a ruler beside it: 7 or 10 mm?"


def test_a_size_is_asked_for_only_where_a_ruler_tells_it() -> None:
    # 7.4 and 7.6 mm are 0.2 mm apart, though they round to 7 and 8
    near = (replace(A, size_mm=7.4), 0.6), (replace(B, size_mm=7.6), 0.35)
    assert advice(*near, seen=look()) is None
    # of three the two that a ruler tells apart, the likeliest of each
    sizes = ((A, 7.0, 0.4), (B, 7.6, 0.3), (replace(A, drug="c", product_id="made:c"), 9.0, 0.2))
    found = advice(*((replace(each, size_mm=size), share) for each, size, share in sizes), seen=look())
    assert found.sentence == "Lay a coin or a ruler beside it: 7 or 9 mm?"
    assert found.bits == pytest.approx(entropy([0.7, 0.2]))


def test_turning_over_goes_before_a_coin_that_tells_more() -> None:
    one, other = pill("54;024", "flecainide", size_mm=7.0), pill("024", "clonidine", size_mm=10.0)
    third = pill("024", "baclofen", size_mm=13.0)
    readings = [face("024", sure=0.99)]
    found = answer([one, other, third], readings, look(faces=1)).advice
    assert found is not None and found.code == "TURN_OVER"
    alike = answer([other, third], readings, look(faces=1)).advice  # both bear nothing else
    assert alike is not None and alike.sentence.startswith("Lay a coin or a ruler beside it: 1")


def test_ask_for_a_score_where_it_was_not_seen() -> None:
    seen = replace(look(size_mm=8.0), score=NOTHING)
    found = advice((A, 0.5), (replace(B, score=2), 0.4), seen=seen)
    assert (found.code, found.sentence) == ("SCORED", "Is there a line to break it along?")
    assert advice((A, 0.5), (replace(B, score=2), 0.4)) is None


def test_come_closer_where_a_character_is_in_doubt() -> None:
    one, other = pill("GG;331", "a"), pill("GG;337", "b")
    found = advice((one, 0.5), (other, 0.4), contradicted="1")
    assert (found.code, found.sentence) == ("CLOSER", "Come closer: is it GG 331 or GG 337?")
    assert advice((one, 0.5), (other, 0.4), incomplete=("331",)).code == "CLOSER"
    assert advice((one, 0.5), (other, 0.4), sibling_odds=0.5).code == "CLOSER"
    assert advice((one, 0.5), (other, 0.4), sibling_odds=0.05) is None


def test_light_from_the_side_where_a_face_could_not_be_read() -> None:
    one, other = pill("54;024", "flecainide"), pill("024;99", "clonidine")
    found = answer([one, other], [face("024", sure=0.99), unread()], look(size_mm=8.0))
    assert found.advice is not None and found.advice.code == "LIGHT_FROM_SIDE"
    assert found.advice.bits == pytest.approx(1.0)
    for faces in ([unread()], [face(), face()], [unread(), face()]):
        nothing = answer([one], faces)
        assert nothing.advice is not None and nothing.advice.code == "LIGHT_FROM_SIDE"


def test_one_pill_alone_comes_before_all_else() -> None:
    found = answer([A, B], READ, doubts=Doubts(others=2))
    assert found.advice is not None
    assert (found.advice.code, found.advice.sentence) == ("ONE_PILL_ALONE", "Photograph one pill alone.")


def test_no_advice_where_nothing_would_tell() -> None:
    assert advice((A, 0.5), (B, 0.4)) is None
    assert advice((A, 0.6)) is None
    assert answer([A], [face("GG", "331", sure=0.99), face()], look(size_mm=8.0)).advice is None


def test_no_advice_between_products_of_which_it_is_none() -> None:
    found = answer([pill("TEVA;74"), pill("A2;M")], [face("QXJ7", sure=0.99), face("88", sure=0.99)])
    assert found.unlisted > 0.9999
    assert found.advice is None


def test_probabilities_of_a_look_need_not_be_known() -> None:
    found = answer([A], READ, replace(look(), shape=Probabilities(()), relief=NOTHING))
    assert 0 < found.candidates[0].probability < 1


@pytest.mark.parametrize(
    ("faces", "read", "sentence"),
    [
        (
            (("WATSON",), ("396",)),
            (("WATSON", "396"), ()),
            "WATSON and 396 are listed on two faces; they were read on one.",
        ),
        (
            (("WATSON", "396"), ()),
            (("WATSON",), ("396",)),
            "WATSON and 396 are listed on one face; they were read on two.",
        ),
        ((("WATSON",), ("396",)), (("WATSON",), ("396",)), ""),
        ((), (("WATSON", "396"), ()), ""),
    ],
)
def test_words_are_on_the_faces_that_the_register_names(
    faces: tuple[tuple[str, ...], ...], read: tuple[tuple[str, ...], ...], sentence: str
) -> None:
    for shape in ("ROUND", "CAPSULE"):
        product = replace(pill("WATSON;396", shape=shape), faces=faces)
        found = answer([product], tuple(face(*words, sure=0.99) for words in read), look(size_mm=8.0, shape=shape))
        told = sentence in found.reason and found.decision is not Decision.IDENTIFIED
        assert told if sentence and shape == "ROUND" else found.decision is Decision.IDENTIFIED
