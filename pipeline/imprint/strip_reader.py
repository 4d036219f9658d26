"""Our line recognizer: reads straight strips cut out of a face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.imprint.arcs import Arc
from pipeline.imprint.ctc import Step, decode, own_alphabet
from pipeline.imprint.line_reader import STRIP_HEIGHT, recognizer_input
from pipeline.imprint.textboxes import TextBox
from pipeline.network import Network


class StripReader:
    """Reads with the network in ``pipeline/weights/lines.onnx``; safe to use from threads and picklable."""

    def __init__(self, weights: bytes | None = None) -> None:
        self._network = Network(weights or "lines.onnx")

    def read(self, image: NDArray[np.uint8], band: TextBox | Arc) -> tuple[Step, ...]:
        """The characters along a band of a crop's image ``(h, w)`` uint8."""
        blob, share = recognizer_input(band.strip(image, STRIP_HEIGHT))
        return decode(self._network.run(blob)[0][0], own_alphabet(), share)
