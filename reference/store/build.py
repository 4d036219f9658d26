"""Builds a catalog file from registers: whole or not at all, and the same bytes for the same registers."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib import resources
from pathlib import Path

from reference.errors import CatalogError
from reference.grouping import register_keys, same_tablet
from reference.importers import Log, own_products, retrieved_on
from reference.importers.registers import REGISTERS
from reference.product import Product, RegisterEntry
from reference.store.origins import SourceFile, origins_to_json
from reference.store.product_pictures import pictures_path, small_picture, write_pictures
from reference.store.writer import Stage, checked_coverage, write_database

# What a build's report calls the products kept by hand.
BUILTIN = "pillprint"


@dataclass(frozen=True)
class BuildReport:
    """What a build made of its registers; ``logs`` by register file say what was skipped and why.

    ``entries`` counts by register, those kept by hand under ``pillprint``.
    """

    path: Path
    fingerprint: str
    products: int
    entries: Counter[str]
    repeated: int
    logs: dict[str, Log]
    seconds: float
    pictures: int = 0


class Builtin:
    """The products kept by hand, beside those of registers.

    One that a register has too (the same NDC product code, license or item number) stays where both are the same
    tablet, so that they are one group, and its faces and its check are not lost; where the register describes another
    look, imprint or drug the register is right and the one kept by hand is left out.
    """

    def __init__(self) -> None:
        self._entries = list(own_products(resources.files("reference").joinpath("products.csv").read_text("utf-8")))
        self._met: dict[str, list[Product]] = {
            key: [] for entry in self._entries for key in register_keys(entry.product)
        }

    def meet(self, product: Product) -> None:
        """Note a register's product."""
        for key in register_keys(product) & self._met.keys():
            self._met[key].append(product)

    def entries(self) -> Iterator[RegisterEntry]:
        """The entries that no register contradicts."""
        for entry in self._entries:
            met = [other for key in register_keys(entry.product) for other in self._met[key]]
            if not met or any(len(same_tablet([entry.product, other])) == 1 for other in met):
                yield entry


def build_catalog(
    sources: Sequence[tuple[str, Path]],
    out: Path,
    progress: Callable[[str, int], None] | None = None,
    retrieved: date | None = None,
    *,
    coverage: float | None = None,
    builtin: bool = True,
    origins: Sequence[SourceFile] = (),
    pictures: bool = False,
) -> BuildReport:
    """Read registers (``("spl", path)``, names as in ``REGISTERS``) and write the catalog ``out``.

    The file is written beside ``out`` and renamed over it when it is complete and on the disk, so that a build
    that is stopped leaves the old one. ``retrieved`` is the day on which the registers were downloaded (else the
    day each file was last written); it dates the products whose register gives no date. ``coverage`` is the share
    of their market, above 0 and below 1, that the registers hold together, where that is known: it stays in the
    catalog (``Catalog.coverage``). ``builtin`` adds the products that pillprint keeps by hand (``Builtin``).
    ``origins`` say from where the registers' files came; they stay in the catalog. ``pictures`` keeps the
    makers' photos that registers hold (``Catalog.picture``); those of an older catalog of that name go. Raises
    ``CatalogError`` where a register cannot be read at all, holds no product, or ``out`` cannot be written;
    ``InputError`` for another coverage.
    """
    if coverage is not None:
        coverage = checked_coverage(coverage)
    if not sources:
        raise CatalogError("nothing to build from; name at least one register, for instance --spl dm_spl_release.zip")
    start = time.perf_counter()
    entries: Counter[str] = Counter()
    logs: dict[str, Log] = {}
    kept = Builtin()
    current = _current_numbers(sources)
    with Stage() as stage:
        for name, path in sources:
            log = logs.setdefault(str(path), Log())
            for entry in retrieved_on(REGISTERS[name].entries(path, log), path, retrieved):
                entry = _renumbered(entry, current)
                if stage.add(entry) and pictures and entry.picture:
                    _add_picture(stage, entry, log)
                kept.meet(entry.product)
                entries[name] += 1
                if progress:
                    progress(name, entries[name])
        if not entries:
            raise CatalogError(
                f"no tablet or capsule in {', '.join(str(path) for _, path in sources)}; {_first_faults(logs)}"
            )
        for entry in kept.entries() if builtin else ():
            stage.add(entry)
            entries[BUILTIN] += 1
        fingerprint, products = _write(stage, out, coverage, origins)
        count = write_pictures(stage.pictures(), out, fingerprint) if pictures else 0
    if not pictures:
        pictures_path(out).unlink(missing_ok=True)
    return BuildReport(out, fingerprint, products, entries, stage.repeated, logs, time.perf_counter() - start, count)


def _add_picture(stage: Stage, entry: RegisterEntry, log: Log) -> None:
    data = entry.picture() if entry.picture else None
    if data is None:
        return
    try:
        stage.add_picture(entry.product.product_id, small_picture(data))
    except ValueError as error:
        log.doubt(entry.product.product_id, f"its picture is left out: {error}")


def _current_numbers(sources: Sequence[tuple[str, Path]]) -> Mapping[str, str]:
    """The RXCUI of today by each retired one that a register names."""
    found: dict[str, str] = {}
    for name, path in sources:
        if numbers := REGISTERS[name].current_numbers:
            found |= numbers(path)
    return found


def _renumbered(entry: RegisterEntry, current: Mapping[str, str]) -> RegisterEntry:
    """The entry under the number of today; the one that its register gives stays beside it."""
    product = entry.product
    if product.rxcui not in current:
        return entry
    originals = (*product.originals, ("retired_rxcui", product.rxcui))
    return replace(entry, product=replace(product, rxcui=current[product.rxcui], originals=originals))


def _first_faults(logs: dict[str, Log]) -> str:
    return "; ".join(filter(None, (log.first_faults() for log in logs.values()))) or "is it the right file?"


def _write(stage: Stage, out: Path, coverage: float | None, origins: Sequence[SourceFile]) -> tuple[str, int]:
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
            write_database(stage, connection, coverage)
            if origins:
                connection.execute("INSERT INTO meta VALUES ('origins', ?)", (origins_to_json(origins),))
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
