"""Registers read into catalog entries, one module a source.

``registers`` has them all; it is imported where a register is read, since the catalog inside needs none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from reference.importers.hand import own_products
from reference.importers.log import Log, Rejected
from reference.importers.register import Importer, Register
from reference.product import RegisterEntry


def retrieved_on(entries: Iterable[RegisterEntry], path: Path, day: date | None = None) -> Iterator[RegisterEntry]:
    """The entries with the day their register was retrieved: ``day``, else that on which ``path`` was last written."""
    for entry in entries:
        day = day or datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
        yield replace(entry, retrieved=day.isoformat())


__all__ = ["Importer", "Log", "Register", "Rejected", "own_products", "retrieved_on"]
