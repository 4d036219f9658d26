"""Photos in hands and on desks as scenes: what lies outside every box is ground, inside is the outline that fits it.

Photos without a pill, of things and places, are ground throughout.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.draw.camera import developed
from pipeline.evaluate.field import box_shares
from pipeline.evaluate.grounds import pictures_below
from pipeline.evaluate.photo_truth import BoundingBox
from pipeline.evaluate.set_layouts import bounding_box
from pipeline.geometry.outline import solidity
from pipeline.load import load
from pipeline.records import Photo, PillRegion
from pipeline.train.segment.cutout_scenes import SceneMaker, TrainingScene
from pipeline.train.segment.real import Polygon, RealPhoto, RealScenes, sampled
from pipeline.train.segment.teach import Segmentation, polygon_text

_FIELDS = ("file", "source", "bbox", "unsure")
# Photos of hands and palms are repeated this many times, since most photos are of desks.
_TIMES = {"hand": 4, "palm": 4}
# Boxes are drawn loosely: of those with one pill alone, outlines fill them to 0.5 to 0.95.
_IOU_MIN = 0.5
_SOLIDITY_MIN = 0.93
_CONFIDENCE_MIN = 0.85
# A box that no region fits is looked at alone, with ground around it of this share of its longer side. Smaller crops
# (pixels) are left out.
_AROUND, _CROP_PX_MIN = 1.0, 8
# If no outline fits a box, nothing is learned in a square around its middle with this many of its longer sides: some
# boxes are turned by a right angle. A photo with no other box is left out.
_UNSURE = 1.3
_LONG_SIDE_PX_MAX = 1100
# A whole photo's long side as the network meets it, from the first look to the closest.
_LOOK_PX = (200.0, 1000.0)
# How often a scene is cut around a pill, has cut-out pills laid beside those in it, and comes from a photo without a
# pill.
_NEAR_PILL, _STREWN, _EMPTY = 0.4, 0.5, 0.4


def label_field(folder: Path, target: Path, segmentation: Segmentation) -> tuple[int, int, int]:
    """Copy the boxed photos of ``folder``'s training part to ``target``, with labels.csv: file, outlines, unsure boxes.

    Of a photo of one pill without a box the region that is surest is taken.

    Returns:
        How many photos, outlines and unsure boxes.
    """
    (target / "photos").mkdir(parents=True, exist_ok=True)
    photos = outlined = doubted = 0
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["part"] == "training"]
    with (target / "labels.csv").open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, _FIELDS)
        writer.writeheader()
        for row in rows:
            is_alone = row["source"] == "palm" and row["pills"] == "1"
            if not row["boxes"] and row["pills"] != "0" and not is_alone:
                continue
            photo = _reduced(load(folder / row["file"]))
            regions = segmentation(photo)
            boxes = [bounding_box(text) for text in row["boxes"].split("|") if text]
            if is_alone and regions:
                boxes = [_bounds(photo, max(regions, key=lambda region: region.confidence))]
            polygons, unsure = _fitting(photo, boxes, regions, segmentation)
            if boxes and not polygons:
                continue
            name = f"photos/{Path(row['file']).stem}.png"
            cv2.imwrite(str(target / name), np.ascontiguousarray(photo.pixels[:, :, ::-1]))
            cells = name, row["source"], "|".join(polygons), "|".join(unsure)
            writer.writerow(dict(zip(_FIELDS, cells, strict=True)))
            photos, outlined, doubted = photos + 1, outlined + len(polygons), doubted + len(unsure)
    return photos, outlined, doubted


def _reduced(photo: Photo) -> Photo:
    """The photo at ``_LONG_SIDE_PX_MAX`` at most."""
    height, width = photo.pixels.shape[:2]
    scale = _LONG_SIDE_PX_MAX / max(height, width)
    if scale >= 1:
        return photo
    smaller = cv2.resize(photo.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return Photo(np.asarray(smaller, np.uint8), photo.name)


def _sides(box: BoundingBox) -> NDArray[np.float64]:
    """Top, left, bottom and right as fractions of the photo."""
    return np.array([box.top, box.left, box.bottom, box.right])


def _bounds(photo: Photo, region: PillRegion) -> BoundingBox:
    return box_shares(region, *photo.pixels.shape[:2])


def _fitting(
    photo: Photo, boxes: Sequence[BoundingBox], regions: Sequence[PillRegion], segmentation: Segmentation
) -> tuple[list[str], list[str]]:
    """For each box the outline that fits it as a polygon; those that none fits, enlarged, as boxes."""
    polygons, unsure = [], []
    for box in boxes:
        best = _best(photo, box, regions) or _seen_alone(photo, box, segmentation)
        if best is not None:
            polygons.append(best)
        else:
            size = np.array(photo.pixels.shape[:2], np.float64)
            sides = _sides(box)
            half = _UNSURE / 2 * float(((sides[2:] - sides[:2]) * size).max()) / size
            middle = (sides[:2] + sides[2:]) / 2
            unsure.append(" ".join(f"{value:.5f}" for value in (*(middle - half), *(middle + half))))
    return polygons, unsure


def _best(photo: Photo, box: BoundingBox, regions: Sequence[PillRegion]) -> str | None:
    """The polygon of the region that fits a box best, None where none does."""
    fits = [(box.iou(_bounds(photo, region)), number) for number, region in enumerate(regions)]
    fit, number = max(fits, default=(0.0, 0))
    if fit < _IOU_MIN:
        return None
    best = regions[number]
    is_clear = best.confidence >= _CONFIDENCE_MIN and solidity(best.outline) >= _SOLIDITY_MIN
    return polygon_text(photo, best.outline) if is_clear else None


def _seen_alone(photo: Photo, box: BoundingBox, segmentation: Segmentation) -> str | None:
    """The same, looked for in the box and some ground around it."""
    size = np.array(photo.pixels.shape[:2])
    sides = _sides(box)
    low, high = sides[:2] * size, sides[2:] * size
    ground = _AROUND * float((high - low).max())
    top, left = np.maximum(low - ground, 0).astype(int)
    bottom, right = np.minimum(high + ground, size).astype(int)
    crop = np.ascontiguousarray(photo.pixels[top:bottom, left:right])
    if min(crop.shape[:2]) < _CROP_PX_MIN:
        return None
    part = Photo(crop, photo.name)
    inner_top, inner_left, inner_bottom, inner_right = (
        (np.tile(size, 2) * sides - [top, left, top, left]) / np.tile(crop.shape[:2], 2)
    ).tolist()
    inner = BoundingBox(inner_left, inner_top, inner_right, inner_bottom)
    regions = segmentation(part)
    fits = [(inner.iou(_bounds(part, region)), number) for number, region in enumerate(regions)]
    fit, number = max(fits, default=(0.0, 0))
    if fit < _IOU_MIN or solidity(regions[number].outline) < _SOLIDITY_MIN:
        return None
    return polygon_text(photo, regions[number].outline + np.array([top, left], np.float32))


def load_field(folder: Path) -> list[RealPhoto]:
    """The photos that `label_field` wrote, those of hands and palms several times; no earlier network teaches them."""
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    photos = []
    for row in rows:
        pixels = cv2.imread(str(folder / row["file"]))
        if pixels is None:
            continue
        height, width = pixels.shape[:2]
        polygons = tuple(_points(text, width, height) for text in filter(None, row["bbox"].split("|")))
        unsure = tuple(_corners(text, width, height) for text in filter(None, row["unsure"].split("|")))
        photo = RealPhoto(row["file"], np.ascontiguousarray(pixels[:, :, ::-1]), polygons, unsure, taught_share=0)
        photos += [photo] * _TIMES.get(row["source"], 1)
    return photos


def _points(text: str, width: int, height: int) -> Polygon:
    """The places (x, y) in pixels of a polygon that follow its class."""
    places = np.array(text.split()[1:], np.float32).reshape(-1, 2) * [width, height]
    return np.asarray(places - 0.5, np.float32)


def _corners(text: str, width: int, height: int) -> Polygon:
    top, left, bottom, right = np.array(text.split(), np.float32) * [height, width, height, width]
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)


def load_empty(folders: Sequence[Path]) -> list[RealPhoto]:
    """Photos without a pill, all below the folders; those with transparent parts on gray."""
    found = (picture for folder in folders for picture in pictures_below(folder, _LONG_SIDE_PX_MAX))
    return [RealPhoto(path.name, pixels, (), taught_share=0) for path, pixels in found]


class FieldScenes(RealScenes):
    """Crops of such photos at the scales of the network's looks, in other lights and tones, some with more pills."""

    def __init__(self, photos: list[RealPhoto], empty: list[RealPhoto], maker: SceneMaker) -> None:
        super().__init__(photos, maker.side)
        self.empty, self.maker = empty, maker

    def scene(self, rng: np.random.Generator) -> TrainingScene:
        """One crop."""
        stock = self.empty if self.empty and rng.random() < _EMPTY else self.photos
        photo = stock[int(rng.integers(len(stock)))]
        seen = self.seen(rng, photo, *self._view(rng, photo), lambda *given: _toned(rng, sampled(*given)))
        if rng.random() < _STREWN:
            return self.maker.strewn(rng, seen)
        return replace(seen, pixels=developed(rng, seen.pixels.astype(np.float32), seen.labels))

    def _view(self, rng: np.random.Generator, photo: RealPhoto) -> tuple[float, NDArray[np.float64]]:
        size = np.array(photo.pixels.shape[1::-1], np.float64)
        if photo.polygons and rng.random() < _NEAR_PILL:
            return super()._view(rng, photo)
        low, high = np.log(_LOOK_PX)
        scale = float(np.exp(rng.uniform(low, high))) / float(size.max())
        # The part shown lies within the photo, unless the photo is smaller.
        half = np.minimum(self.side / 2 / scale, size / 2)
        return scale, half + rng.uniform(0, 1, 2) * (size - 2 * half)


def _toned(rng: np.random.Generator, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Other hands and other light: hue a little, saturation, brightness curve, a cast."""
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV).astype(np.float32)
    if rng.random() < 0.5:
        hsv[..., 0] = (hsv[..., 0] + rng.normal(0, 6)) % 180
        hsv[..., 1] = np.clip(hsv[..., 1] * np.exp(rng.normal(0, 0.35)), 0, 255)
    value = (hsv[..., 2] / 255) ** np.exp(rng.normal(0, 0.35)) * 255
    hsv[..., 2] = value
    toned = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB).astype(np.float32)
    toned *= np.exp(rng.normal(0, 0.12, 3)) * np.exp(rng.normal(0, 0.1))
    return np.clip(toned, 0, 255).astype(np.uint8)
