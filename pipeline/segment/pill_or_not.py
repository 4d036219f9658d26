"""The second question about a region: is it a pill at all, or skin, a gap between fingers, a key, a stain?

The network of `pill_maps` judges pixels in one look at a photo. This one sees each region alone, near by and with the
ground around it (docs/experiments/segment.md, "Sixteenth" and "Eighteenth round").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.outline import Outline
from pipeline.network import Network
from pipeline.records import Photo, PillRegion, Pixels
from pipeline.segment.same_pill import group_faces

VIEW_PX = 64
"""Side of both views."""

SPANS = (1.45, 5.0)
"""Sides of the near and of the far view, in lengths of the region (the longer side of its upright box)."""

PLANES = 5
"""Of each view: RGB, the region, the photo. What lies beyond the photo's border is known to be no ground."""

_LENGTH_PX_MIN = 4.0
# No view reaches so many lengths from the region's middle, turned or not.
_FRAME_MAX = 10.0
# So many regions that look alike are judged together.
_ALIKE_MIN = 3
# No chance counts as surer than this far from 0 and 1.
_CHANCE_MARGIN = 1e-4
# A region whose logit is nearer to 0 is in doubt: a chance of 0.05 to 0.95.
_DOUBT_MAX = 3.0
# Many regions go through the network in parts, so that a photo of any kind takes bounded memory.
_BATCH = 64


class Levels:
    """A picture and its halves, quarters and so on, each made when it is first asked for."""

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = [pixels]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the picture, in pixels."""
        return self._pixels[0].shape[0], self._pixels[0].shape[1]

    def square(self, middle: NDArray[np.float64], span_px: float, size: int) -> Pixels:
        """A square ``(size, size, 3)`` around ``middle`` (row, col), ``span_px`` pixels of the picture wide.

        What lies outside the picture is its border again.
        """
        level = max(0, int(np.floor(np.log2(max(span_px / size, 1.0)))))
        image, share = self._level(level)
        step = span_px / size * share
        first = (middle[::-1] + 0.5) * share - 0.5 - step * (size - 1) / 2
        to_image = np.array([[step, 0, first[0]], [0, step, first[1]]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        square = cv2.warpAffine(image, to_image, (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(square, np.uint8)

    def _level(self, wanted: int) -> tuple[Pixels, float]:
        """The picture at a half to the power of ``wanted``, as far as that leaves any pixels; and its scale."""
        while len(self._pixels) <= wanted and min(self._pixels[-1].shape[:2]) >= 2:
            last = self._pixels[-1]
            height, width = last.shape[0] // 2, last.shape[1] // 2
            even = last[: 2 * height, : 2 * width]
            halved = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA)
            self._pixels.append(np.asarray(halved, np.uint8))
        level = min(wanted, len(self._pixels) - 1)
        return self._pixels[level], 0.5**level


def place_of(outline: Outline) -> tuple[NDArray[np.float64], float]:
    """The middle (row, col) of an outline's upright box, and its longer side in pixels."""
    low, high = outline.min(axis=0).astype(np.float64), outline.max(axis=0).astype(np.float64)
    return (low + high) / 2, max(float((high - low).max()) + 1, _LENGTH_PX_MIN)


def planes(near: Pixels, far: Pixels, outline: NDArray[np.float64], frame: NDArray[np.float64]) -> NDArray[np.float32]:
    """What the network sees, ``(2 * PLANES, VIEW_PX, VIEW_PX)`` float32 in -0.5..0.5: the planes of each view.

    ``outline`` ``(n, 2)`` and the photo's corners ``frame`` ``(4, 2)`` (row, col) are given from the region's middle,
    in its lengths.
    """
    stack = []
    for pixels, span in zip((near, far), SPANS, strict=True):
        stack += [pixels.transpose(2, 0, 1), filled(outline, span)[None], filled(frame, span)[None]]
    return np.concatenate(stack).astype(np.float32) / np.float32(255) - np.float32(0.5)


def frame_of(size: tuple[int, int], middle: NDArray[np.float64], length: float) -> NDArray[np.float64]:
    """The corners ``(4, 2)`` (row, col) of a photo ``size`` (height, width) px, from a region's middle in its lengths.

    Borders that no view reaches are drawn nearer, out of every view.
    """
    (top, left), (bottom, right) = ((np.array(place) - 0.5 - middle) / length for place in ((0, 0), size))
    corners = np.array([[top, left], [top, right], [bottom, right], [bottom, left]])
    return np.asarray(np.clip(corners, -_FRAME_MAX, _FRAME_MAX))


