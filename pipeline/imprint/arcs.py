"""Words along the rim of a round face: found from single characters, unrolled to straight strips."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.imprint.placed import Placed
from pipeline.imprint.textboxes import similarity

# An arc has at least so many characters, over at least so wide an angle: below it a straight strip does as well.
_CHARACTERS_MIN = 3
SPAN_DEG_MIN = 45.0
# Characters nearer to the middle than this share of the face's radius stand in straight lines.
RADIUS_MIN = 0.42
# In heights of a character: how far off the common circle it may stand, how wide a gap parts two words, and how high
# the strip is.
_OFF_CIRCLE, _GAP, STRIP = 0.55, 1.7, 1.45
_HEIGHT_RATIO = 1.6
# Beyond the outermost centers, in heights: half a character and some ground.
_ENDS = 1.0


@dataclass(frozen=True)
class Arc:
    """A band along a circle in crop pixels, from ``start_deg`` to ``stop_deg`` (counter-clockwise as seen) as read.

    ``outward``: the tops of the characters point away from the center.
    """

    x: float
    y: float
    radius: float
    height: float
    start_deg: float
    stop_deg: float
    outward: bool

    @property
    def width(self) -> float:
        """Along the middle of the band, in px."""
        return abs(math.radians(self.stop_deg - self.start_deg)) * self.radius

    def at(self, along: float) -> tuple[float, float, float]:
        """Where a share of the way along the band is: ``(x, y)``, and the turn of the text there in degrees."""
        angle = self.start_deg + (self.stop_deg - self.start_deg) * along
        phi = math.radians(angle)
        turn = angle - 90.0 if self.outward else angle + 90.0
        return self.x + self.radius * math.cos(phi), self.y - self.radius * math.sin(phi), turn

    def strip(self, image: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
        """The band unrolled out of ``(h, w)`` uint8, upright, ``height`` pixels high."""
        width = max(height // 2, round(self.width * height / self.height))
        phi = np.radians(self.start_deg + (self.stop_deg - self.start_deg) * (np.arange(width) + 0.5) / width)
        up = (0.5 - (np.arange(height) + 0.5) / height) * self.height
        radius = self.radius + (up if self.outward else -up)[:, None]
        x = (self.x + radius * np.cos(phi)).astype(np.float32)
        y = (self.y - radius * np.sin(phi)).astype(np.float32)
        strip = cv2.remap(image, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=128)
        return np.asarray(strip, dtype=np.uint8)

    def moved(self, affine: NDArray[np.float64]) -> Arc:
        """The same band in another frame, to which a ``(2, 3)`` map without shear leads."""
        x, y = affine @ np.array([self.x, self.y, 1.0])
        scale, turn = similarity(affine)
        radius, height = self.radius * scale, self.height * scale
        return Arc(float(x), float(y), radius, height, self.start_deg + turn, self.stop_deg + turn, self.outward)

    def back(self) -> Arc:
        """The same band read the other way round."""
        return replace(self, start_deg=self.stop_deg, stop_deg=self.start_deg, outward=not self.outward)

    def overlaps(self, other: Arc) -> bool:
        """Whether the middle of one band lies on the other."""
        return self.holds(*other.at(0.5)[:2]) or other.holds(*self.at(0.5)[:2])

    def holds(self, x: float, y: float) -> bool:
        """Whether a place lies on the band."""
        if abs(math.dist((x, y), (self.x, self.y)) - self.radius) > self.height / 2:
            return False
        low, high = sorted((self.start_deg, self.stop_deg))
        return (math.degrees(math.atan2(self.y - y, x - self.x)) - low) % 360.0 <= high - low


def find_arcs(characters: Placed, center: tuple[float, float], face_radius: float) -> list[Arc]:
    """The bands on which characters stand along a circle about the face's center, each with tops out and tops in.

    Places only are used: the turns of single characters are too often wrong (docs/experiments/reader.md).
    """
    right, up = characters.x - center[0], center[1] - characters.y
    radius, phi = np.hypot(right, up), np.degrees(np.arctan2(up, right))
    left = np.flatnonzero(radius > RADIUS_MIN * face_radius)
    arcs = []
    while len(left) >= _CHARACTERS_MIN:
        rings = [_on_ring(radius[left], characters.height[left], one) for one in range(len(left))]
        ring = left[max(rings, key=lambda on: int(on.sum()))]
        left = np.setdiff1d(left, ring)
        height, middle = float(np.median(characters.height[ring])), float(np.median(radius[ring]))
        for start, stop in _words(np.sort(phi[ring] % 360.0), math.degrees(height / middle)):
            arcs.append(Arc(*center, middle, height * STRIP, stop, start, outward=True))
            arcs.append(Arc(*center, middle, height * STRIP, start, stop, outward=False))
    return arcs


def around(
    center: tuple[float, float],
    radius: float,
    height: float,
    angles_deg: NDArray[np.float64],
    beyond: float,
    outward: bool,
) -> Arc:
    """The band over places along a circle, on which characters of that height stand.

    ``beyond``: how far the outermost characters' centers lie inside the outermost places, in heights.
    """
    angles = np.sort(angles_deg % 360.0)
    gaps = np.append(np.diff(angles), angles[0] + 360.0 - angles[-1])
    cut = int(gaps.argmax())
    start = float(angles[(cut + 1) % len(angles)])
    span = float((angles[cut] - start) % 360.0)
    ends = min((_ENDS - beyond) * math.degrees(height / radius), (345.0 - span) / 2)
    start, stop = start - ends, start + span + ends
    if outward:
        start, stop = stop, start
    return Arc(*center, radius, height * STRIP, start, stop, outward)


def _on_ring(radius: NDArray[np.float64], height: NDArray[np.float64], one: int) -> NDArray[np.bool_]:
    like = (height < _HEIGHT_RATIO * height[one]) & (height > height[one] / _HEIGHT_RATIO)
    return np.asarray(like & (np.abs(radius - radius[one]) < _OFF_CIRCLE * height[one]))


def _words(angles: NDArray[np.float64], height_deg: float) -> Iterator[tuple[float, float]]:
    """Sorted angles parted where the gap is wide; each word's first and last angle with some ground beyond."""
    gaps = np.append(np.diff(angles), angles[0] + 360.0 - angles[-1])
    cuts = np.flatnonzero(gaps > _GAP * height_deg)
    if not len(cuts):
        cuts = np.array([int(gaps.argmax())])
    for before, cut in zip(np.roll(cuts, 1), cuts, strict=True):
        start = float(angles[(before + 1) % len(angles)])
        span = float((angles[cut] - start) % 360.0)
        count = (cut - before) % len(angles) or len(angles)
        if count >= _CHARACTERS_MIN and span >= SPAN_DEG_MIN:
            ends = min(_ENDS * height_deg, (345.0 - span) / 2)
            yield start - ends, start + span + ends
