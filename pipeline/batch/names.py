"""How the path of a photo is sorted, kept, shown and told from all others."""

from __future__ import annotations

import os
import re

_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")


def order(path: str) -> bytes:
    """What photos are sorted by: the path's parts, as bytes; a slash sorts before all that a name may hold."""
    return os.fsencode(path).replace(b"/", b"\0")


def key_of(path: str) -> str:
    """The key of a photo, by its path below the folder: no two paths have the same one.

    A byte that is no UTF-8 is written ``\\xff``, and so a backslash is ``\\x5c``.
    """
    return os.fsencode(path).replace(b"\\", b"\\x5c").decode("utf-8", "backslashreplace")


def path_of(key: str) -> str:
    """The path below the folder that has this key."""
    return os.fsdecode(_ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), key.encode()))


def shown(path: str | os.PathLike[str]) -> str:
    """A path in a message: as it is where it is UTF-8, else with its foreign bytes escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
