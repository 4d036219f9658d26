"""Tesseract as the second engine: good on clean print, weak on relief, slow to start (docs/experiments/readers.md)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pipeline.errors import EngineMissingError
from pipeline.imprint import _exec_tesseract
from pipeline.imprint._exec_tesseract import Word
from pipeline.imprint.crop import Crop, crop_pill, long_axis_deg
from pipeline.imprint.protocol import Engine
from pipeline.records import Character, Line, Photo, PillRegion, Reading
from pipeline.settings import CropSettings
from reference.installing import TESSERACT
from reference.text.imprints import CHARACTERS, SIGNS

# "Sparse text: as much text as possible in no particular order": faces have no page layout.
_SPARSE_TEXT = 11


@dataclass(frozen=True)
class TesseractSettings:
    """How Tesseract is driven; set by docs/experiments/readers.md."""

    crop: CropSettings = field(default_factory=CropSettings)
    word_confidence_min: float = 0.4
    direction_sharpness: float = 10.0


class TesseractReader:
    """Tesseract through pytesseract behind the ``Reader`` protocol: along the long axis, both ways up."""

    def __init__(self, settings: TesseractSettings | None = None) -> None:
        self.settings = settings or TesseractSettings()

    @property
    def name(self) -> str:
        """The engine's name."""
        return "tesseract"

    def read(self, photo: Photo, regions: Sequence[PillRegion]) -> tuple[Reading, ...]:
        """Read each region; one reading a region.

        Raises:
            EngineMissingError: Tesseract is not installed.
            PillprintError: Tesseract failed or gave no answer in time.
        """
        if not _exec_tesseract.is_available():
            raise EngineMissingError(
                f"the program `tesseract` is not installed: `{ENGINE.install}`, or choose another reader"
            )
        return tuple(self._read_face(photo, region) for region in regions)

    def _read_face(self, photo: Photo, region: PillRegion) -> Reading:
        axis = long_axis_deg(region)
        weights: dict[tuple[Line, ...], float] = {}
        best = 0.0
        for turn in (axis, axis + 180.0):
            crop = crop_pill(photo, region, self.settings.crop, turn)
            found = _exec_tesseract.words(crop.image(), CHARACTERS + SIGNS, _SPARSE_TEXT)
            lines = _lines(crop, found, self.settings.word_confidence_min)
            if lines:
                confidence = float(np.mean([line.confidence for line in lines]))
                best = max(best, confidence)
                weights[lines] = math.exp(self.settings.direction_sharpness * confidence)
        total = sum(weights.values())
        ranked = sorted(((lines, weight / total) for lines, weight in weights.items()), key=lambda pair: -pair[1])
        return Reading(self.name, tuple(ranked), blank=1.0 - best)


ENGINE = Engine(lambda settings: TesseractReader(), _exec_tesseract.is_available, TESSERACT)


def _lines(crop: Crop, words: Sequence[Word], confidence_min: float) -> tuple[Line, ...]:
    return tuple(
        _line(crop, word)
        for word in words
        if word.confidence >= confidence_min and any(letter in CHARACTERS for letter in word.text)
    )


def _line(crop: Crop, word: Word) -> Line:
    """The characters spread evenly over the word's box: Tesseract gives confidence and place by word only."""
    width = word.width / len(word.text)
    characters = []
    for index, letter in enumerate(word.text):
        row, col = crop.to_photo(word.top + word.height / 2, word.left + (index + 0.5) * width)
        characters.append(
            Character(
                alternatives=((letter, word.confidence),),
                row=row,
                col=col,
                height_px=word.height * crop.photo_px,
                width_px=width * crop.photo_px,
                turn_deg=crop.turn_deg % 360.0,
            )
        )
    return Line(tuple(characters))
