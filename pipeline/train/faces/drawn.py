"""Drawn faces (``python -m pipeline.draw bank``) as labeled faces."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from pipeline.draw.bank import MARK_KINDS, write_bank
from pipeline.draw.fonts import find_fonts
from pipeline.train.faces.labeled import IGNORED, LabeledFace, filled
from pipeline.train.reader.character_network import CLASSES

_CLASS = {text: index for index, text in enumerate(CLASSES)}
_PER_SHARD = 1000
# Print that runs over the side of a capsule is legible to this share at least.
_VISIBLE = 0.6
# Gray levels; fainter characters drown in the grain and no one could read them.
_CONTRAST = 3.0
# The least height of a sign such as - or . in px: the detector is taught no smaller ones.
_SIGN_HEIGHT_PX = 8.0


def drawn_faces(folder: Path, count: int, seed: int = 0, fonts: Path | None = None) -> list[LabeledFace]:
    """All faces of the bank in ``folder``, after drawing what it lacks of ``count`` faces of that seed."""
    return load_bank(drawn_shards(folder, count, seed, fonts))


def drawn_shards(folder: Path, count: int, seed: int = 0, fonts: Path | None = None) -> list[Path]:
    """The shards of the bank in ``folder``, after drawing what it lacks of ``count`` faces of that seed."""
    if len(list(folder.glob("faces-*.npz"))) * _PER_SHARD < count:
        for _ in write_bank(folder, count, seed, find_fonts(fonts) if fonts else (), _PER_SHARD):
            pass
    return sorted(folder.glob("faces-*.npz"))


def load_bank(paths: Iterable[Path]) -> list[LabeledFace]:
    """All faces of some shards."""
    return [face for path in sorted(paths) for face in _shard(path)]


def _shard(path: Path) -> list[LabeledFace]:
    with np.load(path) as stored:
        shard = dict(stored)
    faces = []
    for number in range(len(shard["jpeg_offsets"]) - 1):
        if number in shard["char_face"] and shard["contrast"][number] < _CONTRAST:
            continue
        start, stop = shard["jpeg_offsets"][number : number + 2]
        gray = np.asarray(cv2.imdecode(shard["jpeg"][start:stop], cv2.IMREAD_GRAYSCALE), np.uint8)
        start, stop = shard["outline_offsets"][number : number + 2]
        outline = np.ascontiguousarray(shard["outline"][start:stop, ::-1], np.float32)
        mask = filled(outline, gray.shape)
        own = np.flatnonzero(shard["char_face"] == number)
        boxes = shard["char_box"][own]
        characters = np.zeros((len(own), 6), np.float32)
        characters[:, :5] = boxes[:, [1, 0, 3, 2, 4]]
        characters[:, 3] = np.maximum(characters[:, 3], _SIGN_HEIGHT_PX)
        characters[:, 5] = [_CLASS.get(chr(code), IGNORED) for code in shard["char_code"][own]]
        characters[shard["char_visible"][own] < _VISIBLE, 5] = IGNORED
        logos = np.flatnonzero((shard["mark_face"] == number) & (shard["mark_kind"] == MARK_KINDS.index("LOGO")))
        marks = np.zeros((len(logos), 6), np.float32)
        for row, logo in enumerate(logos):
            corners = shard["mark_corners"][logo]
            height, width = np.ptp(corners, axis=0)
            center = corners.mean(axis=0)
            marks[row] = center[1], center[0], max(width, 6), max(height, 6), np.nan, _CLASS["LOGO"]
        faces.append(LabeledFace(gray, mask, outline, np.concatenate([characters, marks]), "", path.name))
    return faces
