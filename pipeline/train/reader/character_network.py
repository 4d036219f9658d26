"""The reader's network: a fully convolutional character detector with a turn, a size and a class at each place."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pipeline.imprint.detector import CLASSES, STRIDE

__all__ = ["CLASSES", "GEOMETRY", "STRIDE", "CharacterDetector"]

# Channels of the one output map, in order: is a character's center here; cos and sin of its turn; log2 of its
# height and width in px; then one logit a class.
GEOMETRY = 5
CHANNELS = (16, 32, 80, 144, 192)
DEPTHS = (0, 2, 3, 4, 2)
NECK = 48
HIDDEN = 128


def _conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    """Two 3 x 3 convolutions beside the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _conv(channels, channels)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        """``(n, channels, h, w)`` to the same shape."""
        return torch.relu(x + self.second(self.first(x)))


class CharacterDetector(nn.Module):
    """``(n, 2, h, w)`` float32 (normalized gray, mask) to ``(n, 5 + classes, h / 4, w / 4)`` float32."""

    def __init__(self) -> None:
        super().__init__()
        stages, inputs = [], 2
        for channels, depth in zip(CHANNELS, DEPTHS, strict=True):
            stages.append(nn.Sequential(_conv(inputs, channels, 3, 2), *(Residual(channels) for _ in range(depth))))
            inputs = channels
        self.stages = nn.ModuleList(stages)
        self.lateral = nn.ModuleList(nn.Conv2d(channels, NECK, 1) for channels in CHANNELS[1:])
        self.smooth = nn.ModuleList(_conv(NECK, NECK) for _ in CHANNELS[1:-1])
        self.head = Residual(NECK)
        self.objectness = nn.Conv2d(NECK, 1, 1)
        self.geometry = nn.Conv2d(NECK, GEOMETRY - 1, 1)
        self.classes = nn.Sequential(_conv(NECK, HIDDEN, 1), nn.Conv2d(HIDDEN, len(CLASSES), 1))
        assert self.objectness.bias is not None
        nn.init.constant_(self.objectness.bias, -4.0)  # centers are rare (CenterNet, arXiv:1904.07850, uses -2.19)

    def forward(self, x: Tensor) -> Tensor:
        """The maps of a batch of canvases, shapes as the class says."""
        return self.heads(self.trunk(x)[1])

    def trunk(self, x: Tensor) -> tuple[list[Tensor], Tensor]:
        """Each stage's map, at strides 2 to 32, and all merged at stride 4."""
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        merged = self.lateral[-1](maps[-1])
        for level in range(len(self.smooth) - 1, -1, -1):
            up = nn.functional.interpolate(merged, scale_factor=2.0, mode="nearest")
            merged = self.smooth[level](self.lateral[level](maps[level + 1]) + up)
        return maps, self.head(merged)

    def heads(self, merged: Tensor) -> Tensor:
        """The one output map from the merged one."""
        return torch.cat([self.objectness(merged), self.geometry(merged), self.classes(merged)], 1)
