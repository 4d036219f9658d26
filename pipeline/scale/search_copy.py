"""The small gray copy of a photo that markers, rulers and cards are looked for in, made once for all of them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# Markers of a fortieth of the photo and up are found in a copy of this size as well as in the whole; ticks to a tenth
# of a pixel of it.
_SEARCH_PX = 800


@dataclass(frozen=True, eq=False)
class SearchCopy:
    """A gray photo, ``gray`` ``(h, w)`` uint8, at ``share`` (<= 1) of its size."""

    gray: NDArray[np.uint8]
    share: float

    @classmethod
    def of(cls, gray: NDArray[np.uint8]) -> SearchCopy:
        """The copy of a gray photo ``(h, w)`` uint8; a small one is taken as it is."""
        share = min(1.0, _SEARCH_PX / max(gray.shape))
        if share == 1:
            return cls(gray, share)
        small = cv2.resize(gray, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        return cls(np.asarray(small, np.uint8), share)

    def in_photo(self, places: cv2.typing.MatLike) -> NDArray[np.float64]:
        """Places of the copy, ``(n, 2)`` ``(x, y)`` in pixels, in the photo; a pixel's place is its center."""
        return np.asarray((places.astype(np.float64) + 0.5) / self.share - 0.5)
