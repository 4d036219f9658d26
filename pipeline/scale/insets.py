"""A picture within the picture: the framed one that has a ruler of its own, as pharmacies lay it beside a blister."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.records import Box, Photo
from pipeline.scale.ruler import find_ruler
from pipeline.scale.search_copy import SearchCopy

# Frames are looked for in a copy of this size.
_SEARCH_PX = 640
# Gray levels that the two sides of a frame's line or edge differ by at least.
_CONTRAST_MIN = 14
# A side is a straight line of at least this share of the copy's longer side; an inset fills this share of its area.
_SIDE_MIN = 0.08
_SIDE_PX_MIN = 24
_AREA_MIN, _AREA_MAX = 0.01, 0.8
# So long a gap in a side is none; both parts of it must be as long as a side.
_GAP_PX_MAX = 4
# So much of a fourth side runs along a line, where the other three meet; a figure breaks a quarter of one ("Twentieth
# round" of docs/experiments/segment.md).
_COVERED_MIN = 0.7
# Ends of sides that meet lie within so many pixels.
_CORNER_PX = 5
# What an inset's longer side measures by its own ruler: those of 105 pages 28 to 62 mm.
_LENGTH_MM_MIN, _LENGTH_MM_MAX = 15.0, 120.0
# A side's edge is looked for so near to where the copy shows it, in pixels; this share of either end lies in one row.
_NEAR_PX = 6
_LEVEL_MIN = 0.3
_LINES_MAX = 80
_FRAMES_MAX = 8


@dataclass(frozen=True)
class _Line:
    """A straight upright or level line: where it lies, and from where to where it goes, in pixels of the copy."""

    at: int
    start: int
    end: int


def find_inset(photo: Photo) -> Box | None:
    """The upright rectangle with straight sides that has a ruler within; None without one.

    A blister's pockets, a box and its print make rectangles too, but no ruler that would give them a likely size; a
    card under a camera is never so exactly upright (docs/experiments/scale.md, "Insets").
    """
    for box in _frames(photo.pixels):
        if not _is_drawn(photo.pixels, box):
            continue
        gray = np.asarray(cv2.cvtColor(photo.part(box).pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        ruler = find_ruler(SearchCopy.of(gray), (), framed=True)
        if ruler is not None and _LENGTH_MM_MIN <= max(gray.shape) * ruler.mm_per_px <= _LENGTH_MM_MAX:
            return box
    return None


def _frames(pixels: NDArray[np.uint8]) -> list[Box]:
    """Framed rectangles in ``(h, w, 3)`` uint8, the largest first; of two sides of one drawn line the inner."""
    share = min(1.0, _SEARCH_PX / max(pixels.shape[:2]))
    small = cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA) if share < 1 else pixels
    shortest = max(round(_SIDE_MIN * max(small.shape[:2])), _SIDE_PX_MIN)
    if min(small.shape[:2]) <= shortest:
        return []
    upright = _lines(np.asarray(cv2.absdiff(small[:, 1:], small[:, :-1]), np.uint8), shortest)
    level = _lines(np.asarray(cv2.transpose(cv2.absdiff(small[1:], small[:-1])), np.uint8), shortest)
    area = small.shape[0] * small.shape[1]
    frames: list[Box] = []
    for boxes in (_boxes(upright, level), _open_boxes(upright, level)):
        large = [box for box in boxes if _AREA_MIN * area <= _area(box) <= _AREA_MAX * area]
        frames += sorted(_distinct(large, frames), key=_area, reverse=True)
    return [_enlarged(box, share) for box in frames[:_FRAMES_MAX]]


def _distinct(boxes: list[Box], known: list[Box]) -> list[Box]:
    """Of boxes that are the same the smallest; none that is one of ``known``."""
    kept: list[Box] = []
    for box in sorted(boxes, key=_area):
        if not any(_is_same(box, other) for other in (*kept, *known)):
            kept.append(box)
    return kept


def _is_drawn(pixels: NDArray[np.uint8], box: Box) -> bool:
    """Whether all four sides lie along the pixels from end to end, as no side of a thing under a camera does."""
    top, left, bottom, right = box
    level, upright = pixels[:, left:right], np.asarray(cv2.transpose(pixels[top:bottom]), np.uint8)
    sides = ((level, top), (level, bottom), (upright, left), (upright, right))
    return all(_is_level(rows, at) for rows, at in sides)


def _is_level(rows: NDArray[np.uint8], at: int) -> bool:
    """Whether the edge near row ``at`` of ``(h, w, 3)`` lies in one row of pixels at both ends.

    A drawn line has two edges, so that the stronger one may change.
    """
    strip = rows[max(at - _NEAR_PX, 0) : at + _NEAR_PX + 1]
    strongest = cv2.absdiff(strip[1:], strip[:-1]).max(axis=2).argmax(axis=0)
    fifth = max(len(strongest) // 5, 1)
    first, last = (np.bincount(part, minlength=len(strip)) for part in (strongest[:fifth], strongest[-fifth:]))
    return int(np.minimum(first, last).max()) >= _LEVEL_MIN * fifth


def _enlarged(box: Box, share: float) -> Box:
    """A box of the copy in the photo, without the drawn line."""
    top, left, bottom, right = (side / share for side in box)
    line = math.ceil(1 / share)
    return round(top) + line, round(left) + line, round(bottom) - line, round(right) - line


def _lines(steps: NDArray[np.uint8], shortest: int) -> list[_Line]:
    """The straight upright edges in differences of neighbors ``(h, w, 3)``, the longest first, then bridged ones."""
    # A drawn line has no gap, which parts it from the edges that foil and print show in a row.
    strongest = cv2.max(cv2.max(steps[..., 0], steps[..., 1]), steps[..., 2])
    edges = cv2.threshold(strongest, _CONTRAST_MIN - 1, 1, cv2.THRESH_BINARY)[1]
    edges = cv2.morphologyEx(edges, cv2.MORPH_OPEN, np.ones((shortest, 1), np.uint8))
    columns = np.flatnonzero(cv2.reduce(edges, 0, cv2.REDUCE_MAX))
    if len(columns) == 0:
        return []
    whole = np.ascontiguousarray(edges[:, columns], np.uint8)
    # Where a ruler's line meets a side it leaves a short gap.
    bridged = np.asarray(cv2.morphologyEx(whole, cv2.MORPH_CLOSE, np.ones((_GAP_PX_MAX + 1, 1))), np.uint8)
    found = np.concatenate([_runs(whole, columns), _runs(bridged, columns)])
    lines: list[_Line] = []
    while len(found) and len(lines) < _LINES_MAX:
        lines.append(_Line(*found[0].tolist()))
        found = found[(np.abs(found - found[0]) > _CORNER_PX).any(axis=1)]
    return lines


def _runs(edges: NDArray[np.uint8], columns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Column, start and end ``(n, 3)`` of each run of edge pixels in ``(h, columns)``, the longest first."""
    ends = np.diff(edges.T.view(np.int8), axis=1, prepend=0, append=0)
    index, start = np.nonzero(ends > 0)
    end = np.nonzero(ends < 0)[1]
    return np.stack([columns[index], start, end], axis=1)[np.argsort(start - end, kind="stable")]


