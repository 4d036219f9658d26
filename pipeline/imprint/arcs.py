"""Words along the rim of a round face, unrolled to straight strips."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.imprint.textboxes import similarity

# A line over a smaller angle is read as a straight strip.
SPAN_DEG_MIN = 45.0
# Characters nearer to the middle, as a share of the face's radius, stand in straight lines.
RADIUS_MIN = 0.42
# How high the strip is, in heights of a character.
STRIP = 1.45
# The strip goes so many heights beyond the outermost centers: half a character and some ground.
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

    def holds(self, x: float, y: float) -> bool:
        """Whether a place lies on the band."""
        if abs(math.dist((x, y), (self.x, self.y)) - self.radius) > self.height / 2:
            return False
        low, high = sorted((self.start_deg, self.stop_deg))
        return (math.degrees(math.atan2(self.y - y, x - self.x)) - low) % 360.0 <= high - low


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
