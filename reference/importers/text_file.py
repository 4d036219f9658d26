"""Opens a register's table: unpacked from gz and zip, a workbook's sheet as CSV, its encoding told by its content."""

from __future__ import annotations

import codecs
import gzip
import io
import math
import re
import zipfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import IO, Any

from reference.errors import CatalogError
from reference.importers.archive import RATIO_MAX, ZIP_FAULTS
from reference.importers.log import Log
from reference.importers.workbook import is_workbook, sheet

# Far above any register's table; the largest known, Pillbox, has 84,000 rows.
UNPACKED_BYTES_MAX = 4 << 30
# A small file may be packed tightly, as repeated lines are.
_ROOM_BYTES = 16 << 20
_BLOCK = 1 << 20
_TABLES = (".csv", ".json", ".tsv", ".txt")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"

# What bytes above 127 stand for, tried in this order: the first that explains those of half the lines, Windows-1252
# where none does. Korean is told by runs of the 2,350 syllables of KS X 1001, Chinese by runs of Big5's 5,401 frequent
# characters; the runs keep single accented letters from being taken for them.
_ENCODINGS = (
    ("utf-8", "UTF-8", re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")),
    ("cp949", "CP949 (Korean)", re.compile(rb"(?:[\xb0-\xc8][\xa1-\xfe]){2,}")),
    ("cp950", "Big5 (Chinese)", re.compile(rb"(?:[\xa4-\xc6][\x40-\x7e\xa1-\xfe]){2,}")),
)
_OTHER = ("cp1252", "Windows-1252")
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"), (b"\xff\xfe", "utf-16", "UTF-16"), (b"\xfe\xff", "utf-16", "UTF-16"))
_ASCII = bytes(range(128))


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
        head = file.peek(_BLOCK)[:_BLOCK]
        marked = next(((codec, title) for mark, codec, title in _MARKS if head.startswith(mark)), None)
        codec, title = marked or _wide(head) or _narrow(_blocks(file), log)
    if title != "UTF-8":
        log.note(f"{member}{': ' if member else ''}read as {title}")
    return codec


def _wide(head: bytes) -> tuple[str, str] | None:
    """UTF-16 without its mark: every sign of the table's own has a zero byte, always on the same side."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 50 < len(head) or min(even, odd) * 20 > max(even, odd) or not head:
        return None
    return ("utf-16-le" if odd > even else "utf-16-be"), "UTF-16 without a byte order mark"


def _narrow(blocks: Iterator[bytes], log: Log) -> tuple[str, str]:
    """The encoding that explains the bytes above 127 of most lines; long lines count more, not in proportion.

    So neither one long damaged line nor a few short ones decide.
    """
    damaged, all_lines = 0, 0.0
    explained = dict.fromkeys((codec for codec, _, _ in _ENCODINGS), 0.0)
    utf_8 = codecs.getincrementaldecoder("utf-8")()
    for block in blocks:
        try:
            utf_8.decode(block)  # far faster than to count
        except UnicodeDecodeError:
            utf_8.reset()
        else:
            weight = sum(math.sqrt(_high(line)) for line in block.split(b"\n")) if not block.isascii() else 0
            all_lines, explained["utf-8"] = all_lines + weight, explained["utf-8"] + weight
            continue
        for line in block.split(b"\n"):
            if found := _high(line):
                left = {codec: _high(pattern.sub(b"", line)) for codec, _, pattern in _ENCODINGS}
                damaged += left["utf-8"]
                all_lines += math.sqrt(found)
                for codec, rest in left.items():
                    explained[codec] += math.sqrt(found) if 2 * rest <= found else 0
    codec, title = next(((codec, title) for codec, title, _ in _ENCODINGS if 2 * explained[codec] >= all_lines), _OTHER)
    if codec == "utf-8" and damaged:
        log.note(f"read as UTF-8; {damaged:,} bytes are not, and were replaced")
    return codec, title


def _high(block: bytes) -> int:
    """How many bytes are above 127."""
    return len(block.translate(None, _ASCII))
