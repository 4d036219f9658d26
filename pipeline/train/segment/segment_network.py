"""The segmentation network in torch, its loss, and its ONNX file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.train.common.onnx_export import quarter

# What a wrong core costs beside a wrong pixel of pill: cores are few, and each tells a pill from the next.
_CORE_WEIGHT = 1.5
_ENTROPY_WEIGHT = 2.0

Loss = Callable[[nn.Module, tuple[Tensor, Tensor]], tuple[Tensor, dict[str, float]]]


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
    """A small U-Net, 0.9 M weights.

    ``(n, 3, h, w)`` RGB in -0.5..0.5, sides divisible by 64 -> ``(n, 2, h / 2, w / 2)`` logits: pill, core of a pill.
    """

    def __init__(self) -> None:
        super().__init__()
        self.down2 = Block(3, 16, 2)
        self.down4 = nn.Sequential(Block(16, 24, 2), Block(24, 24))
        self.down8 = nn.Sequential(Block(24, 48, 2), Block(48, 48), Block(48, 48))
        self.down16 = nn.Sequential(Block(48, 80, 2), Block(80, 80), Block(80, 80))
        self.down32 = nn.Sequential(Block(80, 112, 2), Block(112, 112), Block(112, 112))
        # Sees both halves of a capsule that fills the photo.
        self.down64 = nn.Sequential(Block(112, 112, 2), Block(112, 112))
        self.across32 = nn.Conv2d(112, 112, 1)
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
        at32 = self.down32(at16)
        deep = at32 + _double(self.across32(self.down64(at32)))
        deep = self.up16(at16 + _double(self.across16(deep)))
        deep = self.up8(at8 + _double(self.across8(deep)))
        deep = self.up4(at4 + _double(self.across4(deep)))
        deep = self.up2(at2 + _double(self.across2(deep)))
        result: Tensor = self.head(deep)
        return result


def _double(given: Tensor) -> Tensor:
    return functional.interpolate(given, scale_factor=2.0, mode="nearest")


def segment_loss(network: nn.Module, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """Cross-entropy plus Dice over the maps of pill and core, where the third map given ``(n, 4, h, w)`` is 1."""
    pixels, given = batch
    truth, known = given[:, :2], given[:, 2:3]
    logits = network(pixels).float()
    weight = torch.tensor([1.0, _CORE_WEIGHT], device=pixels.device).view(1, 2, 1, 1) * known
    entropy = functional.binary_cross_entropy_with_logits(logits, truth, weight=weight)
    chance, truth = torch.sigmoid(logits) * known, truth * known
    overlap = (chance * truth).sum(dim=(0, 2, 3))
    dice = 1 - (2 * overlap + 1) / (chance.sum(dim=(0, 2, 3)) + truth.sum(dim=(0, 2, 3)) + 1)
    parts = {"entropy": entropy.item(), "dice_pill": dice[0].item(), "dice_core": dice[1].item()}
    return entropy * _ENTROPY_WEIGHT + dice.mean(), parts


class TaughtLoss:
    """`segment_loss` against what is in part the truth and in part (the fourth map) the maps of an earlier network.

    So what is learned anew costs nothing of what was known (Li and Hoiem, "Learning without forgetting", ECCV 2016).
    """

    def __init__(self, teacher: Path, device: str = "cpu") -> None:
        self.teacher = SegmentNetwork().to(device)
        stored = torch.load(teacher, map_location=device, weights_only=True)["average"]
        self.teacher.load_state_dict(stored)  # copied into float32
        self.teacher.eval()

    def __call__(self, network: nn.Module, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, dict[str, float]]:
        """The loss, and its parts by name."""
        pixels, given = batch
        asked = given[:, 3].amax(dim=(1, 2)) > 0
        if asked.any():
            with torch.no_grad():
                seen = torch.sigmoid(self.teacher(pixels[asked]).float())
            given = given.clone()
            given[asked, :2] = given[asked, :2].lerp(seen, given[asked, 3:4])
        return segment_loss(network, (pixels, given))


def in_bf16(loss: Loss) -> Loss:
    """The same loss with the networks' sums in bfloat16: 1.6 times as many steps on a CPU that has it."""

    def of_half(network: nn.Module, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, dict[str, float]]:
        with torch.autocast(batch[0].device.type, torch.bfloat16):
            return loss(network, batch)

    return of_half


def export_segment(checkpoint: Path, out: Path) -> None:
    """Write a checkpoint's averaged weights as ONNX, batch norm folded, height and width free, stored as int8."""
    network = SegmentNetwork()
    network.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["average"])
    network.eval()
    torch.onnx.export(
        network,
        (torch.zeros(1, 3, 256, 320),),
        str(out),
        input_names=["pixels"],
        output_names=["logits"],
        dynamic_axes={"pixels": {2: "height", 3: "width"}, "logits": {2: "height2", 3: "width2"}},
        opset_version=13,
        dynamo=False,
    )
    quarter(out)
