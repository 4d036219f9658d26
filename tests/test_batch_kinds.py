"""What a batch takes for a photo, what it passes over, and by which key it knows a photo."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pretend import Pretender, inline

from pipeline.batch import run_batch
from pipeline.batch.kinds import NO_PHOTO, RAW, SIDE_FILE, SIDE_FOLDER
from pipeline.batch.names import key_of, path_of
from pipeline.batch.sources.walk import photos_below
from pipeline.cli import cli

APPLE_DOUBLE = b"\0\5\26\7\0\2\0\0Mac OS X        \0\2\0\0\0\11\0\0\0\62"


def encoded(form: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, form)
    return file.getvalue()


def make(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def looked_at(folder: Path) -> tuple[list[str], dict[str, str]]:
    passed: dict[str, str] = {}
    return list(photos_below(folder, passed_over=passed.__setitem__)), passed


@pytest.mark.parametrize("name", ["b.jfif", "c.HIF", "d.mpo", "e.JPE", "f.dib"])
def test_unusual_endings_of_photos_are_taken_by_name(tmp_path: Path, name: str) -> None:
    assert looked_at(make(tmp_path, {name: b""})) == ([name], {})


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "MPO"])
def test_a_photo_without_ending_or_of_a_strange_one_is_told_by_its_content(tmp_path: Path, form: str) -> None:
    make(tmp_path, {"scan": encoded(form), "scan.0001": encoded(form)})
    assert looked_at(tmp_path) == (["scan", "scan.0001"], {})


def test_what_is_no_photo_is_passed_over_and_told(tmp_path: Path) -> None:
    photo = encoded("JPEG")
    make(
        tmp_path,
        {
            "a.jpg": photo,
            "._a.jpg": APPLE_DOUBLE,
            "._b.jpg": photo,
            "@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg": photo,
            ".thumbnails/a.jpg": photo,
            "raw.dng": encoded("TIFF"),
            "notes.txt": b"BMW and RIFF",
            "clip.mp4": b"\0\0\0\x18ftypmp42\0\0\0\0",
            "empty": b"",
        },
    )
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for ever
    (tmp_path / "nowhere").symlink_to("none")
    assert looked_at(tmp_path) == (
        ["._b.jpg", "a.jpg"],
        {
            "._a.jpg": SIDE_FILE,
            "@eaDir/": SIDE_FOLDER,
            ".thumbnails/": SIDE_FOLDER,
            "raw.dng": RAW,
            **dict.fromkeys(("notes.txt", "clip.mp4", "empty", "pipe", "nowhere"), NO_PHOTO),
        },
    )


def test_the_summary_counts_what_was_passed_over(tmp_path: Path) -> None:
    folder = make(tmp_path / "p", {"a.jpg": b"a", "._a.jpg": APPLE_DOUBLE, "x.txt": b"", "y.txt": b""})
    summary = run_batch(folder, tmp_path / "out", Pretender(), {}, execute=inline)
    assert (summary.photos, summary.passed_over) == (1, {NO_PHOTO: 2, SIDE_FILE: 1})
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["passed_over"] == summary.passed_over


def test_the_command_lists_what_is_passed_over_when_asked(tmp_path: Path) -> None:
    folder = make(tmp_path / "p", {"._a.jpg": APPLE_DOUBLE, "x\n.txt": b""})
    quiet = CliRunner().invoke(cli, ["batch", str(folder), "--out", str(tmp_path / "out"), "--no-report"])
    assert "holds no photos (2 passed over; -v lists them)" in quiet.stderr
    assert "1 (no photo), 1 (side file)" in quiet.stdout
    told = CliRunner().invoke(cli, ["batch", str(folder), "--out", str(tmp_path / "out"), "--no-report", "-v"])
    assert "passed over: ._a.jpg (side file)\n" in told.stderr and "passed over: x\\n.txt (no photo)\n" in told.stderr


def test_a_byte_that_is_no_utf8_and_its_spelling_have_two_keys() -> None:
    assert key_of(os.fsdecode(b"\xff.jpg")) == "\\xff.jpg"
    assert key_of("\\xff.jpg") == "\\x5cxff.jpg"
    assert key_of("ü/a b.jpg") == "ü/a b.jpg"


@given(st.binary(max_size=12), st.lists(st.sampled_from([b"\\", b"x", b"f", b"\xff", b"5c"]), max_size=6))
def test_a_key_has_one_path(some: bytes, others: list[bytes]) -> None:
    for name in (some, b"".join(others)):
        assert path_of(key_of(os.fsdecode(name))) == os.fsdecode(name)
        key_of(os.fsdecode(name)).encode()  # it is UTF-8
