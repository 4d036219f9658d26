"""Figures of the segmentation stage on sets laid out like those in ``../shared/data``.

python -m pipeline.evaluate.segmentation faces ../shared/data/rximage300 --validation
python -m pipeline.evaluate.segmentation polygons ../shared/data/masks
"""

from __future__ import annotations

import csv
import hashlib
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.split import is_validation
from pipeline.records import Photo, PillRegion
from pipeline.segment import group_faces, segment

Polygon = NDArray[np.float32]


def read_photo(path: Path) -> Photo | None:
    """A photo as it is on disk, or None where OpenCV cannot read it."""
    pixels = cv2.imread(str(path))
    return None if pixels is None else Photo(np.ascontiguousarray(pixels[:, :, ::-1]), path.name)


def polygons_of(text: str, width: int, height: int) -> tuple[Polygon, ...]:
    """The polygons of one row's ``bbox`` (parted by ``|``, a class, then x y pairs as fractions), (row, col) pixels."""
    found = []
    for part in text.split("|"):
        numbers = np.array(part.split()[1:], dtype=np.float32)
        if len(numbers) >= 6 and len(numbers) % 2 == 0:
            found.append(numbers.reshape(-1, 2)[:, ::-1] * np.array([height, width], np.float32))
    return tuple(found)


def is_validation_file(file: str) -> bool:
    """For sets without imprints: one photo in four, by SHA-1 of the name before ``.rf.`` (copies of one photo)."""
    return hashlib.sha1(Path(file).name.split(".rf.")[0].encode()).digest()[0] % 4 == 0


def iou(one: Polygon, other: Polygon) -> float:
    """Intersection over union of two outlines ``(n, 2)`` (row, col), drawn at four times their resolution."""
    low = np.floor(np.minimum(one.min(axis=0), other.min(axis=0))) - 1
    high = np.ceil(np.maximum(one.max(axis=0), other.max(axis=0))) + 2
    size = ((high - low) * 4).astype(int)
    masks = []
    for outline in (one, other):
        canvas = np.zeros((size[0], size[1]), np.uint8)
        cv2.fillPoly(canvas, [np.round((outline - low) * 4 * 16).astype(np.int32)[:, None, ::-1]], 1, shift=4)
        masks.append(canvas > 0)
    shared, covered = np.count_nonzero(masks[0] & masks[1]), np.count_nonzero(masks[0] | masks[1])
    return float(shared / covered) if covered else 0.0


def match(truth: Sequence[Polygon], found: Sequence[PillRegion]) -> list[float]:
    """The IoU of every true pill with the region that fits it best, each region used once, best pair first."""
    boxes = [(outline.min(axis=0), outline.max(axis=0)) for outline in truth]
    pairs = []
    for row, outline in enumerate(truth):
        for col, region in enumerate(found):
            low, high = region.outline.min(axis=0), region.outline.max(axis=0)
            if (high >= boxes[row][0]).all() and (low <= boxes[row][1]).all():
                pairs.append((iou(outline, region.outline), row, col))
    best, used = [0.0] * len(truth), set()
    for value, row, col in sorted(pairs, reverse=True):
        if best[row] == 0.0 and col not in used:
            best[row] = value
            used.add(col)
    return best


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as table:
        return list(csv.DictReader(table))


def _chosen(folder: Path, validation: bool | None, limit: int, seed: int) -> Iterator[tuple[str, Photo]]:
    files: dict[str, str] = {}
    for row in _rows(folder):
        imprint = row.get("imprint") or ";".join(filter(None, (row.get("mark1"), row.get("mark2"))))
        files.setdefault(row["file"], imprint)
    names = sorted(
        file for file, imprint in files.items() if validation is None or is_validation(imprint) == validation
    )
    random.Random(seed).shuffle(names)
    for name in names[: limit or None]:
        photo = read_photo(folder / name)
        if photo is not None:
            yield name, photo


@click.group()
def main() -> None:
    """Figures of the segmentation stage."""


@main.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--validation/--training", default=True)
@click.option("--limit", default=0)
@click.option("--seed", default=1)
@click.option("--show", is_flag=True, help="Name the photos that differ.")
def faces(folder: Path, validation: bool, limit: int, seed: int, show: bool) -> None:
    """How many photos give exactly two regions that are the faces of one pill."""
    right, counts = 0, dict[int, int]()
    seconds: list[float] = []
    for name, photo in _chosen(folder, validation, limit, seed):
        begun = time.perf_counter()
        regions = segment(photo)
        groups = group_faces(photo, regions)
        seconds.append(time.perf_counter() - begun)
        counts[len(regions)] = counts.get(len(regions), 0) + 1
        two = len(regions) == 2 and len(groups) == 1
        right += two
        if show and not two:
            click.echo(f"{name} {len(regions)} regions in {len(groups)} groups")
    total = max(1, len(seconds))
    click.echo(f"{total} photos: two alike {right / total:.3f}; regions {dict(sorted(counts.items()))}")
    click.echo(f"median {np.median(seconds) * 1000:.0f} ms, 95th percentile {np.quantile(seconds, 0.95) * 1000:.0f} ms")


@main.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--validation", is_flag=True, help="Only the photos the network was not trained on.")
@click.option("--show", is_flag=True, help="Name the photos that differ.")
def polygons(folder: Path, validation: bool, show: bool) -> None:
    """Mean IoU with the polygons, and how many photos are counted right."""
    values, counted, total = [], 0, 0
    for row in _rows(folder):
        if validation and not is_validation_file(row["file"]):
            continue
        photo = read_photo(folder / row["file"])
        if photo is None:
            continue
        truth = polygons_of(row["bbox"], photo.pixels.shape[1], photo.pixels.shape[0])
        regions = segment(photo)
        each = match(truth, regions)
        values += each
        counted += len(truth) == len(regions)
        total += 1
        if show and (len(truth) != len(regions) or min(each, default=1.0) < 0.8):
            click.echo(f"{row['file']} {len(truth)} pills {len(regions)} regions, IoU {np.round(sorted(each)[:4], 2)}")
    found = [value for value in values if value > 0.5]
    click.echo(f"{total} photos, {len(values)} pills: mean IoU {np.mean(values):.3f} (found ones {np.mean(found):.3f})")
    click.echo(f"counted right {counted / max(1, total):.3f}")


if __name__ == "__main__":
    main()
