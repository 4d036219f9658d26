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
from pipeline.imprint.line_reader import STRIP_HEIGHT
from pipeline.imprint.textboxes import TextBox
from pipeline.train.strip_labels import Band, Kind
from pipeline.train.strips import Strip

BATCH = 24
# Batches are cut from a pool of so many, sorted by width, so that strips of like width share one.
_POOL_BATCHES = 8
# Wider strips, of which there are hardly any, would cost more than they teach.
_WIDTH_MAX = 360
_WIDTH_MIN = 24
# How much more often a strip is met than another; docs/experiments/recognizer.md.
_WEIGHTS = {
    (False, Kind.TEXT): 3.0,
    (False, Kind.NOTHING): 1.5,
    (False, Kind.WRONG_WAY): 0.6,
    (True, Kind.TEXT): 1.2,
    (True, Kind.NOTHING): 0.7,
    (True, Kind.WRONG_WAY): 0.25,
}
_REAL_ARC_WEIGHT = 3.0
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
    weight = _WEIGHTS[strip.is_drawn, strip.label.kind]
    weight *= _REAL_ARC_WEIGHT if isinstance(strip.label.band, Arc) and not strip.is_drawn else 1.0
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
    """The strip ``(48, w)`` float32 0-255, its band moved a little, stretched, blurred, coarsened, lit and grained."""
    image = _jittered(strip.label.band, rng).strip(strip.crop(), STRIP_HEIGHT).astype(np.float32)
    width = max(_WIDTH_MIN, int(image.shape[1] * math.exp(rng.normal(0, 0.1))))
    if rng.random() < 0.4:
        keep = rng.uniform(0.35, 0.9)
        image = _resized(image, (max(1, round(image.shape[1] * keep)), round(STRIP_HEIGHT * keep)), cv2.INTER_AREA)
    image = _resized(image, (width, STRIP_HEIGHT), cv2.INTER_LINEAR)
    if rng.random() < 0.3:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.5)), dtype=np.float32)
    image = (image - 128.0) * math.exp(rng.normal(0, 0.25)) + 128.0 + rng.normal(0, 6)
    if rng.random() < 0.15:
        image = 255.0 - image
    if rng.random() < 0.3:
        grain = rng.normal(0, rng.uniform(2, 14), (STRIP_HEIGHT // 2, max(12, width // 2)))
        image = image + _resized(grain.astype(np.float32), (width, STRIP_HEIGHT), cv2.INTER_LINEAR)
    return np.clip(image, 0.0, 255.0).astype(np.float32)


def _jittered(band: Band, rng: np.random.Generator) -> Band:
    """The band as another finder might have drawn it; lengths in its heights."""
    height = band.height
    if isinstance(band, TextBox):
        return TextBox(
            x=band.x + rng.normal(0, 0.035) * height,
            y=band.y + rng.normal(0, 0.035) * height,
            width=max(0.4 * height, band.width + rng.normal(0.03, 0.12) * height),
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
