"""Small dense networks: how they are fitted, and the one that tells shapes from outlines."""

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
from pipeline.measure.models import FIGURE_MAX, Perceptron
from pipeline.measure.outline_figures import outline_figures
from pipeline.measure.shape import OUTLINE_SHAPES
from pipeline.train.measure.fitted_faces import Faces
from reference.text.vocabulary import shape_term

Array = NDArray[np.float64]

_DRAWN_A_SHAPE = 150
_DRAWN_WEIGHT, _DRAWN_WEIGHT_COMMON = 0.05, 0.3
"""What a drawn outline counts beside a real one. 150 of a shape count as 7.5 faces: one in 1,000, about what registers
have of the rarest; ROUND and OVAL take more, to learn tilt and coarse pixels."""


def dense(sizes: Sequence[int]) -> nn.Sequential:
    """Dense layers with ReLU between."""
    layers: list[nn.Module] = []
    for given, made in itertools.pairwise(sizes):
        layers += [nn.Linear(given, made), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def perceptron(network: nn.Sequential, mean: Array, scale: Array, temperature: float = 1.0) -> Perceptron:
    """The network as plain arrays."""
    layers = tuple(
        (layer.weight.detach().numpy().astype(np.float64), layer.bias.detach().numpy().astype(np.float64))
        for layer in network
        if isinstance(layer, nn.Linear)
    )
    return Perceptron(mean, scale, layers, temperature)


def normal(figures: Array, mean: Array, scale: Array) -> Tensor:
    """Figures as a network under training sees them."""
    return torch.from_numpy(np.clip((figures - mean) / scale, -FIGURE_MAX, FIGURE_MAX).astype(np.float32))


def outline_truth(faces: Faces) -> NDArray[np.int64]:
    """Index into ``OUTLINE_SHAPES`` by face, -1 where the register names no SPL shape."""
    terms = ["OVAL" if shape_term(text) == "CAPSULE" else shape_term(text) for text in faces.rows["shape"]]
    return np.array([OUTLINE_SHAPES.index(term) if term else -1 for term in terms])


def steps_of(network: nn.Module, count: int, peak: float, decay: float) -> Iterator[Callable[[Tensor], None]]:
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
    figures = normal(np.concatenate([real, drawn]), mean, scale)
    truth = torch.from_numpy(np.concatenate([real_truth, drawn_truth]))
    # Faces are drawn with the root of their weights, and each draw counts the other root. The mean stays the same, with
    # less noise from rare faces of great weight.
    chances = np.sqrt(weights) / np.sqrt(weights).sum()
    counts = torch.from_numpy((np.sqrt(weights) / np.mean(weights) * np.mean(np.sqrt(weights))).astype(np.float32))

    def network(seed: int) -> nn.Sequential:
        torch.manual_seed(seed)
        made = dense((figures.shape[1], 48, 48, len(OUTLINE_SHAPES)))
        for step in steps_of(made, steps, 4e-3, 3e-2):
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
