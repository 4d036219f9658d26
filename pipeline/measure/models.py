"""The fitted models that measuring rests on: small networks as plain arrays, and the face network.

All are fitted by ``python -m pipeline.train.measure``; docs/experiments/measure.md has the figures.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from pipeline.network import Network

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Perceptron:
    """A network of dense layers with ReLU between, for a few dozen figures.

    ``mean`` and ``scale`` ``(n,)`` normalize the figures, which are then cut at ±``FIGURE_MAX``; ``layers`` are
    weights ``(out, in)`` and biases ``(out,)``. The logits come out divided by ``temperature``, which calibrates them.
    """

    mean: Array
    scale: Array
    layers: tuple[tuple[Array, Array], ...]
    temperature: float

    def logits(self, figures: Array) -> Array:
        """``(..., n)`` figures to ``(..., outputs)`` logits."""
        values = np.clip((figures - self.mean) / self.scale, -FIGURE_MAX, FIGURE_MAX)
        for weights, biases in self.layers[:-1]:
            values = np.maximum(values @ weights.T + biases, 0)
        weights, biases = self.layers[-1]
        return np.asarray((values @ weights.T + biases) / self.temperature, np.float64)


FIGURE_MAX = 8.0
"""Deviations beyond which a figure says no more; keeps outlines unlike any seen in training finite."""


@dataclass(frozen=True, eq=False)
class Models:
    """Everything fitted. ``calibration`` holds single figures by name.

    ``piece_area`` and ``piece_pair`` are asked in place of ``area`` and ``pair`` where the pill fills the photo.
    """

    outline: Perceptron
    area: Perceptron
    pair: Perceptron
    piece_area: Perceptron
    piece_pair: Perceptron
    calibration: dict[str, float]

    def of_pieces(self) -> Models:
        """The models as they are asked of a pill that fills the photo."""
        return replace(self, area=self.piece_area, pair=self.piece_pair)


_NETWORKS = ("outline", "area", "pair", "piece_area", "piece_pair")


def load_models() -> Models:
    """Read ``weights/measure.npz`` of the package; the arrays are read-only."""
    with resources.files("pipeline").joinpath("weights/measure.npz").open("rb") as file, np.load(file) as arrays:
        stored = {name: np.asarray(arrays[name], np.float64) for name in arrays.files}
    for array in stored.values():
        array.setflags(write=False)
    calibration = {
        name.split("/")[1]: float(value) for name, value in stored.items() if name.startswith("calibration/")
    }
    networks = {name: _perceptron(stored, name) for name in _NETWORKS}
    return Models(**networks, calibration=calibration)


def _perceptron(stored: dict[str, Array], name: str) -> Perceptron:
    count = sum(key.startswith(f"{name}/weights") for key in stored)
    layers = tuple((stored[f"{name}/weights{n}"], stored[f"{name}/biases{n}"]) for n in range(count))
    return Perceptron(stored[f"{name}/mean"], stored[f"{name}/scale"], layers, float(stored[f"{name}/temperature"]))


class FaceNetwork:
    """The network in ``pipeline/weights/face.onnx``, loaded at its first face.

    Threads may share it; a pickled copy loads its own.
    """

    def __init__(self) -> None:
        self._network = Network("face.onnx")

    def __call__(self, planes: NDArray[np.float32]) -> Array:
        """What the network says of one face, ``(5, VIEW_PX, VIEW_PX)`` as ``face.network_input`` makes it.

        Returns 9 logits: two-part capsule; 1, 2, 3, 4 pieces; blank, debossed, embossed, printed.
        """
        (logits,) = self._network.run(planes[None])[0]
        return np.asarray(logits, np.float64)


def softmax(logits: Array) -> Array:
    """Probabilities along the last axis."""
    power = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(power / power.sum(axis=-1, keepdims=True), np.float64)


def sigmoid(logit: float) -> float:
    """Probability of a logit."""
    return float(1 / (1 + np.exp(-np.clip(logit, -50, 50))))
