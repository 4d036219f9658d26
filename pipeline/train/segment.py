"""Trains the segmentation network: pill or not, and pill core, at half the input's resolution.

    python -m pipeline.train.segment cut-outs ../shared/data/rximage300 WORK
    python -m pipeline.train.segment teach ../shared/data/rximage300 WORK/taught_rximage
    python -m pipeline.train.segment teach ../shared/data/tfda WORK/taught_tfda
    python -m pipeline.draw heap-set --n 16 --seed 540 --pills 40 --out WORK/heaps
    python -m pipeline.train.segment scenes WORK --masks ../shared/data/masks --taught WORK/taught_rximage ...
    python -m pipeline.train.segment fit WORK --minutes 52
    python -m pipeline.train.segment export WORK pipeline/weights/segment.onnx
    python -m pipeline.train.segment choice ../shared/data

``fit`` goes on from ``WORK/segment.pt`` where it was stopped, and reads scenes that come while it runs. ``choice``
prints the weights of ``pipeline.segment.choose``.
"""

from __future__ import annotations

import math
import time
from pathlib import Path

import click
import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from pipeline.segment import segment
from pipeline.segment.choose import SIGNS
from pipeline.train.segment_choice import fit_choice
from pipeline.train.segment_cutouts import save_cut_outs
from pipeline.train.segment_real import RealScenes
from pipeline.train.segment_scenes import Scene, SceneMaker, load_cut_outs
from pipeline.train.segment_teach import label

_SIDE = 256
_BATCH = 8
Packed = tuple[NDArray[np.uint8], NDArray[np.uint8]]


