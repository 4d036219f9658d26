"""What a caller may hand over as a photo, and its bytes, image or array."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, Protocol, TypeGuard, runtime_checkable

from numpy.typing import NDArray
from PIL import Image

from pipeline.errors import InputError, PhotoError


@runtime_checkable
class Readable(Protocol):
    """A file object opened for bytes, as ``open(path, "rb")`` or ``io.BytesIO``."""

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes, all of them where it is negative."""
        ...


PhotoSource = str | os.PathLike[str] | bytes | bytearray | memoryview | Readable | Image.Image | NDArray[Any]
"""One photo: a path, a file's bytes, a file object, a Pillow image or an array."""

TAKEN = (
    "a path, the bytes of a file, a file object opened with 'rb', a PIL image or an array of (height, width, 3) in RGB"
)
# A web address, also as `pathlib` writes it: with one slash.
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
# Without waiting for a pipe, and not for a program that is started; Windows has neither, and reads text unless asked.
_READ_AT_ONCE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
# A file is read so many bytes at a time.
_CHUNK = 1 << 20
# How Python carries bytes of a name that are no UTF-8; other lone surrogates can be in no file's name (PEP 383).
_LONE = re.compile("[\ud800-\udc7f\udd00-\udfff]")


def sources_of(photos: PhotoSource | Iterable[PhotoSource]) -> list[PhotoSource]:
    """One photo or several, in a list, tuple, generator or other iterable, as a list.

    Raises:
        TypeError: it is neither a photo nor an iterable.
        InputError: there is none.
    """
    if is_source(photos):
        return [photos]
    if isinstance(photos, Mapping) or not isinstance(photos, Iterable):
        _refuse(photos)
    found: list[PhotoSource] = list(photos)  # type: ignore[arg-type]
    if not found:
        raise InputError("no photo was handed over: the list is empty; hand over at least one")
    return found


def is_source(source: object) -> TypeGuard[PhotoSource]:
    """Whether this is one photo by its type."""
    kinds = (str, os.PathLike, bytes, bytearray, memoryview, Image.Image)
    return isinstance(source, kinds) or is_array(source) or hasattr(source, "read")


def is_array(source: object) -> TypeGuard[NDArray[Any]]:
    """Whether numpy can take it for an array: its own arrays, tensors."""
    return hasattr(source, "__array__") and not isinstance(source, (Image.Image, type))


def _refuse(source: object) -> NoReturn:
    raise TypeError(f"a photo is {TAKEN}, not {type(source).__name__}; hand over one of these, or a list of them")


def check_source(source: object) -> None:
    """Raise ``TypeError``, with what is taken, where this is no photo by its type."""
    if not is_source(source):
        _refuse(source)


def display_name(path: str | os.PathLike[str]) -> str:
    """A file name as it can be printed: bytes that are no UTF-8, line breaks and other unprintables escaped."""
    name = _LONE.sub(lambda found: f"\\u{ord(found.group()):04x}", os.fspath(path))
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in text)


def stream_name(stream: object) -> str:
    """The name of a file object, as it can be printed."""
    name = getattr(stream, "name", "")
    return display_name(name) if isinstance(name, str) and name else "<stream>"


def read_stream(stream: Readable, name: str, bytes_max: int) -> bytes:
    """What a file object gives from where it stands; one that can be put back there is.

    Raises:
        PhotoError: it cannot be read, or gives more than ``bytes_max``.
        TypeError: it gives text.
    """
    try:
        start = stream.tell() if hasattr(stream, "tell") and stream.seekable() else None  # type: ignore[attr-defined]
        parts, size = [], 0
        while size <= bytes_max and (part := stream.read(_CHUNK)):
            if not isinstance(part, (bytes, bytearray, memoryview)):
                raise TypeError(f"{name}: gives {type(part).__name__}, not bytes; open it with 'rb'")
            parts.append(bytes(part))
            size += len(parts[-1])
        if start is not None:
            stream.seek(start)  # type: ignore[attr-defined]
    except UnicodeDecodeError as error:
        raise TypeError(f"{name}: was opened as text; open it with 'rb'") from error
    except (OSError, ValueError, AttributeError) as error:
        raise PhotoError(f"{name}: cannot be read ({display_name(str(error))}); open it again") from error
    if size > bytes_max:
        raise _too_large(name, "more than", bytes_max, bytes_max)
    return b"".join(parts)


def read_path(path: str | os.PathLike[str], name: str, bytes_max: int) -> bytes:
    """The file's bytes; only a regular file is opened, since a pipe or device may never end.

    Raises:
        PhotoError: there is none, it may not be read, is no regular file or too large; the message says what to do.
    """
    try:
        size = _checked(os.stat(path), name, bytes_max)
        if size == 0:  # what lies in /proc gives itself as empty, and may wait for ever
            return b""
        return _read(path, name, bytes_max)
    except (OSError, ValueError) as error:
        raise PhotoError(f"{name}: {_way_out(error, path)}") from error


def head_of(path: str | os.PathLike[str], size: int) -> bytes:
    """The first bytes of a regular file, at most ``size``; nothing of what is none or may not be read."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return b""
        descriptor = os.open(path, _READ_AT_ONCE)
        try:
            return os.read(descriptor, size)
        finally:
            os.close(descriptor)
    except (OSError, ValueError):
        return b""


def _read(path: str | os.PathLike[str], name: str, bytes_max: int) -> bytes:
    # Without waiting: in between a pipe may have taken the file's place.
    descriptor = os.open(path, _READ_AT_ONCE)
    with open(descriptor, "rb") as file:
        _checked(os.fstat(descriptor), name, bytes_max)
        data = file.read(bytes_max + 1)
    if len(data) > bytes_max:
        raise _too_large(name, "more than", bytes_max, bytes_max)
    return data


def _checked(status: os.stat_result, name: str, bytes_max: int) -> int:
    """The size of a regular file that is not too large."""
    if stat.S_ISDIR(status.st_mode):
        raise PhotoError(f"{name}: is a folder; for all photos in a folder use `pillprint batch`")
    if not stat.S_ISREG(status.st_mode):
        raise PhotoError(f"{name}: is no regular file; save the photo as a file first, or hand it over as a stream")
    if status.st_size > bytes_max:
        raise _too_large(name, "", status.st_size, bytes_max)
    return status.st_size


def _too_large(name: str, words: str, size: int, bytes_max: int) -> PhotoError:
    told = f"{words} {size / 2**20:.0f} MiB".strip()
    return PhotoError(f"{name}: {told} is above the limit of {bytes_max / 2**20:.0f} MiB; save it as JPEG first")


def _way_out(error: OSError | ValueError, path: str | os.PathLike[str]) -> str:
    """What is wrong with a path, and what to do."""
    if isinstance(error, UnicodeEncodeError):
        return "the name holds a sign that no file's name can hold; check it"
    known = {
        errno.ENOENT: "there is no such file; check the name",
        errno.ENOTDIR: "there is no such file; check the name",
        errno.EACCES: "may not be read; allow it with `chmod +r`, or run as its owner",
        errno.EPERM: "may not be read; allow it with `chmod +r`, or run as its owner",
        errno.ELOOP: "is a symbolic link that leads back to itself; name the photo itself",
        errno.ENAMETOOLONG: "the name is too long for a file; check it",
    }
    if isinstance(error, OSError) and error.errno in known:
        if error.errno == errno.ENOENT and _ADDRESS.match(os.fspath(path)):
            return "is an address, and nothing is fetched from the net; save the photo as a file and name that"
        return known[error.errno]
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"cannot be read ({reason}); check the name and the disk"
