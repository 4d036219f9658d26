"""The pictures in a page: a photo and its faces, small, as JPEG."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from pipeline.load import details
from pipeline.records import Box, Face, Photo, Pixels

# The share of a face's box added around it, so that its outline and what lies outside it are seen.
_AROUND = 0.1


@dataclass(frozen=True)
class PictureSizes:
    """How large the pictures of a page are.

    ``photo_px``, ``face_px``: the long side at most. ``quality``: of JPEG (Pillow's scale). ``full``: faces are cut out
    of the photo at its full size, which decodes it again. The defaults make some 20 KB a photo of a batch.
    """

    photo_px: int = 320
    face_px: int = 200
    quality: int = 72
    full: bool = False


# One answer has room.
LARGE = PictureSizes(photo_px=1200, face_px=560, quality=82, full=True)


def photo_picture(photo: Photo, sizes: PictureSizes) -> dict[str, Any]:
    """The whole photo: ``src`` (a data URI) and ``box``, which is all of it."""
    height, width = photo.pixels.shape[:2]
    return {"src": _data_uri(photo.pixels, sizes.photo_px, sizes.quality), "box": [0, 0, height, width]}


def face_pictures(photo: Photo, faces: Sequence[Face], sizes: PictureSizes) -> list[dict[str, Any]]:
    """Each face enlarged: ``src`` and ``box`` (top, left, bottom, right) in pixels of ``photo.pixels``."""
    boxes = [_around(face, photo.pixels.shape) for face in faces]
    if sizes.full and boxes:
        parts: Sequence[Pixels] = details(photo, boxes)[0]
    else:
        parts = [photo.pixels[top:bottom, left:right] for top, left, bottom, right in boxes]
    return [
        {"src": _data_uri(part, sizes.face_px, sizes.quality), "box": list(box)}
        for part, box in zip(parts, boxes, strict=True)
    ]


def _around(face: Face, shape: tuple[int, ...]) -> Box:
    top, left, bottom, right = face.region.box
    around = _AROUND * max(bottom - top, right - left) + 2
    return (
        max(0, math.floor(top - around)),
        max(0, math.floor(left - around)),
        min(shape[0], math.ceil(bottom + around)),
        min(shape[1], math.ceil(right + around)),
    )


def webp_uri(webp: bytes) -> str:
    """A picture that is WebP already, as it stands in a page."""
    return "data:image/webp;base64," + base64.b64encode(webp).decode("ascii")


def _data_uri(pixels: Pixels, side_px: int, quality: int) -> str:
    image = Image.fromarray(pixels)
    image.thumbnail((side_px, side_px), Image.Resampling.BICUBIC, reducing_gap=2.0)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
