"""The network's answer for labeled faces: by torch while it trains, by onnxruntime as it ships."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import nn

from pipeline.imprint.canvas import place
from pipeline.imprint.detector import decode
from pipeline.network import Network
from pipeline.records import Character
from pipeline.train.faces import LabeledFace, canvas_of


def detect(weights: Path, faces: Sequence[LabeledFace]) -> Iterator[list[Character]]:
    """What the exported network finds on each face, in the face's pixels."""
    network = Network(weights.read_bytes())
    for face in faces:
        yield decode(network.run(canvas_of(face)[0][None])[0][0], place(face.outline))


def detect_in_training(model: nn.Module, faces: Sequence[LabeledFace]) -> Iterator[list[Character]]:
    """The same with a network that is being trained; it is left in the mode it was in."""
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            for face in faces:
                output = model(torch.from_numpy(canvas_of(face)[0][None]))[0].numpy()
                yield decode(output, place(face.outline))
    finally:
        model.train(was_training)
