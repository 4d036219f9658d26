"""Fits everything that measuring rests on: weights/measure.npz and weights/face.onnx.

    python -m pipeline.train.measure --data ../shared/data --work WORK [--minutes 38]
    python -m pipeline.train.measure --data ../shared/data --work WORK --check

WORK keeps the faces that the product's segmentation and reader found in rximage300, in tfda and in photos drawn for it
(some half hour), so that a second run starts with fitting; the face network's training goes on where it was cut
off. Begin in an empty WORK after a change of those or of ``--limit``. Drawn faces teach the face network alone. Only
photos outside the validation part are used (``pipeline.evaluate.split``); a seventh of those, parted by imprint as
well, sets the powers and temperatures. The last lines say how the fit does on the validation part of each set;
``--check`` says it of the weights that ship.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import click
import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.draw.sets import write_face_set
from pipeline.evaluate.metrics import expected_calibration_error
from pipeline.imprint import default_reader
from pipeline.measure.color import COLORS, face_colors
from pipeline.measure.face import FaceView, network_input
from pipeline.measure.models import FaceNetwork, Models, Perceptron, load_models, sigmoid, softmax
from pipeline.measure.shape import OUTLINE_SHAPES
from pipeline.train.common.loop import run
from pipeline.train.measure.face_network import (
    face_task,
    pill_targets,
    relief_chances,
    save_network,
    score_chances,
)
from pipeline.train.measure.fit import color_truth, fit_colors, fit_outline, outline_truth
from pipeline.train.measure.fitted_faces import Faces, collect, together
from reference.text.imprints import imprint_key
from reference.text.vocabulary import shape_term

Array = NDArray[np.float64]
Truth = NDArray[np.int64]

_WEIGHTS = Path(__file__).parents[2] / "weights"
_POWERS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5)
_TEMPERATURES = (0.8, 1.0, 1.2, 1.4, 1.7, 2.0, 2.5, 3.0, 4.0)
_LAYERS_PRIORS = (0.003, 0.01, 0.03, 0.1)
_PROBABILITY_MIN = 1e-6
# Photos that are drawn for the face network, and the seed that they are drawn with.
_DRAWN = {"debossed": 700, "printed": 500}
_DRAWN_SEED = 40
_RATE = 4e-3
_BINS = 10
# Of the color powers whose loss is this near to the least, the surest: one power for all pills spreads what registers
# disagree about over plain white ones too (docs/experiments/measure.md, "Third round").
_AS_GOOD = 1.025


def for_calibration(faces: Faces) -> NDArray[np.bool_]:
    """A seventh of the imprints, by the second byte of the hash whose first one parts off the validation."""
    keys = (hashlib.sha1(imprint_key(text).encode()).digest()[1] for text in faces.rows["imprint"])
    return np.array([key % 7 == 0 for key in keys])


def pill_shapes(models: Models, faces: Faces, power: float) -> Array:
    """Chances of the outline's shapes by pill, ``(pills, 18)``."""
    return _merged(softmax(models.outline.logits(faces.outlines[:, 0])), faces, power)


