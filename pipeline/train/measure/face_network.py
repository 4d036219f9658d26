"""The face network: two-part capsule or not, pieces, relief, from one face; its augmentation and its training.

A register says how a pill is scored and imprinted, not which face. So the loss is that of the pill: its pieces are the
most of its faces', its relief that of every face that is not blank, with the unknown faces summed out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from pipeline.draw.camera import through_jpeg
from pipeline.measure.face import VIEW_PX, FaceView, network_input
from pipeline.measure.relief import RELIEFS
from pipeline.train.common.loop import TrainingTask
from pipeline.train.measure.fitted_faces import Faces

Truth = dict[str, Tensor]

_NO_MATRIX = np.zeros((2, 3))
_PILLS_A_BATCH = 32
_LOGITS = 9


def _block(given: int, made: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(given, made, 3, stride, 1, bias=False), nn.BatchNorm2d(made), nn.ReLU(inplace=True))


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.a = _block(channels, channels)
        self.b = nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, given: Tensor) -> Tensor:
        return functional.relu(given + self.b(self.a(given)))


class TrainedFaceNetwork(nn.Module):
    """0.22 M weights, ``(n, 5, 96, 96)`` -> ``(n, 9)`` logits.

    Two-part capsule; 1, 2, 3, 4 pieces; blank, debossed, embossed, printed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _block(5, 16, 2),
            _block(16, 32, 2),
            _Residual(32),
            _block(32, 48, 2),
            _Residual(48),
            _Residual(48),
            _block(48, 64, 2),
            _Residual(64),
        )
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(128, _LOGITS)

    def forward(self, planes: Tensor) -> Tensor:
        """Logits of a batch of faces."""
        made = self.body(planes)
        made = torch.cat([made.mean((2, 3)), made.amax((2, 3))], 1)
        result: Tensor = self.head(self.drop(made))
        return result


