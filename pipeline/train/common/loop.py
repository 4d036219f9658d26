"""The training loop of our networks: minutes on a CPU, in sessions that may be cut off."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

# Seconds between two checkpoints: what a training that is cut off loses at most.
_SAVE_EVERY_S = 240.0
# Steps between two lines of the curve.
_NOTE_EVERY = 50
_WARM_STEPS = 80
_GRADIENT_NORM_MAX = 5.0


@dataclass(frozen=True)
class TrainingTask:
    """What is trained: the network anew, endless batches of a seed, and a batch's loss with its parts by name.

    ``average_decay``: the averaged weights follow the trained ones over about 1 / (1 - decay) steps.
    """

    network: Callable[[], nn.Module]
    batches: Callable[[int], torch.utils.data.IterableDataset[Any]]
    loss: Callable[[nn.Module, Any], tuple[Tensor, dict[str, float]]]
    weight_decay: float = 0.02
    average_decay: float = 0.998


@dataclass(frozen=True)
class CurvePoint:
    """A point of the curve: mean losses since the point before; ``model`` has the averaged weights, to be tried."""

    step: int
    minutes: float
    rate: float
    losses: dict[str, float]
    model: nn.Module
    is_last: bool = False


def run(
    task: TrainingTask,
    checkpoint: Path,
    minutes: float,
    *,
    rate: float,
    seed: int = 0,
    threads: int = 1,
    workers: int = 1,
    resume: bool = False,
    steps: int | None = None,
    note: Callable[[CurvePoint], None] | None = None,
    device: str = "cpu",
) -> None:
    """Train for some minutes; the rate rises for 80 steps, then falls as a cosine over the time given.

    Args:
        task: what is trained.
        checkpoint: where the state is kept, every four minutes; weights that are there are started from.
        minutes: of training in all.
        rate: the highest.
        seed: of the first weights and of the batches.
        threads: of torch.
        workers: processes that prepare batches; 0 prepares them here.
        resume: go on where the checkpoint's training was cut off, its minutes counted in, rather than begin another
            one from its weights.
        steps: stop for now after so many, or with the minutes.
        note: called every 50 steps and at the end; without it a line is printed.
        device: of torch, "cpu" or "cuda"; a checkpoint of one goes on on the other.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    state = _State.start(task, checkpoint, rate, resume, device)
    loader = torch.utils.data.DataLoader(
        task.batches(seed + state.step), batch_size=None, num_workers=workers, prefetch_factor=6 if workers else None
    )
    note = note or _print
    begun = saved = time.monotonic()
    before, first = state.spent_minutes, state.step
    for items in loader:
        state.spent_minutes = before + (time.monotonic() - begun) / 60
        if state.spent_minutes >= minutes or state.step - first == steps:
            break
        state.make_step(_moved(items, device), rate * _pace(state.session, state.spent_minutes / minutes))
        if state.session % _NOTE_EVERY == 0:
            note(state.point())
        if time.monotonic() - saved > _SAVE_EVERY_S:
            state.save(checkpoint)
            saved = time.monotonic()
    state.save(checkpoint)
    note(state.point(is_last=True))


def _pace(session: int, done: float) -> float:
    """The share of the highest rate."""
    return min(1.0, (session + 1) / _WARM_STEPS) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))


def _moved(items: Any, device: str) -> Any:
    """A batch's tensors on the device."""
    if isinstance(items, Tensor):
        return items.to(device)
    if isinstance(items, (tuple, list)):
        return type(items)(_moved(item, device) for item in items)
    return items


def _stored(checkpoint: Path) -> dict[str, Any]:
    stored: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)
    return stored


@dataclass
class _State:
    """All that changes while training; ``session`` counts the steps since the rate last began to rise."""

    task: TrainingTask
    model: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer
    step: int = 0
    session: int = 0
    spent_minutes: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)
    summed: int = 0

    @classmethod
    def start(cls, task: TrainingTask, checkpoint: Path, rate: float, resume: bool, device: str) -> _State:
        model, average = task.network().to(device), task.network().to(device)
        stored: dict[str, Any] = _stored(checkpoint) if checkpoint.exists() else {}
        if stored:
            model.load_state_dict(stored["model"])
        average.load_state_dict(model.state_dict())
        optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=task.weight_decay)
        state = cls(task, model, average, optimizer, stored.get("step", 0))
        if resume and "optimizer" in stored:
            average.load_state_dict(stored["average"])
            optimizer.load_state_dict(stored["optimizer"])
            state.session, state.spent_minutes = stored["session"], stored["spent_minutes"]
        return state

    def make_step(self, items: Any, rate: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        total, parts = self.task.loss(self.model, items)
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), _GRADIENT_NORM_MAX)
        self.optimizer.step()
        self._follow(min(self.task.average_decay, (self.session + 1) / (self.session + 10)))
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
        stored = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "session": self.session,
            "spent_minutes": self.spent_minutes,
        }
        torch.save(stored, part)
        part.replace(checkpoint)


def _print(point: CurvePoint) -> None:
    text = " ".join(f"{key} {value:.3f}" for key, value in point.losses.items())
    print(f"step {point.step} {point.minutes:.1f} min {text}", flush=True)


def begin_from(before: Path, checkpoint: Path) -> None:
    """Make a checkpoint of another's averaged weights, with none of its optimizer or its minutes."""
    state = _stored(before)
    state["average"] = {
        name: tensor.float() if tensor.dtype is torch.half else tensor for name, tensor in state["average"].items()
    }
    part = checkpoint.with_suffix(".part")
    torch.save({"model": state["average"], "average": state["average"], "step": state["step"]}, part)
    part.replace(checkpoint)


def blend(before: Path, checkpoint: Path, keep: float, out: Path) -> None:
    """Write a checkpoint whose averaged weights are ``keep`` parts of an earlier training's and the rest of this one's.

    What a training further on other photos forgets of the first ones is so given back in part (Wortsman and others,
    "Robust fine-tuning of zero-shot models", CVPR 2022).
    """
    state, old = (_stored(path) for path in (checkpoint, before))
    average = {
        name: tensor.lerp(old["average"][name].to(tensor.dtype), keep) if tensor.dtype.is_floating_point else tensor
        for name, tensor in state["average"].items()
    }
    torch.save({"average": average, "step": state["step"]}, out)


def keep_small(checkpoint: Path, out: Path, part: str = "") -> None:
    """Write the averaged weights whose names begin with ``part`` as fp16, for the next training to begin from."""
    state = _stored(checkpoint)
    average = {
        name: tensor.half() if tensor.dtype is torch.float else tensor
        for name, tensor in state["average"].items()
        if name.startswith(part)
    }
    torch.save({"average": average, "step": state["step"]}, out)


def spent_minutes(checkpoint: Path) -> float:
    """The minutes that the checkpoint's training has had; 0 without one."""
    return float(_stored(checkpoint).get("spent_minutes", 0.0)) if checkpoint.exists() else 0.0
