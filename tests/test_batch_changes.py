"""Photos that are replaced, touched or deleted between two runs of a batch: no row outlives what it was made of."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from pretend import Pretender

from pipeline.batch import BatchSettings, Summary, open_photos, run_batch
from pipeline.batch.holding import as_of_now
from pipeline.batch.ledger import Ledger
from pipeline.batch.plan import Shard
from pipeline.batch.rows import Row
from pipeline.batch.state import digest, state_of
from pipeline.errors import PhotoSetError


@dataclass(frozen=True)
class Place:
    """A folder of photos, the results, and the photos that were done."""

    photos: Path
    out: Path
    log: Path

    def write(self, name: str, data: bytes) -> Path:
        path = self.photos / name
        path.write_bytes(data)
        return path

    def run(self) -> Summary:
        settings = BatchSettings(workers=1, shard_size=2, timeout_seconds=30)
        return run_batch(self.photos, self.out, Pretender(self.log), {"catalog": "test"}, settings)

    def done_by_run(self) -> tuple[Summary, list[str]]:
        """Run again: the summary, and what was done."""
        self.log.write_text("")
        return self.run(), self.log.read_text().split()

    def rows(self) -> dict[str, Row]:
        lines = (self.out / "results.jsonl").read_text().splitlines()
        return {row["photo"]: row for row in map(json.loads, lines)}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path / "photos", tmp_path / "out", tmp_path / "log")
    place.photos.mkdir()
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        place.write(name, name.encode())
    place.run()
    return place


def test_a_row_keeps_what_was_read(place: Place) -> None:
    row = place.rows()["a.jpg"]
    status = (place.photos / "a.jpg").stat()
    assert (row["size_bytes"], row["mtime_ns"], row["ctime_ns"]) == (5, status.st_mtime_ns, status.st_ctime_ns)
    assert row["sha256"] == hashlib.sha256(b"a.jpg").hexdigest()


def test_what_did_not_change_is_not_done_again(place: Place) -> None:
    before = {path: path.stat().st_mtime_ns for path in (place.out / "shards").iterdir()}
    summary, done = place.done_by_run()
    assert (summary.photos, summary.photos_this_run, summary.gone, done) == (3, 0, 0, [])
    assert {path: path.stat().st_mtime_ns for path in (place.out / "shards").iterdir()} == before


def test_a_photo_replaced_under_its_name_is_done_again(place: Place) -> None:
    place.write("b.jpg", b"another size")
    summary, done = place.done_by_run()
    assert (summary.photos, summary.photos_this_run, done) == (3, 1, ["b.jpg"])
    assert list(place.rows()) == ["a.jpg", "b.jpg", "c.jpg"]
    assert place.rows()["b.jpg"]["sha256"] == hashlib.sha256(b"another size").hexdigest()
    assert place.done_by_run()[1] == []


def test_neither_size_nor_time_hides_a_replacement(place: Place) -> None:
    path = place.photos / "b.jpg"
    time_ns = path.stat().st_mtime_ns
    new = place.write("new", b"B.JPG")
    os.utime(new, ns=(time_ns, time_ns))
    new.replace(path)
    assert place.done_by_run()[1] == ["b.jpg"]


def test_a_link_that_leads_elsewhere_now_is_done_again(place: Place) -> None:
    for target in ("a.jpg", "b.jpg"):
        (place.photos / "link.jpg").unlink(missing_ok=True)
        (place.photos / "link.jpg").symlink_to(target)
        assert place.done_by_run()[1] == [], "its bytes were done before"
        assert place.rows()["link.jpg"]["same_as"] == target


def test_a_photo_that_was_only_touched_keeps_its_row(place: Place) -> None:
    os.utime(place.photos / "b.jpg", ns=(1, 1))
    summary, done = place.done_by_run()
    assert (summary.photos, done) == (3, [])
    assert place.rows()["b.jpg"]["mtime_ns"] == 1


def test_a_deleted_photo_has_no_row_and_is_counted(place: Place) -> None:
    (place.photos / "b.jpg").rename(place.photos / "b.aside")
    summary, done = place.done_by_run()
    assert (summary.photos, summary.gone, summary.decisions, done) == (2, 1, {"IDENTIFIED": 2}, [])
    assert list(place.rows()) == ["a.jpg", "c.jpg"]
    assert json.loads((place.out / "summary.json").read_text())["gone"] == 1
    (place.photos / "b.aside").rename(place.photos / "b.jpg")
    summary, done = place.done_by_run()
    assert (summary.photos, summary.gone, done) == (3, 0, []), "the same photo again: its row holds"
    assert "gone" not in place.rows()["b.jpg"]


def test_another_photo_in_a_deleted_ones_place_is_done(place: Place) -> None:
    (place.photos / "b.jpg").unlink()
    place.run()
    place.write("b.jpg", b"another")
    summary, done = place.done_by_run()
    assert (summary.photos, summary.gone, done) == (3, 0, ["b.jpg"])


@pytest.mark.parametrize(("name", "kind"), [("bad.jpg", "PhotoError"), ("crash.jpg", "WorkerDied")])
def test_a_photo_with_an_error_is_tried_again_when_it_changed(place: Place, name: str, kind: str) -> None:
    place.write(name, b"x")
    assert place.run().error_kinds == {kind: 1}
    assert place.done_by_run()[1] == []
    place.write(name, b"changed")
    assert set(place.done_by_run()[1]) == {name}


def test_a_photo_replaced_while_it_is_read_is_done_again(place: Place) -> None:
    place.write("swap.jpg", b"x")
    place.run()
    assert place.rows()["swap.jpg"]["sha256"] is None
    assert place.done_by_run()[1] == ["swap.jpg"]


def test_the_row_of_a_locked_folder_goes_when_the_folder_can_be_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "locked").mkdir()
    row = {"photo": "locked/", "error": "cannot be listed"} | (state_of(str(tmp_path / "locked")) or {})
    assert as_of_now(open_photos(str(tmp_path)), "locked/", None) is None
    gone = as_of_now(open_photos(str(tmp_path)), "locked/", row)
    assert gone == row | {"gone": True}

    def refuse(path: str) -> list[str]:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "listdir", refuse)
    assert as_of_now(open_photos(str(tmp_path)), "locked/", row) == row
    assert as_of_now(open_photos(str(tmp_path)), "locked/", gone) == row


def test_a_folder_that_can_be_listed_again_is_no_photo_that_is_gone(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place.photos / "locked").mkdir()
    place.write("locked/d.jpg", b"d")
    listed = os.scandir

    def refuse(path: object) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return listed(path)  # type: ignore[call-overload]

    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", refuse)
        assert (place.run().photos, list(place.rows())[-1]) == (4, "locked/")
    summary = place.run()
    assert (summary.photos, summary.errors, summary.gone) == (4, 0, 0)
    assert list(place.rows())[-1] == "locked/d.jpg"


def test_what_cannot_be_looked_at_is_not_taken_for_gone(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    row, photos = place.rows()["a.jpg"], open_photos(place.photos)
    assert as_of_now(photos, "a.jpg", row) == row

    def refuse(path: str) -> os.stat_result:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "stat", refuse)
    monkeypatch.setattr(os, "lstat", refuse)
    assert as_of_now(photos, "a.jpg", row) is None


def test_only_a_regular_file_is_read_for_its_digest(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")  # reading it would never end
    assert digest(str(tmp_path / "pipe.jpg")) is None
    assert digest(str(tmp_path / "none.jpg")) is None


def test_the_results_of_an_older_layout_are_refused(place: Place) -> None:
    stamp = place.out / "batch.json"
    stamp.write_text(json.dumps(json.loads(stamp.read_text()) | {"format": "1"}))
    with pytest.raises(PhotoSetError, match=r"format: then 1, now 4.*name a new folder with --out"):
        place.run()


# ---------------------------------------------------------------------------------------------------- rows on disk

SHARD = Shard("k", ("a", "b"))
ROWS: dict[str, Row] = {"a": {"photo": "a"}, "b": {"photo": "b"}}


def without_b(path: str, row: Row | None) -> Row | None:
    return row if path == "a" else None


def test_a_kill_while_a_whole_shard_is_opened_again_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tmp_path / "k.jsonl"
    whole.write_text('{"photo":"a"}\n{"photo":"b"}\n')

    def killed(path: Path, missing_ok: bool = False) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            Ledger(tmp_path).begin(SHARD, without_b)
    assert list(Ledger(tmp_path).rows("k")) == list(ROWS.values())

    ledger = Ledger(tmp_path)
    assert set(ledger.begin(SHARD, without_b)) == {0}
    assert not whole.exists()
    ledger = Ledger(tmp_path)
    assert set(ledger.begin(SHARD)) == {0}
    ledger.add("k", 1, {"photo": "b", "again": True})
    assert list(ledger.rows("k")) == [{"photo": "a"}, {"photo": "b", "again": True}]


def test_a_row_of_an_unfinished_shard_that_does_not_hold_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "k.part").write_text('[1,{"photo":"b"}]\n[0,{"photo":"a"}]\n')
    ledger = Ledger(tmp_path)
    assert set(ledger.begin(SHARD, without_b)) == {0}
    assert (tmp_path / "k.part").read_text() == '[0,{"photo":"a"}]\n'


def test_an_emptied_shard_is_done_again(tmp_path: Path) -> None:
    (tmp_path / "k.jsonl").touch()
    ledger = Ledger(tmp_path)
    assert ledger.begin(SHARD) == {}
    for index, row in enumerate(ROWS.values()):
        ledger.add("k", index, row)
    assert list(ledger.rows("k")) == list(ROWS.values())
