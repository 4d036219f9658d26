"""How right and how sure the fitted models are, the powers and temperatures that are tried, and their file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.metrics import expected_calibration_error
from pipeline.measure.models import Models, Perceptron

Array = NDArray[np.float64]
Truth = NDArray[np.int64]

WEIGHTS = Path(__file__).parents[2] / "weights"
POWERS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5)
TEMPERATURES = (0.8, 1.0, 1.2, 1.4, 1.7, 2.0, 2.5, 3.0, 4.0)
LAYERS_PRIORS = (0.003, 0.01, 0.03, 0.1)
PROBABILITY_MIN = 1e-6
"""No chance counts as less."""

_BINS = 10


def log_loss(chances: Array, truth: Truth) -> float:
    """Mean negative log chance of the truth, where it is known (>= 0)."""
    known = truth >= 0
    return float(-np.log(np.maximum(chances[known, truth[known]], PROBABILITY_MIN)).mean())


def accuracy(chances: Array, truth: Truth) -> float:
    """Share right, where the truth is known."""
    return float((chances.argmax(axis=1) == truth)[truth >= 0].mean())


def calibration_error(chances: Array, truth: Truth) -> float:
    """Expected calibration error of the most probable answer, where the truth is known."""
    known = truth >= 0
    sure, right = chances.max(axis=1)[known], (chances.argmax(axis=1) == truth)[known]
    return expected_calibration_error(sure.tolist(), right.tolist(), _BINS)


def heated(models: Models, name: str, temperature: float) -> Models:
    """The models with another temperature of the network ``name``."""
    network: Perceptron = getattr(models, name)
    changes: dict[str, Any] = {name: replace(network, temperature=temperature)}
    return replace(models, **changes)


def save_models(models: Models) -> None:
    """Write weights/measure.npz as ``measure.models.load_models`` reads it, in single precision."""
    arrays: dict[str, NDArray[np.float32]] = {}
    for name in ("outline", "area", "pair", "piece_area", "piece_pair"):
        network: Perceptron = getattr(models, name)
        arrays |= {
            f"{name}/{part}": np.asarray(getattr(network, part), np.float32)
            for part in ("mean", "scale", "temperature")
        }
        for n, (weights, biases) in enumerate(network.layers):
            arrays |= {
                f"{name}/weights{n}": np.asarray(weights, np.float32),
                f"{name}/biases{n}": np.asarray(biases, np.float32),
            }
    arrays |= {f"calibration/{name}": np.asarray(value, np.float32) for name, value in models.calibration.items()}
    with (WEIGHTS / "measure.npz").open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
