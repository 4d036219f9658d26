"""The network that counts in int8 answers as the one it was made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra `train`")

import onnx
import torch
from torch import nn

from pipeline.network import Network
from pipeline.train.common.onnx_export import write_onnx


class Two(nn.Module):
    """Two heads on a trunk."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(2, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU()
        )
        self.one, self.other = nn.Conv2d(16, 3, 1), nn.Conv2d(16, 2, 1)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Both maps."""
        given = self.trunk(image)
        return torch.cat([self.one(given), self.one(-given)], 1), self.other(given)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_all_but_the_first_and_last_layers_count_in_integers_and_the_answer_is_nearly_the_same(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Two().eval()
    images = [np.random.default_rng(seed).normal(0, 1, (2, 32, 48)).astype(np.float32) for seed in range(8)]
    path = tmp_path / "two.onnx"
    write_onnx(network, path, ["map", "lines"], images[:6])
    graph = onnx.load(path).graph
    of_integers = {name for node in graph.node if node.op_type == "DequantizeLinear" for name in node.output}
    layers = [node for node in graph.node if node.op_type == "Conv"]
    assert [layer.input[1] in of_integers for layer in layers] == [False, True, False, False, False]
    for image in (images[7], np.zeros((2, 64, 32), np.float32)):
        with torch.no_grad():
            wanted = network(torch.from_numpy(image[None]))
        for one, exact in zip(Network(path.read_bytes()).run(image[None]), wanted, strict=True):
            assert np.abs(one - exact.numpy()).max() < 0.05 * max(float(exact.abs().max()), 0.5)
