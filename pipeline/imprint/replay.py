"""Readings recorded once and played back, so that fast tests never start an OCR engine."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.records import Character, Line, Photo, PillRegion, Reading


class ReplayReader:
    """Plays readings back by the photo's file name, face by face in the order of the regions.

    A face for which nothing was recorded is blank; a photo that is not in the recording is an error.
    """

    def __init__(self, readings: Mapping[str, Sequence[Reading]]) -> None:
        self._readings = {name: tuple(faces) for name, faces in readings.items()}

    @property
    def name(self) -> str:
        """The engine's name."""
        return "replay"

    def read(self, photo: Photo, regions: Sequence[PillRegion]) -> tuple[Reading, ...]:
        """The recorded readings, one a region.

        Raises:
            InputError: the photo is not in the recording.
        """
        name = os.path.basename(photo.name)
        if name not in self._readings:
            raise InputError(f"{name!r} is not in the recording; record it again with `record`")
        faces = self._readings[name][: len(regions)]
        return faces + (Reading(self.name, (), blank=1.0),) * (len(regions) - len(faces))


def record(readings: Mapping[str, Sequence[Reading]], path: Path) -> None:
    """Write readings by photo name as JSON."""
    rows = {os.path.basename(name): [asdict(face) for face in faces] for name, faces in readings.items()}
    path.write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def load_replay(path: Path) -> ReplayReader:
    """Open a recording.

    Raises:
        InputError: the file cannot be read or is no recording.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return ReplayReader({name: [_reading(face) for face in faces] for name, faces in rows.items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is not a recording of readings ({error}); write one with `record`") from error


def typed(*lines: str, confidence: float = 0.99) -> Reading:
    """The reading of a face that says these lines; none for a blank face. Places are not known and are 0."""
    made = tuple(
        Line(tuple(Character(((letter, confidence),), 0.0, 0.0, 0.0, 0.0, 0.0) for letter in line)) for line in lines
    )
    return Reading("replay", ((made, confidence),) if made else (), blank=1.0 - confidence if made else confidence)


def _reading(row: Mapping[str, Any]) -> Reading:
    hypotheses = tuple(
        (tuple(Line(tuple(_character(one) for one in line["characters"])) for line in lines), float(weight))
        for lines, weight in row["hypotheses"]
    )
    return Reading(str(row["engine"]), hypotheses, float(row["blank"]), float(row["symbol"]))


def _character(row: Mapping[str, Any]) -> Character:
    alternatives = tuple((str(text), float(value)) for text, value in row["alternatives"])
    rest = (float(row[key]) for key in ("row", "col", "height_px", "width_px", "turn_deg"))
    return Character(alternatives, *rest)
