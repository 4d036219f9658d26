"""Batches: every photo once, whatever happens on the way. A pretended identifier keeps it fast."""

from __future__ import annotations

import csv
import inspect
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import hypothesis
import pytest
from examples import identification, sold_by_two
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st
from pretend import CannotWake, Pretender, answer

from pipeline.batch import BatchSettings, Progress, Watch, run_batch
from pipeline.batch.analysis import analyze, error_row
from pipeline.batch.columns import COLUMNS, NAMES
from pipeline.batch.engines import run_ray
from pipeline.batch.ledger import Ledger
from pipeline.batch.names import order
from pipeline.batch.plan import Shard, count, extend, shards
from pipeline.batch.sinks.table import cells_of
from pipeline.batch.sources import walk
from pipeline.batch.sources.entry import Entry
from pipeline.batch.sources.files import FileStore
from pipeline.batch.sources.walk import photos_below
from pipeline.errors import EngineMissingError, PhotoSetError, PillprintError
from pipeline.records import Advice, Candidate, Decision, Identification

IDENTITY = {"catalog": "test"}
ONE = BatchSettings(workers=1, shard_size=4, timeout_seconds=30)


def make_photos(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return folder


def results(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / "results.jsonl").read_text().split("\n") if line]


# ---------------------------------------------------------------------------------------------- looking for photos


def test_the_walk_is_sorted_passes_over_other_files_and_follows_no_loop(tmp_path: Path) -> None:
    make_photos(tmp_path, "b.JPG", "a/z.png", "a-b.jpg", "a.jpg", "notes.txt", "out/x.jpg", "a/deep/er/q.heic")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "loop.jpg").symlink_to(tmp_path)
    (tmp_path / "self.jpg").symlink_to("self.jpg")
    found = list(photos_below(tmp_path, leave_out=tmp_path / "out"))
    assert found == ["a/deep/er/q.heic", "a/z.png", "a-b.jpg", "a.jpg", "b.JPG", "self.jpg"]
    assert found == sorted(found, key=order)


def test_a_folder_larger_than_memory_is_sorted_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"p\n{number * 37 % 101}.jpg" for number in range(101)] + ["d%0A/x.jpg", "q.jpg"]
    make_photos(tmp_path, *names)
    expected = list(photos_below(tmp_path))
    monkeypatch.setattr(walk, "_NAMES_AT_ONCE", 10)
    assert list(photos_below(tmp_path)) == expected == sorted(names, key=order)


def test_deeply_nested_folders_do_not_overflow_the_stack(tmp_path: Path) -> None:
    (tmp_path / "/".join("d" * 150)).mkdir(parents=True)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 100)
    try:
        assert list(photos_below(tmp_path)) == []
    finally:
        sys.setrecursionlimit(limit)


def test_a_folder_that_cannot_be_listed_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_photos(tmp_path, "locked/x.jpg", "z.jpg")
    listed = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", refuse)  # root lists everything, so the mode bits alone test nothing
    assert list(photos_below(tmp_path)) == ["locked/", "z.jpg"]

    def refuse_list(path: str) -> list[str]:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "listdir", refuse_list)
    row = analyze(Pretender(), FileStore(str(tmp_path)), Entry("locked/"))
    assert row["error_kind"] == "PhotoSetError"
    assert "chmod +rx" in row["error"]


paths = st.lists(st.text("ab-./\n\udcff", min_size=1, max_size=6), unique=True)


@hypothesis.settings(max_examples=30)
@given(paths, paths, st.integers(1, 4))
def test_a_plan_holds_every_photo_once_and_grows(
    tmp_path_factory: pytest.TempPathFactory, first: list[str], later: list[str], size: int
) -> None:
    directory = tmp_path_factory.mktemp("plan") / "plan"
    extend(directory, sorted(first, key=order), size)
    extend(directory, sorted({*first, *later}, key=order), size)
    planned = [path for shard in shards(directory) for path in shard.paths]
    assert sorted(planned) == sorted({*first, *later})
    assert count(directory) == len(planned)
    assert len({shard.key for shard in shards(directory)}) == len(list(shards(directory)))


# ------------------------------------------------------------------------------------------------- the whole batch


