"""The result folder on file systems that lack something, and damaged ones: it works, or says what does not."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import filelock
import pytest
from pretend import Pretender, inline

from pipeline.batch import BatchSettings, Summary, durable, run_batch
from pipeline.errors import PhotoSetError

PATH = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])])
# Writing fails in the second shard, as on a full disk.
FULL_DISK = """
import resource, sys
from pathlib import Path
from test_batch_files import run
from pipeline.errors import PhotoSetError
if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_FSIZE, (2500, 2500))
    try:
        run(Path({!r}))
    except PhotoSetError as error:
        sys.exit(str(error))
"""
NAMES = [f"{number}.jpg" for number in range(10)]


def run(root: Path) -> Summary:
    settings = BatchSettings(workers=1, shard_size=4, timeout_seconds=30)
    return run_batch(root / "photos", root / "out", Pretender(), {"catalog": "test"}, settings, execute=inline)


def results(root: Path) -> list[str]:
    return [json.loads(line)["photo"] for line in (root / "out/results.jsonl").read_text().splitlines()]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    for name in NAMES:
        (tmp_path / "photos" / name).write_bytes(b"x")
    return tmp_path


@pytest.fixture
def done(photos: Path) -> Path:
    run(photos)
    return photos


# ---------------------------------------------------------------------------------------------- what is lacking


def no_locks(self: filelock.FileLock, timeout: float) -> None:
    raise OSError(errno.ENOLCK, "No locks available")


def test_a_file_system_without_locks_is_said_and_guarded_by_a_file(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filelock.FileLock, "acquire", no_locks)
    with pytest.warns(UserWarning, match="its file system has no locks; start no second batch"):
        assert run(photos).photos == 10
    assert not (photos / "out/.lock.here").exists()
    other = filelock.SoftFileLock(photos / "out/.lock.here")
    with (
        other,
        pytest.warns(UserWarning, match="no locks"),
        pytest.raises(PhotoSetError, match="another batch is working in it"),
    ):
        run(photos)


def test_a_file_system_that_cannot_sync_is_no_reason_to_stop(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refuse)
    assert run(photos).photos == 10


def test_a_broken_disk_is_a_reason_to_stop(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(PhotoSetError, match=r"out: cannot be written or read \(Input/output error\); mend that"):
        run(photos)


def test_a_full_disk_says_how_to_go_on_and_loses_nothing(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = FULL_DISK.format(str(photos))
    (photos / "script.py").write_text(script)
    environment = {**os.environ, "PYTHONPATH": PATH}
    ended = subprocess.run([sys.executable, photos / "script.py"], env=environment, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.endswith("mend that and give the same command again: what is done is kept\n")
    assert 0 < run(photos).photos_this_run < 10
    assert results(photos) == NAMES


def test_a_folder_that_cannot_be_written_is_refused(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object, timeout: float) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(filelock.FileLock, "acquire", refuse)
    with pytest.raises(PhotoSetError, match=r"cannot take the results \(Read-only file system\); name another folder"):
        run(photos)


def test_names_that_differ_by_case_only_are_two_photos(photos: Path) -> None:
    (photos / "photos/A.jpg").write_bytes(b"A")
    (photos / "photos/a.jpg").write_bytes(b"a")
    if len(os.listdir(photos / "photos")) < len(NAMES) + 2:
        pytest.skip("this file system knows no case")
    run(photos)
    assert results(photos) == [*NAMES, "A.jpg", "a.jpg"]


def test_a_folder_deeper_than_the_longest_path_is_told(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photos / "photos")
    for _ in range(42):
        os.mkdir("d" * 100)
        os.chdir("d" * 100)
    monkeypatch.chdir(photos)
    summary = run(photos)
    assert (summary.photos, summary.error_kinds) == (11, {"PhotoSetError": 1})
    assert summary.first_errors[0].endswith(
        "/: lies deeper than the system's longest path; give a folder nearer to it as FOLDER, or move it up"
    )
    assert run(photos).photos_this_run == 0
    shutil.rmtree("photos")  # pytest's own clearing goes by whole paths


def test_a_replaced_file_is_whole_or_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "file"
    durable.replace(file, b"old")
    with suppress(ZeroDivisionError), durable.replacing(file) as unfinished:
        unfinished.write(b"ne")
        raise ZeroDivisionError
    assert file.read_bytes() == b"old"


# ---------------------------------------------------------------------------------------------------- what is damaged


def half(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def noise(file: Path) -> None:
    file.write_bytes(b"\xff\x00\n" * 4)


def one_line_less(file: Path) -> None:
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))


@pytest.mark.parametrize("damage", [half, emptied, noise, one_line_less, Path.unlink])
@pytest.mark.parametrize("name", ["000000.jsonl", "000002.jsonl", "extent.json"])
def test_a_damaged_plan_is_refused(done: Path, name: str, damage: Callable[[Path], None]) -> None:
    damage(done / "out/plan/0001" / name)
    with pytest.raises(PhotoSetError, match=f"{name}: is damaged .*name a new folder with --out"):
        run(done)


def swapped(file: Path) -> None:
    file.write_bytes(b"".join(reversed(file.read_bytes().splitlines(keepends=True))))


def doubled(file: Path) -> None:
    file.write_bytes(file.read_bytes() * 2)


@pytest.mark.parametrize("damage", [half, emptied, noise, one_line_less, swapped, doubled, Path.unlink])
def test_damaged_rows_are_done_again(done: Path, damage: Callable[[Path], None]) -> None:
    before = (done / "out/results.jsonl").read_text()
    damage(done / "out/shards/0001-000001.jsonl")
    assert 1 <= run(done).photos_this_run <= 4
    assert results(done) == NAMES
    assert len(before.splitlines()) == 10


@pytest.mark.parametrize("damage", [half, emptied, noise])
def test_a_damaged_stamp_is_refused(done: Path, damage: Callable[[Path], None]) -> None:
    damage(done / "out/batch.json")
    with pytest.raises(PhotoSetError, match=r"batch.json: is damaged; name a new folder with --out"):
        run(done)
