"""Round tablets that their score line cut in two, made whole again."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import cv2
import numpy as np

from pipeline.segment.candidates import Candidate
from pipeline.segment.parts import Contour

# Circularity (4 pi area / perimeter^2) is 1 for a disc, 0.93 for the hull of two stacked capsules of aspect 2, 0.75 for
# half a disc and 0.85 for one such capsule.
_ROUND = 0.97
_HALF = 0.82
# The two halves fill the disc but for the score between them.
_FILLED = 0.8


def rejoin(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Replace each two candidates that are the halves of one disc by the disc."""
    left = list(candidates)
    whole = []
    for one, other in itertools.combinations(candidates, 2):
        if one in left and other in left and (disc := _disc(one, other)) is not None:
            left.remove(one)
            left.remove(other)
            whole.append(disc)
    return [*left, *whole]


def _disc(one: Candidate, other: Candidate) -> Candidate | None:
    hull = cv2.convexHull(np.concatenate([one.contour, other.contour]))
    halves = cv2.contourArea(one.contour) + cv2.contourArea(other.contour)
    if halves < _FILLED * cv2.contourArea(hull) or _circularity(hull) < _ROUND:
        return None
    if max(_circularity(cv2.convexHull(half.contour)) for half in (one, other)) > _HALF:
        return None
    area = float(cv2.contourArea(hull))
    return Candidate(np.asarray(hull, np.int32), min(one.score, other.score), area, max(one.shaded, other.shaded))


def _circularity(contour: Contour | cv2.typing.MatLike) -> float:
    return 4 * math.pi * cv2.contourArea(contour) / max(cv2.arcLength(contour, True), 1.0) ** 2
