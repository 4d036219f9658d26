"""How large a photo may be: pixels, and the memory that opening it takes."""

from __future__ import annotations

from PIL import Image, JpegImagePlugin

from pipeline.errors import PhotoError
from pipeline.settings import LoadSettings

# Bytes a pixel of Pillow's own image, and what the decoder of a format holds beside it: peaks measured on photos of 48
# million pixels were 15.3 bytes a pixel in all for WebP, 8.5 for AVIF, 1.9 for GIF (tests/test_load.py measures more).
_ONE_BYTE = ("1", "L", "P")
_TWO_BYTES = ("I;16", "I;16B", "I;16L")
_BESIDE = {"WEBP": 12.0, "AVIF": 12.0, "HEIF": 12.0, "GIF": 1.0}
# The decoder holds all coefficients of a progressive JPEG, 2 bytes each, however much it reduces.
_COEFFICIENT = 2.0
# What Python, NumPy, OpenCV and Pillow take before any photo is opened, and the parts that are worked on at a time.
_BASE = 150_000_000


def check_pixels(size: tuple[int, int], name: str, settings: LoadSettings) -> None:
    """Refuse more pixels than are taken; ``size`` is ``(width, height)``."""
    width, height = size
    if width * height > settings.pixels_max:
        raise PhotoError(
            f"{name}: {width} x {height} pixels are above the limit of {settings.pixels_max / 1e6:.0f} million; "
            "reduce it first, for instance with `convert IN -resize 4000x4000 OUT`"
        )


def check_memory(
    image: Image.Image, full: tuple[int, int], encoded_bytes: int, name: str, settings: LoadSettings
) -> None:
    """Refuse an opened image that would take more memory than allowed to decode; ``full`` is its size as stored."""
    stored, shown = full[0] * full[1], image.size[0] * image.size[1]
    needed = _BASE + encoded_bytes + shown * _storage(image.mode) + stored * _decoder(image)
    _check(needed, full, name, settings)


def check_kept(size: tuple[int, int], stored: float, name: str, settings: LoadSettings) -> None:
    """Refuse an image in memory, of ``stored`` bytes a pixel, that cannot be kept at full size beside itself."""
    _check(_BASE + size[0] * size[1] * (stored + 3.0), size, name, settings)


def storage(image: Image.Image) -> float:
    """Bytes that Pillow holds a pixel."""
    return _storage(image.mode)


def _storage(mode: str) -> float:
    return 1.0 if mode in _ONE_BYTE else 2.0 if mode in _TWO_BYTES else 4.0


def _decoder(image: Image.Image) -> float:
    """Bytes that the decoder holds beside the image, for each pixel stored."""
    if isinstance(image, JpegImagePlugin.JpegImageFile) and image.info.get("progressive"):
        sampling = [across * down for _, across, down, _ in image.layer]
        return _COEFFICIENT * sum(sampling) / max(sampling, default=1)
    return _BESIDE.get(image.format or "", 0.0)


def _check(needed: float, size: tuple[int, int], name: str, settings: LoadSettings) -> None:
    if needed > settings.memory_max:
        raise PhotoError(
            f"{name}: {size[0]} x {size[1]} pixels take {needed / 1e9:.1f} GB of memory to open, above the limit of "
            f"{settings.memory_max / 1e9:.1f} GB; save it smaller, or as an ordinary (not progressive) JPEG"
        )
