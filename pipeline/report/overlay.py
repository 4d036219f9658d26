"""The one place that draws on a photo: what was found, where, and how sure.

One sheet, always of the same width so that its text is legible whatever the photo's size: the photo with outlines,
long axes and the scale found; each face enlarged with its characters, their confidence and direction, and the score
line; below each face its measures; at the foot the answer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.geometry.lab import pixel_of_lab
from pipeline.load import detail
from pipeline.properties import PROPERTIES, named
from pipeline.records import (
    Character,
    Face,
    Identification,
    Measurements,
    Photo,
    Pixels,
    Scale,
    ScaleSource,
)
from pipeline.report.answer_foot import draw_foot, foot_height, foot_of
from pipeline.report.face_names import face_names
from pipeline.report.sheet import FAINT, INK, MARGIN, WIDTH, Color, Point, Sheet, shortened, text_width
from pipeline.report.short_words import (
    reading_words,
    whole_percent,
)

# In pixels of the sheet.
_PHOTO_HEIGHT_MAX = 720
_TILE_HEIGHT_MAX = 460
# From the fifth face on all are drawn smaller: the sheet of a tray of pills still fits two screens.
_LARGE_TILES_MAX, _SMALL_TILE_HEIGHT_MAX = 4, 260
# A photo of 64 px is not blown up to a wall of squares.
_ENLARGE_MAX = 6.0
# More faces than these are outlined and numbered in the photo only.
_TILES_MAX = 8
# Under the photo stands how many there are, in a line of this height.
_NOTE_HEIGHT = 34
# A face's name in the photo is so large, as a share of the face, but not smaller or larger than this.
_NAME_SHARE, _NAME_MIN, _NAME_MAX = 0.3, 15.0, 26.0
# The share of a face's box added around it, so that the outline and what lies outside it are seen.
_AROUND = 0.12

_OUTLINE: Color = (0, 190, 255)
_AXIS: Color = (120, 225, 255)
_SCALE: Color = (255, 150, 0)
_SCORE: Color = (255, 70, 200)
_SURE: Color = (46, 204, 64)
_FAIR: Color = (255, 190, 0)
_DOUBTFUL: Color = (255, 75, 60)
# How far a label may reach beyond its character before its neighbors' labels would be covered.
_LABEL_ROOM = 1.25
# The least confidences of a character that is drawn as sure, and as fair; below it is doubtful.
_SURE_MIN, _FAIR_MIN = 0.9, 0.6


@dataclass(frozen=True)
class _View:
    """A part of the photo on the sheet: photo pixels to sheet pixels."""

    top: float
    left: float
    scale: float
    sheet_top: float
    sheet_left: float

    def at(self, row: float, col: float) -> Point:
        """The place on the sheet as (x, y)."""
        x = (col + 0.5 - self.left) * self.scale + self.sheet_left
        return x, (row + 0.5 - self.top) * self.scale + self.sheet_top


def overlay(photo: Photo, answers: Identification | Sequence[Identification], photo_index: int = 0) -> Pixels:
    """Draw what was found in a photo.

    Args:
        photo: the photo as it was identified.
        answers: the answer, or one for each pill of the photo.
        photo_index: which of the answers' photos this is.

    Returns:
        ``(height, 1200, 3)`` uint8 sRGB.
    """
    listed = [answers] if isinstance(answers, Identification) else list(answers)
    names = face_names(listed)
    faces = [face for answer in listed for face in answer.faces if face.photo_index == photo_index]
    height_max = _TILE_HEIGHT_MAX if len(faces) <= _LARGE_TILES_MAX else _SMALL_TILE_HEIGHT_MAX
    tiles = [_Tile.of(photo, face, names[id(face)], height_max) for face in faces]
    rows = _rows(tiles[:_TILES_MAX])
    feet = [foot_of(answer, number if len(listed) > 1 else None) for number, answer in enumerate(listed, start=1)]
    photo_scale = _fit(photo.pixels.shape[1], photo.pixels.shape[0], WIDTH, _PHOTO_HEIGHT_MAX)
    photo_height = photo.pixels.shape[0] * photo_scale
    note_height = _NOTE_HEIGHT if len(tiles) > _TILES_MAX else 0
    height = photo_height + note_height + sum(_row_height(row) for row in rows) + sum(map(foot_height, feet)) + MARGIN
    sheet = Sheet(height)
    _draw_photo(sheet, photo, photo_scale, listed, tiles)
    if note_height:
        words = f"{len(tiles)} faces, the first {_TILES_MAX} enlarged below"
        sheet.text((MARGIN, photo_height + note_height), words, 20, FAINT, "ld")
    top = photo_height + note_height
    for row in rows:
        _draw_row(sheet, row, top)
        top += _row_height(row)
    for foot, answer in zip(feet, listed, strict=True):
        draw_foot(sheet, foot, answer.decision, top)
        top += foot_height(foot)
    return sheet.done()


def _fit(width: float, height: float, width_max: float, height_max: float) -> float:
    return min(width_max / width, height_max / height, _ENLARGE_MAX)


@dataclass(frozen=True)
class _Tile:
    """One face enlarged."""

    name: str
    face: Face
    pixels: Pixels
    top: float
    left: float
    height: float
    width: float
    height_max: float

    @classmethod
    def of(cls, photo: Photo, face: Face, name: str, height_max: float) -> _Tile:
        top, left, bottom, right = face.region.box
        around = _AROUND * max(bottom - top, right - left) + 2
        height, width = photo.pixels.shape[:2]
        box = (
            max(0, math.floor(top - around)),
            max(0, math.floor(left - around)),
            min(height, math.ceil(bottom + around)),
            min(width, math.ceil(right + around)),
        )
        pixels, _ = detail(photo, box)
        return cls(name, face, pixels, box[0], box[1], box[2] - box[0], box[3] - box[1], height_max)


_COLUMN = (WIDTH - 3 * MARGIN) / 2
# Faces with text and wider than this get the whole width: side by side a capsule's letters would be too small for
# their labels.
_LONG_MIN = 1.6
_CAPTION_SIZE = 19.0
_CAPTION_LINES = 4
_PATCH = 24.0


def _rows(tiles: Sequence[_Tile]) -> list[list[_Tile]]:
    """Two faces side by side; a long one with text has a row to itself."""
    rows: list[list[_Tile]] = []
    for tile in tiles:
        beside = rows and len(rows[-1]) == 1 and not _is_long(rows[-1][0]) and not _is_long(tile)
        if beside:
            rows[-1].append(tile)
        else:
            rows.append([tile])
    return rows


def _is_long(tile: _Tile) -> bool:
    return bool(tile.face.reading.tokens) and tile.width > _LONG_MIN * tile.height


def _tile_scale(tile: _Tile) -> float:
    room = WIDTH - 2 * MARGIN if _is_long(tile) else _COLUMN
    return min(room / tile.width, tile.height_max / tile.height)


def _row_height(row: Sequence[_Tile]) -> float:
    pictures = max(tile.height * _tile_scale(tile) for tile in row)
    return MARGIN + pictures + 8 + _CAPTION_LINES * _CAPTION_SIZE * 1.35


def _draw_photo(
    sheet: Sheet, photo: Photo, scale: float, answers: Sequence[Identification], tiles: Sequence[_Tile]
) -> None:
    height, width = photo.pixels.shape[:2]
    left = (WIDTH - width * scale) / 2
    sheet.paste(photo.pixels, left, 0, width * scale, height * scale)
    view = _View(0, 0, scale, 0, left)
    for found in {id(answer.scale): answer.scale for answer in answers if answer.scale}.values():
        _draw_scale(sheet, view, found, (left, height * scale))
    for tile in tiles:
        _draw_outline(sheet, view, tile.face, 3.0)
        _draw_axis(sheet, view, tile.face, 1.5)
        _draw_name(sheet, view, tile)


def _draw_name(sheet: Sheet, view: _View, tile: _Tile) -> None:
    """The face's name on its own outline, at the upper left, so that it is on no neighbor."""
    outline = tile.face.region.outline
    x, y = view.at(*outline[int(np.argmin(outline.sum(axis=1)))])
    size = min(max(_NAME_SHARE * min(tile.height, tile.width) * view.scale, _NAME_MIN), _NAME_MAX)
    sheet.text((max(x, 24.0), max(y, 16.0)), tile.name, size, _OUTLINE, "mm", halo=True)


