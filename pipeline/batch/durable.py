"""Files that are there whole or not at all, after a power cut too."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

# Errors of file systems that cannot sync. Nothing more can be done there, and a batch need not end because of it.
_NO_SYNC = frozenset(
    getattr(errno, name) for name in ("EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EBADF") if hasattr(errno, name)
)


def replace(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    with replacing(path) as file:
        file.write(content)


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to; when the block has ended well it takes the place of ``path``, whole and on the disk."""
    unfinished = path.with_name(path.name + ".tmp")
    with unfinished.open("wb") as file:
        yield file
        file.flush()
        sync(file.fileno())
    unfinished.replace(path)
    sync_folder(path.parent)


def sync_file(path: Path) -> None:
    """Bring a file that is closed to the disk.

    Raises:
        OSError: the disk is full or broken.
    """
    with path.open("rb+") as file:
        sync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system can open a folder (Windows cannot)."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def sync(descriptor: int) -> None:
    """Bring what was written to the disk.

    Raises:
        OSError: the disk is full or broken.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
