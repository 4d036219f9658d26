"""A folder as a store of photos, with those in its archives: ``photos.zip/inner.jpg``."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.batch.kinds import SIDE_FOLDER, is_in_side_folder, why_no_photo
from pipeline.batch.names import order
from pipeline.batch.sources.archives import Archive, is_archive, parted
from pipeline.batch.sources.store import BYTES_MAX, SAMPLE_BYTES, Given, PhotoBytes, middle
from pipeline.batch.state import State, digest, state_of
from pipeline.errors import PhotoError, PhotoSetError
from pipeline.load import display_name
from pipeline.load.formats import HEAD_BYTES

# Told of each file or folder that is passed over: its path below the folder (a folder's ends in ``/``), and why.
PassedOver = Callable[[str, str], None]

NESTED, DOUBLE = "archive in an archive", "older file of the same name in an archive"


class FileStore:
    """The files below ``root``; an absolute path is taken as it is."""

    def __init__(self, root: str) -> None:
        self.root = os.path.abspath(root)
        # The archive that was read last, with its file's state: the photos of one come one after the other.
        self._open: tuple[str, State, Archive] | None = None

    def __reduce__(self) -> tuple[type[FileStore], tuple[str]]:
        return FileStore, (self.root,)

    def file(self, path: str) -> str:
        """Where a photo's file is."""
        return os.path.join(self.root, path)

    def state(self, path: str) -> State | None:
        """See ``Store``; a photo in an archive has its own size and the times of the archive."""
        inside = self._inside(path)
        if inside is None:
            return state_of(self.file(path))
        archive, name = inside
        state = state_of(self.file(archive))
        if state is None or not name:
            return state
        try:
            member = self._archive(archive).members.get(name)
        except PhotoSetError:
            return None
        return {**state, "size_bytes": member.size} if member else None

    def digest(self, path: str) -> str | None:
        """See ``Store``."""
        if self._inside(path) is None:
            return digest(self.file(path))
        try:
            data = self._member(path)
        except PhotoError:
            return None
        return hashlib.sha256(data).hexdigest() if len(data) <= BYTES_MAX else None

    def sample(self, path: str, size: int) -> bytes | None:
        """See ``Store``."""
        inside = self._inside(path)
        if inside is not None:
            try:
                return self._archive(inside[0]).sample(inside[1])
            except PhotoSetError:
                return None
        file = self.file(path)
        if not os.path.isfile(file):
            return None
        try:
            with open(file, "rb", buffering=0) as stream:
                stream.seek(middle(size))
                return stream.read(SAMPLE_BYTES)
        except OSError:
            return None

    def given(self, path: str) -> Given:
        """See ``Store``."""
        if self._inside(path) is None:
            file = self.file(path)
            before = state_of(file)
            return Given(Path(file), lambda: digest(file) if state_of(file) == before else None)
        data = self._member(path)
        return Given(PhotoBytes(data, display_name(path)), lambda: hashlib.sha256(data).hexdigest())

    def why_not_listed(self, path: str) -> str:
        """See ``Store``."""
        if os.path.isdir(self.file(path)) or not is_archive(path.rstrip("/")):
            return _why_no_folder(self.file(path))
        try:
            return self._archive(path.rstrip("/")).damaged
        except PhotoSetError as error:
            return str(error)

    def members(self, archive: str, passed_over: PassedOver) -> Iterator[str]:
        """The paths of an archive's photos, sorted by ``order``; its own with a ``/`` where some may be missing."""
        try:
            opened = self._archive(archive)
        except PhotoSetError:
            yield f"{archive}/"
            return
        if opened.damaged:
            yield f"{archive}/"
        for name in opened.double:
            passed_over(f"{archive}/{name}", DOUBLE)
        for name in sorted(opened.members, key=order):
            why = _why_no_member(opened, name)
            if why:
                passed_over(f"{archive}/{name}", why)
            else:
                yield f"{archive}/{name}"

    def close(self) -> None:
        """See ``Store``."""
        if self._open is not None:
            self._open[2].close()
            self._open = None

    def _inside(self, path: str) -> tuple[str, str] | None:
        """The archive that a path leads into, and the name in it; None where it leads to a file or nowhere."""
        for archive, name in parted(path):
            file = self.file(archive)
            if os.path.exists(file) and not os.path.isdir(file):
                return archive, name
        return None

    def _member(self, path: str) -> bytes:
        """The bytes of a photo in an archive; raises PhotoError with its name."""
        archive, name = self._inside(path) or (path, "")
        try:
            return self._archive(archive).read(name)
        except (PhotoError, PhotoSetError) as error:
            raise PhotoError(f"{display_name(path)}: {error}") from error

    def _archive(self, path: str) -> Archive:
        """An open archive, with its members as they are now."""
        state = state_of(self.file(path))
        if self._open is not None:
            if self._open[:2] == (path, state):
                return self._open[2]
            self.close()
        archive = Archive(self.file(path))
        self._open = path, state or {}, archive
        return archive


def _why_no_member(archive: Archive, name: str) -> str | None:
    if is_in_side_folder(name):
        return SIDE_FOLDER
    last = name.rpartition("/")[2]
    return NESTED if is_archive(last) else why_no_photo(last, lambda: _head(archive, name))


def _head(archive: Archive, name: str) -> bytes:
    try:
        return archive.read(name)[:HEAD_BYTES]
    except PhotoError:
        return b""


def _why_no_folder(folder: str) -> str:
    """Why a folder cannot be listed, and what to do."""
    try:
        os.listdir(folder)
    except PermissionError:
        return "the folder may not be listed; allow it with `chmod +rx` and run again"
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return "lies deeper than the system's longest path; give a folder nearer to it as FOLDER, or move it up"
        return f"the folder could not be listed ({error.strerror or error}); mend that and run again"
    return ""
