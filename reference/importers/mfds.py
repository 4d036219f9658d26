from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reference.importers.log import Log
from reference.writer import Entry

KEYS = frozenset({"-"})


def entries(path: Path, log: Log) -> Iterator[Entry]:
    yield from ()
