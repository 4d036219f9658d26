"""The line head: beside the character detector, on its trunk, it finds lines of text and the way they run."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from pipeline.imprint.line_map import CHANNELS as LINE_CHANNELS
from pipeline.train.reader.character_network import CHANNELS, NECK, CharacterDetector, Residual

# Channels at strides 32, 16, 8 and 4: what way a word runs is told by the deep maps, whose blocks cost little.
_WIDTHS = (64, 64, 48, 32)


class LineHead(nn.Module):
    """The trunk's maps at strides 4 to 32 and the detector's merged map to ``(n, LINE_CHANNELS, h / 4, w / 4)``."""

    def __init__(self) -> None:
        super().__init__()
        deep_first = CHANNELS[:0:-1]
        self.lateral = nn.ModuleList(
            nn.Conv2d(channels, width, 1) for channels, width in zip(deep_first, _WIDTHS, strict=True)
        )
        self.up = nn.ModuleList(nn.Conv2d(above, width, 1) for above, width in itertools.pairwise(_WIDTHS))
        self.merged = nn.Conv2d(NECK, _WIDTHS[-1], 1)
        self.blocks = nn.ModuleList(Residual(width) for width in _WIDTHS)
        self.last = nn.Conv2d(_WIDTHS[-1], LINE_CHANNELS, 1)
        assert self.last.bias is not None
        nn.init.zeros_(self.last.bias)
        nn.init.constant_(self.last.bias[:1], -3.0)

    def forward(self, maps: list[Tensor], merged: Tensor) -> Tensor:
        """``maps`` from stride 4 to 32."""
        x = self.blocks[0](self.lateral[0](maps[-1]))
        for level in range(1, len(self.blocks)):
            x = nn.functional.interpolate(self.up[level - 1](x), scale_factor=2.0, mode="nearest")
            x = x + self.lateral[level](maps[-1 - level])
            if level == len(self.blocks) - 1:
                x = x + self.merged(merged)
            x = self.blocks[level](x)
        return self.last(x)


class CharacterLineNetwork(nn.Module):
    """The network that ships: ``(n, 2, h, w)`` float32 to the detector's map and the lines' map, both at stride 4."""

    def __init__(self, detector: CharacterDetector | None = None) -> None:
        super().__init__()
        self.detector = detector or CharacterDetector()
        self.lines = LineHead()

    def train(self, mode: bool = True) -> CharacterLineNetwork:
        """Only the line head is ever trained here; the detector stays as it is."""
        super().train(mode)
        self.detector.eval()
        return self

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The maps of a batch of canvases, shapes as the class says."""
        maps, merged = self.detector.trunk(x)
        return self.detector.heads(merged), self.lines(maps[1:], merged)

    def line_map(self, x: Tensor) -> Tensor:
        """The lines' map alone, with no gradient into the detector."""
        with torch.no_grad():
            maps, merged = self.detector.trunk(x)
        return self.lines(maps[1:], merged)
