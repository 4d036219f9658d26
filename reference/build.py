"""Builds a catalog file from registers: whole or not at all, and the same bytes for the same registers."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from reference.errors import CatalogError
from reference.importers import IMPORTERS, Log, retrieved_on
from reference.writer import Stage, write_database


@dataclass(frozen=True)
class BuildReport:
    """What a build made of its registers; ``logs`` by register file say what was skipped and why."""

    path: Path
    fingerprint: str
    products: int
    entries: Counter[str]
    repeated: int
    logs: dict[str, Log]
    seconds: float


def build_catalog(
    sources: Sequence[tuple[str, Path]],
    out: Path,
    progress: Callable[[str, int], None] | None = None,
    retrieved: date | None = None,
) -> BuildReport:
    """Read registers (``("spl", path)``, names as in ``IMPORTERS``) and write the catalog ``out``.

    The file is written beside ``out`` and renamed over it when it is complete and on the disk, so that a build
    that is stopped leaves the old one. ``retrieved`` is the day on which the registers were downloaded (else the
    day each file was last written); it dates the products whose register gives no date. Raises ``CatalogError``
    where a register cannot be read at all, holds no product, or ``out`` cannot be written.
    """
    if not sources:
        raise CatalogError("nothing to build from; name at least one register, for instance --spl dm_spl_release.zip")
    start = time.perf_counter()
    entries: Counter[str] = Counter()
    logs: dict[str, Log] = {}
    with Stage() as stage:
        for name, path in sources:
            log = logs.setdefault(str(path), Log())
            for entry in retrieved_on(IMPORTERS[name](path, log), path, retrieved):
                stage.add(entry)
                entries[name] += 1
                if progress:
                    progress(name, entries[name])
        if not entries:
            raise CatalogError(
                f"no tablet or capsule in {', '.join(str(path) for _, path in sources)}; {_first_faults(logs)}"
            )
        fingerprint, products = _write(stage, out)
    return BuildReport(out, fingerprint, products, entries, stage.repeated, logs, time.perf_counter() - start)


def _first_faults(logs: dict[str, Log]) -> str:
    faults = [f"{fault.name}: {fault.reason}" for log in logs.values() for fault in log.rejected[:3]]
    return "skipped " + "; ".join(faults) if faults else "is it the right file?"


def _write(stage: Stage, out: Path) -> tuple[str, int]:
    if out.is_dir():
        raise CatalogError(f"cannot write {out}: it is a folder; name a file in it")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{out.name}.", suffix=".partial", dir=out.parent)
        os.close(handle)
    except OSError as error:
        raise CatalogError(f"cannot write {out}: {error.strerror or error}") from error
    partial = Path(name)
    try:
        connection = sqlite3.connect(partial)
        try:
            write_database(stage, connection)
            fingerprint = str(connection.execute("SELECT value FROM meta WHERE key = 'fingerprint'").fetchone()[0])
            products = int(connection.execute("SELECT count(*) FROM product").fetchone()[0])
        finally:
            connection.close()
        _settle(partial, out)
    except (OSError, sqlite3.Error) as error:
        raise CatalogError(f"cannot write {out}: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return fingerprint, products


def _settle(partial: Path, out: Path) -> None:
    """Bring the file to the disk, give it its name, bring the name to the disk."""
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.chmod(0o644)
    os.replace(partial, out)
    folder = os.open(out.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
