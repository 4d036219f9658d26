"""What ``verify`` costs beside ``identify``, paired by photo; run by hand:

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_verify.py SET --catalog TABLE

Each photo of the set's validation part is asked about its own drug and strength, once after and once before it is
identified. Times are of the processor, to which other work adds little.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
import cv2

from pipeline.evaluate.product_groups import ProductGroups
from pipeline.evaluate.sets import open_set
from pipeline.identifier import Identifier

_FOLDER = click.Path(path_type=Path)


def seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


@click.command()
@click.argument("photo_set", metavar="SET", type=_FOLDER)
@click.option("--catalog", metavar="TABLE", type=_FOLDER, required=True)
@click.option("--photos", "number", type=click.IntRange(min=2), default=25, show_default=True)
def main(photo_set: Path, catalog: Path, number: int) -> None:
    """Print the ratio of the sums of both."""
    cv2.setNumThreads(1)
    identifier = Identifier(catalog)
    groups = ProductGroups(identifier.catalog)
    photos = [photo for photo in open_set(photo_set).part("validation").photos if groups.rows(photo.truth)][:number]
    spent = {"identify": 0.0, "verify": 0.0}
    for turn in range(2):
        for photo in photos:
            expected = groups.expected(groups.rows(photo.truth)[0], "drug")
            calls = {
                "identify": partial(identifier.identify, photo.path),
                "verify": partial(identifier.verify, photo.path, expected),
            }
            for name in sorted(calls, reverse=bool(turn)):
                spent[name] += seconds(calls[name])
    said = ", ".join(f"{name} {taken:.2f} s" for name, taken in spent.items())
    click.echo(f"{len(photos)} photos, twice: {said}, ratio {spent['verify'] / spent['identify']:.3f}")


if __name__ == "__main__":
    main()