def _boxes(upright: list[_Line], level: list[_Line]) -> list[Box]:
    """``(top, left, bottom, right)`` of all rectangles whose sides meet at the four corners."""
    corners = [
        (top, left) for top in level for left in upright if _near(left.start, top.at) and _near(top.start, left.at)
    ]
    return [
        (top.at + 1, left.at + 1, low.at, right.at)
        for top, left in corners
        for right in upright
        if right.at > left.at and _near(top.end, right.at) and _near(right.start, top.at) and _near(right.end, left.end)
        for low in level
        if low.at > top.at and _near(low.at, left.end) and _near(low.start, left.at) and _near(low.end, right.at)
    ]


def _open_boxes(upright: list[_Line], level: list[_Line]) -> list[Box]:
    """``(top, left, bottom, right)`` of rectangles of which three sides meet, and a line runs along the fourth.

    Where a thing of the page lies beside that side, its edge goes on in the thing's, and a figure may break it.
    """
    wide = [(top, left, bottom, right) for top, bottom, left, right in _closed_at_one_end(upright, level)]
    high = [(top, left, bottom, right) for left, right, top, bottom in _closed_at_one_end(level, upright)]
    return wide + high


def _closed_at_one_end(across: list[_Line], along: list[_Line]) -> list[tuple[int, int, int, int]]:
    """Rectangles of two lines ``along`` that one ``across`` joins at an end: where the two lie, their start and end.

    Where the shorter of the two ends another line ``across`` has to run along the side, and need not meet them.
    """
    found = []
    for closing in across:
        others = [line for line in across if not _near(line.at, closing.at)]
        firsts = [line for line in along if _near(line.at, closing.start)]
        seconds = [line for line in along if _near(line.at, closing.end)]
        for first, second in product(firsts, seconds):
            reach = _reach(first, second, closing.at)
            span = first.at + 1, second.at
            if any(_is_end(line, reach) and _covers(line, span) for line in others):
                found.append((*span, *reach))
    return found


def _reach(first: _Line, second: _Line, at: int) -> tuple[int, int]:
    """From where to where two lines both go that a line at ``at`` joins at one end; nowhere if it joins neither."""
    if _near(first.end, at) and _near(second.end, at):
        return max(first.start, second.start) + 1, at
    if _near(first.start, at) and _near(second.start, at):
        return at + 1, min(first.end, second.end)
    return at, at


def _is_end(line: _Line, reach: tuple[int, int]) -> bool:
    return reach[0] < reach[1] and any(_near(line.at, end) for end in reach)


def _covers(line: _Line, span: tuple[int, int]) -> bool:
    """Whether a line runs along enough of a side."""
    return min(line.end, span[1]) - max(line.start, span[0]) >= _COVERED_MIN * (span[1] - span[0])


def _near(one: int, other: int) -> bool:
    return abs(one - other) <= _CORNER_PX


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _is_same(one: Box, other: Box) -> bool:
    return all(_near(a, b) for a, b in zip(one, other, strict=True))
