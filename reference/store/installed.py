"""What the catalogs of this user hold (``places`` says where they lie)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reference.errors import CatalogError
from reference.store.catalog import open_catalog
from reference.store.origins import SourceFile
from reference.store.places import default_name, paths


@dataclass(frozen=True)
class Installed:
    """A catalog of this user; ``fault`` says why it cannot be used, empty where it can."""

    name: str
    path: Path
    is_default: bool
    date: str = ""
    products: int = 0
    registers: tuple[str, ...] = ()
    origins: tuple[SourceFile, ...] = ()
    fault: str = ""


def installed() -> tuple[Installed, ...]:
    """The catalogs of this user, by name."""
    chosen = default_name()
    return tuple(_installed(path, path.stem == chosen) for path in paths())


def _installed(path: Path, is_default: bool) -> Installed:
    try:
        with open_catalog(path) as catalog:
            names = tuple(catalog.registers())
            return Installed(path.stem, path, is_default, catalog.date, len(catalog), names, catalog.origins)
    except CatalogError as error:
        return Installed(path.stem, path, is_default, fault=str(error))
