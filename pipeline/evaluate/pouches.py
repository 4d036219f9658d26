"""Pouches composed of cut-outs of labeled photos, with a list that is right or wrong in one place.

Each pill lies alone, one of its faces up at random, turned at random, on a gray-blue tray. Half of the pouches have one
pill that is wrong, missing or extra, each as often as the next.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.records import Face, Pixels
from reference.grouping import drug_strength, same_drug
from reference.product import Product

FAULTS = ("wrong", "missing", "extra")
_PILLS_MIN, _PILLS_MAX = 2, 9
# Room for one pill, in pixels: the longest of these cut-outs turned any way.
_CELL_PX = 230
# A tray's gray blue: white tablets and dark ones stand out from it.
_PAPER, _NOISE = (112.0, 124.0, 140.0), 2.0
# Photo kept around a cut-out, so that its edge is softened on all sides.
_ROOM_PX = 4


@dataclass(frozen=True)
class CutOut:
    """One labeled pill: its photo, its faces there, the register's row."""

    path: Path
    faces: tuple[Face, ...]
    product: Product


@dataclass(frozen=True)
class Pouch:
    """What lies in it with the face that is up, what its list says, and which fault it has ("" for none).

    ``odd`` is the place in ``pills`` of the pill that is wrong or extra, else None.
    """

    pills: tuple[tuple[CutOut, int], ...]
    listed: tuple[Product, ...]
    fault: str
    odd: int | None = None

    @property
    def name(self) -> str:
        """The photos and faces that lie in it."""
        return ", ".join(f"{cut_out.path.name} {face}" for cut_out, face in self.pills)


def pouches(cut_outs: Sequence[CutOut], count: int, seed: int) -> list[Pouch]:
    """Make a number of pouches, the same for the same seed: every second has a fault."""
    rng = random.Random(seed)
    return [_pouch(cut_outs, FAULTS[number // 2 % 3] if number % 2 else "", rng) for number in range(count)]


def _pouch(cut_outs: Sequence[CutOut], fault: str, rng: random.Random) -> Pouch:
    size = rng.randint(_PILLS_MIN, _PILLS_MAX - (fault == "extra"))
    pills = [(each, rng.randrange(len(each.faces))) for each in rng.sample(cut_outs, size)]
    listed = tuple(each.product for each, _ in pills)
    if fault == "missing":
        pills.pop(rng.randrange(size))
        return Pouch(tuple(pills), listed, fault)
    if not fault:
        return Pouch(tuple(pills), listed, fault)
    others = [each for each in cut_outs if not any(_is_one(each.product, product) for product in listed)]
    odd = rng.choice(others)
    place = size if fault == "extra" else rng.randrange(size)
    pills[place : place + 1] = [(odd, rng.randrange(len(odd.faces)))]
    return Pouch(tuple(pills), listed, fault, place)


def _is_one(one: Product, other: Product) -> bool:
    return drug_strength(one) == drug_strength(other) or same_drug(one, other)


def composed(pouch: Pouch, pixels_of: dict[Path, Pixels], seed: int) -> Pixels:
    """The pouch as a photo, ``(h, w, 3)`` uint8 sRGB, each pill in a cell of a grid."""
    rng = np.random.default_rng(seed)
    canvas, cells = _tray(pouch, rng)
    for (row, col), (cut_out, face) in zip(cells, pouch.pills, strict=True):
        place = canvas[row * _CELL_PX : (row + 1) * _CELL_PX, col * _CELL_PX : (col + 1) * _CELL_PX]
        _lay(place, pixels_of[cut_out.path], cut_out.faces[face], rng)
    return np.clip(canvas, 0, 255).astype(np.uint8)


def pill_at(pouch: Pouch, seed: int, row: float, col: float) -> int:
    """The place in ``pills`` of the pill that lies nearest to a pixel of the composed photo."""
    _, cells = _tray(pouch, np.random.default_rng(seed))
    middles = (np.array(cells) + 0.5) * _CELL_PX
    return int(np.linalg.norm(middles - (row, col), axis=1).argmin())


def _tray(pouch: Pouch, rng: np.random.Generator) -> tuple[NDArray[np.float64], list[tuple[int, int]]]:
    """The empty tray ``(h, w, 3)``, and the cell (row, col) of each pill."""
    side = max(2, math.ceil(math.sqrt(len(pouch.pills))))
    canvas = rng.normal(0, _NOISE, (side * _CELL_PX, side * _CELL_PX, 3)) + _PAPER
    cells = rng.permutation(side * side)[: len(pouch.pills)]
    return canvas, [divmod(int(cell), side) for cell in cells]


def _lay(
    place: np.ndarray[tuple[int, ...], np.dtype[np.float64]], pixels: Pixels, face: Face, rng: np.random.Generator
) -> None:
    """Lay one face into its cell, turned, near the middle; its edge is softened over a pixel."""
    region = face.region
    around = ((_ROOM_PX, _ROOM_PX), (_ROOM_PX, _ROOM_PX))
    top, left, bottom, right = region.box
    pill = np.pad(pixels[top:bottom, left:right].astype(np.float32), (*around, (0, 0)), mode="edge")
    inner = cv2.erode(np.pad(region.mask.astype(np.float32), around), np.ones((3, 3), np.uint8))
    mask = cv2.GaussianBlur(inner, (0, 0), 0.7)
    height, width = mask.shape
    scale = min(1.0, (_CELL_PX - 16) / float(np.hypot(height, width)))
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), float(rng.uniform(0, 360)), scale)
    matrix[:, 2] += (_CELL_PX - width) / 2, (_CELL_PX - height) / 2
    size = (_CELL_PX, _CELL_PX)
    turned = cv2.warpAffine(pill, matrix, size, flags=cv2.INTER_CUBIC)
    alpha = np.clip(cv2.warpAffine(mask, matrix, size), 0, 1)[..., None]
    place[:] = place * (1 - alpha) + turned * alpha
