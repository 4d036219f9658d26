"""File, bytes, Pillow image or array -> Photo: upright, sRGB, of bounded size.

Pillow decodes everything. Measured on one core with a 4000 x 3000 JPEG of 5 MB (best of five): Pillow's scaled
decoding (``draft``, by libjpeg-turbo in the DCT) 59 ms and OpenCV's ``IMREAD_REDUCED_COLOR_2`` 57 ms; whole,
147 ms and 102 ms. The two are equal where it counts, and Pillow alone tells the size before it decodes, knows
color profiles and refuses what is cut off instead of filling it with grey.
"""

from __future__ import annotations

import errno
import importlib
import io
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from pipeline.errors import EngineMissingError, PhotoError
from pipeline.records import Photo, Pixels
from pipeline.settings import LoadSettings
from reference.installing import pip_install

PhotoSource = str | Path | bytes | Image.Image | NDArray[Any]
Box = tuple[int, int, int, int]

# Formats cameras, phones, scanners and web pages make. What Pillow hands to another program (EPS) or reads for
# historians only stays out: the files are hostile.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
_FORMATS_SHOWN = "JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or (with the extra `heif`) HEIC"

# "ftyp" brands of HEIC stills, ISO/IEC 23008-12 section 10.2.
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")

# EXIF 2.32 tag 0x0112: what turns the stored rows and columns upright, (transpose, flip rows, flip columns).
_TURNS = {
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}
_UPRIGHT = (False, False, False)

# What the decoder gives is taken as it is where it has this share of the longest side allowed: reducing 2,000 pixels to
# 1,600 took 4 ms.
_ENOUGH = 0.7


@dataclass(frozen=True)
class _Encoded:
    """An opened, not yet decoded image with its turn."""

    image: Image.Image
    name: str
    turn: tuple[bool, bool, bool]

    @property
    def size(self) -> tuple[int, int]:
        """Upright (height, width) as it would decode now."""
        width, height = self.image.size
        return (width, height) if self.turn[0] else (height, width)


def load(source: PhotoSource, settings: LoadSettings | None = None) -> Photo:
    """Decode one photo upright in sRGB, reduced so that its long side is at most ``settings.long_side_max_px``.

    Transparency is laid over white, of an animation the first frame is taken, 16-bit and CMYK become 8-bit
    sRGB, and a color profile is applied.

    Args:
        source: a path, a file's bytes, a Pillow image, or an array ``(height, width, 3)`` uint8 sRGB
            (also ``(height, width)`` grey and ``(height, width, 4)`` with alpha).

    Raises:
        PhotoError: the source is no photo, damaged, too large or too small, or cannot be read; the message
            names it and says what to do.
        EngineMissingError: a HEIC file, and the extra ``heif`` is not installed.
    """
    settings = settings or LoadSettings()
    encoded, data = _open(source, settings)
    full_px = max(encoded.size)
    _shrink_while_decoding(encoded.image, settings.long_side_max_px)
    native = _upright(_flat(encoded.image, encoded.name), encoded.turn)
    native = _reduced(native, settings.long_side_max_px)
    if min(native.shape[:2]) < settings.short_side_min_px:
        raise PhotoError(
            f"{encoded.name}: too small for a photo of a pill ({encoded.size[1]} x {encoded.size[0]} pixels); "
            f"the short side needs at least {settings.short_side_min_px} pixels, and a pill some 100 across"
        )
    pixels, warnings = _srgb(native, encoded.image.info.get("icc_profile"))
    reduction = full_px / max(pixels.shape[:2])
    return Photo(pixels, encoded.name, reduction, data if reduction > 1.0 else None, warnings)


def detail(photo: Photo, box: Box) -> tuple[Pixels, float]:
    """Decode one box of a photo at full size.

    Args:
        photo: as ``load`` returned it.
        box: ``(top, left, bottom, right)`` in pixels of ``photo.pixels``, the last two past the end; what lies
            outside the photo is cut off.

    Returns:
        The pixels ``(height, width, 3)`` uint8 sRGB, and how many of them make one pixel of the photo (>= 1).

    Raises:
        PhotoError: the box lies outside the photo.
    """
    pixels, factor = details(photo, (box,))
    return pixels[0], factor


def details(photo: Photo, boxes: Sequence[Box]) -> tuple[tuple[Pixels, ...], float]:
    """``detail`` for several boxes of one photo, which is decoded once only."""
    height, width = photo.pixels.shape[:2]
    clipped = [_clipped(box, height, width, photo.name) for box in boxes]
    if photo.encoded is None:
        return tuple(photo.pixels[top:bottom, left:right] for top, left, bottom, right in clipped), 1.0
    encoded = _parse(photo.encoded, photo.name)
    factor = photo.reduction
    native = _flat(encoded.image, encoded.name)
    icc = encoded.image.info.get("icc_profile")
    parts = []
    for box in clipped:
        top, left, bottom, right = (round(edge * factor) for edge in box)
        # The decoder rounds a reduced side up: its last pixel may stand for less than a whole one.
        full = _clipped((top, left, bottom, right), *encoded.size, encoded.name)
        top, left, bottom, right = _stored_box(full, encoded)
        part = np.asarray(native.crop((left, top, right, bottom)))
        parts.append(_srgb(_turned(part, encoded.turn), icc)[0])
    return tuple(parts), factor