def _draw_scale(sheet: Sheet, view: _View, scale: Scale, corner: Point) -> None:
    """The ticks of the ruler, or the outline of what else gave the scale, and a bar of whole millimeters."""
    points = [] if scale.outline is None else [view.at(row, col) for row, col in scale.outline]
    if scale.source is ScaleSource.RULER:
        for x, y in points:
            sheet.dot((x, y), 3.5, _SCALE)
    elif len(points) > 1:
        sheet.line([*points, points[0]], _SCALE, 2.5)
    px_per_mm = view.scale / scale.mm_per_px
    bar_mm = next((mm for mm in (1, 2, 5, 10, 20, 50, 100) if mm * px_per_mm >= 90), 100)
    x, y = corner[0] + 16, corner[1] - 16
    sheet.line([(x, y), (x + bar_mm * px_per_mm, y)], _SCALE, 5)
    words = (
        f"{bar_mm} mm, from the {scale.source.value}" if scale.source.value != "caller" else f"{bar_mm} mm, as given"
    )
    sheet.text((x, y - 8), words, 20, _SCALE, "ld", halo=True)


def _draw_outline(sheet: Sheet, view: _View, face: Face, width: float) -> None:
    points = [view.at(row, col) for row, col in face.region.outline]
    if len(points) > 1:
        sheet.line([*points, points[0]], _OUTLINE, width)


