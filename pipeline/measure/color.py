"""The colors of a pill's body under the light that the ground shows, as probabilities over SPL colors.

A face is parted into two areas across its long axis where that parts two colors best (a capsule's cap and body),
each area is told apart from the others in CIELAB, and one small network says which SPL color such an area has, another
whether the two areas are two colors. What shows the light goes into the network beside the uncorrected color: the
ground (gray paper shows the light, skin or a blue mat does not), the lightest thing in the photo (mostly white or the
pill itself) and the mean of the photo. How far to trust each it was taught on pills laid on real grounds under lights
that are known (``train/measure/light.py``); where they leave the color open, its probabilities are wide.

A pill that fills the photo shows no ground: nothing tells the light, and its own color must not be taken for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.geometry.lab import LUMINANCE, Linear, lab_of_linear, lab_of_pixels, linear_of_pixels
from pipeline.measure.face import FaceView
from pipeline.measure.models import Models, softmax
from pipeline.measure.surroundings import GROUND_PX_MIN, ground_pixels, in_unknown_light, scene_of
from pipeline.records import Box, ColorMeasurement, Photo, PillRegion, Probabilities
from reference.text.vocabulary import COLOR_NAMES

Figures = NDArray[np.float64]

COLORS = COLOR_NAMES
"""The 12 SPL colors. CLEAR is none of them: SPL gives a clear shell the color of what it holds."""

AREA_FIGURES = 53
PAIR_FIGURES = 9
"""How many figures an area and a pair of areas are described by."""

_RIM_PX = 4
"""Pixels of the view left out along the rim, where the edge is shaded and mixes with the ground."""

_SAMPLED_PX = 1500
"""Pixels enough for the mean of a twentieth of them; sorting all takes twice the time."""

_CUT_AT = (0.25, 0.75)
_PIECE_CUT_AT = (0.08, 0.92)
"""Where two areas may meet, as shares of the face's length: near the middle, but anywhere on a pill that fills the
photo, of which a piece is seen."""

_KEPT_MIN = 1e-5
"""Less probable colors are left out of the record, which would otherwise hold 78 keys for each face."""

_GRAY_CHROMA_MAX = 8.0
"""In CIELAB: of three quarters of the registers' photos the ground has less than 5, a palm has 12 and more."""

_NOISE = 0.02
"""Linear RGB that is as likely the camera's noise as the light: what is darker corrects little, black nothing. The hue
of a black cloth (0.001 to 0.003) turned white pills orange and green ones yellow (docs/experiments/measure.md)."""

_LAMP = np.array([0.5, 0.0, -1.0])
"""How the logarithms of linear RGB change from one color temperature of a lamp to another."""

_LAMPS = ((-0.4, 0.25), (0.0, 0.5), (0.4, 0.25))
"""How far a light that nothing shows may be from the one in which the pill looks as it does, and how likely: a camera
takes out a part of what a lamp adds to daylight (docs/experiments/measure.md, "Twelfth round")."""

UNCORRECTED = (-0.7, 0.3)
"""What takes a light out that the camera left in: that of an incandescent lamp (2,860 K: red is 1.4 and blue half of
what daylight gives), and that of shade (some 8,000 K)."""

_SPREAD_MIN = 1e-3
"""The spread of lightness within an area, over 20 and with 0.05 more, that its distance to another is divided by."""

_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True, eq=False)
class ColorSamples:
    """What is kept of a face to tell its colors, all linear sRGB float64 in 0-1.

    ``whole`` and the two ``parts`` are ``(5, 3)``: the channels of the pixels at the 10, 25, 50, 75 and 90 %
    places by lightness; ``ground`` ``(3, 3)`` those of the ground at 25, 50 and 75 %. ``scene`` ``(2, 3)`` is of the
    whole photo outside the pill: its lightest part, and its mean. Where the pill fills the photo both stand for nothing
    seen.
    """

    whole: Linear
    parts: tuple[Linear, Linear]
    ground: Linear
    scene: Linear
    share: float
    is_ground_seen: bool = True


def sample_colors(
    photo: Photo, region: PillRegion, view: FaceView, pills: Sequence[PillRegion] = (), shown: Box | None = None
) -> ColorSamples:
    """Take the samples of one face; where the photo's ``pills`` lie is no ground.

    ``shown`` is the part of the pixels that a camera saw, without bars and page; None: all.
    """
    mask = view.mask.astype(np.uint8)
    kernel = np.ones((2 * _RIM_PX + 1, 2 * _RIM_PX + 1), np.uint8)
    inner = cv2.erode(mask, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0).astype(bool)
    if np.count_nonzero(inner) < 20:
        inner = view.mask if view.mask.any() else np.ones_like(view.mask)
    cut = best_cut(view, inner, _CUT_AT if region.is_outlined else _PIECE_CUT_AT)
    columns = np.arange(inner.shape[1])[None, :]
    left, right = inner & (columns < cut), inner & (columns >= cut)
    pixels = view.pixels
    whole = _by_lightness(pixels[inner], _QUANTILES)
    around = ground_pixels(photo, region, pills, shown)
    is_ground_seen = len(around) >= GROUND_PX_MIN
    if is_ground_seen:
        ground, scene = _by_lightness(around, (0.25, 0.5, 0.75)), scene_of(photo, region, shown)
    else:
        ground, scene = in_unknown_light(whole)
    return ColorSamples(
        whole=whole,
        parts=(_by_lightness(pixels[left], _QUANTILES), _by_lightness(pixels[right], _QUANTILES)),
        ground=ground,
        scene=scene,
        share=float(np.count_nonzero(left) / np.count_nonzero(inner)),
        is_ground_seen=is_ground_seen,
    )


