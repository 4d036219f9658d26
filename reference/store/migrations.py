"""Brings catalogs of older versions up to date; ``reference/store/schema.sql`` is always the newest version."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from reference.errors import CatalogError
from reference.store.writer import APPLICATION_ID, SCHEMA_VERSION
from reference.text.imprints import characters


def _count_looks(connection: sqlite3.Connection) -> None:
    """1 to 2: how many products carry an imprint with a look; an imprint's characters without repeated words."""
    connection.execute(
        "CREATE TABLE imprint_look (imprint_id INTEGER NOT NULL REFERENCES imprint (id), "
        "look_id INTEGER NOT NULL REFERENCES look (id), products INTEGER NOT NULL, "
        "PRIMARY KEY (imprint_id, look_id)) WITHOUT ROWID"
    )
    connection.execute(
        "INSERT INTO imprint_look SELECT imprint_id, look_id, count(*) FROM product GROUP BY 1, 2 ORDER BY 1, 2"
    )
    keys = connection.execute("SELECT id, imprint_key FROM imprint").fetchall()
    connection.executemany(
        "UPDATE imprint SET characters = ? WHERE id = ?",
        ((characters(";".join(set(key.split(";")))), number) for number, key in keys),
    )


def _fact_sources(connection: sqlite3.Connection) -> None:
    """2 to 3: room for the sources of single fields; until it is built again all are those of the product's row."""
    connection.execute(
        "CREATE TABLE fact_source (product_id INTEGER NOT NULL REFERENCES product (id), field TEXT NOT NULL, "
        "source_id INTEGER NOT NULL REFERENCES source (id), url TEXT NOT NULL, date TEXT NOT NULL, "
        "PRIMARY KEY (product_id, field)) WITHOUT ROWID"
    )


def _imprint_checks(connection: sqlite3.Connection) -> None:
    """3 to 4: room for the checks of imprints; until it is built again none was made."""
    connection.execute("ALTER TABLE product ADD COLUMN imprint_check TEXT NOT NULL DEFAULT ''")


# What leads from a version to the next.
MIGRATIONS: Mapping[int, Callable[[sqlite3.Connection], None]] = MappingProxyType(
    {1: _count_looks, 2: _fact_sources, 3: _imprint_checks}
)


def migrate(path: Path) -> tuple[int, int]:
    """Bring the catalog at ``path`` to this version, whole or not at all; gives the versions before and after.

    Raises ``CatalogError`` where it is no catalog, damaged, or newer than this pillprint.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise CatalogError(f"cannot write beside {path}: {error.strerror or error}") from error
    partial = Path(name)
    try:
        shutil.copyfile(path, partial)
        before = _migrated(partial, path)
        if before != SCHEMA_VERSION:
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            shutil.copymode(path, partial)
            os.replace(partial, path)
        return before, SCHEMA_VERSION
    except (OSError, sqlite3.Error) as error:
        raise CatalogError(f"cannot migrate catalog {path}: {error}") from error
    finally:
        partial.unlink(missing_ok=True)


def _migrated(partial: Path, path: Path) -> int:
    """Apply the steps in one transaction each; gives the version before."""
    connection = sqlite3.connect(partial, isolation_level=None)
    try:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise CatalogError(f"{path} is no pillprint catalog")
        before = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if before > SCHEMA_VERSION:
            raise CatalogError(f"catalog {path} has version {before}, this pillprint {SCHEMA_VERSION}; update it")
        for version in range(before, SCHEMA_VERSION):
            step = MIGRATIONS.get(version)
            if step is None:
                raise CatalogError(f"no way leads from version {version} of {path}; build it again")
            connection.execute("BEGIN")
            step(connection)
            connection.execute(f"PRAGMA user_version={version + 1}")
            connection.execute("COMMIT")
        return before
    finally:
        connection.close()
