"""Fits the color networks, which are part of weights/measure.npz.

    python -m pipeline.train.measure.color_fit --data ../shared/data --work WORK
    python -m pipeline.train.measure.color_fit --data ../shared/data --work WORK --pieces
    python -m pipeline.train.measure.color_fit --data ../shared/data --work WORK --check

WORK keeps the faces that the product's segmentation found in rximage300, tfda and field (some ten minutes), and pieces
cut out of rximage300's; ``--pieces`` fits the two networks of these and leaves the others as they are. Begin in an
empty one after a change of that. Only photos outside the validation parts are used; a seventh of the registers'
imprints sets temperature and powers. The last lines say how the fit does on the validation part of each set;
``--check`` says it of the weights that ship.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import click
import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from pipeline.measure.color import (
    AREA_FIGURES,
    COLORS,
    PAIR_FIGURES,
    area_figures,
    face_colors,
    pair_figures,
)
from pipeline.measure.models import Models, Perceptron, load_models
from pipeline.train.common.made_once import made_once
from pipeline.train.measure.calibration import (
    LAYERS_PRIORS,
    POWERS,
    PROBABILITY_MIN,
    TEMPERATURES,
    accuracy,
    calibration_error,
    heated,
    log_loss,
    save_models,
)
from pipeline.train.measure.color_batches import ANCHORS, SCENES, LitBatch, LitBatches, PieceBatches
from pipeline.train.measure.colored_faces import ColoredFaces, field_faces, register_faces, together
from pipeline.train.measure.dense_networks import dense, normal, perceptron, side_by_side, steps_of
from pipeline.train.measure.pieces import SOURCE as PIECES
from pipeline.train.measure.pieces import piece_faces

Array = NDArray[np.float64]
Truth = NDArray[np.int64]

_SETS = {"rximage300": register_faces, "tfda": register_faces, "field": field_faces}
_PIECES_OF = "rximage300"
_PIECE_NETWORKS = 3
_LAYERED_MAX = 0.1
"""Of a pill in two colors a face that shows one with a chance below this surely shows both."""

_BATCH, _STEPS = 128, 2500
# Of the registers' pills the shares used as photographed, laid into drawn light, and laid into scenes of known light.
_IN_SCENES = (0.66, 0.16, 0.18)
_AS_PHOTOGRAPHED = (1.0, 0.0, 0.0)
_TAUGHT = (*[_IN_SCENES] * 6, *[_AS_PHOTOGRAPHED] * 2)
"""The networks side by side; the last holds back the others, for which no light is impossible: without it a white
tablet on a blue tray is yellow once in twenty (docs/experiments/measure.md)."""
_MISLABELED = 0.06
"""Share of pills whose registered colors are taken to say nothing: pills of one look bear ORANGE, BROWN and PINK, and a
network that must explain each label grows too sure of itself (docs/experiments/measure.md)."""

# Of the color powers whose loss is at most this many times the least, the one that makes colors surest is taken. Else
# plain white pills would be made unsure by those colors on which registers disagree (docs/experiments/measure.md).
_AS_GOOD = 1.025


@dataclass(frozen=True, eq=False)
class _Scaling:
    """Means and deviations of the figures of areas and of pairs."""

    means: tuple[Array, Array]
    deviations: tuple[Array, Array]


def fit_colors(registers: ColoredFaces, field: ColoredFaces, steps: int) -> tuple[Perceptron, Perceptron]:
    """Area figures to colors, and pair figures to whether the two areas are two colors; several networks of each."""
    taught = [LitBatches(registers, field, lights, seed) for seed, lights in enumerate(_TAUGHT)]
    return _fit_side_by_side(taught, _scaling(LitBatches(registers, field, _IN_SCENES, 0).batch(6000)), steps)


def fit_pieces(pieces: ColoredFaces, steps: int) -> tuple[Perceptron, Perceptron]:
    """The same two networks of pieces that fill a photo."""
    taught = [PieceBatches(pieces, seed) for seed in range(_PIECE_NETWORKS)]
    return _fit_side_by_side(taught, _scaling(PieceBatches(pieces, 0).batch(6000)), steps)


def _scaling(batch: LitBatch) -> _Scaling:
    figures, pairs = _figures(batch)
    figures = figures[:, 0]
    return _Scaling((figures.mean(0), pairs.mean(0)), (figures.std(0) + 1e-3, pairs.std(0) + 1e-3))


def _fit_side_by_side(
    taught: Sequence[LitBatches | PieceBatches], scaling: _Scaling, steps: int
) -> tuple[Perceptron, Perceptron]:
    fitted = [_fit_one(batches, scaling, seed, steps) for seed, batches in enumerate(taught)]
    areas, of_pairs = zip(*fitted, strict=True)
    return side_by_side(areas), side_by_side(of_pairs)


def _fit_one(
    batches: LitBatches | PieceBatches, scaling: _Scaling, seed: int, steps: int
) -> tuple[Perceptron, Perceptron]:
    torch.manual_seed(seed)
    means, scales = scaling.means, scaling.deviations
    area, pair = dense((AREA_FIGURES, 64, 64, len(COLORS))), dense((PAIR_FIGURES, 16, 16, 1))
    for step in steps_of(nn.ModuleList([area, pair]), steps, 6e-3, 1e-2):
        batch = batches.batch(_BATCH)
        figures, pairs = _figures(batch)
        chances = functional.log_softmax(area(normal(figures, means[0], scales[0])), -1)
        two = pair(normal(pairs, means[1], scales[1]))[:, 0]
        step(_loss(chances, two, batch))
    return perceptron(area, means[0], scales[0]), perceptron(pair, means[1], scales[1])


def _figures(batch: LitBatch) -> tuple[Array, Array]:
    """``(n, 3, AREA_FIGURES)`` and ``(n, PAIR_FIGURES)``."""
    areas, grounds, scenes = batch.lit.areas, batch.lit.grounds, batch.lit.scenes
    wide = (np.broadcast_to(each[:, None], (len(areas), 3, *each.shape[1:])) for each in (grounds, scenes))
    return area_figures(areas, *wide), pair_figures(areas[:, 1:], grounds, batch.shares)


def _loss(areas: Tensor, two: Tensor, batch: LitBatch) -> Tensor:
    """Of log chances ``(n, 3, 12)`` of whole and parts and the logit ``(n,)`` of two areas; who is where is unknown."""
    first, second = torch.from_numpy(batch.first), torch.from_numpy(batch.second)
    layered = torch.from_numpy(batch.layered.astype(np.float32))
    chance, both, index = areas.exp(), torch.sigmoid(two), torch.arange(len(two))
    one = (1 - both) * chance[index, 0, first] + both * chance[index, 1, first] * chance[index, 2, first]
    crossed = chance[index, 1, first] * chance[index, 2, second] + chance[index, 1, second] * chance[index, 2, first]
    single = (1 - both) * (chance[index, 0, first] + chance[index, 0, second])
    likely = torch.where(first == second, one, both * crossed + layered * single)
    return -torch.log((1 - _MISLABELED) * likely + _MISLABELED / 144).mean()


def face_pairs(models: Models, faces: ColoredFaces) -> Array:
    """Chances of the color pairs by face, ``(n, 144)``."""
    joint = face_colors(faces.areas, faces.grounds, faces.scenes, faces.shares, models)
    return joint.reshape(len(faces), -1)


def pill_colors(models: Models, faces: ColoredFaces, power: float, layers_prior: float) -> tuple[Array, Truth]:
    """Chances of the color pairs by pill, ``(pills, 144)``, merged as ``measure.combine`` does, and the truth."""
    count = len(COLORS)
    joint = face_pairs(models, faces)
    # Two faces of one pill lie side by side; a face found alone stays as it is.
    starts = np.flatnonzero(np.r_[True, (faces.pill[1:] != faces.pill[:-1]) | (faces.source[1:] != faces.source[:-1])])
    ends = np.r_[starts[1:], len(joint)] - 1
    single = joint[:, :: count + 1]
    crossed = single[starts, :, None] * single[ends, None, :]
    layers = layers_prior * np.triu(crossed + np.swapaxes(crossed, 1, 2), 1).reshape(-1, count * count)
    merged = (np.maximum(joint[starts], PROBABILITY_MIN) * np.maximum(joint[ends], PROBABILITY_MIN)) ** power + layers
    merged = np.where((starts == ends)[:, None], joint[starts], merged) * np.triu(np.ones((count, count))).ravel()
    return merged / merged.sum(axis=1, keepdims=True), true_pairs(faces)[starts]


def true_pairs(faces: ColoredFaces) -> Truth:
    """The colors of each face's pill as places in the pairs of ``face_pairs``, -1 where not known."""
    low, high = np.minimum(faces.first, faces.second), np.maximum(faces.first, faces.second)
    return np.where(faces.first >= 0, low * len(COLORS) + high, -1)


