"""Registers read into catalog entries, one module a source; ``importer_of`` tells which fits a table.

A new register is a module that describes itself with a ``Register``, and its line in ``REGISTERS``. Then
``python -m reference.importers docs/registers.md`` writes the docs' table again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType

from reference.errors import CatalogError
from reference.importers import c3pi, hand, mfds, pillbox, rxnorm, spl, tfda
from reference.importers.hand import own_products
from reference.importers.log import Log, Rejected
from reference.importers.register import Importer, Register
from reference.importers.table import first_row_keys
from reference.product import Entry

# Every register that a catalog is built from, by its name, in the order in which help and docs list them.
REGISTERS: Mapping[str, Register] = MappingProxyType(
    {
        register.name: register
        for register in (rxnorm.REGISTER, spl.REGISTER, pillbox.REGISTER, c3pi.REGISTER, tfda.REGISTER, mfds.REGISTER)
    }
)

# What is no table can be one line of any length.
_SHOWN_COLUMNS, _SHOWN_CHARACTERS = 12, 40


def importer_of(path: Path) -> Importer:
    """The importer whose columns the table has; raises ``CatalogError`` where none fits."""
    keys = first_row_keys(path)
    tables = [register for register in (*REGISTERS.values(), hand.REGISTER) if register.columns]
    for register in tables:
        if any(keys >= columns for columns in register.columns):
            return register.entries
    named = ", ".join(key[:_SHOWN_CHARACTERS] for key in sorted(keys)[:_SHOWN_COLUMNS])
    known = "; ".join(register.title for register in tables)
    raise CatalogError(
        f"{path}: neither a catalog nor a known register: its columns are {named or 'none'}; "
        f"known are the tables of: {known}"
    )


def retrieved_on(entries: Iterable[Entry], path: Path, day: date | None = None) -> Iterator[Entry]:
    """The entries with the day their register was retrieved: ``day``, else that on which ``path`` was last written."""
    for entry in entries:
        day = day or datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
        yield replace(entry, retrieved=day.isoformat())


__all__ = [
    "REGISTERS", "Importer", "Log", "Register", "Rejected", "importer_of", "own_products", "retrieved_on",
]  # fmt: skip
