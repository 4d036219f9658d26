"""Into how many equal pieces a face is scored, and where its lines run.

The face network says whether and how often: it has seen printed lines, capsule seams and lone I and 1 beside real
scores. Only where it says scored is the line looked for, as the straight row along which the relief keeps one sign.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.measure.face import VIEW_PX, FaceView
from pipeline.measure.models import Array, softmax
from pipeline.records import Probabilities, ScoreMeasurement
from pipeline.settings import MeasureSettings

PIECES = ("1", "2", "3", "4")
"""In the face network's order."""

Line = tuple[tuple[float, float], tuple[float, float]]

_STEP_DEG = 4.0
_CENTER_PX = 5
"""A line into halves misses the middle of the view by at most this (5 % of the pill's length)."""

_THIRDS = (0.08, 0.28)
"""Lines into thirds lie a sixth of the length off the middle; between these shares they are looked for."""

_RIM_PX = 3
_CHORD_MIN = 0.5
"""Rows shorter than this share of the longest one cannot be a score."""


def measure_score(
    view: FaceView, planes: NDArray[np.float32], logits: Array, settings: MeasureSettings
) -> ScoreMeasurement:
    """Probabilities over ``PIECES`` from the face network's four logits, with the lines in photo pixels.

    ``planes`` is what the face network saw, its first the local detail of the lightness.
    """
    chances = softmax(logits)
    pieces = Probabilities.of(dict(zip(PIECES, chances.tolist(), strict=True)))
    if 1 - pieces["1"] < settings.scored_min:
        return ScoreMeasurement(pieces)
    most = max(PIECES[1:], key=pieces.__getitem__)
    return ScoreMeasurement(pieces, tuple(_in_photo(line, view) for line in find_lines(view.mask, planes[0], most)))


def find_lines(mask: NDArray[np.bool_], detail: NDArray[np.float32], pieces: str) -> tuple[Line, ...]:
    """Score lines of a face that is known to be scored, each ``((row, col), (row, col))`` in the view."""
    rim = np.ones((2 * _RIM_PX + 1, 2 * _RIM_PX + 1), np.uint8)
    inner = cv2.erode(mask.astype(np.uint8), rim, borderType=cv2.BORDER_CONSTANT, borderValue=0).astype(np.float32)
    turns = np.arange(0, 180, _STEP_DEG)
    rows = np.stack([_row_strength(detail, inner, turn) for turn in turns])
    if pieces == "4":
        crossed = _best_by_turn(rows) + np.roll(_best_by_turn(rows), round(90 / _STEP_DEG))
        first = int(crossed.argmax())
        chosen = [(turn, _best_row(rows[turn])) for turn in (first, (first - round(90 / _STEP_DEG)) % len(turns))]
    elif pieces == "3":
        chosen = _best_pair(rows)
    else:
        best = int(_best_by_turn(rows).argmax())
        chosen = [(best, _best_row(rows[best]))]
    lines = (_chord(mask, float(turns[turn]), row) for turn, row in chosen)
    return tuple(line for line in lines if line is not None)


def _turned(image: NDArray[np.float32], turn_deg: float) -> NDArray[np.float32]:
    middle = (VIEW_PX - 1) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), -turn_deg, 1.0)
    return np.asarray(cv2.warpAffine(image, matrix, (VIEW_PX, VIEW_PX), flags=cv2.INTER_LINEAR), np.float32)


def _row_strength(detail: NDArray[np.float32], inner: NDArray[np.float32], turn_deg: float) -> NDArray[np.float64]:
    """How much one sign prevails along each row of the view turned so that lines at ``turn_deg`` lie level."""
    turned, weight = _turned(detail * inner, turn_deg), _turned(inner, turn_deg).sum(axis=1)
    # The sign of the detail, softened: a stroke of a letter counts no more than the same length of a shallow groove.
    mean = np.tanh(turned).sum(axis=1) / np.maximum(weight, 1)
    # A groove is a dark flank beside a bright one, or a dark row between two bright: take the step and the dip.
    step = np.abs(np.roll(mean, 1) - np.roll(mean, -1))
    return np.where(weight >= _CHORD_MIN * weight.max(), np.maximum(step, np.abs(mean) * 1.5), 0).astype(np.float64)


def _best_by_turn(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    middle = VIEW_PX // 2
    return np.asarray(rows[:, middle - _CENTER_PX : middle + _CENTER_PX].max(axis=1))


def _best_row(row: NDArray[np.float64]) -> int:
    middle = VIEW_PX // 2
    return middle - _CENTER_PX + int(row[middle - _CENTER_PX : middle + _CENTER_PX].argmax())


def _best_pair(rows: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The turn with the strongest two rows either side of the middle."""
    middle, near, far = VIEW_PX // 2, round(_THIRDS[0] * VIEW_PX), round(_THIRDS[1] * VIEW_PX)
    above, below = rows[:, middle - far : middle - near], rows[:, middle + near : middle + far]
    best = int((above.max(axis=1) + below.max(axis=1)).argmax())
    return [(best, middle - far + int(above[best].argmax())), (best, middle + near + int(below[best].argmax()))]


def _chord(mask: NDArray[np.bool_], turn_deg: float, row: int) -> Line | None:
    """The two places, in the unturned view, where a row of the turned view enters and leaves the pill."""
    level = np.flatnonzero(_turned(mask.astype(np.float32), turn_deg)[row] > 0.5)
    if len(level) < 2:
        return None
    middle = (VIEW_PX - 1) / 2
    back = cv2.invertAffineTransform(cv2.getRotationMatrix2D((middle, middle), -turn_deg, 1.0))
    (x0, y0), (x1, y1) = (back @ [float(col), float(row), 1.0] for col in (level[0], level[-1]))
    return (float(y0), float(x0)), (float(y1), float(x1))


def _in_photo(line: Line, view: FaceView) -> Line:
    (x0, y0), (x1, y1) = (view.to_photo @ [col, row, 1.0] for row, col in line)
    return (float(y0), float(x0)), (float(y1), float(x1))