def test_every_photo_gets_one_row_whatever_happens(tmp_path: Path) -> None:
    names = ["a.jpg", "bad.jpg", "bug.png", "crash.jpg", "memory.jpg", "z/hang.jpg", "z/last.jpg"]
    folder = make_photos(tmp_path / "photos", *names)
    seen: list[Progress] = []
    settings = BatchSettings(workers=2, shard_size=3, timeout_seconds=1.5)
    summary = run_batch(folder, tmp_path / "out", Pretender(), IDENTITY, settings, watch=Watch(seen.append))
    rows = {str(row["photo"]): row for row in results(tmp_path / "out")}
    assert list(rows) == names
    assert {name: row["error_kind"] for name, row in rows.items()} == {
        "a.jpg": None,
        "bad.jpg": "PhotoError",
        "bug.png": "UnexpectedError",
        "crash.jpg": "WorkerDied",
        "memory.jpg": "WorkerDied",
        "z/hang.jpg": "TimedOut",
        "z/last.jpg": None,
    }
    assert all("crash.jpg" in str(rows["crash.jpg"][key]) for key in ("photo", "error"))
    assert "SIGSEGV" in str(rows["crash.jpg"]["error"])
    assert "lack of memory" in str(rows["memory.jpg"]["error"])
    assert "--timeout" in str(rows["z/hang.jpg"]["error"])
    assert (summary.photos, summary.errors, summary.photos_this_run) == (7, 5, 7)
    assert summary.decisions == {"IDENTIFIED": 2}
    assert seen[-1] == Progress(7, 7, 0, 5)
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["error_kinds"]["WorkerDied"] == 2
    with (tmp_path / "out" / "results.csv").open(newline="", encoding="utf-8-sig") as file:
        table = list(csv.DictReader(file))
    assert [row["photo"] for row in table] == names
    assert tuple(table[0]) == tuple(column.name for column in COLUMNS if column.in_table)
    assert table[0]["drug"] == "baclofen"
    assert table[0]["labelers"] == "'=cmd()"
    assert table[0]["candidates"] == "baclofen 10 mg (97 %)"


def test_without_ray_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    folder = make_photos(tmp_path / "photos", "a.jpg")
    with pytest.raises(EngineMissingError, match=r"pip install ray"):
        run_batch(folder, tmp_path / "out", Pretender(), IDENTITY, ONE, execute=run_ray)