def _draw_axis(sheet: Sheet, view: _View, face: Face, width: float) -> None:
    """The long axis through the middle of the outline's box, from edge to edge."""
    top, left, bottom, right = face.region.box
    row, col = (top + bottom - 1) / 2, (left + right - 1) / 2
    turn = math.radians(face.measurements.axis_deg)
    along = np.array([-math.sin(turn), math.cos(turn)])
    reach = (face.region.outline - (row, col)) @ along
    if not reach.size:
        return
    ends = [view.at(row + end * along[0], col + end * along[1]) for end in (reach.min(), reach.max())]
    sheet.dashes(ends[0], ends[1], _AXIS, width)


def _draw_row(sheet: Sheet, row: Sequence[_Tile], top: float) -> None:
    picture_height = max(tile.height * _tile_scale(tile) for tile in row)
    for place, tile in enumerate(row):
        scale = _tile_scale(tile)
        column = MARGIN + place * (_COLUMN + MARGIN)
        left = column
        tile_top = top + MARGIN
        sheet.paste(tile.pixels, left, tile_top, tile.width * scale, tile.height * scale)
        view = _View(tile.top, tile.left, scale, tile_top, left)
        _draw_outline(sheet, view, tile.face, 1.5)
        for start, end in tile.face.measurements.score_lines:
            sheet.line([view.at(*start), view.at(*end)], _SCORE, 3)
        characters = tile.face.reading.characters
        for character in characters:
            _draw_box(sheet, view, character)
        for character in characters:
            _draw_label(sheet, view, character)
        _draw_caption(sheet, tile, column, tile_top + picture_height + 8)


def _confidence_color(confidence: float) -> Color:
    return _SURE if confidence >= _SURE_MIN else _FAIR if confidence >= _FAIR_MIN else _DOUBTFUL


def _directions(character: Character) -> tuple[Point, Point]:
    """Along the line and upward, as (x, y) of length 1."""
    turn = math.radians(character.turn_deg)
    return (math.cos(turn), -math.sin(turn)), (-math.sin(turn), -math.cos(turn))


