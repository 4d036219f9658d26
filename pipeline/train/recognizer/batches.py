"""Labeled strips as the recognizer's training meets them: cut out and degraded anew each time, in batches."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.imprint.arcs import Arc
from pipeline.imprint.ctc import ADMITTED
from pipeline.imprint.strip_reader import STRIP_HEIGHT
from pipeline.imprint.textboxes import TextBox
from pipeline.train.faces.small_faces import as_phones_do
from pipeline.train.recognizer.strip_labels import Band, LabelKind
from pipeline.train.recognizer.strips import Strip

BATCH = 24
# Strips are drawn for this many batches at a time and sorted by width, so that a batch has strips of similar width.
_POOL_BATCHES = 8
# Wider strips, of which there are hardly any, would cost more than they teach.
_WIDTH_MAX = 360
_WIDTH_MIN = 24
# How often a strip of each kind is drawn, relative to the others; docs/experiments/recognizer.md.
_WEIGHTS = {
    LabelKind.TEXT: 3.0,
    LabelKind.NOTHING: 5.0,
    LabelKind.WRONG_WAY: 0.6,
    LabelKind.ACROSS: 0.3,
    LabelKind.GROUND: 0.6,
}
_DRAWN_WEIGHT = 0.4
# Sets of few strips that are hard to read.
_RARE_WEIGHTS = {"tfda": 3.0, "consumer": 3.0, "field": 3.0}
_REAL_ARC_WEIGHT = 3.0
# The share of the strips that is reduced to a height in this range, in px, and the share that is blurred, with a
# standard deviation in this range, in px of a strip 48 px high. A strip of tfda's photos is 10-15 px high before it is
# enlarged, one of rximage300's 25-45; in sheets of augmented strips many below 10 px, or of more blur, could not be
# read.
_COARSE_SHARE, _COARSE_PX, _FLAT = 0.4, (10.0, 36.0), (0.3, 1.0)
_BLURRED_SHARE, _BLUR_PX = 0.25, (0.4, 2.6)
_LOST_MAX = 3.0
# The finder takes letters that are large for their face for smaller ones: so many straight bands are drawn tighter, by
# up to this factor, as those of such letters lie.
_TIGHT_SHARE, _TIGHT_MIN = 0.15, 0.7
_LONG_WEIGHT, _LONG = 1.3, 3


@dataclass(frozen=True, eq=False)
class StripBatch:
    """``images`` ``(n, 3, 48, w)`` float32; ``targets`` the classes of all texts in a row, ``lengths`` ``(n,)``."""

    images: Tensor
    targets: Tensor
    lengths: Tensor


class StripBatches(torch.utils.data.IterableDataset[StripBatch]):
    """Endless augmented batches of strips."""

    def __init__(self, strips: Sequence[Strip], seed: int, size: int = BATCH) -> None:
        self.strips, self.seed, self.size = strips, seed, size
        self.shares = np.cumsum([_weight(strip) for strip in strips])

    def __iter__(self) -> Iterator[StripBatch]:
        info = torch.utils.data.get_worker_info()
        rng = np.random.default_rng((self.seed, info.id if info else 0))
        pool: list[tuple[NDArray[np.float32], str]] = []
        while True:
            while len(pool) < self.size * _POOL_BATCHES:
                index = int(np.searchsorted(self.shares, rng.uniform(0, self.shares[-1]), side="right"))
                strip = self.strips[min(index, len(self.strips) - 1)]
                image = augmented(strip, rng)
                if image.shape[1] <= _WIDTH_MAX:
                    pool.append((image, strip.label.text))
            pool.sort(key=lambda pair: pair[0].shape[1])
            start = int(rng.integers(len(pool) - self.size + 1))
            yield batch_of(pool[start : start + self.size])
            del pool[start : start + self.size]


def _weight(strip: Strip) -> float:
    weight = _WEIGHTS[strip.label.kind]
    if strip.source == "drawn":
        weight *= _DRAWN_WEIGHT
    else:
        weight *= _RARE_WEIGHTS.get(strip.source, 1.0)
        weight *= _REAL_ARC_WEIGHT if isinstance(strip.label.band, Arc) else 1.0
    return weight * (_LONG_WEIGHT if len(strip.label.text) > _LONG else 1.0)


def batch_of(pairs: Sequence[tuple[NDArray[np.float32], str]]) -> StripBatch:
    """Strips ``(48, w)`` 0-255 with their texts, padded with neutral gray on the right as in reading."""
    width = max(64, -(-max(image.shape[1] for image, _ in pairs) // 32) * 32)
    images = np.zeros((len(pairs), 1, STRIP_HEIGHT, width), np.float32)
    for index, (image, _) in enumerate(pairs):
        images[index, 0, :, : image.shape[1]] = image / 127.5 - 1.0
    classes = [[ADMITTED.index(character) + 1 for character in text] for _, text in pairs]
    return StripBatch(
        torch.from_numpy(images).expand(-1, 3, -1, -1),
        torch.tensor([one for text in classes for one in text], dtype=torch.long),
        torch.tensor([len(text) for text in classes]),
    )


def augmented(strip: Strip, rng: np.random.Generator) -> NDArray[np.float32]:
    """The strip ``(48, w)`` float32 0-255, its band moved a little, stretched, degraded as photos are, inverted."""
    image = _jittered(strip.label.band, rng).strip(strip.crop(), STRIP_HEIGHT).astype(np.float32)
    sharp = float(image.std())
    how = rng.random()
    if how < _COARSE_SHARE:
        image = _coarse(image, rng)
    elif how < _COARSE_SHARE + _BLURRED_SHARE:
        image = _blurred(image, rng)
    # A blur takes contrast; the crop's local normalization gives a part of it back.
    lost = min(sharp / max(float(image.std()), 1.0), _LOST_MAX)
    image = (image - 128.0) * lost ** rng.uniform(0.4, 1.0) + 128.0
    width = max(_WIDTH_MIN, int(image.shape[1] * math.exp(rng.normal(0, 0.1))))
    image = _resized(image, (width, STRIP_HEIGHT), cv2.INTER_LINEAR)
    image = (image - 128.0) * math.exp(rng.normal(0, 0.25)) + 128.0 + rng.normal(0, 6)
    if rng.random() < 0.2:
        image = image + _glare(width, rng)
    if rng.random() < 0.15:
        image = 255.0 - image
    if rng.random() < 0.3:
        grain = rng.normal(0, rng.uniform(2, 14), (STRIP_HEIGHT // 2, max(12, width // 2)))
        image = image + _resized(grain.astype(np.float32), (width, STRIP_HEIGHT), cv2.INTER_LINEAR)
    return np.clip(image, 0.0, 255.0).astype(np.float32)


def _coarse(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """The strip as from a photo with few pixels a letter, as phones make it, enlarged again as the crop is."""
    height = math.exp(rng.uniform(*np.log(_COARSE_PX)))
    keep = height / STRIP_HEIGHT
    # What phones do acts on the photo's low contrast, which local normalization stretched afterwards: so the strip is
    # flattened, degraded and stretched again.
    flat = rng.uniform(*_FLAT)
    size = max(3, round(image.shape[1] * keep)), round(height)
    small = ((as_phones_do(128.0 + (image - 128.0) * flat, size, rng) - 128.0) / flat + 128.0).astype(np.float32)
    how = cv2.INTER_CUBIC if rng.random() < 0.7 else cv2.INTER_LINEAR
    return _resized(small, (image.shape[1], STRIP_HEIGHT), how)


def _blurred(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Out of focus, or by a hand that moved."""
    if rng.random() < 0.2:
        length, angle = int(rng.integers(4, 12)), rng.uniform(0, math.pi)
        along = np.arange(length) - (length - 1) / 2
        kernel = np.zeros((length, length), np.float32)
        places = np.rint((length - 1) / 2 + along * np.array([[math.sin(angle)], [math.cos(angle)]])).astype(int)
        kernel[places[0], places[1]] = 1.0
        blurred = cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
    else:
        blurred = cv2.GaussianBlur(image, (0, 0), math.exp(rng.uniform(*np.log(_BLUR_PX))))
    return np.asarray(blurred, dtype=np.float32)


