"""Pills under other lights and on other grounds, for the training of colors.

Reference photos show nearly all colors, on gray under a white light; photos taken by hand show few pills. So pills of
the one are laid into scenes of the other. A scene with a white pill says what its light makes of white, whatever the
camera did, and so of any other color (``in_known_light``). For the rest the light is drawn (``on_other_ground``): the
camera balances toward gray, part of the way, what it sees (gray world, Buchsbaum 1980,
doi:10.1016/0016-0032(80)90058-7), which is why white turns blue on a palm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.lab import LUMINANCE
from pipeline.measure.color import under_gray_ground

Array = NDArray[np.float64]
Generator = np.random.Generator


@dataclass(frozen=True, eq=False)
class Lit:
    """Faces in a light: ``areas`` ``(n, 3, 5, 3)``, ``grounds`` ``(n, 3, 3)``, ``scenes`` ``(n, 2, 3)``, linear RGB."""

    areas: Array
    grounds: Array
    scenes: Array

    def __getitem__(self, chosen: NDArray[np.int64] | NDArray[np.bool_]) -> Lit:
        return Lit(self.areas[chosen], self.grounds[chosen], self.scenes[chosen])

    def times(self, gain: Array) -> Lit:
        """Each channel of everything by ``gain`` ``(n, 3)``, cut at 1 as a camera does."""
        return Lit(
            np.clip(self.areas * gain[:, None, None], 0, 1),
            np.clip(self.grounds * gain[:, None], 0, 1),
            np.clip(self.scenes * gain[:, None], 0, 1),
        )

    def saturated(self, factor: Array) -> Lit:
        """Chroma of everything by ``factor`` ``(n,)``, the luminance kept."""

        def moved(values: Array) -> Array:
            gray = (values @ LUMINANCE)[..., None]
            return np.clip(gray + (values - gray) * factor.reshape(-1, *[1] * (values.ndim - 1)), 0, 1)

        return Lit(moved(self.areas), moved(self.grounds), moved(self.scenes))


def chosen_of(which: NDArray[np.int64], lights: tuple[Lit, ...]) -> Lit:
    """For each of ``n`` faces one of several lights: that whose place ``which`` ``(n,)`` gives."""
    row = np.arange(len(which))
    parts = (np.stack([getattr(each, name) for each in lights]) for name in ("areas", "grounds", "scenes"))
    return Lit(*(part[which, row] for part in parts))


def under_white(faces: Lit, gray_ground: NDArray[np.bool_]) -> Array:
    """The areas under white light: where the ground is known to be gray, corrected by it; as they are elsewhere."""
    grounds = np.broadcast_to(faces.grounds[:, None], (*faces.areas.shape[:2], 3, 3))
    return np.where(gray_ground[:, None, None, None], under_gray_ground(faces.areas, grounds), faces.areas)


def as_photographed(faces: Lit, rng: Generator) -> Lit:
    """The same faces brighter or darker, half of them in a tinted light, some on a plain ground of any color."""
    n = len(faces.areas)
    tint = np.exp(rng.normal(0, 0.10, (n, 3)) * (rng.random((n, 1)) < 0.5) + rng.normal(0, 0.10, (n, 1)))
    other = _plain_ground(n, rng, darkest=0.05, hue=0.35, tinted=0.5)[:, None] * np.array([0.9, 1, 1.1])[:, None]
    grounds = np.where(rng.random((n, 1, 1)) < 0.15, np.clip(other, 0, 1), faces.grounds)
    return Lit(faces.areas, grounds, faces.scenes).times(tint)


def on_other_ground(white_lit: Array, scenes: Lit, rng: Generator) -> Lit:
    """Faces under white light laid into scenes drawn at random, half on cloth, paper or black instead."""
    n = len(white_lit)
    place = rng.integers(len(scenes.grounds), size=n)
    ground, scene = scenes.grounds[place], scenes.scenes[place]
    cloth = _plain_ground(n, rng, darkest=0.01, hue=0.5, tinted=0.6)
    bright = np.maximum(1.2 * cloth, rng.uniform(0.2, 1, (n, 1)) * np.exp(rng.normal(0, 0.06, (n, 3))))
    plain = rng.random((n, 1, 1)) < 0.5
    ground = np.where(plain, cloth[:, None] * np.array([0.85, 1, 1.15])[:, None], ground)
    scene = np.where(plain, np.stack([bright, 0.95 * cloth], axis=1), scene)
    areas = white_lit * np.exp(rng.uniform(np.log(0.35), np.log(1.3), (n, 1, 1, 1)))
    faces = _reflected(Lit(areas, ground, scene), rng)
    seen = 0.85 * scene[:, 1] + 0.15 * faces.areas[:, 0, 2]
    balance = _toward_gray(seen, rng.uniform(0, 0.5, (n, 1)) * (rng.random((n, 1)) < 0.3))
    return _by_camera(faces, balance * np.exp(rng.normal(0, 0.12, (n, 1))), rng)


def in_known_light(white_lit: Array, white: float, anchors: Lit, chances: Array, rng: Generator) -> Lit:
    """Faces under white light in the place of white pills, in those pills' light.

    Args:
        white_lit: ``(n, 3, 5, 3)``.
        white: luminance of a white pill's three-quarter place in ``white_lit``.
        anchors: the white pills as they were photographed.
        chances: of each anchor to be drawn.
        rng: draws.
    """
    n = len(white_lit)
    place = rng.choice(len(chances), size=n, p=chances)
    light = anchors.areas[place, 0, 3] / white * np.exp(rng.normal(0, 0.12, (n, 1)))
    faces = Lit(white_lit * light[:, None, None], anchors.grounds[place], anchors.scenes[place])
    return _by_camera(_reflected(faces, rng), np.exp(rng.normal(0, 0.15, (n, 1))), rng)


def _plain_ground(n: int, rng: Generator, darkest: float, hue: float, tinted: float) -> Array:
    """Linear RGB of plain grounds, ``(n, 3)``: a share ``tinted`` of them in a color."""
    light = np.exp(rng.uniform(np.log(darkest), np.log(0.95), (n, 1)))
    return np.clip(light * np.exp(rng.normal(0, hue, (n, 3)) * (rng.random((n, 1)) < tinted)), 0, 1)


def _reflected(faces: Lit, rng: Generator) -> Lit:
    """Some faces with up to an eighth of their light thrown back by the ground, in its color."""
    n = len(faces.areas)
    share = (rng.uniform(0, 0.12, n) * (rng.random(n) < 0.6))[:, None, None, None]
    middle = faces.grounds[:, 1]
    color = (middle / np.maximum(middle @ LUMINANCE, 0.05)[:, None])[:, None, None]
    return Lit(faces.areas * (1 - share + share * color), faces.grounds, faces.scenes)


def _toward_gray(seen: Array, how_far: Array) -> Array:
    """The gains ``(n, 3)`` that make what is seen gray, to the power of ``how_far``: 0 leaves all as it is."""
    seen = np.maximum(seen, 1e-3)
    gains = np.clip((seen @ LUMINANCE)[:, None] / seen, 0.4, 2.5)
    return np.asarray(gains**how_far)


def _by_camera(faces: Lit, gain: Array, rng: Generator) -> Lit:
    """With a camera's exposure, the error of its white balance, and its saturation."""
    n = len(faces.areas)
    error = np.exp(rng.normal(0, 0.05, (n, 3)) * (rng.random((n, 1)) < 0.7))
    return faces.times(gain * error).saturated(np.exp(rng.normal(0, 0.1, n)))
