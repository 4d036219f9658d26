"""Our line recognizer: reads straight strips cut out of a face."""

from __future__ import annotations

import threading
from importlib import resources
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.imprint.arcs import Arc
from pipeline.imprint.ctc import Step, decode, own_alphabet
from pipeline.imprint.line_reader import STRIP_HEIGHT, recognizer_input
from pipeline.imprint.textboxes import TextBox


class StripReader:
    """Reads with the network in ``pipeline/weights/lines.onnx``, run by OpenCV on one thread.

    Safe to use from threads (each loads its own network) and picklable.
    """

    def __init__(self, weights: bytes | None = None) -> None:
        self._weights = weights or resources.files("pipeline").joinpath("weights", "lines.onnx").read_bytes()
        self._local = threading.local()

    def __reduce__(self) -> tuple[type[StripReader], tuple[bytes]]:
        return StripReader, (self._weights,)

    def read(self, image: NDArray[np.uint8], band: TextBox | Arc) -> tuple[Step, ...]:
        """The characters along a band of a crop's image ``(h, w)`` uint8."""
        blob, share = recognizer_input(band.strip(image, STRIP_HEIGHT))
        net = self._net()
        net.setInput(blob)
        return decode(np.asarray(net.forward()[0], np.float32), own_alphabet(), share)

    def _net(self) -> Any:
        if not hasattr(self._local, "net"):
            self._local.net = cv2.dnn.readNetFromONNX(np.frombuffer(self._weights, np.uint8))
        return self._local.net
