"""Outlines -> the records that leave this stage."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.records import Box, Mask, Photo, PillRegion, Pixels

# Padding is black up to this value: JPEG leaves it a little above 0. A page is white from this value on.
_BLACK_MAX = 12
_WHITE_MIN = 244
# Sides of a photo on a white page, by the page's: smaller colored boxes are print, such as the line of an axis.
_INSET_MIN = 0.15
# A point nearer to the border than this, in pixels, lies on it: no ground is seen between.
_BORDER_MAX = 0.5
# The border cuts a pill whose outline runs along it for this length, by the square root of the area: of a disc 1.5 % of
# the diameter are then missing. An outline that is one pixel off touches the border for less.
_CUT_MIN = 0.28
# The corners of a page that a program drew differ by at most so many levels, over this share of its shorter side.
_PAGE_LEVELS_MAX, _CORNER_SHARE = 3, 0.01
# What differs by more from the page's color is no page; rows and columns of a picture have at least this share of it,
# buttons and lines of text beside it are at most so long together, as a share of the picture's side.
_APART_MIN, _PICTURE_SHARE, _BESIDE_MAX = 12, 0.25, 0.35
# So much of a picture differs, by this at least, from the page that it lies on: a photo has noise where it is as light.
_PICTURE_FULL_MIN, _NOISE_MIN = 0.95, 4
# A JPEG spreads the noise of an edge over two blocks of color at most.
_SPREAD_PX_MAX = 32
# So many places along a row or column are looked at.
_SAMPLES = 200


def content_box(pixels: Pixels) -> Box:
    """The box of the photo inside black padding, a white page or an app's frame: ``(top, left, bottom, right)``."""
    return _picture_on_page(pixels) or _inside_padding(pixels)


def _picture_on_page(pixels: Pixels) -> Box | None:
    """The one picture on a page of one color, as a screenshot shows it with buttons and text; None where there is none.

    Only a program draws four corners of one color without any noise.
    """
    side = max(2, round(_CORNER_SHARE * min(pixels.shape[:2])))
    corners = np.concatenate(
        [
            pixels[rows, cols].reshape(-1, 3)
            for rows in (np.s_[:side], np.s_[-side:])
            for cols in (np.s_[:side], np.s_[-side:])
        ]
    )
    if np.ptp(corners, axis=0).max() > _PAGE_LEVELS_MAX:
        return None
    page = np.median(corners, axis=0).astype(np.int16)

    def is_apart(part: Pixels, least: int) -> Mask:
        return np.asarray(np.abs(part.astype(np.int16) - page).max(axis=2) > least)

    def run(lines: Pixels, axis: int) -> tuple[int, int] | None:
        clear, faint = (is_apart(lines, least).mean(axis=axis) for least in (_APART_MIN, _NOISE_MIN))
        found = _longest_run(faint)
        return None if found is None else _trimmed(clear, *found)

    rows = run(pixels[:, :: _step(pixels.shape[1])], 1)
    if rows is None:
        return None
    inner = pixels[rows[0] : rows[1]]
    cols = run(inner[:: _step(len(inner))], 0)
    if cols is None or min(rows[1] - rows[0], cols[1] - cols[0]) < _INSET_MIN * min(pixels.shape[:2]):
        return None
    is_full = is_apart(_thinned(inner[:, cols[0] : cols[1]]), _NOISE_MIN).mean() >= _PICTURE_FULL_MIN
    return (rows[0], cols[0], rows[1], cols[1]) if is_full else None


def _longest_run(shares: NDArray[np.floating]) -> tuple[int, int] | None:
    """Start and end of the longest run of lines that show a picture; None where as much lies beside it."""
    steps = np.diff((shares > _PICTURE_SHARE).astype(np.int8), prepend=0, append=0)
    starts, ends = np.flatnonzero(steps > 0), np.flatnonzero(steps < 0)
    if len(starts) == 0:
        return None
    lengths = ends - starts
    longest = int(np.argmax(lengths))
    if lengths.sum() - lengths[longest] > _BESIDE_MAX * lengths[longest]:
        return None
    return int(starts[longest]), int(ends[longest])


