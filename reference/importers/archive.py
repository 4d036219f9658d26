"""Finds the documents in folders, files and zips of zips: hostile input, read in memory, never unpacked to disk."""

from __future__ import annotations

import io
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

from reference.errors import CatalogError
from reference.importers.log import Log

# Far above what labels are, so that only damage or malice meets them: the sample labels have up to 0.4 MB of XML and
# pack 7 to 1 at most; a release is a zip of zips, each with one label and its photos.
DOCUMENT_BYTES_MAX = 64 << 20
INNER_ZIP_BYTES_MAX = 256 << 20
PICTURE_BYTES_MAX = 32 << 20
RATIO_MAX = 200
DEPTH_MAX = 3
DOCUMENTS_IN_INNER_ZIP_MAX = 1000

ZIP_FAULTS = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, OSError, EOFError, ValueError, RuntimeError,
    OverflowError, IndexError, KeyError,
)  # fmt: skip


@dataclass(frozen=True)
class ArchivedFile:
    """One XML document with the way to it: ``release.zip/prescription/x.zip/y.xml``.

    ``beside`` reads the picture of that name that lies beside the document; None where there is none that can be used.
    It may be called until the next document is asked for.
    """

    name: str
    data: bytes
    beside: Callable[[str], bytes | None] = field(default=lambda name: None, compare=False, repr=False)


def documents(path: Path, log: Log) -> Iterator[ArchivedFile]:
    """Every ``.xml`` below a folder or in a zip (of zips), one at a time; unreadable ones are reported and skipped.

    Raises ``CatalogError`` where ``path`` itself cannot be read. Symbolic links below a folder are not followed.
    """
    if not path.is_dir() and not path.is_file():
        raise CatalogError(f"{path}: no such file or folder; give a DailyMed zip, a folder or an SPL document")
    for file in files_of(path):
        yield from _documents_of_file(file, str(file.relative_to(path if path.is_dir() else path.parent)), log)


def files_of(path: Path) -> Iterator[Path]:
    """The files that are read for a register: itself, or the documents and zips below a folder."""
    return _files_below(path) if path.is_dir() else iter((path,))


def _files_below(path: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            file = Path(folder, name)
            if file.suffix.lower() in {".xml", ".zip"} and file.is_file() and not file.is_symlink():
                yield file


def _documents_of_file(file: Path, name: str, log: Log) -> Iterator[ArchivedFile]:
    name = name.encode("utf-8", "replace").decode()
    try:
        with file.open("rb") as stream:
            if stream.read(4) == b"PK\3\4":
                yield from _documents_of_zip(stream, name, log, 1)
            elif file.stat().st_size > DOCUMENT_BYTES_MAX:
                log.reject(name, f"larger than {DOCUMENT_BYTES_MAX >> 20} MB")
            else:
                stream.seek(0)
                yield ArchivedFile(name, stream.read(DOCUMENT_BYTES_MAX), partial(_file_beside, file))
    except OSError as error:
        log.reject(name, f"cannot be read: {error.strerror or error}")


def _documents_of_zip(stream: BinaryIO, name: str, log: Log, depth: int) -> Iterator[ArchivedFile]:
    try:
        archive = zipfile.ZipFile(stream)
    except ZIP_FAULTS as error:
        log.reject(name, f"damaged zip: {error}")
        return
    with archive:
        found = 0
        for member in sorted(archive.infolist(), key=lambda info: info.filename):
            suffix = os.path.splitext(member.filename.lower())[1]
            place = f"{name}/{member.filename}".encode("utf-8", "replace").decode()
            if suffix not in {".xml", ".zip"} or member.is_dir():
                continue
            found += 1
            if depth > 1 and found > DOCUMENTS_IN_INNER_ZIP_MAX:
                log.reject(name, f"more than {DOCUMENTS_IN_INNER_ZIP_MAX} documents in an inner zip")
                return
            limit = DOCUMENT_BYTES_MAX if suffix == ".xml" else INNER_ZIP_BYTES_MAX
            data = _member(archive, member, limit, place, log)
            if data is None:
                continue
            if suffix == ".xml":
                yield ArchivedFile(place, data, partial(_member_beside, archive, member.filename, place, log))
            elif depth < DEPTH_MAX:
                yield from _documents_of_zip(io.BytesIO(data), place, log, depth + 1)
            else:
                log.reject(place, f"zips nested more than {DEPTH_MAX} deep")


def _member_beside(archive: zipfile.ZipFile, document: str, place: str, log: Log, name: str) -> bytes | None:
    folder, slash, _ = document.rpartition("/")
    try:
        member = archive.getinfo(f"{folder}{slash}{name}")
    except KeyError:
        return None
    return _member(archive, member, PICTURE_BYTES_MAX, f"{place}: {name}", log)


def _file_beside(document: Path, name: str) -> bytes | None:
    file = document.parent / name
    if file.is_symlink() or not file.is_file() or file.stat().st_size > PICTURE_BYTES_MAX:
        return None
    return file.read_bytes()


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int, place: str, log: Log) -> bytes | None:
    """The bytes of a member, or None, reported, where it is too large, packed too tightly or damaged."""
    if member.file_size > limit:
        log.reject(place, f"larger than {limit >> 20} MB")
        return None
    if member.file_size > RATIO_MAX * max(member.compress_size, 1024):
        log.reject(place, f"packed more than {RATIO_MAX} to 1")
        return None
    try:
        with archive.open(member) as stream:
            data = stream.read(limit + 1)
    except ZIP_FAULTS as error:
        log.reject(place, f"damaged zip member: {error}")
        return None
    if len(data) > limit or len(data) > RATIO_MAX * max(member.compress_size, 1024):
        log.reject(place, f"larger than its zip says, or than {limit >> 20} MB")
        return None
    return data