class Block(nn.Module):
    """3x3 convolution, batch normalization, ReLU, with a shortcut where the size stays."""

    def __init__(self, given: int, made: int, stride: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(given, made, 3, stride, 1, bias=False)
        self.normal = nn.BatchNorm2d(made)
        self.shortcut = given == made and stride == 1

    def forward(self, given: Tensor) -> Tensor:
        """``(n, given, h, w)`` -> ``(n, made, h / stride, w / stride)``."""
        made: Tensor = self.normal(self.convolution(given))
        return functional.relu(made + given if self.shortcut else made)


class SegmentNetwork(nn.Module):
    """A small U-Net, 0.7 M weights.

    ``(n, 3, h, w)`` RGB in -0.5..0.5, sides divisible by 32 -> ``(n, 2, h / 2, w / 2)`` logits: pill, core of a pill.
    """

    def __init__(self) -> None:
        super().__init__()
        self.down2 = Block(3, 16, 2)
        self.down4 = nn.Sequential(Block(16, 24, 2), Block(24, 24))
        self.down8 = nn.Sequential(Block(24, 48, 2), Block(48, 48), Block(48, 48))
        self.down16 = nn.Sequential(Block(48, 80, 2), Block(80, 80), Block(80, 80))
        self.down32 = nn.Sequential(Block(80, 112, 2), Block(112, 112), Block(112, 112))
        self.across16 = nn.Conv2d(112, 80, 1)
        self.up16 = Block(80, 80)
        self.across8 = nn.Conv2d(80, 48, 1)
        self.up8 = Block(48, 48)
        self.across4 = nn.Conv2d(48, 24, 1)
        self.up4 = Block(24, 24)
        self.across2 = nn.Conv2d(24, 16, 1)
        self.up2 = Block(16, 16)
        self.head = nn.Conv2d(16, 2, 1)

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits, see the class."""
        at2 = self.down2(pixels)
        at4 = self.down4(at2)
        at8 = self.down8(at4)
        at16 = self.down16(at8)
        deep = self.down32(at16)
        deep = self.up16(at16 + _double(self.across16(deep)))
        deep = self.up8(at8 + _double(self.across8(deep)))
        deep = self.up4(at4 + _double(self.across4(deep)))
        deep = self.up2(at2 + _double(self.across2(deep)))
        result: Tensor = self.head(deep)
        return result


def _double(given: Tensor) -> Tensor:
    return functional.interpolate(given, scale_factor=2.0, mode="nearest")


def loss_of(logits: Tensor, truth: Tensor) -> Tensor:
    """Cross-entropy plus Dice, each over both maps; ``truth`` ``(n, 2, h, w)`` in 0-1."""
    weight = torch.tensor([1.0, 1.5]).view(1, 2, 1, 1)
    entropy = functional.binary_cross_entropy_with_logits(logits, truth, weight=weight)
    chance = torch.sigmoid(logits)
    overlap = (chance * truth).sum(dim=(0, 2, 3))
    dice = 1 - (2 * overlap + 1) / (chance.sum(dim=(0, 2, 3)) + truth.sum(dim=(0, 2, 3)) + 1)
    return entropy * 2 + dice.mean()


def _tensors(scenes: list[Packed]) -> tuple[Tensor, Tensor]:
    pixels = np.stack([pixels for pixels, _ in scenes]).transpose(0, 3, 1, 2).astype(np.float32) / 255 - 0.5
    truth = np.stack([maps for _, maps in scenes]).astype(np.float32) / 255
    return torch.from_numpy(pixels).contiguous(memory_format=torch.channels_last), torch.from_numpy(truth)


def pack(scene: Scene) -> Packed:
    """A scene as it is stored: pixels ``(h, w, 3)`` and maps ``(2, h / 2, w / 2)`` (pill, core), uint8 0-255."""
    maps = [
        cv2.resize(mask.astype(np.uint8) * 255, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        for mask in (scene.labels > 0, scene.cores)
    ]
    return scene.pixels, np.stack(maps).astype(np.uint8)


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


class _Pool:
    """The scenes stored so far; files that come later are read as they come, the oldest go."""

    def __init__(self, folder: Path, most: int = 6000) -> None:
        self.folder, self.most = folder, most
        self.read: set[Path] = set()
        self.scenes: list[Packed] = []

    def refresh(self) -> None:
        """Read the files that are new."""
        for path in sorted(set(self.folder.glob("*.npz")) - self.read):
            with np.load(path) as stored:
                self.scenes += list(zip(stored["pixels"], stored["maps"], strict=True))
            self.read.add(path)
        self.scenes = self.scenes[-self.most :]

    def batch(self, rng: np.random.Generator, size: int) -> list[Packed]:
        """Scenes drawn at random, each varied."""
        return [_varied(rng, self.scenes[int(rng.integers(len(self.scenes)))]) for _ in range(size)]


def fit(work: Path, minutes: float, rate: float, begin: Path | None = None) -> None:
    """Train for so many minutes on ``work/scenes``; saves ``work/segment.pt`` every 100 steps and goes on from it.

    Without that file it begins from the weights of ``begin``, as `export` writes them, or from nothing.
    """
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    network, step = SegmentNetwork(), 0
    state_file = work / "segment.pt"
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=1e-3)
    if state_file.exists():
        state = torch.load(state_file, weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        step = int(state["step"])
    elif begin is not None:
        state = torch.load(begin, weights_only=True)
        network.load_state_dict({name: tensor.float() for name, tensor in state["network"].items()})
        step = int(state["step"])
    pool = _Pool(work / "scenes")
    rng = np.random.default_rng(1000 + step)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.train()
    begun, first, losses = time.monotonic(), step, []
    while (spent := (time.monotonic() - begun) / 60) < minutes:
        if (step - first) % 50 == 0:
            pool.refresh()
        for group in optimizer.param_groups:
            warm = min(1.0, (step - first + 1) / 100)
            group["lr"] = rate * warm * (0.02 + 0.49 * (1 + math.cos(math.pi * spent / minutes)))
        pixels, truth = _tensors(pool.batch(rng, _BATCH))
        loss = loss_of(network(pixels), truth)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimizer.step()
        step += 1
        losses.append(loss.item())
        if step % 25 == 0:
            click.echo(f"step {step} minute {spent:.1f} loss {np.mean(losses[-50:]):.4f} of {len(pool.scenes)} scenes")
        if step % 100 == 0:
            _save(network, optimizer, step, state_file)
    _save(network, optimizer, step, state_file)


def _save(network: nn.Module, optimizer: torch.optim.Optimizer, step: int, file: Path) -> None:
    part = file.with_suffix(".part")
    torch.save({"network": network.state_dict(), "optimizer": optimizer.state_dict(), "step": step}, part)
    part.replace(file)


@click.group()
def main() -> None:
    """Train the segmentation network."""


@main.command("cut-outs")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("work", type=click.Path(path_type=Path))
@click.option("--limit", default=900)
def cut_outs_command(folder: Path, work: Path, limit: int) -> None:
    """Cut pills out of an RxIMAGE folder."""
    click.echo(f"{save_cut_outs(folder, work, limit)} pills cut out")


@main.command("teach")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--limit", default=420)
def teach_command(folder: Path, target: Path, limit: int) -> None:
    """Copy photos on which the present segmentation finds two good faces to TARGET, with these as polygons."""
    click.echo(f"{label(folder, target, limit, segment)} photos")


@main.command("choice")
@click.argument("data", type=click.Path(path_type=Path))
def choice_command(data: Path) -> None:
    """Fit how regions are chosen among those proposed."""
    weights, bias = fit_choice(data)
    click.echo(f"{dict(zip(SIGNS, weights, strict=True))}\nbias {bias}")


@main.command("scenes")
@click.argument("work", type=click.Path(path_type=Path))
@click.option("--files", default=10, help="How many files of 100 scenes to add.")
@click.option("--masks", type=click.Path(path_type=Path), help="folder of photos with polygons")
@click.option("--taught", type=click.Path(path_type=Path), multiple=True, help="folders of labeled photos")
@click.option("--real-share", default=0.3)
def scenes_command(work: Path, files: int, masks: Path | None, taught: tuple[Path, ...], real_share: float) -> None:
    """Draw scenes for the training, which may run meanwhile, into WORK/scenes."""
    cv2.setNumThreads(1)
    target = work / "scenes"
    target.mkdir(exist_ok=True)
    maker = SceneMaker(load_cut_outs(work / "train"), _SIDE)
    real = RealScenes.load(masks, taught, _SIDE) if masks or taught else None
    begin = len(list(target.glob("*.npz")))
    for number in range(begin, begin + files):
        rng = np.random.default_rng([7, number])
        chosen = (real if real is not None and rng.random() < real_share else maker for _ in range(100))
        packed = [pack(source.scene(rng)) for source in chosen]
        part = target / f"{number:04d}.part"
        with part.open("wb") as stream:
            np.savez(stream, pixels=np.stack([one for one, _ in packed]), maps=np.stack([two for _, two in packed]))
        part.replace(target / f"{number:04d}.npz")


@main.command("fit")
@click.argument("work", type=click.Path(path_type=Path))
@click.option("--minutes", default=40.0)
@click.option("--rate", default=2e-3)
@click.option("--begin", type=click.Path(path_type=Path, exists=True), help="Small checkpoint to begin from.")
def fit_command(work: Path, minutes: float, rate: float, begin: Path | None) -> None:
    """Train, or go on training."""
    fit(work, minutes, rate, begin)


@main.command("export")
@click.argument("work", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
def export_command(work: Path, target: Path) -> None:
    """Write the network as ONNX and, beside it, as a small checkpoint for the next training to begin from."""
    network = SegmentNetwork()
    state = torch.load(work / "segment.pt", weights_only=True)
    halves = {name: tensor.half() for name, tensor in state["network"].items()}
    torch.save({"network": halves, "step": state["step"]}, target.with_suffix(".pt"))
    network.load_state_dict(state["network"])
    network.eval()
    names = {"pixels": {2: "height", 3: "width"}, "logits": {2: "height2", 3: "width2"}}
    torch.onnx.export(
        network,
        (torch.zeros(1, 3, 256, 320),),
        str(target),
        input_names=["pixels"],
        output_names=["logits"],
        dynamic_axes=names,
        opset_version=13,
        dynamo=False,
    )
    click.echo(f"{target}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
