"""A trained network -> the ONNX file that ships."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import torch
from numpy.typing import NDArray
from torch import nn

import pipeline.network  # noqa: F401  sets what must be set before onnxruntime is imported

# isort: split
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static

# Smaller arrays stay fp16: a third less change of the answers for a twelfth more bytes
# (docs/experiments/recognizer.md, "int8").
_INT8_SIZE_MIN = 20_000
_SCALE_MIN = 1e-8


def write_onnx(model: nn.Module, out: Path, maps: Sequence[str], images: Sequence[NDArray[np.float32]]) -> None:
    """Write a network that counts in int8, and its outputs' names, as ONNX.

    Batch norm is folded, height and width are free. ``images`` ``(c, h, w)`` are such as the network is to meet: how
    far its layers' answers reach is taken from them.
    """
    model.eval()
    free = {0: "n", 2: "h", 3: "w"}
    torch.onnx.export(
        model,
        (torch.from_numpy(images[0][None]),),
        str(out),
        input_names=["image"],
        output_names=list(maps),
        dynamic_axes=dict.fromkeys(["image", *maps], free),
        opset_version=17,
        dynamo=False,
    )
    count_in_integers(out, images)


def count_in_integers(path: Path, images: Sequence[NDArray[np.float32]]) -> None:
    """Have a network's layers but the first and the last count in int8, which takes six tenths of the time.

    Weights keep 7 bits, so that the sums of products run over on no CPU. What it changes: docs/experiments/reader.md,
    "Counting in integers".
    """
    graph = onnx.load(path).graph
    sample = [{graph.input[0].name: image[None]} for image in images]
    quantize_static(
        path,
        path,
        _Sample(iter(sample)),
        op_types_to_quantize=["Conv", "Add", "Relu", "Resize"],
        nodes_to_exclude=[node.name for node in (_first(graph), *_last(graph))],
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
        extra_options={"WeightSymmetric": True},
    )


class _Sample(CalibrationDataReader):
    """The images one after the other, as onnxruntime asks for them."""

    def __init__(self, feeds: Iterator[dict[str, NDArray[np.float32]]]) -> None:
        self._feeds = feeds

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next image, None after the last."""
        return next(self._feeds, None)


def _first(graph: onnx.GraphProto) -> onnx.NodeProto:
    return next(node for node in graph.node if node.op_type == "Conv")


def _last(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The last convolution on each way to an output."""
    by_output = {name: node for node in graph.node for name in node.output}
    ends, found = [by_output[output.name] for output in graph.output], []
    while ends:
        node = ends.pop()
        if node.op_type == "Conv":
            found.append(node)
        else:
            ends += [by_output[name] for name in node.input if name in by_output]
    return found


def quarter(path: Path) -> None:
    """Store the large weights as int8 with a scale for each output channel, all others as fp16.

    Both are widened when the file is read; what it changes: docs/experiments/recognizer.md, "int8".
    """
    model = onnx.load(path)
    graph = model.graph
    is_product = {name for node in graph.node if node.op_type == "MatMul" for name in node.input}
    nodes = []
    for initializer in list(graph.initializer):
        array = onnx.numpy_helper.to_array(initializer)
        if initializer.data_type != onnx.TensorProto.FLOAT or array.size < 2:
            continue
        name, to = initializer.name, onnx.TensorProto.FLOAT
        if array.ndim < 2 or array.size < _INT8_SIZE_MIN:
            small = [onnx.numpy_helper.from_array(array.astype(np.float16), f"{name}.half")]
            nodes.append(onnx.helper.make_node("Cast", [small[0].name], [name], to=to))
        else:
            # A matrix product's output channels come last, a convolution's first.
            others = tuple(range(array.ndim - 1)) if name in is_product else tuple(range(1, array.ndim))
            scale = np.maximum(np.abs(array).max(axis=others, keepdims=True), _SCALE_MIN) / 127
            small = [
                onnx.numpy_helper.from_array(np.rint(array / scale).astype(np.int8), f"{name}.int8"),
                onnx.numpy_helper.from_array(scale.astype(np.float32), f"{name}.scale"),
            ]
            nodes.append(onnx.helper.make_node("Cast", [small[0].name], [f"{name}.wide"], to=to))
            nodes.append(onnx.helper.make_node("Mul", [f"{name}.wide", small[1].name], [name]))
        graph.initializer.remove(initializer)
        graph.initializer.extend(small)
    for node in reversed(nodes):
        graph.node.insert(0, node)
    onnx.save(model, path)
