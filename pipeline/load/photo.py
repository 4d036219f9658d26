"""The whole way from a source to a ``Photo``, and parts of it at full size.

Pillow decodes everything. Measured on one core with a 4000 x 3000 JPEG of 5 MB (best of five): Pillow's scaled
decoding (``draft``, by libjpeg-turbo in the DCT) 59 ms and OpenCV's ``IMREAD_REDUCED_COLOR_2`` 57 ms; whole,
147 ms and 102 ms. The two are equal where it counts, and Pillow alone tells the size before it decodes, knows
color profiles and refuses what is cut off instead of filling it with grey.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.errors import InputError, PhotoError
from pipeline.load.colors import Colors
from pipeline.load.formats import Encoded, parse, turn_of, turned
from pipeline.load.limits import check_kept, check_memory, check_pixels, storage
from pipeline.load.pixels import Flat, flat_array, flat_image
from pipeline.load.sources import (
    PhotoSource,
    check_source,
    display_name,
    is_array,
    read_path,
    read_stream,
    stream_name,
)
from pipeline.records import Box, Photo, Pixels
from pipeline.settings import LoadSettings

CHANNELS = ("rgb", "bgr")

# The decoder may reduce a JPEG to this share of the longest side allowed; the result is then used as it is. Decoding
# more and reducing 2,000 pixels to 1,600 took 4 ms longer.
_ENOUGH_MIN = 0.7
# How the full size of a photo that was never a file is kept: as a PPM, whose rows can be had without decoding.
_PPM = b"P6\n%d %d\n255\n"


def load(source: PhotoSource, settings: LoadSettings | None = None, *, channels: str = "rgb") -> Photo:
    """Decode one photo upright in sRGB, reduced so that its long side is at most ``settings.long_side_px_max``.

    Transparency is laid over white, of an animation the first frame is taken, 16-bit and CMYK become 8-bit
    sRGB, and a color profile is applied.

    Args:
        source: a path (of a regular file), a file's bytes, a file object opened for bytes, a Pillow image, or an
            array ``(height, width, 3)`` in sRGB, also ``(height, width)`` gray and ``(height, width, 4)`` with alpha:
            uint8, floats of 0-1, or wider integers, of which 10 to 16 bits are told by the largest value.
        settings: limits, and how large it becomes.
        channels: the order of an array's colors: ``rgb`` (the default), or ``bgr`` as OpenCV reads files. Files and
            Pillow images know their own.

    Raises:
        PhotoError: the source is no photo, damaged, too large or too small, or cannot be read; the message
            names it and says what to do.
        InputError: ``channels`` is neither.
        TypeError: the source is of another type; the message says what is taken.
        EngineMissingError: a HEIC file, and the extra ``heif`` is not installed.
    """
    settings = settings or LoadSettings()
    if channels not in CHANNELS:
        raise InputError(f"channels is {channels!r}; say rgb, or bgr for an array as OpenCV reads it")
    check_source(source)
    if isinstance(source, Image.Image) or is_array(source):
        return _of_memory(source, settings, channels)
    name, data = _bytes_of(source, settings.bytes_max)
    encoded = parse(data, name)
    check_pixels(encoded.image.size, name, settings)
    full = encoded.image.size
    _shrink_while_decoding(encoded.image, settings.long_side_px_max)
    check_memory(encoded.image, full, len(data), name, settings)
    flat = flat_image(encoded.image, name)
    colors = Colors(encoded.icc)
    native = turned(flat.reduced(_factor(flat, settings)), encoded.turn)
    pixels = colors.srgb(_final(native, name, encoded.size, settings))
    reduction = max(full) / max(pixels.shape[:2])
    return Photo(pixels, name, reduction, data if reduction > 1.0 else None, (*flat.warnings, *colors.warnings))


def detail(photo: Photo, box: Box) -> tuple[Pixels, float]:
    """Decode one box of a photo at full size; of what lies in ``photo.places`` all is decoded at the first box, once.

    Args:
        photo: as ``load`` returned it.
        box: ``(top, left, bottom, right)`` in pixels of ``photo.pixels``, the last two past the end; what lies
            outside the photo is cut off.

    Returns:
        The pixels ``(height, width, 3)`` uint8 sRGB, and how many of them make one pixel of the photo (>= 1).

    Raises:
        PhotoError: the box lies outside the photo.
    """
    height, width = photo.pixels.shape[:2]
    box = _clipped(box, height, width, photo.name)
    place = next((place for place in photo.places if _holds(place, box)), None)
    if place is None or photo.encoded is None:
        pixels, factor = details(photo, (box,))
        return pixels[0], factor
    if place not in photo.decoded:
        photo.decoded.update(zip(photo.places, details(photo, photo.places)[0], strict=True))
    above, before, _, _ = _times(place, photo.reduction)
    top, left, bottom, right = _times(box, photo.reduction)
    part = photo.decoded[place][top - above : bottom - above, left - before : right - before]
    return np.ascontiguousarray(part), photo.reduction


def details(photo: Photo, boxes: Sequence[Box]) -> tuple[tuple[Pixels, ...], float]:
    """``detail`` for several boxes of one photo, which is decoded once only."""
    height, width = photo.pixels.shape[:2]
    clipped = [_clipped(box, height, width, photo.name) for box in boxes]
    factor = photo.reduction
    if photo.encoded is None:
        return tuple(photo.pixels[top:bottom, left:right] for top, left, bottom, right in clipped), 1.0
    if photo.encoded.startswith(b"P6"):
        kept = _kept(photo.encoded)
        full = [_clipped(_times(box, factor), kept.shape[0], kept.shape[1], photo.name) for box in clipped]
        return tuple(kept[top:bottom, left:right].copy() for top, left, bottom, right in full), factor
    encoded = parse(photo.encoded, photo.name)
    flat = flat_image(encoded.image, encoded.name)
    colors = Colors(encoded.icc)
    parts = []
    for box in clipped:
        # The decoder rounds a reduced side up: its last pixel may stand for less than a whole one.
        top, left, bottom, right = _stored_box(_clipped(_times(box, factor), *encoded.size, encoded.name), encoded)
        part = np.ascontiguousarray(flat.cut((top, left, bottom, right)))
        parts.append(colors.srgb(turned(part, encoded.turn)))
    return tuple(parts), factor


def _bytes_of(source: Any, bytes_max: int) -> tuple[str, bytes]:
    """The name of a file, of bytes or of a file object, and what it holds."""
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        if not isinstance(path, str):
            raise TypeError("a path of bytes is not taken; decode it with os.fsdecode")
        name = display_name(path)
        return name, read_path(path, name, bytes_max)
    if isinstance(source, (bytes, bytearray, memoryview)):
        if len(memoryview(source).cast("B") if source else b"") > bytes_max:
            raise PhotoError(f"<bytes>: are above the limit of {bytes_max / 2**20:.0f} MiB; save it as JPEG first")
        return "<bytes>", bytes(source)
    name = stream_name(source)
    return name, read_stream(source, name, bytes_max)


def _of_memory(source: Image.Image | NDArray[Any], settings: LoadSettings, channels: str) -> Photo:
    """A photo that was decoded by the caller; its full size is kept where it is larger than allowed."""
    colors, turn = Colors(None), (False, False, False)
    if isinstance(source, Image.Image):
        name = display_name(getattr(source, "filename", "") or "<image>")
        check_pixels(source.size, name, settings)
        check_kept(source.size, storage(source), name, settings)
        if not all(source.size):
            raise PhotoError(f"{name}: has no pixels; hand over a photo")
        turn, colors, flat = turn_of(source), Colors(source.info.get("icc_profile")), flat_image(source, name)
    else:
        name, array = "<array>", np.asarray(source)
        check_pixels((array.shape[1], array.shape[0]) if array.ndim > 1 else (0, 0), name, settings)
        flat = flat_array(array, channels)
        check_kept((flat.width, flat.height), 0.0, name, settings)  # the array itself is the caller's
    data = _ppm(flat, turn, colors)
    whole = _kept(data)
    kept = Flat(whole.shape[0], whole.shape[1], lambda box: whole[box[0] : box[2], box[1] : box[3]])
    pixels = _final(kept.reduced(_factor(kept, settings)), name, (kept.height, kept.width), settings)
    reduction = max(whole.shape[:2]) / max(pixels.shape[:2])
    pixels = pixels.copy() if pixels.base is not None else pixels
    return Photo(pixels, name, reduction, data if reduction > 1.0 else None, (*flat.warnings, *colors.warnings))


def _ppm(flat: Flat, turn: tuple[bool, bool, bool], colors: Colors) -> bytes:
    """A decoded image, upright in sRGB, as a PPM."""
    height, width = (flat.width, flat.height) if turn[0] else (flat.height, flat.width)
    head = _PPM % (width, height)
    data = bytearray(len(head) + 3 * height * width)
    data[: len(head)] = head
    whole = np.frombuffer(data, np.uint8, offset=len(head)).reshape(height, width, 3)
    # The place of each stored row, seen upright: the turn undone.
    stored = whole[:: -1 if turn[1] else 1, :: -1 if turn[2] else 1]
    stored = stored.swapaxes(0, 1) if turn[0] else stored
    top = 0
    for part in flat.parts():
        stored[top : top + len(part)] = colors.srgb(part)
        top += len(part)
    return data  # type: ignore[return-value]


def _kept(data: bytes) -> Pixels:
    """The pixels of a PPM of ours, read-only."""
    size = data[3 : data.index(b"\n", 3)].split()
    width, height = int(size[0]), int(size[1])
    return np.frombuffer(data, np.uint8, offset=len(data) - 3 * width * height).reshape(height, width, 3)


def _shrink_while_decoding(image: Image.Image, long_side_px_max: int) -> None:
    """Let the JPEG decoder reduce by 2, 4 or 8, but not below ``_ENOUGH_MIN``; other formats stay as they are."""
    share = _ENOUGH_MIN * long_side_px_max / max(image.size)
    if share < 1.0:
        image.draft(None, (max(1, round(image.size[0] * share)), max(1, round(image.size[1] * share))))


def _factor(flat: Flat, settings: LoadSettings) -> int:
    """How many rows and columns are averaged to one: the most that leave at least the longest side allowed."""
    return max(1, max(flat.height, flat.width) // settings.long_side_px_max)


def _final(native: NDArray[np.uint8], name: str, size: tuple[int, int], settings: LoadSettings) -> NDArray[np.uint8]:
    """The photo at the size allowed; a photo that is too small is refused."""
    native = _resized(native, settings.long_side_px_max)
    if min(native.shape[:2]) < settings.short_side_px_min:
        raise PhotoError(
            f"{name}: too small for a photo of a pill ({size[1]} x {size[0]} pixels); "
            f"the short side needs at least {settings.short_side_px_min} pixels, and a pill some 100 across"
        )
    return native


def _resized(array: NDArray[np.uint8], long_side_px_max: int) -> NDArray[np.uint8]:
    height, width = array.shape[:2]
    share = long_side_px_max / max(height, width)
    if share >= 1.0:
        return array
    size = (max(1, round(width * share)), max(1, round(height * share)))
    # After the scaled decoding it is more than a half, where 2 x 2 pixels are all that a new one covers: 6 ms for 31.
    way = cv2.INTER_LINEAR if share > 0.5 else cv2.INTER_AREA
    return np.asarray(cv2.resize(array, size, interpolation=way), dtype=np.uint8)


def _times(box: Box, factor: float) -> Box:
    top, left, bottom, right = (round(edge * factor) for edge in box)
    return top, left, bottom, right


def _stored_box(box: Box, encoded: Encoded) -> Box:
    """An upright box in the rows and columns as they are stored."""
    top, left, bottom, right = box
    height, width = encoded.size
    transpose, flip_rows, flip_columns = encoded.turn
    if flip_rows:
        top, bottom = height - bottom, height - top
    if flip_columns:
        left, right = width - right, width - left
    return (left, top, right, bottom) if transpose else (top, left, bottom, right)


def _holds(place: Box, box: Box) -> bool:
    """Whether a box lies in a place."""
    return place[0] <= box[0] and place[1] <= box[1] and box[2] <= place[2] and box[3] <= place[3]


def _clipped(box: Box, height: int, width: int, name: str) -> Box:
    top, left, bottom, right = max(box[0], 0), max(box[1], 0), min(box[2], height), min(box[3], width)
    if top >= bottom or left >= right:
        raise PhotoError(f"{name}: the box {box} lies outside the photo of {width} x {height} pixels")
    return top, left, bottom, right
