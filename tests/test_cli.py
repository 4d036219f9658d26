"""The command line: what each command prints, where, and with which exit code."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from pretend import answer

import pipeline
import pipeline.batch
import pipeline.identifier
from pipeline.answer import Answer
from pipeline.cli import cli
from pipeline.errors import EngineMissingError
from pipeline.imprint import READERS
from pipeline.records import Decision, Photo

COMMANDS = ("batch", "catalog", "doctor", "evaluate", "identify", "marker", "monograph", "search", "verify")
# Those that ask about photos.
ASKING = (("identify", "a.jpg"), ("batch", ".", "--out", "out"), ("evaluate", "."), ("verify", "a.jpg"))
# They write a file, and that is all.
NO_RESULT = (("catalog", "use"), ("catalog", "migrate"), ("marker",))
SAMPLES = Path(__file__).parents[1] / "samples"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [os.fspath(argument) for argument in arguments])


def every_command() -> list[tuple[tuple[str, ...], click.Command]]:
    """All commands and the commands of groups, by their words."""
    context = click.Context(cli)
    found: list[tuple[tuple[str, ...], click.Command]] = []
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command
        found.append(((name,), command))
        if isinstance(command, click.Group):
            found += [((name, inner), below) for inner, below in command.commands.items()]
    return found


class Pretended:
    """Stands in for ``Identifier``: answers at once, or raises what it was told to."""

    error: Exception | None = None
    photos: tuple[Photo, ...] = ()
    calls: ClassVar[list[tuple[Any, Any]]] = []
    made: ClassVar[list[Pretended]] = []

    def __init__(
        self, catalog: Any = None, settings: pipeline.Settings | None = None, *, keep_photos: bool = False
    ) -> None:
        self.catalog, self.settings = catalog, settings or pipeline.Settings()
        self.made.append(self)

    def identify(
        self, photos: Any, mm_per_px: float | None = None, coin: str | None = None, region: Any = None
    ) -> Answer:
        self.calls.append((photos, mm_per_px))
        if self.error:
            raise self.error
        return replace(answer(), photos=tuple(photo.name for photo in self.photos), again=self.photos)

    def identify_each(
        self, photo: Any, mm_per_px: float | None = None, coin: str | None = None, region: Any = None
    ) -> tuple[Answer, ...]:
        self.calls.append((photo, mm_per_px))
        return answer(), answer(Decision.UNKNOWN)


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> type[Pretended]:
    monkeypatch.setattr(pipeline.identifier, "Identifier", Pretended)
    monkeypatch.setattr(Pretended, "calls", [])
    monkeypatch.setattr(Pretended, "made", [])
    monkeypatch.setattr(Pretended, "error", None)
    return Pretended


def test_help_names_every_command_and_the_exit_codes() -> None:
    done = run("--help")
    assert done.exit_code == 0
    for command in COMMANDS:
        assert f"\n  {command} " in done.output
    assert "3 not a usable photo" in " ".join(done.output.split())


def test_every_command_and_every_option_has_help() -> None:
    commands = every_command()
    assert {words[0] for words, _ in commands} == set(COMMANDS)
    for words, command in commands:
        assert command.help, words
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.name not in ("help", "part"):
                assert parameter.help, (words, parameter.name)


def test_every_command_prints_json() -> None:
    for words, command in every_command():
        if not isinstance(command, click.Group) and words not in NO_RESULT:
            options = {option for parameter in command.params for option in parameter.opts}
            assert "--json" in options, words


def test_help_is_quick() -> None:
    before = os.times()
    subprocess.run([sys.executable, "-m", "pipeline", "--help"], check=True, capture_output=True)
    after = os.times()
    seconds = after.children_user + after.children_system - before.children_user - before.children_system
    assert seconds < 1.0, f"{seconds} s of CPU; some heavy module is imported at start"


def test_identify_prints_plain_text_in_a_pipe(pretended: type[Pretended]) -> None:
    done = run("identify", "a.jpg", "b.jpg", "--mm-per-px", "0.05")
    assert done.exit_code == 0
    assert done.output.startswith("IDENTIFIED baclofen 10 mg, 97 %\nreason: the imprint and the color fit\n")
    assert "baclofen 10 mg" in done.output
    assert "\x1b" not in done.output
    assert pretended.calls == [((Path("a.jpg"), Path("b.jpg")), 0.05)]


@pytest.mark.parametrize(
    ("options", "risk"),
    [
        ((), "strict"),
        (("--risk", "strict"), "strict"),
        (("--risk", "1-in-100"), "one in 100"),
        (("--risk", "exact-only"), "exact only"),
    ],
)
def test_the_risk_is_the_caller_s(pretended: type[Pretended], options: tuple[str, ...], risk: str) -> None:
    assert run("identify", "a.jpg", *options).exit_code == 0
    assert pretended.made[0].settings == pipeline.Settings(decide=pipeline.DecideSettings(risk=risk))


@pytest.mark.parametrize("command", ASKING)
def test_the_reader_is_an_option_of_every_command_that_reads_photos(command: tuple[str, ...]) -> None:
    done = run(*command, "--reader", "telepathy")
    assert done.exit_code == 2
    assert ", ".join(map(repr, READERS)) in done.stderr


def test_identify_reads_with_the_reader_named(pretended: type[Pretended]) -> None:
    assert run("identify", "a.jpg", "--reader", "none").exit_code == 0
    assert pretended.made[0].settings.read.reader == "none"


@pytest.mark.slow
def test_nothing_is_identified_by_its_look_alone() -> None:
    done = run("identify", SAMPLES / "024_both_gray.jpg", "--reader", "none", "--json")
    assert json.loads(done.output)["decision"] in ("UNKNOWN", "UNREADABLE")


def test_the_coverage_is_the_caller_s(pretended: type[Pretended]) -> None:
    assert run("identify", "a.jpg", "--coverage", "0.5").exit_code == 0
    assert run("identify", "a.jpg").exit_code == 0
    assert [made.catalog.stated_coverage for made in pretended.made] == [0.5, None]


@pytest.mark.parametrize("command", ASKING)
def test_risk_and_coverage_are_options_of_every_command_that_asks_about_photos(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for option, value in (
        *(("--coverage", share) for share in ("0", "1", "-0.1", "50", "nan", "much")),
        *(("--risk", risk) for risk in ("one in 100", "0.95", "")),
    ):
        done = run(*command, option, value)
        assert done.exit_code == 2, (option, value, done.output)
        assert option.removeprefix("--") in done.stderr
        assert done.stdout == ""


def test_a_batch_of_another_risk_or_coverage_is_another_batch(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    command = ("batch", tmp_path / "photos", "--out", tmp_path / "out")
    assert run(*command).exit_code == 0
    assert json.loads((tmp_path / "out" / "batch.json").read_text())["coverage"] == "0.00186"
    assert run(*command, "--risk", "strict").exit_code == 0
    done = run(*command, "--coverage", "0.5")
    assert (done.exit_code, "coverage: then 0.00186, now 0.5" in done.stderr) == (5, True)
    done = run(*command, "--risk", "exact-only")
    assert (done.exit_code, "risk: then strict, now exact only; settings: then " in done.stderr) == (5, True)


def test_identify_prints_json(pretended: type[Pretended]) -> None:
    assert json.loads(run("identify", "a.jpg", "--json").output)["decision"] == "IDENTIFIED"
    each = json.loads(run("identify", "a.jpg", "--each", "--json").output)
    assert [found["decision"] for found in each] == ["IDENTIFIED", "UNKNOWN"]


def test_each_answer_has_its_number(pretended: type[Pretended]) -> None:
    done = run("identify", "a.jpg", "--each").output
    assert [line for line in done.splitlines() if line.startswith("pill ")] == ["pill 1 of 2:", "pill 2 of 2:"]
    assert "pill 1 of" not in run("identify", "a.jpg").output


def test_each_takes_one_photo(pretended: type[Pretended]) -> None:
    done = run("identify", "a.jpg", "b.jpg", "--each")
    assert done.exit_code == 2
    assert "--each takes one photo" in done.output


def test_identify_saves_overlay_and_page(
    pretended: type[Pretended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = tmp_path / "a.png"
    monkeypatch.setattr(pretended, "photos", (Photo(np.full((150, 200, 3), 128, np.uint8), "a.png"),))
    done = run("identify", photo, "--overlay", tmp_path / "overlay.png", "--html", tmp_path / "page.html")
    assert done.exit_code == 0, done.output
    with Image.open(tmp_path / "overlay.png") as overlay:
        assert overlay.width > 200
    assert "baclofen" in (tmp_path / "page.html").read_text()
    done = run("identify", photo, "--overlay", tmp_path / "overlay.xyz")
    assert done.exit_code == 2
    assert "must end in" in done.output


def test_errors_are_one_line_with_their_own_exit_code(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jpg"
    empty.touch()
    (tmp_path / "no.db").write_text("nonsense")
    for arguments, code, told in (
        (("identify", empty), 3, "empty.jpg: is empty"),
        (("identify", tmp_path / "none.jpg"), 3, "no such file"),
        (("identify", tmp_path), 3, "is a folder; for all photos in a folder use `pillprint batch`"),
        (("identify", empty, "--catalog", tmp_path / "none.db"), 4, "none.db"),
        (("identify", empty, "--catalog", tmp_path / "no.db"), 4, "no.db"),
        (("batch", empty, "--out", tmp_path / "out"), 5, "is no folder"),
        (("monograph", "nonsense"), 2, "there are: alprazolam, baclofen"),
        (("identify",), 2, "Missing argument"),
    ):
        done = run(*arguments)
        assert done.exit_code == code, (arguments, done.output)
        assert told in done.output
        assert done.stdout == ""
        assert isinstance(done.exception, SystemExit)


def test_what_is_not_installed_is_told(pretended: type[Pretended], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pretended, "error", EngineMissingError("tesseract is not installed; install it"))
    done = run("identify", "a.jpg")
    assert (done.exit_code, done.stderr) == (6, "pillprint: tesseract is not installed; install it\n")


def test_a_full_disk_is_told_and_a_fault_of_ours_is_not_hidden(
    pretended: type[Pretended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pretended, "error", OSError(errno.ENOSPC, "No space left on device", "out/x"))
    done = run("identify", "a.jpg")
    assert (done.exit_code, done.stderr) == (1, "pillprint: out/x: No space left on device\n")
    monkeypatch.setattr(Pretended, "error", ImportError("cannot import name 'x'", name="pipeline.load"))
    assert isinstance(run("identify", "a.jpg").exception, ImportError)


def test_monograph_prints_text_markdown_and_json() -> None:
    assert run("monograph", "baclofen").output.startswith("Baclofen")
    assert run("monograph", "Lioresal", "--format", "markdown").output.startswith("# Baclofen")
    as_json = run("monograph", "baclofen", "--json").output
    assert json.loads(as_json)["drug"] == "baclofen"
    assert run("monograph", "baclofen", "--format", "json").output == as_json


def test_doctor_lists_what_is_there() -> None:
    done = run("doctor")
    assert done.exit_code == 0
    assert "ok       OpenCV: " in done.output
    assert {check["name"] for check in json.loads(run("doctor", "--json").output)} >= {"Python", "OpenCV", "Tesseract"}


def test_doctor_fails_where_something_needed_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    done = run("doctor")
    assert done.exit_code == 6
    assert "MISSING  OpenCV" in done.output
    assert "-> apt-get install libgl1" in done.output


def test_a_stopped_batch_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline.batch, "run_batch", interrupted)
    done = run("batch", tmp_path, "--out", tmp_path / "out")
    assert done.exit_code == 130
    assert "the same command goes on" in done.stderr


@pytest.mark.slow
def test_batch_runs_the_real_thing(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("empty_file.jpg", "024_both_gray.jpg"):
        (folder / name).symlink_to(SAMPLES / name)
    done = run("batch", folder, "--out", tmp_path / "out", "--workers", "1", "--json")
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout)
    assert (summary["photos"], summary["errors"], summary["decisions"]) == (2, 1, {"IDENTIFIED": 1})
    rows = [json.loads(line) for line in (tmp_path / "out" / "results.jsonl").read_text().splitlines()]
    assert [row["photo"] for row in rows] == ["024_both_gray.jpg", "empty_file.jpg"]
    assert rows[0]["drug"] == "baclofen"
    again = run("batch", folder, "--out", tmp_path / "out")
    assert again.exit_code == 0
    assert "photos" in again.stdout
    other = run("batch", folder, "--out", tmp_path / "out", "--catalog", SAMPLES.parent / "reference" / "none.db")
    assert other.exit_code == 4
