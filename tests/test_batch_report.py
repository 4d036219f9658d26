"""A batch's report: made of every row, whatever stopped the batch or changed a photo on the way."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from examples import identification, photo
from PIL import Image
from pretend import Pretender

from pipeline.batch import BatchSettings, run_batch
from pipeline.batch.analysis import View, Viewing, analyze
from pipeline.batch.rows import Row
from pipeline.batch.sources.entry import Entry
from pipeline.batch.sources.files import FileStore
from pipeline.batch.views import Views
from pipeline.cli.group import cli
from pipeline.errors import PhotoSetError
from pipeline.identifier import Identifier
from pipeline.load import photo as loading
from pipeline.records import Identification, Photo
from pipeline.report.page import BatchReport, BatchView, PageWriter
from reference.store.catalog import open_catalog

IDENTITY = {"catalog": "test"}
ONE = BatchSettings(workers=1, shard_size=4, timeout_seconds=30)


def seen(photos: Sequence[Photo], answers: Sequence[Identification]) -> list[str]:
    return [f"{len(photos)} {each.decision.value} é" for each in answers]


def fails(photos: Sequence[Photo], answers: Sequence[Identification]) -> list[str]:
    raise ZeroDivisionError("a bug of the report")


@dataclass
class Kept:
    """A report that keeps what it is given."""

    view: View = seen
    rows: list[tuple[Row, str | None]] = field(default_factory=list)
    key: str = "kept"
    rows_max: int = 100

    def write(self, rows: Iterable[tuple[Row, str | None]], out: Path) -> Path:
        self.rows = list(rows)
        return out / "kept"


def photos_in(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(name.encode())
    return folder


def test_the_report_gets_every_row_with_its_view_and_the_results_do_not(tmp_path: Path) -> None:
    folder, report = photos_in(tmp_path / "photos", "a.jpg", "b.jpg", "bad.jpg", "c.jpg", "d.jpg"), Kept()
    summary = run_batch(folder, tmp_path / "out", Pretender(), IDENTITY, ONE, report=report)
    views = {row["photo"]: view for row, view in report.rows}
    assert views == {name: None if name == "bad.jpg" else "0 IDENTIFIED é" for name in views} and len(views) == 5
    assert summary.results["report"].endswith("kept")
    assert "view" not in json.loads((tmp_path / "out" / "results.jsonl").read_text().splitlines()[0])


def test_views_beyond_what_the_report_lists_are_not_read(tmp_path: Path) -> None:
    folder, report = photos_in(tmp_path / "photos", "a.jpg", "b.jpg", "c.jpg"), Kept(rows_max=2)
    run_batch(folder, tmp_path / "out", Pretender(), IDENTITY, ONE, report=report)
    assert [(row["photo"], bool(view)) for row, view in report.rows] == [
        ("a.jpg", True),
        ("b.jpg", True),
        ("c.jpg", False),
    ]


def test_a_later_run_reads_only_what_changed_and_reports_all(tmp_path: Path) -> None:
    folder, out, log = photos_in(tmp_path / "photos", "a.jpg", "b.jpg"), tmp_path / "out", tmp_path / "log"
    run_batch(folder, out, Pretender(log), IDENTITY, ONE)
    photos_in(folder, "c.jpg")
    (folder / "b.jpg").write_bytes(b"another")
    (folder / "a.jpg").touch()
    report = Kept()
    run_batch(folder, out, Pretender(log), IDENTITY, ONE, report=report)
    assert {row["photo"]: bool(view) for row, view in report.rows} == {"a.jpg": False, "b.jpg": True, "c.jpg": True}
    (folder / "c.jpg").unlink()
    run_batch(folder, out, Pretender(log), IDENTITY, ONE, report=report)
    assert {row["photo"]: bool(view) for row, view in report.rows} == {"a.jpg": False, "b.jpg": True}
    assert log.read_text().split() == ["a.jpg", "b.jpg", "b.jpg", "c.jpg"]


def test_a_view_that_was_cut_off_counts_as_none(tmp_path: Path) -> None:
    views = Views(tmp_path / "views")
    first, second = (views.kept("0001-000000", {"photo": name, "view": f"of {name}"}) for name in "ab")
    assert (views.of(first), views.of(second)) == ("of a", "of b")
    file = tmp_path / "views" / "0001-000000"
    file.write_bytes(file.read_bytes()[:-1])
    assert (views.of(first), views.of(second)) == ("of a", None)
    third = views.kept("0001-000000", {"photo": "c", "view": "of c"})
    assert [views.of(row) for row in (first, second, third)] == ["of a", None, "of c"]
    assert views.of({"view": "../../etc/passwd:0:10:00000000"}) is None
    assert views.kept("0001-000000", {"photo": "d"}) == {"photo": "d"}


def test_a_report_that_fails_costs_no_answer(tmp_path: Path) -> None:
    folder = photos_in(tmp_path, "a.jpg")
    row = analyze(Viewing(Pretender(), fails), FileStore(str(folder)), Entry("a.jpg"))
    assert row["decision"] == "IDENTIFIED" and row.get("view") is None
    assert row["warnings"] == ["the report cannot show this photo (ZeroDivisionError: a bug of the report)"]


def test_a_photo_is_decoded_once_for_its_answer_and_its_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(photo().pixels).save(tmp_path / "a.png")
    read: list[str] = []
    parse = loading.parse
    monkeypatch.setattr(loading, "parse", lambda data, name: (read.append(name), parse(data, name))[1])
    analyst = Viewing(Identifier(reader="none", keep_photos=True), BatchView())
    view = json.loads(analyze(analyst, FileStore(str(tmp_path)), Entry("a.png"))["view"])
    assert len(read) == 1
    assert view["pictures"][0]["src"].startswith("data:image/jpeg;base64,")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("batch") / "<b>photos"
    folder.mkdir()
    Image.fromarray(photo().pixels).save(folder / "a.png")
    (folder / "bad.jpg").write_bytes(b"no photo")
    return folder


def command(*arguments: object) -> int:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments]).exit_code


def data_of(page: Path, number: str = "data") -> Any:
    found = re.search(rf'<script type="application/json" id="{number}">(.*?)</script>', page.read_text(), re.DOTALL)
    assert found
    return json.loads(found[1])


@pytest.mark.slow
def test_the_command_writes_a_page_and_without_thumbnails_none_is_left(folder: Path, tmp_path: Path) -> None:
    batch = ("batch", folder, "--out", tmp_path / "out", "--reader", "none", "--workers", 1)
    page = tmp_path / "out" / "report.html"
    assert command(*batch, "--no-report") == 0
    assert not page.exists()
    assert command(*batch) == 0
    assert data_of(page)["about"]["title"] == "Pills in <b>photos"
    assert [cells[13] for cells in data_of(page)["rows"]] == [-1, -1]
    Image.fromarray(photo().pixels).save(folder / "a.png", compress_level=1)
    assert command(*batch) == 0
    assert data_of(page, "shard-0")[0]["pictures"]
    assert command(*batch, "--no-thumbnails") == 0
    assert "data:image" not in page.read_text() and not data_of(page)["about"]["pictures"]


def test_a_disk_that_is_full_at_the_page_is_the_result_folders_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(PageWriter, "__enter__", full)
    with pytest.raises(
        PhotoSetError, match=r"report.html: cannot be written \(No space .*; make room, or give"
    ) as told:
        BatchReport(tmp_path, open_catalog()).write([], tmp_path)
    assert told.value.exit_code == 5


def test_the_page_names_photos_as_the_rows_do_and_not_where_they_lie(folder: Path, tmp_path: Path) -> None:
    view = BatchView()
    lying = replace(photo(), name="/home/ada/ward/a.png")
    (text,) = view([lying], [replace(identification(("024",), ()), photos=(lying.name,))])
    row = {"photo": "a.png", "decision": "IDENTIFIED"}
    error = {"photo": "bad.jpg", "error_kind": "PhotoError", "error": f"{folder}/bad.jpg: is empty; copy it again"}
    page = BatchReport(folder, open_catalog()).write([(row, text), (error, None)], tmp_path)
    assert "/home/ada" not in page.read_text() and str(folder.parent) not in page.read_text()
    assert data_of(page)["rows"][1][9] == "is empty; copy it again"
