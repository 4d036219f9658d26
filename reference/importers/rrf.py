"""Streams rows out of files in Rich Release Format (RRF): values parted and ended by ``|``, no quotes, no header.

NLM, RxNorm Technical Documentation, section 12 (https://www.nlm.nih.gov/research/umls/rxnorm/docs/techdoc.html).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from reference.errors import CatalogError
from reference.importers.archive import ZIP_FAULTS
from reference.importers.log import Log
from reference.importers.table_rows import LINE_CHARACTERS_MAX, clean
from reference.importers.text_file import open_text


@dataclass(frozen=True)
class RrfFile:
    """One ``.RRF`` file: at ``path``, or the ``member`` of the zip there."""

    path: Path
    member: str = ""

    @property
    def name(self) -> str:
        """The file's own name, without the way to it."""
        return PurePosixPath(self.member).name if self.member else self.path.name

    def rows(self, columns: int, log: Log) -> Iterator[tuple[str, list[str]]]:
        """``(name, values)`` of every line with as many values; others are reported and skipped."""
        with open_text(self.path, log, self.member) as text:
            number = 0
            while line := text.readline(LINE_CHARACTERS_MAX):
                number += 1
                values = line.rstrip("\r\n").split("|")
                if len(values) == columns + 1 and not values[-1]:
                    values.pop()
                if len(values) == columns:
                    yield f"{self.name}:{number}", values
                elif clean(line):
                    log.reject(f"{self.name}:{number}", f"{len(values)} values, not {columns}")


def rrf_files(path: Path) -> Mapping[str, RrfFile]:
    """The RRF files at ``path``, a zip or a folder, by their names in capitals; of several the least deep one.

    NLM's zip of all of RxNorm holds its prescribable part once more in a folder below. Raises ``CatalogError`` where
    ``path`` cannot be read.
    """
    try:
        if path.is_dir():
            places = [RrfFile(file) for file in path.rglob("*") if file.suffix.upper() == ".RRF" and file.is_file()]
        else:
            with zipfile.ZipFile(path) as archive:
                places = [RrfFile(path, name) for name in archive.namelist() if name.upper().endswith(".RRF")]
    except ZIP_FAULTS as error:
        told = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise CatalogError(f"cannot read {path}: {told}; give RxNorm's zip or the folder of its RRF files") from error
    places = [place for place in places if not place.member.startswith("__MACOSX")]
    deepest_first = sorted(places, key=lambda place: (str(place.path / place.member).count("/"), place.member))[::-1]
    return {place.name.upper(): place for place in deepest_first}
