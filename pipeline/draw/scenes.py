"""Photos of one or more pills on a background, with every pill's mask, place and imprint known."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.draw.backgrounds import draw_background
from pipeline.draw.camera import photograph
from pipeline.draw.fonts import STROKE_FONTS
from pipeline.draw.imprinting import draw_glyphs, place_line
from pipeline.draw.laying import cast_shadow, overlap, paste
from pipeline.draw.rendering import Rendered, place_face, render_face
from pipeline.draw.spec import Camera, DrawnCharacter, DrawnMark, FaceSpec, Light, TextLine

Image = NDArray[np.float32]


@dataclass(frozen=True)
class ScenePill:
    """One pill lying at ``(row_mm, col_mm)``; the scene sets the face's ``size_px`` and ``light``."""

    face: FaceSpec
    length_mm: float
    row_mm: float
    col_mm: float
    turn_deg: float = 0.0
    height_mm: float = 2.5


@dataclass(frozen=True)
class DrawnRuler:
    """A ruler's edge with a tick each mm, its zero at ``(row_mm, col_mm)``, running to the right at ``turn_deg``."""

    row_mm: float
    col_mm: float
    length_mm: int = 50
    turn_deg: float = 0.0


@dataclass(frozen=True)
class SceneSpec:
    """A photo: ``height_mm`` by ``width_mm`` of a table at ``px_per_mm``; pills later in the list lie on top."""

    height_mm: float
    width_mm: float
    px_per_mm: float
    background: str = "PAPER"
    pills: tuple[ScenePill, ...] = ()
    ruler: DrawnRuler | None = None
    light: Light = field(default_factory=Light)
    camera: Camera = field(default_factory=Camera)
    shadow: float = 0.45

    @property
    def shape_px(self) -> tuple[int, int]:
        """The photo's height and width in px."""
        return round(self.height_mm * self.px_per_mm), round(self.width_mm * self.px_per_mm)


@dataclass(frozen=True, eq=False)
class DrawnPill:
    """One pill's truth in the photo.

    ``outline`` ``(n, 2)`` float32 ``(row, col)`` px, whole even where others cover it; ``visible`` is the share
    of it that is seen within the photo, ``cut`` whether the photo's border cuts it.
    """

    pill: ScenePill
    outline: NDArray[np.float32]
    characters: tuple[DrawnCharacter, ...]
    marks: tuple[DrawnMark, ...]
    visible: float
    cut: bool


@dataclass(frozen=True, eq=False)
class DrawnScene:
    """A drawn photo.

    ``pixels`` ``(h, w, 3)`` uint8 sRGB; ``labels`` ``(h, w)`` uint16: 0 background, else 1 + the index in
    ``pills`` of the pill that is seen there. ``mm_per_px`` is true whether or not a ruler shows it.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint16]
    pills: tuple[DrawnPill, ...]
    mm_per_px: float
    spec: SceneSpec = field(repr=False)


def draw_scene(spec: SceneSpec, rng: np.random.Generator, ground: Image | None = None) -> DrawnScene:
    """Draw a photo of pills; on ``ground``, ``(h, w, 3)`` float32 0-255, where the spec's background is not meant."""
    shape = spec.shape_px
    image = draw_background(spec.background, shape, spec.px_per_mm, rng) if ground is None else ground.copy()
    if spec.ruler is not None:
        _draw_ruler(image, spec.ruler, spec.px_per_mm)
    labels = np.zeros(shape, np.uint16)
    drawn = [_lay(image, labels, index, spec, rng) for index, _ in enumerate(spec.pills)]
    pills = tuple(
        _truth(pill, rendered, labels, index)
        for index, (pill, rendered) in enumerate(zip(spec.pills, drawn, strict=True))
    )
    return DrawnScene(photograph(image, spec.light, spec.camera, rng), labels, pills, 1.0 / spec.px_per_mm, spec)


def _lay(image: Image, labels: NDArray[np.uint16], index: int, spec: SceneSpec, rng: np.random.Generator) -> Rendered:
    """Draw one pill and its shadow into the photo; returns its truth in photo pixels."""
    pill, scale = spec.pills[index], spec.px_per_mm
    face = replace(pill.face, size_px=pill.length_mm * scale, turn_deg=pill.turn_deg, light=spec.light, margin_px=3.0)
    frame, shape = place_face(face)
    rendered = render_face(face, frame, shape, rng)
    center = frame[:2, :2] @ np.array([0.0, 0.0]) + frame[:2, 2]
    top, left = round(pill.row_mm * scale - center[1]), round(pill.col_mm * scale - center[0])
    cast_shadow(image, rendered.alpha, (top, left), spec.light, pill.height_mm * scale, spec.shadow)
    paste(image, rendered.color, rendered.alpha, (top, left))
    inner, outer = overlap((top, left), shape, labels.shape)
    if inner is not None:
        labels[outer][rendered.alpha[inner] > 0.5] = index + 1
    return rendered.shifted(top, left)


