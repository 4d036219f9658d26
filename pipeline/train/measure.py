"""Fits everything that measuring rests on: weights/measure.npz and weights/face.onnx.

    python -m pipeline.train.measure --data ../shared/data --work WORK [--epochs 14]

WORK keeps the faces that were found, so that a second run starts with fitting. Only photos outside the validation
part are used (``pipeline.evaluate.split``); a seventh of those, parted by imprint as well, sets the powers
and temperatures. The last lines say how the fit does on the validation part.
"""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import click
import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.measure.color import COLORS, face_colors
from pipeline.measure.models import Models, Perceptron, softmax
from pipeline.measure.shape import OUTLINE_SHAPES
from pipeline.train.measure_faces import Faces, collect
from pipeline.train.measure_fit import color_truth, fit_colors, fit_outline, outline_truth
from pipeline.train.measure_network import save_network, train_network
from reference.imprint_text import imprint_key

Array = NDArray[np.float64]
Truth = NDArray[np.int64]

_WEIGHTS = Path(__file__).parents[1] / "weights"
_POWERS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_TEMPERATURES = (0.8, 1.0, 1.2, 1.4, 1.7, 2.0, 2.5)
_LAYERS_PRIORS = (0.003, 0.01, 0.03, 0.1)
_LEAST = 1e-6


def for_calibration(faces: Faces) -> NDArray[np.bool_]:
    """A seventh of the imprints, by the second byte of the hash whose first one parts off the validation."""
    keys = (hashlib.sha1(imprint_key(text).encode()).digest()[1] for text in faces.rows["imprint"])
    return np.array([key % 7 == 0 for key in keys])


def pill_shapes(models: Models, faces: Faces, power: float) -> Array:
    """Chances of the outline's shapes by pill, ``(pills, 18)``, merged as ``measure.combine`` does."""
    chances = softmax(models.outline.logits(faces.outlines)).reshape(-1, 2, len(OUTLINE_SHAPES))
    merged = np.maximum(chances, _LEAST).prod(axis=1) ** power
    return np.asarray(merged / merged.sum(axis=1, keepdims=True))


def pill_colors(models: Models, faces: Faces, power: float, layers_prior: float) -> Array:
    """Chances of the color pairs by pill, ``(pills, 144)``, merged as ``measure.combine`` does."""
    count = len(COLORS)
    joint = face_colors(faces.areas, faces.grounds, faces.shares, models).reshape(-1, 2, count, count)
    merged = np.triu(np.maximum(joint, _LEAST).prod(axis=1) ** power)
    single = np.diagonal(joint, axis1=-2, axis2=-1)
    crossed = single[:, 0, :, None] * single[:, 1, None, :]
    merged += layers_prior * np.triu(crossed + np.swapaxes(crossed, 1, 2), 1)
    flat = merged.reshape(len(merged), -1)
    return np.asarray(flat / flat.sum(axis=1, keepdims=True))


def log_loss(chances: Array, truth: Truth) -> float:
    """Mean negative log chance of the truth, where it is known (>= 0)."""
    known = truth >= 0
    return float(-np.log(np.maximum(chances[known, truth[known]], _LEAST)).mean())


def accuracy(chances: Array, truth: Truth) -> float:
    """Share right, where the truth is known."""
    return float((chances.argmax(axis=1) == truth)[truth >= 0].mean())


def calibration_error(chances: Array, truth: Truth, bins: int = 10) -> float:
    """Expected calibration error of the most probable answer (Guo et al., ICML 2017), where the truth is known."""
    known = truth >= 0
    sure, right = chances.max(axis=1)[known], (chances.argmax(axis=1) == truth)[known]
    place = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [abs(sure[place == n].mean() - right[place == n].mean()) * (place == n).mean() for n in np.unique(place)]
    return float(sum(gaps))


def _pill_color_truth(faces: Faces) -> Truth:
    first, second = color_truth(faces)
    return np.where(first >= 0, first * len(COLORS) + second, -1)[::2]


def fit(faces: Faces) -> Models:
    """Fit on the training part and calibrate on the imprints kept aside in it."""
    training = faces.part(~faces.validation)
    aside = training.part(for_calibration(training))
    learned = training.part(~for_calibration(training))
    outline, (area, pair) = fit_outline(learned), fit_colors(learned)
    models = Models(outline, area, pair, {})
    shapes, colors = outline_truth(aside)[::2], _pill_color_truth(aside)
    shape_grid = [(heat, power) for heat in _TEMPERATURES for power in _POWERS]
    heat, shape_power = min(
        shape_grid, key=lambda pair: log_loss(pill_shapes(_heated(models, "outline", pair[0]), aside, pair[1]), shapes)
    )
    models = _heated(models, "outline", heat)
    color_grid = [(heat, power, prior) for heat in _TEMPERATURES for power in _POWERS for prior in _LAYERS_PRIORS]
    heat, color_power, prior = min(
        color_grid, key=lambda way: log_loss(pill_colors(_heated(models, "area", way[0]), aside, *way[1:]), colors)
    )
    models = _heated(models, "area", heat)
    calibration = {"shape_power": shape_power, "color_power": color_power, "layers_prior": prior}
    return Models(models.outline, models.area, models.pair, calibration)


def _heated(models: Models, name: str, temperature: float) -> Models:
    old: Perceptron = getattr(models, name)
    new = Perceptron(old.mean, old.scale, old.layers, temperature)
    parts = {"outline": models.outline, "area": models.area, "pair": models.pair, name: new}
    return Models(parts["outline"], parts["area"], parts["pair"], models.calibration)


def save_models(models: Models, path: Path) -> None:
    """Write as ``measure.models.load_models`` reads it, in single precision."""
    arrays: dict[str, NDArray[np.float32]] = {}
    for name in ("outline", "area", "pair"):
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
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True)
@click.option("--work", type=click.Path(path_type=Path, file_okay=False), required=True, help="Keeps the faces found.")
@click.option("--limit", default=10_000, help="Photos of rximage300 to use.")
@click.option("--epochs", default=14, help="Of the face network; 0 leaves weights/face.onnx as it is.")
def main(data: Path, work: Path, limit: int, epochs: int) -> None:
    """Fit and write pipeline/weights/measure.npz and face.onnx."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    work.mkdir(parents=True, exist_ok=True)
    kept = work / "measure_faces.pkl"
    if not kept.exists():
        kept.write_bytes(pickle.dumps(collect(data / "rximage300", limit, data / "imprint_boxes")))
    faces: Faces = pickle.loads(kept.read_bytes())
    models = fit(faces)
    save_models(models, _WEIGHTS / "measure.npz")
    if epochs:
        save_network(train_network(faces, epochs), _WEIGHTS / "face.onnx")
    held = faces.part(faces.validation)
    shapes, colors = outline_truth(held)[::2], _pill_color_truth(held)
    found = pill_shapes(models, held, models.calibration["shape_power"])
    click.echo(f"outline shape {accuracy(found, shapes):.4f} calibration error {calibration_error(found, shapes):.4f}")
    found = pill_colors(models, held, models.calibration["color_power"], models.calibration["layers_prior"])
    click.echo(f"colors {accuracy(found, colors):.4f} calibration error {calibration_error(found, colors):.4f}")
    click.echo(f"calibration {models.calibration}")


if __name__ == "__main__":
    main()
