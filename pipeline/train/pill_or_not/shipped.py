"""The network that ships, to be taught further: batch norm, which its file holds within the convolutions, put apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnx.numpy_helper
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


def take_shipped(network: nn.Module, file: Path, planes: Tensor) -> None:
    """Give ``network`` the weights of a file that ``region_network.export`` wrote.

    Each batch norm gets the mean and the variance that ``planes`` ``(n, 10, 64, 64)`` bring to it, and the weight and
    bias with which it changes nothing; so training, which takes both from each batch, begins near what ships.
    """
    graph = onnx.load(file).graph
    stored = _weights(graph)
    own = network.state_dict()
    network.load_state_dict(own | {name: torch.from_numpy(stored[name]) for name in own if name in stored})
    # Those that a batch norm is folded into have a bias; they are run in the order in which the layers are made.
    folded = [node.input[1:] for node in graph.node if node.op_type == "Conv" and len(node.input) == 3]
    layers = list(_normed(network))
    with torch.no_grad():
        for (convolution, norm), names in zip(layers, folded, strict=True):
            weight, bias = (torch.from_numpy(stored[name]) for name in names)
            convolution.weight.copy_(weight)
            _change_nothing(norm, torch.zeros_like(bias), torch.ones_like(bias), bias)
        _normed_by(network, [norm for _, norm in layers], planes)


def _normed(network: nn.Module) -> Iterator[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Each convolution with the batch norm that follows it."""
    before: nn.Module | None = None
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and isinstance(before, nn.Conv2d):
            yield before, module
        before = module


def _change_nothing(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor, bias: Tensor) -> None:
    """Statistics, and with them no change but ``bias`` added."""
    assert norm.running_mean is not None and norm.running_var is not None
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    norm.weight.copy_((variance + norm.eps).sqrt())
    norm.bias.copy_(bias + mean)


def _normed_by(network: nn.Module, norms: list[nn.BatchNorm2d], planes: Tensor) -> None:
    met: dict[nn.Module, tuple[Tensor, Tensor]] = {}

    def meet(norm: nn.Module, inputs: tuple[Tensor]) -> None:
        values = inputs[0].float()
        met[norm] = values.mean((0, 2, 3)), values.var((0, 2, 3))

    hooks = [norm.register_forward_pre_hook(meet) for norm in norms]
    network.eval()(planes)
    for hook in hooks:
        hook.remove()
    for norm in norms:
        _change_nothing(norm, *met[norm], norm.bias.clone())


def _weights(graph: onnx.GraphProto) -> dict[str, NDArray[np.float32]]:
    """The weights by name, those stored as int8 or fp16 widened as the file itself widens them."""
    arrays = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    weights = {}
    for name, array in arrays.items():
        base, _, kind = name.rpartition(".")
        if kind == "scale":
            continue
        scale = arrays[f"{base}.scale"] if kind == "int8" else np.float32(1)
        weights[base if kind in ("int8", "half") else name] = array.astype(np.float32) * scale
    return weights