def fit(faces: ColoredFaces, shipped: Models, steps: int = _STEPS) -> Models:
    """The models that ship with color networks fitted on the training part and calibrated on its imprints aside."""
    in_field, in_pieces = np.isin(faces.source, [*SCENES, *ANCHORS]), faces.source == PIECES
    training = faces.part(~faces.validation & ~in_field & ~in_pieces)
    learned, aside = training.part(~training.aside), training.part(training.aside)
    field = faces.part(~faces.validation & in_field)
    area, pair = fit_colors(learned, field, steps)
    models = replace(shipped, area=area, pair=pair)
    # The temperature by faces, since many photos show one alone; the power by pills of two.
    models = min(
        (heated(models, "area", heat) for heat in TEMPERATURES),
        key=lambda each: log_loss(face_pairs(each, aside), true_pairs(aside)),
    )
    losses = {way: log_loss(*pill_colors(models, aside, *way)) for way in _ways()}
    as_good = [way for way in losses if losses[way] <= _AS_GOOD * min(losses.values())]
    power, prior = max(as_good, key=lambda way: (way[0], -losses[way]))
    models = replace(models, calibration=models.calibration | {"color_power": power, "layers_prior": prior})
    return with_pieces(models, faces.part(~faces.validation & in_pieces), steps)


