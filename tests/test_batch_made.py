"""A run that changes nothing reads no rows and makes no results again; whatever changes, makes them anew."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pretend import Pretender, inline

from pipeline.batch import BatchSettings, Choice, Summary, Told, open_photos, run_batch
from pipeline.batch.holding import as_of_now, digest_now, digest_of
from pipeline.batch.ledger import Ledger
from pipeline.batch.sources.photos import Photos
from pipeline.batch.verdicts import Verdict
from pipeline.review import content_key, row_key

NAMES = ("a.jpg", "b.jpg", "bad.jpg")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    for name in NAMES:
        (tmp_path / "photos" / name).write_bytes(name.encode())
    run(tmp_path)
    return tmp_path


def run(place: Path, *also: str, verdicts: tuple[Verdict, ...] = (), **settings: bool) -> Summary:
    how = BatchSettings(shard_size=2, also=also, **settings)
    return run_batch(place / "photos", place / "out", Pretender(), {}, how, execute=inline, verdicts=verdicts)


def made(place: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (place / "out").glob("results.*")}


def test_nothing_is_read_or_made_where_nothing_changed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, first = made(place), json.loads((place / "out/summary.json").read_text())

    def refuse(*_: object) -> None:
        raise AssertionError("a row was read")

    monkeypatch.setattr(Ledger, "rows", refuse)
    monkeypatch.setattr(Ledger, "earlier", refuse)
    again = run(place)
    assert made(place) == before
    assert (again.photos, again.errors, again.photos_this_run) == (3, 1, 0)
    second = json.loads((place / "out/summary.json").read_text())
    assert {**second, "seconds": 0, "photos_this_run": 3} == {**first, "seconds": 0}


def lose(place: Path) -> None:
    (place / "out/results.csv").unlink()


def edit(place: Path) -> None:
    (place / "out/results.csv").write_text("mine")


def change(place: Path) -> None:
    (place / "photos/a.jpg").write_bytes(b"changed")


def touch(place: Path) -> None:
    os.utime(place / "photos/a.jpg", ns=(1, 1))


def delete(place: Path) -> None:
    (place / "photos/b.jpg").unlink()


def add(place: Path) -> None:
    (place / "photos/c.jpg").write_bytes(b"c")


def tear(place: Path) -> None:
    for stamp in (place / "out/shards").glob("*.stamp"):
        stamp.write_bytes(stamp.read_bytes()[:20])
    (place / "out/made.json").write_text("{")


@pytest.mark.parametrize("do", [lose, edit, change, touch, delete, add, tear])
def test_what_changes_makes_them_anew(place: Path, do: Callable[[Path], None]) -> None:
    before = made(place)
    do(place)
    run(place)
    after = made(place)
    assert set(after) == set(before) and not set(after.values()) & set(before.values())
    rows = [json.loads(line) for line in (place / "out/results.jsonl").read_text().splitlines()]
    for row in rows:
        status = (place / "photos" / row["photo"]).stat()
        assert (row["size_bytes"], row["mtime_ns"]) == (status.st_size, status.st_mtime_ns)
    assert {row["photo"] for row in rows} == {path.name for path in (place / "photos").iterdir()}
    run(place)
    assert made(place) == after


def test_another_form_a_verdict_and_a_retry_make_them_anew(place: Path) -> None:
    before = made(place)
    run(place, "sqlite")
    assert set(made(place)) == {*before, "results.sqlite"}
    run(place)
    assert set(made(place)) == set(before)
    row = json.loads((place / "out/results.jsonl").read_text().splitlines()[0])
    said = dict.fromkeys(("drug", "strength", "product_id", "imprint", "note"), "") | {
        **{"key": row_key(row), "sha256": content_key(row), "verdict": "confirmed"},
        **{"by": "Ada", "at": "2026-11-29T09:30:00+00:00"},
    }
    assert run(place, verdicts=(said,)).verdicts == 1
    assert run(place).verdicts == 1
    assert run(place, retry_errors=True).photos_this_run == 1


@pytest.mark.parametrize("choice", [Choice(), Choice(told=Told(0.1)), Choice(pairs="{pill}{face}.jpg")])
def test_a_digest_of_photos_is_that_of_their_rows_while_these_hold(tmp_path: Path, choice: Choice) -> None:
    (tmp_path / "photos").mkdir()
    for name in ("p1.jpg", "p2.jpg", "q.jpg", "solo.jpg"):
        (tmp_path / "photos" / name).write_bytes(name.encode())
    photos = open_photos(tmp_path / "photos", choice)
    run_batch(photos, tmp_path / "out", Pretends(), {}, BatchSettings(shard_size=9), execute=inline)  # type: ignore[arg-type]
    rows = list(Ledger(tmp_path / "out/shards").rows("0001-000000"))
    paths = [row["photo"] for row in rows]

    def found() -> Photos:
        again = open_photos(tmp_path / "photos", choice)
        list(again.found(None, lambda path, why: None))
        return again

    assert digest_now(found(), paths) == digest_of(rows)
    for name in ("p1.jpg", "p2.jpg", "solo.jpg"):
        os.utime(tmp_path / "photos" / name, ns=(5, 5))
        now = found()
        assert digest_now(now, paths) != digest_of(rows)
        rows = [as_of_now(now, path, row) or {} for path, row in zip(paths, rows, strict=True)]
        assert digest_now(now, paths) == digest_of(rows)
        now.close()
    (tmp_path / "photos/solo.jpg").unlink()
    now = found()
    assert digest_now(now, paths) != digest_of(rows)
    gone = [as_of_now(now, path, row) or {} for path, row in zip(paths, rows, strict=True)]
    assert gone[-1]["gone"] and digest_now(now, paths) == digest_of(gone)
    now.close()


class Pretends(Pretender):
    def identify(self, photos: object, **told: object) -> object:  # type: ignore[override]
        return super().identify(photos[0] if isinstance(photos, list) else photos)  # type: ignore[arg-type]