def display_name(path: str | os.PathLike[str]) -> str:
    """A file name as it can be printed: bytes that are no UTF-8, line breaks and other unprintables escaped."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in text)


def _open(source: PhotoSource, settings: LoadSettings) -> tuple[_Encoded, bytes]:
    """The opened source, checked for its size in pixels, and its bytes."""
    if isinstance(source, (str, os.PathLike)):
        name = display_name(source)
        data = _read(source, name, settings.bytes_max)
    elif isinstance(source, (bytes, bytearray, memoryview)):
        name, data = "<bytes>", bytes(source)
    elif isinstance(source, Image.Image):
        name = display_name(getattr(source, "filename", "") or "<image>")
        data = _lossless(source, name, settings.pixels_max)
    else:
        name = "<array>"
        data = _lossless(_image_of(source), name, settings.pixels_max)
    encoded = _parse(data, name)
    _check_pixels(encoded.image.size, name, settings.pixels_max)
    return encoded, data


def _read(path: str | os.PathLike[str], name: str, bytes_max: int) -> bytes:
    """The file's bytes; only a regular file is opened, since a pipe or device may never end."""
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise PhotoError(f"{name}: is a folder; for all photos in a folder use `pillprint batch`")
        if not stat.S_ISREG(status.st_mode):
            raise PhotoError(f"{name}: is no regular file; save the photo as a file first")
        if status.st_size > bytes_max:
            raise PhotoError(
                f"{name}: {status.st_size / 2**20:.0f} MiB is above the limit of {bytes_max / 2**20:.0f} MiB; "
                "save it as JPEG first"
            )
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise PhotoError(f"{name}: {_way_out(error)}") from error


def _way_out(error: OSError | ValueError) -> str:
    """What is wrong with a path, and what to do."""
    known = {
        errno.ENOENT: "there is no such file; check the name",
        errno.ENOTDIR: "there is no such file; check the name",
        errno.EACCES: "may not be read; allow it with `chmod +r`, or run as its owner",
        errno.EPERM: "may not be read; allow it with `chmod +r`, or run as its owner",
        errno.ELOOP: "is a symbolic link that leads back to itself; name the photo itself",
        errno.ENAMETOOLONG: "the name is too long for a file; check it",
    }
    if isinstance(error, OSError) and error.errno in known:
        return known[error.errno]
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"cannot be read ({reason}); check the name and the disk"


def _parse(data: bytes, name: str) -> _Encoded:
    """Open an image without decoding it."""
    if not data:
        raise PhotoError(f"{name}: is empty (0 bytes); copy it again from the camera")
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return _Encoded(_open_heic(data, name), name, _UPRIGHT)
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoError(f"{name}: {error}; reduce it first") from error
    except Exception as error:  # Pillow's parsers raise anything on hostile bytes
        raise PhotoError(f"{name}: is no photo that can be opened; it must be {_FORMATS_SHOWN}") from error
    return _Encoded(image, name, _turn_of(image))


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


def _turn_of(image: Image.Image) -> tuple[bool, bool, bool]:
    try:
        return _TURNS.get(image.getexif().get(0x0112, 1), _UPRIGHT)
    except Exception:  # a damaged EXIF block says nothing about the turn
        return _UPRIGHT


def _check_pixels(size: tuple[int, int], name: str, pixels_max: int) -> None:
    width, height = size
    if width * height > pixels_max:
        raise PhotoError(
            f"{name}: {width} x {height} pixels are above the limit of {pixels_max / 1e6:.0f} million; "
            "reduce it first, for instance with `convert IN -resize 4000x4000 OUT`"
        )


def _image_of(array: NDArray[Any]) -> Image.Image:
    array = np.asarray(array)
    fits = array.dtype == np.uint8 and (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4)))
    if not fits or not array.size:
        raise PhotoError(
            f"<array>: shape {array.shape} of {array.dtype} is no photo; hand over (height, width, 3) uint8 sRGB"
        )
    return Image.fromarray(np.ascontiguousarray(array))


def _lossless(image: Image.Image, name: str, pixels_max: int) -> bytes:
    """An image in memory as a file: uncompressed, so that ``detail`` works on it as on any other."""
    _check_pixels(image.size, name, pixels_max)
    if not all(image.size):
        raise PhotoError(f"{name}: has no pixels; hand over a photo")
    turn = _turn_of(image)
    pixels, _ = _srgb(_upright(_flat(image, name), turn), image.info.get("icc_profile"))
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "BMP")
    return buffer.getvalue()


