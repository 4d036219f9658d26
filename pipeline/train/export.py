"""A training checkpoint -> the ONNX file that ships."""

from __future__ import annotations

from pathlib import Path

import torch

from pipeline.imprint.canvas import COMPACT
from pipeline.train.network import CharacterDetector


def export(checkpoint: Path, out: Path) -> None:
    """Write the averaged weights of a checkpoint as ONNX, batch norm folded, height and width free."""
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
