"""Text boxes from a detector's heat map: where they lie, which way their text can run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.records import Mask

# PaddleOCR's DB post-processing: thresholds of map and box, growth of the shrunken map back to the text.
_HEAT_MIN = 0.3
_BOX_SCORE_MIN = 0.5
_UNCLIP = 1.5
# A line's box, in heights of its characters: its height, and what it is longer than the distance between the outermost
# centers.
GROUND = 1.35
# A box with a smaller ratio of its sides does not tell the direction of its text.
_TELLING_MIN = 1.4


@dataclass(frozen=True)
class TextBox:
    """A rectangle in crop pixels whose text runs along ``turn_deg`` (counter-clockwise as seen)."""

    x: float
    y: float
    width: float
    height: float
    turn_deg: float
    score: float

    @property
    def tells_direction(self) -> bool:
        """Whether the box is long enough for its long side to be the line."""
        return max(self.width, self.height) >= _TELLING_MIN * min(self.width, self.height)

    def corners(self) -> NDArray[np.float64]:
        """``(4, 2)`` ``(x, y)``: top left, top right, bottom right, bottom left as the text is read."""
        angle = math.radians(self.turn_deg)
        right = np.array([math.cos(angle), -math.sin(angle)]) * self.width / 2
        down = np.array([math.sin(angle), math.cos(angle)]) * self.height / 2
        center = np.array([self.x, self.y])
        return center + np.stack([-right - down, right - down, right + down, down - right])

    def at(self, along: float) -> tuple[float, float, float]:
        """Where a share of the way along the text is: ``(x, y)``, and the text's turn in degrees."""
        top_left, top_right, _, bottom_left = self.corners()
        x, y = top_left + (top_right - top_left) * along + (bottom_left - top_left) / 2
        return float(x), float(y), self.turn_deg

    def moved(self, affine: NDArray[np.float64]) -> TextBox:
        """The same box in another frame, to which a ``(2, 3)`` map without shear leads."""
        x, y = affine @ np.array([self.x, self.y, 1.0])
        scale, turn = similarity(affine)
        return TextBox(float(x), float(y), self.width * scale, self.height * scale, self.turn_deg + turn, self.score)

    def back(self) -> TextBox:
        """The same box read the other way round."""
        return replace(self, turn_deg=self.turn_deg + 180.0)

    def along(self, turn_deg: float) -> TextBox:
        """The same box read along the direction nearest to ``turn_deg`` that it allows."""
        if self.tells_direction:
            own = self.turn_deg + (90.0 if self.height > self.width else 0.0)
            length, height = max(self.width, self.height), min(self.width, self.height)
            # A line that lies across the others (small print beside a large letter) is read its own way.
            back = math.cos(math.radians(own - turn_deg)) < 0
            return TextBox(self.x, self.y, length, height, (own + 180.0 * back) % 360.0, self.score)
        turned = self.corners() @ _rotation(turn_deg).T
        width, height = turned.max(axis=0) - turned.min(axis=0)
        return TextBox(self.x, self.y, float(width), float(height), turn_deg % 360.0, self.score)

    def holds(self, x: float, y: float) -> bool:
        """Whether a place lies in the box."""
        right, down = (np.array([x - self.x, y - self.y]) @ _rotation(self.turn_deg).T).tolist()
        return bool(abs(right) <= self.width / 2 and abs(down) <= self.height / 2)

    def strip(self, image: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
        """The box cut out of ``(h, w)`` uint8, upright, ``height`` pixels high."""
        width = max(height // 2, round(self.width * height / max(self.height, 1.0)))
        top_left, top_right, _, bottom_left = self.corners()
        source = np.stack([top_left, top_right, bottom_left]).astype(np.float32)
        target = np.array([[0, 0], [width, 0], [0, height]], np.float32)
        strip = cv2.warpAffine(
            image, cv2.getAffineTransform(source, target), (width, height),
            flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=128,
        )  # fmt: skip
        return np.asarray(strip, dtype=np.uint8)


def about_line(x: float, y: float, span: float, height: float, turn_deg: float, score: float) -> TextBox:
    """The box around a line of characters; ``span`` is from the first one's center to the last one's."""
    ground = GROUND * height
    return TextBox(x, y, span + ground, ground, turn_deg, score)


def boxes_of(heat: NDArray[np.float32], mask: Mask) -> list[TextBox]:
    """The text boxes in a heat map ``(h, w)`` float32 0-1; what touches the rim or spans the face is left out."""
    shapes, _ = cv2.findContours((heat > _HEAT_MIN).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    boxes = [box for shape in shapes if (box := _box(np.asarray(shape, dtype=np.int32), heat)) is not None]
    return [box for box in boxes if not _is_rim(box, mask)]


def _box(shape: NDArray[np.int32], heat: NDArray[np.float32]) -> TextBox | None:
    (x, y), (width, height), angle = cv2.minAreaRect(shape)
    if min(width, height) < 3:
        return None
    inside = np.zeros(heat.shape, np.uint8)
    cv2.drawContours(inside, [shape], -1, 1, -1)
    score = float(cv2.mean(heat, inside)[0])
    if score < _BOX_SCORE_MIN:
        return None
    grow = width * height * _UNCLIP / (2 * (width + height)) * 2
    return TextBox(x, y, width + grow, height + grow, -angle, score)


def _is_rim(box: TextBox, mask: Mask) -> bool:
    """Whether the box is drawn by the rim: its middle part leaves the pill, or it spans nearly all of it."""
    core = TextBox(box.x, box.y, box.width * 0.6, box.height * 0.6, box.turn_deg, box.score)
    height, width = mask.shape
    for x, y in core.corners():
        row, col = round(float(y)), round(float(x))
        if not (0 <= row < height and 0 <= col < width and mask[row, col]):
            return True
    return bool(min(box.width, box.height) > 0.92 * min(height, width))


def directions(boxes: Sequence[TextBox]) -> list[float]:
    """The directions worth trying, in degrees: along the boxes and back, or all four where no box tells."""
    telling = [box.along(0.0) for box in boxes if box.tells_direction]
    if not telling:
        return [0.0, 180.0, 90.0, 270.0]
    # Mean of doubled angles: a direction and its opposite are the same line.
    double = sum(box.width * np.exp(2j * math.radians(box.turn_deg)) for box in telling)
    main = math.degrees(np.angle(double)) / 2
    return [main % 360.0, (main + 180.0) % 360.0]


def similarity(affine: NDArray[np.float64]) -> tuple[float, float]:
    """The scale of a ``(2, 3)`` map of ``(x, y)`` without shear and its turn in degrees, counter-clockwise as seen."""
    turn = math.degrees(math.atan2(affine[0, 1], affine[0, 0]))
    return math.sqrt(abs(float(np.linalg.det(affine[:, :2])))), turn


def _rotation(turn_deg: float) -> NDArray[np.float64]:
    """Maps ``(x, y)`` so that the direction ``turn_deg`` becomes ``+x``."""
    angle = math.radians(turn_deg)
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
