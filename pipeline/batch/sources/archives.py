"""Photos in zip and tar archives, read where they lie: nothing is unpacked into a folder, and no name leads out of one.

An archive may be hostile. Of its list no more than ``_LIST_BYTES_MAX`` and ``_MEMBERS_MAX`` are read, of each photo no
more than ``load`` takes. A compressed tar is unpacked once a process, into a file without a name, as long as it is not
far larger than it was packed (a bomb).
"""

from __future__ import annotations

import bz2
import gzip
import io
import os
import re
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from pipeline.batch.sources.store import BYTES_MAX, SAMPLE_BYTES, middle
from pipeline.errors import PhotoError, PhotoSetError

# Names of archives; what is in one is told by how it begins.
_ENDINGS = r"\.(?:zip|cbz|tar|tgz|tbz2?|tar\.gz|tar\.bz2)"
_NAME = re.compile(rf".*[^/]{_ENDINGS}", re.IGNORECASE | re.DOTALL)
_MEMBER = re.compile(rf"(.*?[^/]{_ENDINGS})/(.*)", re.IGNORECASE | re.DOTALL)

# Members of one archive, some 1 KB of memory each.
_MEMBERS_MAX = 100_000
# What is read at once of an archive's own lists: 100 bytes a member is usual.
_LIST_BYTES_MAX = 16 * 2**20
# A compressed tar above the first size may hold so many times its own bytes; photos are packed to nine tenths.
_UNPACKED_FREE_BYTES, _UNPACKED_RATIO_MAX = 2**30, 100
_BLOCK_BYTES = 1 << 20

