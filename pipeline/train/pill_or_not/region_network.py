"""The network that tells pills from other things in torch, its loss, its ONNX file."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.segment.pill_or_not import PLANES, VIEW_PX
from pipeline.train.common.onnx_export import quarter
from pipeline.train.segment.segment_network import Block

# Targets are 0.01 and 0.99: a few regions are labeled wrongly.
_SMOOTHED = 0.01


class PillOrNotNetwork(nn.Module):
    """0.35 M weights, ``(n, 10, 64, 64)``, the planes of ``pipeline.segment.pill_or_not`` -> ``(n, 1)`` logit: a pill.

    Both views go through one trunk, made as the first layers of the segmentation network with two planes more.
    """

    def __init__(self) -> None:
        super().__init__()
        self.down2 = Block(PLANES, 16, 2)
        self.down4 = nn.Sequential(Block(16, 24, 2), Block(24, 24))
        self.down8 = nn.Sequential(Block(24, 48, 2), Block(48, 48), Block(48, 48))
        self.down16 = nn.Sequential(Block(48, 80, 2), Block(80, 80), Block(80, 80))
        self.both = Block(160, 96)
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(192, 1)

    def forward(self, planes: Tensor) -> Tensor:
        """Logits, see the class."""
        views = planes.reshape(-1, PLANES, VIEW_PX, VIEW_PX)
        seen = self.down16(self.down8(self.down4(self.down2(views))))
        made = self.both(seen.reshape(-1, 160, VIEW_PX // 16, VIEW_PX // 16))
        result: Tensor = self.head(self.drop(torch.cat([made.mean((2, 3)), made.amax((2, 3))], 1)))
        return result


def begun(segmentation: Path) -> PillOrNotNetwork:
    """A network whose trunk begins as the first layers of a segmentation network's small checkpoint."""
    network = PillOrNotNetwork()
    own = network.state_dict()
    stored = torch.load(segmentation, map_location="cpu", weights_only=True)["average"]
    for name, value in stored.items():
        if name == "down2.convolution.weight":
            own[name][:] = 0
            own[name][:, :3] = value
        elif name.startswith("down") and name in own:
            own[name].copy_(value)
    return network


def pill_loss(network: nn.Module, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """Cross-entropy of planes and truth ``(n,)`` 0-1; besides it, the shares of pills and of others told rightly."""
    planes, truth = batch
    logits = network(planes)[:, 0].float()
    loss = functional.binary_cross_entropy_with_logits(logits, truth * (1 - 2 * _SMOOTHED) + _SMOOTHED)
    right = ((logits > 0) == (truth > 0.5)).float()
    shares = {
        name: float((right * own).sum() / own.sum().clamp_min(1))
        for name, own in (("pills", truth), ("others", 1 - truth))
    }
    return loss, {"entropy": float(loss.detach()), **shares}


def trained(checkpoint: Path) -> PillOrNotNetwork:
    """The network with a checkpoint's averaged weights."""
    network = PillOrNotNetwork()
    network.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["average"])
    return network.eval()


def export(checkpoint: Path, out: Path) -> None:
    """Write a checkpoint's averaged weights as ONNX, batch norm folded, any number of regions, stored as int8."""
    torch.onnx.export(
        trained(checkpoint),
        (torch.zeros(2, 2 * PLANES, VIEW_PX, VIEW_PX),),
        str(out),
        input_names=["regions"],
        output_names=["logits"],
        dynamic_axes={"regions": {0: "n"}, "logits": {0: "n"}},
        opset_version=13,
        dynamo=False,
    )
    quarter(out)
