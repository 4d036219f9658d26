"""Pieces of pills that fill a photo, cut out of photos of a register: what a program that crops by letters leaves.

Nothing beside the pill tells the light, and the piece may hold one color of two; so photographed as phones do, it is
often dark, and noisy.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.split import is_validation
from pipeline.geometry.axes import axes_of
from pipeline.geometry.lab import linear_of_pixels
from pipeline.measure.color import COLORS, ColorSamples, best_cut, sample_colors
from pipeline.measure.face import FaceView, face_view
from pipeline.records import Photo, Pixels
from pipeline.segment.close_up import whole_frame
from pipeline.train.faces.cutting import photo_faces
from pipeline.train.measure.colored_faces import ColoredFaces, faces_of_rows
from pipeline.train.measure.set_labels import is_aside, register_labels
from reference.text.vocabulary import color_terms, shape_term

SOURCE = "pieces"

_PIECES = {1: 1, 2: 3}
"""How many of a face, by its colors: two-part capsules are rare, and their seam lies anywhere in a piece."""

_TRIES = 40
_HEIGHT_SHARE, _WIDE_MAX = (0.25, 0.9), 1.6
"""A piece's height by the pill's width, and its width by its height at most."""

_INSIDE_MIN = 0.97
"""Of a piece so much is pill."""

_SIDE_PX_MIN = 8
_DARKEST, _BRIGHTEST = 0.08, 1.3
_TINT = 0.08
"""Gains of a piece's light, and the deviation by channel, in logarithms: of cameras' white balance."""

_NOISE_MAX, _BLUR_PX_MAX = 4.0, 2.0
_SEAM_SHARE = 0.1
"""A seam nearer to a piece's edge, in shares of its width, may not be seen."""

_LAYERED = {True: 0.02, False: 1.0}
"""Chance that a piece of a two-part capsule shows one of its two colors, where the seam is in it and where not."""


def piece_faces(folder: Path) -> ColoredFaces:
    """Pieces of the pills of a register's photo set, laid out as ``../shared/data/README.md`` says."""
    rng, rows = np.random.default_rng(0), []
    for number, (_, label) in enumerate(register_labels(folder).iterrows()):
        terms = color_terms(label["color"]) if "CLEAR" not in label["color"] else ()
        is_capsule = shape_term(label["shape"]) == "CAPSULE"
        if not 1 <= len(terms) <= (2 if is_capsule else 1):
            continue
        photo, regions = photo_faces(folder / label["file"]) or (None, ())
        first, second = COLORS.index(terms[0]), COLORS.index(terms[-1])
        known = number, is_validation(label["imprint"]), is_aside(label["imprint"]), SOURCE
        views = [face_view(photo, region, axes_of(region)) for region in regions if photo is not None]
        rows += [
            (samples, first, second, _LAYERED[has_seam], *known)
            for view in views
            for samples, has_seam in _pieces(view, _PIECES[len(terms)], rng)
        ]
    return faces_of_rows(rows)


def _pieces(view: FaceView, count: int, rng: np.random.Generator) -> Iterator[tuple[ColorSamples, bool]]:
    """Samples of up to ``count`` pieces of a face, and whether the seam, were the face a capsule's, is in it."""
    rows, columns = np.nonzero(view.mask)
    if len(rows) == 0:
        return
    seam = best_cut(view, view.mask)
    thickness = min(np.ptp(rows), np.ptp(columns)) + 1
    for _ in range(_TRIES):
        if count == 0:
            return
        height = rng.uniform(*_HEIGHT_SHARE) * thickness
        size = np.array([height, height * rng.uniform(1, _WIDE_MAX)])
        place = rng.integers(len(rows))
        top, left = (np.array([rows[place], columns[place]]) - size / 2).round().astype(int)
        bottom, right = np.array([top, left]) + size.round().astype(int)
        inside = view.mask[max(top, 0) : bottom, max(left, 0) : right]
        if top >= 0 and left >= 0 and min(inside.shape) >= _SIDE_PX_MIN and inside.sum() >= _INSIDE_MIN * size.prod():
            has_seam = left + _SEAM_SHARE * size[1] <= seam <= right - _SEAM_SHARE * size[1]
            yield _samples(_photographed(view.pixels[top:bottom, left:right], rng)), bool(has_seam)
            count -= 1


def _samples(pixels: Pixels) -> ColorSamples:
    photo = Photo(pixels, SOURCE)
    region = whole_frame(photo, (0, 0, *pixels.shape[:2]))
    return sample_colors(photo, region, face_view(photo, region, axes_of(region)))


def _photographed(pixels: NDArray[np.uint8], rng: np.random.Generator) -> Pixels:
    """The piece twice as large, in another light, blurred and with a camera's noise."""
    gain = np.exp(rng.uniform(np.log(_DARKEST), np.log(_BRIGHTEST)) + rng.normal(0, _TINT, 3))
    lit = 255 * np.clip(linear_of_pixels(pixels) * gain, 0, 1) ** (1 / 2.2)
    large = cv2.resize(lit, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    blurred = cv2.GaussianBlur(large, (0, 0), rng.uniform(0.3, _BLUR_PX_MAX))
    noisy = blurred + rng.normal(0, rng.uniform(0.5, _NOISE_MAX), blurred.shape)
    return np.asarray(np.clip(noisy, 0, 255).round(), np.uint8)
