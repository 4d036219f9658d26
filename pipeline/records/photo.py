"""The photo, its scale and the pills' outlines in it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from pipeline.records.probability import check_probability

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
# ``(top, left, bottom, right)`` in pixels, the last two past the end.
Box = tuple[int, int, int, int]


def _freeze(array: NDArray[np.generic]) -> None:
    array.setflags(write=False)


@dataclass(frozen=True, eq=False)
class Photo:
    """One photo, decoded upright.

    ``pixels`` is ``(height, width, 3)`` uint8 sRGB, reduced by ``reduction`` (>= 1) from the full size;
    ``encoded`` keeps the file's bytes so that ``load.detail`` can decode one place at full size. ``places`` are boxes
    of ``pixels`` that it decodes together when a part of one is first asked for, and keeps in ``decoded``.
    """

    pixels: Pixels
    name: str
    reduction: float = 1.0
    encoded: bytes | None = None
    warnings: tuple[str, ...] = ()
    places: tuple[Box, ...] = ()
    decoded: dict[Box, Pixels] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[2] != 3 or self.pixels.dtype != np.uint8:
            raise ValueError(f"pixels must be (height, width, 3) uint8, not {self.pixels.shape} {self.pixels.dtype}")
        _freeze(self.pixels)

    def part(self, box: Box) -> Photo:
        """What lies in a box, as a photo of its own without the file."""
        top, left, bottom, right = box
        return Photo(np.ascontiguousarray(self.pixels[top:bottom, left:right]), self.name, self.reduction)


class ScaleSource(Enum):
    """What gave the photo its scale."""

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

    def moved(self, down: int, right: int) -> Scale:
        """The same scale where the photo it was found in lies so many pixels down and to the right in another."""
        outline = None if self.outline is None else self.outline + np.array([down, right], np.float32)
        if self.homography is None:
            return replace(self, outline=outline)
        back = np.array([[1.0, 0.0, -right], [0.0, 1.0, -down], [0.0, 0.0, 1.0]])
        return replace(self, outline=outline, homography=self.homography @ back)


@dataclass(frozen=True, eq=False)
class PillRegion:
    """One pill's face in a photo.

    ``outline`` is ``(n, 2)`` float32 ``(row, col)``, closed, clockwise; ``mask`` is ``(h, w)`` bool, the
    filled outline inside the box whose first pixel is ``(top, left)``. ``doubted``: it may be no pill, and is here
    since a list says that pills lie in the photo. ``is_outlined`` is False where the pill fills the photo, so that its
    outline is not seen: of shape and size such an outline tells nothing.
    """

    outline: NDArray[np.float32]
    mask: Mask
    top: int
    left: int
    confidence: float
    cut_by_border: bool = False
    doubted: bool = False
    is_outlined: bool = True

    def __post_init__(self) -> None:
        check_probability(self.confidence, "confidence")
        _freeze(self.outline)
        _freeze(self.mask)

    def moved(self, down: int, right: int) -> PillRegion:
        """The same face where the photo it was found in lies so many pixels down and to the right in another."""
        outline = self.outline + np.array([down, right], np.float32)
        return replace(self, outline=outline, top=self.top + down, left=self.left + right)

    @property
    def area(self) -> int:
        """Pixels inside the outline."""
        return int(np.count_nonzero(self.mask))

    @property
    def box(self) -> Box:
        """``(top, left, bottom, right)``, the last two past the end."""
        return self.top, self.left, self.top + self.mask.shape[0], self.left + self.mask.shape[1]
