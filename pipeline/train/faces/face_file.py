"""Labeled faces in one file, so that a training that was cut off does not cut out every face again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.train.faces.labeled import LabeledFace, filled


def save_faces(path: Path, faces: Sequence[LabeledFace]) -> None:
    """Write faces to an ``.npz`` without pickles, whole or not at all; masks are kept as outlines."""
    codes = [cv2.imencode(".png", face.gray)[1].ravel() for face in faces]
    arrays: dict[str, Any] = {
        "png": np.concatenate([np.zeros(0, np.uint8), *codes]),
        "png_offsets": _offsets(codes),
        "outline": np.concatenate([np.zeros((0, 2), np.float32), *(face.outline for face in faces)]),
        "outline_offsets": _offsets([face.outline for face in faces]),
        "characters": np.concatenate([np.zeros((0, 6), np.float32), *(face.characters for face in faces)]),
        "character_offsets": _offsets([face.characters for face in faces]),
        "imprint": np.array([face.imprint for face in faces], np.str_),
        "source": np.array([face.source for face in faces], np.str_),
    }
    part = path.with_suffix(".part")
    with part.open("wb") as stream:
        np.savez(stream, **arrays)
    part.replace(path)


def load_faces(path: Path) -> list[LabeledFace]:
    """Read what `save_faces` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        arrays = dict(stored)
    faces = []
    for number in range(len(arrays["png_offsets"]) - 1):
        code = _slice(arrays, "png", "png_offsets", number)
        gray = np.asarray(cv2.imdecode(code, cv2.IMREAD_GRAYSCALE), np.uint8)
        outline = _slice(arrays, "outline", "outline_offsets", number)
        characters = _slice(arrays, "characters", "character_offsets", number)
        mask = filled(outline, gray.shape)
        faces.append(
            LabeledFace(
                gray,
                mask,
                outline,
                characters,
                str(arrays["imprint"][number]),
                str(arrays["source"][number]),
            )
        )
    return faces


def kept_faces(path: Path, make: Callable[[], Iterable[LabeledFace]]) -> list[LabeledFace]:
    """The faces kept at that path, made and kept first where they are not."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        save_faces(path, list(make()))
    return load_faces(path)


def _offsets(parts: Sequence[NDArray[np.generic]]) -> NDArray[np.int64]:
    return np.cumsum([0, *(len(part) for part in parts)]).astype(np.int64)


def _slice(arrays: dict[str, Any], name: str, offsets: str, number: int) -> NDArray[Any]:
    start, stop = arrays[offsets][number : number + 2]
    return np.ascontiguousarray(arrays[name][int(start) : int(stop)])