def _draw_box(sheet: Sheet, view: _View, character: Character) -> None:
    """The character's box, open at the top, with an arrowhead where its line runs on."""
    x, y = view.at(character.row, character.col)
    along, up = _directions(character)
    half_width, half_height = character.width_px * view.scale / 2, character.height_px * view.scale / 2

    def place(right: float, above: float) -> Point:
        a, u = right * half_width, above * half_height
        return x + a * along[0] + u * up[0], y + a * along[1] + u * up[1]

    color = _confidence_color(character.confidence)
    sheet.line([place(-1, 1), place(-1, -1), place(1, -1), place(1, 1)], color, 1.5)
    head = max(5.0, min(10.0, 0.25 * half_height * 2))
    tip = place(1, -1)
    sides = [
        (tip[0] - head * along[0] + s * 0.6 * head * up[0], tip[1] - head * along[1] + s * 0.6 * head * up[1])
        for s in (-1, 1)
    ]
    sheet.polygon([(tip[0] + 3 * along[0], tip[1] + 3 * along[1]), *sides], color)


def _draw_label(sheet: Sheet, view: _View, character: Character) -> None:
    """The letter as it was read, upright, above its box; its confidence in percent where there is room for it."""
    x, y = view.at(character.row, character.col)
    _, up = _directions(character)
    tall = character.height_px * view.scale
    size = max(13.0, min(20.0, 0.42 * tall))
    color = _confidence_color(character.confidence)
    letter, sure = character.text, str(whole_percent(character.confidence))
    width = text_width(letter, size) + 6
    with_percent = width + text_width(sure, 0.72 * size) + 3
    room = max(character.width_px, 0.5 * character.height_px) * view.scale * _LABEL_ROOM
    away = tall / 2 + size * 0.55
    middle_x, middle_y = x + up[0] * away, y + up[1] * away
    total = with_percent if with_percent <= room else width
    left, top = middle_x - total / 2, middle_y - size * 0.62
    sheet.box(left, top, total, size * 1.24, (20, 20, 24), color)
    sheet.text((left + 3, middle_y), letter, size, (255, 255, 255), "lm")
    if total > width:
        sheet.text((left + total - 3, middle_y), sure, 0.72 * size, color, "rm")


def _caption(face: Face, room: float) -> list[str]:
    """What was read and measured on the face, in short lines."""
    look = face.measurements.look
    lines = [reading_words(face)]
    for words in (named(each, look) for each in PROPERTIES):
        longer = f"{lines[-1]}    {words}"
        if len(lines) > 1 and (len(lines) == _CAPTION_LINES or text_width(longer, _CAPTION_SIZE) <= room):
            lines[-1] = longer
        else:
            lines.append(words)
    return lines


def _draw_caption(sheet: Sheet, tile: _Tile, left: float, top: float) -> None:
    """The face's name, its color patches and the measures."""
    sheet.text((left, top), tile.name, 30, INK)
    _draw_patches(sheet, tile.face.measurements, left, top + 36)
    indent = 3 * _PATCH + 10
    room = (WIDTH - 2 * MARGIN if _is_long(tile) else _COLUMN) - indent
    for index, words in enumerate(_caption(tile.face, room)):
        place = (left + indent, top + index * _CAPTION_SIZE * 1.35)
        sheet.text(place, shortened(words, _CAPTION_SIZE, room), _CAPTION_SIZE, INK if index == 0 else FAINT)


def _draw_patches(sheet: Sheet, measurements: Measurements, left: float, top: float) -> None:
    """A row for each color area: as it is in the photo, and beside it as it would be in a white light."""
    for row, labs in enumerate(zip(measurements.color_seen_lab[:2], measurements.color_lab[:2], strict=True)):
        y = top + row * (_PATCH + 4)
        sheet.text((left + 1.5 * _PATCH, y + _PATCH / 2), ">", _CAPTION_SIZE, FAINT, "mm")
        for x, lab in zip((left, left + 2 * _PATCH), labs, strict=True):
            sheet.box(x, y, _PATCH, _PATCH, pixel_of_lab(lab), INK)
