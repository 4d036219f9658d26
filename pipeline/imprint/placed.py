"""Characters of a face in crop pixels, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Placed:
    """Center ``x`` and ``y``, ``height`` and ``turn_deg`` (counter-clockwise as seen), each ``(n,)`` float64."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    height: NDArray[np.float64]
    turn_deg: NDArray[np.float64]
