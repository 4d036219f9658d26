"""The segmentation network: which pixels are pill, and which are the middle of one (docs/experiments/segment.md)."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from importlib import resources

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.records import Pixels

Map = NDArray[np.float32]

# The deepest layer sees one pixel in 32.
_MULTIPLE = 32
# The maps are given for every second pixel.
_MAP_STEP = 2

# One network a thread: ``cv2.dnn.Net`` keeps its buffers between calls.
_loaded = threading.local()


@dataclass(frozen=True, eq=False)
class PillMaps:
    """Chances 0-1 by map pixel, both ``(h, w)`` float32: ``pill``, and ``core``, the middle of one.

    ``to_photo`` photo pixels are one map pixel (rows, cols).
    """

    pill: Map
    core: Map
    to_photo: tuple[float, float]


def pill_maps(pixels: Pixels, long_side_px: int) -> PillMaps:
    """Where pills are, looked for at ``long_side_px``; ``pixels`` ``(h, w, 3)`` uint8 sRGB."""
    height, width = pixels.shape[:2]
    factor = long_side_px / max(height, width)
    size = max(_MAP_STEP, round(width * factor)), max(_MAP_STEP, round(height * factor))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    down, right = -size[1] % _MULTIPLE, -size[0] % _MULTIPLE
    padded = cv2.copyMakeBorder(small, 0, down, 0, right, cv2.BORDER_REPLICATE)
    network = _network()
    network.setInput(cv2.dnn.blobFromImage(padded, 1 / 255, mean=(127.5, 127.5, 127.5)))
    logits = network.forward()[0]
    chances = 1.0 / (1.0 + np.exp(-logits[:, : -(-size[1] // _MAP_STEP), : -(-size[0] // _MAP_STEP)]))
    scale = height / size[1] * _MAP_STEP, width / size[0] * _MAP_STEP
    return PillMaps(chances[0].astype(np.float32), chances[1].astype(np.float32), scale)


def _network() -> cv2.dnn.Net:
    network = getattr(_loaded, "network", None)
    if network is None:
        weights = resources.files("pipeline").joinpath("weights/segment.onnx").read_bytes()
        network = _loaded.network = cv2.dnn.readNetFromONNX(np.frombuffer(weights, np.uint8))
    return network
