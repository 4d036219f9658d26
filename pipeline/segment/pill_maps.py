"""The segmentation network: which pixels are pill, and which are the middle of one (docs/experiments/segment.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.network import Network
from pipeline.records import Pixels

Map = NDArray[np.float32]

# The deepest layer sees one pixel in 64.
MULTIPLE = 64
# The maps are given for every second pixel.
MAP_STEP = 2
# The mirror images of a photo: steps along its rows and columns.
_MIRRORED = ((1, -1), (-1, 1), (-1, -1))


@dataclass(frozen=True, eq=False)
class PillMaps:
    """Chances 0-1 by map pixel, both ``(h, w)`` float32: ``pill``, and ``core``, the middle of one.

    ``to_photo`` photo pixels are one map pixel (rows, cols). ``logits`` are the network's own, of one look that was not
    mirrored, with what was padded.
    """

    pill: Map
    core: Map
    to_photo: tuple[float, float]
    logits: Map | None = None


class MapsPills(Protocol):
    """What tells where pills are: the network, or in tests a stand-in."""

    def __call__(
        self, pixels: Pixels, long_side_px: int, mirrored: bool = False, plain: PillMaps | None = None
    ) -> PillMaps:
        """Where pills are, looked for at ``long_side_px``; ``pixels`` ``(h, w, 3)`` uint8 sRGB.

        ``mirrored``: the mean of what is seen in the photo and in its three mirror images; ``plain``: what was seen in
        the photo itself at that size, which is then not looked at again.
        """
        ...


class PillNetwork:
    """A network of ``pipeline/weights``, ``segment.onnx`` or ``segment_field.onnx``, loaded at its first photo.

    Threads may share it; a pickled copy loads its own.
    """

    def __init__(self, name: str = "segment.onnx") -> None:
        self._network = Network(name)

    def __call__(
        self, pixels: Pixels, long_side_px: int, mirrored: bool = False, plain: PillMaps | None = None
    ) -> PillMaps:
        """See ``MapsPills``."""
        height, width = pixels.shape[:2]
        factor = long_side_px / max(height, width)
        size = max(MAP_STEP, round(width * factor)), max(MAP_STEP, round(height * factor))
        small = _resized(pixels, size)
        down, right = -size[1] % MULTIPLE, -size[0] % MULTIPLE
        padded = cv2.copyMakeBorder(small, 0, down, 0, right, cv2.BORDER_REPLICATE)
        values = np.ascontiguousarray(padded.transpose(2, 0, 1)[None], np.float32) / np.float32(255) - np.float32(0.5)
        own = self._seen(values, 1, 1) if plain is None or plain.logits is None else plain.logits
        logits = np.mean([own, *(self._seen(values, *steps) for steps in _MIRRORED)], axis=0) if mirrored else own
        chances = 1.0 / (1.0 + np.exp(-logits[:, : -(-size[1] // MAP_STEP), : -(-size[0] // MAP_STEP)]))
        scale = height / size[1] * MAP_STEP, width / size[0] * MAP_STEP
        return PillMaps(chances[0].astype(np.float32), chances[1].astype(np.float32), scale, None if mirrored else own)

    def _seen(self, values: Map, rows: int, cols: int) -> Map:
        """Logits ``(2, h / 2, w / 2)`` for ``(1, 3, h, w)``, seen with rows or columns backwards where -1."""
        (logits,) = self._network.run(np.ascontiguousarray(values[:, :, ::rows, ::cols]))[0]
        return np.asarray(logits[:, ::rows, ::cols])


def _resized(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """At ``size`` (width, height); halved as often as that allows first, which takes a fifth of the time of one step.

    An odd row or column at the end is left out: less than a quarter of a map pixel.
    """
    while pixels.shape[1] >= 2 * size[0] and pixels.shape[0] >= 2 * size[1]:
        width, height = pixels.shape[1] // 2, pixels.shape[0] // 2
        even = pixels[: 2 * height, : 2 * width]
        pixels = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    # Less than 2 to 1 is left, where 2 x 2 pixels are all that a new one covers.
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), np.uint8)
