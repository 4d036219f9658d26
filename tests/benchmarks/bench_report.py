"""What a batch's report costs, and how quick its page is: ``python tests/benchmarks/bench_report.py --help``.

``cost`` identifies photos and says which share the report adds. ``page`` writes a page of many rows and opens it in
headless Chromium (extra ``browser``): first paint, filters, axe, console.
"""

from __future__ import annotations

import json
import shutil
import statistics
import time
from pathlib import Path
from typing import Any

import click
import cv2

from pipeline.batch.analysis import Viewing, analyze
from pipeline.batch.sources.entry import Entry
from pipeline.batch.sources.files import FileStore
from pipeline.identifier import Identifier
from pipeline.report.page import BatchReport, BatchView

_SAMPLES = Path(__file__).parents[2] / "samples"
# From a key pressed in the page's search to the next frame that shows what it found.
_FILTER = """word => new Promise(resolve => {
  const search = document.getElementById("search");
  const start = performance.now();
  search.value = word;
  search.dispatchEvent(new Event("input"));
  const handled = performance.now() - start;
  requestAnimationFrame(() => setTimeout(() => resolve([handled, performance.now() - start]), 0));
})"""
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


@click.group()
def bench() -> None:
    """What a batch's report costs, and how quick its page is."""
    cv2.setNumThreads(1)


@bench.command()
@click.argument("folder", type=click.Path(path_type=Path), default=_SAMPLES)
def cost(folder: Path) -> None:
    """The share of a batch's time that the report of FOLDER's photos takes."""
    identifier = Identifier(keep_photos=True)
    answering, viewing, made = 0.0, 0.0, []
    for number, file in enumerate([*sorted(folder.glob("*.jpg"))[:1], *sorted(folder.glob("*.jpg"))]):
        start = time.perf_counter()
        row = dict(analyze(identifier, FileStore(str(folder)), Entry(file.name)))
        answered = time.perf_counter()
        if row["error"]:
            continue
        answer = identifier.identify(file)
        start_of_view = time.perf_counter()
        view = Viewing(identifier, BatchView()).cells(answer)["view"]
        if number:  # the first one loads the models
            answering, viewing = answering + answered - start, viewing + time.perf_counter() - start_of_view
            made.append((row, view))
    start = time.perf_counter()
    out = Path("bench_report")
    out.mkdir(exist_ok=True)
    page = BatchReport(folder, identifier.catalog).write(iter(made), out)
    writing = time.perf_counter() - start
    click.echo(
        f"{len(made)} photos: {1000 * answering / len(made):.0f} ms each to answer, "
        f"{1000 * viewing / len(made):.1f} ms for what the report shows, "
        f"{1000 * writing / len(made):.1f} ms to write it, "
        f"{page.stat().st_size / len(made) / 1000:.0f} kB; the report adds {(viewing + writing) / answering:.1%}"
    )
    shutil.rmtree(out)


@bench.command()
@click.option("--rows", default=10_000, show_default=True)
@click.option("--keep", type=click.Path(path_type=Path), help="Where the page stays.")
def page(rows: int, keep: Path | None) -> None:
    """A page of many ROWS, the samples' answers over and over, in headless Chromium."""
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    out = keep or Path("bench_report")
    out.mkdir(exist_ok=True)
    file = _many(rows, out)
    faults: list[str] = []
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        paints = []
        for _ in range(3):
            opened = chromium.new_page(viewport={"width": 1400, "height": 900})
            opened.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
            opened.on("pageerror", lambda error: faults.append(str(error)))
            opened.goto(file.as_uri())
            opened.wait_for_selector(".row .name")
            paints.append(opened.evaluate(_PAINT))
        filters = [opened.evaluate(_FILTER, word) for word in ("b", "ba", "baclofen", "", "identified 024", "no such")]
        opened.evaluate(_FILTER, "")
        violations = Axe().run(opened).violations_count
    size = sum(each.stat().st_size for each in out.rglob("*") if each.is_file())
    click.echo(
        f"{rows} rows, page {file.stat().st_size / 1e6:.1f} MB, {size / 1e6:.0f} MB with its shards: first paint "
        f"{statistics.median(paints):.0f} ms, filter {max(each[0] for each in filters):.0f} ms "
        f"({max(each[1] for each in filters):.0f} ms to the next frame), axe {violations} violations, console {faults}"
    )
    if not keep:
        shutil.rmtree(out)


def _many(rows: int, out: Path) -> Path:
    identifier = Identifier(keep_photos=True)
    files = sorted(path.name for path in _SAMPLES.iterdir() if path.suffix in (".jpg", ".png"))
    seen = [dict(analyze(Viewing(identifier, BatchView()), str(_SAMPLES), name)) for name in files]

    def again() -> Any:
        for number in range(rows):
            row = seen[number % len(seen)]
            name = f"ward {number // 500}/{number:06d} {row['photo']}"
            view = row.get("view")
            yield {**row, "photo": name}, json.dumps({**json.loads(view), "photos": [name]}) if view else None

    return BatchReport(_SAMPLES, identifier.catalog).write(again(), out)


if __name__ == "__main__":
    bench()
