"""Photo -> scale: whatever of known size lies in it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InputError
from pipeline.records import Photo, PillRegion, Scale, ScaleSource
from pipeline.scale.coin_sizes import COINS_MM
from pipeline.scale.coins import ellipse_points, find_coin
from pipeline.scale.plane import mm_per_px_at, plane_of
from pipeline.scale.references import CARD_MM, find_card, find_markers
from pipeline.scale.ruler import Ruler, find_ruler
from pipeline.scale.search_copy import SearchCopy
from pipeline.settings import ScaleSettings

# Millimeters a pixel: from a microscope's, where a pill of 2 mm is 20,000 pixels long, to the longest pill in one.
_MM_PER_PX_MIN, _MM_PER_PX_MAX = 1e-4, 30.0


def check_reference(mm_per_px: float | None, coin: str | None) -> None:
    """Refuse a scale or coin of the caller's that cannot be.

    Raises:
        InputError: the figure is no number, not positive or of no photo of a pill, or the coin is not known.
    """
    if mm_per_px is not None and not _MM_PER_PX_MIN <= mm_per_px <= _MM_PER_PX_MAX:  # which NaN is not
        raise InputError(
            f"{mm_per_px:g} mm per pixel is no scale of a photo of a pill; it lies between {_MM_PER_PX_MIN:g} and "
            f"{_MM_PER_PX_MAX:g}, for instance 0.05"
        )
    if coin is not None and coin not in COINS_MM:
        raise InputError(f"{coin!r} is no coin that is known; use one of {', '.join(COINS_MM)}")


def find_scale(
    photo: Photo,
    regions: Sequence[PillRegion],
    mm_per_px: float | None = None,
    settings: ScaleSettings | None = None,
    *,
    coin: str | None = None,
    framed: bool = False,
) -> Scale | None:
    """The scale of a photo: the caller's figure if given, else the marker sheet, a ruler or a card; None without any.

    With ``coin`` the caller says that a coin of that kind lies in the photo; it is then looked for before a ruler.

    Args:
        photo: the photo.
        regions: its pills; their size tells unlikely scales from likely ones.
        mm_per_px: millimeters per pixel of ``photo.pixels``, where the caller knows.
        coin: a key of ``COINS_MM``.
        framed: the photo is a framed picture within another (``find_inset``), whose ruler is taken on weaker evidence.

    Raises:
        InputError: the coin is not known.
    """
    check_reference(None, coin)
    settings = settings or ScaleSettings()
    if mm_per_px is not None:
        return Scale(mm_per_px, settings.caller_sigma, ScaleSource.CALLER)
    gray = np.asarray(cv2.cvtColor(photo.pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    copy = SearchCopy.of(gray)
    center = _center(photo, regions)
    if (markers := find_markers(copy)) is not None:
        return _of_markers(*markers, center, settings)
    if coin is not None and (ellipse := find_coin(gray, regions)) is not None:
        # Within the rim, so that the coin's own region is known by it.
        outline = ellipse_points(ellipse, share=0.97)
        return Scale(COINS_MM[coin] / max(ellipse[1]), settings.coin_sigma, ScaleSource.COIN, None, outline)
    if (ruler := find_ruler(copy, regions, framed)) is not None:
        return _of_ruler(ruler, center, settings, framed)
    if (card := find_card(copy)) is not None:
        return _of_card(card, settings)
    return None


def _of_markers(
    pixels: NDArray[np.float64], places: NDArray[np.float64], center: tuple[float, float], settings: ScaleSettings
) -> Scale:
    matrix = np.asarray(cv2.findHomography(pixels, places, 0)[0], dtype=np.float64)
    outline = pixels[:, ::-1].astype(np.float32)
    return Scale(mm_per_px_at(matrix, *center), settings.marker_sigma, ScaleSource.MARKER, matrix, outline)


def _of_card(corners: NDArray[np.float64], settings: ScaleSettings) -> Scale:
    sides = np.sort(np.hypot(*(corners - np.roll(corners, 1, axis=0)).T))
    # Corners lie on pixel centers of the card's edge: half a pixel on each side belongs to it.
    mm_per_px = float(np.sqrt(CARD_MM[0] * CARD_MM[1] / ((sides[0] + 1) * (sides[2] + 1))))
    outline = corners[:, ::-1].astype(np.float32)
    return Scale(mm_per_px, settings.card_sigma, ScaleSource.CARD, None, outline)


def _of_ruler(ruler: Ruler, center: tuple[float, float], settings: ScaleSettings, framed: bool) -> Scale:
    homography = plane_of(ruler.axes)
    outline = np.concatenate([axis.points[:, ::-1] for axis in ruler.axes]).astype(np.float32)
    is_ruled = not framed and all(axis.even for axis in ruler.axes)
    sigma = settings.ruler_sigma if is_ruled else float(np.hypot(settings.ruler_sigma, settings.drawn_sigma))
    if homography is not None:
        return Scale(mm_per_px_at(homography, *center), sigma, ScaleSource.RULER, homography, outline)
    sigma = float(np.hypot(sigma, settings.one_axis_sigma))
    return Scale(ruler.mm_per_px, sigma, ScaleSource.RULER, None, outline)


def _center(photo: Photo, regions: Sequence[PillRegion]) -> tuple[float, float]:
    """``(x, y)`` of the pills' middle, or of the photo's."""
    if not regions:
        return photo.pixels.shape[1] / 2, photo.pixels.shape[0] / 2
    row, col = np.mean([region.outline.mean(axis=0) for region in regions], axis=0)
    return float(col), float(row)
