"""How a file is: what tells on a later run that a photo was replaced or deleted."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from types import MappingProxyType

# ``ctime_ns`` changes with every replacement, even by a file of equal size whose time was set back (stat(2)).
State = Mapping[str, int | str | None]
UNKNOWN: State = MappingProxyType(dict.fromkeys(("size_bytes", "mtime_ns", "ctime_ns")))


def state_of(file: str) -> State | None:
    """Size and times of a file, through links; None where there is none, values of None where that is not known."""
    try:
        status = _status(file)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):  # a name with a zero byte, as a list may hold, is no file's
        return UNKNOWN
    return {"size_bytes": status.st_size, "mtime_ns": status.st_mtime_ns, "ctime_ns": status.st_ctime_ns}


def _status(file: str) -> os.stat_result:
    try:
        return os.stat(file)
    except OSError:  # a link that leads nowhere, or back to itself, is there all the same
        return os.lstat(file)


def digest(file: str) -> str | None:
    """The SHA-256 of a file; None where it is none that can be read to its end."""
    if not os.path.isfile(file):
        return None
    try:
        with open(file, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None
