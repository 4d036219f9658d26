"""Reading the imprint: the protocol and the engines behind it."""

from __future__ import annotations

from pipeline.imprint.detector import DetectorReader
from pipeline.imprint.protocol import Reader

__all__ = ["DetectorReader", "Reader"]
