"""Fits the outline network of weights/measure.npz, and weights/face.onnx; ``color_fit`` fits the color networks.

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

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import click
import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.draw.drawn_sets import write_face_set
from pipeline.imprint import default_reader
from pipeline.measure.face import FaceView, network_input
from pipeline.measure.models import FaceNetwork, Models, load_models, sigmoid, softmax
from pipeline.measure.shape import OUTLINE_SHAPES
from pipeline.train.common.loop import run
from pipeline.train.common.made_once import made_once
from pipeline.train.measure.calibration import (
    POWERS,
    PROBABILITY_MIN,
    TEMPERATURES,
    WEIGHTS,
    accuracy,
    calibration_error,
    heated,
    log_loss,
    save_models,
)
from pipeline.train.measure.dense_networks import fit_outline, outline_truth
from pipeline.train.measure.face_network import (
    face_task,
    pill_targets,
    relief_chances,
    save_network,
    score_chances,
)
from pipeline.train.measure.fitted_faces import Faces, collect, together
from pipeline.train.measure.set_labels import is_aside
from reference.text.vocabulary import shape_term

Array = NDArray[np.float64]
Truth = NDArray[np.int64]

# Photos that are drawn for the face network, and the seed that they are drawn with.
_DRAWN = {"debossed": 700, "printed": 500}
_DRAWN_SEED = 40
_RATE = 4e-3


def for_calibration(faces: Faces) -> NDArray[np.bool_]:
    """Which faces are of an imprint that calibrates."""
    return np.array([is_aside(text) for text in faces.rows["imprint"]])


def pill_shapes(models: Models, faces: Faces, power: float) -> Array:
    """Chances of the outline's shapes by pill, ``(pills, 18)``."""
    return _merged(softmax(models.outline.logits(faces.outlines[:, 0])), faces, power)


def _merged(chances: Array, faces: Faces, power: float) -> Array:
    """Faces ``(2 * pills, n)`` to pills ``(pills, n)``; a face found alone stays as it is."""
    pairs = chances.reshape(len(chances) // 2, 2, -1)
    merged = np.maximum(pairs, PROBABILITY_MIN).prod(axis=1) ** power
    merged = np.where(faces.alone[:, None], pairs[:, 0], merged)
    return np.asarray(merged / merged.sum(axis=1, keepdims=True))


def network_logits(faces: Faces) -> Array:
    """What the face network that ships says of each face, ``(faces, 9)``."""
    face_logits = FaceNetwork()
    views = (FaceView(view, mask, np.zeros((2, 3))) for view, mask in zip(faces.views, faces.masks, strict=True))
    return np.stack([face_logits(network_input(view)) for view in views])


def fit(faces: Faces, shipped: Models) -> Models:
    """The models that ship with an outline network fitted on the training part, calibrated on its imprints aside."""
    training = faces.part(~faces.validation)
    aside = training.part(for_calibration(training))
    models = replace(shipped, outline=fit_outline(training.part(~for_calibration(training))))
    shapes = outline_truth(aside)
    # The temperature by faces, since many photos show one alone; the power by pills of two.
    models = min(
        (heated(models, "outline", heat) for heat in TEMPERATURES),
        key=lambda each: log_loss(softmax(each.outline.logits(aside.outlines[:, 0])), shapes),
    )
    power = min(POWERS, key=lambda power: log_loss(pill_shapes(models, aside, power), shapes[::2]))
    return replace(models, calibration=models.calibration | {"shape_power": power})


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
        measures = {
            "shape": shapes_with_capsules(models, part, logits),
            **network_measures(part, logits),
        }
        for what, (chances, truth) in measures.items():
            if (truth >= 0).any():
                right, error = accuracy(chances, truth), calibration_error(chances, truth)
                yield f"{name} {what}: {right:.4f} of {np.count_nonzero(truth >= 0)}, calibration error {error:.4f}"


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
        found = (made_once(work / f"{folder.name}.pkl", partial(collect, folder, limit, reader)) for folder in folders)
        return together(list(found))

    faces = faces_of((data / "rximage300", data / "tfda"))
    with_drawn = together([faces, faces_of(_drawn(work))])
    if not check:
        if minutes:
            run(face_task(with_drawn), work / "face.pt", minutes, rate=_RATE, resume=True)
            save_network(work / "face.pt", WEIGHTS / "face.onnx")
        save_models(fit(faces, load_models()))
    models = load_models()
    for line in (*report(models, with_drawn), f"calibration {models.calibration}"):
        click.echo(line)


if __name__ == "__main__":
    main()
