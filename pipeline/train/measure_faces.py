"""The faces that measuring is fitted on: found in labeled photos, kept as the samples that the fits need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import PillprintError
from pipeline.evaluate.split import is_validation
from pipeline.load import load
from pipeline.measure.color import sample_colors
from pipeline.measure.face import axes_of, face_view
from pipeline.measure.outline import outline_figures
from pipeline.records import Photo, PillRegion
from pipeline.segment import group_faces, segment

Array = NDArray[np.float64]
_FACES = 2


@dataclass(frozen=True, eq=False)
class Faces:
    """Faces of labeled photos, two rows in turn for each pill (a photo with one face has it twice).

    ``rows`` holds the labels as text with ``set`` (the photo set's name), ``val`` (validation part), ``faces`` (1 or 2
    found), ``boxes`` (imprint characters on this face, -1 unknown) and ``aspect``; ``views`` ``(n, 96, 96, 3)`` uint8,
    ``masks`` ``(n, 96, 96)`` bool; ``outlines`` outline figures; ``areas`` ``(n, 3, 5, 3)``, ``grounds`` ``(n, 3, 3)``
    and ``shares`` ``(n,)`` as in ``measure.color``.
    """

    rows: pd.DataFrame
    views: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    outlines: Array
    areas: Array
    grounds: Array
    shares: Array

    def part(self, chosen: NDArray[np.bool_]) -> Faces:
        """The faces where ``chosen``."""
        return Faces(
            self.rows[chosen].reset_index(drop=True),
            self.views[chosen],
            self.masks[chosen],
            self.outlines[chosen],
            self.areas[chosen],
            self.grounds[chosen],
            self.shares[chosen],
        )

    @property
    def validation(self) -> NDArray[np.bool_]:
        """Which faces belong to the validation part."""
        return self.rows["val"].to_numpy(bool)


def together(parts: list[Faces]) -> Faces:
    """Several sets as one."""
    names = ("views", "masks", "outlines", "areas", "grounds", "shares")
    arrays = (np.concatenate([getattr(part, name) for part in parts]) for name in names)
    return Faces(pd.concat([part.rows for part in parts], ignore_index=True), *arrays)


def collect(folder: Path, limit: int, boxes: Path | None = None) -> Faces:
    """Find the faces of a photo set laid out as ``../shared/data/README.md`` says.

    ``limit`` photos are drawn at random (seed 1). ``boxes`` is the set of imprint character boxes, which tells blank
    faces. Photos that cannot be read or show no pill are passed over.
    """
    labels = pd.read_csv(folder / "labels.csv", dtype=str, keep_default_na=False)
    if "mark1" in labels:
        labels["imprint"] = [
            ";".join(filter(None, marks)) for marks in zip(labels["mark1"], labels["mark2"], strict=True)
        ]
    labels = labels.sample(min(limit, len(labels)), random_state=1)
    centers = _box_centers(boxes) if boxes else {}
    samples = [row for _, label in labels.iterrows() for row in _faces_of(folder, label, centers)]
    columns = list(zip(*samples, strict=True))
    return Faces(pd.DataFrame(list(columns[0])), *(np.stack(column) for column in columns[1:]))


def _faces_of(folder: Path, label: pd.Series[str], centers: dict[str, Array]) -> Iterator[tuple[object, ...]]:
    try:
        photo = load(folder / label["file"])
    except PillprintError:
        return
    regions = segment(photo)
    if not regions:
        return
    group = group_faces(photo, regions)[0]
    chosen = [regions[index] for index in (*group, *group)[:_FACES]]
    places = centers.get(_photo_key(label["file"]))
    for region in chosen:
        view, axes = face_view(photo, region), axes_of(region)
        colors = sample_colors(photo, region, view)
        row = {
            **{name: label.get(name, "") for name in ("file", "imprint", "imprint_type", "color", "shape", "score")},
            "symbol": label.get("symbol", ""),
            "set": folder.name,
            "faces": min(len(group), _FACES),
            "val": is_validation(label["imprint"]),
            "boxes": -1 if places is None else _count_inside(places, photo, region),
            "aspect": axes.axis_minor_length_px / axes.axis_major_length_px,
        }
        areas = np.stack([colors.whole, *colors.parts])
        yield row, view.pixels, view.mask, outline_figures(region.outline), areas, colors.ground, colors.share


def _photo_key(file: str) -> str:
    """The part of the name that rximage300 and imprint_boxes share."""
    return Path(file).stem.replace("_NLMIMAGE10", "")


def _box_centers(folder: Path) -> dict[str, Array]:
    table = pd.read_csv(folder / "labels.csv", dtype=str, keep_default_na=False)
    table["key"] = table["file"].map(_photo_key)
    return {str(key): group[["x", "y"]].to_numpy(np.float64) for key, group in table.groupby("key")}


def _count_inside(places: Array, photo: Photo, region: PillRegion) -> int:
    """How many box centers (shares of the photo's width and height) lie on a face."""
    height, width = photo.pixels.shape[:2]
    rows = (places[:, 1] * height).astype(int) - region.top
    cols = (places[:, 0] * width).astype(int) - region.left
    near = (rows >= 0) & (cols >= 0) & (rows < region.mask.shape[0]) & (cols < region.mask.shape[1])
    return int(region.mask[rows[near], cols[near]].sum())
