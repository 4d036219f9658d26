"""Scenes as the segmentation network's training meets them: real crops cut anew each time, drawn ones from files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.train.segment.cutout_scenes import SceneMaker, TrainingScene
from pipeline.train.segment.real import RealScenes

BATCH = 8
Packed = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def pack(scene: TrainingScene) -> Packed:
    """A scene as it is stored: pixels ``(h, w, 3)`` and maps ``(n, h / 2, w / 2)``, uint8 0-255.

    The maps are pill, core and, where not all is known, what is.
    """
    masks = [scene.labels > 0, scene.cores] + ([] if scene.known is None else [scene.known])
    maps = [
        cv2.resize(mask.astype(np.uint8) * 255, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for mask in masks
    ]
    return scene.pixels, np.stack(maps).astype(np.uint8)


def save_drawn(maker: SceneMaker, folder: Path, number: int, count: int = 100) -> Path:
    """Draw scenes into one file, the same for the same number."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([7, number])
    packed = [pack(maker.scene(rng)) for _ in range(count)]
    path = folder / f"{number:04d}.npz"
    part = path.with_suffix(".part")
    with part.open("wb") as stream:
        np.savez(stream, pixels=np.stack([one for one, _ in packed]), maps=np.stack([two for _, two in packed]))
    part.replace(path)
    return path


def load_drawn(folder: Path) -> list[Packed]:
    """All drawn scenes of a folder."""
    scenes: list[Packed] = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as stored:
            scenes += list(zip(stored["pixels"], stored["maps"], strict=True))
    return scenes


class SceneBatches(torch.utils.data.IterableDataset[tuple[Tensor, Tensor]]):
    """Endless batches: pixels ``(n, 3, h, w)`` float32 in -0.5..0.5 and maps ``(n, 4, h / 2, w / 2)`` in 0-1.

    The maps are pill, core, where these are known, and how much of the target an earlier network's maps are.
    """

    def __init__(
        self,
        drawn: list[Packed],
        real: Sequence[tuple[RealScenes, float]],
        seed: int,
        size: int = BATCH,
    ) -> None:
        """``real``: sources of scenes made anew each time and their shares; the rest are drawn ones."""
        self.drawn, self.real = drawn, real
        self.seed, self.size = seed, size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        rng = np.random.default_rng(self.seed)
        while True:
            yield _tensors([self._one(rng) for _ in range(self.size)])

    def _one(self, rng: np.random.Generator) -> tuple[Packed, float]:
        """A scene, and how much of its target an earlier network gives."""
        at = rng.random()
        for source, share in self.real:
            if at < share:
                scene = source.scene(rng)
                return pack(scene), scene.taught_share
            at -= share
        return _varied(rng, self.drawn[int(rng.integers(len(self.drawn)))]), TrainingScene.taught_share


def _varied(rng: np.random.Generator, scene: Packed) -> Packed:
    """A scene again: turned by right angles, mirrored, lighter or darker, in another light."""
    pixels, maps = scene
    turns, mirrored = int(rng.integers(4)), rng.random() < 0.5
    pixels, maps = np.rot90(pixels, turns), np.rot90(maps, turns, axes=(1, 2))
    if mirrored:
        pixels, maps = pixels[:, ::-1], maps[:, :, ::-1]
    gain = np.exp(rng.normal(0, 0.1, 3) + rng.normal(0, 0.2))
    changed = np.clip(pixels.astype(np.float32) * gain, 0, 255).astype(np.uint8)
    return changed, np.ascontiguousarray(maps)


def _tensors(scenes: list[tuple[Packed, float]]) -> tuple[Tensor, Tensor]:
    pixels = np.stack([pixels for (pixels, _), _ in scenes]).transpose(0, 3, 1, 2).astype(np.float32) / 255 - 0.5
    truth = np.stack([_four_maps(maps, share) for (_, maps), share in scenes]).astype(np.float32) / 255
    return torch.from_numpy(pixels).contiguous(memory_format=torch.channels_last), torch.from_numpy(truth)


def _four_maps(maps: NDArray[np.uint8], taught_share: float) -> NDArray[np.uint8]:
    """With what is known, all where only pill and core are given, and the share of the earlier network's maps."""
    full = np.full_like(maps[:1], 255)
    share = np.full_like(maps[:1], round(255 * taught_share))
    return np.concatenate([maps[:2], maps[2:] if len(maps) == 3 else full, share])
