"""What takes long to make, kept on disk so that the same command goes on from there."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def made_once(path: Path, make: Callable[[], T]) -> T:
    """What is kept at a path, made where it is not; a run that is cut off leaves nothing half-written."""
    if not path.exists():
        part = path.with_suffix(".part")
        part.write_bytes(pickle.dumps(make()))
        part.replace(path)
    found: T = pickle.loads(path.read_bytes())
    return found
