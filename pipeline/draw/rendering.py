"""Draw one pill face as it looks, with exact truth."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.draw.camera import photograph
from pipeline.draw.imprinting import FAR_PX, Affine, PlacedGlyph, character_truth, draw_glyphs, draw_logos, place_line
from pipeline.draw.outlines import outline
from pipeline.draw.shading import albedo_of, body_height, shade, shell_height
from pipeline.draw.smooth_noise import noise_field
from pipeline.draw.spec import Body, DrawnCharacter, DrawnFace, DrawnMark, FaceSpec, ScoreLine

Field = NDArray[np.float32]
_SQUARE = ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0))


def draw_face(spec: FaceSpec, rng: np.random.Generator) -> DrawnFace:
    """Draw one face on a plain background; ``rng`` gives grain and noise only, the geometry is the spec's."""
    frame, shape = place_face(spec)
    rendered = render_face(spec, frame, shape, rng)
    background = np.empty((*shape, 3), np.float32)
    background[:] = spec.background
    alpha = rendered.alpha[..., None]
    pixels = photograph(rendered.color * alpha + background * (1 - alpha), spec.light, spec.camera, rng)
    return DrawnFace(
        pixels,
        rendered.alpha > 0.5,
        rendered.outline,
        rendered.characters,
        rendered.marks,
        spec.imprint.relief if rendered.characters else "BLANK",
        spec,
    )


class Rendered:
    """A face before the camera: ``color`` ``(h, w, 3)`` and ``alpha`` ``(h, w)`` float32, and its truth."""

    __slots__ = ("alpha", "characters", "color", "marks", "outline")

    def __init__(
        self,
        color: NDArray[np.float32],
        alpha: Field,
        outline_rc: NDArray[np.float32],
        characters: tuple[DrawnCharacter, ...],
        marks: tuple[DrawnMark, ...],
    ) -> None:
        self.color, self.alpha, self.outline, self.characters, self.marks = color, alpha, outline_rc, characters, marks

    def shifted(self, rows: int, cols: int) -> Rendered:
        """The same with its truth moved; the images stay."""
        move = np.array([rows, cols], np.float32)
        characters = tuple(replace(c, row=c.row + rows, col=c.col + cols) for c in self.characters)
        marks = tuple(DrawnMark(m.kind, tuple((row + rows, col + cols) for row, col in m.corners)) for m in self.marks)
        return Rendered(self.color, self.alpha, self.outline + move, characters, marks)


def render_face(spec: FaceSpec, frame: Affine, shape: tuple[int, int], rng: np.random.Generator) -> Rendered:
    """Draw the lit face into an image of ``shape`` (height, width).

    ``frame`` (3, 3) maps the pill's frame to ``(x, y)`` px.
    """
    body, half_px = spec.body, _zoom(frame)
    points = outline(body.shape, body.aspect, body.roundness) @ frame[:2, :2].T + frame[:2, 2]
    alpha = _fill(points, shape)
    u, v = _pill_coordinates(frame, shape)
    rim = _rim_distance(body, alpha, u, v, half_px)
    if body.holes:
        solid = np.min([np.hypot(u - at_u, v - at_v) - radius for at_u, at_v, radius in body.holes], axis=0) * half_px
        alpha, rim = alpha * np.clip(solid + 0.5, 0, 1).astype(np.float32), np.clip(solid, 0, rim).astype(np.float32)
    placed = [glyph for index, line in enumerate(spec.lines) for glyph in place_line(line, index)]
    ink = _imprint_field(spec, placed, frame, shape, u, v)

    height = body_height(rim, half_px, body)
    scored, cavity = _score(spec.scores, u, v, half_px)
    height -= scored
    relief = spec.imprint.relief
    if ink is not None and relief != "PRINTED":
        groove = _groove(ink, spec, half_px, rng)
        deep = spec.imprint.depth * max(_stroke_px(spec, half_px), 1.0)
        height += groove * np.float32(deep if relief == "EMBOSSED" else -deep)
        if relief == "DEBOSSED":
            cavity = np.maximum(cavity, groove)
    if body.profile == "SHELL":
        height += shell_height(u, half_px, body, rng)
    height = np.asarray(cv2.GaussianBlur(height, (0, 0), 0.35 + body.wear * half_px * 0.02), np.float32)
    if body.grain > 0:
        height += np.float32(body.grain * 2.0) * noise_field(shape, 0.9, rng)
        if body.grain > 0.05:
            height += np.float32(body.grain * 6.0) * noise_field(shape, 3.0, rng)
    albedo = albedo_of(body, u, half_px, rng)
    if ink is not None and relief == "PRINTED":
        _print(albedo, ink, spec, rng)
    color = shade(np.asarray(height, np.float32), albedo, np.asarray(cavity, np.float32), spec.light, body.gloss)
    return Rendered(
        color,
        alpha,
        np.ascontiguousarray(points[:, ::-1], np.float32),
        _truth(spec, placed, frame),
        _marks(spec, frame),
    )


