"""No command writes over what it reads: the input stays as it was, and the exit code is 2."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline.cli import cli
from pipeline.cli.outputs import check_outputs
from pipeline.errors import InputError

REGISTER = "ndc11,part,generic_name,imprint,imprint_type,color,shape\n00001-0001-01,1,X,A,PRINTED,RED,OVAL\n"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [os.fspath(argument) for argument in arguments])


def same(path: Path) -> Path:
    return path


def other_words(path: Path) -> Path:
    return path.parent / "." / ".." / path.parent.name / path.name


def symbolic(path: Path) -> Path:
    link = path.with_name("symbolic")
    link.symlink_to(path)
    return link


def hard(path: Path) -> Path:
    link = path.with_name("hard")
    link.hardlink_to(path)
    return link


@pytest.mark.parametrize("name", [same, other_words, symbolic, hard])
def test_an_output_that_is_an_input_is_refused_by_any_name(tmp_path: Path, name: Callable[[Path], Path]) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"x")
    output = name(photo)
    with pytest.raises(InputError, match=f"{output.name}: is read by the same command; write to another place"):
        check_outputs((None, output), (None, tmp_path / "none.jpg", photo))
    check_outputs((output,), (None, tmp_path, tmp_path / "none.jpg"))


def test_the_inputs_are_not_gone_through_for_a_new_file(tmp_path: Path) -> None:
    check_outputs((tmp_path / "new", None), (pytest.fail("is looked at") for _ in "x"))


@pytest.mark.parametrize(
    "command",
    [
        "identify a.jpg other.jpg --overlay a.jpg",
        "identify other.jpg a.jpg --html a.jpg",
        "identify a.jpg --catalog register.csv --html register.csv",
        "batch folder --out folder",
        "batch folder --out folder/b.jpg",
        "batch folder --out old --catalog old/results.csv",
        "catalog build --c3pi register.csv --out register.csv",
        "catalog build --c3pi register.csv --spl folder --out folder/c.xml",
        "catalog export register.csv --out register.csv",
        "catalog export register.csv --json --out register.csv",
        "evaluate set --json set/labels.csv",
        "evaluate set --limit 1 --json set/a.jpg",
        "evaluate set --limit 1 --json set/b.jpg",
        "evaluate set --catalog register.csv --json register.csv",
        "evaluate set --truth register.csv --json register.csv",
        "evaluate set --against register.csv --json register.csv",
        "evaluate set --exclude register.csv --json register.csv",
        "evaluate drawn --plots drawn",
    ],
)
def test_every_command_refuses_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    for folder in ("folder", "old", "set", "drawn"):
        (tmp_path / folder).mkdir()
    for name in ("a.jpg", "other.jpg", "folder/b.jpg", "folder/c.xml", "set/a.jpg", "set/b.jpg"):
        (tmp_path / name).write_bytes(b"x")
    for name in ("register.csv", "old/results.csv"):
        (tmp_path / name).write_text(REGISTER)
    (tmp_path / "set/labels.csv").write_text("file,ndc11,imprint\na.jpg,1,A\nb.jpg,2,B\n")
    (tmp_path / "drawn/labels.csv").write_text("file,ndc11,imprint\na.png,1,A\n")
    (tmp_path / "drawn/a.png").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    done = run(*command.split())
    assert done.exit_code == 2, done.output
    assert done.stderr.endswith(": is read by the same command; write to another place\n")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_catalog_may_be_built_again_beside_its_documents(tmp_path: Path) -> None:
    (tmp_path / "register.csv").write_text(REGISTER)
    build = ("catalog", "build", "--c3pi", tmp_path / "register.csv", "--out", tmp_path / "catalog.sqlite")
    assert run(*build).exit_code == 0
    assert run(*build).exit_code == 0
    assert run("catalog", "export", tmp_path / "catalog.sqlite", "--out", tmp_path / "out.csv").exit_code == 0
    assert (tmp_path / "out.csv").read_text().startswith("product_id,")
