"""Labeled faces as the reader's training meets them: a gray crop, its mask, its characters; augmented to canvases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.draw.camera import through_jpeg
from pipeline.geometry.affine import inverse, mapped, turned_into
from pipeline.imprint.canvas import LONG, normalize, place, warp

# A character's row in ``LabeledFace.characters``.
X, Y, WIDTH, HEIGHT, TURN_DEG, CLASS = range(6)
UNKNOWN_TURN = np.nan
# The class of a place with a character that the reader does not know: nothing is learned there.
IGNORED = -1


@dataclass(frozen=True, eq=False)
class LabeledFace:
    """One face with its characters.

    ``gray`` and ``mask`` (0 or 255) are ``(h, w)`` uint8, ``outline`` ``(n, 2)`` float32 ``(x, y)``;
    ``characters`` is ``(n, 6)`` float32: center x and y, width and height in the character's own frame, turn in
    degrees (NaN: unknown) and class index (-1: ignored).
    """

    gray: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    outline: NDArray[np.float32]
    characters: NDArray[np.float32]
    imprint: str = ""
    source: str = ""

    @property
    def is_long(self) -> bool:
        """Whether it goes on the wide canvas."""
        return place(self.outline).size == LONG


def filled(outline: NDArray[np.float32], shape: Sequence[int]) -> NDArray[np.uint8]:
    """The mask ``(h, w)`` uint8 of an outline ``(n, 2)`` ``(x, y)``: 255 inside, 0 elsewhere."""
    mask = np.zeros((shape[0], shape[1]), np.uint8)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 255)
    return mask


def canvas_of(
    face: LabeledFace, rng: np.random.Generator | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The face on its canvas ``(2, h, w)`` and its characters there; with ``rng`` augmented, else as in reading."""
    placement = place(face.outline)
    gray, mask = face.gray, face.mask
    if rng is None:
        canvas, inside = warp(gray, mask, placement.to_canvas, placement.size)
        moved = _moved(face.characters, placement.to_canvas, placement.scale, placement.turn_deg)
        return normalize(canvas, inside), moved
    height, width = placement.size
    center = inverse(placement.to_canvas) @ np.array([width / 2, height / 2, 1.0])
    scale = placement.scale * rng.uniform(0.8, 1.06)
    is_long = placement.size == LONG  # either way up; other faces at any turn
    turn = placement.turn_deg + (rng.normal(0, 4) + 180.0 * rng.integers(2) if is_long else rng.uniform(-180, 180))
    matrix = turned_into((float(center[0]), float(center[1])), placement.size, scale, turn)
    matrix[:, 2] += rng.uniform(-5, 5, 2)
    shape = np.eye(2) + rng.normal(0, 0.04, (2, 2))
    middle = np.array([width / 2, height / 2])
    matrix = np.column_stack([shape @ matrix[:, :2], shape @ (matrix[:, 2] - middle) + middle])
    canvas, inside = warp(_degraded(gray, scale, rng), mask, matrix, placement.size)
    return normalize(_relit(canvas, rng), _remasked(inside, rng)), _moved(face.characters, matrix, scale, turn)


def _moved(
    characters: NDArray[np.float32], matrix: NDArray[np.float64], scale: float, turn_deg: float
) -> NDArray[np.float32]:
    moved = characters.copy()
    moved[:, :2] = mapped(matrix, characters[:, :2])
    moved[:, [WIDTH, HEIGHT]] *= scale
    moved[:, TURN_DEG] += turn_deg
    return moved


def _degraded(gray: NDArray[np.uint8], scale: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Blur, a lower resolution and JPEG, at the crop's own size; ``scale`` is canvas px per crop px."""
    if rng.random() < 0.35:  # as if taken from farther away: 35-110 px over the face
        keep = min(1.0, scale * rng.uniform(0.28, 0.9))
        small = cv2.resize(gray, None, fx=keep, fy=keep, interpolation=cv2.INTER_AREA)
        if rng.random() < 0.5:
            small = through_jpeg(np.asarray(small, np.uint8), int(rng.integers(50, 95)))
        gray = cv2.resize(small, (gray.shape[1], gray.shape[0]), interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
    if rng.random() < 0.4:
        gray = cv2.GaussianBlur(gray, (0, 0), rng.uniform(0.4, 1.6) / max(scale, 0.3))  # type: ignore[assignment]
    return gray


def _relit(canvas: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    if rng.random() < 0.15:
        canvas = 255.0 - canvas
    canvas = canvas * rng.uniform(0.35, 1.1)
    if rng.random() < 0.5:
        canvas = canvas + rng.normal(0, rng.uniform(0.5, 5.0), canvas.shape).astype(np.float32)
    return canvas.astype(np.float32)


def _remasked(inside: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """The mask a little too wide or too narrow, as segmentation leaves it."""
    size = int(rng.integers(-4, 4))
    if size == 0:
        return inside
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(size) // 2 + 1,) * 2)
    return (cv2.dilate if size > 0 else cv2.erode)(inside, kernel).astype(np.float32)