def _glare(width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """A lamp's spot or its slope across the strip, in gray levels, ``(48, width)``."""
    rows, cols = np.mgrid[0:STRIP_HEIGHT, 0:width].astype(np.float32)
    if rng.random() < 0.5:
        slope = rng.normal(0, 25.0, 2)
        light = slope[0] * (rows / STRIP_HEIGHT - 0.5) + slope[1] * (cols / width - 0.5)
    else:
        high, wide = rng.uniform(6, 30), rng.uniform(6, 60)
        row, col = rng.uniform(0, STRIP_HEIGHT), rng.uniform(0, width)
        light = rng.uniform(30, 140) * np.exp(-(((rows - row) / high) ** 2) - ((cols - col) / wide) ** 2)
    return np.asarray(light, dtype=np.float32)


def _jittered(band: Band, rng: np.random.Generator) -> Band:
    """The band as another finder might have drawn it; lengths in its heights."""
    height = band.height
    if isinstance(band, TextBox):
        if rng.random() < _TIGHT_SHARE:
            height = height * rng.uniform(_TIGHT_MIN, 1.0)
        return TextBox(
            x=band.x + rng.normal(0, 0.035) * height,
            y=band.y + rng.normal(0, 0.035) * height,
            width=max(0.4 * height, band.width - band.height + height + rng.normal(0.03, 0.12) * height),
            height=height * math.exp(rng.normal(0.02, 0.09)),
            turn_deg=band.turn_deg + rng.normal(0, 3.0),
            score=band.score,
        )
    ahead = math.copysign(math.degrees(height / band.radius), band.stop_deg - band.start_deg)
    return replace(
        band,
        radius=band.radius + rng.normal(0, 0.05) * height,
        height=height * math.exp(rng.normal(0.05, 0.12)),
        start_deg=band.start_deg - ahead * rng.normal(0.05, 0.15),
        stop_deg=band.stop_deg + ahead * rng.normal(0.05, 0.15),
    )


def _resized(image: NDArray[np.float32], size: tuple[int, int], how: int) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(image, size, interpolation=how), dtype=np.float32)
