"""What a person gets to see: the drawn sheet, the tables, the page."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import unicodedata
from collections.abc import Sequence
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples import (
    identification,
    look,
    measurements,
    monograph,
    no_pill,
    photo,
    product,
    reading,
    region,
    sold_by_two,
)
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console

from pipeline.errors import InputError
from pipeline.figures_in_words import below_one, percent
from pipeline.load import load
from pipeline.properties import COLOR, PROPERTIES, SCORE, SHAPE, named
from pipeline.records import (
    Advice,
    Candidate,
    Decision,
    EvidenceRow,
    Face,
    Identification,
    Photo,
    PillLook,
    Pixels,
    Probabilities,
    Reading,
    Scale,
)
from pipeline.records import ScaleSource as Source
from pipeline.report.overlay import overlay
from pipeline.report.page import answers_page
from pipeline.report.plain_text import CAUTION, answer_text
from pipeline.report.save import save_html, save_overlay
from pipeline.report.sheet import WIDTH, Sheet, shortened, text_width, wrapped
from pipeline.report.short_words import answer_names, headline, imprint_words, plain, reading_words, unlisted_words
from pipeline.report.tables import answer_table

HOSTILE = 'a\nb\r"quoted" <img src=x onerror=alert(1)> [red]x[/red] \x1b[31m \udcff\'=cmd.png'
OUTLINE = (0, 190, 255)
SURE, DOUBTFUL = (46, 204, 64), (255, 75, 60)
SCORE_LINE, SCALE = (255, 70, 200), (255, 150, 0)


def share_of(sheet: Pixels, color: tuple[int, int, int], near: int = 40) -> float:
    """The share of pixels about that color."""
    return float((np.abs(sheet.astype(int) - color).max(axis=2) <= near).mean())


def places(sheet: Pixels, color: tuple[int, int, int]) -> np.ndarray:
    return np.argwhere(np.abs(sheet.astype(int) - color).max(axis=2) <= 40)


def test_outline_lies_on_the_pill() -> None:
    picture = photo()
    sheet = overlay(picture, identification(("024",)))
    assert sheet.shape[1:] == (WIDTH, 3)
    assert sheet.dtype == np.uint8
    # The photo of 360 x 240 is shown 1080 x 720; its first face has its center at (120, 100) and a radius of 60.
    drawn = places(sheet[:720], OUTLINE)
    center = np.array([120.5 * 3, 60 + 100.5 * 3])
    # The letter A stands on the outline, at its upper left.
    on_letter_a = np.hypot(*(drawn - center + 180 * np.sqrt(0.5)).T) < 20
    assert on_letter_a.any()
    distance = np.hypot(*(drawn - center).T)[~on_letter_a]
    assert np.abs(distance - 180).max() < 5


def test_what_is_drawn_only_when_it_is_there() -> None:
    full = overlay(photo(), identification(("024",), ()))
    bare = overlay(photo(), identification(("024",), with_size=False))
    assert share_of(full, SCORE_LINE) > 0 == share_of(bare, SCORE_LINE)
    assert share_of(full, SCALE) > 0 == share_of(bare, SCALE)


def test_confidence_has_its_color() -> None:
    def answer(confidence: float) -> Identification:
        face = Face("tablet.png", 0, region(), measurements(), reading("024", confidence=confidence))
        return dataclasses.replace(identification(), faces=(face,))

    sure, doubtful = overlay(photo(), answer(0.97)), overlay(photo(), answer(0.3))
    assert share_of(sure, SURE) > 0 == share_of(sure, DOUBTFUL)
    assert share_of(doubtful, DOUBTFUL) > 0 == share_of(doubtful, SURE)


def test_direction_points_along_the_line() -> None:
    def heads(turn_deg: float) -> np.ndarray:
        face = Face("tablet.png", 0, region(), measurements(), reading("0", turn_deg=turn_deg))
        sheet = overlay(photo(), dataclasses.replace(identification(), faces=(face,)))
        return places(sheet[720:], SURE)

    # The base line of a character turned by 90 degrees lies right of it and runs upward.
    upright, turned = heads(0), heads(90)
    assert np.ptp(upright, axis=0) == pytest.approx(np.ptp(turned, axis=0)[::-1], abs=45)
    assert upright[:, 0].max() - upright[:, 0].min() != turned[:, 0].max() - turned[:, 0].min()


@pytest.mark.parametrize("size", [(1, 1), (16, 3000), (3000, 16), (64, 48), (2400, 3200)])
def test_any_photo_size(size: tuple[int, int]) -> None:
    picture = dataclasses.replace(photo(), pixels=np.full((*size, 3), 128, np.uint8))
    sheet = overlay(picture, no_pill())
    assert sheet.shape[1] == WIDTH
    assert 50 < sheet.shape[0] < 1000


def test_many_pills() -> None:
    answers = [identification(("024",), name="many.png") for _ in range(12)]
    sheet = overlay(photo("many.png"), answers)
    assert sheet.shape[1] == WIDTH
    assert overlay(photo(), []).shape[1] == WIDTH


def test_numbers_drawn_are_those_of_the_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[str, tuple[float, float]] = {}
    text = Sheet.text

    def noted(sheet: Sheet, at: tuple[float, float], words: str, *args: Any, **kwargs: Any) -> None:
        drawn.setdefault(words, at)
        text(sheet, at, words, *args, **kwargs)

    monkeypatch.setattr(Sheet, "text", noted)
    picture = dataclasses.replace(photo(), pixels=np.full((240, 1300, 3), 90, np.uint8))
    answers = [
        dataclasses.replace(identification(), faces=(Face("a.png", 0, region(col), measurements(), reading("024")),))
        for col in range(80, 1280, 130)
    ]
    overlay(picture, answers)
    scale = WIDTH / 1300
    for number, answer in enumerate(answers, start=1):
        outline = answer.faces[0].region.outline + 0.5
        away = np.hypot(*(outline[:, ::-1] * scale - drawn[str(number)]).T)
        assert away.min() < 1
    # Under the photo, where it hides no pill.
    assert drawn["10 faces, the first 8 enlarged below"][1] > 240 * scale


def test_only_the_faces_of_this_photo() -> None:
    faces = tuple(Face(f"{index}.png", index, region(), measurements(), reading("024")) for index in range(2))
    answer = dataclasses.replace(identification(), faces=faces)
    first, none = overlay(photo(), answer, 0), overlay(photo(), answer, 7)
    assert first.shape[0] > none.shape[0]
    assert share_of(none, OUTLINE) == 0


def test_scale_of_the_caller_and_its_outline() -> None:
    outline = np.array([[10, 10], [10, 200], [30, 200], [30, 10]], np.float32)
    sheet = overlay(photo(), identification(scale=Scale(0.05, 0.01, Source.CALLER, outline=outline)))
    drawn = places(sheet[:100], SCALE)
    assert drawn[:, 0].min() == pytest.approx(31, abs=4)
    assert drawn[:, 1].max() == pytest.approx(60 + 200.5 * 3, abs=4)


def test_text_fits_its_room() -> None:
    assert shortened("short", 20, 500) == "short"
    cut = shortened("x" * 500, 20, 200)
    assert cut.endswith("…")
    assert text_width(cut, 20) <= 200
    lines = list(wrapped("one two three four five six seven " * 10, 19, 300))
    assert len(lines) > 3
    assert all(text_width(line, 19) <= 300 for line in lines)
    assert list(wrapped("", 19, 300)) == []


def test_words() -> None:
    figures = (0.97, 0.08123, 0.00852, 0.999, 0.9999, 1.0, 1.0 + 1e-12, 0.001, 0.0001, 0.0)
    shown = ("97 %", "8.1 %", "0.9 %", "99.9 %", "> 99.9 %", "> 99.9 %", "> 99.9 %", "0.1 %", "< 0.1 %", "< 0.1 %")
    assert tuple(map(percent, figures)) == shown
    assert (below_one(0.12346), below_one(0.99996), below_one(1.0), below_one(0.0)) == (0.1235, 0.9999, 0.9999, 0.0)
    assert named(SHAPE, PillLook()) == "shape unknown"
    assert COLOR.words(look(color=Probabilities((("BLUE;WHITE", 0.5),)))) == "BLUE and WHITE 50 %"
    assert SCORE.words(look(score=Probabilities((("1", 0.9),)))) == "not scored, 90 %"
    one_face = SCORE.explained(look(score=Probabilities((("1", 0.9),)), faces=1))
    assert one_face == "not scored, 90 % (no score line on the face that was shown)"
    explained = [SCORE.explained(look(score=Probabilities(((pieces, 0.9),)), faces=2)) for pieces in "124"]
    assert explained == [
        "not scored, 90 % (no line to break it along)",
        "scored in 2, 90 % (a line to break it along)",
        "scored in 4, 90 % (lines to break it along)",
    ]
    assert SCORE.explained(PillLook()) == "unknown"
    assert plain("a\nb\x1b[31m\udcff") == "a b [31m\\xff"


def rendered(answer: Identification, width: int = 100) -> str:
    console = Console(width=width, record=True, file=io.StringIO(), force_terminal=True)
    console.print(answer_table(answer))
    return console.export_text()


@pytest.mark.parametrize("show", [rendered, answer_text])
def test_answer_in_words(show: object) -> None:
    assert callable(show)
    shown = show(identification(("024",), ()))
    for words in (
        "IDENTIFIED",
        "024 | blank",
        "ROUND 97 %",
        "WHITE 93 %",
        "7.1 x 7.0 mm",
        "baclofen 10 mg",
        "TruPharma",
    ):
        assert words in shown
    assert "+11.2" in shown
    assert "pillprint monograph baclofen" in shown
    assert "1-800-222-1222" in shown


@pytest.mark.parametrize("show", [rendered, answer_text])
def test_no_pill_in_words(show: object) -> None:
    assert callable(show)
    shown = show(no_pill())
    assert "NO_PILL" in shown
    assert "The photo is very dark." in shown
    assert "candidate" not in shown


@pytest.mark.parametrize("show", [rendered, answer_text])
def test_hostile_names_stay_text(show: object) -> None:
    assert callable(show)
    shown = show(identification(("024",), name=HOSTILE, reason=HOSTILE, warnings=(HOSTILE,)))
    assert "\x1b[31m" not in shown
    assert "[red]x[/red]" in re.sub(r"\s+", " ", shown)
    shown.encode("utf-8")


def test_plain_text_is_one_fact_a_line() -> None:
    lines = answer_text(identification(("024",), (), name=HOSTILE)).splitlines()
    assert lines[:2] == ["IDENTIFIED baclofen 10 mg, 97 %", "reason: One tablet fits."]
    assert lines[-1] == CAUTION
    assert all(": " in line for line in lines[1:-1])
    assert answer_text(no_pill()).startswith("NO_PILL\nreason: No pill was found.\n")


def test_the_whole_answer_as_plain_text() -> None:
    advice = Advice("COIN_BESIDE", "Lay a coin beside it: 6 or 8 mm?", 0.7)
    answer = dataclasses.replace(sold_by_two(), advice=advice, warnings=("Dark.", "One"), reason="One tablet fits.")
    assert answer_text(answer).splitlines() == [
        "IDENTIFIED baclofen 10 mg, 90 %",
        "reason: One tablet fits.",
        "sold by: TruPharma LLC, Teva, Sun",
        "photo: tablet.png",
        "imprint: 024 | blank",
        "shape: ROUND 97 %",
        "color: WHITE 93 %",
        "size: 7.1 x 7.0 mm ± 0.2",
        "score: scored in 2, 90 % (a line to break it along)",
        "imprint type: DEBOSSED > 99.9 %",
        *(f"{each.title}: unknown" for each in PROPERTIES[5:]),
        "candidate 1: 90 % baclofen 10 mg (imprint 024; TruPharma LLC, Teva and 1 more; exact)",
        "candidate 2: 2 % flecainide 50 mg (imprint 54 024; Roxane; all that was read; "
        "high-alert: a medicine for the heart's rhythm: a wrong dose can itself upset it)",
        "not in this catalog: 8 %",
        "match: exact: the text read is the imprint's; all that was read: what was read is on it, and it has more",
        "evidence: +11.2 bits: 024 is on the pill.",
        "bits: each bit doubles the odds; they add up",
        "would tell most: Lay a coin beside it: 6 or 8 mm?",
        "warning: Dark.",
        "monograph: pillprint monograph baclofen",
        "asked: catalog example.csv of 2026-11-22, fingerprint 0123abcd",
        CAUTION,
    ]


def test_the_whole_answer_on_a_terminal_of_80_columns() -> None:
    advice = Advice("COIN_BESIDE", "Lay a coin beside it: 6 or 8 mm?", 0.7)
    shown = [line.rstrip() for line in rendered(dataclasses.replace(sold_by_two(), advice=advice), 80).splitlines()]
    assert max(map(len, shown)) <= 80
    assert shown[:3] == [
        " IDENTIFIED  baclofen 10 mg, 90 %",
        "One tablet fits.",
        "Sold by TruPharma LLC, Teva, Sun",
    ]
    told = "\n".join(shown)
    for words in (
        "score         scored in 2, 90 % (a line to break it along)",
        "90 %  baclofen 10 mg",
        "flecainide 50 mg",
        "(high-alert)",
        "\nnot in this catalog: 8 %\n"
        "! high-alert: flecainide 50 mg: a medicine for the heart's rhythm: a wrong dose\ncan itself upset it\n"
        "match: exact: the text read is the imprint's; all that was read: what was read\nis on it, and it has more\n",
        "\nbits: each bit doubles the odds; they add up\nWould tell most: Lay a coin beside it: 6 or 8 mm?\n",
        "\nAsked: catalog example.csv of 2026-11-22, fingerprint 0123abcd\n",
    ):
        assert words in told


def test_what_is_not_claimed_has_its_reason_in_the_headline() -> None:
    unknown = identification(("024",), decision=Decision.UNKNOWN, reason="It is not certain.", warnings=("certain.",))
    assert rendered(unknown).startswith(" UNKNOWN  It is not certain.")
    assert rendered(unknown).count("certain.") == answer_text(unknown).count("certain.") == 1


def test_one_figure_for_a_drug_wherever_it_stands() -> None:
    answer = sold_by_two()
    assert headline(answer) == "baclofen 10 mg, 90 %"
    for shown in (rendered(answer), answer_text(answer), page_words(answer)):
        assert shown.count("90 %") == 3  # the headline, the table, and the score's own
        assert "50 %" not in shown and "40 %" not in shown


def test_how_probable_it_is_that_the_catalog_lacks_the_pill() -> None:
    unknown = identification(("024",), decision=Decision.UNKNOWN, candidates=(), unlisted=1.0)
    assert unlisted_words(unknown) == "> 99.9 %"
    assert unlisted_words(identification(("024",), unlisted=0.0812)) == "8.1 %"
    blank = identification((), decision=Decision.UNKNOWN, candidates=(), unlisted=1.0)
    assert unlisted_words(blank) == "unknown: no imprint was read"
    assert "\nnot in this catalog: unknown: no imprint was read\n" in answer_text(blank)
    for answer in (no_pill(), identification((), decision=Decision.UNREADABLE, candidates=())):
        assert unlisted_words(answer) == "" and "not in this catalog" not in answer_text(answer)


def certain() -> Identification:
    """An answer whose every figure was computed as 1."""
    sure = Probabilities((("1", 1.0),))
    line = reading("024", confidence=1.0)
    face = Face("tablet.png", 0, region(), measurements(), Reading("example", line.hypotheses, 1.0, 1.0))
    row = EvidenceRow("shape", "", "", 1.0, f"The photo gives {percent(1.0)}.")
    return dataclasses.replace(
        identification(candidates=(Candidate((product(),), 1.0, 11.2, (row,), "exact"),)),
        faces=(face,),
        look=look(
            shape=Probabilities((("ROUND", 1.0),)), color=Probabilities((("WHITE", 1.0),)), score=sure, relief=sure
        ),
        unlisted=1.0,
    )


def page_words(answer: Identification) -> str:
    """What the page has of an answer besides its pictures."""
    return json.dumps(page_data([answer])["views"], ensure_ascii=False)


def page_data(answers: Sequence[Identification], photos: Sequence[Photo] = ()) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', answers_page(answers, photos))
    assert found
    return json.loads(found[1])


@pytest.mark.parametrize("show", [rendered, answer_text, page_words])
def test_nothing_is_ever_certain(show: object) -> None:
    assert callable(show)
    shown = show(certain())
    assert not re.search(r"100(\.0+)? ?%", shown)
    assert shown.count("> 99.9 %") >= 6


@pytest.mark.parametrize("decision", Decision)
def test_no_python_name_is_told_to_a_person(decision: Decision) -> None:
    answer = identification(("024",), decision=decision)
    for shown in (rendered(answer), answer_text(answer), answers_page([answer])):
        assert "identify_each" not in shown


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def hostile_answer() -> Identification:
    bad = product(HOSTILE, HOSTILE, HOSTILE, labeler=HOSTILE)
    row = EvidenceRow(HOSTILE, HOSTILE, HOSTILE, 1.0, HOSTILE)
    citation = dataclasses.replace(monograph().citations[0], url="javascript:alert(1)", title=HOSTILE)
    return identification(
        ("024",),
        (),
        name=HOSTILE,
        reason=HOSTILE,
        warnings=(HOSTILE,),
        candidates=(Candidate((bad,), 0.5, 1.0, (row,), HOSTILE),),
        monograph=dataclasses.replace(monograph(), title=HOSTILE, citations=(citation,), notes=(HOSTILE,)),
        catalog=HOSTILE,
    )


def test_page_is_well_formed_and_loads_nothing() -> None:
    answers = [identification(("024",), ()), no_pill(), hostile_answer()]
    text = answers_page(answers, [dataclasses.replace(photo(), name=HOSTILE)], HOSTILE)
    text.encode("utf-8")
    page = Page(text)
    assert page.open == []
    kinds = {tag for tag, _ in page.tags}
    assert not kinds & {"link", "iframe", "object", "embed", "form", "base", "img"}
    assert [attributes.get("type") for tag, attributes in page.tags if tag == "script"] == ["application/json", None]
    assert [one["src"][:23] for one in page_data(answers, [photo()])["overview"]] == ["data:image/jpeg;base64,"]
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert links == ["tel:+18002221222"]
    assert not re.search(r'"url":"(?!https?://|")', text)
    assert "url(" not in text
    assert "default-src 'none'" in text


def test_page_says_it_all() -> None:
    words = page_words(identification(("024",), ()))
    for expected in (
        "IDENTIFIED",
        "baclofen 10 mg",
        "TruPharma LLC",
        "11.2",
        "Never stop it abruptly.",
        "97 %",
        "024",
        '"unlisted": "2 %"',
        "exact: the text read is the imprint's",
        "scored in 2, 90 % (a line to break it along)",
        "catalog example.csv of 2026-11-22, fingerprint 0123abcd",
    ):
        assert expected in words


def test_page_flags_high_alert_drugs_with_their_source_lists_labelers_and_advises() -> None:
    advice = Advice("TURN_OVER", "Turn it over: <b>", 0.7)
    (view,) = page_data([dataclasses.replace(sold_by_two(), advice=advice)])["views"]
    assert view["headline"] == "baclofen 10 mg, 90 %"
    assert view["sellers"] == "TruPharma LLC, Teva, Sun"
    assert view["advice"] == {"code": "TURN_OVER", "sentence": "Turn it over: <b>"}
    (alert,) = [one["alert"] for one in view["candidates"] if one["alert"]]
    assert alert["reason"] == "a medicine for the heart's rhythm: a wrong dose can itself upset it"
    assert alert["url"].startswith("https://")


def test_several_pills_of_one_photo_are_numbered_in_one_picture() -> None:
    answers = [identification(("024",), ()), identification(("025",))]
    data = page_data(answers, [photo()])
    assert [face["name"] for face in data["overview"][0]["faces"]] == ["1a", "1b", "2"]
    assert [[face["name"] for face in view["pictures"][0]["faces"]] for view in data["views"]] == [["1a", "1b"], ["2"]]
    assert "src" not in data["views"][0]["pictures"][0]
    single = page_data(answers[:1], [photo()])
    assert single["overview"] == [] and single["views"][0]["pictures"][0]["src"]


def test_saving(tmp_path: Path) -> None:
    answers = [identification(("024",), ())]
    for ending in ("png", "jpg", "webp"):
        save_overlay(tmp_path / f"out.{ending}", [photo()], answers)
        with Image.open(tmp_path / f"out.{ending}") as image:
            assert image.width == WIDTH
    save_html(tmp_path / "out.html", [photo()], answers)
    assert (tmp_path / "out.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.html", "out.jpg", "out.png", "out.webp"]


def test_several_photos_are_drawn_below_one_another(tmp_path: Path) -> None:
    save_overlay(tmp_path / "one.png", [photo()], [identification(("024",))])
    save_overlay(tmp_path / "two.png", [photo(), photo()], [identification(("024",))])
    assert load(tmp_path / "two.png").pixels.shape[0] > load(tmp_path / "one.png").pixels.shape[0]


@pytest.mark.parametrize("name", ["out.txt", "out", "missing/out.png"])
def test_places_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="out"):
        save_overlay(tmp_path / name, [photo()], [identification(("024",))])


def test_every_decision_can_be_shown() -> None:
    for decision in Decision:
        answer = identification((), (), decision=decision)
        assert decision.value in answer_text(answer)
        assert page_data([answer], [photo()])["views"][0]["decision"] == decision.value


def test_only_a_claim_is_named() -> None:
    others = tuple(
        Candidate((product("024", name),), sure, 1.0, ())
        for name, sure in (("baclofen", 0.5), ("alprazolam", 0.4), ("rare", 0.02))
    )
    names = {
        decision: answer_names(identification(("024",), decision=decision, candidates=others)) for decision in Decision
    }
    assert names[Decision.IDENTIFIED] == ["baclofen 10 mg"]
    assert names[Decision.AMBIGUOUS] == ["baclofen 10 mg", "alprazolam 10 mg"]
    ambiguous = identification(("024",), decision=Decision.AMBIGUOUS, candidates=others)
    assert answer_text(ambiguous).startswith("AMBIGUOUS baclofen 10 mg or alprazolam 10 mg\nreason: ")
    assert not any(names[decision] for decision in (Decision.UNKNOWN, Decision.UNREADABLE, Decision.NO_PILL))
    unknown = identification(("024",), decision=Decision.UNKNOWN, candidates=others)
    assert "nearest 1: 50 % baclofen" in answer_text(unknown)
    assert "not an identification" in rendered(unknown)
    (view,) = page_data([unknown])["views"]
    assert "not an identification" in view["title"] and view["headline"] == "" and view["photos"] == ["tablet.png"]


def drawn_text(words: str) -> Pixels:
    sheet = Sheet(60)
    sheet.text((10, 30), words, 30, (0, 0, 0), "lm")
    return sheet.done()


def test_korean_and_chinese_are_drawn_and_not_as_boxes() -> None:
    for first, other in (("바", "클"), ("錠", "劑"), ("酶", "嗪"), ("ア", "ネ")):
        assert not np.array_equal(drawn_text(first), drawn_text(other)), "what a font lacks is one box for all"
    mixed = "바클로펜정 10 mg 錠"
    ink = np.argwhere(drawn_text(mixed).min(axis=2) < 128)
    assert ink[:, 1].max() == pytest.approx(10 + text_width(mixed, 30), abs=5)
    assert ink[:, 0].min() > 12 and ink[:, 0].max() < 48
    assert text_width(shortened("바클로펜정" * 50, 20, 200), 20) <= 200


@pytest.mark.parametrize("anchor", ["la", "ld", "lm", "mm", "rd", "rm"])
def test_text_stands_where_pillow_puts_it(anchor: str) -> None:
    sheet, image = Sheet(100), Image.new("RGB", (2400, 200), (250, 250, 248))
    sheet.text((300, 50), "Ag 024", 30, (0, 0, 0), anchor)
    ImageDraw.Draw(image).text((600, 100), "Ag 024", (0, 0, 0), ImageFont.load_default(60), anchor)
    expected = np.argwhere(np.asarray(image.reduce(2)).min(axis=2) < 128)
    ink = np.argwhere(sheet.done().min(axis=2) < 128)
    assert np.abs(ink.min(axis=0) - expected.min(axis=0)).max() <= 1
    assert np.abs(ink.max(axis=0) - expected.max(axis=0)).max() <= 1


def test_the_name_of_the_register_stands_beside_the_english_one() -> None:
    own = product(labeler="Celltrion", originals=(("item_name", "바클로펜정10밀리그램"),))
    plain_sheet = overlay(photo(), identification(("024",), candidates=(Candidate((product(),), 0.9, 1.0, ()),)))
    named_sheet = overlay(photo(), identification(("024",), candidates=(Candidate((own,), 0.9, 1.0, ()),)))
    assert named_sheet.shape == plain_sheet.shape and not np.array_equal(named_sheet, plain_sheet)


@pytest.mark.parametrize("register", ["tfda", "mfds"])
def test_the_font_has_all_that_a_register_writes(register: str, shared_data: Path) -> None:
    file = resources.files("pipeline.report").joinpath("fonts/NotoSansCJKkr-Subset.otf")
    font = ImageFont.truetype(io.BytesIO(file.read_bytes()), 24)
    absent = bytes(font.getmask("\ue000"))
    text = (shared_data / "catalog" / f"{register}_pills.csv").read_text("utf-8-sig")
    signs = {sign for sign in text if sign > "\u2e7f" and unicodedata.category(sign) in ("Lo", "So")}
    assert len(signs) > 500
    assert [sign for sign in sorted(signs) if bytes(font.getmask(sign)) == absent] == []


def test_a_face_whose_mark_was_not_read_is_not_called_blank() -> None:
    """By its relief, or by the reader."""
    answer = identification(("024",), ())
    front, back = answer.faces
    debossed = dataclasses.replace(back, measurements=front.measurements)
    smudged = dataclasses.replace(back, reading=dataclasses.replace(back.reading, blank=0.2))
    assert imprint_words(answer) == "024 | blank"
    assert reading_words(back) == "no text (blank 97 %)"
    for face, blank in ((debossed, "97 %"), (smudged, "20 %")):
        assert imprint_words(dataclasses.replace(answer, faces=(front, face))) == "024 | not read"
        assert reading_words(face) == f"a mark that is not read (blank {blank})"
