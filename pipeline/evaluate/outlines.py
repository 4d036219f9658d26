"""Outlines against hand-drawn polygons: are all pills found, and how well do their areas agree."""

from __future__ import annotations

import time
from collections.abc import Sequence

import cv2
import numpy as np

from pipeline.evaluate.judge import Verdict
from pipeline.evaluate.metrics import intersection_over_union
from pipeline.evaluate.sets import LabeledPhoto
from pipeline.load import load
from pipeline.records import Mask, PillRegion
from pipeline.segment import segment


def judge_outlines(photo: LabeledPhoto) -> Verdict:
    """Segment one photo and compare with its polygons.

    Raises:
        PhotoError: the photo cannot be read.
    """
    started = time.perf_counter()
    picture = load(photo.path)
    regions = segment(picture)
    seconds = time.perf_counter() - started
    shape = picture.pixels.shape[:2]
    wanted = [polygon_mask(polygon, shape) for polygon in photo.truth.polygons]
    overlaps = matched_overlaps(wanted, [_whole(region, shape) for region in regions])
    return Verdict(
        name=photo.name,
        decision="SEGMENTED",
        shares={
            "faces_found": (float(len(regions) == len(wanted)), 1.0),
            "iou": (sum(overlaps), len(wanted)),
        },
        seconds=seconds,
        truth={"pills": len(wanted)},
        answer={"pills": len(regions), "iou": [round(overlap, 4) for overlap in overlaps]},
    )


def polygon_mask(polygon: Sequence[tuple[float, float]], shape: tuple[int, int]) -> Mask:
    """The filled polygon, ``(x, y)`` as fractions of the photo, as ``(height, width)`` bool."""
    height, width = shape
    corners = np.rint(np.array(polygon) * (width, height) - 0.5).astype(np.int32)
    drawn = np.zeros(shape, np.uint8)
    cv2.fillPoly(drawn, [corners], 1)
    return drawn.astype(np.bool_)


def _whole(region: PillRegion, shape: tuple[int, int]) -> Mask:
    whole = np.zeros(shape, np.bool_)
    top, left, bottom, right = region.box
    whole[top:bottom, left:right] = region.mask
    return whole


def matched_overlaps(wanted: Sequence[Mask], found: Sequence[Mask]) -> list[float]:
    """The IoU of each wanted mask with the found one it is paired with, 0 where none is left.

    Pairs are made from the largest IoU down, each mask used once.
    """
    pairs = sorted(
        (
            (intersection_over_union(one, other), index, place)
            for index, one in enumerate(wanted)
            for place, other in enumerate(found)
        ),
        reverse=True,
    )
    best = [0.0] * len(wanted)
    taken: set[int] = set()
    done: set[int] = set()
    for overlap, index, place in pairs:
        if overlap > 0 and index not in done and place not in taken:
            best[index] = overlap
            done.add(index)
            taken.add(place)
    return best
