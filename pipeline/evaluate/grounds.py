"""Photos without a pill: squares of pictures that show none, and of photos in hands and on desks beside every box."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.load import load
from pipeline.records import Pixels
from pipeline.segment import Segmenter

_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tga")
# The gray that pictures with transparent parts are laid on.
_GRAY = 140
# Squares of ground are cut with a side of this share (smallest, largest) of the picture's shorter side. Smaller ones
# (pixels) and flatter ones (standard deviation of the gray levels) are left out.
_SHARE, _SIDE_PX_MIN, _DEVIATION_MIN = (0.35, 1.0), 128, 8.0
# Photos of hands show much of the ground each, so each is used this many times as often as a photo of a desk.
_OF_HANDS = 3
# The ground that stays around a box, by its sides, since boxes are not exact.
_ROOM = 0.4
_TRIES = 60


def pictures_below(folder: Path, long_px: int | None = None) -> Iterator[tuple[Path, Pixels]]:
    """All pictures below a folder as RGB, at most ``long_px`` long; those with transparent parts on gray."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in _SUFFIXES:
            continue
        pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if pixels is None or pixels.dtype != np.uint8 or pixels.ndim != 3 or min(pixels.shape[:2]) < 64:
            continue
        if pixels.shape[2] == 4:
            share = pixels[..., 3:].astype(np.float32) / 255
            pixels = (pixels[..., :3] * share + _GRAY * (1 - share)).astype(np.uint8)
        scale = min(1.0, (long_px or np.inf) / max(pixels.shape[:2]))
        if scale < 1:
            pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        yield path, np.ascontiguousarray(pixels[:, :, ::-1])


def cut_grounds(field: Path, folders: Sequence[Path], out: Path, count: int, seed: int) -> int:
    """Write PNG squares without a pill, half of ``field``'s validation part, half of the pictures below ``folders``.

    Returns:
        How many: fewer than ``count`` where the photos have too little ground beside the boxes.
    """
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    squares = [*_beside_boxes(field, count // 2, rng)]
    squares += _of_pictures(folders, count - len(squares), rng)
    for number, square in enumerate(squares):
        cv2.imwrite(str(out / f"{number:04d}.png"), np.ascontiguousarray(square[:, :, ::-1]))
    return len(squares)


def _beside_boxes(field: Path, count: int, rng: np.random.Generator) -> Iterator[Pixels]:
    """Squares of the boxed photos of hands and desks that touch no box."""
    with (field / "labels.csv").open(newline="", encoding="utf-8") as table:
        kept = [row for row in csv.DictReader(table) if row["part"] == "validation"]
    rows = [row for row in kept if row["source"] in ("hand", "desk")]
    photos = [(load(field / row["file"]).pixels, _boxes(row["boxes"]), row["source"]) for row in rows]
    weights = np.array([_OF_HANDS if source == "hand" else 1 for _, _, source in photos], float)
    made = 0
    for _ in range(20 * count):
        pixels, boxes, _ = photos[int(rng.choice(len(photos), p=weights / weights.sum()))]
        square = _square(pixels, boxes, rng)
        if square is not None:
            yield square
            made += 1
        if made == count:
            return


def _boxes(text: str) -> NDArray[np.float64]:
    """``(n, 4)``: top, left, bottom, right as fractions of the photo, with the room around them."""
    boxes = np.array([[float(value) for value in one.split()] for one in text.split("|") if one]).reshape(-1, 4)
    middle, half = boxes[:, 1::-1], boxes[:, 3:1:-1] * (0.5 + _ROOM)
    return np.concatenate([middle - half, middle + half], axis=1)


def _square(pixels: Pixels, boxes: NDArray[np.float64], rng: np.random.Generator) -> Pixels | None:
    """A random square that touches none of the boxes and is not all of one color; None where none was met."""
    size = np.array(pixels.shape[:2])
    for _ in range(_TRIES):
        side = int(rng.uniform(*_SHARE) * size.min())
        low = np.array([rng.integers(0, room + 1) for room in size - side])
        first, end = low / size, (low + side) / size
        touches = ((boxes[:, :2] < end) & (boxes[:, 2:] > first)).all(axis=1).any()
        square = pixels[low[0] : low[0] + side, low[1] : low[1] + side]
        if side >= _SIDE_PX_MIN and not touches and square.std() >= _DEVIATION_MIN:
            return square
    return None


def _of_pictures(folders: Sequence[Path], count: int, rng: np.random.Generator) -> list[Pixels]:
    """Squares of pictures, of each folder as many as of the next, of each picture as many as of the next."""
    stocks = [[pixels for _, pixels in pictures_below(folder, 1600)] for folder in folders]
    squares: list[Pixels] = []
    for turn in range(4 * count):
        if len(squares) == count:
            break
        stock = stocks[turn % len(stocks)]
        square = _square(stock[turn // len(stocks) % len(stock)], np.zeros((0, 4)), rng)
        squares += [] if square is None else [square]
    return squares


def regions_seen(folder: Path) -> list[tuple[str, int]]:
    """For each picture of a folder its name and how many pills are seen in it."""
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    segmenter = Segmenter()
    return [(path.name, len(segmenter(load(path)))) for path in paths]
