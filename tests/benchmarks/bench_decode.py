"""How long an answer takes in times of what decoding its photo at full size takes, on one thread:

    OMP_NUM_THREADS=1 PYTHONPATH=. python tests/benchmarks/bench_decode.py CATALOG PHOTO...

The PHOTOs are those of a 12-megapixel camera, each of one pill: ``../shared/data/field/photos/palm_*``. Times are of
the processor: of each photo the median of three, and of the photos the median. Both are measured in one run, since
other work on the machine slows both.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import click
import cv2

from pipeline.identifier import Identifier

_ROUNDS = 3


def _seconds(call: Callable[[], object]) -> float:
    """Of the processor, the median."""
    taken = []
    for _ in range(_ROUNDS):
        begun = time.process_time()
        call()
        taken.append(time.process_time() - begun)
    return statistics.median(taken)


@click.command()
@click.argument("catalog", type=click.Path(path_type=Path, exists=True))
@click.argument("photos", type=click.Path(path_type=Path, exists=True), nargs=-1, required=True)
def main(catalog: Path, photos: tuple[Path, ...]) -> None:
    """Print each photo's times, then the ratio of the medians."""
    cv2.setNumThreads(1)
    identifier = Identifier(catalog)
    identifier.identify(photos[0])
    decoding, answering = [], []
    for photo in photos:
        decoding.append(_seconds(lambda photo=photo: cv2.imread(str(photo), cv2.IMREAD_COLOR)))  # type: ignore[misc]
        answering.append(_seconds(lambda photo=photo: identifier.identify(photo)))  # type: ignore[misc]
        click.echo(
            f"{photo.name}: decoding {1000 * decoding[-1]:.0f} ms, answer {1000 * answering[-1]:.0f} ms, "
            f"{answering[-1] / decoding[-1]:.2f} times"
        )
    ratio = statistics.median(answering) / statistics.median(decoding)
    click.echo(f"{len(photos)} photos, medians: {ratio:.2f} times")


if __name__ == "__main__":
    main()
