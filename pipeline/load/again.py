"""A photo that may be wanted once more: its file, as long as that stays as it was, or else the photo itself."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import PhotoError
from pipeline.load.photo import load
from pipeline.load.sources import PhotoSource, display_name
from pipeline.records import Photo
from pipeline.settings import LoadSettings


@dataclass(frozen=True)
class PhotoFile:
    """A photo on disk and what tells that it is still the same; its pixels take no memory meanwhile."""

    path: Path
    size_bytes: int
    modified_ns: int
    settings: LoadSettings

    def load(self) -> Photo:
        """The photo, decoded once more as it was.

        Raises:
            PhotoError: the file is gone or was changed since, or cannot be read.
        """
        name = display_name(self.path)
        try:
            status = os.stat(self.path)
        except OSError as error:
            raise PhotoError(f"{name}: is gone since it was identified; put it back, or identify it again") from error
        if (status.st_size, status.st_mtime_ns) != (self.size_bytes, self.modified_ns):
            raise PhotoError(f"{name}: was changed since it was identified; identify it again")
        return load(self.path, self.settings)


def to_load_again(source: PhotoSource, photo: Photo, settings: LoadSettings) -> Photo | PhotoFile:
    """What gives a loaded photo again: its file where it came from one, else the photo."""
    if not isinstance(source, (str, os.PathLike)):
        return photo
    try:
        status = os.stat(source)
    except OSError:  # deleted since it was read
        return photo
    return PhotoFile(Path(source).absolute(), status.st_size, status.st_mtime_ns, settings)
