"""Bytes -> an opened, not yet decoded image, with the turn that makes it upright."""

from __future__ import annotations

import ctypes
import importlib
import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from pipeline.errors import EngineMissingError, PhotoError
from reference.installing import pip_install

# Formats cameras, phones, scanners and web pages make. What Pillow hands to another program (EPS) or reads for
# historians only stays out: the files are hostile.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
_FORMATS_SHOWN = "JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or (with the extra `heif`) HEIC"
# "ftyp" brands of HEIC stills, ISO/IEC 23008-12 section 10.2.
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
# "ftyp" brands of AVIF stills and sequences (AV1 Image File Format 1.1, section 6).
_AVIF_BRANDS = (b"avif", b"avis")
_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# Sizes of a BMP's second header, which tell one from a text that begins with "BM" (Pillow's BmpImagePlugin).
_BMP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)
# How much of a file `is_photo` needs.
HEAD_BYTES = 32
# Chunks of a PNG that no pixel needs and that Pillow refuses where they are long (PNG, third edition, section 11.3).
_PNG_TEXT = (b"tEXt", b"zTXt", b"iTXt")
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"

Turn = tuple[bool, bool, bool]
# EXIF 2.32 tag 0x0112: what turns the stored rows and columns upright, (transpose, flip rows, flip columns).
_TURNS: dict[int, Turn] = {
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}
UPRIGHT: Turn = (False, False, False)


@dataclass(frozen=True)
class Encoded:
    """An opened, not yet decoded image with its turn."""

    image: Image.Image
    name: str
    turn: Turn

    @property
    def size(self) -> tuple[int, int]:
        """Upright (height, width) as it would decode now."""
        width, height = self.image.size
        return (width, height) if self.turn[0] else (height, width)

    @property
    def icc(self) -> bytes | None:
        """Its color profile."""
        return self.image.info.get("icc_profile")


def is_photo(head: bytes) -> bool:
    """Whether a file that begins with these ``HEAD_BYTES`` bytes is of a format that ``load`` takes, by its marks.

    HEIC counts, whether or not its reader is installed.
    """
    if head.startswith((b"\xff\xd8\xff", _PNG_MAGIC, b"GIF87a", b"GIF89a", *_TIFF_MAGIC)):
        return True
    if head[4:8] == b"ftyp":
        return head[8:12] in (*_HEIC_BRANDS, *_AVIF_BRANDS)
    if head.startswith(b"BM"):
        return int.from_bytes(head[14:18], "little") in _BMP_HEADERS
    return head.startswith(b"RIFF") and head[8:12] == b"WEBP"


def parse(data: bytes, name: str) -> Encoded:
    """Open an image without decoding it.

    Raises:
        PhotoError: it is no photo; the message says what is taken.
        EngineMissingError: a HEIC file, and its reader is not installed.
    """
    if not data:
        raise PhotoError(f"{name}: is empty (0 bytes); copy it again from the camera")
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return Encoded(_open_heic(data, name), name, UPRIGHT)
    if data[:4] in _TIFF_MAGIC:
        _silence_libtiff()
    try:
        image = _open(data)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoError(f"{name}: {error}; reduce it first") from error
    except Exception as error:  # Pillow's parsers raise anything on hostile bytes
        raise PhotoError(f"{name}: is no photo that can be opened; it must be {_FORMATS_SHOWN}") from error
    return Encoded(image, name, turn_of(image))


def _open(data: bytes) -> Image.Image:
    """Pillow's image; of a PNG with text so long that Pillow refuses it the image without that text."""
    try:
        return Image.open(io.BytesIO(data), formats=_FORMATS)
    except (UnidentifiedImageError, ValueError):
        if not data.startswith(_PNG_MAGIC):
            raise
        return Image.open(io.BytesIO(_without_text(data)), formats=("PNG",))


def _without_text(data: bytes) -> bytes:
    """A PNG without its chunks of text: length, type, content and check, one after the other."""
    parts, at = [_PNG_MAGIC], len(_PNG_MAGIC)
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] not in _PNG_TEXT:
            parts.append(data[at:end])
        at = end
    return b"".join(parts)


def _open_heic(data: bytes, name: str) -> Image.Image:
    """A HEIC still through the optional pillow-heif, which turns it upright itself."""
    try:
        pillow_heif = importlib.import_module("pillow_heif")
    except ImportError as error:
        raise EngineMissingError(
            f"{name}: is a HEIC photo, and pillow-heif is not installed; `{pip_install('pillow-heif')}`, "
            "or save the photo as JPEG"
        ) from error
    try:
        image: Image.Image = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True).to_pillow()
    except Exception as error:  # libheif's errors have no common base
        raise PhotoError(f"{name}: is a damaged HEIC photo; copy it again, or save it as JPEG") from error
    return image


@cache
def _silence_libtiff() -> None:
    """Keep libtiff from writing its own lines to standard error: what is wrong with a photo, ``load`` says.

    Pillow has loaded libtiff; the same library, found by its place, takes a handler that is none.
    """
    for line in Path("/proc/self/maps").read_text().splitlines() if Path("/proc/self/maps").exists() else ():
        place = line.partition("/")[2]
        if "libtiff" in place:
            library = ctypes.CDLL(f"/{place}")
            library.TIFFSetErrorHandler.argtypes = library.TIFFSetWarningHandler.argtypes = [ctypes.c_void_p]
            library.TIFFSetErrorHandler(None)
            library.TIFFSetWarningHandler(None)
            return


def turn_of(image: Image.Image) -> Turn:
    """The turn that its EXIF block asks for."""
    try:
        return _TURNS.get(image.getexif().get(0x0112, 1), UPRIGHT)
    except Exception:  # a damaged EXIF block says nothing about the turn
        return UPRIGHT


def turned(array: NDArray[np.uint8], turn: Turn) -> NDArray[np.uint8]:
    """The rows and columns as they are seen."""
    transpose, flip_rows, flip_columns = turn
    if transpose:
        array = array.swapaxes(0, 1)
    return np.ascontiguousarray(array[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1])
