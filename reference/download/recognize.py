"""Tells by its content of which register a file is, whatever a person called it."""

from __future__ import annotations

import zipfile
from collections.abc import Collection
from pathlib import Path

from reference.errors import CatalogError
from reference.importers.archive import ZIP_FAULTS
from reference.importers.registers import REGISTERS, importer_of
from reference.importers.workbook import is_workbook

_ZIP = b"PK\3\4"


def register_of(path: Path) -> str:
    """The name of the register, a key of ``REGISTERS``; raises ``CatalogError`` where none fits."""
    names = [file.name for file in path.rglob("*")] if path.is_dir() else _packed(path)
    endings = {Path(name).suffix.lower() for name in names}
    if ".rrf" in endings:
        return "rxnorm"
    if endings & {".xml", ".zip"} or path.suffix.lower() == ".xml":
        return "spl"
    if path.is_dir():
        raise CatalogError(f"{path}: holds neither labels nor RxNorm's files")
    entries = importer_of(path)
    found = next((name for name, register in REGISTERS.items() if register.entries is entries), None)
    if found is None:
        raise CatalogError(f"{path}: is a table of products kept by hand, not a register's")
    return found


def _packed(path: Path) -> list[str]:
    """The names in a zip; none of another file and of a workbook, which is a zip too."""
    try:
        with path.open("rb") as file:
            if file.read(4) != _ZIP:
                return []
        with zipfile.ZipFile(path) as archive:
            return [] if is_workbook(archive) else archive.namelist()
    except ZIP_FAULTS as error:
        raise CatalogError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def is_register_file(path: Path) -> bool:
    """Whether the file is a register's, and no folder or note of a download."""
    return path.is_file() and not path.name.endswith((".part", ".part.json", ".got.json"))


def files_in(folder: Path, registers: Collection[str]) -> tuple[list[tuple[str, Path]], list[str]]:
    """The registers' files in a folder (or the one file), and what was left aside, each with why.

    Raises ``CatalogError`` where the folder cannot be read or holds no file of these registers.
    """
    try:
        folder.stat()
        paths = sorted(folder.iterdir()) if folder.is_dir() else [folder]
    except OSError as error:
        raise CatalogError(f"cannot read {folder}: {error.strerror or error}") from error
    found: list[tuple[str, Path]] = []
    left: list[str] = []
    for path in paths:
        if not (path.is_dir() or is_register_file(path)) or path.name.startswith("."):
            continue
        try:
            register = register_of(path)
        except CatalogError as error:
            left.append(str(error))
            continue
        if register in registers:
            found.append((register, path))
        else:
            left.append(f"{path}: is of another country ({register})")
    if not found:
        why = f" ({'; '.join(left[:3])})" if left else ""
        raise CatalogError(f"{folder}: holds no file of {' or '.join(registers)}{why}")
    return found, left