def filled(outline: NDArray[np.float64], span: float) -> NDArray[np.uint8]:
    """The region in a view that is ``span`` lengths wide, ``(VIEW_PX, VIEW_PX)`` uint8: 255 inside."""
    region = np.zeros((VIEW_PX, VIEW_PX), np.uint8)
    places = outline[:, ::-1] / span * VIEW_PX + (VIEW_PX - 1) / 2
    cv2.fillPoly(region, [np.round(places * 16).astype(np.int32)[:, None]], 255, shift=4)
    return region


def region_planes(levels: Levels, outline: Outline) -> NDArray[np.float32]:
    """The planes of one region of a picture."""
    middle, length = place_of(outline)
    near, far = (levels.square(middle, span * length, VIEW_PX) for span in SPANS)
    return planes(near, far, (outline - middle) / length, frame_of(levels.size, middle, length))


class JudgesRegions(Protocol):
    """What tells how likely regions are pills: the network, or in tests a stand-in."""

    def __call__(self, photo: Photo, regions: Sequence[PillRegion]) -> NDArray[np.float32]:
        """The chance 0-1 of each region to be a pill, ``(n,)`` float32."""
        ...


class PillOrNot:
    """Tells how likely regions are pills; loads its network at the first region it sees.

    Threads may share it; a pickled copy loads its own network.
    """

    def __init__(self, weights: str | bytes = "pill_or_not.onnx") -> None:
        self._network = Network(weights)

    def __call__(self, photo: Photo, regions: Sequence[PillRegion]) -> NDArray[np.float32]:
        """The chance 0-1 of each region to be a pill, ``(n,)`` float32."""
        levels = Levels(photo.pixels)
        chances = [np.zeros(0, np.float32)]
        for first in range(0, len(regions), _BATCH):
            seen = np.stack([region_planes(levels, region.outline) for region in regions[first : first + _BATCH]])
            chances.append(chance_of(logits_of(self._network, seen)))
        return np.concatenate(chances)


def logits_of(network: Network, seen: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logits ``(n,)`` of regions' planes; of those in doubt the mean of the planes and of their mirror image."""
    (first,) = network.run(seen)
    logits = np.array(first[:, 0], np.float32)
    doubted = np.flatnonzero(np.abs(logits) < _DOUBT_MAX)
    if len(doubted) > 0:
        (mirrored,) = network.run(np.ascontiguousarray(seen[doubted][..., ::-1]))
        logits[doubted] = (logits[doubted] + mirrored[:, 0]) / 2
    return logits


def agreed(photo: Photo, regions: Sequence[PillRegion], chances: NDArray[np.float32]) -> NDArray[np.float32]:
    """The chances ``(n,)``, raised to that of the mean log odds of three regions and more that look alike.

    Pills of a heap are mostly of one kind, and one that lies badly is as much a pill as its neighbors. No chance is
    lowered: beside a blister whose pockets are no pills a loose pill of that size is one.
    """
    if len(regions) < _ALIKE_MIN:
        return chances
    sure = np.clip(chances, _CHANCE_MARGIN, 1 - _CHANCE_MARGIN)
    odds = np.log(sure / (1 - sure))
    for group in group_faces(photo, tuple(regions)):
        if len(group) >= _ALIKE_MIN:
            odds[list(group)] = odds[list(group)].mean()
    return np.maximum(chances, chance_of(odds))


def without_grounds(regions: Sequence[PillRegion], chances: NDArray[np.float32]) -> NDArray[np.float32]:
    """The chances ``(n,)``, 0 for a region around a likelier one: a pill on a sheet of paper."""
    low = np.array([region.outline.min(axis=0) for region in regions])
    high = np.array([region.outline.max(axis=0) for region in regions])
    around = (low[:, None] <= low).all(axis=2) & (high[:, None] >= high).all(axis=2) & (chances[:, None] < chances)
    kept = np.array(chances)
    for outer, inner in np.argwhere(around):
        row, col = (low[inner] + high[inner]) / 2
        if cv2.pointPolygonTest(regions[outer].outline[:, ::-1].copy(), (float(col), float(row)), False) >= 0:
            kept[outer] = 0
    return kept


def chance_of(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """The chances 0-1 of logits."""
    return np.asarray(1 / (1 + np.exp(-logits)), np.float32)
