"""The colors of a pill's body under the light that the ground shows, as probabilities over SPL colors.

A face is parted into two areas across its long axis where that parts two colors best (a capsule's cap and body),
each area is told apart from the others in CIELAB, and one small network says which SPL color such an area has, another
whether the two areas are two colors. What the ground says of the light goes into the network beside the
uncorrected color: gray paper shows the light, wood or a blue mat does not, and the network was taught both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.lab import LUMINANCE, Linear, lab_of_linear, lab_of_pixels, linear_of_pixels
from pipeline.measure.face import FaceView
from pipeline.measure.models import Models, softmax
from pipeline.records import ColorMeasurement, Photo, PillRegion, Probabilities
from reference.text.vocabulary import COLOR_NAMES

Figures = NDArray[np.float64]

COLORS = COLOR_NAMES
"""The 12 SPL colors. CLEAR is none of them: SPL gives a clear shell the color of what it holds."""

AREA_FIGURES = 21
PAIR_FIGURES = 9
"""How many figures an area and a pair of areas are described by."""

_RIM_PX = 4
"""Pixels of the view left out along the rim, where the edge is shaded and mixes with the ground."""

_GROUND_NEAR, _GROUND_FAR = 0.08, 0.45
"""The ground is taken between these shares of the pill's length outside the outline: past the blur of the edge, and
near enough to lie in the same light."""

_GROUND_MAX_PX = 4000
_SAMPLED_PX = 1500
"""Pixels enough for the mean of a twentieth of them; sorting all takes twice the time."""

_CUT_FROM, _CUT_TO = 0.25, 0.75
_KEPT_MIN = 1e-5
"""Less probable colors are left out of the record, which would otherwise hold 78 keys for each face."""

_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True, eq=False)
class ColorSamples:
    """What is kept of a face to tell its colors, all linear sRGB float64 in 0-1.

    ``whole`` and the two ``parts`` are ``(5, 3)``: the channels of the pixels at the 10, 25, 50, 75 and 90 %
    places by lightness; ``ground`` ``(3, 3)`` those of the ground at 25, 50 and 75 %.
    """

    whole: Linear
    parts: tuple[Linear, Linear]
    ground: Linear
    share: float


def sample_colors(photo: Photo, region: PillRegion, view: FaceView) -> ColorSamples:
    """Take the samples of one face."""
    mask = view.mask.astype(np.uint8)
    kernel = np.ones((2 * _RIM_PX + 1, 2 * _RIM_PX + 1), np.uint8)
    inner = cv2.erode(mask, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0).astype(bool)
    if np.count_nonzero(inner) < 20:
        inner = view.mask if view.mask.any() else np.ones_like(view.mask)
    cut = _best_cut(view, inner)
    columns = np.arange(inner.shape[1])[None, :]
    left, right = inner & (columns < cut), inner & (columns >= cut)
    pixels = view.pixels
    return ColorSamples(
        whole=_by_lightness(pixels[inner], _QUANTILES),
        parts=(_by_lightness(pixels[left], _QUANTILES), _by_lightness(pixels[right], _QUANTILES)),
        ground=_by_lightness(_ground_pixels(photo, region), (0.25, 0.5, 0.75)),
        share=float(np.count_nonzero(left) / np.count_nonzero(inner)),
    )


def _best_cut(view: FaceView, inner: NDArray[np.bool_]) -> int:
    """The column of the view that parts the face into the two most different areas, by column medians."""
    lab = lab_of_pixels(view.pixels)
    count = inner.sum(axis=0)
    used = np.flatnonzero(count)
    ordered = np.sort(np.where(inner[..., None], lab, np.inf)[:, used], axis=0)
    medians = ordered[count[used] // 2, np.arange(len(used))]
    n = np.arange(1, len(used))
    n = n[(n >= _CUT_FROM * len(used)) & (n <= _CUT_TO * len(used))]
    if len(n) == 0:
        return int(used[len(used) // 2])
    sums = np.cumsum(medians, axis=0)
    before = sums[n - 1] / n[:, None]
    after = (sums[-1] - sums[n - 1]) / (len(used) - n)[:, None]
    # Between-class scatter of the two sides, as in Otsu's method.
    gain = n * (len(used) - n) * ((before - after) ** 2).sum(axis=1)
    return int(used[n[np.argmax(gain)]])


def _ground_pixels(photo: Photo, region: PillRegion) -> NDArray[np.uint8]:
    """Up to 4,000 pixels in a ring around the pill, ``(n, 3)`` uint8; all the photo's where it has no ring."""
    top, left, bottom, right = region.box
    length = max(bottom - top, right - left)
    far = max(round(_GROUND_FAR * length), 4)
    height, width = photo.pixels.shape[:2]
    y0, x0, y1, x1 = max(top - far, 0), max(left - far, 0), min(bottom + far, height), min(right + far, width)
    step = max(round(((y1 - y0) * (x1 - x0) / (4 * _GROUND_MAX_PX)) ** 0.5), 1)
    padded = np.zeros((y1 - y0, x1 - x0), np.uint8)
    padded[top - y0 : bottom - y0, left - x0 : right - x0] = region.mask
    near = max(round(_GROUND_NEAR * length / step), 1)
    pill = padded[::step, ::step]
    ring = cv2.dilate(pill, np.ones((2 * near + 1, 2 * near + 1), np.uint8)) == 0
    pixels = photo.pixels[y0:y1:step, x0:x1:step][ring]
    return pixels if len(pixels) >= 30 else photo.pixels[:: step * 4, :: step * 4].reshape(-1, 3)


