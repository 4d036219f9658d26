"""Banks of drawn faces for training: shards of ``.npz`` without pickles.

A shard holds (n faces, m characters, k marks, p outline points):

- ``jpeg`` uint8, all faces as JPEG one after the other; ``jpeg_offsets`` int64 (n + 1)
- ``char_face`` int32 (m), the face's index; ``char_code`` uint8 (m), the ASCII code, in upper case;
  ``char_drawn`` uint8 (m), as drawn; ``char_box`` float32 (m, 5): row, col, height, width (px), turn (degrees,
  counter-clockwise as seen); ``char_line`` int16 (m); ``char_curved`` bool (m); ``char_visible`` float32 (m), below 1
  where print goes around a capsule's side
- ``mark_face`` int32 (k); ``mark_kind`` uint8 (k), an index into `MARK_KINDS`; ``mark_corners``
  float32 (k, 4, 2) (row, col)
- ``outline_offsets`` int64 (n + 1); ``outline`` float32 (p, 2) (row, col)
- ``relief`` uint8 (n), an index into `RELIEFS`; ``shape`` uint8 (n), an index into `SHAPES`; ``shell`` bool (n), a
  two-part capsule; ``contrast`` float32 (n), the mean over characters of the gray deviation inside their boxes
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.draw.random_face import random_face
from pipeline.draw.rendering import draw_face
from pipeline.draw.spec import DrawnCharacter, DrawnFace, DrawnMark

MARK_KINDS = ("SCORE", "LOGO", "SEAM", "BAND", "RING", "FRAME")
RELIEFS = ("BLANK", "DEBOSSED", "EMBOSSED", "PRINTED")
SHAPES = (
    "ROUND",
    "OVAL",
    "CAPSULE",
    "TRIANGLE",
    "RECTANGLE",
    "TEAR",
    "DIAMOND",
    "SQUARE",
    "PENTAGON (5 sided)",
    "HEXAGON (6 sided)",
    "OCTAGON (8 sided)",
    "BULLET",
    "TRAPEZOID",
    "SEMI-CIRCLE",
    "FREEFORM",
)
# Faces already went through the drawn camera's JPEG; the shard's own must not add to it.
_QUALITY = 96
# Framed text is rare on pills and hard to read: a bank shows it three times as often as `random_face` does.
_FRAMED = 0.6
# So are makers' marks, a letter or a few alone.
_MARKS = 0.3


def write_bank(out: Path, count: int, seed: int, fonts: Sequence[str] = (), per_shard: int = 1000) -> Iterator[Path]:
    """Draw ``count`` random faces into shards below ``out``; yields each shard's path when it is written.

    A shard depends on the seed and its own number only; one that exists is left as it is, so a run that was
    cut off goes on where it stopped.
    """
    out.mkdir(parents=True, exist_ok=True)
    for start in range(0, count, per_shard):
        path = out / f"faces-{seed}-{start // per_shard:04d}.npz"
        if not path.exists():
            faces = draw_faces(min(per_shard, count - start), np.random.default_rng([seed, start // per_shard]), fonts)
            _save(path, shard_arrays(faces))
        yield path


def draw_faces(count: int, rng: np.random.Generator, fonts: Sequence[str] = ()) -> list[DrawnFace]:
    """Draw random faces, more of them with framed text and lone letters than `random_face` by itself."""
    return [draw_face(random_face(rng, fonts, framed=_FRAMED, marks=_MARKS), rng) for _ in range(count)]


def _save(path: Path, arrays: dict[str, NDArray[np.generic]]) -> None:
    part = path.with_suffix(".part")
    with part.open("wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]
    part.replace(path)


def shard_arrays(faces: Sequence[DrawnFace]) -> dict[str, NDArray[np.generic]]:
    """The arrays of a shard, as the module says."""
    codes = [
        cv2.imencode(".jpg", face.pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].ravel() for face in faces
    ]
    characters: list[tuple[int, DrawnCharacter]] = [(i, c) for i, face in enumerate(faces) for c in face.characters]
    marks: list[tuple[int, DrawnMark]] = [(i, mark) for i, face in enumerate(faces) for mark in face.marks]
    return {
        "jpeg": np.concatenate(codes),
        "jpeg_offsets": np.concatenate([[0], np.cumsum([code.size for code in codes])]).astype(np.int64),
        "char_face": np.array([i for i, _ in characters], np.int32),
        "char_code": np.array([ord(c.char) for _, c in characters], np.uint8),
        "char_drawn": np.array([ord(c.drawn) for _, c in characters], np.uint8),
        "char_box": np.array(
            [(c.row, c.col, c.height_px, c.width_px, c.turn_deg) for _, c in characters], np.float32
        ).reshape(-1, 5),
        "char_line": np.array([c.line_index for _, c in characters], np.int16),
        "char_curved": np.array([c.curved for _, c in characters], np.bool_),
        "char_visible": np.array([c.visible for _, c in characters], np.float32),
        "mark_face": np.array([i for i, _ in marks], np.int32),
        "mark_kind": np.array([MARK_KINDS.index(mark.kind) for _, mark in marks], np.uint8),
        "mark_corners": np.array([mark.corners for _, mark in marks], np.float32).reshape(-1, 4, 2),
        "outline": np.concatenate([face.outline for face in faces]).astype(np.float32),
        "outline_offsets": np.concatenate([[0], np.cumsum([len(face.outline) for face in faces])]).astype(np.int64),
        "relief": np.array([RELIEFS.index(face.relief) for face in faces], np.uint8),
        "shape": np.array([SHAPES.index(face.spec.body.shape) for face in faces], np.uint8),
        "shell": np.array([face.spec.body.profile == "SHELL" for face in faces], np.bool_),
        "contrast": np.array([_contrast(face) for face in faces], np.float32),
    }


def _contrast(face: DrawnFace) -> float:
    gray = face.pixels.mean(axis=2)
    values = []
    for c in face.characters:
        reach = max(c.height_px, c.width_px) / 2
        rows, cols = (
            slice(max(int(c.row - reach), 0), int(c.row + reach) + 1),
            slice(max(int(c.col - reach), 0), int(c.col + reach) + 1),
        )
        values.append(float(gray[rows, cols].std()))
    return float(np.mean(values)) if values else 0.0


def read_image(shard: dict[str, NDArray[np.generic]], index: int) -> NDArray[np.uint8]:
    """Decode one face of a loaded shard (``dict(np.load(path))``): ``(h, w, 3)`` uint8 RGB."""
    start, end = shard["jpeg_offsets"][index : index + 2]
    code = np.asarray(shard["jpeg"][int(start) : int(end)], np.uint8)
    pixels = cv2.imdecode(code, cv2.IMREAD_COLOR_RGB)
    if pixels is None:
        raise ValueError(f"face {index} of the shard does not decode")
    return np.asarray(pixels, np.uint8)
