"""What a batch does again and what it does not: errors, the same bytes under several names, another fingerprint."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner
from pretend import Pretender, inline

from pipeline.batch import BatchSettings, Progress, Summary, Watch, fingerprint, identity_of, run_batch
from pipeline.batch.analysis import analyze
from pipeline.batch.contents import Contents
from pipeline.batch.engines.interface import Result, Task, Work
from pipeline.batch.rows import Row
from pipeline.batch.sources.entry import Entry, Told
from pipeline.batch.sources.files import FileStore
from pipeline.cli.group import cli
from pipeline.errors import PhotoSetError
from pipeline.identifier import Identifier
from pipeline.records import Identification

SAMPLES = Path(__file__).parents[1] / "samples"


@dataclass
class Place:
    """A folder of photos, their results, and what was done."""

    base: Path
    names: list[str] = field(default_factory=list)

    @property
    def out(self) -> Path:
        return self.base / "out"

    def write(self, name: str, data: bytes) -> None:
        path = self.base / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def run(self, identity: dict[str, str] | None = None, **settings: bool) -> Summary:
        log = self.base / "log"
        log.write_text("")
        how = BatchSettings(shard_size=2, **settings)  # type: ignore[arg-type]
        photos = self.base / "photos"
        summary = run_batch(photos, self.out, Pretender(log), identity or {"catalog": "a"}, how, execute=inline)
        self.names = log.read_text().split()
        return summary

    def rows(self) -> dict[str, Row]:
        lines = (self.out / "results.jsonl").read_text().splitlines()
        return {row["photo"]: row for row in map(json.loads, lines)}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# ------------------------------------------------------------------------------------------------------ the same bytes


def test_the_same_bytes_are_done_once_and_reported_for_each_name(place: Place) -> None:
    for name, data in {"a.jpg": b"one", "b.jpg": b"two", "c/a.jpg": b"one", "d.jpg": b"one"}.items():
        place.write(name, data)
    summary = place.run()
    assert place.names == ["a.jpg", "b.jpg"]
    assert (summary.photos, summary.photos_this_run, summary.same_as) == (4, 4, 2)
    rows = place.rows()
    others = {name: row["same_as"] for name, row in rows.items()}
    assert others == {"a.jpg": None, "b.jpg": None, "c/a.jpg": "a.jpg", "d.jpg": "a.jpg"}
    assert len({row["sha256"] for row in rows.values()}) == 2
    assert all(row["drug"] == "baclofen" and row["mtime_ns"] for row in rows.values())


def test_a_renamed_photo_and_a_later_copy_have_the_row_of_their_bytes(place: Place) -> None:
    place.write("a.jpg", b"one")
    place.write("b.jpg", b"two")
    place.run()
    (place.base / "photos/a.jpg").rename(place.base / "photos/renamed.jpg")
    place.write("copy.jpg", b"two")
    summary = place.run()
    assert (place.names, summary.photos, summary.gone) == ([], 3, 1)
    assert {name: row["same_as"] for name, row in place.rows().items()} == {
        "b.jpg": None,
        "copy.jpg": "b.jpg",
        "renamed.jpg": "a.jpg",
    }
    assert place.run().photos_this_run == 0


def test_what_only_looks_the_same_is_done(place: Place) -> None:
    middle = b"m" * 8192
    place.write("a.jpg", b"1" + middle + b"1")
    place.write("b.jpg", b"2" + middle + b"2")
    summary = place.run()
    assert (place.names, summary.same_as) == (["a.jpg", "b.jpg"], 0)


def test_an_error_is_nobody_elses(place: Place) -> None:
    place.write("bad.jpg", b"x")
    place.write("good.jpg", b"x")
    assert place.run().errors == 1
    assert place.names == ["bad.jpg", "good.jpg"]
    assert place.rows()["good.jpg"]["same_as"] is None


def test_empty_files_are_not_the_same_photo(place: Place) -> None:
    place.write("a.jpg", b"")
    place.write("b.jpg", b"")
    assert place.run().same_as == 0


# --------------------------------------------------------------------------------------------------------------- errors


def test_errors_are_tried_again_when_asked(place: Place) -> None:
    place.write("bad.jpg", b"x")
    place.write("good.jpg", b"y")
    place.run()
    place.run()
    assert place.names == []
    assert place.run(retry_errors=True).errors == 1
    assert place.names == ["bad.jpg"]


class Failing:
    """An engine that loses some photos at their first tries, and keeps how they were run."""

    def __init__(self, **losses: int) -> None:
        self.losses = Counter({f"{name}.jpg": times for name, times in losses.items()})
        self.workers: list[int | None] = []

    def __call__(
        self, tasks: Iterator[Task], work: Work[Task, Result], workers: int | None, timeout_seconds: float
    ) -> Iterator[tuple[Task, Result]]:
        self.workers.append(workers)
        for task in tasks:
            path = task.entry.path  # type: ignore[attr-defined]
            lost, self.losses[path] = self.losses[path] > 0, self.losses[path] - 1
            yield task, work.lost(task, "WorkerDied", "killed", 1.0) if lost else work.do(task)


def test_what_the_machine_failed_at_is_tried_once_more_alone(place: Place) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        place.write(name, name.encode())
    engine, seen = Failing(a=1, b=9), list[Progress]()
    how = BatchSettings(workers=2, shard_size=2)
    args = (place.base / "photos", place.out, Pretender(), {}, how)
    summary = run_batch(*args, watch=Watch(seen.append), execute=engine)
    assert engine.workers == [2, 1]
    assert (summary.photos, summary.photos_this_run, summary.error_kinds) == (3, 3, {"WorkerDied": 1})
    assert {name: row["tries"] for name, row in place.rows().items()} == {"a.jpg": 2, "b.jpg": 2, "c.jpg": 1}
    assert seen[-1] == Progress(3, 3, 0, 1)
    run_batch(*args, execute=engine)
    assert engine.workers == [2, 1], "two tries are all"


def test_a_run_that_was_killed_before_the_second_try_makes_up_for_it(place: Place) -> None:
    place.write("a.jpg", b"a")
    engine = Failing(a=1)

    def stop(progress: Progress) -> None:
        if progress.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_batch(place.base / "photos", place.out, Pretender(), {}, watch=Watch(stop), execute=engine)
    assert run_batch(place.base / "photos", place.out, Pretender(), {}, execute=engine).errors == 0
    assert place.rows()["a.jpg"]["tries"] == 2


def test_too_little_memory_is_an_error_of_its_own(tmp_path: Path) -> None:
    class Large:
        def identify(self, photo: Path) -> Identification:
            raise MemoryError

    row = analyze(Large(), FileStore(str(tmp_path)), Entry("a.jpg"))
    assert (row["error_kind"], "fewer --workers" in row["error"]) == ("MemoryError", True)


# ---------------------------------------------------------------------------------------------------------- fingerprint


def test_a_restart_keeps_the_earlier_results_beside(place: Place) -> None:
    place.write("a.jpg", b"a")
    place.run({"catalog": "a"})
    with pytest.raises(PhotoSetError, match=r"catalog: then a, now b.*--restart"):
        place.run({"catalog": "b"})
    earlier = (place.out / "results.jsonl").read_bytes()
    assert place.run({"catalog": "b"}, restart=True).photos_this_run == 1
    (aside,) = (place.out / "earlier").iterdir()
    assert (aside / "results.jsonl").read_bytes() == earlier
    assert json.loads((aside / "batch.json").read_text())["catalog"] == "a"
    assert place.run({"catalog": "b"}).photos_this_run == 0


def test_a_restart_in_a_new_folder_is_a_start_and_takes_nobody_elses(place: Place) -> None:
    place.write("a.jpg", b"a")
    place.out.mkdir()
    (place.out / "thesis.doc").touch()
    with pytest.raises(PhotoSetError, match="no batch's results"):
        place.run(restart=True)
    (place.out / "thesis.doc").unlink()
    assert place.run(restart=True).photos_this_run == 1


def test_the_fingerprint_covers_code_weights_catalog_reader_and_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    first = identity_of(Identifier(reader="none"))
    assert set(first) == {"pillprint", "code", "weights", "catalog", "coverage", "reader", "risk", "settings"}
    assert identity_of(Identifier(reader="none")) == first
    monkeypatch.setattr(fingerprint, "_NO_ANSWERS", fingerprint._NO_ANSWERS | {"measure"})
    monkeypatch.setattr(fingerprint, "_TRAINING", (".pt", ".npz"))
    other = identity_of(Identifier(reader="tesseract"))
    assert {key for key in first if first[key] != other[key]} == {"code", "weights", "reader", "settings"}


@pytest.mark.slow
def test_the_command_restarts(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a.jpg").write_bytes(b"no photo")
    command = [
        "batch",
        str(photos),
        "--out",
        str(tmp_path / "out"),
        "--no-report",
        "--workers",
        "1",
        "--reader",
        "none",
    ]
    assert CliRunner().invoke(cli, command).exit_code == 0
    refused = CliRunner().invoke(cli, [*command, "--risk", "1-in-100", "--coverage", "0.5"])
    assert refused.exit_code == 5 and "--restart" in refused.stderr
    assert CliRunner().invoke(cli, [*command, "--coverage", "0.5", "--restart", "--retry-errors"]).exit_code == 0
    assert len(list((tmp_path / "out/earlier").iterdir())) == 1


def test_an_index_of_contents_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    contents = Contents(lambda path, size: None, lambda shard: ())
    contents.add_done("s", {0: {"size_bytes": 3, "sha256": "x"}, 1: {"size_bytes": 3, "sha256": None}})
    assert (contents.has_done(3), contents.has_done(4), contents.done(3, Told(), "x")) == (True, False, [("s", 0)])
    contents.close()
    assert list(tmp_path.iterdir()) == []
