"""The faces that measuring is fitted on: found in labeled photos, kept as the samples that the fits need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.evaluate.metrics import intersection_over_union
from pipeline.evaluate.split import is_validation
from pipeline.geometry.axes import axes_of
from pipeline.imprint.protocol import Reader
from pipeline.measure.face import face_view
from pipeline.measure.outline_figures import outline_figures
from pipeline.records import Photo, PillRegion
from pipeline.segment import segment
from pipeline.train.faces.cutting import photo_faces
from pipeline.train.faces.labeled import filled
from pipeline.train.faces.self_training import KnownPill, accepted_on
from pipeline.train.measure.set_labels import register_labels

Array = NDArray[np.float64]
Image = NDArray[np.uint8]
_FACES = 2
# In these views of a photo its faces get slightly different outlines. A network taught with a single outline of each
# face learns them by heart (docs/experiments/measure.md, "Seventh round").
_VIEWS: tuple[Callable[[Image], cv2.typing.MatLike], ...] = (
    np.fliplr,
    np.rot90,
    partial(cv2.resize, dsize=None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA),
)
# A face found in a view is the photo's own face if the intersection over union is at least this.
_SAME = 0.8


@dataclass(frozen=True, eq=False)
class Faces:
    """Faces of labeled photos, two rows in turn for each pill (a photo with one face has it twice).

    ``rows`` holds the labels as text with ``set`` (the photo set's name), ``val`` (validation part), ``faces`` (1 or 2
    found), ``text`` (1 this face bears text, 0 it bears none, -1 unknown or the same face again) and ``aspect``;
    ``views`` ``(n, 96, 96, 3)`` uint8, ``masks`` ``(n, 96, 96)`` bool; ``outlines`` ``(n, 4, figures)``, the figures of
    the face's outline in the photo and in three other views of it.
    """

    rows: pd.DataFrame
    views: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    outlines: Array

    def part(self, chosen: NDArray[np.bool_]) -> Faces:
        """The faces where ``chosen``."""
        return Faces(
            self.rows[chosen].reset_index(drop=True),
            self.views[chosen],
            self.masks[chosen],
            self.outlines[chosen],
        )

    @property
    def alone(self) -> NDArray[np.bool_]:
        """Whether only one face was found, for each pill."""
        return self.rows["faces"].to_numpy(int)[::_FACES] < _FACES

    @property
    def validation(self) -> NDArray[np.bool_]:
        """Which faces belong to the validation part."""
        return self.rows["val"].to_numpy(bool)


def together(parts: list[Faces]) -> Faces:
    """Several sets as one."""
    names = ("views", "masks", "outlines")
    arrays = (np.concatenate([getattr(part, name) for part in parts]) for name in names)
    return Faces(pd.concat([part.rows for part in parts], ignore_index=True), *arrays)


def collect(folder: Path, limit: int, reader: Reader) -> Faces:
    """Find the faces of a photo set laid out as ``../shared/data/README.md`` says.

    ``limit`` photos are drawn at random (seed 1). Which face bears text is taken from where the reader finds what the
    register names. Photos that cannot be read or show no pill are passed over.
    """
    labels = register_labels(folder)
    labels = labels.sample(min(limit, len(labels)), random_state=1)
    samples = [row for _, label in labels.iterrows() for row in _faces_of(folder, label, reader)]
    columns = list(zip(*samples, strict=True))
    return Faces(pd.DataFrame(list(columns[0])), *(np.stack(column) for column in columns[1:]))


def _faces_of(folder: Path, label: pd.Series[str], reader: Reader) -> Iterator[tuple[object, ...]]:
    found = photo_faces(folder / label["file"])
    if found is None:
        return
    photo, regions = found
    pill = KnownPill(photo, regions, label["imprint"], label["file"])
    read = [reading.characters for reading in reader.read(photo, regions)]
    known = [-1 if letters is None else int(bool(letters)) for letters in accepted_on(pill, read)]
    outlines = _outlines(photo, regions)
    for number in range(_FACES):
        region, text = regions[number % len(regions)], known[number] if number < len(regions) else -1
        axes = axes_of(region)
        view = face_view(photo, region, axes)
        row = {
            **{name: label.get(name, "") for name in ("file", "imprint", "imprint_type", "shape", "score")},
            "symbol": label.get("symbol", ""),
            "set": folder.name,
            "faces": len(regions),
            "val": is_validation(label["imprint"]),
            "text": text,
            "aspect": axes.axis_minor_length_px / axes.axis_major_length_px,
        }
        figures = outlines[number % len(regions)]
        yield row, view.pixels, view.mask, figures


def _outlines(photo: Photo, regions: Sequence[PillRegion]) -> list[Array]:
    """Of each face the figures of its outline, and of those in other views; where one is not found, the first again."""
    figures = [[outline_figures(region.outline)] for region in regions]
    masks = [_mask(region, photo.pixels) for region in regions]
    for view in _VIEWS:
        pixels = np.ascontiguousarray(view(photo.pixels), np.uint8)
        found = segment(Photo(pixels, photo.name))
        there = [_mask(region, pixels) > 0 for region in found]
        for mask, own in zip(masks, figures, strict=True):
            here = np.asarray(view(mask)) > 127
            shares = [intersection_over_union(here, other) for other in there]
            same = int(np.argmax(shares)) if max(shares, default=0.0) > _SAME else None
            own.append(own[0] if same is None else outline_figures(found[same].outline))
    return [np.stack(own) for own in figures]


def _mask(region: PillRegion, pixels: Image) -> Image:
    """The region in its whole photo, ``(h, w)``: 255 inside."""
    return filled(region.outline[:, ::-1], pixels.shape)
