"""Reading the imprint: the protocol and the engines behind it."""

from __future__ import annotations

from pipeline.imprint.detector import DetectorReader
from pipeline.imprint.fusion import FusedReader
from pipeline.imprint.ppocr import PpocrReader
from pipeline.imprint.protocol import Reader

__all__ = ["DetectorReader", "FusedReader", "PpocrReader", "Reader", "default_reader"]


def default_reader() -> Reader:
    """Our lines with our character detector's vote on every character; needs no system program and no other wheel."""
    return FusedReader()
