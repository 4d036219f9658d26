"""Pictures within a picture: upright rectangles whose four sides are straight lines, as a page's insets have."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

# Frames are looked for in a copy of this size.
_SEARCH_PX = 640
# Gray levels that the two sides of a frame's line or edge differ by at least.
_CONTRAST_MIN = 14
# A side is a straight line of at least this share of the copy's longer side; an inset fills this share of its area.
_SIDE_MIN = 0.08
_AREA_MIN, _AREA_MAX = 0.01, 0.8
# Ends of sides that meet lie within so many pixels.
_CORNER_PX = 5
_LINES_MAX = 80
_FRAMES_MAX = 8


@dataclass(frozen=True)
class _Line:
    """A straight upright or level line: where it lies, and from where to where it goes, in pixels of the copy."""

    at: int
    start: int
    end: int


def find_frames(pixels: NDArray[np.uint8]) -> list[tuple[int, int, int, int]]:
    """Upright framed rectangles in ``(h, w, 3)`` uint8 as ``(top, left, bottom, right)``, the last two past the end.

    The largest first; of two that are sides of one drawn line the inner.
    """
    share = min(1.0, _SEARCH_PX / max(pixels.shape))
    small = cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA) if share < 1 else pixels
    shortest = round(_SIDE_MIN * max(small.shape))
    upright = _lines(cv2.absdiff(small[:, 1:], small[:, :-1]), shortest)
    level = _lines(cv2.transpose(cv2.absdiff(small[1:], small[:-1])), shortest)
    boxes = _boxes(upright, level)
    area = small.shape[0] * small.shape[1]
    large = [box for box in boxes if _AREA_MIN * area <= _area(box) <= _AREA_MAX * area]
    frames: list[tuple[int, int, int, int]] = []
    for box in sorted(large, key=_area):
        if not any(_is_same(box, other) for other in frames):
            frames.append(box)
    frames = sorted(frames, key=_area, reverse=True)[:_FRAMES_MAX]
    return [tuple(round(side / share) for side in box) for box in frames]


def _lines(steps: NDArray[np.uint8], shortest: int) -> list[_Line]:
    """The straight upright edges in differences of neighbors ``(h, w, 3)``, the longest first."""
    strongest = cv2.max(cv2.max(steps[..., 0], steps[..., 1]), steps[..., 2])
    edges = cv2.threshold(strongest, _CONTRAST_MIN - 1, 1, cv2.THRESH_BINARY)[1]
    edges = cv2.morphologyEx(edges, cv2.MORPH_CLOSE, np.ones((5, 1), np.uint8))
    edges = cv2.morphologyEx(edges, cv2.MORPH_OPEN, np.ones((shortest, 1), np.uint8))
    columns = np.flatnonzero(cv2.reduce(edges, 0, cv2.REDUCE_MAX))
    ends = np.diff(edges[:, columns].T.view(np.int8), axis=1, prepend=0, append=0)
    index, start = np.nonzero(ends > 0)
    end = np.nonzero(ends < 0)[1]
    found = np.stack([columns[index], start, end], axis=1)[np.argsort(start - end, kind="stable")]
    lines: list[_Line] = []
    while len(found) and len(lines) < _LINES_MAX:
        lines.append(_Line(*found[0].tolist()))
        found = found[(np.abs(found - found[0]) > _CORNER_PX).any(axis=1)]
    return lines


def _boxes(upright: list[_Line], level: list[_Line]) -> list[tuple[int, int, int, int]]:
    """``(top, left, bottom, right)`` of all rectangles whose sides meet at the four corners."""
    corners = [(top, left) for top in level for left in upright if _near(left.start, top.at) and _near(top.start, left.at)]
    return [
        (top.at + 1, left.at + 1, low.at, right.at)
        for top, left in corners
        for right in upright
        if right.at > left.at and _near(top.end, right.at) and _near(right.start, top.at) and _near(right.end, left.end)
        for low in level
        if low.at > top.at and _near(low.at, left.end) and _near(low.start, left.at) and _near(low.end, right.at)
    ]


def _near(one: int, other: int) -> bool:
    return abs(one - other) <= _CORNER_PX


def _area(box: tuple[int, int, int, int]) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _is_same(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return all(_near(a, b) for a, b in zip(one, other, strict=True))
