"""What the threshold costs and brings, on the regions that no training met."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.network import Network
from pipeline.segment.pill_or_not import chance_of, logits_of
from pipeline.train.pill_or_not.batches import seen
from pipeline.train.pill_or_not.learned_regions import Samples

# The shares of the held-out pills of photos that must be kept, each tried. Drawn scenes have harder pills than any
# photo, so their share is shown apart.
_KEPT = (1.0, 0.999, 0.995, 0.99, 0.98)
_DRAWN = "scenes"
_BATCH = 64


def chances_of(samples: Samples, numbers: NDArray[np.intp], network: Path) -> NDArray[np.float32]:
    """The chance of each numbered region to be a pill, ``(n,)``."""
    judge = Network(network.read_bytes())
    chances = [np.zeros(0, np.float32)]
    for first in range(0, len(numbers), _BATCH):
        batch = np.stack([seen(samples, int(number)) for number in numbers[first : first + _BATCH]])
        chances.append(chance_of(logits_of(judge, batch)))
    return np.concatenate(chances)


def kept_and_left(samples: Samples, network: Path) -> Iterator[str]:
    """Lines: for each share of pills that stays the threshold, then by set the pills kept and the others left."""
    numbers = np.flatnonzero(samples.held_out)
    chances, is_pill, sets = chances_of(samples, numbers, network), samples.is_pill[numbers], samples.sources[numbers]
    for share in _KEPT:
        threshold = float(np.quantile(chances[is_pill & (sets != _DRAWN)], 1 - share))
        kept = chances >= threshold
        yield f"threshold {threshold:.4f}: {_counted(kept, is_pill)}"
        for name in np.unique(sets):
            yield f"    {name}: {_counted(kept[sets == name], is_pill[sets == name])}"


def _counted(kept: NDArray[np.bool_], is_pill: NDArray[np.bool_]) -> str:
    pills, others = kept[is_pill], kept[~is_pill]
    return f"{pills.sum()} of {len(pills)} pills kept, {others.sum()} of {len(others)} others left"