def degraded(pixels: NDArray[np.uint8], mask: NDArray[np.bool_], aspect: float, rng: np.random.Generator) -> FaceView:
    """A face as another photo might show it: turned, moved, tilted, coarser, in other light, with noise and JPEG."""
    size = (VIEW_PX, VIEW_PX)
    turn = rng.uniform(-180, 180) if aspect > 0.93 else 180 * rng.integers(2) + rng.normal(0, 4)
    middle = (VIEW_PX - 1) / 2
    matrix = np.asarray(cv2.getRotationMatrix2D((middle, middle), float(turn), rng.uniform(0.92, 1.04)), np.float64)
    if rng.random() < 0.5:
        matrix[:, :2] = (np.eye(2) + rng.uniform(-0.08, 0.08, (2, 2))) @ matrix[:, :2]
        matrix[:, 2] = middle - matrix[:, :2] @ [middle, middle]
    matrix[:, 2] += rng.normal(0, 1, 2)
    pixels = np.asarray(cv2.warpAffine(pixels, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    soft = cv2.warpAffine(mask.astype(np.uint8) * 255, matrix, size)
    if rng.random() < 0.5:
        side = int(rng.uniform(28, 90))
        pixels, soft = (
            np.asarray(cv2.resize(cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA), size), np.uint8)
            for image in (pixels, soft)
        )
    if rng.random() < 0.3:
        soft = (cv2.erode if rng.random() < 0.5 else cv2.dilate)(soft, np.ones((3, 3), np.uint8))
    return FaceView(_relit(pixels, rng), np.asarray(soft > 127), _NO_MATRIX)


def _relit(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    light: NDArray[np.floating] = pixels.astype(np.float32)
    if rng.random() < 0.5:
        light = 255 * (light / 255) ** np.exp(rng.normal(0, 0.25))
    if rng.random() < 0.6:
        light = light * np.exp(rng.normal(0, 0.12, 3) + rng.normal(0, 0.15))
    if rng.random() < 0.4:
        slope = np.linspace(-1, 1, VIEW_PX) * rng.uniform(0, 0.3)
        light = light * (1 + (slope[:, None] if rng.random() < 0.5 else slope[None]))[..., None]
    if rng.random() < 0.5:
        light = light + rng.normal(0, rng.uniform(0, 5), (VIEW_PX, VIEW_PX, 1))
    coded = np.clip(light, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        coded = through_jpeg(coded, int(rng.uniform(40, 95)))
    return coded


def pill_targets(faces: Faces) -> Truth:
    """What is known of each pill (two rows in turn); -1 where it is not.

    A face found alone may be the one without the imprint and the score that the register names.
    """
    first, second = faces.rows.iloc[0::2], faces.rows.iloc[1::2]
    # A register that names no kinds of imprint gives none for many pills that bear one.
    tells = first["set"].isin(set(first["set"][first["imprint_type"] != ""]))
    relief = [
        RELIEFS.index(kind) if kind in RELIEFS else (0 if told and not imprint.strip("; ") else -1)
        for kind, imprint, told in zip(first["imprint_type"], first["imprint"], tells, strict=True)
    ]
    text = np.stack([first["text"], second["text"]], axis=1).astype(int)
    # A face without text may carry the logo that the register names. tfda's names none: of 200 such faces 8 bear one.
    has_logo = (first["symbol"] == "TRUE").to_numpy()[:, None]
    blank = np.where((text < 0) | ((text == 0) & has_logo), -1, 1 - text)
    pieces = np.array([int(score) - 1 if score in {"1", "2", "3", "4"} else -1 for score in first["score"]])
    return {
        "two_part": torch.tensor((first["shape"] == "CAPSULE").to_numpy(np.float32)),
        "score": torch.tensor(np.where(faces.alone & (pieces > 0), -1, pieces)),
        "relief": torch.tensor(np.where(faces.alone, -1, relief)),
        "blank": torch.tensor(blank),
    }


def score_chances(logits: Tensor) -> Tensor:
    """``(pills, 2, 4)`` face logits to the pill's chances ``(pills, 4)``: the most of its faces' pieces."""
    below = functional.softmax(logits, -1).cumsum(-1).prod(1)
    return torch.cat([below[:, :1], below[:, 1:] - below[:, :-1]], 1)


def relief_chances(logits: Tensor) -> Tensor:
    """``(pills, 2, 4)`` to ``(pills, 4)``: all blank, or at least one face of that kind and the others blank."""
    chances = functional.softmax(logits, -1)
    blank = chances[..., 0]
    kinds = (chances[..., 1:] + blank[..., None]).prod(1) - blank.prod(1)[:, None]
    return torch.cat([blank.prod(1)[:, None], kinds], 1)


def _known(chances: Tensor, truth: Tensor) -> Tensor:
    picked = chances.clamp_min(1e-6).gather(1, truth[:, None].clamp_min(0))[:, 0]
    return (-torch.log(picked) * (truth >= 0)).mean()


def pill_loss(logits: Tensor, truth: Truth) -> tuple[Tensor, dict[str, float]]:
    """Loss of ``(pills, 2, 9)`` logits, and its parts by name."""
    parts = {
        "two-part": 0.5 * functional.binary_cross_entropy_with_logits(logits[..., 0].mean(1), truth["two_part"]),
        "score": _known(score_chances(logits[..., 1:5]), truth["score"]),
        "relief": _known(relief_chances(logits[..., 5:]), truth["relief"]),
        "blank": _blank_loss(functional.softmax(logits[..., 5:], -1)[..., 0], truth["blank"]),
    }
    return sum(parts.values(), torch.zeros(())), {name: float(loss.detach()) for name, loss in parts.items()}


def _blank_loss(blank: Tensor, truth: Tensor) -> Tensor:
    sure = blank.clamp(1e-5, 1 - 1e-5)
    return -(torch.where(truth == 1, torch.log(sure), torch.log(1 - sure)) * (truth >= 0)).mean()


class FaceBatches(torch.utils.data.IterableDataset[tuple[Tensor, Truth]]):
    """Endless batches of pills of the training part, every face as another photo might show it."""

    def __init__(self, faces: Faces, seed: int) -> None:
        self.faces, self.seed = faces, seed
        self.truth = pill_targets(faces)
        self.pills = np.flatnonzero(~faces.validation[0::2])

    def __iter__(self) -> Iterator[tuple[Tensor, Truth]]:
        rng = np.random.default_rng(self.seed)
        faces, aspects = self.faces, self.faces.rows["aspect"].to_numpy(float)
        while True:
            batch = rng.choice(self.pills, _PILLS_A_BATCH)
            rows = np.stack([2 * batch, 2 * batch + 1], axis=1).ravel()
            planes = [network_input(degraded(faces.views[i], faces.masks[i], aspects[i], rng)) for i in rows]
            yield torch.from_numpy(np.stack(planes)), {name: values[batch] for name, values in self.truth.items()}


def face_task(faces: Faces) -> TrainingTask:
    """What `loop.run` trains: the face network on these faces."""

    def loss(network: nn.Module, batch: tuple[Tensor, Truth]) -> tuple[Tensor, dict[str, float]]:
        planes, truth = batch
        return pill_loss(network(planes).reshape(-1, 2, _LOGITS), truth)

    return TrainingTask(TrainedFaceNetwork, lambda seed: FaceBatches(faces, seed), loss, weight_decay=1e-3)


def save_network(checkpoint: Path, path: Path) -> None:
    """Write a checkpoint's averaged weights as ONNX."""
    network = TrainedFaceNetwork()
    network.load_state_dict(torch.load(checkpoint, weights_only=True)["average"])
    example = torch.zeros(1, 5, VIEW_PX, VIEW_PX)
    torch.onnx.export(
        network.eval(),
        (example,),
        str(path),
        input_names=["face"],
        output_names=["logits"],
        opset_version=13,
        dynamo=False,
    )
