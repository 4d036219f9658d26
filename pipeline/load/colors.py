"""Gray, RGB or CMYK of 8 bits -> sRGB, through the photo's color profile where it has one."""

from __future__ import annotations

import io
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from pipeline.records import Pixels

DAMAGED = "the photo's color profile is damaged; its colors are taken as sRGB"
# A profile is sRGB by what it does, not by its name: every color of this grid stays within so many levels.
_GRID = np.array([0, 32, 64, 96, 128, 160, 192, 224, 255], np.uint8)
_SAME_LEVELS = 2


class Colors:
    """Makes rows sRGB; ``warnings`` says, after the first, where the profile is of no use."""

    def __init__(self, icc: bytes | None) -> None:
        self._icc = icc
        self.warnings: tuple[str, ...] = ()

    def srgb(self, array: NDArray[np.uint8]) -> Pixels:
        """``(h, w)`` gray, ``(h, w, 3)`` RGB or ``(h, w, 4)`` CMYK as sRGB ``(h, w, 3)``, all uint8."""
        channels = 1 if array.ndim == 2 else array.shape[2]
        if channels == 3 and not self._icc:
            return np.ascontiguousarray(array)
        image = Image.fromarray(array, "CMYK") if channels == 4 else Image.fromarray(array)
        if self._icc and channels != 1:
            try:
                image = self._through_profile(image)
            except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
                self.warnings = (DAMAGED,)
        return np.array(image.convert("RGB"))

    @cached_property
    def _profile(self) -> ImageCms.ImageCmsProfile:
        return ImageCms.ImageCmsProfile(io.BytesIO(self._icc or b""))

    @cached_property
    def _is_srgb(self) -> bool:
        """Whether the profile leaves sRGB as it is; asked of RGB only."""
        steps = np.stack(np.meshgrid(_GRID, _GRID, _GRID), axis=-1).reshape(len(_GRID), -1, 3)
        converted = np.asarray(self._convert(Image.fromarray(np.ascontiguousarray(steps))))
        return bool(np.abs(converted.astype(int) - steps).max() <= _SAME_LEVELS)

    def _through_profile(self, image: Image.Image) -> Image.Image:
        return image if image.mode == "RGB" and self._is_srgb else self._convert(image)

    def _convert(self, image: Image.Image) -> Image.Image:
        srgb = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, self._profile, srgb, outputMode="RGB")
        return image if converted is None else converted
