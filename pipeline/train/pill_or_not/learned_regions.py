"""Regions as the network that tells pills from other things learns them: cut out, with ground around to turn in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.outline import Outline, resample
from pipeline.records import Pixels
from pipeline.segment.pill_or_not import SPANS, Levels, frame_of, place_of

# The squares that are kept of the near and the far view, in lengths of the region and in pixels: 1.45 times the view's
# own span at the same resolution, so that views can be turned and moved.
KEPT_SPANS = tuple(round(1.45 * span, 2) for span in SPANS)
KEPT_PX = (96, 92)
POINTS = 48
# One group in seven is held out: an imprint, a picture or a photo of hands, never a region.
_HELD_OUT = 7


@dataclass(frozen=True, eq=False)
class Region:
    """One region: squares ``near`` and ``far`` uint8 RGB, the outline ``(POINTS, 2)`` from the middle in lengths.

    ``frame`` ``(4, 2)``: the photo's corners, given so too.
    """

    near: Pixels
    far: Pixels
    outline: NDArray[np.float32]
    frame: NDArray[np.float32]
    is_pill: bool
    group: str
    length_px: float


def region_of(levels: Levels, outline: Outline, is_pill: bool, group: str) -> Region:
    """Cut one region out of a picture."""
    middle, length = place_of(outline)
    near, far = (
        levels.square(middle, span * length, size) for span, size in zip(KEPT_SPANS, KEPT_PX, strict=True)
    )  # fmt: skip
    points = resample((outline - middle) / length, POINTS)
    frame = frame_of(levels.size, middle, length).astype(np.float32)
    return Region(near, far, points.astype(np.float32), frame, is_pill, group, length)


def is_held_out(group: str) -> bool:
    """Whether regions of that imprint, picture or photo are for choosing the threshold."""
    return hashlib.sha1(group.encode()).digest()[0] % _HELD_OUT == 0


@dataclass(frozen=True, eq=False)
class Samples:
    """Many regions: ``near`` ``(n, 96, 96, 3)`` and ``far`` ``(n, 92, 92, 3)`` uint8, ``outlines`` ``(n, 48, 2)``.

    ``frames`` ``(n, 4, 2)`` are the photos' corners; ``groups`` names each one's imprint, picture or photo, ``sources``
    its set.
    """

    near: NDArray[np.uint8]
    far: NDArray[np.uint8]
    outlines: NDArray[np.float32]
    frames: NDArray[np.float32]
    is_pill: NDArray[np.bool_]
    groups: NDArray[np.str_]
    sources: NDArray[np.str_]
    lengths_px: NDArray[np.float32]

    @property
    def held_out(self) -> NDArray[np.bool_]:
        """Which are held out."""
        return np.array([is_held_out(group) for group in self.groups.tolist()], bool)


def save(regions: Sequence[Region], path: Path) -> None:
    """Write the regions of one set, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as stream:
        np.savez(
            stream,
            near=np.stack([one.near for one in regions]),
            far=np.stack([one.far for one in regions]),
            outlines=np.stack([one.outline for one in regions]),
            frames=np.stack([one.frame for one in regions]),
            is_pill=np.array([one.is_pill for one in regions]),
            groups=np.array([one.group for one in regions]),
            lengths_px=np.array([one.length_px for one in regions], np.float32),
        )
    part.replace(path)


def load_samples(paths: Iterable[Path]) -> Samples:
    """All regions of these files; a set's name is its file's."""
    parts = []
    for path in paths:
        with np.load(path) as stored:
            part = {name: stored[name] for name in stored.files}
        parts.append(part | {"sources": np.full(len(part["is_pill"]), path.stem)})
    return Samples(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
