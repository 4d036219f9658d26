"""The files that a catalog was built from; kept in it (``Catalog.origins``), and no part of its fingerprint."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class SourceFile:
    """A file that a catalog was built from.

    ``register`` is the importer's name; ``url`` where it was downloaded, without any key, empty where a person handed
    it over; ``modified`` the day that its server gives it; ``retrieved`` the ISO day on which it came.
    """

    register: str
    file: str
    bytes: int
    sha256: str
    retrieved: str
    url: str = ""
    modified: str = ""
    license: str = ""


def origins_to_json(origins: Iterable[SourceFile]) -> str:
    """The origins as JSON text."""
    return json.dumps([asdict(origin) for origin in origins], ensure_ascii=False, separators=(",", ":"))


def origins_of_json(text: str) -> tuple[SourceFile, ...]:
    """The origins that ``origins_to_json`` wrote; raises ``ValueError`` or ``TypeError`` for anything else."""
    return tuple(SourceFile(**item) for item in json.loads(text or "[]"))
