"""How long a sheet of many pills takes until each is answered, on one thread, by stage:

    OMP_NUM_THREADS=1 PYTHONPATH=. python tests/benchmarks/bench_sheet.py SET CATALOG

SET is laid out as ``../shared/data/rximage300``. The sheet is composed of cut-outs of its validation photos, one face
of each pill up, turned at random. Times are of the processor, medians of five; the first look, which loads the networks
and the catalog's index, is apart.
"""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter
from pathlib import Path

import click
import cv2
from PIL import Image

from pipeline.answer import Answer
from pipeline.evaluate.pouch_lists import cut_outs
from pipeline.evaluate.pouches import Pouch, composed
from pipeline.evaluate.product_groups import ProductGroups
from pipeline.evaluate.sets import open_set
from pipeline.identifier import Identifier
from pipeline.load import load
from pipeline.records import Pixels
from reference.store.catalog import open_catalog

_ROUNDS, _SEED = 5, 25
_SHARED = ("load", "segment", "scale")
_OWN = ("measure", "read", "match")


def _sheet(photo_set: Path, identifier: Identifier, pills: int) -> Pixels:
    """So many different pills on a gray ground, ``(h, w, 3)`` uint8."""
    photos = random.Random(_SEED).sample(open_set(photo_set).part("validation").photos, 2 * pills)
    seen = {photo.name: identifier.identify(photo.path) for photo in photos}
    some = cut_outs(photos, seen, ProductGroups(identifier.catalog))[:pills]
    rng = random.Random(_SEED)
    pouch = Pouch(tuple((each, rng.randrange(2)) for each in some), (), "")
    return composed(pouch, {each.path: load(each.path).pixels for each in some}, _SEED)


def _told(answers: tuple[Answer, ...]) -> str:
    shared = {stage: answers[0].seconds[stage] for stage in _SHARED}
    own = {stage: sum(answer.seconds.get(stage, 0.0) for answer in answers) for stage in _OWN}
    stages = ", ".join(f"{stage} {1000 * seconds:.0f}" for stage, seconds in (shared | own).items())
    decisions = Counter(answer.decision.value for answer in answers)
    return f"ms by stage, by the clock: {stages}\n{len(answers)} answers: {dict(decisions)}"


@click.command()
@click.argument("photo_set", type=click.Path(path_type=Path, exists=True))
@click.argument("catalog", type=click.Path(path_type=Path, exists=True))
@click.option("--pills", default=25, show_default=True)
@click.option("--save", type=click.Path(path_type=Path), help="Save the sheet as a picture.")
def main(photo_set: Path, catalog: Path, pills: int, save: Path | None) -> None:
    """How long a sheet of many pills takes until each is answered."""
    cv2.setNumThreads(1)
    sheet = _sheet(photo_set, Identifier(open_catalog(catalog)), pills)
    if save:
        Image.fromarray(sheet).save(save)
    identifier, took = Identifier(open_catalog(catalog)), []
    for _ in range(_ROUNDS + 1):
        start = time.process_time()
        answers = identifier.identify_each(sheet)
        took.append(time.process_time() - start)
    click.echo(f"first {took[0]:.2f} s of CPU, then median {statistics.median(took[1:]):.2f}")
    click.echo(_told(answers))


if __name__ == "__main__":
    main()
