"""What a batch takes for a photo: by its name where that says so, else by how the file begins."""

from __future__ import annotations

import os
from collections.abc import Callable

from pipeline.load import is_photo

# Names of photos: these files are not opened to see what they are, and one that cannot be used has an error row.
_PHOTO_ENDINGS = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".mpo", ".png", ".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff"),
        *(".avif", ".heic", ".heif", ".hif"),
    }
)
# Raw files are TIFFs by their beginning, but what can be opened of one is its thumbnail.
_RAW_ENDINGS = frozenset(
    {
        *(".3fr", ".arw", ".cr2", ".cr3", ".dcr", ".dng", ".erf", ".iiq", ".kdc", ".mef", ".mos", ".mrw", ".nef"),
        *(".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"),
    }
)
# AppleDouble and AppleSingle (RFC 1740): what macOS writes beside a file on a disk of another system.
_APPLE_MAGIC = (b"\x00\x05\x16\x07", b"\x00\x05\x16\x00")
# Folders in which other programs keep thumbnails and what was deleted.
_SIDE_FOLDERS = frozenset(
    {
        *("@eadir", "#recycle", "#snapshot"),  # Synology
        *(".@__thumb", "@recycle", "@recently-snapshot"),  # QNAP
        *(".thumbnails", ".thumbs", ".thumb", ".trash", "lost+found"),  # Linux and its desktops
        *(".appledouble", "__macosx", ".spotlight-v100", ".fseventsd", ".trashes"),  # macOS
        *("$recycle.bin", "system volume information"),  # Windows
    }
)

SIDE_FILE, SIDE_FOLDER, RAW, NO_PHOTO = "side file", "folder of side files", "raw file of a camera", "no photo"


def why_not_entered(name: str) -> str | None:
    """Why nothing in a folder of that name is taken; None where it is entered."""
    side = name.lower() in _SIDE_FOLDERS or name.lower().startswith(".trash-")
    return SIDE_FOLDER if side else None


def is_in_side_folder(path: str) -> bool:
    """Whether a path leads through a folder that is not entered."""
    return any(map(why_not_entered, path.split("/")[:-1]))


def why_no_photo(name: str, head: Callable[[], bytes]) -> str | None:
    """Why a file of that name is none of the photos; None where it is one, or is named as one.

    ``head`` gives its first ``HEAD_BYTES``; it is asked only where the name does not tell.
    """
    if name.startswith("._") and head().startswith(_APPLE_MAGIC):
        return SIDE_FILE
    ending = os.path.splitext(name)[1].lower()
    if ending in _PHOTO_ENDINGS:
        return None
    if ending in _RAW_ENDINGS:
        return RAW
    return None if is_photo(head()) else NO_PHOTO
