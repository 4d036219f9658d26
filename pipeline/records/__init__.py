"""The records that cross a stage: frozen, validated, with the units in their names.

Inside the package a place is ``(row, col)`` in pixels of ``Photo.pixels``; OpenCV's ``(x, y)`` occurs only at
OpenCV's calls. A turn is in degrees, counter-clockwise as seen, 0 where text runs left to right. Every
probability and confidence lies in 0-1. Records that hold arrays compare by identity and their arrays are
read-only.

The flow: ``Photo -> PillRegion -> (Measurements, Reading) = Face -> Candidate -> Identification``.
"""

from __future__ import annotations

from pipeline.records.candidate import Candidate, Drug, EvidenceRow, drugs_of, named_drugs
from pipeline.records.conditions import Conditions
from pipeline.records.expected import Agreement, Expected, ExpectedKind
from pipeline.records.identification import Advice, Decision, Doubts, Face, Identification
from pipeline.records.look import ColorMeasurement, Measurements, PillLook, ScoreMeasurement, SizeMeasurement
from pipeline.records.photo import Box, Mask, Photo, PillRegion, Pixels, Scale, ScaleSource
from pipeline.records.probability import Probabilities
from pipeline.records.reading import Character, Line, Reading

__all__ = [
    "Advice",
    "Agreement",
    "Box",
    "Candidate",
    "Character",
    "ColorMeasurement",
    "Conditions",
    "Decision",
    "Doubts",
    "Drug",
    "EvidenceRow",
    "Expected",
    "ExpectedKind",
    "Face",
    "Identification",
    "Line",
    "Mask",
    "Measurements",
    "Photo",
    "PillLook",
    "PillRegion",
    "Pixels",
    "Probabilities",
    "Reading",
    "Scale",
    "ScaleSource",
    "ScoreMeasurement",
    "SizeMeasurement",
    "drugs_of",
    "named_drugs",
]
