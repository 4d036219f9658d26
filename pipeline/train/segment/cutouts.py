"""Pills cut out of reference photos, as material for the segmentation network's scenes."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from pipeline.evaluate.split import is_validation
from pipeline.geometry.outline import solidity
from pipeline.records import Photo, PillRegion
from pipeline.segment import Segmenter, group_faces
from pipeline.train.segment.teach import SOLIDITY_MIN


def cut_out(photo: Photo, region: PillRegion, margin_px: int = 2) -> np.ndarray:
    """One pill as ``(h, w, 4)`` uint8 RGB and coverage, drawn at four times the photo's resolution and reduced."""
    top, left, bottom, right = region.box
    top, left = max(0, top - margin_px), max(0, left - margin_px)
    pixels = photo.pixels[top : bottom + margin_px, left : right + margin_px]
    canvas = np.zeros((pixels.shape[0] * 4, pixels.shape[1] * 4), np.uint8)
    corners = ((region.outline[:, ::-1] - [left, top] + 0.5) * 4 - 0.5) * 16
    cv2.fillPoly(canvas, [np.round(corners).astype(np.int32)[:, None]], 255, shift=4)
    coverage = cv2.resize(canvas, pixels.shape[1::-1], interpolation=cv2.INTER_AREA)
    coverage = cv2.erode(coverage, np.ones((3, 3), np.uint8))
    return np.dstack([pixels, cv2.GaussianBlur(coverage, (3, 3), 0)])


def cut_outs(folder: Path, limit: int, seed: int, validation: bool) -> Iterator[tuple[str, np.ndarray]]:
    """Cut pills out of ``folder`` (RxIMAGE: even gray ground, both faces), where both faces were found alike."""
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if is_validation(row["imprint"]) == validation]
    random.Random(seed).shuffle(rows)
    segmenter = Segmenter()
    for row in rows[:limit]:
        pixels = cv2.imread(str(folder / row["file"]))
        if pixels is None:
            continue
        photo = Photo(np.ascontiguousarray(pixels[:, :, ::-1]), row["file"])
        regions = segmenter(photo)
        if len(regions) != 2 or len(group_faces(photo, regions)) != 1:
            continue
        for index, region in enumerate(regions):
            if solidity(region.outline) > SOLIDITY_MIN:
                yield f"{Path(row['file']).stem}_{index}", cut_out(photo, region)


def save_cut_outs(folder: Path, target: Path, limit: int, seed: int = 1) -> int:
    """Write the cut-outs of both parts as PNG below ``target``; returns how many."""
    count = 0
    for part, validation, most in (("train", False, limit), ("validation", True, limit // 8)):
        (target / part).mkdir(parents=True, exist_ok=True)
        for name, picture in cut_outs(folder, most, seed, validation):
            cv2.imwrite(str(target / part / f"{name}.png"), cv2.cvtColor(picture, cv2.COLOR_RGBA2BGRA))
            count += 1
    return count
