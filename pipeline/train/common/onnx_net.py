"""An ONNX graph as a torch module, so that a network that comes as ONNX can be trained further.

Knows the operators of PP-OCRv6's recognizer (opset 11) and no others. Weights become parameters; the statistics of
batch norms stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import torch
from torch import Tensor, nn
from torch.nn import functional

_Attributes = dict[str, Any]
_Operator = Callable[[Sequence[Tensor], _Attributes], Tensor]


class OnnxNet(nn.Module):
    """``(n, channels, h, w)`` float32 to the graph's output, or to the value called ``end`` within it.

    Raises:
        ValueError: the graph has an operator that is not known here.
    """

    def __init__(self, model: onnx.ModelProto, end: str = "") -> None:
        super().__init__()
        graph = model.graph
        self._input, self._end = graph.input[0].name, end or graph.output[0].name
        self._nodes = [
            (node.op_type, list(node.input), node.output[0], _attributes(node)) for node in graph.node
        ]  # fmt: skip
        if unknown := {kind for kind, *_ in self._nodes} - set(_OPERATORS):
            raise ValueError(f"operators that are not known: {', '.join(sorted(unknown))}")
        fixed = {name for kind, inputs, *_ in self._nodes if kind == "BatchNormalization" for name in inputs[3:]}
        self._constants: dict[str, Tensor] = {}
        self._keys: dict[str, str] = {}
        for initializer in graph.initializer:
            value = torch.from_numpy(np.array(onnx.numpy_helper.to_array(initializer)))
            if value.dtype is torch.float and value.numel() > 1:
                self._keys[initializer.name] = initializer.name.replace(".", "/")
                weight = nn.Parameter(value, requires_grad=initializer.name not in fixed)
                self.register_parameter(self._keys[initializer.name], weight)
            else:
                self._constants[initializer.name] = value

    def forward(self, x: Tensor) -> Tensor:
        """Run the graph, shapes as the class says."""
        values = {self._input: x, **self._constants}
        values |= {name: self.get_parameter(key) for name, key in self._keys.items()}
        for kind, inputs, output, attributes in self._nodes:
            values[output] = _OPERATORS[kind]([values[name] for name in inputs if name], attributes)
            if output == self._end:
                break
        return values[self._end]

    def weights(self) -> dict[str, Tensor]:
        """The weights by the names of the graph's initializers."""
        return {name: self.get_parameter(key).detach() for name, key in self._keys.items()}


def with_weights(model: onnx.ModelProto, weights: dict[str, Tensor]) -> onnx.ModelProto:
    """A copy of the graph with these weights, by the names of its initializers."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    for initializer in changed.graph.initializer:
        if initializer.name in weights:
            array = weights[initializer.name].numpy().astype(np.float32)
            initializer.CopyFrom(onnx.numpy_helper.from_array(array, initializer.name))
    return changed


def _attributes(node: onnx.NodeProto) -> _Attributes:
    return {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}


def _padded(x: Tensor, kernel: Sequence[int], attributes: _Attributes, value: float = 0.0) -> Tensor:
    """Padded as the attributes say; torch itself pads both sides alike only."""
    strides = attributes["strides"]
    if attributes.get("auto_pad") == b"SAME_UPPER":
        sizes = zip(x.shape[2:], kernel, strides, strict=True)
        tall, wide = (max((-(-size // stride) - 1) * stride + extent - size, 0) for size, extent, stride in sizes)
        top, left, bottom, right = tall // 2, wide // 2, tall - tall // 2, wide - wide // 2
    else:
        top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0))
    return functional.pad(x, (left, right, top, bottom), value=value) if any((top, left, bottom, right)) else x


def _convolution(inputs: Sequence[Tensor], attributes: _Attributes) -> Tensor:
    x, weight = inputs[:2]
    bias = inputs[2] if len(inputs) > 2 else None
    padded = _padded(x, weight.shape[2:], attributes)
    return functional.conv2d(padded, weight, bias, attributes["strides"], groups=attributes.get("group", 1))


def _max_pool(inputs: Sequence[Tensor], attributes: _Attributes) -> Tensor:
    padded = _padded(inputs[0], attributes["kernel_shape"], attributes, float("-inf"))
    return functional.max_pool2d(padded, attributes["kernel_shape"], attributes["strides"])


def _average_pool(inputs: Sequence[Tensor], attributes: _Attributes) -> Tensor:
    padded = _padded(inputs[0], attributes["kernel_shape"], attributes)
    return functional.avg_pool2d(padded, attributes["kernel_shape"], attributes["strides"])


def _batch_norm(inputs: Sequence[Tensor], attributes: _Attributes) -> Tensor:
    x, scale, shift, mean, variance = inputs
    return functional.batch_norm(x, mean, variance, scale, shift, eps=attributes["epsilon"])


def _reshape(inputs: Sequence[Tensor], attributes: _Attributes) -> Tensor:
    x, shape = inputs
    return x.reshape([x.shape[axis] if size == 0 else size for axis, size in enumerate(shape.reshape(-1).tolist())])


def _unsqueeze(inputs: Sequence[Tensor], attributes: _Attributes) -> Tensor:
    (axis,) = attributes["axes"]
    return inputs[0].unsqueeze(axis)


def _slice(inputs: Sequence[Tensor], attributes: _Attributes) -> Tensor:
    x, starts, ends, axes, *steps = inputs
    parts = [slice(None)] * x.ndim
    every = steps[0].tolist() if steps else [1] * len(starts)
    for start, end, axis, step in zip(starts.tolist(), ends.tolist(), axes.tolist(), every, strict=True):
        parts[axis] = slice(start, end, step)
    return x[tuple(parts)]


_OPERATORS: dict[str, _Operator] = {
    "Add": lambda inputs, _: inputs[0] + inputs[1],
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Concat": lambda inputs, attributes: torch.cat(tuple(inputs), attributes["axis"]),
    "Conv": _convolution,
    "Div": lambda inputs, _: inputs[0] / inputs[1],
    "Erf": lambda inputs, _: torch.erf(inputs[0]),
    "HardSigmoid": lambda inputs, attributes: (inputs[0] * attributes["alpha"] + attributes["beta"]).clamp(0.0, 1.0),
    "Identity": lambda inputs, _: inputs[0],
    "MatMul": lambda inputs, _: inputs[0] @ inputs[1],
    "MaxPool": _max_pool,
    "Mul": lambda inputs, _: inputs[0] * inputs[1],
    "Pow": lambda inputs, _: inputs[0] ** inputs[1],
    "ReduceMean": lambda inputs, attributes: inputs[0].mean(
        attributes["axes"], keepdim=bool(attributes.get("keepdims", 1))
    ),
    "Relu": lambda inputs, _: torch.relu(inputs[0]),
    "Reshape": _reshape,
    "Shape": lambda inputs, _: torch.tensor(inputs[0].shape),
    "Sigmoid": lambda inputs, _: torch.sigmoid(inputs[0]),
    "Slice": _slice,
    "Softmax": lambda inputs, attributes: torch.softmax(inputs[0], attributes["axis"]),
    "Sqrt": lambda inputs, _: torch.sqrt(inputs[0]),
    "Squeeze": lambda inputs, attributes: inputs[0].squeeze(tuple(attributes["axes"])),
    "Sub": lambda inputs, _: inputs[0] - inputs[1],
    "Transpose": lambda inputs, attributes: inputs[0].permute(attributes["perm"]),
    "Unsqueeze": _unsqueeze,
}
