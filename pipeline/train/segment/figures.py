"""Figures of the segmentation stage: two faces of one pill, outlines drawn by hand, drawn heaps, photos without a pill.

    python -m pipeline.train.segment.figures faces ../shared/data/rximage300 --validation
    python -m pipeline.train.segment.figures polygons ../shared/data/masks --validation
    python -m pipeline.train.segment.figures heaps
    python -m pipeline.train.segment.figures cut-grounds ../shared/data/field PICTURES --out GROUNDS
    python -m pipeline.train.segment.figures empty GROUNDS

They belong to the workshop, since they draw. None needs torch.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from pipeline.draw.backgrounds import BACKGROUNDS
from pipeline.draw.drawn_sets import write_heap_set
from pipeline.evaluate.grounds import cut_grounds, regions_seen
from pipeline.evaluate.segmentation import is_validation_file, judge_outlines
from pipeline.evaluate.sets import LabeledPhoto, open_set
from pipeline.load import load
from pipeline.segment import Segmenter, group_faces

# A region is a labeled pill above this IoU; --show names photos with a pill below the second.
_FOUND_MIN, _SHOWN_MAX = 0.5, 0.8


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
    """Count the photos without a pill in which one is seen."""
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
        if show and (wanted != found or min(each, default=1.0) < _SHOWN_MAX):
            click.echo(f"{photo.name} {wanted} pills {found} regions, IoU {np.round(sorted(each)[:4], 2)}")
    good = [value for value in values if value > _FOUND_MIN]
    total = max(1, len(values))
    return (
        f"{len(photos)} photos, {len(values)} pills: mean IoU {np.mean(values):.3f} (found ones {np.mean(good):.3f})\n"
        f"photos counted right {counted / max(1, len(photos)):.3f}; "
        f"pills found {len(good) / total:.3f}, regions that are none {regions - len(good)}, "
        f"count off by {off / total:.3f}"
    )


if __name__ == "__main__":
    main()