def test_names_of_all_kinds_survive(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in (b"line\nbreak.jpg", b"quo\"te's.jpg", b"latin\xff.jpg", b"=1+1.jpg", "ümlaut.jpg".encode()):
        with open(os.fsencode(folder) + b"/" + name, "wb"):
            pass
    run_batch(folder, tmp_path / "out", Pretender(), IDENTITY, ONE)
    shown = ["=1+1.jpg", "latin\\xff.jpg", "line\nbreak.jpg", "quo\"te's.jpg", "ümlaut.jpg"]
    assert [row["photo"] for row in results(tmp_path / "out")] == shown
    with (tmp_path / "out" / "results.csv").open(newline="", encoding="utf-8-sig") as file:
        assert [row["photo"] for row in csv.DictReader(file)] == ["'=1+1.jpg", *shown[1:]]


def test_a_second_run_does_only_what_is_new(tmp_path: Path) -> None:
    folder, out, log = make_photos(tmp_path / "photos", "b.jpg", "d.jpg"), tmp_path / "out", tmp_path / "log"
    run_batch(folder, out, Pretender(log), IDENTITY, ONE)
    make_photos(folder, "a.jpg", "c.jpg")
    summary = run_batch(folder, out, Pretender(log), IDENTITY, ONE)
    assert (summary.photos, summary.photos_this_run) == (4, 2)
    assert sorted(log.read_text().split()) == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    again = run_batch(folder, out, Pretender(log), IDENTITY, ONE)
    assert (again.photos, again.photos_this_run) == (4, 0)
    assert len(results(out)) == 4


def test_the_results_may_lie_in_the_folder_itself(tmp_path: Path) -> None:
    folder = make_photos(tmp_path, "a.jpg")
    run_batch(folder, folder / "out", Pretender(), IDENTITY, ONE)
    make_photos(folder, "out/not-a-result.jpg")
    assert run_batch(folder, folder / "out", Pretender(), IDENTITY, ONE).photos == 1


def test_an_empty_folder_gives_empty_results(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    summary = run_batch(tmp_path / "photos", tmp_path / "out", Pretender(), IDENTITY, ONE)
    assert summary.photos == 0
    assert (tmp_path / "out" / "results.csv").read_text("utf-8-sig").startswith("photo,decision")


@pytest.mark.slow
def test_a_killed_batch_goes_on_where_it_was(tmp_path: Path) -> None:
    names = [f"{number:02d}.jpg" for number in range(30)]
    folder, out, log = make_photos(tmp_path / "photos", *names), tmp_path / "out", tmp_path / "log"
    script = (
        "from pathlib import Path\nfrom pipeline.batch import BatchSettings, run_batch\n"
        "from pretend import Pretender\n"
        "if __name__ == '__main__':\n"
        f"    pretender = Pretender(Path({str(log)!r}), 0.05)\n"
        f"    run_batch(Path({str(folder)!r}), Path({str(out)!r}), pretender, {IDENTITY!r}, {ONE!r})\n"
    )
    (tmp_path / "script.py").write_text(script)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    process = subprocess.Popen([sys.executable, tmp_path / "script.py"], env=environment)
    deadline = time.monotonic() + 30
    while (not log.exists() or len(log.read_text().split()) < 10) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.wait()
    time.sleep(0.3)  # its worker ends when it finds the pipe closed
    done_first = len(log.read_text().split())
    assert 10 <= done_first < 30
    summary = run_batch(folder, out, Pretender(log), IDENTITY, ONE)
    assert [row["photo"] for row in results(out)] == names
    assert done_first - 1 <= 30 - summary.photos_this_run <= done_first
    assert 30 <= len(log.read_text().split()) <= 31, "at most the photo in hand is done twice"


def test_a_worker_that_cannot_start_ends_the_batch_with_its_reason(tmp_path: Path) -> None:
    folder = make_photos(tmp_path / "photos", "a.jpg")
    with pytest.raises(PillprintError, match="no catalog; build one"):
        run_batch(folder, tmp_path / "out", CannotWake("raises"), IDENTITY, ONE)
    with pytest.raises(PillprintError, match="exit code 9 while it started; run `pillprint doctor`"):
        run_batch(folder, tmp_path / "out", CannotWake("dies"), IDENTITY, ONE)


def test_results_are_not_written_to_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = make_photos(tmp_path / "photos", "a.jpg")
    for restart in (False, True):
        with pytest.raises(PhotoSetError, match=r"s3://pills/out: is an address, .* name one with --out"):
            run_batch(folder, Path("s3://pills/out"), Pretender(), IDENTITY, BatchSettings(workers=1, restart=restart))
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]
    (tmp_path / "odd:").mkdir()
    assert run_batch(folder, Path("odd:/out"), Pretender(), IDENTITY, ONE).photos == 1


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    folder, out = make_photos(tmp_path / "photos", "a.jpg"), tmp_path / "out"
    with pytest.raises(PhotoSetError, match="is no folder"):
        run_batch(folder / "a.jpg", out, Pretender(), IDENTITY, ONE)
    with pytest.raises(PhotoSetError, match="cannot take the results"):
        run_batch(folder, folder / "a.jpg", Pretender(), IDENTITY, ONE)
    with pytest.raises(PhotoSetError, match="no batch's results"):
        run_batch(folder, make_photos(tmp_path / "mine", "thesis.doc"), Pretender(), IDENTITY, ONE)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.doc"], (
        "nothing is left in a refused folder"
    )
    with pytest.raises(PhotoSetError, match="/: is the root of a file system"):
        run_batch(folder, Path("/"), Pretender(), IDENTITY, ONE)
    assert not Path("/.lock").exists()
    run_batch(folder, out, Pretender(), IDENTITY, ONE)
    with pytest.raises(PhotoSetError, match=r"catalog: then test, now other.*name a new folder with --out"):
        run_batch(folder, out, Pretender(), {"catalog": "other"}, ONE)
    with FileLock(out / ".lock"), pytest.raises(PhotoSetError, match="another batch is working in it"):
        run_batch(folder, out, Pretender(), IDENTITY, ONE)


# ---------------------------------------------------------------------------------------------------- rows on disk


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path)


RUBBISH = [b"", b"\0\0\0", b"[1", b"[0,{}]\n", b'[9,{"photo":""}]\n', b"[[],{}]\n", b"[0,1,2]\n"]


