"""Trains the reader's network from labeled faces, on a CPU, in sessions that may be cut off."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline.train.common.loop import TrainingTask
from pipeline.train.faces.labeled import CLASS, HEIGHT, IGNORED, TURN_DEG, WIDTH, LabeledFace, X, Y, canvas_of
from pipeline.train.reader.character_network import GEOMETRY, STRIDE, CharacterDetector

BATCH = 16
# A face bears a maker's mark where it has no more characters than this.
_MARK_MAX = 2


def targets(characters: NDArray[np.float32], size: tuple[int, int]) -> dict[str, NDArray[np.float32]]:
    """What the network should say for a canvas of that size: maps at the network's stride.

    ``heat`` (h, w) a Gaussian at each center, ``care`` (h, w) 0 where nothing is learned, ``label`` (h, w) the
    class or -1, ``geometry`` (4, h, w) cos, sin, log2 height, log2 width, ``placed`` (h, w) where they hold.
    """
    height, width = size[0] // STRIDE, size[1] // STRIDE
    heat, care = np.zeros((height, width), np.float32), np.ones((height, width), np.float32)
    label = np.full((height, width), -1, np.float32)
    geometry, placed = np.zeros((4, height, width), np.float32), np.zeros((height, width), np.float32)
    rows, cols = np.mgrid[:height, :width].astype(np.float32)
    for character in characters:
        col, row = character[X] / STRIDE - 0.5, character[Y] / STRIDE - 0.5
        if not (-0.5 <= row < height - 0.5 and -0.5 <= col < width - 0.5):
            continue
        extent = math.sqrt(max(character[WIDTH] * character[HEIGHT], 1.0)) / STRIDE
        distance = (rows - row) ** 2 + (cols - col) ** 2
        if character[CLASS] == IGNORED:
            care[distance < (0.7 * extent) ** 2 + 1] = 0
            continue
        gauss = np.exp(-distance / (2 * max(0.75, 0.13 * extent) ** 2))
        at = round(float(row)), round(float(col))
        gauss[at] = 1.0
        near = (gauss > 0.5) & (gauss >= heat)
        heat = np.maximum(heat, gauss)
        label[near] = character[CLASS]
        if not math.isnan(character[TURN_DEG]):
            turn = math.radians(character[TURN_DEG])
            sizes = math.log2(max(character[HEIGHT], 2)), math.log2(max(character[WIDTH], 2))
            values = (math.cos(turn), math.sin(turn), *sizes)
            geometry[:, near] = np.array(values, np.float32)[:, None]
            placed[near] = 1
        else:
            placed[near] = 0
    return {"heat": heat, "care": care, "label": label, "geometry": geometry, "placed": placed}


def loss(output: Tensor, target: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """Focal loss of the centers (CenterNet, arXiv:1904.07850), cross entropy of the classes, smooth L1 of the rest."""
    logit, heat, care = output[:, 0], target["heat"], target["care"]
    probability = torch.sigmoid(logit).clamp(1e-5, 1 - 1e-5)
    is_center = heat >= 0.999
    count = is_center.sum().clamp(min=1)
    at_center = -((1 - probability) ** 2 * torch.log(probability))[is_center].sum()
    elsewhere = -((1 - heat) ** 4 * probability**2 * torch.log(1 - probability) * care)[~is_center].sum()
    center = (at_center + elsewhere) / count
    label = target["label"].long()
    classes = nn.functional.cross_entropy(output[:, GEOMETRY:], label, ignore_index=-1, label_smoothing=0.03)
    placed = target["placed"].unsqueeze(1) > 0
    geometry = nn.functional.smooth_l1_loss(output[:, 1:GEOMETRY], target["geometry"], reduction="none", beta=0.2)
    geometry = (geometry * placed).sum() / (4 * placed.sum().clamp(min=1))
    parts = {"center": center.item(), "classes": classes.item(), "geometry": geometry.item()}
    return center + classes + 2.0 * geometry, parts


# Faces with the share of the batches they make up.
Source = tuple[Sequence[LabeledFace], float]
Targets = Callable[[NDArray[np.float32], tuple[int, int]], dict[str, NDArray[np.float32]]]


def marks_among(faces: Iterable[LabeledFace]) -> list[LabeledFace]:
    """The faces that bear one or two characters and no more, which are often large for their face."""
    return [face for face in faces if 1 <= len(face.characters) <= _MARK_MAX]


class Batches(torch.utils.data.IterableDataset[dict[str, Tensor]]):
    """Endless augmented batches: each from one kind of canvas, faces drawn from weighted sources.

    ``told`` makes what the network should say of the characters on a canvas of that size.
    """

    def __init__(self, sources: Sequence[Source], seed: int, size: int = BATCH, told: Targets = targets) -> None:
        self.seed = seed
        self.size = size
        self.told = told
        self.pools: list[list[tuple[Sequence[LabeledFace], NDArray[np.int64]]]] = [[], []]
        self.weights: list[list[float]] = [[], []]
        for faces, weight in sources:
            kinds = np.array([face.is_long for face in faces])
            for kind in (0, 1):
                index = np.flatnonzero(kinds == kind)
                if len(index):
                    self.pools[kind].append((faces, index))
                    self.weights[kind].append(weight * len(index) / len(faces))

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        info = torch.utils.data.get_worker_info()
        rng = np.random.default_rng((self.seed, info.id if info else 0))
        share = np.array([sum(weights) for weights in self.weights])
        while True:
            kind = int(rng.choice(2, p=share / share.sum()))
            weights = np.array(self.weights[kind])
            items = []
            for source in rng.choice(len(weights), self.size, p=weights / weights.sum()):
                faces, index = self.pools[kind][source]
                canvas, characters = canvas_of(faces[int(rng.choice(index))], rng)
                items.append({"image": canvas, **self.told(characters, canvas.shape[1:])})
            yield {key: torch.from_numpy(np.stack([item[key] for item in items])) for key in items[0]}


def reader_task(sources: Sequence[Source], batch: int = BATCH) -> TrainingTask:
    """What `loop.run` trains: the character detector on faces with their shares of the batches, ``batch`` in a step."""
    return TrainingTask(_network, lambda seed: Batches(sources, seed, batch), _batch_loss)


def _network() -> CharacterDetector:
    network: CharacterDetector = CharacterDetector().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def _batch_loss(model: nn.Module, items: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    return loss(model(items["image"].to(memory_format=torch.channels_last)), items)