# Ways of packing in a zip (APPNOTE 4.4.5) that `zipfile` unpacks in bounded memory.
_ZIP_WAYS = frozenset((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
_GZIP, _BZIP2, _ZIP = b"\x1f\x8b", b"BZh", (b"PK\x03\x04", b"PK\x05\x06")

# What Python's readers raise on damaged or hostile archives, besides errors of the disk.
_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, ValueError, RuntimeError, NotImplementedError)


def is_archive(name: str) -> bool:
    """Whether a file of that name is taken for an archive."""
    return _NAME.fullmatch(name) is not None


# What every path into an archive has, found in a tenth of the time.
_HINT = re.compile(r"\.(?:zip|cbz|tar|tgz|tbz2?|gz|bz2)/", re.IGNORECASE)


def parted(path: str) -> Iterator[tuple[str, str]]:
    """The ways to read a path as that of a member: the archive's path, and the member's in it."""
    start = 0
    while _HINT.search(path, start) and (found := _MEMBER.fullmatch(path, start)):
        yield path[: found.end(1)], found[2]
        start = found.start(2)


@dataclass(frozen=True, slots=True)
class Member:
    """One file in an archive; ``refused`` says why it is not read, "" where it is."""

    size: int
    refused: str = ""
    offset: int = 0
    info: zipfile.ZipInfo | None = field(default=None, repr=False)


class Archive:
    """An open archive: its members by their names, without ``.`` and empty parts.

    ``damaged`` says why members may be missing, "" where none are. ``double`` are names that more than one has; the
    last one counts.

    Args:
        file: its bytes, which can be read from any place; closed with it.
        size_bytes: of the file.

    Raises:
        PhotoSetError: it cannot be opened; the message says why, without its name.
    """

    def __init__(self, file: IO[bytes], size_bytes: int) -> None:
        self.members: dict[str, Member] = {}
        self.damaged = ""
        self.double: list[str] = []
        self._zip: zipfile.ZipFile | None = None
        self._file = file
        try:
            self._list(size_bytes)
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Close its file."""
        self._file.close()

    def read(self, name: str) -> bytes:
        """The bytes of a member, one more than ``BYTES_MAX`` at most.

        Raises:
            PhotoError: it cannot be read; the message says why and what to do, without its name.
        """
        member = self._sound(name)
        try:
            with self._stream(member) as stream:
                data = stream.read(BYTES_MAX + 1)
        except (*_DAMAGED, OSError) as error:
            raise PhotoError(f"cannot be read from its archive ({_told(error)}); {_REPACK}") from error
        if member.info is None and len(data) < min(member.size, BYTES_MAX + 1):
            raise PhotoError(f"cannot be read from its archive (it ends too early); {_REPACK}")
        return data

    def sample(self, name: str) -> bytes | None:
        """``SAMPLE_BYTES`` from the middle of a member, None where they cannot be read."""
        member = self.members.get(name)
        if member is None or member.refused or member.size > BYTES_MAX:
            return None
        try:
            with self._stream(member) as stream:
                stream.seek(middle(member.size))
                return stream.read(SAMPLE_BYTES)
        except (*_DAMAGED, OSError):
            return None

    def _sound(self, name: str) -> Member:
        member = self.members.get(name)
        if member is None:
            raise PhotoError(f"is no longer in its archive; {_REPACK}")
        if member.refused:
            raise PhotoError(member.refused)
        return member

    def _stream(self, member: Member) -> IO[bytes]:
        if self._zip is not None and member.info is not None:
            return self._zip.open(member.info)
        return _Part(self._file, member.offset, member.size)

    def _list(self, packed_bytes: int) -> None:
        head = self._file.read(4)
        self._file.seek(0)
        if head.startswith((_GZIP, _BZIP2)):
            reader = gzip.open if head.startswith(_GZIP) else bz2.open
            self._file, self.damaged = _unpacked(self._file, packed_bytes, reader)
        guarded = _Guarded(self._file)
        try:
            if head in _ZIP or zipfile.is_zipfile(guarded):
                self._list_zip(guarded)
            else:
                guarded.seek(0)
                self._list_tar(guarded)
        except (*_DAMAGED, OSError) as error:
            if not self.members:
                raise PhotoSetError(f"cannot be opened as an archive ({_told(error)}); {_REPACK}") from error
            self.damaged = _damaged(error)
        guarded.bytes_max = BYTES_MAX + 1

    def _list_zip(self, file: _Guarded) -> None:
        self._zip = zipfile.ZipFile(file)
        for info in self._zip.infolist():
            if not info.is_dir():
                self._add(info.filename, Member(info.file_size, _why_not_zipped(info), info=info))

    def _list_tar(self, file: _Guarded) -> None:
        with tarfile.open(fileobj=file, mode="r:", errorlevel=2, encoding="utf-8") as tar:
            while (info := tar.next()) is not None:
                tar.members = []  # type: ignore[attr-defined]  # it keeps all of them
                if not info.isdir():
                    self._add(info.name, Member(info.size, _why_not_taped(info), info.offset_data))
            file.seek(tar.offset)  # tarfile takes a damaged header for the end of the archive
            if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                raise tarfile.ReadError("it has no end mark")

    def _add(self, name: str, member: Member) -> None:
        parts = [part for part in name.replace("\0", "�").split("/") if part not in ("", ".")]
        whole = "/".join(parts)
        if ".." in parts or name.startswith("/"):
            member = Member(member.size, f"has a name that leads out of its archive; {_REPACK}")
        if whole in self.members:
            self.double.append(whole)
        elif len(self.members) >= _MEMBERS_MAX:
            raise ValueError(f"more than {_MEMBERS_MAX:,} files; split it")
        self.members[whole] = member


_REPACK = "pack it again, or unpack it into a folder"


def _told(error: Exception) -> str:
    """What a reader of archives says, in a few words."""
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).partition("\n")[0]


def file_archive(file: str) -> Archive:
    """The archive in a file.

    Raises:
        PhotoSetError: as ``Archive``.
    """
    try:
        status = os.stat(file)
        if not stat.S_ISREG(status.st_mode):  # a pipe may never end
            raise PhotoSetError(f"is no regular file, and so no archive; {_REPACK}")
        opened = open(file, "rb")  # noqa: SIM115  closed with the archive
    except OSError as error:
        raise PhotoSetError(f"cannot be opened ({_told(error)}); mend that and run again") from error
    return Archive(opened, status.st_size)


def _unpacked(packed: IO[bytes], packed_bytes: int, reader: Callable[..., Any]) -> tuple[IO[bytes], str]:
    """A compressed tar unpacked up to where it is damaged, and how it is, "" where not.

    Raises:
        PhotoSetError: it is a bomb, or the disk is full.
    """
    bytes_max = max(_UNPACKED_FREE_BYTES, _UNPACKED_RATIO_MAX * packed_bytes)
    unpacked: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed with the archive
    try:
        with packed, reader(packed) as stream:
            damaged = _copied(stream, unpacked, bytes_max)
    except OSError as error:
        unpacked.close()
        raise PhotoSetError(f"cannot be unpacked ({_told(error)}); mend that and run again") from error
    except BaseException:
        unpacked.close()
        raise
    unpacked.seek(0)
    return unpacked, damaged


def _copied(stream: IO[bytes], target: IO[bytes], bytes_max: int) -> str:
    """Copy what a stream unpacks; how it is damaged, "" where not."""
    while True:
        try:
            block = stream.read1(_BLOCK_BYTES)  # type: ignore[attr-defined]
        except (*_DAMAGED, OSError) as error:
            if getattr(error, "errno", None) is not None:  # the disk's doing
                raise
            return _damaged(error)
        if not block:
            return ""
        if target.tell() + len(block) > bytes_max:
            raise PhotoSetError(f"unpacks to more than {bytes_max / 2**30:.0f} GiB, which no photos do; {_REPACK}")
        target.write(block)


def _damaged(error: Exception) -> str:
    return f"is damaged, and photos may be missing ({_told(error)}); {_REPACK}"


def _why_not_zipped(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 0x1:
        return "is encrypted; unpack it into a folder with its password"
    if info.compress_type not in _ZIP_WAYS:
        return "is packed in a way that is not taken; pack it with deflate, or not at all"
    if stat.S_ISLNK(info.external_attr >> 16):
        return _LINK
    return ""


def _why_not_taped(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return _LINK
    if not info.isfile():
        return f"is no regular file in its archive; {_REPACK}"
    return f"has holes in its archive, which are not read; {_REPACK}" if info.issparse() else ""


_LINK = "is a link in an archive, which is not followed; pack the photo itself"


class OverFile(io.BufferedIOBase):
    """A file that is read through another; what reading it does besides is the subclass's."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a place of the file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The place in the file."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Always."""
        return True

    def readable(self) -> bool:
        """Always."""
        return True


class _Guarded(OverFile):
    """A file of which no more is read at once than ``bytes_max``: while its list is read, what a list needs."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        self.bytes_max = _LIST_BYTES_MAX

    def read(self, size: int | None = -1, /) -> bytes:
        data = self._file.read(self.bytes_max + 1 if size is None or size < 0 else min(size, self.bytes_max + 1))
        if len(data) > self.bytes_max:
            raise ValueError("its list is longer than that of any photos")
        return data


class _Part(io.BytesIO):
    """A part of a file as a stream, read when it is wanted."""

    def __init__(self, file: IO[bytes], offset: int, size: int) -> None:
        super().__init__()
        self._whole, self._offset, self._size, self._at = file, offset, size, 0

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._at = offset
        return offset

    def read(self, size: int | None = -1, /) -> bytes:
        left = max(0, self._size - self._at)
        self._whole.seek(self._offset + self._at)
        data = self._whole.read(left if size is None or size < 0 else min(size, left))
        self._at += len(data)
        return data
