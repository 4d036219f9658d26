"""Reading the imprint: the protocol and the engines behind it."""

from __future__ import annotations

from pipeline.imprint.detector import DetectorReader
from pipeline.imprint.fusion import FusedReader
from pipeline.imprint.ppocr import PpocrReader
from pipeline.imprint.protocol import Reader

__all__ = ["DetectorReader", "FusedReader", "PpocrReader", "Reader", "default_reader"]


def default_reader() -> Reader:
    """PP-OCR's lines with our own network's vote on every character; needs no system program."""
    return FusedReader(PpocrReader(), DetectorReader())