def with_pieces(models: Models, pieces: ColoredFaces, steps: int = _STEPS) -> Models:
    """The models with networks of pieces that fill a photo, fitted on these and calibrated on their imprints aside."""
    area, pair = fit_pieces(pieces.part(~pieces.aside), steps)
    models, aside = replace(models, piece_area=area, piece_pair=pair), pieces.part(pieces.aside & _shows_all(pieces))
    return min(
        (heated(models, "piece_area", heat) for heat in TEMPERATURES),
        key=lambda each: log_loss(face_pairs(each.of_pieces(), aside), true_pairs(aside)),
    )


def _shows_all(faces: ColoredFaces) -> NDArray[np.bool_]:
    """Which faces surely show all colors of their pill."""
    return np.asarray((faces.first == faces.second) | (faces.layered < _LAYERED_MAX))


def _ways() -> Sequence[tuple[float, float]]:
    return [(power, prior) for power in POWERS for prior in LAYERS_PRIORS]


def report(models: Models, faces: ColoredFaces) -> Iterator[str]:
    """How the models do on the validation part of each source, by pill."""
    powers = models.calibration["color_power"], models.calibration["layers_prior"]
    held = faces.part(faces.validation)
    for source in sorted(set(held.source.tolist())):
        part = held.part((held.source == source) & (_shows_all(held) | (held.source != PIECES)))
        # In a photo taken by hand, and among pieces, each region is a pill of its own.
        chances, truth = (
            pill_colors(models, part, *powers)
            if source in _SETS
            else (face_pairs(models.of_pieces() if source == PIECES else models, part), true_pairs(part))
        )
        known = truth >= 0
        if known.any():
            wrong = known & (chances.argmax(axis=1) != truth) & (chances.max(axis=1) >= 0.8)
            yield (
                f"{source} colors: {accuracy(chances, truth):.4f} of {np.count_nonzero(known)}, "
                f"log loss {log_loss(chances, truth):.3f}, calibration error {calibration_error(chances, truth):.4f}, "
                f"wrong at 0.8 or more {np.count_nonzero(wrong)}"
            )


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True)
@click.option("--work", type=click.Path(path_type=Path, file_okay=False), required=True, help="Keeps the faces found.")
@click.option("--check", is_flag=True, help="Fit nothing: say how the weights that ship do on the validation parts.")
@click.option("--pieces", "of_pieces", is_flag=True, help="Fit the networks of pieces that fill a photo alone.")
def main(data: Path, work: Path, check: bool, of_pieces: bool) -> None:
    """Fit the color networks and write them into pipeline/weights/measure.npz."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    work.mkdir(parents=True, exist_ok=True)

    found = [made_once(work / f"{name}.pkl", partial(find, data / name)) for name, find in _SETS.items()]
    faces = together([*found, made_once(work / f"{PIECES}.pkl", partial(piece_faces, data / _PIECES_OF))])
    if of_pieces and not check:
        save_models(with_pieces(load_models(), faces.part(~faces.validation & (faces.source == PIECES))))
    elif not check:
        save_models(fit(faces, load_models()))
    for line in report(load_models(), faces):
        click.echo(line)


if __name__ == "__main__":
    main()