def place_face(spec: FaceSpec) -> tuple[Affine, tuple[int, int]]:
    """The map (3, 3) from the pill's frame to px and the image's shape that frames the face tightly."""
    points = outline(spec.body.shape, spec.body.aspect, spec.body.roundness)
    zoom = spec.size_px / float(np.ptp(points[:, 0]) if spec.body.aspect >= 1 else np.ptp(points[:, 1]))
    linear = _squash(spec.tilt, spec.tilt_deg) @ _rotation(spec.turn_deg) * zoom
    moved = points @ linear.T
    low, high = moved.min(axis=0) - spec.margin_px, moved.max(axis=0) + spec.margin_px
    frame = np.eye(3)
    frame[:2, :2], frame[:2, 2] = linear, -low
    return frame, (math.ceil(high[1] - low[1]), math.ceil(high[0] - low[0]))


def _rotation(degrees: float) -> NDArray[np.float64]:
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cosine, sine], [-sine, cosine]])


def _squash(share: float, degrees: float) -> NDArray[np.float64]:
    turn = _rotation(degrees)
    return np.asarray(turn @ np.diag([1.0 - share, 1.0]) @ turn.T)


def _zoom(frame: Affine) -> float:
    return math.sqrt(abs(float(np.linalg.det(frame[:2, :2]))))


