"""The package as others get it: public names, wheel and sdist, import rule."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import pipeline
from pipeline.errors import EngineMissingError

ROOT = Path(__file__).parents[1]
STEM = f"pillprint-{pipeline.__version__}"

# What an installed wheel must find beside its modules.
CARRIED = (
    "pipeline/py.typed",
    "pipeline/report/identification.schema.json",
    "pipeline/weights/face.onnx",
    "pipeline/weights/lines.onnx",
    "pipeline/weights/measure.npz",
    "pipeline/weights/pill_or_not.onnx",
    "pipeline/weights/reader.onnx",
    "pipeline/weights/segment.onnx",
    "pipeline/weights/segment_field.onnx",
    f"{STEM}.data/data/share/pillprint/samples/manifest.csv",
    "reference/monographs/baclofen.toml",
    "reference/products.csv",
    "reference/py.typed",
    "reference/store/schema.sql",
)


@pytest.mark.parametrize("name", pipeline.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    assert inspect.getdoc(getattr(pipeline, name))


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        pipeline.nonsense  # noqa: B018


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = {"cv2", "numpy", "onnxruntime", "PIL", "rich"}
    script = f"import sys, pipeline, pipeline.cli; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_a_missing_system_library_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "cv2.py").write_text(
        "raise ImportError('libGL.so.1: cannot open shared object', name='cv2', path='/cv2.so')"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    script = "from pipeline import identify"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment)
    assert EngineMissingError.__name__ in done.stderr
    assert "apt-get install libgl1 libglib2.0-0" in done.stderr
    command = [sys.executable, "-m", "pipeline", "identify", "x.jpg"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == EngineMissingError.exit_code
    assert done.stderr.startswith("pillprint: cv2 cannot be loaded (libGL.so.1")
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_wheel_and_sdist_carry_the_data_and_the_wheel_works_elsewhere(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="needs the extra `test`")
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(tmp_path)]
    subprocess.run(build, check=True, cwd=ROOT, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    (sdist,) = tmp_path.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        carried = set(archive.namelist())
        archive.extractall(tmp_path / "installed")
    assert set(CARRIED) <= carried
    assert not [name for name in carried if name.startswith(("tests/", "docs/", "samples/"))]
    with tarfile.open(sdist) as archive:
        assert {f"{STEM}/samples/manifest.csv", f"{STEM}/README.md", f"{STEM}/tests/conftest.py"} <= set(
            archive.getnames()
        )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    photo = ROOT / "samples" / "024_both_gray.jpg"
    script = "import pipeline, sys; from pipeline.cli import cli; print(pipeline.__file__); cli(sys.argv[1:])"
    command = [sys.executable, "-c", script, "identify", str(photo)]
    done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(tmp_path / "installed"))
    assert "baclofen 10 mg" in done.stdout


def test_the_import_rule_holds() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_changelog_names_the_version() -> None:
    assert f"## [{pipeline.__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_an_answer_into_a_pipe_needs_no_tables_and_no_register() -> None:
    """A tenth of a cold start: rich draws tables, lxml and the importers read registers."""
    idle = {"rich", "lxml", "reference.importers.spl", "reference.importers.rxnorm", "pipeline.verify", "torch"}
    script = (
        "import sys; from pipeline.cli import main\n"
        f"sys.argv = ['pillprint', 'identify', 'samples/024_both_gray.jpg']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print(sorted({idle} & set(sys.modules)), file=sys.stderr)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"}
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment, cwd=ROOT
    )
    assert run.stdout.startswith("IDENTIFIED")
    assert run.stderr.splitlines()[-1] == "[]"
