"""The network that tells pills from other things in torch, its loss, its ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.segment.pill_or_not import PLANES, VIEW_PX
from pipeline.train.common.onnx_export import quarter
from pipeline.train.pill_or_not.lite_trunk import STAGES, stem_and_stages, take_imagenet
from pipeline.train.pill_or_not.shipped import take_shipped

# Targets are 0.01 and 0.99: a few regions are labeled wrongly.
_SMOOTHED = 0.01
# Stages that keep ImageNet's weights: edges and textures, at the largest maps, where training costs most.
_KEPT_STAGES = 2
# The stages whose features are pooled, and a view's pixels for each pixel of their maps.
_POOLED = {2: 8, 4: 16}
_HIDDEN = 96


class PillOrNotNetwork(nn.Module):
    """0.8 M weights, ``(n, 10, 64, 64)``, the planes of ``pipeline.segment.pill_or_not`` -> ``(n, 1)`` logit: a pill.

    Both views go through the first layers of EfficientNet-Lite0. What they show inside the region, outside it and
    anywhere at most tells what it is.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.stages = stem_and_stages()
        self.where = nn.Conv2d(2, STAGES[_KEPT_STAGES - 1][4], 1, bias=False)
        nn.init.zeros_(self.where.weight)
        pooled = sum(STAGES[stage][4] for stage in _POOLED)
        self.hidden = nn.Linear(2 * 3 * pooled, _HIDDEN)
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(_HIDDEN, 1)

    def train(self, mode: bool = True) -> Self:
        """The kept stages stay as they are, their batch norm too."""
        super().train(mode)
        for kept in (self.stem, *self.stages[:_KEPT_STAGES]):
            kept.eval()
        return self

    def forward(self, planes: Tensor) -> Tensor:
        """Logits, see the class."""
        views = planes.reshape(-1, PLANES, VIEW_PX, VIEW_PX)
        made = self._kept(views[:, :3] * 2) + self.where(functional.avg_pool2d(views[:, 3:], 4))
        inside, pooled = views[:, 3:4] + 0.5, []
        for number, stage in enumerate(self.stages[_KEPT_STAGES:], _KEPT_STAGES):
            made = stage(made)
            if number in _POOLED:
                pooled += _pooled(made, functional.avg_pool2d(inside, _POOLED[number]))
        seen = torch.cat(pooled, 1).reshape(-1, self.hidden.in_features)
        result: Tensor = self.head(self.drop(functional.relu(self.hidden(seen))))
        return result

    def _kept(self, pixels: Tensor) -> Tensor:
        """What the stages make that learn nothing; in bfloat16 while the others are trained."""
        with torch.no_grad(), torch.autocast(pixels.device.type, torch.bfloat16, enabled=self.training):
            made: Tensor = self.stem(pixels.contiguous(memory_format=torch.channels_last) if self.training else pixels)
            for stage in self.stages[:_KEPT_STAGES]:
                made = stage(made)
        return made.float()


def _pooled(made: Tensor, inside: Tensor) -> list[Tensor]:
    """Means ``(n, channels)`` of features inside the region and outside it, and their maxima."""
    means = [(made * share).sum((2, 3)) / (share.sum((2, 3)) + 0.5) for share in (inside, 1 - inside)]
    return [*means, made.amax((2, 3))]


def begun(begin: Path | None, planes: Tensor) -> PillOrNotNetwork:
    """A network to be taught: as ``begin`` holds it, or untaught where that is None since a checkpoint gives all.

    Args:
        begin: a network as `export` writes it, or EfficientNet-Lite0's weights, which the trunk gets.
        planes: ``(n, 10, 64, 64)``, such as it is to learn.
    """
    network = PillOrNotNetwork()
    if begin is not None and begin.suffix == ".onnx":
        take_shipped(network, begin, planes)
    elif begin is not None:
        take_imagenet(network, begin)
    # Convolutions channel by channel take half the time so.
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


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
        opset_version=17,
        dynamo=False,
    )
    quarter(out)