def _by_lightness(pixels: NDArray[np.uint8], quantiles: Sequence[float]) -> Linear:
    """Mean linear RGB of the pixels near some places of the order by luminance, ``(len(quantiles), 3)``."""
    if len(pixels) == 0:
        return np.full((len(quantiles), 3), 0.5)
    linear = linear_of_pixels(pixels[:: max(len(pixels) // _SAMPLED_PX, 1)])
    ordered = linear[np.argsort(linear @ LUMINANCE, kind="stable")]
    half = max(len(ordered) // 20, 1)
    places = [int(q * (len(ordered) - 1)) for q in quantiles]
    return np.stack([ordered[max(place - half, 0) : place + half + 1].mean(axis=0) for place in places])


def under_gray_ground(samples: Linear, ground: Linear) -> Linear:
    """Linear RGB as it would be were the ground gray: von Kries scaling of each channel, the luminance kept.

    ``samples`` is ``(..., n, 3)``, ``ground`` ``(..., 3, 3)`` by lightness; its middle row counts.
    """
    middle = np.maximum(ground[..., 1, :], 1e-3)
    gain = np.clip((middle @ LUMINANCE)[..., None] / middle, 1 / 3, 3)
    return np.asarray(samples * gain[..., None, :])


def area_figures(area: Linear, ground: Linear) -> Figures:
    """Areas as the color network sees them: ``(..., 5, 3)`` and ``(..., 3, 3)`` give ``(..., AREA_FIGURES)``.

    In units of 50: Lab of the quarter, middle and three-quarter place corrected by the ground, the spread of
    lightness, Lab of the ground, Lab of the middle uncorrected, the chroma of both, the lightness over the ground's,
    and the hue as a direction that shrinks to nothing at the gray axis.
    """
    corrected = lab_of_linear(under_gray_ground(area, ground))
    raw, ground_lab = lab_of_linear(area[..., 2, :]), lab_of_linear(ground[..., 1, :])
    middle = corrected[..., 2, :]
    chroma = np.linalg.norm(middle[..., 1:], axis=-1, keepdims=True)
    parts = [
        corrected[..., 1, :],
        middle,
        corrected[..., 3, :],
        corrected[..., 4, :1] - corrected[..., 0, :1],
        ground_lab,
        raw,
        chroma,
        np.linalg.norm(raw[..., 1:], axis=-1, keepdims=True),
        middle[..., :1] - ground_lab[..., :1],
        50 * middle[..., 1:] / (chroma + 3),
    ]
    return np.concatenate(parts, axis=-1) / 50


def pair_figures(parts: Linear, ground: Linear, share: Figures) -> Figures:
    """How different the two areas of faces are, ``(..., 2, 5, 3)`` linear RGB, as ``(..., PAIR_FIGURES)``.

    Lab distances channel by channel, in all, and in hue, over 20; the spread of lightness within the areas; the
    distance over that spread; the smaller area's share.
    """
    lab = lab_of_linear(under_gray_ground(parts, ground[..., None, :, :]))
    apart = np.abs(lab[..., 0, 2, :] - lab[..., 1, 2, :]) / 20
    distance = np.linalg.norm(apart, axis=-1)
    hue = np.linalg.norm(apart[..., 1:], axis=-1)
    spread = (lab[..., 4, 0] - lab[..., 0, 0]).mean(axis=-1) / 20
    over_spread = np.log1p(distance / (spread + 0.05))
    rest = [distance, hue, np.minimum(distance, 1), spread, over_spread, np.minimum(share, 1 - share)]
    return np.concatenate([apart, np.stack(rest, axis=-1)], axis=-1)


def face_colors(samples: Linear, ground: Linear, share: Figures, models: Models) -> NDArray[np.float64]:
    """Probabilities over pairs of colors, ``(..., 12, 12)``, the upper triangle used, one-color faces on the diagonal.

    ``samples`` is ``(..., 3, 5, 3)``: the whole face and its two areas; ``ground`` ``(..., 3, 3)``; ``share``
    ``(...)``.
    """
    grounds = np.broadcast_to(ground[..., None, :, :], (*samples.shape[:-2], 3, 3))
    areas = softmax(models.area.logits(area_figures(samples, grounds)))
    two = 1 / (1 + np.exp(-models.pair.logits(pair_figures(samples[..., 1:, :, :], ground, share))))[..., None]
    crossed = areas[..., 1, :, None] * areas[..., 2, None, :]
    pairs = np.triu(crossed + np.swapaxes(crossed, -1, -2), 1)
    one = areas[..., 0, :] * (1 - two[..., 0]) + np.diagonal(crossed, axis1=-2, axis2=-1) * two[..., 0]
    joint = pairs * two
    index = np.arange(len(COLORS))
    joint[..., index, index] = one
    return joint


def color_keys() -> tuple[tuple[str, int, int], ...]:
    """The keys of ``ColorMeasurement.colors`` with their places in ``face_colors``."""
    return tuple(
        (COLORS[i] if i == j else f"{COLORS[i]};{COLORS[j]}", i, j)
        for i in range(len(COLORS))
        for j in range(i, len(COLORS))
    )


def measure_color(photo: Photo, region: PillRegion, view: FaceView, models: Models) -> ColorMeasurement:
    """The colors of one face, with the CIELAB of its area or its two areas under a gray ground."""
    taken = sample_colors(photo, region, view)
    joint = face_colors(np.stack([taken.whole, *taken.parts]), taken.ground, np.asarray(taken.share), models)
    colors = Probabilities.of({key: float(joint[i, j]) for key, i, j in color_keys() if joint[i, j] > _KEPT_MIN})
    areas = taken.parts if ";" in (colors.best or "") else (taken.whole,)
    middles = (lab_of_linear(under_gray_ground(area, taken.ground))[len(_QUANTILES) // 2] for area in areas)
    return ColorMeasurement(colors, tuple((float(m[0]), float(m[1]), float(m[2])) for m in middles))