def _shrink_while_decoding(image: Image.Image, long_side_max_px: int) -> None:
    """Let the JPEG decoder reduce by 2, 4 or 8 to a little less than allowed at the least; others stay as they are."""
    share = _ENOUGH * long_side_max_px / max(image.size)
    if share < 1.0:
        image.draft(None, (max(1, round(image.size[0] * share)), max(1, round(image.size[1] * share))))


def _flat(image: Image.Image, name: str) -> Image.Image:
    """Decode to mode L, RGB or CMYK; transparency over white."""
    try:
        image.load()
        if image.mode in ("L", "RGB", "CMYK") and "transparency" not in image.info:
            return image
        if image.mode.startswith(("I", "F")):
            return Image.fromarray(_eight_bits(np.asarray(image)))
        if image.mode in ("RGBA", "LA", "La", "RGBa", "PA") or "transparency" in image.info:
            above = image.convert("RGBA")
            return Image.alpha_composite(Image.new("RGBA", above.size, "white"), above).convert("RGB")
        return image.convert("L" if image.mode == "1" else "RGB")
    except Exception as error:  # Pillow's decoders raise anything on hostile bytes
        raise PhotoError(
            f"{name}: is damaged or cut off ({display_name(str(error))}); copy it again from the camera"
        ) from error


def _eight_bits(array: NDArray[Any]) -> Pixels:
    """Grey of 16 or 32 bits or of floats as 8 bits; the full scale is told from the type and the largest value."""
    values = np.nan_to_num(array.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    largest = values.max(initial=0.0)
    full = 65535.0 if array.dtype == np.uint16 or 255 < largest <= 65535 else largest if largest > 65535 else 255.0
    if array.dtype.kind == "f" and largest <= 1.0:
        full = 1.0
    return np.clip(np.rint(values * (255.0 / full)), 0, 255).astype(np.uint8)


def _upright(image: Image.Image, turn: tuple[bool, bool, bool]) -> NDArray[np.uint8]:
    return _turned(np.asarray(image), turn)


def _turned(array: NDArray[np.uint8], turn: tuple[bool, bool, bool]) -> NDArray[np.uint8]:
    transpose, flip_rows, flip_columns = turn
    if transpose:
        array = array.swapaxes(0, 1)
    return np.ascontiguousarray(array[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1])


def _stored_box(box: Box, encoded: _Encoded) -> Box:
    """An upright box in the rows and columns as they are stored."""
    top, left, bottom, right = box
    height, width = encoded.size
    transpose, flip_rows, flip_columns = encoded.turn
    if flip_rows:
        top, bottom = height - bottom, height - top
    if flip_columns:
        left, right = width - right, width - left
    return (left, top, right, bottom) if transpose else (top, left, bottom, right)


def _clipped(box: Box, height: int, width: int, name: str) -> Box:
    top, left, bottom, right = max(box[0], 0), max(box[1], 0), min(box[2], height), min(box[3], width)
    if top >= bottom or left >= right:
        raise PhotoError(f"{name}: the box {box} lies outside the photo of {width} x {height} pixels")
    return top, left, bottom, right


def _reduced(array: NDArray[np.uint8], long_side_max_px: int) -> NDArray[np.uint8]:
    height, width = array.shape[:2]
    share = long_side_max_px / max(height, width)
    if share >= 1.0:
        return array
    size = (max(1, round(width * share)), max(1, round(height * share)))
    # After the scaled decoding it is more than a half, where 2 x 2 pixels are all that a new one covers: 6 ms for 31.
    way = cv2.INTER_LINEAR if share > 0.5 else cv2.INTER_AREA
    return np.asarray(cv2.resize(array, size, interpolation=way), dtype=np.uint8)


def _srgb(array: NDArray[np.uint8], icc: bytes | None) -> tuple[Pixels, tuple[str, ...]]:
    """Grey, RGB or CMYK as sRGB ``(height, width, 3)``, with a warning where the color profile is no use."""
    channels = 1 if array.ndim == 2 else array.shape[2]
    if channels == 3 and not icc:
        return np.ascontiguousarray(array), ()
    image = Image.fromarray(array, "CMYK") if channels == 4 else Image.fromarray(array)
    warnings: tuple[str, ...] = ()
    if icc and channels != 1:
        try:
            image = _through_profile(image, icc)
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            warnings = ("the photo's color profile is damaged; its colors are taken as sRGB",)
    return np.array(image.convert("RGB")), warnings


def _through_profile(image: Image.Image, icc: bytes) -> Image.Image:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    if "sRGB" in ImageCms.getProfileDescription(profile):
        return image
    converted = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    return image if converted is None else converted
