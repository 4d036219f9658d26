"""Fits the small networks of outline and color, and the powers and temperatures that calibrate all of measuring."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import block_diag
from torch import Tensor, nn
from torch.nn import functional

from pipeline.draw.random_outlines import draw_outline
from pipeline.measure.color import AREA_FIGURES, COLORS, PAIR_FIGURES, area_figures, pair_figures
from pipeline.measure.models import FIGURE_MAX, Perceptron
from pipeline.measure.outline_figures import outline_figures
from pipeline.measure.shape import OUTLINE_SHAPES
from pipeline.train.measure.fitted_faces import Faces
from reference.text.vocabulary import color_terms, shape_term

Array = NDArray[np.float64]

_DRAWN_A_SHAPE = 150
_DRAWN_WEIGHT, _DRAWN_WEIGHT_COMMON = 0.05, 0.3
"""What a drawn outline counts beside a real one. 150 of a shape count as 7.5 faces: one in 1,000, about what registers
have of the rarest; ROUND and OVAL take more, to learn tilt and coarse pixels."""

_LAYERS_CHANCE = {True: 0.005, False: 0.05}
"""Chance, for capsules and for tablets, that a two-color pill shows one color on a face."""

_MISLABELED = 0.06
"""Share of pills whose registered colors are taken to say nothing: pills of one look bear ORANGE, BROWN and PINK, and a
network that must explain each label grows too sure of itself (docs/experiments/measure.md, "Third round")."""


def dense(sizes: Sequence[int]) -> nn.Sequential:
    """Dense layers with ReLU between."""
    layers: list[nn.Module] = []
    for given, made in itertools.pairwise(sizes):
        layers += [nn.Linear(given, made), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def perceptron(network: nn.Sequential, mean: Array, scale: Array, temperature: float = 1.0) -> Perceptron:
    """As plain arrays."""
    layers = tuple(
        (layer.weight.detach().numpy().astype(np.float64), layer.bias.detach().numpy().astype(np.float64))
        for layer in network
        if isinstance(layer, nn.Linear)
    )
    return Perceptron(mean, scale, layers, temperature)


def _normal(figures: Array, mean: Array, scale: Array) -> Tensor:
    return torch.from_numpy(np.clip((figures - mean) / scale, -FIGURE_MAX, FIGURE_MAX).astype(np.float32))


def outline_truth(faces: Faces) -> NDArray[np.int64]:
    """Index into ``OUTLINE_SHAPES`` by face, -1 where the register names no SPL shape."""
    terms = ["OVAL" if shape_term(text) == "CAPSULE" else shape_term(text) for text in faces.rows["shape"]]
    return np.array([OUTLINE_SHAPES.index(term) if term else -1 for term in terms])


def color_truth(faces: Faces) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and second color by face (the same twice for one color), -1 where none or more than two are known."""
    terms = [color_terms(text) if "CLEAR" not in text else () for text in faces.rows["color"]]
    known = [term if 1 <= len(term) <= 2 else ("", "") for term in terms]
    index = {"": -1, **{color: n for n, color in enumerate(COLORS)}}
    return np.array([index[term[0]] for term in known]), np.array([index[term[-1]] for term in known])


def _steps(network: nn.Module, count: int, peak: float, decay: float) -> Iterator[Callable[[Tensor], None]]:
    """``count`` times a function that takes the loss and makes a step, with the rate rising and falling."""
    optimizer = torch.optim.AdamW(network.parameters(), peak / 2, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, peak, count)

    def step(loss: Tensor) -> None:
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()

    for _ in range(count):
        yield step


def fit_outline(faces: Faces, steps: int = 2000, batch: int = 256, seeds: Sequence[int] = (0, 1, 2, 3)) -> Perceptron:
    """Outline figures to shapes, from real outlines in several views and drawn ones; one network a seed, side by side.

    Alone they differ by five of a thousand pills (docs/experiments/measure.md, "Sixth round").
    """
    rng = np.random.default_rng(1)
    truth_of_faces = outline_truth(faces)
    known = truth_of_faces >= 0
    views = faces.outlines.shape[1]
    real, real_truth = faces.outlines[known].reshape(-1, faces.outlines.shape[2]), truth_of_faces[known].repeat(views)
    drawn_truth = np.repeat(np.arange(len(OUTLINE_SHAPES)), _DRAWN_A_SHAPE)
    drawn = np.stack([outline_figures(draw_outline(OUTLINE_SHAPES[index], rng)) for index in drawn_truth])
    mean = real.mean(axis=0)
    scale = np.maximum(real.std(axis=0) + 1e-3, 0.3 * drawn.std(axis=0))
    common = np.isin(drawn_truth, [OUTLINE_SHAPES.index(shape) for shape in ("ROUND", "OVAL")])
    weights = np.concatenate([np.full(len(real), 1 / views), np.where(common, _DRAWN_WEIGHT_COMMON, _DRAWN_WEIGHT)])
    figures = _normal(np.concatenate([real, drawn]), mean, scale)
    truth = torch.from_numpy(np.concatenate([real_truth, drawn_truth]))
    # Rare ones are drawn more often than they weigh, and each draw counts less: the same mean, less noise.
    chances = np.sqrt(weights) / np.sqrt(weights).sum()
    counts = torch.from_numpy((np.sqrt(weights) / np.mean(weights) * np.mean(np.sqrt(weights))).astype(np.float32))

    def network(seed: int) -> nn.Sequential:
        torch.manual_seed(seed)
        made = dense((figures.shape[1], 48, 48, len(OUTLINE_SHAPES)))
        for step in _steps(made, steps, 4e-3, 3e-2):
            chosen = torch.from_numpy(rng.choice(len(figures), batch, p=chances))
            noisy = figures[chosen] + 0.05 * torch.randn(batch, figures.shape[1])
            step((functional.cross_entropy(made(noisy), truth[chosen], reduction="none") * counts[chosen]).mean())
        return made

    return side_by_side([perceptron(network(seed), mean, scale) for seed in seeds])


