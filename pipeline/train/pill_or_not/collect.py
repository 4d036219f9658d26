"""Regions that the network of photos taken by hand finds, each told pill or not by outlines, boxes or an empty photo.

It is asked with a lower threshold than in use, so that what it takes for a pill by mistake is met often.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import PhotoError
from pipeline.evaluate.segmentation import iou, is_validation_file, outlines_of
from pipeline.evaluate.sets import open_set
from pipeline.load import load
from pipeline.records import Photo, PillRegion, Pixels
from pipeline.segment.find import Search
from pipeline.segment.pill_maps import PillNetwork
from pipeline.segment.pill_or_not import Levels
from pipeline.settings import SegmentSettings
from pipeline.train.pill_or_not.learned_regions import Region, region_of
from pipeline.train.segment.cutout_scenes import TrainingScene
from pipeline.train.segment.field_scenes import load_field
from pipeline.train.segment.real import Polygon

# A region is a pill from this overlap with a true outline on, and none up to that; between the two it is left out.
_PILL_MIN, _NONE_MAX = 0.6, 0.05
# The side of a part of a photo that is looked at, as a share of the photo's shorter side (smallest, largest).
_PART_SHARE = (0.3, 1.0)
_PART_PX_MIN = 64
# The longer side of an outline laid at random, as a share of the picture's shorter side (smallest, largest).
_RANDOM_SHARE = (0.03, 0.5)
# Two pills are learned as one outline where they fill this share of their common hull.
_JOINED_MIN = 0.7


@dataclass(frozen=True, eq=False)
class Known:
    """A picture, where its pills are (outlines (x, y)), where that is not known, and its group.

    ``is_complete``: what lies in neither is no pill.
    """

    pixels: Pixels
    pills: tuple[Polygon, ...]
    unsure: tuple[Polygon, ...]
    group: str
    is_complete: bool = True


def doubtful_search(network: str, chance_min: float) -> Search:
    """A search with a lower threshold than in use, whose finds no one judges.

    The network of reference photos was never taught hands: it mistakes more of what training photos show.
    """
    return Search(SegmentSettings(chance_min=chance_min), PillNetwork(network))


def regions_of(known: Known, search: Search) -> Iterator[Region]:
    """All regions found in a picture of which it is known whether they are pills."""
    levels = Levels(known.pixels)
    for found in search(Photo(known.pixels, known.group)):
        is_pill = _is_pill(found, known)
        if is_pill is not None:
            yield region_of(levels, found.outline, is_pill, known.group)


def _is_pill(found: PillRegion, known: Known) -> bool | None:
    overlap = max((_overlap(found, pill) for pill in known.pills), default=0.0)
    if overlap >= _PILL_MIN:
        return True
    doubted = max((_overlap(found, place) for place in known.unsure), default=0.0)
    return False if known.is_complete and overlap <= _NONE_MAX and doubted == 0 else None


def _overlap(found: PillRegion, polygon: Polygon) -> float:
    outline = np.ascontiguousarray(polygon[:, ::-1])
    apart = (found.outline.min(axis=0) > outline.max(axis=0)) | (found.outline.max(axis=0) < outline.min(axis=0))
    return 0.0 if apart.any() else iou(outline, found.outline)


def at_random(known: Known, count: int, rng: np.random.Generator) -> Iterator[Region]:
    """Round and oblong outlines laid anywhere on a picture where there is no pill."""
    size, levels = np.array(known.pixels.shape[:2]), Levels(known.pixels)
    for _ in range(count):
        long_px = float(np.exp(rng.uniform(*np.log(_RANDOM_SHARE)))) * size.min()
        outline = _oval(long_px, rng) + rng.uniform(0.05, 0.95, 2) * size
        low, high = outline.min(axis=0), outline.max(axis=0)
        pills = [polygon[:, ::-1] for polygon in (*known.pills, *known.unsure)]
        if all((low > pill.max(axis=0)).any() or (high < pill.min(axis=0)).any() for pill in pills):
            yield region_of(levels, outline.astype(np.float32), False, known.group)


def joined(known: Known) -> Iterator[Region]:
    """Two neighboring pills in one outline, which are no pill: what the halves of a capsule are told from."""
    levels = Levels(known.pixels)
    for one, other in itertools.combinations(known.pills, 2):
        hull = cv2.convexHull(np.concatenate([one, other]).astype(np.float32))
        if cv2.contourArea(one) + cv2.contourArea(other) >= _JOINED_MIN * cv2.contourArea(hull):
            yield region_of(levels, np.ascontiguousarray(hull[:, 0, ::-1]), False, known.group)


def _oval(long_px: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """An ellipse or an oblong with round ends around (0, 0), turned at random."""
    axes = np.array([long_px, long_px * rng.uniform(0.4, 1.0)]) / 2
    along, turn = np.linspace(0, 2 * np.pi, 64, endpoint=False), rng.uniform(0, np.pi)
    ellipse = np.stack([np.cos(along), np.sin(along)], axis=1)
    blunt = np.sign(ellipse) * np.abs(ellipse) ** rng.choice([1.0, 0.6]) * axes
    return np.asarray(blunt @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]))


def part_of(known: Known, rng: np.random.Generator) -> Known:
    """A rectangle of the picture, so that the same things are met at another scale, and cut by the border."""
    size = np.array(known.pixels.shape[:2])
    sides = np.exp(rng.uniform(*np.log(_PART_SHARE))) * size.min() * np.exp(rng.uniform(-0.3, 0.3, 2))
    sides = np.clip(sides, min(_PART_PX_MIN, *size), size).astype(int)
    top, left = (int(rng.integers(0, room + 1)) for room in size - sides)
    pixels = np.ascontiguousarray(known.pixels[top : top + sides[0], left : left + sides[1]])
    move = np.array([left, top], np.float32)
    kept = tuple(pill for pill in (_clipped(one - move, sides) for one in known.pills) if pill is not None)
    unsure = tuple(one - move for one in known.unsure)
    return Known(pixels, kept, unsure, known.group, known.is_complete)


def _clipped(polygon: Polygon, sides: NDArray[np.int_]) -> Polygon | None:
    inside = np.clip(polygon, 0, sides[::-1] - 1).astype(np.float32)
    return inside if cv2.contourArea(inside) > 0 else None


def outlined(folder: Path, groups: dict[str, str], is_complete: bool, training_only: bool = False) -> Iterator[Known]:
    """Photos with polygons; ``groups`` gives the imprint of a file's stem where there is one."""
    for photo in open_set(folder).photos:
        if training_only and is_validation_file(photo.name):
            continue
        try:
            pixels = load(photo.path).pixels
        except PhotoError:
            continue
        height, width = pixels.shape[:2]
        pills = tuple(outline[:, ::-1] for outline in outlines_of(photo.truth.polygons, width, height))
        stem = Path(photo.name).stem.split(".rf.")[0]
        yield Known(pixels, pills, (), groups.get(stem, f"{folder.name}/{stem}"), is_complete)


def in_field(folder: Path) -> Iterator[Known]:
    """Photos of `label_field`, each once."""
    seen = set()
    for photo in load_field(folder):
        if photo.file not in seen:
            seen.add(photo.file)
            yield Known(photo.pixels, photo.polygons, photo.unsure, photo.file)


def in_scene(scene: TrainingScene, group: str) -> Known:
    """A scene with its true outlines; pills of which nothing is known are unsure."""
    pills = []
    for number in np.unique(scene.labels)[1:]:
        contours, _ = cv2.findContours(
            (scene.labels == number).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )
        largest = max(contours, key=cv2.contourArea)[:, 0].astype(np.float32)
        if cv2.contourArea(largest) > 0:
            pills.append(largest)
    doubted: tuple[Polygon, ...] = ()
    if scene.known is not None:
        mask = (~scene.known).astype(np.uint8)
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        doubted = tuple(one[:, 0].astype(np.float32) for one in contours if len(one) > 2)
    return Known(scene.pixels, tuple(pills), doubted, group)


def imprints(folder: Path) -> dict[str, str]:
    """The imprint of each photo of a register, by its file's stem."""
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    return {Path(row["file"]).stem: row.get("imprint") or f"{row.get('mark1')};{row.get('mark2')}" for row in rows}
