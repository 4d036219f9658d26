"""What ``python -m pipeline.train match`` fits: exact on tiny registers and hand-made answers; what ships is sane."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, fields, replace
from importlib import resources

import numpy as np
import pytest
from examples import measurements, region
from made import WORSE_LOOK, face, look, pill

from pipeline.evaluate.bounds import upper_bound
from pipeline.evaluate.photo_truth import Truth
from pipeline.evaluate.product_index import ProductIndex
from pipeline.match.evidence import look_rows
from pipeline.match.model import MatchModel, RegisterErrors, Shares
from pipeline.match.world import ALPHABET, COLUMN, World
from pipeline.records import Doubts, Face, Reading
from pipeline.train.match import levels, noise
from pipeline.train.match.levels import Answered, fit_levels, log_loss
from pipeline.train.match.noise import Counts, Looked, fit_confusions, missing_shares, reading_shares
from pipeline.train.match.readings import AS_IT_IS, MUCH_WORSE, WORSE, ReadPhoto, without_own, worse
from pipeline.train.match.world import fit_world, hidden_share, imprints_of

MODEL = MatchModel.load()


def test_imprints_are_distinct_and_their_words_too() -> None:
    products = [pill("Y;54;Y"), pill("54;Y"), pill("Y;54", "other"), pill("54"), pill("")]
    assert imprints_of(products) == [("54", "Y"), ("54",)]


def register(market: str, *imprints: str) -> list:  # type: ignore[type-arg]
    return [pill(imprint, key=f"{market}{number}", market=market) for number, imprint in enumerate(imprints)]


def test_the_world_of_two_tiny_registers() -> None:
    """Each register counts as 5,000 imprints: here 4 of 1,250 each, and 1 of 5,000."""
    us = register("US", "TEVA;12", "TEVA;34", "TEVA;5A", "TEVA")
    found = fit_world({"a": us, "b": register("KR", "77")}, us)
    assert found["one_word"] == {"": 0.625, "US": 0.25, "KR": 1.0}
    total = 4 * 1250 + 3 * 1250 + 5000
    assert found["words"] == pytest.approx(
        {
            "TEVA": (5000 - 0.75) / total,
            "77": (5000 - 0.75) / total,
            **dict.fromkeys(("12", "34", "5A"), (1250 - 0.75) / total),
        }
    )
    # Of five different words three are of two digits; what one word alone is like is left to all others.
    assert found["patterns"] == {"dd": 3 / 5}
    assert found["other_pattern"] == 1 / (2 * 5)
    digits = {"1": 2, "2": 2, "3": 2, "4": 2, "5": 2, "7": 3, "0": 1, "6": 1, "8": 1, "9": 1}
    assert found["characters"]["d"] == {digit: count / 17 for digit, count in sorted(digits.items())}
    letters = found["characters"]["L"]
    assert (letters["A"], letters["T"], letters["Q"]) == (3 / 31, 2 / 31, 1 / 31)
    assert found["characters"]["s"] == dict.fromkeys(sorted("/-+.&"), 0.2)


def test_rare_words_and_rare_looks_are_not_named() -> None:
    # 5,000 words of 2,000 imprints: each counts 2.5 times, fewer than three.
    many = register("US", *(f"{number:04d}" for number in range(2000)))
    products = [*many[:4], *(replace(each, shape="OVAL", colors=("WHITE", "BLUE"), score=2) for each in many[4:10])]
    found = fit_world({"a": many}, products)
    assert found["words"] == {} and found["patterns"] == {"dddd": 1.0}
    assert found["shapes"] == {"OVAL": 0.6}
    assert found["colors"] == {"BLUE;WHITE": 0.6}
    assert found["pieces"] == {"2": 0.6}
    assert found["reliefs"] == {"DEBOSSED": 1.0}


def test_a_fitted_world_is_one_that_the_match_takes() -> None:
    us = register("US", "TEVA;12", "TEVA;34", "TEVA;5A", "TEVA")
    values = fit_world({"a": us}, us) | {"confusions": {each: {each: 1.0} for each in ALPHABET}}
    world = World.of(json.loads(json.dumps(values)))
    assert 2.0 ** world.word_bits("TEVA") == pytest.approx(values["words"]["TEVA"], rel=0.01)


def test_the_share_of_imprints_with_a_second_face() -> None:
    faces = [(("54",), ("024",)), (("54",), ()), (("54", "024"),), (("A",), ("B",)), ((), ()), ()]
    products = [pill("54;024", key=str(number), faces=each) for number, each in enumerate(faces)]
    assert hidden_share(products) == 2 / 4


def counts_of(*reads: tuple[dict[str, float], str], times: int = 1) -> Counts:
    """Characters with their alternatives and what stands there."""
    counts = Counts()
    for alternatives, truth in reads * times:
        row = np.zeros(len(ALPHABET))
        for text, probability in alternatives.items():
            row[COLUMN[text]] = probability
        counts.probabilities.append(row)
        counts.truths.append(COLUMN[truth])
    return counts


def confusions_of(counts: Counts) -> dict[str, dict[str, float]]:
    return fit_confusions([counts], MODEL.world.shares)


def test_a_planted_confusion_is_found() -> None:
    certain = [({"5": 1.0}, "5")] * 9 + [({"5": 1.0}, "6")]
    found = confusions_of(counts_of(*certain, times=400))
    # 4,000 characters beside the 40 of the prior.
    assert found["5"]["6"] == pytest.approx(0.1, abs=0.002)
    assert found["5"]["5"] == pytest.approx(0.9, abs=0.002)
    assert found["7"]["7"] == pytest.approx(0.998, abs=0.001)
    assert (
        max(
            share for said, row in found.items() for true, share in row.items() if said != true and said not in "501ILO"
        )
        < 0.001
    )


def test_a_reader_that_knows_its_doubt_is_not_blamed_for_it() -> None:
    doubtful = [({"5": 0.7, "6": 0.3}, "5")] * 7 + [({"5": 0.7, "6": 0.3}, "6")] * 3
    found = confusions_of(counts_of(*doubtful, times=200))
    assert found["5"]["5"] > 0.97 and found["6"]["6"] > 0.97


def test_rows_of_confusions_add_up_to_one_and_several_counts_are_one() -> None:
    counts = counts_of(({"5": 1.0}, "6"), ({"5": 0.6, "8": 0.4}, "8"), times=30)
    found = confusions_of(counts)
    assert list(found) == list(ALPHABET)
    assert all(sum(row.values()) == pytest.approx(1, abs=1e-3) for row in found.values())
    half = counts_of(({"5": 1.0}, "6"), ({"5": 0.6, "8": 0.4}, "8"), times=15)
    assert fit_confusions([half, half], MODEL.world.shares) == found


def test_shares_of_what_was_counted() -> None:
    counts = Counts(
        characters=100, read=95, certain=200, stray=4, tokens=49, broken=1, photos=20, missing=3, missing_words=5
    )
    assert reading_shares(counts) == {"found": 0.95, "stray": 0.02, "broken": 2 / 50}
    assert missing_shares(counts) == {"missed": 0.15, "further": 3 / 4}


def read_photo(key: str, *readings: Reading, imprint: str = "") -> ReadPhoto:
    faces = tuple(Face("p", 0, region(), measurements(), each) for each in readings)
    return ReadPhoto(Truth(row_key=key, imprint=imprint), faces, Doubts())


def test_readings_are_counted_against_the_registers_imprint() -> None:
    table = ProductIndex([pill("WATSON;396", key="1"), pill("54;024", key="2"), pill("", key="3")])
    photos = [
        read_photo("1", face("WATSON", "39", sure=0.99), face()),
        read_photo("1", face("WATSON", "396", "X", sure=0.99), face()),
        read_photo("2", face("024", sure=0.99), face()),
        read_photo("2", face("54", sure=0.99)),  # one face only
        read_photo("3", face("54"), face()),  # no imprint
        read_photo("none", face("54"), face()),
    ]
    counts = noise.count(photos, table, MODEL)
    assert (counts.photos, counts.missing, counts.missing_words) == (3, 1, 1)
    assert (counts.characters, counts.read) == (9 + 9 + 3, 8 + 9 + 3)
    assert (counts.certain, counts.stray) == (8 + 10 + 3, 1)
    assert (counts.tokens, counts.broken) == (2 + 2 + 1, 0)
    assert len(counts.truths) == counts.read
    assert sorted(ALPHABET[truth] for truth in counts.truths[:8]) == sorted("WATSON39")


def looked(seen: object, count: int, product: object = None) -> list[Looked]:
    return [Looked(seen, product or pill("024"))] * count  # type: ignore[arg-type]


def model_of(value: float) -> MatchModel:
    return replace(MODEL, registers={"US": RegisterErrors(value, 0.25, 0.1, 0.1, 0.3)})


def test_the_share_under_which_looks_are_likeliest_is_taken() -> None:
    grid = (0.005, 0.05, 0.3)
    assert noise.best_share(looked(look(size_mm=8.0), 20), model_of, grid) == 0.005
    blue = look(color="BLUE", size_mm=8.0)
    assert noise.best_share(looked(look(size_mm=8.0), 2) + looked(blue, 8), model_of, grid) == 0.3
    for value in grid:
        total = sum(row.bits for row in look_rows(pill("024"), blue, model_of(value)))
        assert noise._look_bits(pill("024"), blue, model_of(value)) == pytest.approx(total)


def test_an_outline_is_wrong_where_more_than_one_part_of_the_look_contradicts() -> None:
    right, one = look(size_mm=8.0), look(color="BLUE", size_mm=8.0)
    seen = looked(right, 5) + looked(one, 3) + looked(WORSE_LOOK, 1)
    assert noise.outline_errors(seen, MODEL, -5.0) == (1 + 1) / (9 + 1)


def test_the_share_of_twins_that_look_alike() -> None:
    seen = look(size_mm=8.0)
    same, other = pill("024", "a"), pill("024", "b", shape="OVAL", colors=("BLUE",), score=2)
    alike = ProductIndex([same, pill("024", "b", "5 mg"), pill("999999", "c"), pill("999999", "d")])
    assert noise.twin_look(looked(seen, 1, same), alike, MODEL) == pytest.approx(1.0)
    unlike = noise.twin_look(looked(seen, 1, same), ProductIndex([same, other]), MODEL)
    assert unlike < 0.01
    half = ProductIndex([same, other, pill("024", "b", "5 mg")])
    assert noise.twin_look(looked(seen, 1, same), half, MODEL) == pytest.approx(0.5, abs=0.02)


def test_looks_are_of_photos_whose_row_is_known() -> None:
    table = ProductIndex([pill("024", key="1")])
    found = noise.looked_at([read_photo("1", face("024"), face()), read_photo("2", face("024"))], table)
    assert [each.product.product_id for each in found] == ["made:1"]
    assert (found[0].look.faces, found[0].look.shape.best) == (2, "ROUND")


def given(sure: float, right: bool = True, allowed: bool = True, count: int = 1) -> list[Answered]:
    return [Answered(sure, 1 - sure, right, allowed, True)] * count


def test_strict_is_the_lowest_bar_above_every_wrong_answer() -> None:
    right = given(0.999, count=100) + given(0.72, count=20)
    lowest = fit_levels(right)["strict"]
    assert 0.5 <= lowest <= 0.7
    assert fit_levels(right + given(0.92, right=False))["strict"] == 0.95
    assert fit_levels(right + given(0.76, right=False))["strict"] == 0.8
    assert fit_levels(right + given(0.985, right=False))["strict"] == 0.99
    # What something else forbids needs no bar.
    assert fit_levels(right + given(0.92, right=False, allowed=False))["strict"] == lowest


def test_one_in_100_is_the_lowest_bar_whose_bound_holds() -> None:
    right = given(0.995, count=600) + given(0.86, count=100)
    assert (upper_bound(0, 299) or 1) <= 0.01 < (upper_bound(0, 298) or 0)
    assert fit_levels(given(0.995, count=298))["one in 100"] == 0.99
    with_wrong = fit_levels(right + given(0.87, right=False, count=20))
    assert with_wrong["one in 100"] == 0.9
    assert with_wrong["strict"] == 0.9
    # One wrong of 701 is less than one in a hundred for certain; not one wrong is stricter.
    one = fit_levels(right + given(0.87, right=False))
    assert (upper_bound(1, 701) or 1) < 0.01
    assert one["one in 100"] <= 0.7 and one["strict"] == 0.9


def test_log_loss_is_of_a_world_in_which_half_of_the_pills_are_listed() -> None:
    half = [Answered(0.8, 0.2, True, True, True), Answered(0.8, 0.2, False, True, False)]
    assert log_loss(half, 0.5) == pytest.approx(-(math.log(0.8) + math.log(0.2)) / 2)
    # Of a tenth of the market: prior odds of one in nine were too low for photos of which half are listed.
    sure = 0.8 * 9 / (0.8 * 9 + 0.2)
    assert log_loss(half, 0.1) == pytest.approx(-(math.log(sure) + math.log(1 - sure)) / 2)
    assert log_loss([Answered(0.0, 1.0, False, False, False)], 0.1) == pytest.approx(0.0)
    certain = [Answered(0.0, 1.0, True, False, False)]
    assert log_loss(certain, 0.1) == pytest.approx(-math.log(levels._FLOOR))


def test_each_photo_is_asked_with_its_entry_and_without() -> None:
    from made import catalog_of

    from pipeline.settings import Settings

    products = [pill("WATSON;396", "a", key="1"), pill("WATSON;399", "b", key="2"), pill("54;024", "c", key="3")]
    photo = read_photo("1", face("WATSON", "396", sure=0.99), face(), imprint="WATSON;396")
    without_imprint = read_photo("2", face("WATSON", "399"), face())
    with catalog_of(products) as catalog:
        found = list(levels.answers([photo, without_imprint], catalog, ProductIndex(products), MODEL, Settings()))
    assert [(each.listed, each.right, each.allowed) for each in found] == [(True, True, True), (False, False, False)]
    assert found[0].sure > 0.9 and found[1].unlisted > 0.5
    assert [imprint for _, imprint in without_own([photo, without_imprint])] == ["WATSON;396"]


def test_an_answer_that_is_likely_of_the_catalog_only_counts_for_the_bars() -> None:
    """The bars were fitted on answers of 0.9 and more: "nine to one" was asked of the catalog and the unlisted pill."""
    from made import catalog_of

    from pipeline.settings import Settings

    products = [pill("5;P", "a", key="1"), pill("54;024", "c", key="2")]
    photo = read_photo("1", face("5", sure=0.99), face("P", sure=0.99), imprint="5;P")
    with catalog_of(products) as catalog:
        found = next(levels.answers([photo], catalog, ProductIndex(products), MODEL, Settings()))
    assert 0.5 < found.sure < 0.9 and found.unlisted > 0.1
    assert found.right and found.allowed


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:  # type: ignore[type-arg]
    rows, columns = np.mgrid[0:200, 0:300]
    return np.dstack([rows % 256, columns % 256, (rows * 3) % 256]).astype(np.uint8)


@pytest.mark.parametrize(("view", "least", "most"), [(WORSE, 0.7, 0.95), (MUCH_WORSE, 0.55, 0.75)])
def test_a_worse_view_is_smaller_and_always_the_same(pixels: np.ndarray, view: str, least: float, most: float) -> None:  # type: ignore[type-arg]
    before = pixels.copy()
    for name in ("a.jpg", "b.jpg"):
        found = worse(pixels, name, view)
        assert found.dtype == np.uint8 and found.shape[2] == 3 and found.flags.c_contiguous
        assert 200 * least - 1 <= found.shape[0] <= 200 * most + 1
        assert found.shape[1] / found.shape[0] == pytest.approx(1.5, abs=0.02)
        assert np.array_equal(found, worse(pixels, name, view))
    assert not np.array_equal(worse(pixels, "a.jpg", view), worse(pixels, "c.jpg", view))
    assert np.array_equal(pixels, before)


def test_a_worse_view_keeps_its_colors() -> None:
    red = np.zeros((64, 64, 3), np.uint8)
    red[...] = (200, 40, 30)
    assert worse(red, "a.jpg", WORSE).reshape(-1, 3).mean(0) == pytest.approx([200, 40, 30], abs=4)
    assert AS_IT_IS not in (WORSE, MUCH_WORSE)


def test_what_ships_is_sane() -> None:
    values = json.loads(resources.files("pipeline").joinpath("weights/match.json").read_text("utf-8"))
    assert set(values) == {"levels", "registers", "shares", "world"}
    assert MODEL.world.confusions.shape == (len(ALPHABET), len(ALPHABET))
    assert MODEL.world.confusions.sum(1) == pytest.approx(np.ones(len(ALPHABET)), abs=1e-3)
    assert (MODEL.world.confusions.diagonal() > 0.9).all()
    assert set(MODEL.levels) == {"one in 100", "strict"}
    assert 0.5 <= MODEL.levels["one in 100"] <= MODEL.levels["strict"] < 1
    assert {field.name for field in fields(Shares)} == set(values["shares"])
    shares = asdict(MODEL.shares)
    assert set(MODEL.registers) == {"US", "TW"} and MODEL.register("KR") == MODEL.registers["US"]
    # Taiwan's register errs more than the American one, in sizes and words.
    assert 0 < MODEL.registers["US"].size_sigma_mm < MODEL.registers["TW"].size_sigma_mm < 1
    assert 0 < MODEL.registers["US"].look_error < MODEL.registers["TW"].look_error < 0.1
    assert all(0 < share < 1 for share in shares.values()), shares
    assert MODEL.shares.found > 0.9 and MODEL.shares.stray < 0.1
    assert MODEL.registers["US"].missed < MODEL.registers["TW"].missed < 0.5
    assert MODEL.registers["US"].missed < MODEL.shares.hidden
    assert {"", "US", "TW", "KR"} <= set(MODEL.world.one_word)
    assert all(0 < share < 1 for share in MODEL.world.one_word.values())
