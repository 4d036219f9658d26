"""Photos labeled by an earlier segmentation, kept where it found two like regions, each smooth and convex."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from pipeline.evaluate.segmentation import read_photo
from pipeline.evaluate.split import is_validation
from pipeline.records import Photo, PillRegion
from pipeline.segment import group_faces
from pipeline.segment.parts import solidity

Segmentation = Callable[[Photo], tuple[PillRegion, ...]]

_LEAST_SOLIDITY = 0.975
_MOST_AREA_RATIO = 1.12


def plausible(photo: Photo, regions: tuple[PillRegion, ...]) -> bool:
    """Whether the regions can be the two faces of one pill, well outlined."""
    if len(regions) != 2 or len(group_faces(photo, regions)) != 1:
        return False
    areas = [region.area for region in regions]
    return max(areas) < _MOST_AREA_RATIO * min(areas) and all(
        solidity(region.outline) > _LEAST_SOLIDITY for region in regions
    )


def label(folder: Path, target: Path, limit: int, segmentation: Segmentation) -> int:
    """Write ``target/labels.csv`` (file, bbox) for photos of ``folder``'s training part; returns how many."""
    target.mkdir(parents=True, exist_ok=True)
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if not is_validation(f"{row['mark1']};{row['mark2']}".strip(";"))]
    random.Random(1).shuffle(rows)
    count = 0
    with (target / "labels.csv").open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["file", "bbox"])
        for row in rows[:limit]:
            path = (folder / row["file"]).resolve()
            photo = read_photo(path)
            if photo is None:
                continue
            regions = segmentation(photo)
            if plausible(photo, regions):
                writer.writerow([path, "|".join(_polygon(photo, region) for region in regions)])
                out.flush()
                count += 1
    return count


def _polygon(photo: Photo, region: PillRegion) -> str:
    height, width = photo.pixels.shape[:2]
    points = cv2.approxPolyDP(region.outline, 0.4, True).reshape(-1, 2) / np.array([height, width])
    return "1 " + " ".join(f"{col:.5f} {row:.5f}" for row, col in points)
