"""The public face's input side: what callers hand over, what terminals and encodings get, and how a run is stopped."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from pipeline import Identifier, identify, identify_each
from pipeline.cli import cli
from pipeline.cli.output import HarmlessWriter, harmless
from pipeline.errors import InputError
from pipeline.records import Decision
from pipeline.scale.coin_sizes import COINS_MM

ROOT = Path(__file__).parents[1]
PHOTO = ROOT / "samples" / "024_both_gray.jpg"
PILL = "pillprint:baclofen-10-trupharma-024"


def run(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, [os.fspath(argument) for argument in arguments], input=stdin)


def command(*arguments: str, encoding: str = "utf-8", cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments], capture_output=True, env=environment, cwd=cwd, check=False
    )


@pytest.mark.slow
def test_streams_generators_views_and_opencv_s_arrays_are_photos() -> None:
    with Image.open(PHOTO) as image:
        pixels = np.array(image.convert("RGB"))
    data = PHOTO.read_bytes()
    with PHOTO.open("rb") as file:
        sources: list[Any] = [file, io.BytesIO(data), memoryview(data), (path for path in [PHOTO]), pixels / 255.0]
        sources.append(pixels.astype(np.uint16) * 257)
        answers = [identify(source) for source in sources]
    answers.append(identify(pixels[..., ::-1], channels="bgr"))
    assert {answer.candidates[0].product.product_id for answer in answers} == {PILL}
    assert identify_each(pixels[..., ::-1], channels="bgr")[0].look.color.best == "WHITE"


@pytest.mark.parametrize("photos", [None, {}, 3, [None], [3.5]])
def test_what_is_no_photo_is_a_type_error(photos: Any) -> None:
    with pytest.raises(TypeError, match="a photo is a path"):
        identify(photos)


def test_no_photo_at_all_is_an_error() -> None:
    with pytest.raises(InputError, match="the list is empty"):
        identify([])


@pytest.mark.parametrize("mm_per_px", ["-1", "0", "nan", "inf", "1e300", "31"])
def test_a_scale_that_no_photo_has_is_wrong_use(mm_per_px: str) -> None:
    done = run("identify", PHOTO, "--mm-per-px", mm_per_px)
    assert done.exit_code == 2
    assert "is no scale of a photo of a pill" in done.stderr


def test_a_coin_that_is_not_known_is_told_with_those_that_are() -> None:
    with pytest.raises(InputError, match=f"'x' is no coin that is known; use one of {', '.join(COINS_MM)}"):
        identify(PHOTO, coin="x")


@pytest.mark.parametrize("mm_per_px", [6.0, 0.001])
def test_a_size_that_no_pill_has_is_explained_and_not_reported(mm_per_px: float) -> None:
    answer = Identifier().identify(PHOTO, mm_per_px=mm_per_px)
    assert answer.look.size is None
    assert all(face.measurements.look.size is None for face in answer.faces)
    assert answer.decision is not Decision.IDENTIFIED
    assert any("The scale makes the pill" in told and "which none is" in told for told in answer.warnings)


def test_a_photo_comes_on_standard_input(tmp_path: Path) -> None:
    done = run("identify", "-", "--html", tmp_path / "page.html", stdin=PHOTO.read_bytes())
    assert done.exit_code == 0, done.output
    assert "photo: standard input" in done.output
    assert (tmp_path / "page.html").stat().st_size > 10_000
    assert run("identify", "-", stdin=b"").exit_code == 3


def test_an_address_is_told(tmp_path: Path) -> None:
    done = run("identify", "https://example.org/pill.jpg")
    assert (done.exit_code, "is an address" in done.stderr) == (3, True)


KOREAN = (
    "item_seq,item_name,item_eng,company,print_front,print_back,shape,color1,leng_long\n"
    "200808876,가스정50밀리그램,,하나제약,024,,원형,하양,7.6\n"
)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ascii"])
def test_no_encoding_of_the_output_is_too_narrow(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "kr.csv").write_text(KOREAN, encoding="utf-8")
    for words in (
        ("search", "--imprint", "024", "--catalog", "kr.csv"),
        ("search", "--imprint", "024", "--catalog", "kr.csv", "--json"),
        ("identify", str(PHOTO), "--catalog", "kr.csv"),
        ("catalog", "build", "--mfds", "kr.csv", "--out", "한.sqlite"),
        ("catalog", "export", "kr.csv"),
        ("monograph", "baclofen"),
    ):
        done = command(*words, encoding=encoding, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("sign", ["\x1b[31m", "\x9b31m", "\u202e", "\x7f", "\udcff"])
def test_no_control_character_of_a_name_reaches_the_terminal(sign: str) -> None:
    for words in (
        ("identify", f"a{sign}b.jpg"),
        ("identify", PHOTO, "--catalog", f"a{sign}b"),
        ("identify", f"--{sign}"),
    ):
        done = run(*words)
        assert done.exit_code in (2, 3, 4)
        assert all(each.isprintable() for line in done.stderr.splitlines() for each in line), done.stderr


def test_text_is_made_harmless_for_a_terminal_only() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        HarmlessWriter(stream).write("a\x9b\n")
    assert (terminal.getvalue(), file.getvalue()) == ("a\\x9b\n", "a\x9b\n")
    assert harmless("a\tb\n\u202eü\udcff") == "a\tb\n\\u202eü\\xff"


@pytest.mark.slow
def test_a_stopped_command_says_so_in_one_line() -> None:
    slow = "import time, pipeline.identifier as i; i.load = lambda *a, **b: (print('here', flush=True), time.sleep(60))"
    # A shell starts what runs in its background with Ctrl-C ignored.
    slow += "; import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    slow += "; import pipeline.cli as c; c.main()"
    process = subprocess.Popen(
        [sys.executable, "-c", slow, "identify", str(PHOTO)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stdout.readline() == "here\n"
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (130, "pillprint: stopped\n")


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    done = run("batch", tmp_path / "photos", "--out", tmp_path / "out")
    assert done.exit_code == 0
    assert "photos: holds no photos" in done.stderr


def test_another_reference_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "__init__.py").touch()
    (tmp_path / "run.py").write_text("import pipeline")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, tmp_path / "run.py"], capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert f"`import reference` finds {tmp_path / 'reference'} and not pillprint's own in {ROOT}" in done.stderr


CALLER = """
import io
from pathlib import Path
import numpy as np
from pipeline import Identification, Identifier, identify

answer: Identification = identify(Path("a.jpg"))
identify(["a.jpg", b"", io.BytesIO(), memoryview(b"")])
identify(path for path in [Path("a.jpg")])
identify(np.zeros((20, 20, 3), np.uint8), channels="bgr")
with open("a.jpg", "rb") as file:
    identify(file)
Identifier(reader="tesseract").identify("a.jpg")
identify(3)  # type: ignore[arg-type]
answer.nonsense  # type: ignore[attr-defined]
"""


@pytest.mark.slow
def test_a_caller_s_file_is_checked_against_our_types(tmp_path: Path) -> None:
    (tmp_path / "caller.py").write_text(CALLER)
    (tmp_path / "site").mkdir()
    for name in ("pipeline", "reference"):
        (tmp_path / "site" / name).symlink_to(ROOT / name)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "MYPYPATH": ""}
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "caller.py"],
        capture_output=True, text=True, env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
