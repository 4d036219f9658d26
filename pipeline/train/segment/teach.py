"""Photos labeled by an earlier segmentation, kept where it found two like regions, each smooth and convex."""

from __future__ import annotations

import csv
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from pipeline.evaluate.segmentation import read_photo
from pipeline.evaluate.sets import open_set
from pipeline.geometry.outline import Outline, solidity
from pipeline.records import Photo, PillRegion
from pipeline.segment import group_faces

Segmentation = Callable[[Photo], tuple[PillRegion, ...]]
OutlinesOf = Callable[[Photo, str | None], list[Outline]]
"""The outlines in a photo of a pill of that SPL shape, none where they are not to be trusted."""

# The least share of its convex hull that an outline fills; with less it has a dent or a lobe of shadow.
SOLIDITY_MIN = 0.975
_AREA_RATIO_MAX = 1.12
# A capsule's half is shorter; two-part capsules have 2.2-3.
_ELONGATION_MIN = {"CAPSULE": 1.9}
# A round pill that is longer has a shadow within its outline.
_ELONGATION_MAX = {"ROUND": 1.09}


def plausible(photo: Photo, regions: tuple[PillRegion, ...], shape: str | None) -> bool:
    """Whether the regions can be the two faces of one pill of this SPL shape, well outlined."""
    if len(regions) != 2 or len(group_faces(photo, regions)) != 1:
        return False
    areas = [region.area for region in regions]
    if max(areas) > _AREA_RATIO_MAX * min(areas):
        return False
    least, most = _ELONGATION_MIN.get(shape or "", 1.0), _ELONGATION_MAX.get(shape or "", np.inf)
    return all(solidity(region.outline) > SOLIDITY_MIN and least <= elongation(region) <= most for region in regions)


def elongation(region: PillRegion) -> float:
    """Longer over shorter side of the smallest box around a region."""
    _, (first, second), _ = cv2.minAreaRect(region.outline[:, ::-1])
    return max(first, second) / max(min(first, second), 1.0)


def label(folder: Path, target: Path, limit: int, segmentation: Segmentation) -> int:
    """Copy photos of ``folder``'s training part to ``target``, with labels.csv (file, bbox); returns how many."""

    def outlines_of(photo: Photo, shape: str | None) -> list[Outline]:
        regions = segmentation(photo)
        return [region.outline for region in regions] if plausible(photo, regions, shape) else []

    return write_labels(folder, target, limit, outlines_of)


def write_labels(folder: Path, target: Path, limit: int, outlines_of: OutlinesOf) -> int:
    """Copy photos of ``folder``'s training part whose outlines are known to ``target``, with labels.csv (file, bbox).

    ``limit`` photos are asked, drawn at random (seed 1). Returns how many were copied.
    """
    (target / "photos").mkdir(parents=True, exist_ok=True)
    photos = list(open_set(folder).part("training").photos)
    random.Random(1).shuffle(photos)
    count = 0
    with (target / "labels.csv").open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["file", "bbox"])
        for labeled in photos[:limit]:
            photo = read_photo(labeled.path)
            outlines = [] if photo is None else outlines_of(photo, labeled.truth.shape)
            if photo is not None and outlines:
                shutil.copy(labeled.path, target / "photos")
                polygons = "|".join(polygon_text(photo, outline) for outline in outlines)
                writer.writerow([f"photos/{labeled.path.name}", polygons])
                out.flush()
                count += 1
    return count


def polygon_text(photo: Photo, outline: Outline) -> str:
    """An outline as the column ``bbox`` has it: a class, then x and y as fractions of the photo."""
    height, width = photo.pixels.shape[:2]
    points = cv2.approxPolyDP(outline, 0.4, True).reshape(-1, 2) / np.array([height, width])
    return "1 " + " ".join(f"{col:.5f} {row:.5f}" for row, col in points)
