"""Where the pills of a drawn scene lie: alone, in the corner of an axis, filling the photo, strewn, in a heap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Random = np.random.Generator


@dataclass(frozen=True)
class Layout:
    """Where pills lie (rows, cols), how long they are (px), and the axis' corner where the scene has an axis."""

    places: list[tuple[float, float]]
    length: float
    axis: tuple[int, int] | None = None
    aligned: bool = False
    alike: bool = True
    plain: bool = False


def random_layout(rng: Random, side: int) -> Layout:
    """A random one for a scene of ``side`` pixels."""
    kind = rng.random()
    if kind < 0.1:
        return Layout([], 20.0, None, plain=rng.random() < 0.3)
    if kind < 0.2:
        middle = rng.uniform(0.25, 0.75, 2) * side
        return Layout([(float(middle[0]), float(middle[1]))], _length(rng, 18, 0.95 * side), plain=rng.random() < 0.5)
    if kind < 0.5:
        return _ruler_sheet(rng, side)
    if kind < 0.58:
        return _close_pair(rng, side)
    if kind < 0.78:
        return _heap(rng, side)
    length = _length(rng, 16, 90)
    count = int(rng.integers(2, max(4, min(30, int(1.2 * (side / length) ** 2)))))
    places = [tuple(float(at) for at in rng.uniform(-0.03, 1.03, 2) * side) for _ in range(count)]
    return Layout(places, length, None, False, rng.random() < 0.4, rng.random() < 0.4)  # type: ignore[arg-type]


def _length(rng: Random, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _ruler_sheet(rng: Random, side: int) -> Layout:
    """Two faces in the corner of a mm axis, touching it or each other, as in registers' photos."""
    length = _length(rng, 16, 90)
    middle = rng.uniform(0.25, 0.75, 2) * side
    gap = length * rng.choice([rng.uniform(0.45, 0.7), rng.uniform(0.95, 1.1), rng.uniform(1.1, 1.8)])
    angle = rng.choice([0.0, np.pi / 2]) + rng.normal(0, 0.05)
    step = np.array([np.sin(angle), np.cos(angle)]) * gap / 2
    low = middle + (abs(step) + length * rng.uniform(0.2, 0.8)) * [1, -1]
    axis = (int(low[0]), int(low[1])) if rng.random() < 0.85 else None
    first, second = middle - step, middle + step
    places = [(float(first[0]), float(first[1])), (float(second[0]), float(second[1]))]
    return Layout(places, length, axis, True, True, rng.random() < 0.85)


def _close_pair(rng: Random, side: int) -> Layout:
    """Two faces that fill the photo."""
    length = rng.uniform(0.35, 0.9) * side
    gap = length * rng.uniform(0.42, 1.05)
    step = np.array([1.0, 0.0] if gap < 0.7 * length or rng.random() < 0.5 else [0.0, 1.0]) * gap / 2
    first, second = side / 2 - step, side / 2 + step
    low = side / 2 + (abs(step) + length * rng.uniform(0.3, 0.55)) * [1, -1]
    axis = (int(low[0]), int(low[1])) if rng.random() < 0.6 else None
    places = [(float(first[0]), float(first[1])), (float(second[0]), float(second[1]))]
    return Layout(places, length, axis, True, True, rng.random() < 0.7)


def _heap(rng: Random, side: int) -> Layout:
    """Pills that touch and overlap, all of a kind or mixed."""
    length = _length(rng, 18, 90)
    count = int(rng.integers(2, max(3, min(45, int(2.0 * (side / length) ** 2)))))
    places = [tuple(rng.uniform(0.3, 0.7, 2) * side)]
    while len(places) < count:
        near = np.array(places[int(rng.integers(len(places)))])
        angle, reach = rng.uniform(0, 2 * np.pi), length * rng.uniform(0.6, 1.0)
        place = near + reach * np.array([np.sin(angle), np.cos(angle)])
        away = min(float(np.hypot(*(place - other))) for other in np.array(places))
        if away > 0.5 * length or rng.random() < 0.03:
            places.append((float(place[0]), float(place[1])))
    return Layout(places, length, None, False, rng.random() < 0.35, rng.random() < 0.35)
