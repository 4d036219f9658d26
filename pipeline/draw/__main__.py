"""``python -m pipeline.draw``: draw training banks, samples and contact sheets."""

from __future__ import annotations

from pathlib import Path

import click
import cv2

from pipeline.draw.bank import write_bank
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


if __name__ == "__main__":
    main()
