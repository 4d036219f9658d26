"""The built-in reader: one pass of our own network finds every character on a face, at any turn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.affine import inverse
from pipeline.imprint.canvas import Placement, face_canvas
from pipeline.imprint.line_map import FoundLine, lines_of
from pipeline.imprint.reading_order import group_lines
from pipeline.network import Network
from pipeline.records import Character, Line, Photo, PillRegion, Reading
from reference.text.imprints import CHARACTERS, SIGNS

CLASSES = (*CHARACTERS, *SIGNS, "LOGO")
STRIDE = 4
_GEOMETRY = 5
# Peaks of the map below _PEAK_MIN are noise. Characters of at least _READ_MIN count as read. Chosen by hand, not
# fitted.
_PEAK_MIN = 0.12
_READ_MIN = 0.35
# Two centers nearer than this share of the smaller character's extent are one character.
_SAME_CHARACTER_MAX = 0.42
_ALTERNATIVES_MAX = 6
_ALTERNATIVE_MIN = 0.01
# Faces in one run of the network: more gain nothing (docs/experiments/reader.md, "Counting in integers").
_TOGETHER_MAX = 4


@dataclass(frozen=True)
class SeenText:
    """What the network finds on a face, places in photo px: characters and logos, the surest first, and lines of text.

    Weights without the line head show no lines.
    """

    characters: list[Character]
    lines: list[FoundLine]


class DetectorReader:
    """Reads with the network in ``pipeline/weights/reader.onnx``; safe to use from threads and picklable."""

    name = "pillprint"

    def __init__(self, weights: bytes | None = None) -> None:
        self._network = Network(weights or "reader.onnx")

    def read(self, photo: Photo, regions: Sequence[PillRegion]) -> tuple[Reading, ...]:
        """Read each region of the photo."""
        return tuple(self.reading(face.characters) for face in self.see(photo, regions))

    def see(self, photo: Photo, regions: Sequence[PillRegion]) -> list[SeenText]:
        """All that the network shows on each face; those whose canvases have one size go through it together."""
        canvases = [face_canvas(photo, region) for region in regions]
        seen: dict[int, SeenText] = {}
        for size in dict.fromkeys(canvas.shape for canvas, _ in canvases):
            alike = [number for number, (canvas, _) in enumerate(canvases) if canvas.shape == size]
            for start in range(0, len(alike), _TOGETHER_MAX):
                part = alike[start : start + _TOGETHER_MAX]
                maps = self._network.run(np.stack([canvases[number][0] for number in part]))
                seen |= {number: _seen(*canvases[number], *own) for number, *own in zip(part, *maps, strict=True)}
        return [seen[number] for number in range(len(regions))]

    def reading(self, found: Sequence[Character]) -> Reading:
        """What is sure enough of a face's finds, in lines."""
        symbol = max((character.confidence for character in found if character.text == "LOGO"), default=0.0)
        found = [character for character in found if character.text != "LOGO"]
        sure = [character for character in found if presence(character) >= _READ_MIN]
        hypotheses: list[tuple[tuple[Line, ...], float]] = [(group_lines(sure), 1.0)]
        blank = math.prod(1.0 - presence(character) for character in found)
        return Reading(self.name, tuple(hypotheses), min(max(blank, 0.0), 1.0), min(symbol, 1.0))


def _seen(
    canvas: NDArray[np.float32],
    placement: Placement,
    characters: NDArray[np.float32],
    lines: NDArray[np.float32] | None = None,
) -> SeenText:
    """What the network's maps of one canvas show, in the photo."""
    back = inverse(placement.to_canvas)
    found = [] if lines is None else [line.moved(back) for line in lines_of(lines, canvas[1])]
    return SeenText(decode(characters, placement), found)


def presence(character: Character) -> float:
    """The probability that there is a character at all."""
    return min(sum(probability for _, probability in character.alternatives), 1.0)


def decode(output: NDArray[np.float32], placement: Placement) -> list[Character]:
    """The network's map ``(5 + classes, h, w)`` to characters in the photo, the surest first."""
    heat = 1.0 / (1.0 + np.exp(-output[0]))
    peaks = (heat >= cv2.dilate(heat, np.ones((3, 3), np.uint8))) & (heat > _PEAK_MIN)
    rows, cols = np.nonzero(peaks)
    order = np.argsort(-heat[rows, cols], kind="stable")
    back = inverse(placement.to_canvas)
    kept: list[tuple[float, float, float]] = []
    characters = []
    for row, col in zip(rows[order], cols[order], strict=True):
        at = output[:, row, col]
        x, y = _refined(heat, int(row), int(col))
        height, width = 2.0 ** float(at[3]), 2.0 ** float(at[4])
        extent = math.sqrt(height * width)
        if any(math.dist((x, y), place) < _SAME_CHARACTER_MAX * min(extent, other) for *place, other in kept):
            continue
        kept.append((x, y, extent))
        photo_x, photo_y = back @ np.array([x, y, 1.0])
        turn = math.degrees(math.atan2(float(at[2]), float(at[1]))) - placement.turn_deg
        alternatives = _alternatives(at[_GEOMETRY:], float(heat[row, col]))
        characters.append(
            Character(
                alternatives,
                float(photo_y),
                float(photo_x),
                height / placement.scale,
                width / placement.scale,
                (turn + 180.0) % 360.0 - 180.0,
            )
        )
    return characters


def _refined(heat: NDArray[np.float32], row: int, col: int) -> tuple[float, float]:
    """The peak's center of mass over its neighborhood, in canvas px ``(x, y)``."""
    top, left = max(row - 1, 0), max(col - 1, 0)
    patch = heat[top : row + 2, left : col + 2]
    rows, cols = np.mgrid[top : top + patch.shape[0], left : left + patch.shape[1]]
    total = patch.sum()
    return (float((cols * patch).sum() / total) + 0.5) * STRIDE, (float((rows * patch).sum() / total) + 0.5) * STRIDE


def _alternatives(logits: NDArray[np.float32], there: float) -> tuple[tuple[str, float], ...]:
    weights = np.exp(logits - logits.max())
    probabilities = weights / weights.sum() * there
    order = np.argsort(-probabilities)[:_ALTERNATIVES_MAX]
    best = [(CLASSES[index], float(probabilities[index])) for index in order]
    return (best[0], *(pair for pair in best[1:] if pair[1] > _ALTERNATIVE_MIN))
