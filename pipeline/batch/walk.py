"""All photos below a folder, each once, in an order that is the same on every machine and in every run."""

from __future__ import annotations

import heapq
import os
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO

# Names that ``load`` may be able to open; a file of another name is no photo and is passed over.
SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".jpe", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif")
)

# Names of one folder that are sorted in memory at a time, some 10 MB.
_NAMES_AT_ONCE = 100_000

Key = tuple[bytes, ...]
_Name = tuple[bytes, bool]  # and whether it is a folder


def order(path: str) -> Key:
    """What the walk sorts by: the path's parts, as bytes."""
    return tuple(os.fsencode(part) for part in path.split("/"))


def photos_below(folder: Path, leave_out: Path | None = None) -> Iterator[str]:
    """The photos below a folder as paths relative to it, sorted by ``order``.

    Links to folders are not entered, so no photo comes twice and no loop is followed. A folder that cannot be
    listed is yielded itself with a ``/`` at its end, so that it is reported and not lost in silence.

    Args:
        folder: where to look.
        leave_out: a folder below it that is not entered (where the results go).
    """
    hidden = os.path.realpath(leave_out) if leave_out else None
    yield from _below(os.fspath(folder), hidden)


def _below(root: str, hidden: str | None) -> Iterator[str]:
    # A stack and no recursion: folders may be nested deeper than Python's stack.
    stack = [("", _sorted_names(root))]
    while stack:
        inside, names = stack[-1]
        try:
            name, is_folder = next(names)
        except StopIteration:
            stack.pop()
            continue
        except OSError:
            stack.pop()
            yield inside or "./"
            continue
        path = inside + os.fsdecode(name)
        if not is_folder:
            yield path
        elif not _is_hidden(root, path, hidden):
            stack.append((path + "/", _sorted_names(os.path.join(root, path))))


def _is_hidden(root: str, path: str, hidden: str | None) -> bool:
    if hidden is None or os.path.basename(path) != os.path.basename(hidden):
        return False
    return os.path.realpath(os.path.join(root, path)) == hidden


def _sorted_names(folder: str) -> Iterator[_Name]:
    """The folders and photos of one folder; however many, in bounded memory."""
    with os.scandir(folder) as entries:
        names = (name for entry in entries if (name := _name(entry)))
        chunk = sorted(islice(names, _NAMES_AT_ONCE))
        if len(chunk) < _NAMES_AT_ONCE:
            yield from chunk
            return
        with tempfile.TemporaryFile() as spill:
            starts = []
            while chunk:
                starts.append(spill.tell())
                spill.writelines(_line(name) for name in chunk)
                chunk = sorted(islice(names, _NAMES_AT_ONCE))
            ends = [*starts[1:], spill.tell()]
            runs = [_spilled(spill, start, end) for start, end in zip(starts, ends, strict=True)]
            yield from heapq.merge(*runs)


def _name(entry: os.DirEntry[str]) -> _Name | None:
    if entry.is_dir(follow_symlinks=False):
        return os.fsencode(entry.name), True
    is_photo = os.path.splitext(entry.name)[1].lower() in SUFFIXES and not _is_link_to_folder(entry)
    return (os.fsencode(entry.name), False) if is_photo else None


def _is_link_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_symlink() and entry.is_dir()
    except OSError:  # a link that leads nowhere or back to itself is reported when it is opened
        return False


def _line(name: _Name) -> bytes:
    # A name may hold a line break, never a slash.
    return name[0].replace(b"\n", b"/") + (b"/F" if name[1] else b"/P") + b"\n"


def _spilled(spill: IO[bytes], start: int, end: int) -> Iterator[_Name]:
    """The names between two places of the spill file, a block at a time."""
    rest = b""
    while start < end:
        spill.seek(start)
        block = spill.read(min(1 << 16, end - start))
        start += len(block)
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            yield line[:-2].replace(b"/", b"\n"), line.endswith(b"F")
