"""Which regions of a photo are faces of the same pill."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.axes import long_box
from pipeline.geometry.lab import lab_of_pixels
from pipeline.records import Photo, PillRegion

# Faces of one pill photographed together differ by less than this; set on rximage300 and tfda, see
# docs/experiments/segment.md.
_LENGTH_RATIO_MAX = 1.18
_AREA_RATIO_MAX = 1.25
_HUE_DIFFERENCE_MAX = 18.0
# For a region cut by the border: a smaller area ratio, since a pill of which much is missing is no match.
_AREA_RATIO_CUT_MAX = 1.08


def _figures(photo: Photo, region: PillRegion) -> NDArray[np.float64]:
    """Length, width, area (px) and mean CIELAB color, ``(6,)``."""
    box = long_box(region.outline[:, ::-1])
    top, left, bottom, right = region.box
    lab = lab_of_pixels(photo.pixels[top:bottom, left:right]).reshape(-1, 3)
    inner = cv2.erode(region.mask.astype(np.uint8), np.ones((3, 3), np.uint8))
    inside = np.take(lab, np.flatnonzero(inner), axis=0)
    if len(inside) == 0:
        inside = np.take(lab, np.flatnonzero(region.mask), axis=0)
    color = np.mean(inside, axis=0) if len(inside) else np.zeros(3)
    return np.array([box.length, box.width, region.area, *color], dtype=np.float64)


def _alike(one: NDArray[np.float64], other: NDArray[np.float64], area_ratio_max: float) -> bool:
    ratios = np.maximum(one[:3], other[:3]) / np.maximum(np.minimum(one[:3], other[:3]), 1.0)
    hue = float(np.linalg.norm(one[4:] - other[4:]))
    return bool(max(ratios[0], ratios[1]) < _LENGTH_RATIO_MAX and ratios[2] < area_ratio_max) and (
        hue < _HUE_DIFFERENCE_MAX
    )


def group_faces(photo: Photo, regions: tuple[PillRegion, ...]) -> tuple[tuple[int, ...], ...]:
    """Group the regions that look like faces of the same pill: of one size, shape and color.

    Returns:
        Indices into ``regions``, each once, the group of the first region first. A region cut by the
        border joins another only if both have nearly the same area.
    """
    looks = [_figures(photo, region) for region in regions] if len(regions) > 1 else []
    group_of = list(range(len(regions)))
    for one, other in itertools.combinations(range(len(regions)), 2):
        cut = regions[one].cut_by_border or regions[other].cut_by_border
        if not _alike(looks[one], looks[other], _AREA_RATIO_CUT_MAX if cut else _AREA_RATIO_MAX):
            continue
        old, new = group_of[other], group_of[one]
        group_of = [new if group == old else group for group in group_of]
    groups: dict[int, list[int]] = {}
    for index, group in enumerate(group_of):
        groups.setdefault(group, []).append(index)
    return tuple(tuple(members) for members in groups.values())
