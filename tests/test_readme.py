"""The README says what is so: its commands run, its output is real, CI runs its test command."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli import cli
from reference.monographs import monograph_drugs
from reference.store.catalog import open_catalog

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = (
    "pillprint search --imprint 024 --color white",
    "pillprint doctor",
    "pillprint monograph baclofen",
)

# What an answer says first; its further lines (other candidates, evidence) change with every figure that is fitted.
SHOWN = (
    *("IDENTIFIED", "reason:", "photo:", "imprint:", "shape:", "color:", "score:", "imprint type:", "candidate 1:"),
    *("not in this catalog:", "bits:", "monograph:", "asked:"),
)


def block(mark: str) -> str:
    """The shell command below a mark."""
    found = re.search(rf"<!-- {mark} -->\n```sh\n(.+?)\n```", README, re.DOTALL)
    assert found, mark
    return found[1]


def masked(output: str) -> list[str]:
    """The lines that lead an answer, without the figures."""
    return [re.sub(r"[<>] ?|[\d.]+ ?%", "#", line) for line in output.splitlines() if line.startswith(SHOWN)]


def run(command: str) -> str:
    program, *arguments = shlex.split(command)
    assert program == "pillprint"
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    return done.output


def test_ci_runs_the_test_command() -> None:
    assert f"\n{block('test')}\n" in (ROOT / ".ci" / "run").read_text()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_what_the_first_command_installs_is_what_ci_and_the_doctor_install() -> None:
    listed = re.search(r"apt-get install -y (.+?) &&", block("install"))
    assert listed
    for package in listed[1].split():
        assert package in (ROOT / ".ci" / "run").read_text()


@pytest.mark.readme
def test_the_example_on_the_command_line_is_real(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    shown = re.search(r"```console\n\$ (.+?)\n(.+?)```", README, re.DOTALL)
    assert shown
    assert masked(run(shown[1])) == masked(shown[2])


def test_what_is_inside_is_as_many_as_it_says() -> None:
    assert f"{len(open_catalog())} products kept by hand" in README
    drugs = monograph_drugs()
    assert f"{len(drugs)} monographs ({', '.join(drugs)})" in " ".join(README.split())


@pytest.mark.readme
def test_the_example_in_python_is_real(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    code = re.search(r"```python\n(.+?)```", README, re.DOTALL)
    assert code
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code[1], "README.md", "exec"), {})
    assert printed.getvalue() == "IDENTIFIED baclofen 10 mg\nCONSISTENT\n"


@pytest.mark.readme
@pytest.mark.parametrize("command", COMMANDS)
def test_other_commands_run(command: str) -> None:
    assert command.replace(" baclofen", " DRUG") in README
    assert run(command)


@pytest.mark.readme
def test_the_row_of_verify_is_real(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    row = re.search(r"\| `(pillprint verify PHOTO\.\.\. .+?)` \|", README)
    assert row
    said = run(row[1].replace("PHOTO...", "samples/024_both_gray.jpg"))
    assert said.startswith("CONSISTENT baclofen 10 mg: it looks as it should\n")


def test_every_command_and_link_named_is_there() -> None:
    named = set(re.findall(r"pillprint ([a-z]+)", README))
    assert set(cli.list_commands(None)) - named == set()  # type: ignore[arg-type]
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / link).exists(), link
