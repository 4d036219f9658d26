"""What the network finds on labeled faces while it trains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import nn

from pipeline.imprint.canvas import place
from pipeline.imprint.detector import decode
from pipeline.records import Character
from pipeline.train.faces.labeled import LabeledFace, canvas_of


def detect_in_training(model: nn.Module, faces: Sequence[LabeledFace]) -> Iterator[list[Character]]:
    """What a network in training finds on each face, in the face's pixels; it is left in the mode it was in."""
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            for face in faces:
                output = model(torch.from_numpy(canvas_of(face)[0][None]))[0].numpy()
                yield decode(output, place(face.outline))
    finally:
        model.train(was_training)
