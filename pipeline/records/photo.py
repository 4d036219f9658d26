"""The photo, its scale and the pills' outlines in it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from pipeline.records.probability import check_probability

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]


def _freeze(array: NDArray[np.generic]) -> None:
    array.setflags(write=False)


@dataclass(frozen=True, eq=False)
class Photo:
    """One photo, decoded upright.

    ``pixels`` is ``(height, width, 3)`` uint8 sRGB, reduced by ``reduction`` (>= 1) from the full size;
    ``encoded`` keeps the file's bytes so that ``load.detail`` can decode one place at full size.
    """

    pixels: Pixels
    name: str
    reduction: float = 1.0
    encoded: bytes | None = None
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[2] != 3 or self.pixels.dtype != np.uint8:
            raise ValueError(f"pixels must be (height, width, 3) uint8, not {self.pixels.shape} {self.pixels.dtype}")
        _freeze(self.pixels)


class ScaleSource(Enum):
    """Where the millimeters come from."""

    RULER = "ruler"
    MARKER = "marker"
    CARD = "card"
    COIN = "coin"
    CALLER = "caller"


@dataclass(frozen=True, eq=False)
class Scale:
    """Millimeters per pixel of ``Photo.pixels``, with its relative standard deviation.

    ``homography`` (3, 3) float64 maps pixels ``(x, y, 1)`` to millimeters on the table plane, where the
    reference allows it; else None and ``mm_per_px`` holds everywhere.
    """

    mm_per_px: float
    relative_sigma: float
    source: ScaleSource
    homography: NDArray[np.float64] | None = None
    outline: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mm_per_px) and self.mm_per_px > 0):
            raise ValueError(f"mm_per_px is {self.mm_per_px}, not a positive number")
        for array in (self.homography, self.outline):
            if array is not None:
                _freeze(array)


@dataclass(frozen=True, eq=False)
class PillRegion:
    """One pill's face in a photo.

    ``outline`` is ``(n, 2)`` float32 ``(row, col)``, closed, clockwise; ``mask`` is ``(h, w)`` bool, the
    filled outline inside the box whose first pixel is ``(top, left)``. ``doubted``: it may be no pill, and is here
    since a list says that pills lie in the photo.
    """

    outline: NDArray[np.float32]
    mask: Mask
    top: int
    left: int
    confidence: float
    cut_by_border: bool = False
    doubted: bool = False

    def __post_init__(self) -> None:
        check_probability(self.confidence, "confidence")
        _freeze(self.outline)
        _freeze(self.mask)

    @property
    def area(self) -> int:
        """Pixels inside the outline."""
        return int(np.count_nonzero(self.mask))

    @property
    def box(self) -> tuple[int, int, int, int]:
        """``(top, left, bottom, right)``, the last two past the end."""
        return self.top, self.left, self.top + self.mask.shape[0], self.left + self.mask.shape[1]
