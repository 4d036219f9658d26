"""The answer as callers get it: short in a shell, drawn in a notebook, light in a queue."""

from __future__ import annotations

import copy
import dataclasses
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from examples import identification, no_pill, photo
from PIL import Image

from pipeline import Identifier
from pipeline.answer import Answer
from pipeline.errors import InputError, PhotoError
from pipeline.load import load
from pipeline.report.overlay import overlay

SAMPLE = Path(__file__).parents[1] / "samples" / "024_both_gray.jpg"


@pytest.fixture(scope="module")
def identifier() -> Identifier:
    return Identifier()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return Path(shutil.copy(SAMPLE, tmp_path / "tablet.jpg"))


def test_a_shell_shows_it_on_a_few_lines(identifier: Identifier) -> None:
    shown = repr(identifier.identify(SAMPLE))
    assert len(shown) < 500 and "\n" not in shown
    for words in ("Answer(IDENTIFIED", "baclofen", "imprint ('024',)", "2 faces", "024_both_gray.jpg"):
        assert words.lower() in shown.lower()
    assert repr(no_pill()).startswith("Answer(NO_PILL, unlisted 1.0000, imprint (), 0 candidates, 0 faces")


def test_it_draws_its_photo_and_saves_itself(identifier: Identifier, file: Path, tmp_path: Path) -> None:
    answer = identifier.identify(file)
    assert (answer.overlay() == overlay(load(file), answer)).all()
    answer.save_overlay(tmp_path / "sheet.png")
    answer.save_html(os.fspath(tmp_path / "page.html"))
    with Image.open(tmp_path / "sheet.png") as image:
        assert (np.asarray(image) == answer.overlay()).all()
    assert "data:image/jpeg" in (tmp_path / "page.html").read_text("utf-8")


def test_several_photos_are_drawn_below_one_another(identifier: Identifier, file: Path) -> None:
    answer = identifier.identify([file, file.read_bytes()])
    assert len(answer.load_photos()) == 2
    assert answer.overlay().shape[0] > identifier.identify(file).overlay().shape[0]


def test_each_pill_of_a_photo_draws_its_own_faces(identifier: Identifier) -> None:
    answers = identifier.identify_each(SAMPLE.with_name("three_024.jpg"))
    assert len(answers) > 1
    assert {answer.overlay().shape[1] for answer in answers} == {1200}


@pytest.mark.parametrize("kind", ["bytes", "array", "image"])
def test_what_was_no_file_is_kept(identifier: Identifier, kind: str) -> None:
    with Image.open(SAMPLE) as image:
        image.load()
    source = {"bytes": SAMPLE.read_bytes(), "array": np.asarray(image), "image": image}[kind]
    assert identifier.identify(source).overlay().shape[1] == 1200


def test_a_file_takes_no_memory_and_is_found_from_another_folder(
    identifier: Identifier, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    answer = identifier.identify(file.name)
    monkeypatch.chdir("/")
    assert answer.photos == ("tablet.jpg",)
    assert answer.overlay().shape[1] == 1200
    assert len(pickle.dumps(answer.again)) < 2000


def test_a_file_that_was_changed_or_is_gone_is_not_drawn(identifier: Identifier, file: Path) -> None:
    answer = identifier.identify(file)
    shutil.copy(SAMPLE.with_name("024_both_wood.jpg"), file)
    with pytest.raises(PhotoError, match=r"tablet\.jpg: was changed since it was identified"):
        answer.overlay()
    file.unlink()
    with pytest.raises(PhotoError, match=r"tablet\.jpg: is gone since it was identified"):
        answer.save_html(file.with_name("page.html"))
    assert "<table>" in answer._repr_html_() and "<img" not in answer._repr_html_()


def test_across_processes_pixels_stay_behind_and_files_are_read_again(identifier: Identifier, file: Path) -> None:
    from_file, from_bytes = identifier.identify(file), identifier.identify(file.read_bytes())
    assert len(pickle.dumps(from_bytes)) < from_bytes.load_photos()[0].pixels.nbytes / 4
    assert pickle.loads(pickle.dumps(from_file)).overlay().shape == from_file.overlay().shape
    for other in (pickle.loads(pickle.dumps(from_bytes)), copy.copy(from_bytes)):
        assert isinstance(other, Answer) and other.to_dict() == from_bytes.to_dict()
        with pytest.raises(InputError, match="<bytes>: this answer holds no photo: it comes from another process"):
            other.overlay()
        assert "<table>" in other._repr_html_()


def test_a_notebook_shows_photo_and_tables_and_escapes_what_is_hostile() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    answer = dataclasses.replace(identification(("024",), (), reason=hostile, name=hostile), again=(photo(),))
    shown = answer._repr_html_()
    for words in ("IDENTIFIED", "024 | blank", "ROUND 97 %", "imprint type", "baclofen 10 mg", "Not medical advice"):
        assert words in shown
    assert shown.count("<img") == 1 and "data:image/jpeg" in shown and hostile not in shown
    assert "<script" not in shown and "<style" not in shown


def test_an_answer_that_never_had_a_photo_says_so() -> None:
    with pytest.raises(InputError, match=r"tablet\.png: .* holds no photo"):
        identification(("024",)).overlay()
