"""Registers read into catalog entries, one module a source; ``importer_of`` tells which fits a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType

from reference.errors import CatalogError
from reference.importers import c3pi, hand, mfds, pillbox, spl, tfda
from reference.importers.hand import own_products
from reference.importers.log import Log, Rejected
from reference.importers.table import first_row_keys
from reference.store.writer import Entry

Importer = Callable[[Path, Log], Iterator[Entry]]

IMPORTERS: Mapping[str, Importer] = MappingProxyType(
    {
        "spl": spl.entries,
        "pillbox": pillbox.entries,
        "c3pi": c3pi.entries,
        "tfda": tfda.entries,
        "mfds": mfds.entries,
    }
)
_TABLES: tuple[tuple[frozenset[str], Importer], ...] = tuple(
    (keys, module.entries) for module in (c3pi, tfda, mfds, pillbox, hand) for keys in module.KEYS
)


# What is no table can be one line of any length.
_SHOWN_COLUMNS, _SHOWN_CHARACTERS = 12, 40


def importer_of(path: Path) -> Importer:
    """The importer whose columns the table has; raises ``CatalogError`` where none fits."""
    keys = first_row_keys(path)
    for needed, entries in _TABLES:
        if keys.issuperset(needed):
            return entries
    named = ", ".join(key[:_SHOWN_CHARACTERS] for key in sorted(keys)[:_SHOWN_COLUMNS])
    raise CatalogError(
        f"{path}: neither a catalog nor a known register: its columns are {named or 'none'}; "
        f"known are the tables of C3PI, TFDA, MFDS, Pillbox and pillprint's products.csv"
    )


def retrieved_on(entries: Iterable[Entry], path: Path, day: date | None = None) -> Iterator[Entry]:
    """The entries with the day their register was retrieved: ``day``, else that on which ``path`` was last written."""
    for entry in entries:
        day = day or datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
        yield replace(entry, retrieved=day.isoformat())


__all__ = ["IMPORTERS", "Importer", "Log", "Rejected", "importer_of", "own_products", "retrieved_on"]
