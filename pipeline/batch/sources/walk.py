"""All photos below a folder, each once, in an order that is the same on every machine and in every run.

What is a photo, ``kinds`` says; what is none is passed over, and told.
"""

from __future__ import annotations

import heapq
import os
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from pipeline.batch.kinds import why_no_photo, why_not_entered
from pipeline.batch.sources.archives import is_archive
from pipeline.batch.sources.files import FileStore
from pipeline.batch.sources.store import PassedOver
from pipeline.load import head_of
from pipeline.load.formats import HEAD_BYTES

# Names of one folder that are sorted in memory at a time, some 10 MB.
_NAMES_AT_ONCE = 100_000

_Name = tuple[bytes, bool]  # and whether it is a folder


def photos_below(
    folder: Path, leave_out: Path | None = None, passed_over: PassedOver = lambda path, why: None
) -> Iterator[str]:
    """The photos below a folder as paths relative to it, sorted by ``order``.

    Links to folders are not entered, so no photo comes twice and no loop is followed. A folder that cannot be
    listed is yielded itself with a ``/`` at its end, so that it is reported and not lost in silence. Archives are
    entered, but not those in archives.

    Args:
        folder: where to look.
        leave_out: a folder below it that is not entered (where the results go).
        passed_over: told of each file that is no photo and each folder that is not entered.
    """
    hidden = os.path.realpath(leave_out) if leave_out else None
    with closing(FileStore(os.fspath(folder))) as store:
        yield from _Walk(store, hidden, passed_over).photos()


@dataclass(frozen=True)
class _Walk:
    store: FileStore
    hidden: str | None
    passed_over: PassedOver

    @property
    def root(self) -> str:
        return self.store.root

    def photos(self) -> Iterator[str]:
        # A stack and no recursion: folders may be nested deeper than Python's stack.
        stack = [("", self._sorted_names(""))]
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
                yield from self.store.members(path, self.passed_over) if is_archive(path) else (path,)
            elif not self._is_hidden(path):
                stack.append((path + "/", self._sorted_names(path + "/")))

    def _is_hidden(self, path: str) -> bool:
        if self.hidden is None or os.path.basename(path) != os.path.basename(self.hidden):
            return False
        return os.path.realpath(os.path.join(self.root, path)) == self.hidden

    def _sorted_names(self, inside: str) -> Iterator[_Name]:
        """The folders and photos of one folder; however many, in bounded memory."""
        with os.scandir(os.path.join(self.root, inside[:-1]) if inside else self.root) as entries:
            names = (name for entry in entries if (name := self._name(inside, entry)))
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

    def _name(self, inside: str, entry: os.DirEntry[str]) -> _Name | None:
        is_folder = entry.is_dir(follow_symlinks=False)
        why = why_not_entered(entry.name) if is_folder else self._why_no_photo(entry)
        if why:
            self.passed_over(inside + entry.name + ("/" if is_folder else ""), why)
            return None
        return os.fsencode(entry.name), is_folder

    def _why_no_photo(self, entry: os.DirEntry[str]) -> str | None:
        if _is_link_to_folder(entry):
            return "link to a folder"
        return None if is_archive(entry.name) else why_no_photo(entry.name, lambda: head_of(entry.path, HEAD_BYTES))


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
