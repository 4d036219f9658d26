"""A training checkpoint -> the ONNX file that ships."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import torch

from pipeline.imprint.canvas import COMPACT
from pipeline.train.network import CharacterDetector


def export(checkpoint: Path, out: Path) -> None:
    """Write the averaged weights of a checkpoint as ONNX: batch norm folded, height and width free, stored as fp16."""
    model = CharacterDetector()
    model.load_state_dict(torch.load(checkpoint, weights_only=True)["average"])
    model.eval()
    free = {0: "n", 2: "h", 3: "w"}
    torch.onnx.export(
        model,
        (torch.zeros(1, 2, *COMPACT),),
        str(out),
        input_names=["image"],
        output_names=["map"],
        dynamic_axes={"image": free, "map": free},
        opset_version=17,
        dynamo=False,
    )
    halve(out)


def halve(path: Path) -> None:
    """Store the weights as fp16, widened by a Cast when the file is read: half the size, the same answers to 1e-3."""
    model = onnx.load(path)
    graph = model.graph
    casts = []
    for initializer in list(graph.initializer):
        if initializer.data_type != onnx.TensorProto.FLOAT:
            continue
        half = onnx.numpy_helper.from_array(
            onnx.numpy_helper.to_array(initializer).astype(np.float16), f"{initializer.name}.half"
        )
        casts.append(onnx.helper.make_node("Cast", [half.name], [initializer.name], to=onnx.TensorProto.FLOAT))
        graph.initializer.remove(initializer)
        graph.initializer.append(half)
    for cast in reversed(casts):
        graph.node.insert(0, cast)
    onnx.save(model, path)
