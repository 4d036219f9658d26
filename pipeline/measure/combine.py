"""Several faces of one pill -> what the pill looks like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

from pipeline.measure.score import PIECES
from pipeline.records import PillLook, Probabilities, SizeMeasurement

_PROBABILITY_MIN = 1e-6
"""Each face gives every term at least this probability, so that none is ruled out."""


def combined(faces: Sequence[PillLook], calibration: Mapping[str, float]) -> PillLook:
    """Merge the faces of one pill into its look.

    Shape and color: the faces' probabilities multiplied, each to a power (fitted with the models) since their errors go
    together. CAPSULE and OVAL are one outline, parted by what all faces say of a seam. Two faces of different colors
    are a two-layer tablet, with a prior of its own. Score: the pill's is the highest of its faces'. Size: the mean,
    weighed by the faces' own uncertainty; one scale serves all faces, so it grows no surer. Relief: that of the faces
    that bear one, nothing where all seem blank. ``calibration``: ``Models.calibration``.
    """
    if not faces:
        return PillLook()
    shapes = [face.shape for face in faces if face.shape.terms]
    shape = _with_capsule(shapes, calibration["shape_power"]) if shapes else {}

    def colored(colors: Sequence[Probabilities]) -> Probabilities:
        return Probabilities.of(_with_layers(colors, calibration["color_power"], calibration["layers_prior"]))

    return PillLook(
        shape=Probabilities.of(shape),
        color=colored([face.color for face in faces]),
        size=_mean_size([face.size for face in faces if face.size]),
        score=highest([face.score for face in faces if face.score.terms]),
        relief=_imprint_type([face.relief for face in faces]),
        faces=len(faces),
        color_in_lamps=tuple(colored(lamp) for lamp in zip(*(face.color_in_lamps for face in faces), strict=True)),
    )


def _multiplied(faces: Sequence[Probabilities], power: float) -> dict[str, float]:
    """Product of powers, small in all where the faces contradict each other; one face alone stays as it is."""
    if len(faces) == 1:
        return dict(faces[0].terms)
    # Sorted, since sums of floats depend on their order, and that of a set of words on the process.
    terms = sorted({term for face in faces for term, _ in face.terms})
    return {term: prod(max(face[term], _PROBABILITY_MIN) for face in faces) ** power for term in terms}


def _with_capsule(faces: Sequence[Probabilities], power: float) -> dict[str, float]:
    """Product of the shapes' probabilities, with CAPSULE and OVAL as one outline until the end.

    The product for that outline is then divided by the mean logit of CAPSULE against OVAL. If each face were divided
    first, a third shape that is second on both faces could beat the two halves of the one outline.
    """
    outlines = [
        Probabilities.of({**dict(face.terms), "OVAL": face["OVAL"] + face["CAPSULE"], "CAPSULE": 0.0}) for face in faces
    ]
    weights = _multiplied(outlines, power)
    ratios = [max(face["CAPSULE"], _PROBABILITY_MIN) / max(face["OVAL"], _PROBABILITY_MIN) for face in faces]
    odds = prod(ratios) ** (1 / len(faces))
    oval = weights.get("OVAL", 0.0)
    return {**weights, "CAPSULE": oval * odds / (1 + odds), "OVAL": oval / (1 + odds)}


def _with_layers(faces: Sequence[Probabilities], power: float, prior: float) -> dict[str, float]:
    """Product of the faces' colors, plus the two-color keys of tablets with a different color on each face."""
    weights = _multiplied(faces, power)
    single = [dict(face.terms) for face in faces]
    colors = sorted({term for face in single for term in face if ";" not in term})
    for n, first in enumerate(colors):
        for second in colors[n + 1 :]:
            either = prod(face.get(first, 0.0) + face.get(second, 0.0) for face in single)
            alike = sum(prod(face.get(color, 0.0) for face in single) for color in (first, second))
            key = f"{first};{second}"
            weights[key] = weights.get(key, 0.0) + prior * max(either - alike, 0.0)
    return weights


def highest(faces: Sequence[Probabilities]) -> Probabilities:
    """Distribution of the most pieces that any face is scored into, the faces taken as independent."""
    if not faces:
        return Probabilities(())
    below = np.prod([np.cumsum([face[pieces] for pieces in PIECES]) for face in faces], axis=0)
    chances = np.maximum(np.diff(np.concatenate([[0.0], below])), 0)
    return Probabilities.of(dict(zip(PIECES, chances.tolist(), strict=True)))


def _imprint_type(faces: Sequence[Probabilities]) -> Probabilities:
    kinds = {kind: sum(face[kind] for face in faces) for kind in ("DEBOSSED", "EMBOSSED", "PRINTED")}
    return Probabilities.of(kinds) if sum(kinds.values()) >= _BEARS_MIN else Probabilities(())


_BEARS_MIN = 0.5
"""Sum over the faces of the probabilities of an imprint from which on one is taken to be there."""


def _mean_size(sizes: Sequence[SizeMeasurement]) -> SizeMeasurement | None:
    if not sizes:
        return None
    weights = np.array([1 / max(size.sigma_mm, 1e-6) ** 2 for size in sizes])
    weights /= weights.sum()
    table = np.array([[size.length_mm, size.width_mm, size.sigma_mm] for size in sizes])
    length, width, sigma = (float(value) for value in weights @ table)
    return SizeMeasurement(length, width, sigma)
