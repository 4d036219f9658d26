"""All registers, and which of them a table is of.

A new register is a module that describes itself with a ``Register``, and its line in ``REGISTERS``. Then
``python -m reference.importers docs/registers.md`` writes the docs' table again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from reference.errors import CatalogError
from reference.importers import c3pi, hand, mfds, pillbox, rxnorm, spl, tfda
from reference.importers.register import Importer, Register
from reference.importers.table_rows import first_row_keys

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
