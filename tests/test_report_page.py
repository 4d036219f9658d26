"""The page a person works from: what stands in it, and in a browser how it behaves."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from examples import identification, photo, product

from pipeline.batch import read_verdicts
from pipeline.records import Candidate, EvidenceRow
from pipeline.report.page import About, PageWriter, answer_view
from pipeline.report.page import write as writing
from reference.search.query import query
from reference.search.search import search
from reference.search.tiers import Tier
from reference.store.catalog import open_catalog

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
    monkeypatch.setattr(writing, "INLINE_MAX_BYTES", 1000)
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


@pytest.mark.slow
def test_a_person_reviews_with_the_keyboard(browser: Any, tmp_path: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="install the extra `browser`")
    written(tmp_path / "report.html", 3, HOSTILE.replace("/", ""))
    page = browser.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto((tmp_path / "report.html").as_uri())
    page.wait_for_selector(".row .over")
    assert axe.Axe().run(page).violations_count == 0
    page.focus("#list")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("#detail .waterfall")
    page.keyboard.press("c")
    page.fill("#your-name", "Ada")
    page.keyboard.press("Enter")
    page.wait_for_selector(".row .said")
    page.reload()
    assert page.wait_for_selector(".row .said").inner_text() == "✓ confirmed"
    with page.expect_download() as saved:
        page.click("text=Export verdicts")
    (verdict,) = read_verdicts(Path(saved.value.path()))
    assert (verdict["verdict"], verdict["by"], verdict["drug"]) == ("confirmed", "Ada", "baclofen")
    assert verdict["sha256"] == "sha256:abababababababab"
    assert page.evaluate("window.hit") is None
    assert faults == []
    page.close()


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
