"""Segmentation against hand-drawn outlines (``pillprint evaluate``)."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.judge import Verdict
from pipeline.evaluate.metrics import intersection_over_union
from pipeline.evaluate.sets import LabeledPhoto
from pipeline.load import load
from pipeline.records import Photo, PillRegion
from pipeline.segment import Segmenter

Polygon = NDArray[np.float32]

# How much finer than the photo's pixels overlaps are counted.
_FINER = 4


def judge_outlines(photo: LabeledPhoto, segmenter: Segmenter) -> Verdict:
    """Segment one photo and compare with its polygons.

    Raises:
        PhotoError: the photo cannot be read.
    """
    started = time.perf_counter()
    picture = load(photo.path)
    regions = segmenter(picture)
    seconds = time.perf_counter() - started
    height, width = picture.pixels.shape[:2]
    wanted = outlines_of(photo.truth.polygons, width, height)
    overlaps = match(wanted, regions)
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


def outlines_of(polygons: Sequence[Sequence[tuple[float, float]]], width: int, height: int) -> tuple[Polygon, ...]:
    """Polygons, ``(x, y)`` as fractions of the photo, as outlines ``(n, 2)`` float32 (row, col) in its pixels."""
    size = np.array([height, width], np.float32)
    return tuple(np.asarray(np.array(polygon, np.float32)[:, ::-1] * size - 0.5, np.float32) for polygon in polygons)


def iou(one: Polygon, other: Polygon) -> float:
    """Intersection over union of two outlines ``(n, 2)`` (row, col), drawn at four times their resolution."""
    low = np.floor(np.minimum(one.min(axis=0), other.min(axis=0))) - 1
    high = np.ceil(np.maximum(one.max(axis=0), other.max(axis=0))) + 2
    size = ((high - low) * _FINER).astype(int)
    masks = []
    for outline in (one, other):
        canvas = np.zeros((size[0], size[1]), np.uint8)
        corners = np.round((outline - low) * _FINER * 16).astype(np.int32)[:, None, ::-1]
        cv2.fillPoly(canvas, [corners], 1, shift=4)
        masks.append(canvas > 0)
    return intersection_over_union(masks[0], masks[1])


def match(truth: Sequence[Polygon], found: Sequence[PillRegion]) -> list[float]:
    """The IoU of every true pill with the region paired to it, 0 where none is left.

    Pairs are made from the largest IoU down, each region used once.
    """
    pairs = []
    for row, outline in enumerate(truth):
        for col, region in enumerate(found):
            low, high = region.outline.min(axis=0), region.outline.max(axis=0)
            if (high >= outline.min(axis=0)).all() and (low <= outline.max(axis=0)).all():
                pairs.append((iou(outline, region.outline), row, col))
    best = [0.0] * len(truth)
    used: set[int] = set()
    for value, row, col in sorted(pairs, reverse=True):
        if best[row] == 0.0 and col not in used:
            best[row] = value
            used.add(col)
    return best


def is_validation_file(file: str) -> bool:
    """For sets without imprints: one photo in four, by SHA-1 of the name before ``.rf.`` (copies of one photo)."""
    return hashlib.sha1(Path(file).name.split(".rf.")[0].encode()).digest()[0] % 4 == 0


def read_photo(path: Path) -> Photo | None:
    """A photo as it is on disk, or None where OpenCV cannot read it."""
    pixels = cv2.imread(str(path))
    return None if pixels is None else Photo(np.ascontiguousarray(pixels[:, :, ::-1]), path.name)
