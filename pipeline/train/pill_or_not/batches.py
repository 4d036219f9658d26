"""Batches of regions, each seen as another photo might show it."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.segment.pill_or_not import SPANS, VIEW_PX, filled, planes
from pipeline.train.pill_or_not.learned_regions import KEPT_PX, KEPT_SPANS, Samples

_BATCH = 64
# Half of each batch are pills.
_PILLS = 0.5
# The share that is shown in other light, coarser or noisier; the rest is shown as it is.
_DEGRADED = 0.6
# How often the color channels are exchanged, the region gets another color, its ground gets another color, and the far
# view is left empty.
_OTHER_HUES, _OTHER_REGION, _OTHER_GROUND, _NO_CONTEXT = 0.3, 0.3, 0.25, 0.15
_Pair = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def seen(samples: Samples, number: int, rng: np.random.Generator | None = None) -> NDArray[np.float32]:
    """The planes of one region; with ``rng`` turned, moved, in other light, coarser, its outline off."""
    matrix = np.eye(2) if rng is None else _turn(rng)
    shift = np.zeros(2) if rng is None else rng.normal(0, 0.02, 2)
    pair = tuple(
        _view(pixels[number], kept / size, span, matrix, shift)
        for pixels, kept, size, span in zip((samples.near, samples.far), KEPT_SPANS, KEPT_PX, SPANS, strict=True)
    )
    back = np.linalg.inv(matrix).T
    outline, frame = ((points[number].astype(np.float64)[:, ::-1] - shift) @ back for points in (
        samples.outlines, samples.frames
    ))  # fmt: skip
    near, far = pair
    if rng is not None:
        near, far = _recolored(near, far, outline[:, ::-1], rng)
        outline = _off(outline, rng)
        if rng.random() < _DEGRADED:
            near, far = _degraded(near, far, rng)
    return planes(near, far, outline[:, ::-1], frame[:, ::-1])


def _turn(rng: np.random.Generator) -> NDArray[np.float64]:
    """From the view's (x, y) to the kept square's: turned, mirrored, enlarged a little."""
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if rng.random() < 0.5:
        turn[:, 0] *= -1
    return np.asarray(turn * np.exp(rng.uniform(-0.12, 0.12)) * np.exp(rng.uniform(-0.06, 0.06, 2)))


def _view(
    pixels: NDArray[np.uint8], step: float, span: float, matrix: NDArray[np.float64], shift: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """A view of a kept square of which one pixel is ``step`` lengths."""
    linear = matrix * (span / VIEW_PX / step)
    middle = (pixels.shape[0] - 1) / 2 + shift / step - linear @ np.full(2, (VIEW_PX - 1) / 2)
    to_kept = np.column_stack([linear, middle])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    view = cv2.warpAffine(pixels, to_kept, (VIEW_PX, VIEW_PX), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(view, np.uint8)


def _off(outline: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """The outline as it might be found: larger or smaller, moved, with a bulge."""
    if rng.random() < 0.5:
        return outline
    along = np.linspace(0, 2 * np.pi, len(outline), endpoint=False)
    bulge = 1 + rng.normal(0, 0.03) + rng.normal(0, 0.02) * np.cos(along * int(rng.integers(1, 5)) + rng.uniform(0, 6))
    return outline * bulge[:, None] + rng.normal(0, 0.015, 2)


def _recolored(
    near: NDArray[np.uint8], far: NDArray[np.uint8], outline: NDArray[np.float64], rng: np.random.Generator
) -> _Pair:
    """Other colors, of the region or of what lies around it: no ground and no color makes a pill, or unmakes one."""
    if rng.random() < _OTHER_HUES:
        order = rng.permutation(3)
        near, far = np.ascontiguousarray(near[..., order]), np.ascontiguousarray(far[..., order])
    for share, outside in ((_OTHER_REGION, False), (_OTHER_GROUND, True)):
        if rng.random() < share:
            gray = np.full(3, rng.uniform(0, 255)) if rng.random() < 0.6 else rng.uniform(0, 255, 3)
            toward, gain = rng.uniform(0.3, 0.9), rng.uniform(0.5, 1.0)
            near, far = (
                _toward(view, _covered(outline, span, outside), gray, toward, gain)
                for view, span in zip((near, far), SPANS, strict=True)
            )
    if rng.random() < _NO_CONTEXT:
        far = np.full_like(far, int(rng.integers(256)))
    return near, far


def _covered(outline: NDArray[np.float64], span: float, outside: bool) -> NDArray[np.uint8]:
    region = filled(outline, span)
    return np.asarray(255 - region, np.uint8) if outside else region


def _toward(
    view: NDArray[np.uint8], mask: NDArray[np.uint8], color: NDArray[np.float64], share: float, gain: float
) -> NDArray[np.uint8]:
    """What a mask covers brought nearer to a color, with its light and shade kept to the share ``gain``."""
    soft = cv2.GaussianBlur(mask, (0, 0), 0.8).astype(np.float32)[..., None] / 255
    inside = view[mask > 127].reshape(-1, 3)
    middle = np.median(inside, axis=0) if len(inside) else color
    moved = (view - middle) * gain + middle * (1 - share) + color * share
    return np.clip(view * (1 - soft) + moved * soft, 0, 255).astype(np.uint8)


def _degraded(near: NDArray[np.uint8], far: NDArray[np.uint8], rng: np.random.Generator) -> _Pair:
    """Both views in other light; coarser, blurred, with noise or as JPEG."""
    tone, gain = np.exp(rng.normal(0, 0.25)), np.exp(rng.normal(0, 0.1, 3) + rng.normal(0, 0.15))
    values = np.arange(256, dtype=np.float64)
    table = np.clip(255 * ((values / 255) ** tone)[:, None] * gain, 0, 255).astype(np.uint8)[None]
    if rng.random() < 0.7:
        near, far = (np.asarray(cv2.LUT(view, table), np.uint8) for view in (near, far))
    if rng.random() < 0.2:
        gray = rng.uniform(0, 1)
        near, far = (_grayer(view, gray) for view in (near, far))
    kind = rng.random()
    if kind < 0.3:
        side = int(np.exp(rng.uniform(np.log(10), np.log(50))))
        coarse = cv2.resize(near, (side, side), interpolation=cv2.INTER_AREA)
        near = np.asarray(cv2.resize(coarse, (VIEW_PX, VIEW_PX), interpolation=cv2.INTER_LINEAR), np.uint8)
    elif kind < 0.5:
        near = np.asarray(cv2.GaussianBlur(near, (0, 0), rng.uniform(0.4, 2.5)), np.uint8)
    if rng.random() < 0.4:
        noise = rng.normal(0, rng.uniform(1, 7), near.shape)
        near = np.clip(near + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.25:
        coded = cv2.imencode(".jpg", near, [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(30, 95))])[1]
        near = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return near, far


def _grayer(view: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    gray = np.repeat(cv2.cvtColor(view, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    return np.asarray(cv2.addWeighted(view, 1 - share, gray, share, 0), np.uint8)


class RegionBatches(torch.utils.data.IterableDataset[tuple[Tensor, Tensor]]):
    """Endless batches of the regions that are not held out: planes ``(n, 10, 64, 64)`` and truth ``(n,)`` 0-1."""

    def __init__(self, samples: Samples, seed: int) -> None:
        self.samples, self.seed = samples, seed
        learned = ~samples.held_out
        self.stocks = [
            _by_set(samples, np.flatnonzero(learned & (samples.is_pill == is_pill))) for is_pill in (True, False)
        ]

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        rng = np.random.default_rng(self.seed)
        pills = int(_BATCH * _PILLS)
        while True:
            chosen = [rng.choice(stock, count, p=share) for (stock, share), count in zip(
                self.stocks, (pills, _BATCH - pills), strict=True
            )]  # fmt: skip
            numbers = np.concatenate(chosen)
            stack = np.stack([seen(self.samples, int(number), rng) for number in numbers])
            truth = self.samples.is_pill[numbers].astype(np.float32)
            yield torch.from_numpy(stack), torch.from_numpy(truth)


def _by_set(samples: Samples, stock: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The numbers, and how often each is taken: of a set as the square root of its count says."""
    _, inverse, counts = np.unique(samples.sources[stock], return_inverse=True, return_counts=True)
    share = 1 / np.sqrt(counts[inverse])
    return stock, share / share.sum()