def _merged(chances: Array, faces: Faces, power: float, more: Array | None = None) -> Array:
    """Faces ``(2 * pills, n)`` to pills ``(pills, n)``; a face found alone stays as it is."""
    pairs = chances.reshape(len(chances) // 2, 2, -1)
    merged = np.maximum(pairs, _PROBABILITY_MIN).prod(axis=1) ** power
    merged = merged if more is None else merged + more
    merged = np.where(faces.alone[:, None], pairs[:, 0], merged)
    return np.asarray(merged / merged.sum(axis=1, keepdims=True))


def face_pairs(models: Models, faces: Faces) -> Array:
    """Chances of the color pairs by face, ``(faces, 144)``."""
    return face_colors(faces.areas, faces.grounds, faces.shares, models).reshape(len(faces.areas), -1)


def pill_colors(models: Models, faces: Faces, power: float, layers_prior: float) -> Array:
    """Chances of the color pairs by pill, ``(pills, 144)``, merged as ``measure.combine`` does."""
    count = len(COLORS)
    joint = face_pairs(models, faces)
    single = joint[:, :: count + 1].reshape(-1, 2, count)
    crossed = single[:, 0, :, None] * single[:, 1, None, :]
    layers = layers_prior * np.triu(crossed + np.swapaxes(crossed, 1, 2), 1).reshape(-1, count * count)
    used = np.triu(np.ones((count, count))).ravel()
    return _merged(joint, faces, power, layers) * used


def log_loss(chances: Array, truth: Truth) -> float:
    """Mean negative log chance of the truth, where it is known (>= 0)."""
    known = truth >= 0
    return float(-np.log(np.maximum(chances[known, truth[known]], _PROBABILITY_MIN)).mean())


def accuracy(chances: Array, truth: Truth) -> float:
    """Share right, where the truth is known."""
    return float((chances.argmax(axis=1) == truth)[truth >= 0].mean())


def calibration_error(chances: Array, truth: Truth) -> float:
    """Expected calibration error of the most probable answer, where the truth is known."""
    known = truth >= 0
    sure, right = chances.max(axis=1)[known], (chances.argmax(axis=1) == truth)[known]
    return expected_calibration_error(sure.tolist(), right.tolist(), _BINS)


def _color_pairs(faces: Faces) -> Truth:
    """The registered colors of each face's pill as places in the pairs of ``pill_colors``, -1 where not known."""
    first, second = color_truth(faces)
    return np.where(first >= 0, first * len(COLORS) + second, -1)


def fit(faces: Faces) -> Models:
    """Fit on the training part and calibrate on the imprints kept aside in it."""
    training = faces.part(~faces.validation)
    aside = training.part(for_calibration(training))
    learned = training.part(~for_calibration(training))
    outline, (area, pair) = fit_outline(learned), fit_colors(learned)
    models = Models(outline, area, pair, {})
    shapes, colors = outline_truth(aside), _color_pairs(aside)
    # Temperatures by faces, since many photos show one alone; powers by pills of two.
    models = min(
        (_heated(models, "outline", heat) for heat in _TEMPERATURES),
        key=lambda each: log_loss(softmax(each.outline.logits(aside.outlines[:, 0])), shapes),
    )
    models = min(
        (_heated(models, "area", heat) for heat in _TEMPERATURES),
        key=lambda each: log_loss(face_pairs(each, aside), colors),
    )
    shape_power = min(_POWERS, key=lambda power: log_loss(pill_shapes(models, aside, power), shapes[::2]))
    color_grid = [(power, prior) for power in _POWERS for prior in _LAYERS_PRIORS]
    losses = {way: log_loss(pill_colors(models, aside, *way), colors[::2]) for way in color_grid}
    as_good = [way for way in color_grid if losses[way] <= _AS_GOOD * min(losses.values())]
    color_power, prior = max(as_good, key=lambda way: (way[0], -losses[way]))
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


def network_logits(faces: Faces) -> Array:
    """What the face network that ships says of each face, ``(faces, 9)``."""
    face_logits = FaceNetwork()
    views = (FaceView(view, mask, np.zeros((2, 3))) for view, mask in zip(faces.views, faces.masks, strict=True))
    return np.stack([face_logits(network_input(view)) for view in views])


def shapes_with_capsules(models: Models, faces: Faces, logits: Array) -> tuple[Array, Truth]:
    """Chances of all SPL shapes by pill as ``measure.combine`` merges them, ``(pills, 19)``, CAPSULE last; truth."""
    outline = pill_shapes(models, faces, models.calibration["shape_power"])
    oval = OUTLINE_SHAPES.index("OVAL")
    seams = logits[:, 0].reshape(-1, 2).mean(axis=1)
    capsule = outline[:, oval] * [sigmoid(float(seam)) for seam in seams]
    outline[:, oval] -= capsule
    terms = [shape_term(text) for text in faces.rows["shape"][::2]]
    names = (*OUTLINE_SHAPES, "CAPSULE")
    return np.column_stack([outline, capsule]), np.array([names.index(term) if term else -1 for term in terms])


def network_measures(faces: Faces, logits: Array) -> dict[str, tuple[Array, Truth]]:
    """Chances and truth of what the face network says: of pills scored or not and kinds of imprint, of faces blank.

    Which face is blank is known where the reader explains the register's imprint, so of the easier faces.
    """
    truth = {name: np.asarray(values) for name, values in pill_targets(faces).items()}
    pairs = torch.from_numpy(logits.reshape(-1, 2, logits.shape[1]))
    whole = score_chances(pairs[..., 1:5])[:, 0].numpy()
    blank = softmax(logits[:, 5:])[:, 0]
    kinds = relief_chances(pairs[..., 5:]).numpy()
    return {
        "none or scored": (np.stack([whole, 1 - whole], 1), np.where(truth["score"] < 0, -1, truth["score"] > 0)),
        "kind of imprint": (kinds / kinds.sum(axis=1, keepdims=True), truth["relief"]),
        "blank or not": (np.stack([1 - blank, blank], 1), truth["blank"].ravel()),
    }


def report(models: Models, faces: Faces) -> Iterator[str]:
    """How the models do on the validation part of each photo set."""
    held = faces.part(faces.validation)
    for name in sorted(set(held.rows["set"])):
        part = held.part((held.rows["set"] == name).to_numpy())
        logits = network_logits(part)
        powers = models.calibration["color_power"], models.calibration["layers_prior"]
        colors = pill_colors(models, part, *powers)
        measures = {
            "shape": shapes_with_capsules(models, part, logits),
            "colors": (colors, _color_pairs(part)[::2]),
            **network_measures(part, logits),
        }
        for what, (chances, truth) in measures.items():
            if (truth >= 0).any():
                right, error = accuracy(chances, truth), calibration_error(chances, truth)
                yield f"{name} {what}: {right:.4f} of {np.count_nonzero(truth >= 0)}, calibration error {error:.4f}"


def _kept(path: Path, make: Callable[[], Faces]) -> Faces:
    """The faces kept at a path, made where they are not."""
    if not path.exists():
        part = path.with_suffix(".part")
        part.write_bytes(pickle.dumps(make()))
        part.replace(path)
    faces: Faces = pickle.loads(path.read_bytes())
    return faces


def _drawn(work: Path) -> Iterator[Path]:
    """Folders with drawn photos of both faces of pills, debossed and printed."""
    for kind, count in _DRAWN.items():
        folder = work / f"drawn-{kind}"
        if not (folder / "labels.csv").exists():
            for _ in write_face_set(folder, count, _DRAWN_SEED, printed=kind == "printed", turned=False):
                pass
        yield folder


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True)
@click.option("--work", type=click.Path(path_type=Path, file_okay=False), required=True, help="Keeps the faces found.")
@click.option("--limit", default=10_000, help="Photos of each set to use.")
@click.option("--minutes", default=38.0, help="Of training the face network; 0 leaves weights/face.onnx as it is.")
@click.option("--check", is_flag=True, help="Fit nothing: say how the weights that ship do on the validation part.")
def main(data: Path, work: Path, limit: int, minutes: float, check: bool) -> None:
    """Fit and write pipeline/weights/measure.npz and face.onnx."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    work.mkdir(parents=True, exist_ok=True)
    reader = default_reader()

    def faces_of(folders: Iterable[Path]) -> Faces:
        kept = (_kept(work / f"{folder.name}.pkl", partial(collect, folder, limit, reader)) for folder in folders)
        return together(list(kept))

    faces = faces_of((data / "rximage300", data / "tfda"))
    with_drawn = together([faces, faces_of(_drawn(work))])
    if not check:
        if minutes:
            run(face_task(with_drawn), work / "face.pt", minutes, rate=_RATE, resume=True)
            save_network(work / "face.pt", _WEIGHTS / "face.onnx")
        save_models(fit(faces), _WEIGHTS / "measure.npz")
    models = load_models()
    for line in (*report(models, with_drawn), f"calibration {models.calibration}"):
        click.echo(line)


if __name__ == "__main__":
    main()
