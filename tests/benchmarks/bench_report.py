"""What a batch's report costs, and how quick its page is: ``python tests/benchmarks/bench_report.py --help``.

``cost`` identifies photos and says which share the report adds. ``page`` writes a page of many rows and opens it in
headless Chromium (extra ``browser``): first paint, filters, axe, console.
"""

from __future__ import annotations

import json
import shutil
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import cv2

from pipeline.batch.analysis import Viewing, analyze
from pipeline.batch.ledger import Ledger
from pipeline.batch.rows import Row
from pipeline.batch.sources.entry import Entry
from pipeline.batch.sources.files import FileStore
from pipeline.batch.views import Views
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
    """The share of a batch's CPU seconds that the report of FOLDER's photos takes."""
    identifier = Identifier(keep_photos=True)
    answering, viewing, made = 0.0, 0.0, []
    for number, file in enumerate([*sorted(folder.glob("*.jpg"))[:1], *sorted(folder.glob("*.jpg"))]):
        start = time.process_time()
        row = dict(analyze(identifier, FileStore(str(folder)), Entry(file.name)))
        answered = time.process_time()
        if row["error"]:
            continue
        answer = identifier.identify(file)
        start_of_view = time.process_time()
        view = Viewing(identifier, BatchView()).cells(answer)["view"]
        if number:  # the first one loads the models
            answering, viewing = answering + answered - start, viewing + time.process_time() - start_of_view
            made.append((row, view))
    start = time.process_time()
    out = Path("bench_report")
    out.mkdir(exist_ok=True)
    page = BatchReport(folder, identifier.catalog).write(iter(made), out)
    writing = time.process_time() - start
    click.echo(
        f"{len(made)} photos: {1000 * answering / len(made):.0f} ms each to answer, "
        f"{1000 * viewing / len(made):.1f} ms for what the report shows, "
        f"{1000 * writing / len(made):.1f} ms to write it, "
        f"{page.stat().st_size / len(made) / 1000:.0f} kB; the report adds {(viewing + writing) / answering:.1%}"
    )
    shutil.rmtree(out)


@bench.command()
@click.option("--rows", default=10_000, show_default=True)
@click.option("--of", "batch_folder", type=click.Path(path_type=Path), help="Rows of this result folder of a batch.")
@click.option("--keep", type=click.Path(path_type=Path), help="Where the page stays.")
def page(rows: int, batch_folder: Path | None, keep: Path | None) -> None:
    """A page of many ROWS, the samples' or a batch's over and over, in headless Chromium."""
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    out = keep or Path("bench_report")
    out.mkdir(exist_ok=True)
    file = _many(rows, batch_folder, out)
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
        filters = [_filtered(opened, word) for word in ("b", "ba", "baclofen", "", "identified 024", "no such")]
        opened.evaluate(_FILTER, "")
        violations = Axe().run(opened).violations_count
    size = sum(each.stat().st_size for each in out.rglob("*") if each.is_file())
    handled, framed, used = (max(each[place] for each in filters) for place in range(3))
    click.echo(
        f"{rows} rows, page {file.stat().st_size / 1e6:.1f} MB, {size / 1e6:.0f} MB with its shards: first paint "
        f"{statistics.median(paints):.0f} ms, filter {handled:.0f} ms ({framed:.0f} ms to the next frame, {used:.0f} "
        f"ms of CPU on the page's thread), axe {violations} violations, console {faults}"
    )
    if not keep:
        shutil.rmtree(out)


def _filtered(opened: Any, word: str) -> tuple[float, float, float]:
    """Milliseconds of one filter: until it is handled, until the next frame, and those of CPU of the page's thread."""
    session = opened.context.new_cdp_session(opened)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def used() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return 1000 * float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))

    before = used()
    handled, framed = opened.evaluate(_FILTER, word)
    return handled, framed, used() - before


def _many(number: int, batch: Path | None, out: Path) -> Path:
    """A page of so many rows: those of a batch, or of the samples, over and over under new names."""
    identifier = Identifier(keep_photos=True)
    seen = list(_of_batch(batch) if batch else _of_samples(identifier))

    def again() -> Iterator[tuple[dict[str, Any], str | None]]:
        for place in range(number):
            row, view = seen[place % len(seen)]
            name = f"ward {place // 500}/{place:06d} {row['photo']}"
            yield {**row, "photo": name}, json.dumps({**json.loads(view), "photos": [name]}) if view else None

    return BatchReport(_SAMPLES, identifier.catalog).write(again(), out)


def _of_samples(identifier: Identifier) -> Iterator[tuple[Row, str | None]]:
    store, analyst = FileStore(str(_SAMPLES)), Viewing(identifier, BatchView())
    for file in sorted(_SAMPLES.iterdir()):
        if file.suffix in (".jpg", ".png"):
            row = analyze(analyst, store, Entry(file.name))
            yield row, row.get("view")


def _of_batch(batch: Path) -> Iterator[tuple[Row, str | None]]:
    """The rows of a batch's whole shards; the batch need not have ended."""
    ledger, views = Ledger(batch / "shards"), Views(batch / "views")
    for shard in sorted((batch / "shards").glob("*.jsonl")):
        yield from ((row, views.of(row)) for row in ledger.rows(shard.stem))


if __name__ == "__main__":
    bench()
