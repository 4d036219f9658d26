"""Faces whose colors are known, as the samples that the color networks are fitted on, with the scenes they lie in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import PhotoError
from pipeline.evaluate.field import box_shares
from pipeline.evaluate.set_layouts import bounding_box
from pipeline.evaluate.split import is_validation
from pipeline.geometry.axes import axes_of
from pipeline.load import load
from pipeline.measure.color import COLORS, ColorSamples, sample_colors
from pipeline.measure.face import face_view
from pipeline.records import Photo, PillRegion
from pipeline.segment import Segmenter
from pipeline.train.faces.cutting import photo_faces
from pipeline.train.measure.set_labels import is_aside, register_labels
from reference.text.vocabulary import color_terms, shape_term

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SAME_PLACE = 0.5
"""By intersection over union, a region is the pill that a labeled box holds (PASCAL VOC's figure)."""

_LAYERS_CHANCE = {True: 0.005, False: 0.05}
"""Chance, for capsules and for tablets, that a two-color pill shows one color on a face."""


@dataclass(frozen=True, eq=False)
class ColoredFaces:
    """``n`` faces; arrays of ``measure.color``'s samples, and what is known of each.

    ``areas`` ``(n, 3, 5, 3)``, ``grounds`` ``(n, 3, 3)``, ``scenes`` ``(n, 2, 3)``, ``shares`` ``(n,)``; ``first`` and
    ``second`` are places in COLORS (the same twice for one color, -1 where none or more than two are known);
    ``layered`` the chance that a two-color pill shows one color here; ``pill`` numbers the pills within a set;
    ``aside`` marks the seventh of imprints that calibrates.
    """

    areas: Array
    grounds: Array
    scenes: Array
    shares: Array
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    layered: Array
    pill: NDArray[np.int64]
    validation: Flags
    aside: Flags
    source: NDArray[np.str_]

    def part(self, chosen: Flags) -> ColoredFaces:
        """The faces where ``chosen``."""
        return ColoredFaces(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def __len__(self) -> int:
        return len(self.areas)

    @property
    def white(self) -> Flags:
        """Which faces are of a white pill."""
        return (self.first == COLORS.index("WHITE")) & (self.second == self.first)


def together(parts: Sequence[ColoredFaces]) -> ColoredFaces:
    """Several sets as one; the numbers of pills stay apart by their ``source``."""
    return ColoredFaces(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(ColoredFaces))
    )


def register_faces(folder: Path) -> ColoredFaces:
    """The faces of a register's photo set, laid out as ``../shared/data/README.md`` says; CLEAR pills name no color."""
    rows = []
    for number, (_, label) in enumerate(register_labels(folder).iterrows()):
        photo, regions = photo_faces(folder / label["file"]) or (None, ())
        terms = color_terms(label["color"]) if "CLEAR" not in label["color"] else ()
        layered = _LAYERS_CHANCE[shape_term(label["shape"]) == "CAPSULE"]
        known = number, is_validation(label["imprint"]), is_aside(label["imprint"]), folder.name
        rows += [_row(photo, region, regions, terms, layered, *known) for region in regions if photo is not None]
    return faces_of_rows(rows)


def field_faces(folder: Path) -> ColoredFaces:
    """The pills of ``field/`` that the segmentation finds, all but those in trays; colors where they were read.

    A photo without boxes names the colors of its one pill, the largest region.
    """
    labels = pd.read_csv(folder / "labels.csv", dtype=str, keep_default_na=False)
    rows, segmenter = [], Segmenter()
    for number, (_, label) in enumerate(labels[labels["source"] != "tray"].iterrows()):
        try:
            photo = load(folder / label["file"])
        except PhotoError:
            continue
        known = number, label["part"] == "validation", False, label["source"]
        regions = segmenter(photo)
        rows += [
            _row(photo, region, regions, color_terms(color), _LAYERS_CHANCE[False], *known)
            for region, color in _labeled(photo, regions, label)
        ]
    return faces_of_rows(rows)


def _labeled(photo: Photo, regions: Sequence[PillRegion], label: pd.Series[str]) -> Iterator[tuple[PillRegion, str]]:
    """Each region with the color of the box that it fills, "" where none is known."""
    colors = label["colors"].split("|")
    boxes = [bounding_box(box) for box in label["boxes"].split("|") if box]
    largest = max(regions, key=lambda region: region.mask.size, default=None)
    height, width = photo.pixels.shape[:2]
    for region in regions:
        if not boxes:
            yield region, colors[0] if region is largest and label["pills"] == "1" else ""
            continue
        shares = [box.iou(box_shares(region, height, width)) for box in boxes]
        place = int(np.argmax(shares))
        yield region, colors[place] if shares[place] >= _SAME_PLACE and place < len(colors) else ""


_Row = tuple[ColorSamples, int, int, float, int, bool, bool, str]


def _row(
    photo: Photo,
    region: PillRegion,
    pills: Sequence[PillRegion],
    terms: Sequence[str],
    layered: float,
    number: int,
    validation: bool,
    aside: bool,
    source: str,
) -> _Row:
    samples = sample_colors(photo, region, face_view(photo, region, axes_of(region)), pills)
    first, second = (COLORS.index(terms[0]), COLORS.index(terms[-1])) if 1 <= len(terms) <= 2 else (-1, -1)
    return samples, first, second, layered, number, validation, aside, source


def faces_of_rows(rows: Sequence[_Row]) -> ColoredFaces:
    """Faces from samples, first and second color, layered, pill, validation, aside and source of each."""
    samples, first, second, layered, number, validation, aside, source = zip(*rows, strict=True)
    return ColoredFaces(
        areas=np.stack([np.stack([each.whole, *each.parts]) for each in samples]),
        grounds=np.stack([each.ground for each in samples]),
        scenes=np.stack([each.scene for each in samples]),
        shares=np.array([each.share for each in samples]),
        first=np.array(first),
        second=np.array(second),
        layered=np.array(layered),
        pill=np.array(number),
        validation=np.array(validation),
        aside=np.array(aside),
        source=np.array(source),
    )
