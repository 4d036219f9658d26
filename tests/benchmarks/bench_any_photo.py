"""How long and how much memory an answer takes at most, whatever a photo of 2 megapixels or less shows:

    OMP_NUM_THREADS=1 PYTHONPATH=. python tests/benchmarks/bench_any_photo.py CATALOG

The photos are drawn from a fixed seed: noise of every grain, blobs, checkerboards, stripes, discs in rows or at random,
text, mosaics, and one of these over another. Times are of the processor; memory is the peak of the whole process.
"""

from __future__ import annotations

import math
import random
import resource
import statistics
import string
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
import cv2
import numpy as np

from pipeline.identifier import Identifier
from pipeline.records import Pixels
from reference.store.catalog import open_catalog

_PIXELS_MAX, _SIDE_MIN = 2_000_000, 48

Rng = np.random.Generator


def _two(rng: Rng) -> tuple[Pixels, Pixels]:
    colors = rng.integers(0, 256, (2, 3), dtype=np.uint8)
    return colors[0], colors[1]


def _noise(size: tuple[int, int], rng: Rng) -> Pixels:
    """Noise whose grain is of 1 pixel up to a quarter of the photo."""
    grain = math.exp(rng.uniform(0, math.log(max(2.0, min(size) / 4))))
    small = rng.integers(0, 256, (*(max(2, round(side / grain)) for side in size), 3), dtype=np.uint8)
    way = int(rng.choice([cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
    return np.asarray(cv2.resize(small, size[::-1], interpolation=way), np.uint8)


def _blobs(size: tuple[int, int], rng: Rng) -> Pixels:
    one, other = _two(rng)
    return np.where(_noise(size, rng)[..., :1] > rng.integers(60, 200), one, other)


def _tiles(size: tuple[int, int], rng: Rng) -> Pixels:
    """A checkerboard, or stripes."""
    step = rng.integers(2, max(3, min(size) // 2), 2)
    rows, cols = np.indices(size)
    is_one = (rows // step[0] + (cols // step[1] if rng.random() < 0.7 else 0)) % 2 == 0
    one, other = _two(rng)
    return np.where(is_one[..., None], one, other)


def _discs(size: tuple[int, int], rng: Rng) -> Pixels:
    """Discs in rows, or at random: what most resembles a heap of pills."""
    ground, color = (tuple(map(int, each)) for each in _two(rng))
    pixels = np.full((*size, 3), ground, np.uint8)
    radius = int(rng.integers(3, max(4, min(size) // 5)))
    places = [(x, y) for y in range(radius, size[0], 2 * radius + 1) for x in range(radius, size[1], 2 * radius + 1)]
    if rng.random() < 0.5:
        places = [(int(rng.integers(size[1])), int(rng.integers(size[0]))) for _ in places]
    for place in places[:20_000]:
        cv2.circle(pixels, place, radius, color, -1, cv2.LINE_AA)
        cv2.circle(pixels, place, radius, ground, 1, cv2.LINE_AA)
    return pixels


def _text(size: tuple[int, int], rng: Rng) -> Pixels:
    ground, color = (tuple(map(int, each)) for each in _two(rng))
    pixels = np.full((*size, 3), ground, np.uint8)
    height = int(rng.integers(8, max(9, min(size) // 2)))
    signs = list(string.ascii_letters + string.digits)
    for row in range(height, size[0] + height, round(1.4 * height)):
        words = "".join(rng.choice(signs, min(400, 2 * size[1] // height)))
        cv2.putText(pixels, words, (0, row), cv2.FONT_HERSHEY_SIMPLEX, height / 22, color, max(1, height // 10))
    return pixels


def _mosaic(size: tuple[int, int], rng: Rng) -> Pixels:
    """Shapes of all sizes and colors on one another."""
    pixels = _noise(size, rng) // 8
    for _ in range(int(rng.integers(5, 600))):
        middle = rng.integers(0, size[::-1])
        half = np.maximum(1, rng.integers(1, max(2, min(size) // 6), 2))
        shape = (tuple(map(int, middle)), tuple(map(int, half)), float(rng.uniform(0, 180)))
        color = tuple(map(int, rng.integers(0, 256, 3)))
        cv2.ellipse(pixels, shape[0], shape[1], shape[2], 0, 360, color, -1, cv2.LINE_AA)
    return pixels


_KINDS: tuple[Callable[[tuple[int, int], Rng], Pixels], ...] = (_noise, _blobs, _tiles, _discs, _text, _mosaic)


def drawn(number: int) -> tuple[str, Pixels]:
    """The photo of that number and what it shows."""
    rng, choice = np.random.default_rng(number), random.Random(number)
    area = math.exp(rng.uniform(math.log(_SIDE_MIN**2), math.log(_PIXELS_MAX)))
    ratio = math.exp(rng.uniform(-0.7, 0.7))
    high = max(_SIDE_MIN, int(math.sqrt(area * ratio)))
    size = (high, max(_SIDE_MIN, min(int(area / high), _PIXELS_MAX // high)))
    kind = _KINDS[number % len(_KINDS)]
    pixels, name = kind(size, rng), kind.__name__[1:]
    if choice.random() < 0.3:
        over = choice.choice(_KINDS)
        pixels = np.where((_noise(size, rng)[..., :1] > 128), pixels, over(size, rng))
        name = f"{name} and {over.__name__[1:]}"
    return name, np.ascontiguousarray(pixels, np.uint8)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


@click.command()
@click.argument("catalog", type=click.Path(path_type=Path, exists=True))
@click.option("--photos", default=1000, show_default=True)
@click.option("--each", is_flag=True, help="Answer for each pill that is seen.")
def main(catalog: Path, photos: int, each: bool) -> None:
    """How long and how much memory an answer takes at most."""
    cv2.setNumThreads(1)
    identifier = Identifier(open_catalog(catalog))
    identifier.identify(drawn(0)[1])
    start, took = _peak_mb(), []
    for number in range(photos):
        name, pixels = drawn(number)
        before = time.process_time()
        if each:
            identifier.identify_each(pixels)
        else:
            identifier.identify(pixels)
        took.append((time.process_time() - before, number, name, pixels.shape[1::-1]))
    middle = statistics.median(seconds for seconds, *_ in took)
    click.echo(f"{photos} photos, median {middle:.2f} s of CPU; the slowest:")
    for seconds, number, name, size in sorted(took, reverse=True)[:10]:
        click.echo(f"{seconds:.2f} s  photo {number}: {name}, {size[0]} x {size[1]}")
    click.echo(f"memory: {start:.0f} MB after the first photo, at most {_peak_mb():.0f} MB")


if __name__ == "__main__":
    main()
