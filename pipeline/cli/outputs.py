"""No command writes over what it reads."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from pipeline.errors import InputError

# Device and inode: what tells one file from another, whatever its names (os.path.samestat).
_Identity = tuple[int, int]


def check_outputs(outputs: Iterable[Path | None], inputs: Iterable[Path | None]) -> None:
    """Refuse an output that is an input: the same file or folder, through links and hard links too.

    Call it before anything is read. Names that are None, and files that do not exist, are passed over.

    Args:
        outputs: what is to be written.
        inputs: what is to be read; not gone through where no output exists yet.

    Raises:
        InputError: an output is an input.
    """
    taken = {identity: path for path in outputs if path and (identity := _identity(path))}
    if not taken:
        return
    for identity in map(_identity, inputs):
        if identity and identity in taken:
            from pipeline.load import display_name  # only for the error: it brings OpenCV

            raise InputError(f"{display_name(taken[identity])}: is read by the same command; write to another place")


def _identity(path: Path | None) -> _Identity | None:
    try:
        status = os.stat(path) if path else None
    except (OSError, ValueError):  # there is none; a name with a zero byte is refused where it is opened
        return None
    return (status.st_dev, status.st_ino) if status else None
