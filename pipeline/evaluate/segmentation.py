"""Segmentation against the truth: hand-drawn outlines (``pillprint evaluate``), and photos of a pill's two faces.

python -m pipeline.evaluate.segmentation faces ../shared/data/rximage300 --validation
python -m pipeline.evaluate.segmentation polygons ../shared/data/masks --validation
python -m pipeline.evaluate.segmentation heaps
python -m pipeline.evaluate.segmentation cut-grounds ../shared/data/field PICTURES --out GROUNDS
python -m pipeline.evaluate.segmentation empty GROUNDS
"""

from __future__ import annotations

import hashlib
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.draw.backgrounds import BACKGROUNDS
from pipeline.draw.sets import write_heap_set
from pipeline.evaluate.grounds import cut_grounds, regions_seen
from pipeline.evaluate.judge import Verdict
from pipeline.evaluate.metrics import intersection_over_union
from pipeline.evaluate.sets import LabeledPhoto, open_set
from pipeline.load import load
from pipeline.records import Photo, PillRegion
from pipeline.segment import Segmenter, group_faces

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


@click.group()
def main() -> None:
    """Figures of the segmentation stage."""


@main.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--validation/--training", default=True, help="Which part, by imprint.")
@click.option("--limit", default=0, help="Only so many photos, drawn at random with --seed.")
@click.option("--seed", default=1, help="For --limit.")
@click.option("--show", is_flag=True, help="Name the photos that differ.")
def faces(folder: Path, validation: bool, limit: int, seed: int, show: bool) -> None:
    """How many photos give exactly two regions that are the faces of one pill."""
    photos = list(open_set(folder).part("validation" if validation else "training").photos)
    random.Random(seed).shuffle(photos)
    segmenter = Segmenter()
    right, counts = 0, dict[int, int]()
    seconds: list[float] = []
    for labeled in photos[: limit or None]:
        photo = load(labeled.path)
        begun = time.perf_counter()
        regions = segmenter(photo)
        groups = group_faces(photo, regions)
        seconds.append(time.perf_counter() - begun)
        counts[len(regions)] = counts.get(len(regions), 0) + 1
        two = len(regions) == 2 and len(groups) == 1
        right += two
        if show and not two:
            click.echo(f"{labeled.name} {len(regions)} regions in {len(groups)} groups")
    total = max(1, len(seconds))
    click.echo(f"{total} photos: two alike {right / total:.3f}; regions {dict(sorted(counts.items()))}")
    click.echo(f"median {np.median(seconds) * 1000:.0f} ms, 95th percentile {np.quantile(seconds, 0.95) * 1000:.0f} ms")


@main.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--validation", is_flag=True, help="Only the photos the network was not trained on.")
@click.option("--show", is_flag=True, help="Name the photos that differ.")
def polygons(folder: Path, validation: bool, show: bool) -> None:
    """Mean IoU with the polygons, and how many photos are counted right."""
    chosen = [photo for photo in open_set(folder).photos if not validation or is_validation_file(photo.name)]
    click.echo(_figures(chosen, show))


@main.command()
@click.option("--n", "count", default=10, show_default=True, help="Scenes to draw.")
@click.option("--pills", default=40, show_default=True, help="Pills in each.")
@click.option("--background", type=click.Choice(BACKGROUNDS), default="WOOD", show_default=True)
@click.option("--seed", default=1000, show_default=True, help="Of the scenes; the network learned from 512 and 540.")
@click.option("--show", is_flag=True, help="Name the photos that differ.")
def heaps(count: int, pills: int, background: str, seed: int, show: bool) -> None:
    """Draw heaps of touching and overlapping pills, and count them."""
    with tempfile.TemporaryDirectory() as folder:
        list(write_heap_set(Path(folder), count, seed, pills, background))
        click.echo(_figures(open_set(Path(folder)).photos, show))


@main.command("cut-grounds")
@click.argument("field", type=click.Path(exists=True, path_type=Path))
@click.argument("pictures", type=click.Path(exists=True, path_type=Path), nargs=-1)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the squares.")
@click.option("--n", "count", default=500, show_default=True, help="Squares to cut.")
@click.option("--seed", default=1, show_default=True, help="Of all that is random.")
def cut_grounds_command(field: Path, pictures: tuple[Path, ...], out: Path, count: int, seed: int) -> None:
    """Cut photos without a pill out of FIELD's validation part and PICTURES, folders of them that show none."""
    click.echo(f"{cut_grounds(field, pictures, out, count, seed)} squares")


@main.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--show", is_flag=True, help="Name the photos in which a pill is seen.")
def empty(folder: Path, show: bool) -> None:
    """On how many photos without a pill one is seen."""
    seen = regions_seen(folder)
    wrong = [(name, count) for name, count in seen if count]
    for name, count in wrong if show else ():
        click.echo(f"{name} {count}")
    total = sum(count for _, count in wrong)
    share = len(wrong) / max(1, len(seen))
    click.echo(f"{len(seen)} photos: a pill seen in {len(wrong)} ({share:.3f}), {total} regions")


def _figures(photos: Sequence[LabeledPhoto], show: bool) -> str:
    values: list[float] = []
    counted, regions, off = 0, 0, 0
    segmenter = Segmenter()
    for photo in photos:
        verdict = judge_outlines(photo, segmenter)
        wanted, found, each = verdict.truth["pills"], verdict.answer["pills"], verdict.answer["iou"]
        values += each
        counted += wanted == found
        regions += found
        off += abs(wanted - found)
        if show and (wanted != found or min(each, default=1.0) < 0.8):
            click.echo(f"{photo.name} {wanted} pills {found} regions, IoU {np.round(sorted(each)[:4], 2)}")
    good = [value for value in values if value > 0.5]
    total = max(1, len(values))
    return (
        f"{len(photos)} photos, {len(values)} pills: mean IoU {np.mean(values):.3f} (found ones {np.mean(good):.3f})\n"
        f"photos counted right {counted / max(1, len(photos)):.3f}; "
        f"pills found {len(good) / total:.3f}, regions that are none {regions - len(good)}, "
        f"count off by {off / total:.3f}"
    )


if __name__ == "__main__":
    main()
