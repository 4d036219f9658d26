"""Opens a register's table: unpacked from gz and zip, a workbook's sheet as CSV, its encoding told by its content."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import IO, Any

from reference.errors import CatalogError
from reference.importers.archive import RATIO_MAX, ZIP_FAULTS
from reference.importers.log import Log
from reference.importers.workbook import is_workbook, sheet
from reference.text.encoding import encoding_of

# Far above any register's table; the largest known, Pillbox, has 84,000 rows.
UNPACKED_BYTES_MAX = 4 << 30
# A small file may be packed tightly, as repeated lines are.
_ROOM_BYTES = 16 << 20
_BLOCK = 1 << 20
_TABLES = (".csv", ".json", ".tsv", ".txt")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


def open_text(path: Path, log: Log, member: str = "") -> io.TextIOWrapper:
    """The text of the table at ``path``; how it is written is noted in ``log`` where that is not plain UTF-8.

    ``member`` is the table's name in a zip of several. Bytes that the encoding does not know become U+FFFD. Raises
    ``CatalogError`` where the file cannot be read, here or while it is read.
    """
    encoding = _encoding(path, log, member)
    return io.TextIOWrapper(_open(path, log, member), encoding=encoding, errors="replace", newline="")


def is_json(path: Path) -> bool:
    """Whether the first sign of the text opens an object or a list."""
    with _open(path, Log()) as file:
        return file.peek(_BLOCK).lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1] in (b"{", b"[")


def _open(path: Path, log: Log, member: str = "") -> io.BufferedReader:
    return io.BufferedReader(_Chunks(_unpacked(path, log, member)), _BLOCK)


class _Chunks(io.RawIOBase):
    """A file made of the bytes that a generator gives."""

    def __init__(self, chunks: Generator[bytes]) -> None:
        self._chunks = chunks
        self._rest: bytes | None = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._rest:
            self._rest = next(self._chunks, None)
            if self._rest is None:
                return 0
        taken, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)

    def close(self) -> None:
        self._chunks.close()
        super().close()


def _unpacked(path: Path, log: Log, member: str = "") -> Generator[bytes]:
    """The bytes of the table; every fault of file and packing becomes a ``CatalogError``."""
    try:
        with path.open("rb") as file:
            head = file.read(4)
        if head.startswith(_OLD_EXCEL):
            raise CatalogError(f"{path} is an old Excel file (.xls); save it as 'CSV UTF-8' and give that")
        if head.startswith(b"\x1f\x8b"):
            with gzip.open(path) as packed:
                yield from _within(path, packed)
        elif head == b"PK\3\4":
            with zipfile.ZipFile(path) as archive:
                is_sheet = not member and is_workbook(archive)
                yield from sheet(archive, path) if is_sheet else _member(archive, path, log, member)
        else:
            with path.open("rb") as file:
                yield from _blocks(file)
    except ZIP_FAULTS as error:
        told = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise CatalogError(f"cannot read {path}: {told}") from error


def _blocks(file: IO[bytes] | gzip.GzipFile | io.BufferedReader) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block


def _within(path: Path, file: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    """The bytes of a packed file, as long as they are not many times more than the file's own."""
    left = min(UNPACKED_BYTES_MAX, RATIO_MAX * path.stat().st_size + _ROOM_BYTES)
    for block in _blocks(file):
        left -= len(block)
        if left < 0:
            raise CatalogError(f"{path}: packed more than {RATIO_MAX} to 1; unpack it and give the table inside")
        yield block


def _member(archive: zipfile.ZipFile, path: Path, log: Log, member: str) -> Iterator[bytes]:
    """The member of that name, else the one table in a zip."""
    if member:
        with archive.open(member) as file:
            yield from _within(path, file)
        return
    found = [name for name in archive.namelist() if name.lower().endswith(_TABLES) and not name.startswith("__MACOSX")]
    if len(found) != 1:
        named = f"{len(found)} tables ({', '.join(found[:5])})" if found else "no table (.csv, .json, .tsv, .txt)"
        raise CatalogError(f"{path} is a zip with {named}; unpack it and give the one that is meant")
    log.note(f"read from {found[0]} in the zip")
    with archive.open(found[0]) as file:
        yield from _within(path, file)


def _encoding(path: Path, log: Log, member: str) -> str:
    """The codec of the table's text; other than plain UTF-8 it is noted."""
    with _open(path, log, member) as file:
        found = encoding_of(file.peek(_BLOCK)[:_BLOCK], _blocks(file))
    if found.title != "UTF-8":
        log.note(f"{member}{': ' if member else ''}read as {found.title}")
    if found.damaged:
        log.note(f"read as UTF-8; {found.damaged:,} bytes are not, and were replaced")
    return found.codec
