"""Finds the pills of one photo."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.records import Mask, Photo, PillRegion
from pipeline.segment import ground, outline, parts
from pipeline.segment.parts import Contour


# The smallest pills (4 mm round, 13 mm2) beside the largest capsules (000, 26 x 10 mm, 240 mm2).
_LEAST_OF_LARGEST = 0.05


@dataclass(frozen=True)
class SegmentSettings:
    """How pills are looked for.

    ``work_px``: the long side at which pills are found; their outline is then drawn in the photo's own
    pixels. ``least_share``: smallest pill, as a share of the photo's area. ``most_pills``: more regions than this are cut off.
    """

    work_px: int = 640
    least_share: float = 0.0006
    most_pills: int = 200


def segment(photo: Photo, settings: SegmentSettings | None = None) -> tuple[PillRegion, ...]:
    """Find every pill of the photo, the largest first.

    Returns:
        One region a pill face; empty where the photo shows none. A pill that leaves the photo is flagged
        ``cut_by_border``.
    """
    settings = settings or SegmentSettings()
    top, left, bottom, right = _content(photo.pixels)
    pixels = photo.pixels[top:bottom, left:right]
    factor = min(1.0, settings.work_px / max(pixels.shape[:2]))
    size = max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) if factor < 1 else pixels
    if min(small.shape[:2]) < 8:
        return ()
    found = []
    for contour in _pill_contours(np.asarray(small, np.uint8), settings):
        points = (contour.reshape(-1, 2)[:, ::-1].astype(np.float32) + 0.5) / factor - 0.5 + (top, left)
        rough = _clockwise(points.astype(np.float32))
        area = cv2.contourArea(rough)
        reach = max(3.0, 0.05 * float(np.sqrt(area)))
        sharp = outline.refine(photo.pixels, rough, reach, rounds=2)
        found.append(_region(photo, sharp, (top, left, bottom, right)))
    return tuple(sorted(found, key=lambda region: -region.area))[: settings.most_pills]


def _content(pixels: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """The box inside black padding: ``(top, left, bottom, right)``."""
    bright = pixels.max(axis=2) > 12
    rows = np.flatnonzero(bright.mean(axis=1) > 0.03)
    cols = np.flatnonzero(bright.mean(axis=0) > 0.03)
    if len(rows) == 0 or len(cols) == 0:
        return 0, 0, pixels.shape[0], pixels.shape[1]
    return int(rows[0]), int(cols[0]), int(rows[-1]) + 1, int(cols[-1]) + 1


def _pill_contours(pixels: NDArray[np.uint8], settings: SegmentSettings) -> list[Contour]:
    side = max(pixels.shape[:2])
    stroke = max(3, round(side / 80)) | 1
    lab = ground.to_lab(ground.without_strokes(pixels, stroke))
    surface, scatter = ground.fit_ground(lab)
    away = ground.departure(lab, surface, scatter)
    mask = _candidates(away, stroke)
    least = max(30.0, settings.least_share * pixels.shape[0] * pixels.shape[1])
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    found: list[Contour] = []
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] < least:
            continue
        part = _core(labels == label, stats[label])
        contour = parts.largest_contour(part)
        if contour is None or float(np.quantile(away[part], 0.75)) < 1.6:
            continue
        found += [piece for piece in parts.split(contour, least) if _pill_like(piece, least)]
    largest = max((cv2.contourArea(contour) for contour in found), default=0.0)
    return [contour for contour in found if cv2.contourArea(contour) > _LEAST_OF_LARGEST * largest]


def _core(part: Mask, stats: NDArray[np.int32]) -> Mask:
    """The part without what is thin against its own width: the axis it touches, numbers, fringes."""
    left, top, width, height = (int(value) for value in stats[:4])
    margin = 2
    box = np.pad(part[top : top + height, left : left + width].astype(np.uint8), margin)
    thickness = float(cv2.distanceTransform(box, cv2.DIST_L2, 3).max())
    side = max(3, round(0.7 * thickness)) | 1
    opened = cv2.morphologyEx(box, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    core = np.zeros_like(part)
    core[top : top + height, left : left + width] = opened[margin:-margin, margin:-margin] > 0
    return core


def _candidates(away: NDArray[np.float32], stroke: int) -> Mask:
    mask = ground.fill(away > 1.0)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (stroke, stroke))
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    return np.asarray(opened > 0)


def _pill_like(contour: Contour, least: float) -> bool:
    area = cv2.contourArea(contour)
    if area < least:
        return False
    _, (first, second), _ = cv2.minAreaRect(contour)
    ratio = max(first, second) / max(min(first, second), 1.0)
    return bool(ratio < 4.5 and parts.solidity(contour) > 0.86)


def _clockwise(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """The outline of (row, col) so that it runs clockwise as seen."""
    rows, cols = points[:, 0], points[:, 1]
    signed = float(np.sum(cols * np.roll(rows, -1) - np.roll(cols, -1) * rows))
    return points if signed >= 0 else points[::-1].copy()


def _region(photo: Photo, points: NDArray[np.float32], content: tuple[int, int, int, int]) -> PillRegion:
    height, width = photo.pixels.shape[:2]
    edge = np.array([content[0], content[1]]), np.array([content[2] - 1, content[3] - 1])
    cut = bool((points <= edge[0] + 1.5).any() or (points >= edge[1] - 1.5).any())
    top, left = np.clip(np.floor(points.min(axis=0)).astype(int), 0, [height - 1, width - 1])
    bottom, right = np.clip(np.ceil(points.max(axis=0)).astype(int) + 1, [top + 1, left + 1], [height, width])
    canvas = np.zeros((bottom - top, right - left), np.uint8)
    shifted = np.round((points[:, ::-1] - [left, top]) * 16).astype(np.int32)
    cv2.fillPoly(canvas, [shifted[:, None, :]], 1, shift=4)
    return PillRegion(points.astype(np.float32), canvas > 0, int(top), int(left), 0.9, cut)