@hypothesis.settings(max_examples=30)
@given(cut=st.integers(0, 700), rubbish=st.sampled_from(RUBBISH))
def test_a_part_file_is_repaired_wherever_it_was_cut(
    tmp_path_factory: pytest.TempPathFactory, cut: int, rubbish: bytes
) -> None:
    directory = tmp_path_factory.mktemp("shards")
    shard = Shard("0001-000000", ("a", "b", "c"))
    first = Ledger(directory)
    assert first.begin(shard) == {}
    for index in (2, 0):
        first.add(shard.key, index, error_row(Entry(shard.paths[index]), "K", "m", 0.0))
    part = directory / "0001-000000.part"
    whole = part.read_bytes()
    part.write_bytes(whole[:cut] + rubbish)
    second = Ledger(directory)
    done = set(second.begin(shard))
    assert done <= {0, 2}
    for index in {0, 1, 2} - done:
        second.add(shard.key, index, error_row(Entry(shard.paths[index]), "K", "m", 0.0))
    assert [row["photo"] for row in second.rows(shard.key)] == ["a", "b", "c"]
    assert not part.exists()


def test_a_kill_between_the_last_row_and_the_whole_file_loses_nothing(tmp_path: Path, ledger: Ledger) -> None:
    shard = Shard("k", ("a",))
    (tmp_path / "k.part").write_text('[0,{"photo":"a"}]\n')
    assert set(ledger.begin(shard)) == {0}
    assert list(ledger.rows("k")) == [{"photo": "a"}]
    (tmp_path / "k.part").write_text('[0,{"photo":"a"}]\n')
    assert set(ledger.begin(shard)) == {0}
    assert not (tmp_path / "k.part").exists()


@pytest.mark.parametrize("decision", [decision for decision in Decision if decision is not Decision.IDENTIFIED])
def test_only_an_identified_pill_has_a_drug_in_its_row(decision: Decision) -> None:
    class Unsure:
        def identify(self, photo: Path) -> Identification:
            return answer(decision)

    row = analyze(Unsure(), FileStore("/"), Entry("a.jpg"))
    assert row["decision"] == decision.value
    assert row["drug"] is row["product_id"] is row["probability"] is None
    assert row["candidates"][0]["drug"] == "baclofen"


def row_of(found: Identification) -> dict[str, object]:
    class Knows:
        def identify(self, photo: Path) -> Identification:
            return found

    return dict(analyze(Knows(), FileStore("/"), Entry("a.jpg")))


def table_of(row: dict[str, object]) -> dict[str, str]:
    return dict(zip(NAMES, cells_of(row, NAMES), strict=True))


def test_a_row_has_one_figure_for_a_drug_and_lists_all_who_sell_it() -> None:
    row = row_of(sold_by_two())
    assert (row["drug"], row["strength"], row["probability"]) == ("baclofen", "10 mg", 0.9)
    assert row["labelers"] == ["TruPharma LLC", "Teva", "Sun"]
    assert (row["unlisted"], row["advice"], row["high_alert"], row["catalog_date"]) == (0.08, None, None, "2026-11-22")
    alert = "a medicine for the heart's rhythm: a wrong dose can itself upset it [ismp-acute]"
    assert [(each["drug"], each["probability"], each["high_alert"]) for each in row["candidates"]] == [  # type: ignore[attr-defined]
        ("baclofen", 0.9, None),
        ("flecainide", 0.02, alert),
    ]
    assert table_of(row)["candidates"] == "baclofen 10 mg (90 %); flecainide 50 mg (2 %)"


def test_a_row_of_a_high_alert_drug_says_so() -> None:
    found = identification(("54 024",), candidates=sold_by_two().candidates[2:])
    told = "a medicine for the heart's rhythm: a wrong dose can itself upset it [ismp-acute]"
    assert row_of(found)["high_alert"] == table_of(row_of(found))["high_alert"] == told


def test_a_row_advises_and_is_never_certain() -> None:
    advice = Advice("TURN_OVER", "Turn it over: what does the other face say?", 0.7)
    unknown = row_of(identification(("024",), decision=Decision.UNKNOWN, advice=advice, unlisted=1.0))
    assert (unknown["advice"], unknown["unlisted"]) == (advice.sentence, 0.9999)
    blank = row_of(identification((), decision=Decision.UNKNOWN, candidates=(), unlisted=1.0))
    assert blank["unlisted"] is None and table_of(blank)["unlisted"] == ""
    candidate = sold_by_two().candidates[0]
    sure = row_of(identification(("024",), candidates=(Candidate(candidate.products, 1.0, 1.0, ()),)))
    assert sure["probability"] == 0.9999
    assert table_of(sure)["candidates"] == "baclofen 10 mg (> 99.9 %)"