def _trimmed(shares: NDArray[np.floating], start: int, end: int) -> tuple[int, int]:
    """The run without the lines at its ends to which a JPEG spreads the picture's noise."""
    clear = np.flatnonzero(shares[start:end] > _PICTURE_SHARE)
    if len(clear) == 0:
        return start, end
    low, high = int(clear[0]), int(clear[-1]) + 1
    return start + (low if low <= _SPREAD_PX_MAX else 0), start + high if end - start - high <= _SPREAD_PX_MAX else end


def _inside_padding(pixels: Pixels) -> Box:
    top, left, bottom, right = box = _extent(pixels, 0.03, lambda part: np.maximum.reduce(cv2.split(part)) > _BLACK_MAX)
    inner = pixels[top:bottom, left:right]
    inset = _extent(inner, 0.25, _is_colored)
    is_small = min(inset[2] - inset[0], inset[3] - inset[1]) < _INSET_MIN * min(inner.shape[:2])
    if is_small or _is_colored(_thinned(inner[inset[0] : inset[2], inset[1] : inset[3]])).mean() < 0.95:
        return box
    return top + inset[0], left + inset[1], top + inset[2], left + inset[3]


def _is_colored(part: Pixels) -> Mask:
    return np.asarray(np.minimum.reduce(cv2.split(part)) < _WHITE_MIN)


def _thinned(pixels: Pixels) -> Pixels:
    return pixels[:: _step(pixels.shape[0]), :: _step(pixels.shape[1])]


def _step(length: int) -> int:
    return max(1, length // _SAMPLES)


def _extent(pixels: Pixels, share: float, test: Callable[[Pixels], Mask]) -> Box:
    """The rows and columns of which at least ``share`` passes the test; everything where there are none."""
    height, width = pixels.shape[:2]
    thin_cols, thin_rows = pixels[:, :: _step(width)], pixels[:: _step(height)]
    # Most photos have no margin: their first and last lines tell.
    ends = test(thin_cols[[0, -1]]).mean(axis=1), test(thin_rows[:, [0, -1]]).mean(axis=0)
    if min(end.min() for end in ends) > share:
        return 0, 0, height, width
    rows = np.flatnonzero(test(thin_cols).mean(axis=1) > share)
    cols = np.flatnonzero(test(thin_rows).mean(axis=0) > share)
    if len(rows) == 0 or len(cols) == 0:
        return 0, 0, height, width
    return int(rows[0]), int(cols[0]), int(rows[-1]) + 1, int(cols[-1]) + 1


def _length_along(points: NDArray[np.float32], edge: tuple[NDArray[np.int_], NDArray[np.int_]]) -> float:
    """How much of an outline lies on the photo's border, in pixels."""
    at_border = ((points <= edge[0] + _BORDER_MAX) | (points >= edge[1] - _BORDER_MAX)).any(axis=1)
    steps = np.linalg.norm(np.roll(points, -1, axis=0) - points, axis=1)
    return float(steps[at_border & np.roll(at_border, -1)].sum())


def region_of(
    photo: Photo, points: NDArray[np.float32], content: Box, confidence: float, *, is_outlined: bool = True
) -> PillRegion:
    """The region inside an outline ``(n, 2)`` (row, col); cut by the border where it reaches that of ``content``."""
    height, width = photo.pixels.shape[:2]
    edge = np.array([content[0], content[1]]), np.array([content[2] - 1, content[3] - 1])
    cut = _length_along(points, edge) > _CUT_MIN * float(np.sqrt(cv2.contourArea(points.astype(np.float32))))
    points = np.clip(points, edge[0], edge[1])
    top, left = np.clip(np.floor(points.min(axis=0)).astype(int), 0, [height - 1, width - 1])
    bottom, right = np.clip(np.ceil(points.max(axis=0)).astype(int) + 1, [top + 1, left + 1], [height, width])
    canvas = np.zeros((bottom - top, right - left), np.uint8)
    shifted = np.round((points[:, ::-1] - [left, top]) * 16).astype(np.int32)
    cv2.fillPoly(canvas, [shifted[:, None, :]], 1, shift=4)
    places = points.astype(np.float32)
    return PillRegion(places, canvas > 0, int(top), int(left), min(1.0, confidence), cut, is_outlined=is_outlined)
