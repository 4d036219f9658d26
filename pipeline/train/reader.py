"""Trains the reader's network from labeled faces, on a CPU, in sessions that may be cut off."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline.train.faces import CLASS, HEIGHT, IGNORED, TURN_DEG, WIDTH, LabeledFace, X, Y, canvas_of
from pipeline.train.network import CLASSES, GEOMETRY, STRIDE, CharacterDetector

BATCH = 16
# Seconds between two checkpoints: what a training that is cut off loses at most.
_SAVE_EVERY_S = 240.0
# Steps between two lines of the curve.
_NOTE_EVERY = 50
_WARM_STEPS = 80
# The averaged weights follow the trained ones over about 500 steps.
_AVERAGE_DECAY = 0.998


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


@dataclass(frozen=True)
class CurvePoint:
    """Where a training stands: mean losses since the point before; ``model`` are the averaged weights, to be tried."""

    step: int
    minutes: float
    rate: float
    losses: dict[str, float]
    model: CharacterDetector
    is_last: bool = False


class Batches(torch.utils.data.IterableDataset[dict[str, Tensor]]):
    """Endless augmented batches: each from one kind of canvas, faces drawn from weighted sources."""

    def __init__(self, sources: Sequence[Source], seed: int, size: int = BATCH) -> None:
        self.seed = seed
        self.size = size
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
                items.append({"image": canvas, **targets(characters, canvas.shape[1:])})
            yield {key: torch.from_numpy(np.stack([item[key] for item in items])) for key in items[0]}


def train(
    sources: Sequence[Source],
    checkpoint: Path,
    minutes: float,
    *,
    rate: float = 1.5e-3,
    seed: int = 0,
    threads: int = 1,
    workers: int = 1,
    batch: int = BATCH,
    resume: bool = False,
    steps: int | None = None,
    note: Callable[[CurvePoint], None] | None = None,
) -> None:
    """Train for some minutes; the rate rises for 80 steps, then falls as a cosine over the time given.

    Args:
        sources: faces with their shares of the batches.
        checkpoint: where the state is kept, every four minutes; weights that are there are started from.
        minutes: of training in all.
        rate: the highest.
        seed: of the first weights and of the batches.
        threads: of torch.
        workers: processes that prepare batches; 0 prepares them here.
        batch: faces in a step.
        resume: go on where the checkpoint's training was cut off, its minutes counted in, rather than begin another
            one from its weights.
        steps: stop for now after so many, or with the minutes.
        note: called every 50 steps and at the end; without it a line is printed.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    run = _Run.start(checkpoint, rate, resume)
    endless = Batches(sources, seed + run.step, batch)
    loader = torch.utils.data.DataLoader(
        endless, batch_size=None, num_workers=workers, prefetch_factor=6 if workers else None
    )
    note = note or _print
    begun = saved = time.monotonic()
    before, first = run.spent_minutes, run.step
    for items in loader:
        run.spent_minutes = before + (time.monotonic() - begun) / 60
        if run.spent_minutes >= minutes or run.step - first == steps:
            break
        run.make_step(items, rate * _pace(run.session, run.spent_minutes / minutes))
        if run.session % _NOTE_EVERY == 0:
            note(run.point())
        if time.monotonic() - saved > _SAVE_EVERY_S:
            run.save(checkpoint)
            saved = time.monotonic()
    run.save(checkpoint)
    note(run.point(is_last=True))


def _pace(session: int, done: float) -> float:
    """The share of the highest rate."""
    return min(1.0, (session + 1) / _WARM_STEPS) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))


@dataclass
class _Run:
    """All that changes while training; ``session`` counts the steps since the rate last began to rise."""

    model: CharacterDetector
    average: CharacterDetector
    optimizer: torch.optim.Optimizer
    step: int
    session: int
    spent_minutes: float
    sums: dict[str, float]
    summed: int = 0

    @classmethod
    def start(cls, checkpoint: Path, rate: float, resume: bool) -> _Run:
        model: CharacterDetector = CharacterDetector().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        average = CharacterDetector()
        state: dict[str, Any] = torch.load(checkpoint, weights_only=True) if checkpoint.exists() else {}
        if state:
            model.load_state_dict(state["model"])
        average.load_state_dict(model.state_dict())
        optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.02)
        run = cls(model, average, optimizer, state.get("step", 0), 0, 0.0, {})
        if resume and "optimizer" in state:
            average.load_state_dict(state["average"])
            optimizer.load_state_dict(state["optimizer"])
            run.session, run.spent_minutes = state["session"], state["spent_minutes"]
        return run

    def make_step(self, items: dict[str, Tensor], rate: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        output = self.model(items["image"].to(memory_format=torch.channels_last))
        total, parts = loss(output, items)
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step()
        self._follow(min(_AVERAGE_DECAY, (self.session + 1) / (self.session + 10)))
        self.step, self.session, self.summed = self.step + 1, self.session + 1, self.summed + 1
        for key, value in parts.items():
            self.sums[key] = self.sums.get(key, 0.0) + value

    @torch.no_grad()
    def _follow(self, decay: float) -> None:
        for mean, new in zip(self.average.state_dict().values(), self.model.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(new, 1 - decay)
            else:
                mean.copy_(new)

    def point(self, is_last: bool = False) -> CurvePoint:
        losses = {key: value / max(self.summed, 1) for key, value in self.sums.items()}
        self.sums, self.summed = {}, 0
        return CurvePoint(
            self.step, self.spent_minutes, self.optimizer.param_groups[0]["lr"], losses, self.average, is_last
        )

    def save(self, checkpoint: Path) -> None:
        """Write the checkpoint whole or not at all."""
        part = checkpoint.with_suffix(".part")
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "session": self.session,
            "spent_minutes": self.spent_minutes,
            "classes": list(CLASSES),
        }
        torch.save(state, part)
        part.replace(checkpoint)


def _print(point: CurvePoint) -> None:
    text = " ".join(f"{key} {value:.3f}" for key, value in point.losses.items())
    print(f"step {point.step} {point.minutes:.1f} min {text}", flush=True)


def begin_from(before: Path, checkpoint: Path) -> None:
    """Make a checkpoint of another's averaged weights, with none of its optimizer or its minutes."""
    state = torch.load(before, weights_only=True)
    state["average"] = {
        name: tensor.float() if tensor.dtype is torch.half else tensor for name, tensor in state["average"].items()
    }
    part = checkpoint.with_suffix(".part")
    torch.save({"model": state["average"], "average": state["average"], "step": state["step"]}, part)
    part.replace(checkpoint)


def keep_small(checkpoint: Path, out: Path) -> None:
    """Write a checkpoint's averaged weights as fp16, for the next training to begin from."""
    state = torch.load(checkpoint, weights_only=True)
    average = {
        name: tensor.half() if tensor.dtype is torch.float else tensor for name, tensor in state["average"].items()
    }
    torch.save({"average": average, "step": state["step"]}, out)


def spent_minutes(checkpoint: Path) -> float:
    """The minutes that the checkpoint's training has had; 0 without one."""
    return float(torch.load(checkpoint, weights_only=True).get("spent_minutes", 0.0)) if checkpoint.exists() else 0.0
