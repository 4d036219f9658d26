"""How to install what is missing: commands that are right in a git checkout and for an installed wheel alike.

They name the package itself and the Python that runs, never ``pillprint[extra]``, which no index need have.
"""

from __future__ import annotations

import os
import shlex
import sys

TESSERACT = "apt-get install tesseract-ocr"
OPENCV_LIBRARIES = "apt-get install libgl1 libglib2.0-0"
AGAIN = "install pillprint again as its README says"


def pip_install(package: str, *, again: bool = False) -> str:
    """The command that installs a package for the Python that runs, named from here where it lies below."""
    python = sys.executable or "python3"
    near = os.path.relpath(python)
    python = python if near.startswith("..") else near
    return f"{shlex.quote(python)} -m pip install {'--force-reinstall ' if again else ''}{shlex.quote(package)}"
