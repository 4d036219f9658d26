"""The line recognizer: reads straight strips cut out of a face."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.imprint.arcs import Arc
from pipeline.imprint.crop import Crop
from pipeline.imprint.ctc import Alphabet, Step, decode, own_alphabet
from pipeline.imprint.textboxes import TextBox
from pipeline.network import Network
from pipeline.records import Character, Line

STRIP_HEIGHT = 48  # the recognizer's input height
_STRIP_WIDTH_MAX = 640


class StripReader:
    """Reads with the network in ``pipeline/weights/lines.onnx``, or another with its alphabet.

    Safe to use from threads and picklable.
    """

    def __init__(self, weights: bytes | None = None, alphabet: Callable[[], Alphabet] = own_alphabet) -> None:
        self._network, self._alphabet = Network(weights or "lines.onnx"), alphabet

    def read(self, image: NDArray[np.uint8], band: TextBox | Arc) -> tuple[Step, ...]:
        """The characters along a band of a crop's image ``(h, w)`` uint8."""
        blob, share = recognizer_input(band.strip(image, STRIP_HEIGHT))
        return decode(self._network.run(blob)[0][0], self._alphabet(), share)


def recognizer_input(strip: NDArray[np.uint8]) -> tuple[NDArray[np.float32], float]:
    """``(1, 3, 48, w)`` float32, padded with neutral gray, and the share of the width that is strip."""
    if strip.shape[1] > _STRIP_WIDTH_MAX:
        strip = np.asarray(cv2.resize(strip, (_STRIP_WIDTH_MAX, STRIP_HEIGHT)), dtype=np.uint8)
    width = strip.shape[1]
    padded = np.zeros((STRIP_HEIGHT, max(64, -(-width // 8) * 8)), np.float32)
    padded[:, :width] = strip.astype(np.float32) / 127.5 - 1.0
    return np.repeat(padded[None, None], 3, axis=1), width / padded.shape[1]


def line_along(crop: Crop, band: TextBox | Arc, steps: Sequence[Step]) -> Line:
    """The characters read along a band of a crop, each at its place in the photo."""
    characters = []
    for step in steps:
        x, y, turn_deg = band.at(step.place)
        row, col = crop.to_photo(y, x)
        characters.append(
            Character(
                alternatives=step.alternatives,
                row=row,
                col=col,
                height_px=band.height * crop.photo_px,
                width_px=band.width / len(steps) * crop.photo_px,
                turn_deg=(turn_deg + crop.turn_deg) % 360.0,
            )
        )
    return Line(tuple(characters))


def mean_confidence(lines: Sequence[Line]) -> float:
    """The mean confidence of all their characters; 0 of none."""
    confidences = [character.confidence for line in lines for character in line.characters]
    return sum(confidences) / max(len(confidences), 1)
