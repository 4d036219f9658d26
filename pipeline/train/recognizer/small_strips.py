"""Labeled strips of a face again, as a small or poor photo of it shows them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.affine import composed, inverse
from pipeline.imprint.crop import crop_pill
from pipeline.imprint.found_lines import StripSheet
from pipeline.imprint.strip_reader import STRIP_HEIGHT
from pipeline.imprint.textboxes import GROUND
from pipeline.records import Photo, PillRegion
from pipeline.train.faces.small_faces import small_face
from pipeline.train.recognizer.strip_labels import LabelKind, StripLabel

Image = NDArray[np.uint8]
LabeledCrop = tuple[Image, list[StripLabel]]

# The height of a face's smallest letters, in px of the small photo: on tfda's photos most have 6 to 12; and the short
# side of a face without text.
_LETTER_PX, _SHORT_SIDE_PX = (6.0, 15.0), (36.0, 100.0)
# A face that would keep more of its size than this is no small one.
_FACTOR_MAX = 0.8
# A text whose strip has less in common with that of before than this coefficient of correlation could not be read.
_ALIKE_MIN = 0.66


def smaller(photo: Photo, region: PillRegion, sheet: StripSheet, labels: Sequence[StripLabel]) -> Iterator[LabeledCrop]:
    """The face once more from few pixels, with the same labels; nothing where it has few already. The same each time.

    Args:
        photo: the one that shows the face.
        region: the face.
        sheet: its crop.
        labels: of bands on that crop.
    """
    rng = np.random.default_rng(int(sheet.image.sum()))
    factor = _factor(region, sheet, labels, rng)
    if not labels or factor > _FACTOR_MAX:
        return
    small, own, to_small = small_face(photo, region, factor, rng)
    crop = crop_pill(small, own, None, sheet.crop.turn_deg)
    moved = composed(inverse(crop.matrix), composed(to_small, sheet.crop.matrix))
    again = [replace(label, band=label.band.moved(moved)) for label in labels]
    pairs = zip(labels, again, strict=True)
    yield crop.image(), [new for old, new in pairs if not new.text or _is_alike(sheet.image, old, crop.image(), new)]


def _is_alike(image: Image, old: StripLabel, small: Image, new: StripLabel) -> bool:
    """Whether the small face's strip still shows what the face's own did."""
    before, after = old.band.strip(image, STRIP_HEIGHT), new.band.strip(small, STRIP_HEIGHT)
    after = np.asarray(cv2.resize(after, before.shape[::-1]), np.uint8)
    return float(np.corrcoef(before.ravel(), after.ravel())[0, 1]) >= _ALIKE_MIN


def _factor(region: PillRegion, sheet: StripSheet, labels: Sequence[StripLabel], rng: np.random.Generator) -> float:
    """How small the face becomes, by its smallest letters, or by itself where it bears none."""
    heights = [label.band.height / GROUND for label in labels if label.kind is LabelKind.TEXT]
    if heights:
        return math.exp(rng.uniform(*np.log(_LETTER_PX))) / (min(heights) * sheet.crop.photo_px)
    return math.exp(rng.uniform(*np.log(_SHORT_SIDE_PX))) / min(region.mask.shape)
