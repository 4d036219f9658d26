"""Drives the program ``tesseract`` through pytesseract; knows nothing of pills."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass

import numpy as np
import pytesseract
from numpy.typing import NDArray

from pipeline.errors import EngineMissingError, PillprintError
from reference.installing import TESSERACT

_TIMEOUT_SECONDS = 30
_HOW = f"`{TESSERACT}`, or choose another reader"


@dataclass(frozen=True)
class Word:
    """One word as Tesseract gives it: its box in pixels of the image and its confidence 0-1."""

    text: str
    left: int
    top: int
    width: int
    height: int
    confidence: float
    line: tuple[int, int, int]


def is_available() -> bool:
    """Whether the program is on the path."""
    return shutil.which(pytesseract.pytesseract.tesseract_cmd) is not None


def words(image: NDArray[np.uint8], admitted: str, page_segmentation: int) -> tuple[Word, ...]:
    """Read an image ``(h, w)`` uint8, dark text on light ground, in Tesseract's order.

    Sets ``OMP_THREAD_LIMIT=1`` for the child process unless the caller chose otherwise: with more threads
    Tesseract is slower on small images.

    Raises:
        EngineMissingError: the program or its English data is not installed.
        PillprintError: Tesseract failed or gave no answer in time.
    """
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    config = f"--psm {page_segmentation} -c tessedit_char_whitelist={admitted}"
    try:
        table = pytesseract.image_to_data(
            image, lang="eng", config=config, timeout=_TIMEOUT_SECONDS, output_type=pytesseract.Output.DICT
        )
    except pytesseract.TesseractNotFoundError as error:
        raise EngineMissingError(f"the program `tesseract` is not installed: {_HOW}") from error
    except pytesseract.TesseractError as error:
        if "eng.traineddata" in str(error.message):
            raise EngineMissingError(f"Tesseract's English data is not installed: {_HOW}") from error
        raise PillprintError(f"Tesseract failed ({error.message}); try another reader") from error
    except RuntimeError as error:
        raise PillprintError(f"Tesseract gave no answer in {_TIMEOUT_SECONDS} s; try another reader") from error
    return tuple(_word(table, index) for index, text in enumerate(table["text"]) if text.strip())


def _word(table: dict[str, list[object]], index: int) -> Word:
    def number(key: str) -> int:
        return int(str(table[key][index]))

    return Word(
        text=str(table["text"][index]).strip(),
        left=number("left"),
        top=number("top"),
        width=number("width"),
        height=number("height"),
        confidence=min(1.0, max(0.0, float(str(table["conf"][index])) / 100.0)),
        line=(number("block_num"), number("par_num"), number("line_num")),
    )
