"""A folder as a store of photos, with those in its archives: ``photos.zip/inner.jpg``."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from pipeline.batch.sources.archives import Archive, file_archive, is_archive, parted
from pipeline.batch.sources.members import Members
from pipeline.batch.sources.store import BYTES_MAX, SAMPLE_BYTES, Given, PassedOver, PhotoBytes, middle
from pipeline.batch.state import State, digest, state_of
from pipeline.errors import PhotoError
from pipeline.load import display_name


class FileStore:
    """The files below ``root``; an absolute path is taken as it is."""

    def __init__(self, root: str) -> None:
        self.root = os.path.abspath(root)
        self._members = Members(self._archive, lambda path: state_of(self.file(path)))

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
        return self._members.state(*inside)

    def digest(self, path: str) -> str | None:
        """See ``Store``."""
        inside = self._inside(path)
        if inside is None:
            return digest(self.file(path))
        try:
            data = self._members.read(*inside)
        except PhotoError:
            return None
        return hashlib.sha256(data).hexdigest() if len(data) <= BYTES_MAX else None

    def sample(self, path: str, size: int) -> bytes | None:
        """See ``Store``."""
        inside = self._inside(path)
        if inside is not None:
            return self._members.sample(*inside)
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
        inside = self._inside(path)
        if inside is None:
            file = self.file(path)
            before = state_of(file)
            return Given(Path(file), lambda: digest(file) if state_of(file) == before else None)
        data = self._members.read(*inside)
        return Given(PhotoBytes(data, display_name(path)), lambda: hashlib.sha256(data).hexdigest())

    def why_not_listed(self, path: str) -> str:
        """See ``Store``."""
        if os.path.isdir(self.file(path)) or not is_archive(path.rstrip("/")):
            return _why_no_folder(self.file(path))
        return self._members.why_not_listed(path.rstrip("/"))

    def members(self, archive: str, passed_over: PassedOver) -> Iterator[str]:
        """The paths of an archive's photos (``Members.listed``)."""
        state = state_of(self.file(archive)) or {}
        return (path for path, _ in self._members.listed(archive, state, passed_over))

    def close(self) -> None:
        """See ``Store``."""
        self._members.close()

    def _inside(self, path: str) -> tuple[str, str] | None:
        """The archive that a path leads into, and the name in it; None where it leads to a file or nowhere."""
        for archive, name in parted(path):
            file = self.file(archive)
            if os.path.exists(file) and not os.path.isdir(file):
                return archive, name
        return None

    def _archive(self, path: str) -> Archive:
        return file_archive(self.file(path))


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
