"""Crops, regions and photos on pages, against the answer to the plain photo:

    PYTHONPATH=.:tests python tests/benchmarks/bench_crops.py crops SET CATALOG [--region]
    PYTHONPATH=.:tests python tests/benchmarks/bench_crops.py pages SET CATALOG

SET is laid out as ``../shared/data/rximage300``; its validation photos are asked about, in an order drawn from a fixed
seed. ``crops`` cuts one face out, with some of its sides more or less on each side (with ``--region`` the whole photo
and that box are handed over); ``pages`` lays the photo on the pages of ``tests/test_pages.py``.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
import cv2
import numpy as np
from test_pages import WAYS

from pipeline.answer import Answer
from pipeline.evaluate.sets import LabeledPhoto, open_set
from pipeline.identifier import Identifier
from pipeline.load import load
from pipeline.records import Decision, Photo, PillRegion
from pipeline.segment import Segmenter
from reference.store.catalog import open_catalog

_MARGINS = (0.15, 0.0, -0.05, -0.1, -0.2)


def _photos(photo_set: Path, seed: int) -> list[LabeledPhoto]:
    photos = list(open_set(photo_set).part("validation").photos)
    random.Random(seed).shuffle(photos)
    return photos


def _letters(text: str) -> list[str]:
    return sorted(sign for sign in text.upper() if sign.isascii() and sign.isalnum())


def _first(answer: Answer) -> str:
    return answer.candidates[0].product.imprint_key if answer.candidates else ""


def _colors(answer: Answer) -> frozenset[str]:
    return frozenset((answer.look.color.best or "").split(";"))


def _faces(photos: list[LabeledPhoto], identifier: Identifier) -> Iterator[tuple[LabeledPhoto, Photo, PillRegion, str]]:
    """One face of each photo that shows two, in turn the larger and the smaller, with the text that is read on it."""
    segmenter, number = Segmenter(), 0
    for each in photos:
        photo = load(each.path)
        pills = segmenter(photo)
        if len(pills) != 2:
            continue
        pill = pills[number % 2]
        reading = identifier.reader.read(photo, [pill])[0]
        if reading.lines:
            number += 1
            yield each, photo, pill, "".join(reading.tokens)


def _cut(photo: Photo, pill: PillRegion, margin: float) -> tuple[int, int, int, int]:
    """The box ``(x, y, width, height)``, inside the photo."""
    top, left, bottom, right = pill.box
    height, width = photo.pixels.shape[:2]
    high, wide = margin * (bottom - top), margin * (right - left)
    y0, x0 = max(0, round(top - high)), max(0, round(left - wide))
    y1, x1 = min(height, round(bottom + high)), min(width, round(right + wide))
    return x0, y0, x1 - x0, y1 - y0


@click.group()
def main() -> None:
    """Crops, regions and photos on pages, against the answer to the plain photo."""
    cv2.setNumThreads(1)


@main.command()
@click.argument("photo_set", type=click.Path(path_type=Path, exists=True))
@click.argument("catalog", type=click.Path(path_type=Path, exists=True))
@click.option("--photos", default=100, show_default=True)
@click.option("--region", "by_region", is_flag=True, help="Hand over the whole photo and the box.")
def crops(photo_set: Path, catalog: Path, photos: int, by_region: bool) -> None:
    """How many faces cut out are found, read as in the whole photo, have the right imprint first and their colors."""
    identifier = Identifier(open_catalog(catalog))
    counts = {margin: Counter[str]() for margin in _MARGINS}
    faces = _faces(_photos(photo_set, 5), identifier)
    for (each, photo, pill, text), _ in zip(faces, range(photos), strict=False):
        for margin in _MARGINS:
            x, y, wide, high = _cut(photo, pill, margin)
            if by_region:
                answer = identifier.identify(each.path, region=(x, y, wide, high))
            else:
                answer = identifier.identify(np.ascontiguousarray(photo.pixels[y : y + high, x : x + wide]))
            is_right = _letters(_first(answer)) == _letters(each.truth.imprint or "")
            is_told = answer.decision is Decision.IDENTIFIED
            counts[margin].update(
                {
                    "faces": 1,
                    "found": bool(answer.faces),
                    "read as in the photo": _letters("".join(answer.imprint)) == _letters(text),
                    "right imprint first": is_right,
                    "colors right": _colors(answer) == each.truth.colors,
                    "IDENTIFIED": is_told,
                    "of those wrong": is_told and not is_right,
                    "outline unknown": answer.doubts.fills,
                }
            )
    for margin, count in counts.items():
        click.echo(f"{100 * margin:+.0f} %: {dict(count)}")


@main.command()
@click.argument("photo_set", type=click.Path(path_type=Path, exists=True))
@click.argument("catalog", type=click.Path(path_type=Path, exists=True))
@click.option("--photos", default=20, show_default=True)
def pages(photo_set: Path, catalog: Path, photos: int) -> None:
    """How many answers about a photo on a page are those about the photo alone."""
    identifier = Identifier(open_catalog(catalog))
    counts = {way: Counter[str]() for way in WAYS}
    for each in _photos(photo_set, 9)[:photos]:
        pixels = np.ascontiguousarray(load(each.path).pixels)
        plain = identifier.identify(pixels)
        for way, laid in WAYS.items():
            answer = identifier.identify(laid(pixels))
            both = answer.size_mm is not None and plain.size_mm is not None
            counts[way].update(
                {
                    "photos": 1,
                    "same imprint first": _first(answer) == _first(plain),
                    "same decision": answer.decision is plain.decision,
                    "sized alone": plain.size_mm is not None,
                    "size within 5 %": both and abs((answer.size_mm or 0) / (plain.size_mm or 1) - 1) < 0.05,
                    "IDENTIFIED as another": answer.decision is Decision.IDENTIFIED and _first(answer) != _first(plain),
                }
            )
    for way, count in counts.items():
        click.echo(f"{way}: {dict(count)}")


if __name__ == "__main__":
    main()
