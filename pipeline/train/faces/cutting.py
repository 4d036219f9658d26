"""Photo -> its pill's faces as the training keeps them: cut out, gray, no larger than the network can use."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import PhotoError
from pipeline.imprint.canvas import MARGIN_SHARE, place
from pipeline.load import load
from pipeline.records import Photo, PillRegion
from pipeline.segment import Segmenter, group_faces
from pipeline.train.faces.labeled import HEIGHT, WIDTH, LabeledFace, X, Y, filled

# Kept at this many crop px a canvas px: the augmentation enlarges by a tenth at most.
_DETAIL = 1.5


def photo_faces(path: Path) -> tuple[Photo, tuple[PillRegion, ...]] | None:
    """A photo with the one or two faces of the pill it shows; None where it cannot be read or shows none."""
    try:
        photo = load(path)
    except PhotoError:
        return None
    regions = _segmenter()(photo)
    groups = group_faces(photo, regions)
    return (photo, tuple(regions[index] for index in groups[0][:2])) if groups else None


@cache
def _segmenter() -> Segmenter:
    return Segmenter()  # its networks take longer to load than to look at a photo


def cut_face(
    photo: Photo, region: PillRegion, characters: NDArray[np.float32], imprint: str, source: str
) -> LabeledFace:
    """The region as a labeled face.

    ``characters`` are rows of ``LabeledFace.characters``, ``(n, 6)`` float32, in the photo's pixels; the face has them
    in its own.
    """
    top, left, bottom, right = region.box
    margin = round(MARGIN_SHARE * max(bottom - top, right - left)) + 2
    top, left = max(0, top - margin), max(0, left - margin)
    pixels = np.ascontiguousarray(photo.pixels[top : bottom + margin, left : right + margin])
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    outline = (region.outline[:, ::-1] - np.array([left, top])).astype(np.float32)
    moved = characters.copy()
    moved[:, [X, Y]] -= np.array([left, top])
    factor = _DETAIL * place(outline).scale
    if factor < 1:
        gray = cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        outline = ((outline + 0.5) * factor - 0.5).astype(np.float32)
        moved[:, [X, Y]] = (moved[:, [X, Y]] + 0.5) * factor - 0.5
        moved[:, [WIDTH, HEIGHT]] *= factor
    return LabeledFace(np.asarray(gray, np.uint8), filled(outline, gray.shape), outline, moved, imprint, source)
