"""Rows of any mode and depth -> 8 bits, a part of the photo at a time, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.errors import PhotoError
from pipeline.load.sources import display_name
from pipeline.records import Box

# Pixels worked on at a time: in the widest form, float64, 32 MB.
_PART_PIXELS = 4_000_000
_SHADED = ("RGBA", "LA", "La", "RGBa", "PA")
# Floats up to this value are taken for 0-1: smooth enlarging overshoots a little.
_OVERSHOOT = 2.0

# What lies in a box.
Cut = Callable[[Box], NDArray[np.uint8]]


@dataclass(frozen=True)
class Flat:
    """A decoded image; what ``cut`` gives is uint8: ``(h, w)`` gray, ``(h, w, 3)`` RGB or ``(h, w, 4)`` CMYK."""

    height: int
    width: int
    cut: Cut
    warnings: tuple[str, ...] = ()

    def rows(self, top: int, bottom: int) -> NDArray[np.uint8]:
        """Some whole rows."""
        return self.cut((top, 0, bottom, self.width))

    def parts(self, multiple: int = 1) -> Iterator[NDArray[np.uint8]]:
        """All rows from the top in parts; each part but the last has a multiple of ``multiple`` rows."""
        step = max(1, _PART_PIXELS // (max(1, self.width) * multiple)) * multiple
        for top in range(0, self.height, step):
            yield self.rows(top, min(top + step, self.height))

    def reduced(self, factor: int) -> NDArray[np.uint8]:
        """The whole, ``factor`` x ``factor`` pixels as one; at the far edges some stand for less, as in a JPEG."""
        if factor == 1 and self.height * self.width <= _PART_PIXELS:
            return self.rows(0, self.height)
        return np.concatenate([_reduced(part, factor) for part in self.parts(factor)])


def _reduced(part: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    if factor == 1:
        return part
    height, width = part.shape[:2]
    padded = cv2.copyMakeBorder(part, 0, -height % factor, 0, -width % factor, cv2.BORDER_REPLICATE)
    size = (padded.shape[1] // factor, padded.shape[0] // factor)
    return np.asarray(cv2.resize(padded, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def flat_image(image: Image.Image, name: str) -> Flat:
    """A Pillow image, decoded; transparency over white.

    Raises:
        PhotoError: it is damaged or cut off.
    """
    try:
        image.load()
        width, height = image.size
        if image.mode.startswith(("I", "F")):
            return _of_values(height, width, lambda box: np.asarray(_cropped(image, box)))
        flat = Flat(height, width, lambda box: _rows_of(_cropped(image, box)))
        if height and width:
            flat.rows(0, 1)  # a palette or depth that cannot be converted is told here
        return flat
    except Exception as error:  # Pillow's decoders raise anything on hostile bytes
        raise PhotoError(
            f"{name}: is damaged or cut off ({display_name(str(error))}); copy it again from the camera"
        ) from error


def _cropped(image: Image.Image, box: Box) -> Image.Image:
    """What lies in a box; the image itself where that is all, since Pillow would copy it."""
    top, left, bottom, right = box
    return image if box == (0, 0, *image.size[::-1]) else image.crop((left, top, right, bottom))


def _rows_of(part: Image.Image) -> NDArray[np.uint8]:
    """Rows in mode L, RGB or CMYK."""
    if part.mode in ("L", "RGB", "CMYK") and "transparency" not in part.info:
        return np.asarray(part)
    if part.mode in _SHADED or "transparency" in part.info:
        above = part.convert("RGBA")
        return np.asarray(Image.alpha_composite(Image.new("RGBA", above.size, "white"), above).convert("RGB"))
    return np.asarray(part.convert("L" if part.mode == "1" else "RGB"))


def flat_array(array: NDArray[Any], channels: str) -> Flat:
    """An array ``(h, w)``, ``(h, w, 3)`` or ``(h, w, 4)`` with alpha; ``channels`` is its order, rgb or bgr.

    8-bit values are as they are, floats 0-1, wider integers of the bits that they use.

    Raises:
        PhotoError: its shape or type is no photo's.
    """
    height, width = array.shape[:2] if array.ndim >= 2 else (0, 0)
    depth = array.shape[2] if array.ndim == 3 else 0 if array.ndim == 2 else -1
    if depth not in (0, 3, 4) or array.dtype.kind not in "uifb" or not array.size:
        raise PhotoError(
            f"<array>: shape {array.shape} of {array.dtype} is no photo; hand over (height, width, 3) in RGB: uint8, "
            "or floats of 0-1"
        )
    order = slice(None) if depth == 0 else [2, 1, 0, 3][:depth] if channels == "bgr" else slice(depth)

    def values(box: Box) -> NDArray[Any]:
        part = array[box[0] : box[2], box[1] : box[3]]
        return part if depth == 0 else part[..., order]

    if array.dtype == np.bool_:
        return Flat(height, width, lambda box: values(box) * np.uint8(255))
    whole = Flat(height, width, values) if array.dtype == np.uint8 else _of_values(height, width, values)
    if depth != 4:
        return whole
    return Flat(height, width, lambda box: _over_white(whole.cut(box)), whole.warnings)


def _over_white(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return _rows_of(Image.fromarray(np.ascontiguousarray(rows), "RGBA"))


def _of_values(height: int, width: int, values: Callable[[Box], NDArray[Any]]) -> Flat:
    """Numbers of more than 8 bits, or floats, as 8 bits; the full scale is told from the type and the largest value.

    Cameras give 10 and 12 bits in 16: full is one less than the power of two above the largest value.
    """
    parts = Flat(height, width, values).parts()
    largest = max((float(np.nan_to_num(part, nan=0.0, posinf=0.0, neginf=0.0).max()) for part in parts), default=0.0)
    is_float = values((0, 0, 1, 1)).dtype.kind == "f"
    bits = max(8, int(largest).bit_length())
    full = 1.0 if is_float and largest <= _OVERSHOOT else float(2**bits - 1)
    is_odd = full > 1.0 and bits not in (8, 16)
    told = (f"the photo's values, up to {largest:.0f}, are taken for {bits} bits",) if is_odd else ()

    def cut(box: Box) -> NDArray[np.uint8]:
        part = np.nan_to_num(values(box).astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        return np.clip(np.rint(part * (255.0 / full)), 0, 255).astype(np.uint8)

    return Flat(height, width, cut, told)
