"""``python -m pipeline.draw``: draw training banks, samples and contact sheets."""

from __future__ import annotations

from pathlib import Path

import click
import cv2

from pipeline.draw.backgrounds import BACKGROUNDS
from pipeline.draw.bank import write_bank
from pipeline.draw.decoys import write_decoys
from pipeline.draw.drawn_sets import write_face_set, write_heap_set
from pipeline.draw.fonts import find_fonts
from pipeline.draw.samples import write_samples


@click.group()
def main() -> None:
    """Draw pills as they look, with exact truth."""


@main.command()
@click.option("--n", "count", default=20000, show_default=True, help="Faces to draw.")
@click.option("--seed", default=0, show_default=True, help="Seed of everything random.")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder of the shards; shards that exist are kept."
)
@click.option("--fonts", type=click.Path(path_type=Path, exists=True), help="Folder with more fonts to draw with.")
@click.option("--per-shard", default=1000, show_default=True, help="Faces in a shard.")
def bank(count: int, seed: int, out: Path, fonts: Path | None, per_shard: int) -> None:
    """Write shards of random faces for training a character reader."""
    cv2.setNumThreads(1)
    for path in write_bank(out, count, seed, find_fonts(fonts) if fonts else (), per_shard):
        click.echo(path)


@main.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("samples"),
    show_default=True,
    help="Folder of the photos and manifest.csv.",
)
@click.option("--seed", default=0, show_default=True, help="Seed of grain and noise.")
def samples(out: Path, seed: int) -> None:
    """Draw the sample photos and their manifest."""
    cv2.setNumThreads(1)
    for path in write_samples(out, seed):
        click.echo(path)


@main.command("face-set")
@click.option("--n", "count", default=300, show_default=True, help="Photos to draw.")
@click.option("--seed", default=0, show_default=True, help="Seed of everything random.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the set.")
@click.option("--printed/--debossed", default=False, show_default=True, help="How the characters are made.")
@click.option("--turned/--upright", default=False, show_default=True, help="Turn every face at random.")
def face_set(count: int, seed: int, out: Path, printed: bool, turned: bool) -> None:
    """Draw photos of both faces, laid out for `pillprint evaluate OUT --catalog OUT/catalog.csv`."""
    cv2.setNumThreads(1)
    click.echo(len(list(write_face_set(out, count, seed, printed, turned))))


@main.command("heap-set")
@click.option("--n", "count", default=20, show_default=True, help="Photos to draw.")
@click.option("--seed", default=0, show_default=True, help="Seed of everything random.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the set.")
@click.option("--pills", default=40, show_default=True, help="Pills in each photo.")
@click.option("--background", type=click.Choice(BACKGROUNDS), help="What they lie on; without it, all kinds.")
def heap_set(count: int, seed: int, out: Path, pills: int, background: str | None) -> None:
    """Draw photos of heaps of pills with polygons, for measuring segmentation."""
    cv2.setNumThreads(1)
    click.echo(len(list(write_heap_set(out, count, seed, pills, background))))


@main.command()
@click.option("--count", default=1000, show_default=True, help="Photos to draw, of all kinds in turn.")
@click.option("--seed", default=0, show_default=True, help="Seed of everything random.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the photos and manifest.csv.")
def decoys(count: int, seed: int, out: Path) -> None:
    """Draw what must never be identified: blank pills, logos, buttons, candy, coins, print, drawn shapes."""
    cv2.setNumThreads(1)
    click.echo(len(list(write_decoys(out, count, seed))))


if __name__ == "__main__":
    main()
