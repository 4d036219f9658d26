"""What a batch takes for a photo: by its name where that says so, else by how the file begins."""

from __future__ import annotations

import os

from pipeline.load import head_of, is_photo
from pipeline.load.formats import HEAD_BYTES

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


def why_no_photo(path: str, name: str) -> str | None:
    """Why a file of that name is none of the photos; None where it is one, or is named as one.

    Only a file whose name does not tell is opened, for its first bytes; what is no regular file never is.
    """
    if name.startswith("._"):
        return SIDE_FILE if head_of(path, HEAD_BYTES).startswith(_APPLE_MAGIC) else _by_ending(path, name)
    return _by_ending(path, name)


def _by_ending(path: str, name: str) -> str | None:
    ending = os.path.splitext(name)[1].lower()
    if ending in _PHOTO_ENDINGS:
        return None
    if ending in _RAW_ENDINGS:
        return RAW
    return None if is_photo(head_of(path, HEAD_BYTES)) else NO_PHOTO