def _truth(pill: ScenePill, rendered: Rendered, labels: NDArray[np.uint16], index: int) -> DrawnPill:
    points = rendered.outline
    whole = float(abs(cv2.contourArea(points)))
    cut = bool((points < 0).any() or (points > np.array(labels.shape) - 1).any())
    visible = min(float(np.count_nonzero(labels == index + 1)) / max(whole, 1.0), 1.0)
    return DrawnPill(pill, points, rendered.characters, rendered.marks, visible, cut)


def _draw_ruler(image: Image, ruler: DrawnRuler, px_per_mm: float) -> None:
    """A white strip with black ticks of 3, 4.5 and 6 mm and numbers each 10 mm."""
    turn = math.radians(ruler.turn_deg)
    along, across = np.array([math.cos(turn), -math.sin(turn)]), np.array([math.sin(turn), math.cos(turn)])
    origin = np.array([ruler.col_mm, ruler.row_mm])

    def at(x_mm: float, y_mm: float) -> tuple[int, int]:
        x, y = (origin + along * x_mm + across * y_mm) * px_per_mm * 16
        return round(x), round(y)

    strip = np.array([at(-3, 0), at(ruler.length_mm + 3, 0), at(ruler.length_mm + 3, 12), at(-3, 12)], np.int32)
    cv2.fillPoly(image, [strip], (236.0, 236.0, 230.0), cv2.LINE_AA, 4)
    for tick in range(ruler.length_mm + 1):
        long = 6.0 if tick % 10 == 0 else 4.5 if tick % 5 == 0 else 3.0
        width = 0.09  # a printed ruler's line, mm
        bar = np.array(
            [at(tick - width, 0), at(tick + width, 0), at(tick + width, long), at(tick - width, long)], np.int32
        )
        cv2.fillPoly(image, [bar], (25.0, 25.0, 25.0), cv2.LINE_AA, 4)
    to_px = (
        np.array([[along[0], across[0], origin[0]], [along[1], across[1], origin[1]], [0, 0, 1 / px_per_mm]])
        * px_per_mm
    )
    numbers = [
        TextLine(str(tick), STROKE_FONTS[0], 2.4, float(tick), 8.6) for tick in range(0, ruler.length_mm + 1, 10)
    ]
    distance = draw_glyphs(
        [glyph for line in numbers for glyph in place_line(line, 0)], 0.14, to_px, (image.shape[0], image.shape[1])
    )
    ink = np.clip(distance + np.float32(0.5), 0, 1)[..., None]
    image += ink * (np.float32(25.0) - image)


def crowd(
    faces: list[tuple[FaceSpec, float]],
    center_mm: tuple[float, float],
    rng: np.random.Generator,
    closeness: float = 0.93,
) -> tuple[ScenePill, ...]:
    """Lay pills in a heap one layer deep: each touches one that lies there already, or overlaps it a little.

    Args:
        faces: each pill's face and length in mm.
        center_mm: ``(row, col)`` of the heap.
        closeness: the distance of neighbors' centers by that at which their circumcircles' mean with their
            inscribed circles would touch; below 1 they may overlap.
    """
    laid: list[tuple[float, float, float]] = []
    pills = []
    for face, length in faces:
        radius = length / 2 * (0.5 + 0.5 / max(face.body.aspect, 1.0))
        row, col = _free_place(laid, radius, center_mm, closeness, rng)
        laid.append((row, col, radius))
        pills.append(ScenePill(face, length, row, col, float(rng.uniform(-180, 180)), float(rng.uniform(2.0, 4.0))))
    return tuple(pills)


def _free_place(
    laid: list[tuple[float, float, float]],
    radius: float,
    center: tuple[float, float],
    closeness: float,
    rng: np.random.Generator,
) -> tuple[float, float]:
    if not laid:
        return center
    best, score = center, -math.inf
    for _ in range(200):
        row, col, other = laid[int(rng.integers(len(laid)))]
        angle, reach = rng.uniform(0, 2 * math.pi), (radius + other) * closeness * rng.uniform(1.0, 1.08)
        place = row + reach * math.sin(angle), col + reach * math.cos(angle)
        gaps = [math.hypot(place[0] - r, place[1] - c) - closeness * (radius + o) for r, c, o in laid]
        value = min(min(gaps), 0.0) * 10 - 0.02 * math.hypot(place[0] - center[0], place[1] - center[1])
        if value > score:
            best, score = place, value
    return best