def best_cut(view: FaceView, inner: NDArray[np.bool_], between: tuple[float, float] = _CUT_AT) -> int:
    """The column of the view that parts the face into the two most different areas, by column medians.

    Looked for ``between`` two shares of the face's length.
    """
    lab = lab_of_pixels(view.pixels)
    count = inner.sum(axis=0)
    used = np.flatnonzero(count)
    ordered = np.sort(np.where(inner[..., None], lab, np.inf)[:, used], axis=0)
    medians = ordered[count[used] // 2, np.arange(len(used))]
    n = np.arange(1, len(used))
    n = n[(n >= between[0] * len(used)) & (n <= between[1] * len(used))]
    if len(n) == 0:
        return int(used[len(used) // 2])
    sums = np.cumsum(medians, axis=0)
    before = sums[n - 1] / n[:, None]
    after = (sums[-1] - sums[n - 1]) / (len(used) - n)[:, None]
    # Between-class scatter of the two sides, as in Otsu's method.
    gain = n * (len(used) - n) * ((before - after) ** 2).sum(axis=1)
    return int(used[n[np.argmax(gain)]])


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
    return _as_gray(samples, ground[..., 1, :])


def _as_gray(samples: Linear, shown: Linear) -> Linear:
    """Linear RGB ``(..., n, 3)`` as it would be were what is shown so, ``(..., 3)``, gray."""
    light = (shown @ LUMINANCE)[..., None]
    gain = np.clip((light + _NOISE) / (shown + _NOISE), 1 / 3, 3)
    return np.asarray(samples * gain[..., None, :])


def area_figures(area: Linear, ground: Linear, scene: Linear) -> Figures:
    """Areas as the color network sees them: ``(..., 5, 3)``, ``(..., 3, 3)`` and ``(..., 2, 3)`` give
    ``(..., AREA_FIGURES)``.

    In units of 50. By the ground: Lab of the quarter, middle and three-quarter place corrected by it, the spread of
    lightness, Lab of the ground, Lab of the middle uncorrected, the chroma of both, the lightness over the ground's,
    and the hue. By the lightest thing, channel by channel of the photo's and of the pill's own: Lab of the middle
    corrected by it, its hue, and the middle as a share of its luminance. Beside them the Lab of the lightest part and
    of the mean of the photo, of the area's other places and of the ground's, and how dark the ground is: a nearly
    black one says nothing of the light.
    """
    raw, ground_lab = lab_of_linear(area), lab_of_linear(ground)
    corrected = lab_of_linear(under_gray_ground(area, ground))
    white = np.maximum(np.maximum(scene[..., 0, :], area[..., 4, :]), 1e-3)
    by_white = lab_of_linear(_as_gray(area, white)[..., 2, :])
    share = np.minimum(area[..., 2, :] / (white @ LUMINANCE)[..., None], 1.5)
    middle = corrected[..., 2, :]
    parts = [
        corrected[..., 1, :],
        middle,
        corrected[..., 3, :],
        corrected[..., 4, :1] - corrected[..., 0, :1],
        ground_lab[..., 1, :],
        raw[..., 2, :],
        np.linalg.norm(middle[..., 1:], axis=-1, keepdims=True),
        np.linalg.norm(raw[..., 2, 1:], axis=-1, keepdims=True),
        middle[..., :1] - ground_lab[..., 1, :1],
        _hue(middle),
        by_white,
        _hue(by_white),
        lab_of_linear(scene[..., 0, :]),
        lab_of_linear(scene[..., 1, :]),
        raw[..., 1, :],
        raw[..., 3, :],
        raw[..., 4, :],
        _hue(raw[..., 2, :]),
        lab_of_linear(share),
        10 * np.log(np.maximum(ground[..., 1, :] @ LUMINANCE, 1e-4))[..., None],
        ground_lab[..., 0, :],
        ground_lab[..., 2, :],
    ]
    return np.concatenate(parts, axis=-1) / 50


def _hue(lab: Figures) -> Figures:
    """The hue as a direction ``(..., 2)`` of length 50 that shrinks to nothing at the gray axis."""
    return np.asarray(50 * lab[..., 1:] / (np.linalg.norm(lab[..., 1:], axis=-1, keepdims=True) + 3))


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
    # Under the ground's light the three-quarter place of noise may be darker than the quarter.
    over_spread = np.log1p(distance / np.maximum(spread + 0.05, _SPREAD_MIN))
    rest = [distance, hue, np.minimum(distance, 1), spread, over_spread, np.minimum(share, 1 - share)]
    return np.concatenate([apart, np.stack(rest, axis=-1)], axis=-1)


def face_colors(samples: Linear, ground: Linear, scene: Linear, share: Figures, models: Models) -> NDArray[np.float64]:
    """Probabilities over pairs of colors, ``(..., 12, 12)``, the upper triangle used, one-color faces on the diagonal.

    ``samples`` is ``(..., 3, 5, 3)``: the whole face and its two areas; ``ground`` ``(..., 3, 3)``; ``scene``
    ``(..., 2, 3)``; ``share`` ``(...)``.
    """
    grounds, scenes = (
        np.broadcast_to(each[..., None, :, :], (*samples.shape[:-2], *each.shape[-2:])) for each in (ground, scene)
    )
    areas = softmax(models.area.logits(area_figures(samples, grounds, scenes)))
    two = 1 / (1 + np.exp(-models.pair.logits(pair_figures(samples[..., 1:, :, :], ground, share))))[..., None]
    crossed = areas[..., 1, :, None] * areas[..., 2, None, :]
    pairs = np.triu(crossed + np.swapaxes(crossed, -1, -2), 1)
    one = areas[..., 0, :] * (1 - two[..., 0]) + np.diagonal(crossed, axis1=-2, axis2=-1) * two[..., 0]
    joint = pairs * two
    index = np.arange(len(COLORS))
    joint[..., index, index] = one
    return joint


_KEYS = {
    (i, j): COLORS[i] if i == j else f"{COLORS[i]};{COLORS[j]}"
    for i in range(len(COLORS))
    for j in range(i, len(COLORS))
}
"""The keys of ``ColorMeasurement.colors`` by their places in ``face_colors``."""


def measure_color(
    photo: Photo,
    region: PillRegion,
    view: FaceView,
    pills: Sequence[PillRegion],
    models: Models,
    *,
    shown: Box | None = None,
) -> ColorMeasurement:
    """The colors of one face, with the CIELAB of its area or its two areas: in a white light, and as seen."""
    taken = sample_colors(photo, region, view, pills, shown)
    colors, *lamps = _in_lights(taken, models if taken.is_ground_seen else models.of_pieces())
    middle = np.stack(taken.parts if ";" in (colors.best or "") else (taken.whole,))[:, len(_QUANTILES) // 2]
    return ColorMeasurement(colors, _labs(_as_gray(middle, _shown_as_gray(taken))), _labs(middle), tuple(lamps))


def _in_lights(taken: ColorSamples, models: Models) -> Iterator[Probabilities]:
    """The colors of one face in the light of its photo, and without each light of ``UNCORRECTED``.

    Where nothing shows the light of the photo, they are the mean over lamps. A gray ground shows that it is white, so
    that there is nothing to take out.
    """
    own = _LAMPS if _is_light_hidden(taken) else ((0.0, 1.0),)
    others = () if _may_be_gray(taken.ground[1]) and not _is_light_hidden(taken) else UNCORRECTED
    gains = [np.exp(lamp * _LAMP) for lamp in (*(lamp for lamp, _ in own), *others)]
    lit = np.stack([taken.whole, *taken.parts]), taken.ground, taken.scene
    areas, grounds, scenes = (np.stack([np.clip(each * gain, 0, 1) for gain in gains]) for each in lit)
    by_lamp = face_colors(areas, grounds, scenes, np.full(len(gains), taken.share), models)
    colors = _probabilities(np.average(by_lamp[: len(own)], axis=0, weights=[weight for _, weight in own]))
    yield colors
    yield from map(_probabilities, by_lamp[len(own) :]) if others else [colors] * len(UNCORRECTED)


def _probabilities(joint: NDArray[np.float64]) -> Probabilities:
    kept = zip(*np.nonzero(joint > _KEPT_MIN), strict=True)
    return Probabilities.of({_KEYS[int(i), int(j)]: float(joint[i, j]) for i, j in kept})


def _is_light_hidden(taken: ColorSamples) -> bool:
    """Whether the ground is so dark that its hue is noise: a white pill in a warm light and a yellow one look alike."""
    return taken.is_ground_seen and float(taken.ground[1] @ LUMINANCE) < _NOISE


def _shown_as_gray(taken: ColorSamples) -> Linear:
    """What tells the light of the swatch: a ground that may be gray, else the lightest thing, channel by channel."""
    if _may_be_gray(taken.ground[1]):
        return np.asarray(taken.ground[1])
    return np.asarray(np.maximum(taken.scene[0], taken.whole[4]))


def _may_be_gray(ground: Linear) -> bool:
    return bool(np.linalg.norm(lab_of_linear(ground)[1:]) <= _GRAY_CHROMA_MAX)


def _labs(colors: Linear) -> tuple[tuple[float, float, float], ...]:
    return tuple((float(light), float(a), float(b)) for light, a, b in lab_of_linear(colors))
