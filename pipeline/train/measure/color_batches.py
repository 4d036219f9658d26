"""Batches of faces in drawn lights, as the color networks are taught them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.lab import LUMINANCE
from pipeline.measure.surroundings import in_unknown_light
from pipeline.train.measure.colored_faces import ColoredFaces
from pipeline.train.measure.light import Lit, as_photographed, chosen_of, in_known_light, on_other_ground, under_white

Array = NDArray[np.float64]
Truth = NDArray[np.int64]

_GRAY_GROUND = "rximage300"
"""The source whose ground is gray, so that it tells the light."""

_FIELD_SHARE = 0.1
"""The share of field photos in each batch."""

_EXPOSURE = 0.25
"""How far the logarithms of exposures vary, besides what each kind of light varies. Registers expose all their photos
alike, so that a white tablet on a photo that is darker was GRAY (docs/experiments/measure.md, "Eleventh round")."""

# Chances of a scene by where it was photographed; the hospital's have no pill whose color is known.
SCENES = {"hospital": 1 / 3, "hand": 1 / 3, "desk": 1 / 3}
ANCHORS = {"hand": 0.45, "desk": 0.3, "palm": 0.25}


@dataclass(frozen=True, eq=False)
class LitBatch:
    """Faces in a light, and what is known of each, as in ``ColoredFaces``."""

    lit: Lit
    shares: Array
    first: Truth
    second: Truth
    layered: Array


class LitBatches:
    """Batches of faces in drawn lights, by one generator."""

    def __init__(self, registers: ColoredFaces, field: ColoredFaces, lights: Sequence[float], seed: int) -> None:
        self._lights = lights
        self._rng = np.random.default_rng(seed)
        self._faces = registers.part(registers.first >= 0)
        self._gray = self._faces.source == _GRAY_GROUND
        self._field = field.part(field.first >= 0)
        self._field_chances = _rare_first(self._field)
        self._scenes, self._scene_chances = _by_source(field, SCENES)
        self._anchors, self._anchor_chances = _by_source(field.part(field.white), ANCHORS)
        self._white = _white_luminance(self._faces.part(self._gray & self._faces.white))

    def batch(self, size: int) -> LitBatch:
        """So many faces, drawn anew."""
        own = round(_FIELD_SHARE * size)
        registers, field = self._of_registers(size - own), self._of_field(own)
        lit = Lit(
            np.concatenate([registers.lit.areas, field.lit.areas]),
            np.concatenate([registers.lit.grounds, field.lit.grounds]),
            np.concatenate([registers.lit.scenes, field.lit.scenes]),
        )
        lit = lit.times(np.exp(self._rng.normal(0, _EXPOSURE, (size, 1))))
        names = ("shares", "first", "second", "layered")
        return LitBatch(lit, *(np.concatenate([getattr(registers, n), getattr(field, n)]) for n in names))

    def _of_registers(self, size: int) -> LitBatch:
        rng, place = self._rng, self._rng.integers(len(self._faces), size=size)
        photographed = _lit(self._faces)[place]
        white_lit = under_white(photographed, self._gray[place])
        scenes = self._scenes[rng.choice(len(self._scene_chances), size=size, p=self._scene_chances)]
        lights = (
            as_photographed(photographed, rng),
            on_other_ground(white_lit, scenes, rng),
            in_known_light(white_lit, self._white, self._anchors, self._anchor_chances, rng),
        )
        return _batch(self._faces, place, chosen_of(rng.choice(len(lights), size=size, p=self._lights), lights))

    def _of_field(self, size: int) -> LitBatch:
        rng = self._rng
        place = rng.choice(len(self._field), size=size, p=self._field_chances)
        tint = rng.normal(0, 0.08, (size, 3)) * (rng.random((size, 1)) < 0.7) + rng.normal(0, 0.15, (size, 1))
        return _batch(self._field, place, _lit(self._field)[place].times(np.exp(tint)))


class PieceBatches:
    """Batches of pieces that fill a photo, darker or brighter than they were cut out."""

    def __init__(self, pieces: ColoredFaces, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._pieces = pieces

    def batch(self, size: int) -> LitBatch:
        """So many faces, drawn anew."""
        rng, place = self._rng, self._rng.integers(len(self._pieces), size=size)
        gain = np.exp(rng.normal(0, 0.05, (size, 3)) + rng.normal(0, 0.2, (size, 1)))
        areas = _lit(self._pieces)[place].times(gain).areas
        return _batch(self._pieces, place, Lit(areas, *in_unknown_light(areas[:, 0])))


def _lit(faces: ColoredFaces) -> Lit:
    return Lit(faces.areas, faces.grounds, faces.scenes)


def _batch(faces: ColoredFaces, place: NDArray[np.int64], lit: Lit) -> LitBatch:
    return LitBatch(lit, faces.shares[place], faces.first[place], faces.second[place], faces.layered[place])


def _rare_first(faces: ColoredFaces) -> Array:
    """Chances that draw a color by the square root of how many faces bear it."""
    counts = Counter(faces.first.tolist())
    weights = np.array([counts[color] ** -0.5 for color in faces.first.tolist()])
    return np.asarray(weights / weights.sum())


def _by_source(faces: ColoredFaces, chances: dict[str, float]) -> tuple[Lit, Array]:
    """The faces of the sources named, and the chance of each, those of a source alike."""
    known = faces.part(np.isin(faces.source, list(chances)))
    counts = Counter(known.source.tolist())
    weights = np.array([chances[source] / counts[source] for source in known.source.tolist()])
    return _lit(known), np.asarray(weights / weights.sum())


def _white_luminance(faces: ColoredFaces) -> float:
    areas = under_white(_lit(faces), np.ones(len(faces), bool))
    return float(np.median(areas[:, 0, 3] @ LUMINANCE))
