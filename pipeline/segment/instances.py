"""Pill maps -> one rough outline a pill: every core is a pill, and takes the pill pixels nearest to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.records import Mask
from pipeline.segment.network import Map, PillMaps

_ENLARGE = 4


@dataclass(frozen=True, eq=False)
class Instance:
    """One pill: a rough ``outline`` ``(n, 2)`` float32 (row, col) in photo pixels.

    ``chance`` is the map of pill with the other pills left out, ``confidence`` its mean inside.
    """

    outline: NDArray[np.float32]
    chance: Map
    confidence: float


def instances(maps: PillMaps, least_area: float) -> list[Instance]:
    """One instance a pill; ``least_area`` in map pixels."""
    found = []
    for mask in _masks(maps, least_area):
        rows, cols = np.nonzero(mask)
        top, left = max(0, rows.min() - 2), max(0, cols.min() - 2)
        box = slice(top, rows.max() + 3), slice(left, cols.max() + 3)
        own = np.where(mask, maps.pill, np.where(maps.pill > 0.5, 0.0, maps.pill)).astype(np.float32)
        outline = _outline(own[box])
        if outline is None:
            continue
        place = (outline + (top, left) + 0.5) * maps.to_photo - 0.5
        found.append(Instance(place.astype(np.float32), own, float(maps.pill[mask].mean())))
    return found


def _masks(maps: PillMaps, least_area: float) -> Iterator[Mask]:
    pill = maps.pill > 0.5
    count, blobs, stats, _ = cv2.connectedComponentsWithStats(pill.astype(np.uint8), connectivity=4)
    cores_all = (maps.core > 0.5) & pill
    for blob in range(1, count):
        if stats[blob, cv2.CC_STAT_AREA] < least_area:
            continue
        left, top, width, height = (int(value) for value in stats[blob, :4])
        box = slice(top, top + height), slice(left, left + width)
        inside = blobs[box] == blob
        for part in _parts(inside, cores_all[box] & inside, least_area):
            mask = np.zeros_like(pill)
            mask[box] = part
            yield mask


def _parts(inside: Mask, cores: Mask, least_area: float) -> list[Mask]:
    """The blob parted among its cores, each pixel to the core that is nearest for that core's thickness."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cores.astype(np.uint8), connectivity=8)
    kept = [label for label in range(1, count) if stats[label, cv2.CC_STAT_AREA] >= max(2.0, 0.08 * least_area)]
    if len(kept) < 2:
        return [inside]
    distances = []
    for label in kept:
        core = (labels == label).astype(np.uint8)
        thickness = float(cv2.distanceTransform(np.pad(core, 1), cv2.DIST_L2, 5).max())
        distances.append(cv2.distanceTransform(1 - core, cv2.DIST_L2, 5) / (thickness + 0.5))
    nearest = np.argmin(distances, axis=0)
    parts = []
    for index in range(len(kept)):
        part = _largest(inside & (nearest == index))
        if np.count_nonzero(part) >= least_area:
            parts.append(part)
    return parts


def _largest(mask: Mask) -> Mask:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count <= 2:
        return mask
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))


def _outline(chance: Map) -> NDArray[np.float32] | None:
    """Where the chance crosses one half, ``(n, 2)`` (row, col), to a part of a pixel."""
    margin = 2
    wider = cv2.copyMakeBorder(chance, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    large = cv2.resize(wider, None, fx=_ENLARGE, fy=_ENLARGE, interpolation=cv2.INTER_LINEAR)
    contours, _ = cv2.findContours((large > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    points = max(contours, key=cv2.contourArea).reshape(-1, 2)[:, ::-1]
    if len(points) < 8:
        return None
    return ((points + 0.5) / _ENLARGE - 0.5 - margin).astype(np.float32)
