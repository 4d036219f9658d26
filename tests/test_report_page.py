"""The page a person works from: what stands in it, and in a browser how it behaves."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from examples import identification, photo, product
from PIL import Image

from pipeline.batch import read_verdicts
from pipeline.batch.verdicts import Verdict
from pipeline.records import Candidate, EvidenceRow
from pipeline.report.page import About, PageWriter, answer_view, answers_page
from pipeline.report.page import write as writing
from reference.search.query import query
from reference.search.search import search
from reference.search.tiers import Tier
from reference.store.catalog import Catalog, open_catalog

HOSTILE = "a<img src=x onerror=window.hit=1>]]><!--</script><script>window.hit=1</script>\u2028'\".png"


def row(name: str, **others: Any) -> dict[str, Any]:
    likeliest = [{"probability": 0.9}]
    return {
        "photo": name,
        "decision": "IDENTIFIED",
        "drug": "baclofen",
        "strength": "10 mg",
        "candidates": likeliest,
        **others,
    }


def weighed() -> tuple[Candidate, ...]:
    bits = (-15.613, 25.287, 1.234, -0.021)
    rows = tuple(EvidenceRow("prior" if one < -9 else "shape", "", "", one, f"It weighs {one}.") for one in bits)
    return (Candidate((product(labeler="TruPharma LLC"),), 0.9, sum(bits), rows, "exact"),)


def written(file: Path, number: int = 3, name: str = "photo") -> str:
    with PageWriter(file, About(name, "run"), open_catalog()) as page:
        for place in range(number):
            answer = dataclasses.replace(identification(("024",), ()), photos=(f"{name}{place}",), candidates=weighed())
            page.add(row(f"{name}{place}", sha256="ab" * 32), answer_view(answer, [photo()]))
        page.add(
            {"photo": f"{name}.bad", "decision": None, "error_kind": "PhotoError", "error": f"{name}: copy it again"}
        )
    return file.read_text("utf-8")


def block(text: str, number: str) -> Any:
    found = re.search(rf'<script type="application/json" id="{number}">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_the_rows_are_in_the_page_and_open_to_evidence_that_adds_up(tmp_path: Path) -> None:
    text = written(tmp_path / "report.html")
    data = block(text, "data")
    assert [cells[0] for cells in data["rows"]] == ["photo0", "photo1", "photo2", "photo.bad"]
    views = block(text, "shard-0")
    assert len(views) == 3
    for candidate in views[0]["candidates"]:
        assert sum(bits for _, bits, _ in candidate["evidence"]) == pytest.approx(candidate["bits"], abs=0.001)
    assert views[0]["pictures"][0]["src"].startswith("data:image/jpeg;base64,")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html"]


def test_large_reports_lie_in_shards_beside_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "INLINE_BYTES_MAX", 1000)
    text = written(tmp_path / "report.html", 45)
    assert 'id="shard-0"' not in text
    assert sorted(path.name for path in (tmp_path / "report-files").iterdir()) == ["0.js", "1.js", "2.js"]
    monkeypatch.undo()
    written(tmp_path / "report.html", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_an_interrupted_page_leaves_the_old_one(tmp_path: Path) -> None:
    before = written(tmp_path / "report.html")
    with pytest.raises(KeyError), PageWriter(tmp_path / "report.html", About("x", "run")) as page:
        page.add({})
    assert (tmp_path / "report.html").read_text("utf-8") == before
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_hostile_names_stay_data(tmp_path: Path) -> None:
    text = written(tmp_path / "report.html", 1, HOSTILE)
    assert text.count("<script") == text.count("</script>") == 3
    assert "<img" not in text
    assert "default-src 'none'" in text and "unsafe" not in text


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    driver = pytest.importorskip("playwright.sync_api", reason="install the extra `browser`")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium is installed")
    with driver.sync_playwright() as play:
        opened = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


class Opened:
    """A page in the browser, and what its console told of faults."""

    def __init__(self, browser: Any, file: Path, **context: Any) -> None:
        self.page = browser.new_context(**context).new_page()
        self.faults: list[str] = []
        self.page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.goto(file.as_uri())
        # Not `wait_for_function`: the page's policy forbids the script that it evaluates while it waits.
        self.expect = pytest.importorskip("playwright.sync_api").expect

    def verdicts(self) -> list[Verdict]:
        with self.page.expect_download() as saved:
            self.page.click("text=Export verdicts")
        return read_verdicts(Path(saved.value.path()))

    def close(self) -> None:
        axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="install the extra `browser`")
        assert [each["id"] for each in axe.Axe().run(self.page).response["violations"]] == []
        assert self.page.evaluate("window.hit") is None
        assert self.faults == []
        self.page.context.close()


@pytest.mark.slow
def test_a_person_reviews_with_the_keyboard(browser: Any, tmp_path: Path) -> None:
    written(tmp_path / "report.html", 3, HOSTILE.replace("/", ""))
    opened = Opened(browser, tmp_path / "report.html")
    page, keys = opened.page, opened.page.keyboard
    page.wait_for_selector(".row .over")
    page.focus("#list")
    keys.press("ArrowDown")
    page.wait_for_selector("#detail .waterfall")
    keys.press("c")
    page.fill("#your-name", "Ada")
    keys.press("Enter")
    page.wait_for_selector(".row .said")
    keys.press("e")
    keys.type("54 024")
    page.wait_for_selector("#found-1")
    keys.press("Enter")
    opened.expect(page.locator(".row .said")).to_have_count(2)
    keys.press("x")
    opened.expect(page.locator(".row .said")).to_have_count(3)
    page.wait_for_timeout(1000)  # Chromium hands what is kept to its other process a moment later
    page.reload()
    opened.expect(page.locator(".row .said")).to_have_count(3)
    assert sorted(page.locator(".row .said").all_inner_texts()) == ["⊘ set aside", "✎ corrected", "✓ confirmed"]
    given = {each["verdict"]: each for each in opened.verdicts()}
    assert {each["by"] for each in given.values()} == {"Ada"}
    assert given["confirmed"]["drug"] == "baclofen" and given["confirmed"]["sha256"] == "sha256:abababababababab"
    assert (given["corrected"]["drug"], given["corrected"]["imprint"]) == ("flecainide", "54 024")
    page.focus("#list")
    keys.press("Home")
    keys.press("j")
    keys.press("u")
    opened.expect(page.locator(".row .said")).to_have_count(2)
    assert len(opened.verdicts()) == 2
    opened.close()


@pytest.mark.slow
def test_a_key_right_after_a_dialog_finds_its_answer_kept(browser: Any, tmp_path: Path) -> None:
    written(tmp_path / "report.html", 2)
    opened = Opened(browser, tmp_path / "report.html")
    page = opened.page
    page.focus("#list")
    page.keyboard.press("Home")
    page.evaluate(
        """() => {
            [...document.querySelectorAll("button")].find(each => each.textContent === "Your name").click();
            document.getElementById("your-name").value = "Ada";
            document.querySelector("dialog form").requestSubmit();
            const key = new KeyboardEvent("keydown", { key: "x", bubbles: true });
            document.getElementById("list").dispatchEvent(key);
        }"""
    )
    opened.expect(page.locator(".row .said")).to_have_text(["⊘ set aside"])
    assert page.locator("dialog").count() == 0
    opened.close()


@pytest.mark.slow
def test_an_error_offers_nothing_to_confirm(browser: Any, tmp_path: Path) -> None:
    written(tmp_path / "report.html", 1)
    opened = Opened(browser, tmp_path / "report.html")
    page, keys = opened.page, opened.page.keyboard
    page.focus("#list")
    keys.press("Home")  # errors come first
    offered = page.locator("#detail .verdict-bar button")
    opened.expect(offered).to_have_text(["Correct", "Set aside"])
    keys.press("c")
    opened.expect(page.locator(".status")).to_contain_text("gave no answer that could be confirmed")
    assert page.locator("dialog").count() == 0 and page.locator(".row .said").count() == 0
    keys.press("x")
    page.fill("#your-name", "Ada")
    keys.press("Enter")
    opened.expect(page.locator(".row .said")).to_have_text(["⊘ set aside"])
    opened.expect(offered).to_have_text(["Confirm", "Correct", "Set aside"])
    assert [each["verdict"] for each in opened.verdicts()] == ["set aside"]
    opened.close()


@pytest.mark.slow
def test_the_rows_are_printed_with_the_pictures_that_were_out_of_sight(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "INLINE_BYTES_MAX", 1000)
    written(tmp_path / "report.html", 45)
    opened = Opened(browser, tmp_path / "report.html")
    pictures = ".row .thumb img"
    opened.page.wait_for_selector(pictures)
    assert opened.page.locator(pictures).count() < 40
    opened.page.evaluate(
        "window.print = () => { window.printed = document.querySelectorAll('.row .thumb img').length;"
        " window.dispatchEvent(new Event('afterprint')); }"
    )
    opened.page.get_by_role("button", name="Print", exact=True).click()
    opened.expect(opened.page.locator(".status")).to_have_text("46 rows of 46 to print.")
    assert opened.page.evaluate("window.printed") == 45
    opened.expect(opened.page.locator(".row")).not_to_have_count(46)
    opened.close()


@pytest.mark.slow
def test_of_several_tablets_with_one_imprint_none_is_taken_by_enter_alone(browser: Any, tmp_path: Path) -> None:
    written(tmp_path / "report.html", 1)
    opened = Opened(browser, tmp_path / "report.html")
    page, keys = opened.page, opened.page.keyboard
    page.click(".row .name >> nth=0")
    page.click("text=Your name")
    page.fill("#your-name", "Ada")
    keys.press("Enter")
    keys.press("e")
    page.fill("#typed", "024")
    page.wait_for_selector("#found-2")
    keys.press("Enter")
    opened.expect(page.locator("dialog [role=status]")).to_contain_text("choose one with the arrow keys")
    drug = page.locator("#found-1 strong").inner_text()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        keys.press(key)
    opened.expect(page.locator(".row .said")).to_have_count(1)
    (given,) = opened.verdicts()
    assert f"{given['drug']} {given['strength']}" == drug
    opened.close()


@pytest.mark.slow
def test_what_was_filtered_by_is_said_on_screen_and_paper(browser: Any, tmp_path: Path) -> None:
    written(tmp_path / "report.html", 12)
    opened = Opened(browser, tmp_path / "report.html")
    status = opened.page.locator(".status")
    opened.expect(status).to_have_text("13 rows")
    opened.page.locator(".facet button", has_text="IDENTIFIED").click()
    opened.page.fill("#search", "photo1")
    opened.expect(status).to_have_text("3 of 13 rows: Decision IDENTIFIED, \u201cphoto1\u201d")
    opened.page.evaluate("window.print = () => {}")
    opened.page.get_by_role("button", name="Print", exact=True).click()
    opened.expect(status).to_have_text("3 rows of 3 to print: Decision IDENTIFIED, \u201cphoto1\u201d.")
    opened.close()


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1400])
def test_no_heading_of_a_candidate_runs_into_the_next(browser: Any, tmp_path: Path, width: int) -> None:
    (one,) = weighed()
    names = ("hydrochlorothiazide", "acetaminophen / butalbital", "x" * 60)
    several = tuple(dataclasses.replace(one, products=(product(drug=name, labeler="A"),)) for name in names)
    answer = dataclasses.replace(identification(("024",), ()), photos=("a",), candidates=several)
    with PageWriter(tmp_path / "report.html", About("x", "run"), open_catalog()) as page:
        page.add(row("a", sha256="ab" * 32), answer_view(answer, [photo()]))
    opened = Opened(browser, tmp_path / "report.html", viewport={"width": width, "height": 900})
    opened.page.click(".row")
    opened.page.wait_for_selector(".candidate")
    wider = "cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth).map(cell => cell.innerText)"
    assert opened.page.eval_on_selector_all(".candidate, .candidates th", wider) == []
    opened.close()


@pytest.mark.slow
def test_many_drugs_are_cut_short_in_print(browser: Any, tmp_path: Path) -> None:
    with PageWriter(tmp_path / "report.html", About("x", "run"), open_catalog()) as writer:
        for place in range(1200):
            writer.add(row(f"{place}.jpg", drug=f"drug {place % 600}", sha256="ab" * 32))
    opened = Opened(browser, tmp_path / "report.html")
    drugs = opened.page.locator('.facet[aria-label="Drug"]')
    assert drugs.locator("li:visible").count() == 600 and drugs.locator(".print-only:visible").count() == 0
    opened.page.emulate_media(media="print")
    assert drugs.locator("li:visible").count() == 10
    assert drugs.locator(".print-only").inner_text() == "and 590 more"
    opened.page.emulate_media(media="screen")
    opened.close()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_does_most_harm_comes_first_and_is_worked_through_with_the_keyboard(
    browser: Any, tmp_path: Path, scheme: str
) -> None:
    said = (("CONSISTENT", 5), ("CANNOT_TELL", 4), (None, 2), ("CONTRADICTED", 1))
    about = About("truth", "run", own=("patient <b>",), is_truth=True)
    with PageWriter(tmp_path / "report.html", about, open_catalog()) as writer:
        for place, (agreement, harm) in enumerate(said):
            why = {"agreement": agreement, "harm": harm, "expected": HOSTILE, "agreement_reason": f"Why {harm}."}
            why |= {"agreement_next": f"Do {harm}."}
            answer = dataclasses.replace(identification(("024",), ()), photos=(f"{place}",), candidates=weighed())
            shown = row(f"{place}.jpg", sha256="ab" * 32, own=(f"{HOSTILE} {place}",), **why)
            writer.add(shown, answer_view(answer, [photo()]))
    opened = Opened(browser, tmp_path / "report.html", color_scheme=scheme)
    page, keys = opened.page, opened.page.keyboard
    page.wait_for_selector(".row .over")
    assert page.locator(".row .decision").all_inner_texts() == [
        "CONTRADICTED",
        "NOT COMPARED",
        "CANNOT TELL",
        "CONSISTENT",
    ]
    page.focus("#list")
    keys.press("Home")
    opened.expect(page.locator("#detail .expected")).to_have_text("Why 1.")
    opened.expect(page.locator("#detail .next")).to_have_text("Next: Do 1.")
    opened.expect(page.locator("#detail .own td")).to_have_text(f"{HOSTILE} 3".replace("\u2028", " "))
    confirm = page.locator("#detail .verdict-bar button").first
    opened.expect(confirm).to_have_text("Confirm: it is baclofen 10 mg")
    keys.press("j")
    opened.expect(page.locator("#detail .expected")).to_have_text("Why 2.")
    page.get_by_role("button", name="CONTRADICTED").click()
    opened.expect(page.locator(".row .decision")).to_have_text(["CONTRADICTED"])
    opened.close()


@pytest.mark.slow
def test_text_of_registers_and_photos_stays_text(browser: Any, tmp_path: Path) -> None:
    bad = product(HOSTILE, HOSTILE, HOSTILE, labeler=HOSTILE, source=HOSTILE, source_url="javascript:window.hit=1")
    row_of = EvidenceRow(HOSTILE, HOSTILE, HOSTILE, 1.0, HOSTILE)
    answer = identification(
        ("024",),
        (),
        name=HOSTILE,
        reason=HOSTILE,
        warnings=(HOSTILE,),
        candidates=(Candidate((bad,), 0.5, 1.0, (row_of,), HOSTILE),),
    )
    with PageWriter(tmp_path / "report.html", About(HOSTILE, HOSTILE, [(HOSTILE, HOSTILE)], HOSTILE)) as page:
        page.add(row(HOSTILE, drug=HOSTILE, error_kind=HOSTILE, error=HOSTILE), answer_view(answer, [photo(HOSTILE)]))
    (tmp_path / "answer.html").write_text(answers_page([answer], [photo(HOSTILE)], HOSTILE), "utf-8")
    for name in ("report.html", "answer.html"):
        opened = Opened(browser, tmp_path / name)
        opened.page.wait_for_selector(".waterfall")
        assert opened.page.locator('main a[href^="javascript"]').count() == 0
        assert "onerror=window.hit=1" in opened.page.inner_text("main")
        opened.close()


@pytest.mark.slow
@pytest.mark.parametrize("context", [{"color_scheme": "dark"}, {"viewport": {"width": 360, "height": 740}}])
def test_shards_beside_the_page_are_read_as_they_are_looked_at(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, context: dict[str, Any]
) -> None:
    monkeypatch.setattr(writing, "INLINE_BYTES_MAX", 1000)
    written(tmp_path / "report.html", 45)
    opened = Opened(browser, tmp_path / "report.html", **context)
    opened.page.wait_for_selector(".row .over")
    assert opened.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    opened.page.fill("#search", "photo44")
    opened.page.click("#row-44")
    opened.page.wait_for_selector("#detail .waterfall")
    assert "photo44" in opened.page.inner_text("#detail")
    opened.close()
    (tmp_path / "report-files" / "2.js").unlink()
    opened = Opened(browser, tmp_path / "report.html", **context)
    opened.page.fill("#search", "photo44")
    opened.page.click("#row-44")
    opened.expect(opened.page.locator("#detail")).to_contain_text("keep both together")
    opened.page.context.close()


@pytest.mark.slow
@pytest.mark.parametrize("most", [writing.INLINE_BYTES_MAX, 1000])
def test_the_labels_picture_of_a_product_is_once_in_the_page_and_seen_with_each_row(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    packed = io.BytesIO()
    Image.new("RGB", (60, 40), (200, 30, 30)).save(packed, "WEBP")
    monkeypatch.setattr(writing, "INLINE_BYTES_MAX", most)
    monkeypatch.setattr(Catalog, "picture", lambda catalog, product_id: packed.getvalue())
    with PageWriter(tmp_path / "report.html", About("pills", "run"), open_catalog()) as page:
        for place in range(45):
            answer = dataclasses.replace(identification(("024",), ()), photos=(f"photo{place}",), candidates=weighed())
            view = dict(answer_view(answer, [photo()]))
            label = {"product": f"p{place % 2}", "title": "Photo of the label", "url": "", "day": ""}
            page.add(row(f"photo{place}"), {**view, "candidates": [{**view["candidates"][0], "picture": label}]})
    texts = [file.read_text("utf-8") for file in (tmp_path / "report.html", *tmp_path.glob("report-files/*.js"))]
    assert sum(text.count("data:image/webp") for text in texts) == 2
    opened = Opened(browser, tmp_path / "report.html")
    opened.page.wait_for_selector(".row .over")
    for name in ("photo43", "photo44"):
        opened.page.fill("#search", name)
        opened.page.click(f"#row-{name[5:]}")
        opened.expect(opened.page.locator("#detail")).to_contain_text(name)
        image = opened.page.locator("#detail img.listed")
        opened.expect(image).to_be_visible()
        assert image.evaluate("image => image.naturalWidth") == 60
    opened.close()


@pytest.mark.slow
@pytest.mark.parametrize("typed", ["024", "54 024", "L484", "4 2 0", "02", "O24", "054024", "0*4"])
def test_the_page_searches_as_the_catalog_does(browser: Any, tmp_path: Path, typed: str) -> None:
    written(tmp_path / "report.html")
    source = (Path(writing.__file__).parent / "tiers.js").read_text("utf-8")
    page = browser.new_page()
    data = block((tmp_path / "report.html").read_text("utf-8"), "data")
    script = f"([data, words, typed]) => {{ {source}; return searched(typed, 999).filter(([tier]) => tier !== 'name')"
    found = page.evaluate(
        script + ".map(([tier, tablet]) => [tier, tablet.tokens.join(';')]); }", [data, data["words"], typed]
    )
    page.close()
    hits = search(open_catalog(), query(typed), 999).hits
    expected = {(hit.tier.title, hit.product.imprint_key) for hit in hits if hit.tier is not Tier.UNKNOWN}
    assert {tuple(pair) for pair in found} == expected
