"""Which of the outlines proposed are pills: one score each from the network's maps and the photo's edges.

Two ways propose outlines: edges and even color (``candidates``), exact on plain ground but easily led by shadows,
and the network (``network``), which knows pills from shadows and tells touching ones apart but draws them less
exactly. A logistic model of how well an outline fits (`python -m pipeline.train.segment choice`) judges both by the
same signs; the best that do not overlap stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.records import PillRegion, Pixels
from pipeline.segment.network import PillMaps
from pipeline.segment.outline import edge_steps

SIGNS = (
    "pill inside",
    "pill inside, coarse",
    "pill around",
    "pill around, coarse",
    "pill inside the rim",
    "pill inside the rim, coarse",
    "one core",
    "several cores",
    "cores cut",
    "dents",
    "edge, weak places",
    "edge, median",
    "lighter outside",
    "roundness",
    "size",
    "at the border",
    "by edges",
    "by the coarse map",
    "twin",
)


@dataclass(frozen=True, eq=False)
class Proposal:
    """An outlined region and where it comes from: ``EDGES``, ``FINE`` or ``COARSE``, the network's two looks."""

    region: PillRegion
    source: str


@dataclass(frozen=True, eq=False)
class Looks:
    """The network's maps of one part of a photo, ``corner`` its first (row, col)."""

    fine: PillMaps
    coarse: PillMaps
    corner: tuple[int, int]


def choose(pixels: Pixels, proposals: Sequence[Proposal], looks: Looks, least: float) -> tuple[PillRegion, ...]:
    """The proposals that score at least ``least`` and overlap none better; each with its score as confidence."""
    if not proposals:
        return ()
    scores = 1 / (1 + np.exp(-(signs_of(pixels, proposals, looks) @ np.array(_WEIGHTS) + _BIAS)))
    kept: list[PillRegion] = []
    for index in np.argsort(-scores):
        if scores[index] < least:
            break
        region = proposals[index].region
        if all(_shared(region, other) < _MOST_SHARED for other in kept):
            kept.append(replace(region, confidence=float(scores[index])))
    return tuple(kept)


def signs_of(pixels: Pixels, proposals: Sequence[Proposal], looks: Looks) -> NDArray[np.float64]:
    """What is weighed of each proposal, ``(n, len(SIGNS))``."""
    photo_area = pixels.shape[0] * pixels.shape[1]
    rows = []
    for proposal in proposals:
        region = proposal.region
        outline = region.outline - np.array(looks.corner, np.float32)
        inside, around, rim = zip(map_signs(looks.fine, outline), map_signs(looks.coarse, outline), strict=True)
        weak, median, lighter = edge_steps(pixels, region.outline)
        area = float(cv2.contourArea(region.outline))
        hull = float(cv2.contourArea(cv2.convexHull(region.outline)))
        rows.append(
            [
                *(*inside, *around, *rim),
                *_core_signs(looks.fine, outline),
                max(0.0, 0.985 - area / max(1.0, hull)) * 20,
                float(np.log(weak + 1)),
                float(np.log(median + 1)),
                float(np.tanh(lighter / 20)),
                4 * np.pi * area / max(1.0, cv2.arcLength(region.outline, True)) ** 2,
                float(np.log(max(1.0, area) / photo_area)) / 3,
                float(region.cut_by_border),
                float(proposal.source == "EDGES"),
                float(proposal.source == "COARSE"),
            ]
        )
    return np.column_stack([np.array(rows), _twins([proposal.region for proposal in proposals])])


def map_signs(maps: PillMaps, outline: NDArray[np.float32]) -> tuple[float, float, float]:
    """Mean chance of pill inside an outline (row, col), in a strip around it, and just inside its rim."""
    canvas = _filled(maps, outline)
    inside = canvas > 0
    if not inside.any():
        return 0.0, 0.0, 0.0
    reach = max(1, round(0.09 * float(np.sqrt(np.count_nonzero(inside)))))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    around = (cv2.dilate(canvas, kernel) > 0) & ~inside
    rim = inside & (cv2.erode(canvas, kernel) == 0)
    own, beside, edge = (float(maps.pill[where if where.any() else inside].mean()) for where in (inside, around, rim))
    return own, beside, edge


def _filled(maps: PillMaps, outline: NDArray[np.float32]) -> NDArray[np.uint8]:
    place = (outline + 0.5) / maps.to_photo - 0.5
    canvas = np.zeros(maps.pill.shape, np.uint8)
    cv2.fillPoly(canvas, [np.round(place[:, ::-1] * 16).astype(np.int32)[:, None]], 1, shift=4)
    return canvas


def _core_signs(maps: PillMaps, outline: NDArray[np.float32]) -> tuple[float, float, float]:
    """Whether one core lies inside, or several, and how much of cores the outline cuts."""
    cores = np.asarray(cv2.connectedComponents(((maps.core > 0.5) & (maps.pill > 0.5)).astype(np.uint8))[1])
    count = int(cores.max()) + 1
    own = np.bincount(cores[_filled(maps, outline) > 0], minlength=count)[1:]
    whole = np.bincount(cores.ravel(), minlength=count)[1:]
    shares = (own / np.maximum(whole, 1))[whole >= _LEAST_CORE]
    held = int(np.count_nonzero(shares > 0.5))
    parted = float(np.minimum(shares, 1 - shares)[shares > 0.1].sum())
    return float(held == 1), float(held > 1), min(parted, 2.0)


def _twins(regions: Sequence[PillRegion]) -> list[float]:
    """How like in size each is to the most alike of those beside it, 0-1."""
    sizes = []
    for region in regions:
        _, sides, _ = cv2.minAreaRect(region.outline[:, ::-1])
        sizes.append([max(sides), min(sides), region.area])
    logs = np.log(np.maximum(np.array(sizes), 1.0))
    twins = []
    for index, region in enumerate(regions):
        apart = [
            float(np.abs(logs[index] - logs[other]).max())
            for other, beside in enumerate(regions)
            if other != index and _shared(region, beside) < _MOST_SHARED
        ]
        twins.append(float(np.exp(-8 * min(apart))) if apart else 0.0)
    return twins


def _shared(one: PillRegion, other: PillRegion) -> float:
    """The pixels of both over the smaller's."""
    (top, left, bottom, right), (top2, left2, bottom2, right2) = one.box, other.box
    rows, cols = slice(max(top, top2), min(bottom, bottom2)), slice(max(left, left2), min(right, right2))
    if rows.start >= rows.stop or cols.start >= cols.stop:
        return 0.0
    first = one.mask[rows.start - top : rows.stop - top, cols.start - left : cols.stop - left]
    second = other.mask[rows.start - top2 : rows.stop - top2, cols.start - left2 : cols.stop - left2]
    return float(np.count_nonzero(first & second)) / max(1, min(one.area, other.area))


# Of the smaller region's pixels; touching pills' outlines share less.
_MOST_SHARED = 0.3
# Map pixels; smaller cores are noise.
_LEAST_CORE = 3
# Fitted by `python -m pipeline.train.segment choice` on training photos, see docs/experiments/segment.md.
_WEIGHTS = (
    *(2.791, -0.375, -2.922, -1.373, 1.602, -0.152),
    *(1.657, 0.949, -0.954),
    *(-1.342, 0.576, -0.008, -0.546, 2.028),
    *(-0.005, 0.782, 0.704, 0.044, 0.778),
)
_BIAS = -4.871
