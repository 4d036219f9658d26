"""A trained network -> the ONNX file that ships."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import torch
from torch import nn

from pipeline.imprint.canvas import COMPACT

# Smaller arrays stay fp16: a third less change of the answers for a twelfth more bytes
# (docs/experiments/recognizer.md, "int8").
_INT8_FROM = 20_000
_LEAST_SCALE = 1e-8


def write_onnx(model: nn.Module, out: Path, maps: Sequence[str], size: tuple[int, int, int] = (2, *COMPACT)) -> None:
    """Write a network of images of that size, channels first, and its outputs' names as ONNX.

    Batch norm is folded, height and width are free, and the weights are stored as `quarter` says.
    """
    model.eval()
    free = {0: "n", 2: "h", 3: "w"}
    torch.onnx.export(
        model,
        (torch.zeros(1, *size),),
        str(out),
        input_names=["image"],
        output_names=list(maps),
        dynamic_axes=dict.fromkeys(["image", *maps], free),
        opset_version=17,
        dynamo=False,
    )
    quarter(out)


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
        if array.ndim < 2 or array.size < _INT8_FROM:
            small = [onnx.numpy_helper.from_array(array.astype(np.float16), f"{name}.half")]
            nodes.append(onnx.helper.make_node("Cast", [small[0].name], [name], to=to))
        else:
            # A matrix product's output channels come last, a convolution's first.
            others = tuple(range(array.ndim - 1)) if name in is_product else tuple(range(1, array.ndim))
            scale = np.maximum(np.abs(array).max(axis=others, keepdims=True), _LEAST_SCALE) / 127
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