def _fill(points_xy: NDArray[np.float64], shape: tuple[int, int]) -> Field:
    """The share of each pixel inside the outline; OpenCV's own anti-aliased fill is half a pixel too wide."""
    finer = 4 if max(shape) < 700 else 2
    canvas = np.zeros((shape[0] * finer, shape[1] * finer), np.uint8)
    points = (points_xy + 0.5) * finer - 0.5
    cv2.fillPoly(canvas, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_8, 4)
    share = cv2.resize(canvas, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(share, np.float32) * np.float32(1 / 255)


def _rim_distance(body: Body, alpha: Field, u: Field, v: Field, half_px: float) -> Field:
    """The distance to the rim in px, inside; exact where the outline is a circle or a stadium."""
    if body.shape == "ROUND" or body.profile == "SHELL":
        over = np.maximum(np.abs(u) - np.float32(body.aspect - 1.0), 0.0)
        return np.maximum((1.0 - np.hypot(over, v)) * np.float32(half_px), 0.0)
    inside = (alpha > 0.5).astype(np.uint8)
    far = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # A convex press has no ridge where the distances to two sides meet.
    return np.asarray(cv2.GaussianBlur(far, (0, 0), 0.1 * half_px if body.profile == "CONVEX" else 1.5), np.float32)


def _pill_coordinates(frame: Affine, shape: tuple[int, int]) -> tuple[Field, Field]:
    back = np.linalg.inv(frame)
    x, y = np.arange(shape[1], dtype=np.float32)[None, :], np.arange(shape[0], dtype=np.float32)[:, None]
    u = np.float32(back[0, 0]) * x + np.float32(back[0, 1]) * y + np.float32(back[0, 2])
    v = np.float32(back[1, 0]) * x + np.float32(back[1, 1]) * y + np.float32(back[1, 2])
    return np.asarray(u, np.float32), np.asarray(v, np.float32)


def _stroke_px(spec: FaceSpec, half_px: float) -> float:
    cap = min((line.cap for line in spec.lines), default=0.0)
    logo = min((logo.weight * logo.size for logo in spec.logos), default=0.0)
    return half_px * (spec.imprint.weight * cap if cap else logo)


def _imprint_field(
    spec: FaceSpec, placed: list[PlacedGlyph], frame: Affine, shape: tuple[int, int], u: Field, v: Field
) -> Field | None:
    if not placed and not spec.logos:
        return None
    if spec.body.profile != "SHELL":
        return _flat_field(spec, placed, frame, shape)
    return _wrapped_field(spec, placed, _zoom(frame), u, v)


def _flat_field(spec: FaceSpec, placed: list[PlacedGlyph], to_px: Affine, shape: tuple[int, int]) -> Field:
    field = draw_glyphs(placed, spec.imprint.weight, to_px, shape)
    for figures in filter(None, (spec.logos, spec.frames)):
        field = np.maximum(field, draw_logos(figures, to_px, shape))
    return field


def _wrapped_field(spec: FaceSpec, placed: list[PlacedGlyph], half_px: float, u: Field, v: Field) -> Field:
    """Print on a cylinder: drawn on the unrolled shell, then rolled up (``v`` = sin of the angle around the axis)."""
    reach = math.pi / 2
    flat = np.array([[half_px, 0, spec.body.aspect * half_px], [0, half_px, reach * half_px], [0, 0, 1.0]])
    shape = math.ceil(2 * reach * half_px) + 1, math.ceil(2 * spec.body.aspect * half_px) + 1
    field = _flat_field(spec, placed, flat, shape)
    around = np.arcsin(np.clip(v, -1.0, 1.0))
    map_x, map_y = (
        (u + np.float32(spec.body.aspect)) * np.float32(half_px),
        (around + np.float32(reach)) * np.float32(half_px),
    )
    return np.asarray(
        cv2.remap(field, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=FAR_PX), np.float32
    )


def _groove(ink: Field, spec: FaceSpec, half_px: float, rng: np.random.Generator) -> Field:
    """How deep the die went, 0-1: a slope along the strokes' edges, less where coating filled the letters."""
    slope_px = max(_stroke_px(spec, half_px), 1.0) / 2 * spec.imprint.bevel
    level = np.clip(ink / np.float32(slope_px) + np.float32(0.15), 0.0, 1.0)
    groove = level * level * (3 - 2 * level)
    if spec.imprint.fade > 0.02:
        filled = np.float32(spec.imprint.fade) * (1 + 0.8 * noise_field(ink.shape, 0.12 * half_px, rng))
        groove *= np.clip(1.1 - filled, 0.08, 1.0)
    return np.asarray(groove, np.float32)


def _score(scores: tuple[ScoreLine, ...], u: Field, v: Field, half_px: float) -> tuple[Field, Field]:
    """Depth in px and cavity 0-1 of all score lines."""
    depth, cavity = np.zeros(u.shape, np.float32), np.zeros(u.shape, np.float32)
    for line in scores:
        cosine, sine = math.cos(math.radians(line.turn_deg)), math.sin(math.radians(line.turn_deg))
        along = (u - np.float32(line.u)) * np.float32(cosine) - (v - np.float32(line.v)) * np.float32(sine)
        across = (u - np.float32(line.u)) * np.float32(sine) + (v - np.float32(line.v)) * np.float32(cosine)
        over = np.maximum(np.maximum(line.start - along, along - line.end), 0.0)
        near = np.clip(1.0 - np.hypot(across, over) / np.float32(line.width), 0.0, 1.0)
        depth = np.maximum(depth, near * np.float32(line.depth * half_px))
        cavity = np.maximum(cavity, near)
    return depth, cavity


def _print(albedo: NDArray[np.float32], ink: Field, spec: FaceSpec, rng: np.random.Generator) -> None:
    imprint = spec.imprint
    share = np.clip(ink / np.float32(max(imprint.bleed, 0.3)) + 0.5, 0.0, 1.0)
    if imprint.fade > 0.02:
        lost = noise_field(ink.shape, 1.6, rng) * 0.5 + noise_field(ink.shape, 6.0, rng) * 0.6
        share = share * np.clip(1.25 - np.float32(imprint.fade) * (1.0 + lost), 0.0, 1.0)
    albedo += (share * np.float32(0.93))[..., None] * (np.array(imprint.ink, np.float32) - albedo)


def _truth(spec: FaceSpec, placed: list[PlacedGlyph], frame: Affine) -> tuple[DrawnCharacter, ...]:
    shell = spec.body.profile == "SHELL"

    def to_px(pill: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
        visible = 1.0
        if shell:
            low, high = float(pill[:4, 1].min()), float(pill[:4, 1].max())
            # Past 75 degrees around the shell print is foreshortened to a quarter: not legible.
            seen = min(high, math.radians(75)) - max(low, -math.radians(75))
            visible = min(max(seen / max(high - low, 1e-6), 0.0), 1.0)
            pill = np.stack([pill[:, 0], np.sin(np.clip(pill[:, 1], -math.pi / 2, math.pi / 2))], axis=1)
        return pill @ frame[:2, :2].T + frame[:2, 2], visible

    truth = (character_truth(item, spec.imprint.weight, to_px, item.drawn.upper()) for item in placed)
    return tuple(character for character in truth if character.visible > 0.0)


def _marks(spec: FaceSpec, frame: Affine) -> tuple[DrawnMark, ...]:
    def corners(box: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
        moved = np.array(box) @ frame[:2, :2].T + frame[:2, 2]
        return tuple((float(y), float(x)) for x, y in moved)

    marks = []
    for line in spec.scores:
        turn = _rotation(line.turn_deg)
        ends = [(line.start, -line.width), (line.end, -line.width), (line.end, line.width), (line.start, line.width)]
        marks.append(
            DrawnMark("SCORE", corners([(line.u + x, line.v + y) for x, y in (turn @ np.array(end) for end in ends)]))
        )
    for kind, figures in (("LOGO", spec.logos), ("FRAME", spec.frames)):
        for one in figures:
            marks.append(DrawnMark(kind, corners([(one.u + x * one.size, one.v + y * one.size) for x, y in _SQUARE])))
    if spec.body.second_color is not None or spec.body.band_color is not None:
        kind = "BAND" if spec.body.band_color is not None else "SEAM"
        marks.append(DrawnMark(kind, corners([(spec.body.seam + 0.07 * x, y) for x, y in _SQUARE])))
    return tuple(marks)