def side_by_side(networks: Sequence[Perceptron]) -> Perceptron:
    """One network whose logits are the mean of those of several of the same make and normalization."""
    first, *hidden, last = zip(*(network.layers for network in networks), strict=True)
    layers = (
        (np.concatenate([weights for weights, _ in first]), np.concatenate([biases for _, biases in first])),
        *(
            (block_diag(*(weights for weights, _ in layer)), np.concatenate([biases for _, biases in layer]))
            for layer in hidden
        ),
        (
            np.concatenate([weights for weights, _ in last], axis=1) / len(networks),
            np.mean([biases for _, biases in last], axis=0),
        ),
    )
    return Perceptron(networks[0].mean, networks[0].scale, layers, networks[0].temperature)


def _other_light(areas: Array, grounds: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """The same faces in other light, some on another ground: white, wood, mats."""
    n = len(areas)
    tint = np.exp(rng.normal(0, 0.10, (n, 3)) * (rng.random((n, 1)) < 0.5) + rng.normal(0, 0.10, (n, 1)))
    light = np.exp(rng.uniform(np.log(0.05), np.log(0.9), (n, 1)))
    hue = np.exp(rng.normal(0, 0.35, (n, 3)) * (rng.random((n, 1)) < 0.5))
    other = np.clip(light * hue, 0, 1)[:, None, :] * np.array([0.9, 1, 1.1])[:, None]
    grounds = np.where(rng.random((n, 1, 1)) < 0.15, other, grounds)
    return np.clip(areas * tint[:, None, None], 0, 1), np.clip(grounds * tint[:, None], 0, 1)


def _color_loss(areas: Tensor, two: Tensor, truth: tuple[Tensor, Tensor], layered: Tensor) -> Tensor:
    """Of log chances ``(n, 3, 12)`` of whole and parts and the logit ``(n,)`` of two areas; who is where is unknown."""
    chance, both, index = areas.exp(), torch.sigmoid(two), torch.arange(len(two))
    first, second = truth
    one = (1 - both) * chance[index, 0, first] + both * chance[index, 1, first] * chance[index, 2, first]
    crossed = chance[index, 1, first] * chance[index, 2, second] + chance[index, 1, second] * chance[index, 2, first]
    single = (1 - both) * (chance[index, 0, first] + chance[index, 0, second])
    likely = torch.where(first == second, one, both * crossed + layered * single)
    return -torch.log((1 - _MISLABELED) * likely + _MISLABELED / 144).mean()


def fit_colors(faces: Faces, steps: int = 4000, batch: int = 128) -> tuple[Perceptron, Perceptron]:
    """Area figures to colors, and pair figures to whether the two areas are two colors; fitted together."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    first, second = color_truth(faces)
    rows = np.flatnonzero(first >= 0)
    layered = np.where(faces.rows["shape"] == "CAPSULE", _LAYERS_CHANCE[True], _LAYERS_CHANCE[False])
    wide = np.broadcast_to(faces.grounds[:, None], (len(faces.areas), 3, 3, 3))
    figures = area_figures(faces.areas, wide)[:, 0]
    pairs = pair_figures(faces.areas[:, 1:], faces.grounds, faces.shares)
    means, scales = (figures.mean(0), pairs.mean(0)), (figures.std(0) + 1e-3, pairs.std(0) + 1e-3)
    area, pair = dense((AREA_FIGURES, 48, 48, len(COLORS))), dense((PAIR_FIGURES, 16, 16, 1))
    for step in _steps(nn.ModuleList([area, pair]), steps, 6e-3, 1e-2):
        chosen = rng.choice(rows, batch)
        areas, grounds = _other_light(faces.areas[chosen], faces.grounds[chosen], rng)
        seen = area_figures(areas, np.broadcast_to(grounds[:, None], (batch, 3, 3, 3)))
        apart = pair_figures(areas[:, 1:], grounds, faces.shares[chosen])
        chances = functional.log_softmax(area(_normal(seen, means[0], scales[0])), -1)
        two = pair(_normal(apart, means[1], scales[1]))[:, 0]
        truth = torch.from_numpy(first[chosen]), torch.from_numpy(second[chosen])
        step(_color_loss(chances, two, truth, torch.from_numpy(layered[chosen].astype(np.float32))))
    return perceptron(area, means[0], scales[0]), perceptron(pair, means[1], scales[1])
