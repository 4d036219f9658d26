"""Decoys: photos of what must never be identified, however much it looks like a pill or bears a pill's letters.

A blank pill says nothing, a candy's ``M`` or ``5`` may be some tablet's whole imprint, a box names a drug in full:
none of it tells what a pill is. ``docs/drawing.md`` lists the kinds.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.draw.decoy_pills import blank_pill, logo_pill, watermarked_pill
from pipeline.draw.decoy_print import drawn_shape, printed
from pipeline.draw.decoy_scenes import Picture
from pipeline.draw.decoy_sweets import candy, mint
from pipeline.draw.decoy_things import button, coin, thing

_DRAWERS: dict[str, Callable[[np.random.Generator], Picture]] = {
    "blank": blank_pill,
    "logo": logo_pill,
    "watermark": watermarked_pill,
    "button": button,
    "candy": candy,
    "mint": mint,
    "coin": coin,
    "thing": thing,
    "print": printed,
    "shape": drawn_shape,
}
DECOY_KINDS = tuple(_DRAWERS)
_COLUMNS = ("file", "kind", "what", "text")
_QUALITY = 90


@dataclass(frozen=True, eq=False)
class Decoy:
    """One photo ``(h, w, 3)`` uint8 sRGB, its kind (one of `DECOY_KINDS`), what it shows, and the text in it."""

    name: str
    kind: str
    what: str
    text: tuple[str, ...]
    pixels: NDArray[np.uint8]


def draw_decoys(count: int = 1000, seed: int = 0, kind: str | None = None) -> Iterator[Decoy]:
    """Draw ``count`` decoys, of all kinds in turn; where ``kind`` is given, only those of them that are of it.

    A decoy is the same on every run and whatever else is drawn.
    """
    for number in range(count):
        own = DECOY_KINDS[number % len(DECOY_KINDS)]
        if kind in (None, own):
            picture = _DRAWERS[own](np.random.default_rng([seed, number, crc32(own.encode())]))
            yield Decoy(f"{own}-{number:04d}", own, picture.what, picture.text, picture.pixels)


def write_decoys(out: Path, count: int, seed: int = 0) -> Iterator[Path]:
    """Draw decoys into ``out`` with ``manifest.csv``; yields each path when it is written."""
    out.mkdir(parents=True, exist_ok=True)
    rows = []
    for decoy in draw_decoys(count, seed):
        path = out / f"{decoy.name}.jpg"
        coded = cv2.imencode(".jpg", decoy.pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
        path.write_bytes(bytes(coded))
        rows.append({"file": path.name, "kind": decoy.kind, "what": decoy.what, "text": "|".join(decoy.text)})
        yield path
    with (out / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    yield out / "manifest.csv"
