"""What the rows of a batch depend on: another run whose fingerprint differs may not go on in the same results."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.identifier import Identifier

# Rooms of code in which no answer is made: a change in them leaves the rows as they are.
_NO_ANSWERS = frozenset(
    {
        *("cli", "train", "draw", "evaluate", "verify", "report", "engines", "weights", "__pycache__"),
        *("importers", "download", "audit", "monographs", "doctor.py", "__main__.py"),
    }
)
# Checkpoints of training (.pt) are not used when photos are read.
_TRAINING = ".pt"
_DIGITS = 16


def identity_of(identifier: Identifier) -> dict[str, str]:
    """The fingerprint of a batch by this identifier: version, code, weights, catalog, reader and settings."""
    settings = identifier.settings
    return {
        "pillprint": _version(),
        "code": _code(),
        "weights": _weights(),
        "catalog": identifier.catalog.fingerprint,
        "coverage": f"{identifier.catalog.coverage(settings.match.world):g}",
        "reader": identifier.reader.name,
        "risk": settings.decide.risk,
        "settings": hashlib.sha256(repr(settings).encode()).hexdigest()[:_DIGITS],
    }


def verify_code() -> str:
    """The fingerprint of what says whether a pill is what it should be, on which rows depend that were asked so."""
    room = resources.files("pipeline") / "verify"
    return _digest(_files("pipeline/verify", room, ".py"))


def _version() -> str:
    # not by an import: `pipeline` imports its rooms, so importing it here would make a circle
    version: str = sys.modules["pipeline"].__version__
    return version


def _code() -> str:
    return _digest(
        file for package in ("pipeline", "reference") for file in _files(package, resources.files(package), ".py")
    )


def _weights() -> str:
    folder = resources.files("pipeline") / "weights"
    return _digest((file.name, file) for file in folder.iterdir() if not file.name.endswith(_TRAINING))


def _files(inside: str, folder: Traversable, ending: str) -> Iterable[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.name in _NO_ANSWERS:
            continue
        if entry.is_dir():
            yield from _files(f"{inside}/{entry.name}", entry, ending)
        elif entry.name.endswith(ending):
            yield f"{inside}/{entry.name}", entry


def _digest(files: Iterable[tuple[str, Traversable]]) -> str:
    whole = hashlib.sha256()
    for name, file in sorted(files, key=lambda pair: pair[0]):
        whole.update(name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()[:_DIGITS]
