"""What a person or a program sees of a batch: beforehand, on the way and at its end."""

from __future__ import annotations

import io
import json
import os
import re
import time
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pretend import Pretender, inline
from rich.console import Console

from pipeline.batch import BatchSettings, Progress, estimate_batch, run_batch
from pipeline.cli.batch_words import KINDS
from pipeline.cli.group import cli
from pipeline.cli.output import ERRORS_LEFT
from pipeline.cli.progress import ProgressDisplay, ProgressLog, duration
from pipeline.errors import PhotoSetError

SAMPLES = Path(__file__).parents[1] / "samples"
DOCS = Path(__file__).parents[1] / "docs" / "results.md"
IDENTITY = {"catalog": "test"}
SETTINGS = BatchSettings(workers=4, shard_size=7, timeout_seconds=30)


def photos_in(folder: Path, number: int) -> Path:
    folder.mkdir(exist_ok=True)
    for index in range(number):
        (folder / f"{index:03d}.jpg").write_bytes(b"%d" % index)
    return folder


def tree(folder: Path) -> set[str]:
    return {os.path.join(place, name) for place, folders, files in os.walk(folder) for name in (*folders, *files)}


# ------------------------------------------------------------------------------------------------------- beforehand


def test_an_estimate_counts_measures_and_writes_nothing(tmp_path: Path) -> None:
    folder, out = photos_in(tmp_path / "photos", 40), tmp_path / "deep/out"
    before = tree(tmp_path)
    slow = Pretender(delay_seconds=0.02)
    expected = estimate_batch(folder, out, slow, IDENTITY, SETTINGS, execute=inline)
    assert tree(tmp_path) == before
    assert (expected.photos, expected.done_before, expected.measured, expected.workers) == (40, 0, 8, 4)
    assert 0.02 <= expected.seconds_per_photo < 0.2
    assert expected.seconds == pytest.approx(40 * expected.seconds_per_photo / 4, rel=0.1, abs=0.06)
    run_batch(folder, out, slow, IDENTITY, SETTINGS, execute=inline)
    written = sum(os.path.getsize(file) for file in tree(out) if os.path.isfile(file))
    assert expected.disk_bytes == pytest.approx(written, rel=0.2)
    assert expected.free_bytes > 0


def test_an_estimate_knows_what_was_done_before(tmp_path: Path) -> None:
    folder, out = photos_in(tmp_path / "photos", 10), tmp_path / "out"
    run_batch(folder, out, Pretender(), IDENTITY, SETTINGS, execute=inline)
    photos_in(folder, 12)
    (folder / "000.jpg").write_bytes(b"another")
    (folder / "001.jpg").unlink()
    before = tree(tmp_path)
    expected = estimate_batch(folder, out, Pretender(), IDENTITY, SETTINGS, execute=inline)
    assert (expected.photos, expected.done_before) == (11, 8)
    assert tree(tmp_path) == before
    with pytest.raises(PhotoSetError, match="catalog: then test, now other"):
        estimate_batch(folder, out, Pretender(), {"catalog": "other"}, SETTINGS, execute=inline)


def test_an_estimate_of_nothing(tmp_path: Path) -> None:
    expected = estimate_batch(photos_in(tmp_path / "photos", 0), tmp_path / "out", Pretender(), IDENTITY, SETTINGS)
    assert (expected.photos, expected.measured, expected.seconds, expected.disk_bytes) == (0, 0, 0, 0)


# -------------------------------------------------------------------------------------------------------- on the way


def test_a_log_has_a_line_of_json_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with suppress(PhotoSetError), ProgressLog() as log:
        log(Progress(5, 10, 4, 0))
        time.sleep(0.01)
        for done in range(6, 11):
            log(Progress(done, 10, 4, 1))
        log.warn("careful\x1b")
        raise PhotoSetError("the disk is full")
    begun, progress, warning, failed = map(json.loads, capsys.readouterr().err.splitlines())
    assert begun == {"time": begun["time"], "event": "begun", "photos": 10, "done_before": 4}
    assert (progress["event"], progress["done"], progress["errors"], progress["seconds_left"]) == ("progress", 10, 1, 0)
    assert 0 < progress["photos_per_second"] <= 600
    assert (warning["event"], warning["message"]) == ("warning", "careful\x1b")
    assert (failed["event"], failed["reason"]) == ("failed", "the disk is full")


def test_the_rate_leaves_out_that_workers_start(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    output = io.StringIO()
    with ProgressDisplay(Console(file=output, width=100)) as display:
        for seconds, done in ((0, 20), (60, 21), (70, 41), (80, 61), (90, 100)):
            now[0] = seconds
            display(Progress(done, 100, 20))
    assert output.getvalue().splitlines() == [
        "20 of 100 photos were done before",
        "21 of 100 photos, 0 errors, unknown time left",
        "41 of 100 photos, 2.0/s, 0 errors, 0:00:30 left",
        "61 of 100 photos, 2.0/s, 0 errors, 0:00:20 left",
        "100 of 100 photos, 2.6/s, 0 errors, 0:00:00 left",
    ]


def test_a_duration_has_hours() -> None:
    assert (duration(59.6), duration(3661), duration(360000)) == ("0:01:00", "1:01:01", "100:00:00")


# ------------------------------------------------------------------------------------------------------- at the end


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.mark.slow
def test_the_command_is_watched_before_on_the_way_and_after(tmp_path: Path) -> None:
    folder, out = tmp_path / "photos", tmp_path / "out"
    folder.mkdir()
    (folder / "pill.jpg").write_bytes((SAMPLES / "024_both_gray.jpg").read_bytes())
    (folder / "\x1b[31m.jpg").write_bytes(b"")
    command = ("batch", folder, "--out", out, "--workers", 1)
    dry = run(*command, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert dry.stdout.startswith("photos  2\ntime    about 0:00:0")
    assert dry.stdout.endswith("are free\nNothing was written.\n")
    assert not out.exists()
    done = run(*command, "--fail-on-error", "--log-json")
    assert done.exit_code == ERRORS_LEFT == 7
    begun, progress, ended = map(json.loads, done.stderr.splitlines())
    assert (begun["event"], progress["event"], ended["event"]) == ("begun", "progress", "ended")
    assert (ended["photos"], ended["errors"], ended["error_kinds"]) == (2, 1, {"PhotoError": 1})
    assert "\n  no answer   1 (not a usable photo)\n" in done.stdout
    assert "\nThe batch is complete. One photo has no answer; why, and what to do, stands in" in done.stdout
    assert "Once mended, the same command does them again; with --retry-errors also where" in done.stdout
    assert "\\x1b[31m.jpg: is empty (0 bytes)" in done.stdout and "\x1b" not in done.stdout
    again = run(*command)
    assert again.exit_code == 0
    assert "2 of 2 photos were done before" in again.stderr


def test_each_kind_of_error_has_words_in_the_summary() -> None:
    line = next(line for line in DOCS.read_text("utf-8").splitlines() if line.startswith("| `error_kind`"))
    assert set(KINDS) == set(re.findall(r"`([A-Z]\w+)`", line))


def test_a_ray_address_where_none_is_ends_at_once(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs the extra `ray`")
    (tmp_path / "a.jpg").write_bytes(b"x")
    ended = run("batch", tmp_path, "--out", tmp_path / "out", "--ray-address", "127.0.0.1:1")
    assert ended.exit_code == 1
    assert "127.0.0.1:1: no Ray cluster answers there" in ended.stderr
