"""What is written on pills, how readings are aligned with it, and what that explains: on made readings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import pytest
from made import UNSEEN, WORSE_LOOK, answer, catalog_of, face, line, look, pill, unread

from pipeline.match.alignment import Alignment, ObservedFace, best_segment, best_segments
from pipeline.match.evidence import imprint_rows, look_rows, own_look_rows
from pipeline.match.explain import Explanation, bound, distinct, explain
from pipeline.match.model import MatchModel
from pipeline.match.observed import Observed
from pipeline.match.shortlist import Found, ImprintIndex, search
from pipeline.match.world import ALPHABET, COLUMN, Tokens, World, kind_of, pattern_of
from pipeline.properties import PROPERTIES
from pipeline.records import Character, Line, Probabilities, Reading
from pipeline.settings import DecideSettings, MatchSettings
from reference.product import Product
from reference.store.catalog import Catalog
from reference.text.imprints import SIGNS, characters

MODEL = MatchModel.load()
WORLD, SHARES, US = MODEL.world, MODEL.shares, MODEL.registers["US"]


def toy_world(**more: object) -> World:
    """Half of all words are MYLAN, the rest two digits, three of four times, or a letter; half of the digits are 7."""
    digits = {digit: 0.5 if digit == "7" else 0.5 / 9 for digit in "0123456789"}
    values: dict[str, object] = {
        "words": {"MYLAN": 0.5},
        "patterns": {"dd": 0.75, "L": 0.25},
        "characters": {
            "d": digits,
            "L": dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 1 / 26),
            "s": dict.fromkeys(SIGNS, 0.2),
        },
        "confusions": {character: {character: 1.0} for character in ALPHABET},
        "one_word": {"": 0.25, "US": 0.125},
    }  # fmt: skip
    return World.of(values | more)


def test_a_word_is_as_likely_as_it_is_frequent_or_as_its_pattern_and_characters_are() -> None:
    world = toy_world()
    assert (pattern_of("A25-"), [kind_of(each) for each in "7B."]) == ("Ldds", ["d", "L", "s"])
    assert world.word_bits("77") == pytest.approx(math.log2(0.5 * 0.75 * 0.5 * 0.5))
    assert world.word_bits("17") == pytest.approx(math.log2(0.5 * 0.75 * 0.5 * 0.5 / 9))
    assert world.word_bits("B") == pytest.approx(math.log2(0.5 * 0.25 / 26))
    assert world.pattern_bits("ddd") == pytest.approx(math.log2(0.5 * world.other_pattern))
    spelled = 2.0 ** world.pattern_bits("LLLLL") / 26**5
    assert world.word_bits("MYLAN") == pytest.approx(math.log2(0.5 + spelled))


def test_all_words_together_are_at_most_as_likely_as_one() -> None:
    words, patterns = sum(WORLD.words.values()), sum(WORLD.patterns.values())
    assert 0 < words < 1 and 0 < patterns < 1
    assert words + sum(2.0 ** WORLD.pattern_bits(pattern) for pattern in WORLD.patterns) <= 1
    assert WORLD.kinds.sum(1) == pytest.approx([1, 1, 1])
    assert WORLD.shares.sum() == pytest.approx(1, abs=1e-3) and (WORLD.shares > 0).all()
    for looks in WORLD.looks.values():
        assert 0 < sum(looks.values()) <= 1 + 1e-9
    # Every word of two digits, spelled or frequent, is a part of what is left of 1.
    two_digits = [first + second for first in "0123456789" for second in "0123456789"]
    frequent = sum(WORLD.words.get(word, 0.0) for word in two_digits)
    both = sum(2.0 ** WORLD.word_bits(word) for word in two_digits)
    assert both == pytest.approx(frequent + 2.0 ** WORLD.pattern_bits("dd"))


@pytest.mark.parametrize("name", ["WATSON", "TEVA", "MYLAN", "PFIZER", "BAYER"])
def test_a_makers_name_weighs_seven_to_ten_bits_though_it_has_many_letters(name: str) -> None:
    assert 7 <= -WORLD.word_bits(name) <= 10.5
    for number in ("785", "4385", "10325"):
        assert -WORLD.word_bits(number) > -WORLD.word_bits(name) + 3


def test_a_name_that_few_products_bear_weighs_no_more_than_a_number_of_three_digits() -> None:
    assert -WORLD.word_bits("WESTWARD") <= -math.log2(1e-4) < -WORLD.word_bits("785")
    assert -WORLD.word_bits("10MG") < -WORLD.word_bits("16MH") - 4


def observe(*readings: Reading) -> Observed:
    return Observed(readings, [reading.lines for reading in readings], MODEL)


def observed_face(*texts: str, sure: float = 0.97, others: str = "") -> ObservedFace:
    return ObservedFace([line(text, sure, others) for text in texts], MODEL)


def test_a_character_weighs_by_what_it_could_be_against_what_stands_on_pills() -> None:
    face = observed_face("7", sure=0.9)
    truth = WORLD.confusions[COLUMN["7"]]
    read = 0.9 * truth[COLUMN["7"]] + 0.1 * WORLD.shares[COLUMN["7"]]
    assert face.bits[0, COLUMN["7"]] == pytest.approx(math.log2(read / WORLD.shares[COLUMN["7"]] * SHARES.found))
    assert face.bits[0, COLUMN["K"]] == pytest.approx(math.log2(0.1 * SHARES.found), abs=0.1)
    assert face.stray_bits[0] == pytest.approx(math.log2(1 - 0.9 * (1 - SHARES.stray)))
    assert observed_face(".").stray_bits[0] == 0.0


def test_alignment_is_global_in_the_token_and_local_in_the_face() -> None:
    alignment = Alignment(Tokens(["TV", "7580", "758", "TB"]), observed_face("9TV7580", sure=0.99))
    segments = [alignment.segment(number, 0) for number in range(4)]
    assert [segment and segment.places for segment in segments] == [(1, 2), (3, 4, 5, 6), (3, 4, 5), (1,)]
    assert [segment and segment.indices for segment in segments] == [(0, 1), (0, 1, 2, 3), (0, 1, 2), (0,)]
    assert alignment.bits[1] > alignment.bits[2] > alignment.bits[0] > 0
    missed = math.log2(1 - SHARES.found)
    assert alignment.bits[3] == pytest.approx(observed_face("T", sure=0.99).bits[0, COLUMN["T"]] + missed)


def test_alignment_steps_over_a_missed_and_a_stray_character() -> None:
    face = observed_face("7X580", sure=0.99)
    for token, indices in (("7580", (0, 1, 2, 3)), ("75180", (0, 1, 3, 4))):
        segment = best_segment(token, [face], [set()])
        assert segment is not None
        assert (segment.places, segment.indices) == ((0, 2, 3, 4), indices)
    whole = best_segment("7580", [face], [set()])
    assert whole is not None
    characters = sum(face.bits[place, COLUMN[text]] for place, text in zip((0, 2, 3, 4), "7580", strict=True))
    assert whole.bits == pytest.approx(characters + face.stray_bits[1])


def test_alignment_leaves_taken_places_alone() -> None:
    face = observed_face("5555")
    segment = best_segment("55", [face], [{0, 1}])
    assert segment is not None and segment.places == (2, 3)
    assert best_segments(["55"], [face], [{0, 1, 2, 3}], floor_bits=-20)["55"] is None


def test_a_token_stands_where_it_fits_best_of_all_faces() -> None:
    segment = best_segment("785", [observed_face("78"), observed_face("WW", "785")], [set(), set()])
    assert segment is not None
    assert (segment.face, segment.places, segment.within) == (1, (2, 3, 4), True)


def test_a_token_over_the_end_of_a_line_pays_for_it_and_takes_whole_lines_only() -> None:
    together, parted = observed_face("44525"), observed_face("44", "525")
    for token, places, within in (
        ("452", (1, 2, 3), False),
        ("44525", (0, 1, 2, 3, 4), True),
        ("525", (2, 3, 4), True),
    ):
        one, other = (best_segment(token, [face], [set()]) for face in (together, parted))
        assert one is not None and other is not None
        assert (other.places, other.within) == (places, within)
        over = 0.0 if token == "525" else math.log2(SHARES.broken)
        assert other.bits - one.bits == pytest.approx(over)


def test_a_frequent_word_weighs_at_large_what_it_is_frequent() -> None:
    face = observed_face("TEVA", "Q", sure=0.99)
    segment = best_segments(["TEVA"], [face])["TEVA"]
    assert segment is not None
    assert face.world_bits[:4].sum() == pytest.approx(segment.bits + math.log2(WORLD.words["TEVA"]))


def _digit_bits(face: ObservedFace, start: int, digits: str) -> list[float]:
    """What each digit weighs that stands there, less how many digits are that one."""
    own = [float(face.bits[start + place, COLUMN[digit]]) for place, digit in enumerate(digits)]
    return [bits + math.log2(WORLD.characters["d"][digit]) for bits, digit in zip(own, digits, strict=True)]


@pytest.mark.parametrize("number", ["785", "7853", "464", "1111", "1238"])
def test_a_number_is_at_large_at_least_as_likely_as_its_pattern(number: str) -> None:
    face = observed_face(number, sure=0.99)
    whole = sum(_digit_bits(face, 0, number)) + WORLD.pattern_bits(pattern_of(number))
    assert face.world_bits.sum() >= whole - 0.1
    assert explained(number, sure(number), sure()).bits <= -WORLD.word_bits(number) + 0.5


def explained(key: str, *readings: Reading) -> Explanation:
    observed = observe(*readings)
    return explain(key, observed, best_segments(distinct(key), observed.faces, floor_bits=observed.missing_bits))


def sure(*texts: str) -> Reading:
    return face(*texts, sure=0.99)


def test_a_complete_explanation() -> None:
    found = explained("396;WATSON", sure("WATSON", "396"), sure())
    assert {token: text for token, (_, text) in found.tokens.items()} == {"WATSON": "WATSON", "396": "396"}
    assert found.complete and found.exact
    assert (found.missing, found.stray, found.contradicted, found.incomplete, found.broken) == ((), "", "", (), ())
    assert found.bits == pytest.approx(sum(bits for bits, _ in found.tokens.values()))
    assert found.tokens["WATSON"][0] <= -WORLD.word_bits("WATSON") + 1e-9
    assert found.places == {"WATSON": {0}, "396": {0}}
    # 0 and O are one glyph: either is right.
    glyphs = {"O": "0O"}
    right = [
        sum(WORLD.confusions[COLUMN[letter], COLUMN[same]] for same in glyphs.get(letter, letter))
        for letter in "WATSON396"
    ]
    assert found.certainty == pytest.approx(math.prod(right), rel=1e-3)


def test_another_digit_read_with_confidence_contradicts_a_number() -> None:
    found = explained("399;WATSON", sure("WATSON", "396"), sure())
    assert (found.contradicted, found.incomplete, found.complete, found.exact) == ("6", ("399",), False, False)
    assert found.certainty == 0.0 and found.sibling_odds > 50
    assert found.bits < explained("396;WATSON", sure("WATSON", "396"), sure()).bits - 10
    unsure = explained("399;WATSON", face("WATSON", "396", sure=0.45), sure())
    assert unsure.contradicted == "" and not unsure.exact and unsure.certainty < 0.01


def test_a_missing_token_may_stand_where_nobody_looked() -> None:
    one, shown, hidden = sure("WATSON"), sure(), unread()
    missing = {"both faces": (one, shown), "one face": (one,), "one not legible": (one, hidden)}
    found = {name: explained("396;WATSON", *faces) for name, faces in missing.items()}
    assert all(each.missing == ("396",) and not each.exact for each in found.values())
    assert {name: each.unseen for name, each in found.items()} == {
        "both faces": False, "one face": True, "one not legible": True,
    }  # fmt: skip
    assert {name: each.complete for name, each in found.items()} == {name: each.unseen for name, each in found.items()}
    cost = found["one face"].bits - found["both faces"].bits
    assert cost == pytest.approx(math.log2(SHARES.hidden) - math.log2(US.missed))
    further = explained("1;2;WATSON", one).bits - explained("1;WATSON", one).bits
    assert further == pytest.approx(math.log2(US.further))


def test_a_word_of_which_a_registers_imprints_often_lack_one_weighs_less_against_it() -> None:
    def without_logo(market: str) -> float:
        observed = Observed((sure("122"), sure()), [sure("122").lines, ()], MODEL, market)
        return explain("122;YH", observed, best_segments(["122", "YH"], observed.faces)).bits

    # Taiwan's register writes logos out, which no reader finds: ``YH`` may well be there.
    assert without_logo("TW") - without_logo("US") == pytest.approx(math.log2(MODEL.registers["TW"].missed / US.missed))
    assert MODEL.registers["TW"].missed > 4 * US.missed


def test_a_makers_name_that_was_not_found_tells_no_sibling_a_number_does() -> None:
    def odds(key: str, *texts: str) -> float:
        return explained(key, sure(*texts), sure()).sibling_odds

    assert odds("25;3228;LILLY;MG", "3228", "25MG") < 1
    assert odds("25;3228;LILLY;MG", "LILLY", "25MG") > 9
    # What few products bear may be what tells this one.
    assert odds("HORMONE;OLYMPIC", "OLYMPIC") >= 9


def test_a_stroke_between_words_need_not_be_seen_a_point_must() -> None:
    for key, texts in (("PAR/222", ("PAR", "222")), ("3126;WEST-WARD", ("WEST", "WARD", "3126"))):
        found = explained(key, sure(*texts), sure())
        assert found.complete and not found.exact and found.certainty > 0.85 and found.sibling_odds < 1
    point = explained("2.5", sure("25"), sure())
    assert point.incomplete == ("2.5",) and point.sibling_odds > 9


def test_where_a_register_parts_a_run_of_letters_weighs_nothing() -> None:
    one, two = explained("SVCTV", sure("SVCTV"), sure()), explained("CTV;SV", sure("SVCTV"), sure())
    assert two.complete and two.bits == pytest.approx(one.bits, abs=0.2)
    # On two lines, or with a number between them, they are two words.
    assert explained("CTV;SV", sure("SV", "CTV"), sure()).bits > one.bits + 5
    assert explained("7;CTV;SV", sure("SV7CTV"), sure()).bits > one.bits + 5


def test_a_part_of_a_number_or_of_a_token_is_incomplete() -> None:
    assert explained("7580", sure("758"), sure()).incomplete == ("7580",)
    assert explained("4346", sure("464"), sure()).incomplete == ("4346",)
    assert explained("758", sure("7580"), sure()).contradicted == "0"
    assert explained("2.5", sure("25"), sure()).incomplete == ("2.5",)


def test_a_word_is_told_by_most_of_its_letters_a_short_one_by_all() -> None:
    for text in ("WESTWRD", "WESTWAPD"):
        found = explained("785;WESTWARD", sure(text, "785"), sure())
        assert (found.complete, found.exact, found.certainty < 0.01) == (True, False, True), text
        assert found.sibling_odds < 1
    assert explained("785;WESTWARD", sure("WESSTWARD", "785"), sure()).complete
    assert explained("785;WESTWARD", sure("WESTW", "785"), sure()).incomplete == ("WESTWARD",)
    assert explained("74;TEVB", sure("TEVA", "74"), sure()).incomplete == ("TEVB",)


def test_44_over_525_does_not_make_452_and_54() -> None:
    found = explained("452;54", sure("44", "525"), sure())
    assert found.broken == ("452",) and not found.complete and not found.exact
    right = explained("44;525", sure("44", "525"), sure())
    assert right.complete and right.exact and right.bits > found.bits + 20
    assert explained("C32;M", sure("MC", "32"), sure()).broken == ("C32",)
    assert explained("C32;M", sure("MC"), sure("32")).incomplete == ("C32",)


def test_lines_that_a_register_writes_as_one_word_are_that_word() -> None:
    for texts in (("5", "25"), ("525",), ("52", "5")):
        found = explained("525", sure(*texts), sure())
        assert found.complete and found.broken == ()


@pytest.mark.parametrize("key", ["2140;2140;MYLAN;MYLAN", "2140;MYLAN"])
def test_print_on_both_halves_of_a_capsule_counts_once(key: str) -> None:
    once = explained(key, sure("MYLAN", "2140"), sure())
    twice = explained(key, sure("MYLAN", "2140"), sure("MYLAN", "2140"))
    assert twice.complete and twice.exact
    assert twice.bits == pytest.approx(once.bits)
    assert twice.places == {"MYLAN": {0, 1}, "2140": {0, 1}}


def test_a_token_run_together_with_another_is_said_again_on_the_other_half() -> None:
    found = explained("2579;2579;R;R", sure("R2579"), sure("R2579"))
    assert found.complete and found.exact and found.places == {"2579": {0, 1}, "R": {0, 1}}
    assert explained("R;2579", sure("R-2579"), sure("R-2579")).complete


@pytest.mark.parametrize(("key", "text"), [("R-2579", "R-2579"), ("2.5;WW", "2.5")])
def test_a_token_with_a_sign_is_said_again_on_the_other_face(key: str, text: str) -> None:
    found = explained(key, sure(text, *key.split(";")[1:]), sure(text))
    assert found.contradicted == "" and found.stray == "" and found.complete


@pytest.mark.parametrize("part", ["CAM", "PRO", "ROC", "PROCAMPROCAM", "PROCAMPRO"])
def test_a_part_of_a_word_around_a_capsules_side_is_that_word(part: str) -> None:
    found = explained("PROCAM", sure("PROCAM"), sure(part))
    assert (found.stray, found.contradicted, found.places) == ("", "", {"PROCAM": {0, 1}})
    assert found.bits == pytest.approx(explained("PROCAM", sure("PROCAM"), sure()).bits)


@pytest.mark.parametrize("other", ["M", "CT4", "CAMX", "MAC"])
def test_what_is_no_part_of_a_word_contradicts(other: str) -> None:
    found = explained("PROCAM", sure("PROCAM"), sure(other))
    assert (found.contradicted, found.complete, found.certainty) == (other, False, 0.0)


def test_what_a_register_says_twice_may_stand_in_one_line() -> None:
    twice, once = explained("54;Y;Y", sure("YY", "54"), sure()), explained("54;Y", sure("YY", "54"), sure())
    assert twice.complete and twice.stray == ""
    assert (once.stray, once.contradicted) == ("Y", "Y")


def test_single_characters_do_not_make_a_code() -> None:
    found = explained("0;9;A", sure("A99"), sure())
    assert (found.missing, found.contradicted, found.complete) == (("0",), "9", False)
    assert explained("A99", sure("A99"), sure()).bits > found.bits + 10
    assert explained("11;25;BEACH", sure("1111", "BEACH"), sure()).missing == ("25",)


def test_the_point_that_a_register_leaves_out_says_nothing() -> None:
    found = explained("2;5;WW", sure("WW"), sure("2.5"))
    assert found.complete and found.stray == ""
    assert found.bits == pytest.approx(explained("2;5;WW", sure("WW"), sure("25")).bits, abs=0.1)
    assert explained("2;WW", sure("WW"), sure("2.5")).contradicted == "5"


def test_one_glyph_of_two_letters_contradicts_nothing() -> None:
    def zero_or_o(text: str, other: str) -> Reading:
        doubtful = Line((Character(((text, 0.6), (other, 0.39)), 0, 0, 9, 9, 0), *line("24", 0.99).characters))
        return Reading("made", (((doubtful,), 1.0),), 0.02)

    found = explained("024", zero_or_o("O", "0"), sure())
    assert (found.contradicted, found.complete, found.exact) == ("", True, False)
    assert found.certainty > 0.9
    other = explained("224", zero_or_o("Z", "2"), sure())
    assert (other.contradicted, other.complete) == ("Z", False)
    assert other.certainty == pytest.approx(0.39 / 0.99, abs=0.05)


def test_a_letter_too_many_in_a_word_is_no_sibling() -> None:
    assert explained("785;WESTWARD", sure("WESSTWARD", "785"), sure()).sibling_odds < 1


def test_a_word_put_together_from_parts_of_lines_is_not_called_exact() -> None:
    found = explained("C32;M", sure("MC", "32"), sure())
    assert not found.exact and found.certainty == 0.0
    assert "C32 is on the pill." not in [row.sentence for row in imprint_rows(found, 2)]


class _Imprints:
    """What an index asks of a catalog."""

    market = "US"

    def __init__(self, *keys: str) -> None:
        self._keys = keys

    def imprint_texts(self) -> tuple[Sequence[str], Sequence[str]]:
        return self._keys, [characters(";".join(set(key.split(";")))) for key in self._keys]

    def rows(self, sql: str, words: Sequence[str]) -> list[tuple[int, int]]:
        """No words by which an imprint is found beside the shortlist."""
        return []


def made_index(*keys: str) -> ImprintIndex:
    return ImprintIndex(cast(Catalog, _Imprints(*keys)))


def searched(readings: Sequence[Reading], *keys: str) -> Found:
    return search(readings, made_index(*keys), MODEL, MatchSettings())


def test_a_bound_is_what_the_explanation_weighs_where_no_tokens_contend() -> None:
    for key, readings in (("396;WATSON", (sure("WATSON", "396"), sure())), ("54;WATSON", (sure("WATSON"), sure()))):
        observed = observe(*readings)
        fits = best_segments(distinct(key), observed.faces, floor_bits=observed.missing_bits)
        assert bound(key, observed, fits) >= explain(key, observed, fits).bits - 1e-6


def test_imprints_listed_for_both_halves_do_not_crowd_out_the_right_one() -> None:
    halves = [f"{number};{number};MYLAN;MYLAN" for number in range(2140, 2240)]
    found = searched([face("MYLAN"), face("244")], *halves, "244;MYLAN").explanations
    assert found[0].imprint_key == "244;MYLAN" and found[0].complete
    assert len(found) <= MatchSettings().explained_max


def test_tokens_that_contend_for_one_character_do_not_crowd_out_what_was_read() -> None:
    """Each of "29" and "93" stands in 293, but not both: the upper estimate counts the 9 twice."""
    halves = [
        f"29;93;{labeler}" for labeler in ("ARC", "BD", "GH", "K7", "LM", "PT", "QR", "SX", "TU", "VW", "XY", "ZB")
    ]
    contending = ["29;93", "5293;5293;93;93", "29;3;93", "2;29;93", "29;9;93", "2;29;3;93", "93;293;29", "2;29;3;9;93"]
    found = searched([face("293"), face()], *halves, *contending, "293").explanations
    assert (found[0].imprint_key, found[0].exact) == ("293", True)


def test_a_text_read_on_both_faces_is_explained_where_others_have_a_like_text_for_each() -> None:
    others = [f"{word};YCCP" for word in ("YCSP", "YSP", "YCD", "YCB", "YKP", "YCF", "YUP", "VCP", "YGP", "YOP")]
    found = searched([face("YCP"), face("YCP")], *others, "YCP").explanations
    assert "YCP" in {each.imprint_key for each in found if each.exact}


def test_one_half_of_a_capsule_is_enough() -> None:
    keys = ("2579;2579;R;R", "256", "7219;93", "129;93", "3129;3129;93;93")
    first = searched([face("R2579"), face()], *keys).explanations[0]
    assert (first.imprint_key, first.missing, first.stray) == ("2579;2579;R;R", (), "")
    assert searched([face("93", "3129"), face("C")], *keys).explanations[0].imprint_key == "3129;3129;93;93"


def test_of_two_listed_colors_a_photo_may_show_one() -> None:
    white_and_blue = pill("100;7767", colors=("WHITE", "BLUE"))
    error = MODEL.register("US").one_color

    def color_bits(seen: str, product: Product) -> float:
        return next(row.bits for row in own_look_rows(product, look(color=seen), MODEL) if row.kind == "color")

    both, one, other = (color_bits(seen, white_and_blue) for seen in ("BLUE;WHITE", "WHITE", "GREEN"))
    assert both > 1 and other < one < both
    # A band or print: it speaks against the product, but forbids nothing; a color that is not listed does.
    assert one == pytest.approx(math.log2(error / 2 * 0.97 / WORLD.looks["color"]["WHITE"]), abs=0.2)
    assert one > DecideSettings().contradicts_bits_max > other
    assert color_bits("BLUE;WHITE", pill("1", colors=("WHITE",))) < DecideSettings().contradicts_bits_max


def test_what_is_missing_may_stand_on_a_face_that_shows_something_unread() -> None:
    def ahead(blank: float) -> float:
        """Bits by which 122 is better than 122;C;YH, the other face read as nothing."""
        found = searched([face("122"), Reading("made", (), blank)], "122", "122;C;YH").explanations
        bits = {one.imprint_key: one.bits for one in found}
        return bits["122"] - bits["122;C;YH"]

    assert ahead(0.1) == ahead(0.4) == pytest.approx(-math.log2(SHARES.hidden * US.further))
    assert ahead(0.6) == ahead(1.0) == pytest.approx(-math.log2(US.missed * US.further))


def test_a_sure_reading_that_another_direction_overrules_contradicts() -> None:
    upright, turned = face("4097", sure=0.97), face("L607", sure=0.5)
    both = Reading("made", ((upright.lines, 0.99), (turned.lines, 0.01)), 0.02)
    found = {one.imprint_key: one for one in searched([both], "L607", "4097").explanations}
    assert found["4097"].contradicted == ""
    assert found["L607"].contradicted.startswith("4097")
    assert found["4097"].bits > found["L607"].bits


def test_a_hypothesis_is_weighed_by_how_much_less_likely_it_is() -> None:
    def bits(share: float) -> float:
        first, second = face("TEVA"), face("4097")
        both = Reading("made", ((first.lines, 1 - share), (second.lines, share)), 0.02)
        return {one.imprint_key: one.bits for one in searched([both], "4097").explanations}["4097"]

    # Both read one photo, so the second is also measured against what explains the photo best.
    assert bits(0.4) - bits(0.1) == pytest.approx(math.log2((0.4 / 0.6) / (0.1 / 0.9)), abs=0.01)


def test_one_word_alone_is_known_by_a_blank_other_face() -> None:
    assert searched([face("024"), Reading("made", (), 0.9)], "024").alone == pytest.approx(0.9)
    assert searched([face("024"), face("024")], "024").alone == 1.0
    assert searched([face("024")], "024").alone == 0.0
    assert searched([face("54", "024"), face()], "024").alone == 0.0


def test_evidence_adds_up_to_the_score() -> None:
    products = [pill("54;024"), pill("024", "baclofen"), pill("HSP;024", colors=()), pill("4385;GG")]
    cases = ([face("024"), face()], [face("024")], [face("54", "024"), face()], [face("024", "QX"), face("54")])
    for readings in cases:
        found = answer(products, readings, look(size_mm=7.0, faces=len(readings)))
        assert found.candidates
        for candidate in found.candidates:
            assert sum(row.bits for row in candidate.evidence) == pytest.approx(candidate.score_bits, abs=1e-9)
            assert candidate.evidence[0].kind == "prior"
        assert sum(each.probability for each in found.candidates) + found.unlisted == pytest.approx(1)


def test_is_on_the_pill_is_said_only_where_the_text_is_equal() -> None:
    rows = imprint_rows(explained("399;WATSON", face("WATSON", "396", sure=0.45), sure()), 2)
    assert {row.expected: row.sentence for row in rows} == {
        "WATSON": "WATSON is on the pill.",
        "399": "The register's 399 stands where 396 was read.",
    }
    (row,) = imprint_rows(explained("4346", face("464", sure=0.99), sure()), 2)[:1]
    assert row.sentence == "The register's 4346 stands where 46 was read."


def test_what_is_missing_and_what_is_left_over_has_a_row() -> None:
    rest = imprint_rows(explained("396;WATSON", sure("WATSON", "QX"), sure()), 2)[-1]
    assert rest.sentence == "The register's 396 was not found and QX was read that the register does not have."
    assert (rest.observed, rest.expected) == ("QX", "396") and rest.bits < math.log2(US.missed)
    hidden = imprint_rows(explained("396;WATSON", sure("WATSON")), 1)[-1]
    assert hidden.sentence == "The register's 396 was not found; the other face was not shown."
    assert hidden.bits == pytest.approx(math.log2(SHARES.hidden))


def test_missing_data_weighs_nothing() -> None:
    kinds = [each.title for each in PROPERTIES]
    known = pill("024", score=2)
    unknown = pill("024", shape="", colors=(), size_mm=None, score=None, imprint_type="")
    for product, seen in ((known, UNSEEN), (unknown, look(size_mm=8.0)), (unknown, UNSEEN)):
        rows = look_rows(product, seen, MODEL)
        assert [(row.kind, row.bits) for row in rows] == [(kind, 0.0) for kind in kinds]


def test_a_look_weighs_by_how_common_it_is() -> None:
    rows = {row.kind: row.bits for row in own_look_rows(pill("024"), look(size_mm=8.0), MODEL)}
    error, common = MODEL.register("").look_error, WORLD.looks
    assert rows["shape"] == pytest.approx(math.log2((1 - error) * 0.97 / common["shape"]["ROUND"] + error), abs=1e-3)
    assert rows["color"] == pytest.approx(math.log2((1 - error) * 0.97 / common["color"]["WHITE"] + error), abs=1e-3)
    rare = own_look_rows(pill("024", shape="DIAMOND"), look(shape="DIAMOND"), MODEL)[0]
    assert rare.bits > rows["shape"] + 3
    wrong = {row.kind: row.bits for row in own_look_rows(pill("024"), WORSE_LOOK, MODEL) if row.observed}
    # Registers err too: nothing weighs less than that.
    assert all(math.log2(error) <= bits <= -6 for bits in wrong.values()), wrong


def test_no_score_line_on_one_face_says_nothing_of_the_other() -> None:
    scored = pill("024", score=2)
    assert own_look_rows(scored, look(score="1", faces=1), MODEL)[3].bits == 0.0
    assert own_look_rows(scored, look(score="1", faces=2), MODEL)[3].bits < -5
    assert own_look_rows(scored, look(score="2", faces=1), MODEL)[3].bits > 0


def test_a_wrong_outline_weighs_once() -> None:
    product = pill("024")
    own, together = (rows(product, WORSE_LOOK, MODEL) for rows in (own_look_rows, look_rows))
    total = sum(row.bits for row in own)
    floor = math.log2((1 - SHARES.outline_error) * 2.0**total + SHARES.outline_error)
    assert total < -30
    assert sum(row.bits for row in together) == pytest.approx(floor)
    assert all(row.bits < 0 for row in together if row.observed)
    one = replace(look(size_mm=8.0), color=Probabilities((("BLUE", 0.97),)))
    assert [row.bits for row in look_rows(product, one, MODEL)] == pytest.approx(
        [row.bits for row in own_look_rows(product, one, MODEL)], abs=0.1
    )


def test_a_catalog_of_one_market_is_asked_for_that_market() -> None:
    """One word alone on a blank pill is as common as its market has it."""
    unlisted = {}
    for market in ("US", "KR"):
        unlisted[market] = answer([pill("024", market=market)], [face("024", sure=0.99), face()]).unlisted
    assert WORLD.one_word["KR"] > WORLD.one_word["US"]
    assert unlisted["KR"] > unlisted["US"]
    with catalog_of([pill("024", market="US"), pill("025", market="KR")]) as mixed:
        assert mixed.market == ""
