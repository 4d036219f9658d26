"""From the ticks of one or two axes to millimeters on the table plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Axis:
    """Ticks of one axis.

    ``points`` ``(n, 2)`` float64 ``(x, y)`` pixels, ``index`` ``(n,)`` int64 counts them, ``tick_mm`` lie between two;
    ``cycled``: every fifth or tenth is longer; ``even``: they lie as evenly as ruled ones.
    """

    points: NDArray[np.float64]
    index: NDArray[np.int64]
    tick_mm: float
    cycled: bool
    even: bool

    @property
    def spacing_px(self) -> float:
        """Mean distance between neighboring ticks."""
        return float(np.hypot(*(self.points[-1] - self.points[0]))) / float(self.index[-1] - self.index[0])

    def enlarged(self, factor: float) -> Axis:
        """The same axis in a photo ``factor`` times as large; a pixel's place is its center."""
        return Axis((self.points + 0.5) * factor - 0.5, self.index, self.tick_mm, self.cycled, self.even)


def plane_of(axes: Sequence[Axis]) -> NDArray[np.float64] | None:
    """The homography ``(3, 3)`` from pixels to millimeters that two axes across each other fix, else None.

    A line of known places fixes five of a homography's eight parameters, two lines that cross fix all.
    """
    if len(axes) != 2:
        return None
    crossing = _crossing(axes[0].points, axes[1].points)
    if crossing is None:
        return None
    pixels, places = [], []
    for axis in axes:
        at_crossing = _index_at(axis, crossing)
        along = (axis.index - at_crossing) * axis.tick_mm
        # Millimeters grow to the right and downward, as pixels do.
        along = along if axis.points[-1][_main(axis)] > axis.points[0][_main(axis)] else -along
        place = np.zeros((len(along), 2))
        place[:, _main(axis)] = along
        pixels.append(axis.points)
        places.append(place)
    if _main(axes[0]) == _main(axes[1]):
        return None
    homography = np.asarray(cv2.findHomography(np.concatenate(pixels), np.concatenate(places), 0)[0], dtype=np.float64)
    return homography if homography.shape == (3, 3) and np.isfinite(homography).all() else None


def form_corner(one: Axis, other: Axis) -> bool:
    """Whether two axes meet at an end of either, as those of a printed L do, within three ticks."""
    crossing = _crossing(one.points, other.points)
    if crossing is None:
        return False
    return all(
        min(abs(at), abs(at - axis.index[-1])) <= 3.0 for axis in (one, other) for at in (_index_at(axis, crossing),)
    )


def _main(axis: Axis) -> int:
    """0 where the axis runs mostly along x, 1 where along y."""
    return int(np.argmax(np.abs(axis.points[-1] - axis.points[0])))


def mm_per_px_at(homography: NDArray[np.float64], x: float, y: float) -> float:
    """The local scale (root of the area ratio) of a homography at a pixel."""
    w = float(homography[2] @ (x, y, 1.0))
    return float(np.sqrt(abs(np.linalg.det(homography)) / abs(w) ** 3))


def _index_at(axis: Axis, place: NDArray[np.float64]) -> float:
    """The (fractional) count of ticks at a place on the axis's line."""
    direction = axis.points[-1] - axis.points[0]
    direction = direction / np.hypot(*direction)
    along = (axis.points - axis.points[0]) @ direction
    fit = np.polyfit(along, axis.index, 2 if len(along) > 15 else 1)
    return float(np.polyval(fit, (place - axis.points[0]) @ direction))


def _crossing(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Where the lines through two sets of points meet."""
    normals, offsets = [], []
    for points in (one, other):
        mean = points.mean(axis=0)
        _, _, rows = np.linalg.svd(points - mean, full_matrices=False)
        normals.append(rows[1])
        offsets.append(rows[1] @ mean)
    matrix = np.array(normals)
    if abs(np.linalg.det(matrix)) < 0.7:
        return None
    return np.asarray(np.linalg.solve(matrix, np.array(offsets)), dtype=np.float64)
