"""Cast shadows that outlines have taken along, on drawn pills whose outlines are known exactly."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.evaluate.segmentation import iou
from pipeline.geometry.outline import clockwise, resample
from pipeline.segment.lobes import Stadium, fitted, without_lobes

Outline = NDArray[np.float32]
GROUND, SHADOW, PILL = (200, 200, 200), (110, 110, 110), (230, 225, 140)
DISC = Stadium(150.0, 150.0, 0.0, 0.0, 60.0)
OBLONG = Stadium(150.0, 150.0, math.radians(70), 60.0, 40.0)


def rim(stadium: Stadium) -> Outline:
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    far = np.stack([np.sin(angle), np.cos(angle)], axis=1) * 500 + (stadium.row, stadium.col)
    return resample(clockwise(stadium.nearest(far).astype(np.float32)), 144).astype(np.float32)


def filled(outline: Outline) -> NDArray[np.uint8]:
    mask = np.zeros((300, 300), np.uint8)
    cv2.fillPoly(mask, [np.rint(outline[:, ::-1]).astype(np.int32)], 1)
    return mask


def outline_of(mask: NDArray[np.uint8]) -> Outline:
    contour = max(cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0], key=cv2.contourArea)
    return resample(clockwise(contour[:, 0, ::-1].astype(np.float32)), 144).astype(np.float32)


def photo(pill: Outline, shadow: NDArray[np.uint8]) -> NDArray[np.uint8]:
    pixels = np.full((300, 300, 3), GROUND, np.uint8)
    pixels[shadow > 0] = SHADOW
    pixels[filled(pill) > 0] = PILL
    return pixels


@pytest.mark.parametrize("stadium", [DISC, OBLONG], ids=["round", "oblong"])
def test_a_lobe_of_shadow_is_cut_off_at_the_rim(stadium: Stadium) -> None:
    pill = rim(stadium)
    side = stadium.nearest(np.array([[300.0, 160.0]]))[0]
    shadow = np.zeros((300, 300), np.uint8)
    cv2.circle(shadow, (round(side[1]), round(side[0] - 4)), 22, 1, -1)
    with_lobe = outline_of(filled(pill) | shadow)
    assert iou(pill, with_lobe) < 0.97
    cut = without_lobes(photo(pill, shadow), with_lobe)
    assert iou(pill, cut) > 0.985 and cut.dtype == np.float32 and cut.shape[1] == 2


def test_what_bulges_and_is_pill_stays() -> None:
    """A teardrop: no edge where its circle would end."""
    drop = filled(rim(DISC))
    cv2.fillConvexPoly(drop, np.array([[110, 195], [190, 195], [150, 250]], np.int32), 1)
    outline = outline_of(drop)
    pixels = np.full((300, 300, 3), GROUND, np.uint8)
    pixels[drop > 0] = PILL
    assert without_lobes(pixels, outline) is outline


def with_two(stadium: Stadium, second: tuple[int, int, int]) -> tuple[Outline, NDArray[np.uint8], NDArray[np.uint8]]:
    """A pill with a lobe on one side, a second of some color on another: its rim, the photo, what is outlined."""
    pill = rim(stadium)
    pixels, whole = photo(pill, np.zeros((300, 300), np.uint8)), filled(pill)
    for place, color, radius in (([300.0, 160.0], SHADOW, 17), ([0.0, 120.0], second, 14)):
        side = stadium.nearest(np.array([place]))[0]
        lobe = np.zeros((300, 300), np.uint8)
        cv2.circle(lobe, (round(side[1]), round(side[0])), radius, 1, -1)
        pixels[(lobe > 0) & (filled(pill) == 0)] = color
        whole |= lobe
    return pill, pixels, whole


@pytest.mark.parametrize("stadium", [DISC, OBLONG], ids=["round", "oblong"])
def test_shadow_on_both_sides_is_cut_off(stadium: Stadium) -> None:
    pill, pixels, whole = with_two(stadium, SHADOW)
    assert iou(pill, outline_of(whole)) < 0.975
    assert iou(pill, without_lobes(pixels, outline_of(whole))) > 0.985


def test_where_one_of_two_bulges_is_pill_both_stay() -> None:
    _, pixels, whole = with_two(DISC, PILL)
    outline = outline_of(whole)
    assert without_lobes(pixels, outline) is outline


def test_three_bulges_stay() -> None:
    pill, pixels, whole = with_two(DISC, SHADOW)
    cv2.circle(whole, (205, 120), 14, 1, -1)
    pixels[(whole > 0) & (filled(pill) == 0)] = SHADOW
    outline = outline_of(whole)
    assert without_lobes(pixels, outline) is outline


@pytest.mark.parametrize("corners", [3, 4, 5, 8])
def test_other_shapes_stay(corners: int) -> None:
    angle = 2 * np.pi * np.arange(corners) / corners
    points = np.stack([150 + 80 * np.sin(angle), 150 + 80 * np.cos(angle)], axis=1).astype(np.float32)
    outline = resample(clockwise(points), 144).astype(np.float32)
    assert without_lobes(photo(outline, np.zeros((300, 300), np.uint8)), outline) is outline


@pytest.mark.parametrize("half_col", [60.0, 80.0, 110.0])
def test_ellipses_stay(half_col: float) -> None:
    angle = np.linspace(0, 2 * np.pi, 144, endpoint=False)
    outline = np.stack([150 + 60 * np.sin(angle), 150 + half_col * np.cos(angle)], axis=1).astype(np.float32)
    assert without_lobes(photo(outline, np.zeros((300, 300), np.uint8)), outline) is outline


@pytest.mark.parametrize("stadium", [DISC, OBLONG], ids=["round", "oblong"])
def test_the_fit_finds_the_stadium_beside_a_bulge(stadium: Stadium) -> None:
    points = resample(rim(stadium), 96)
    points[10:25] += (points[10:25] - (stadium.row, stadium.col)) * 0.25
    (row, col), sides, _ = cv2.minAreaRect(points.astype(np.float32))
    begin = Stadium(row, col, stadium.turn + 0.1, (max(sides) - min(sides)) / 2, min(sides) / 2)
    found = fitted(points, begin)
    assert (found.row, found.col) == pytest.approx((150, 150), abs=1.0)
    assert (found.half, found.radius) == pytest.approx((stadium.half, stadium.radius), abs=1.5)
    assert np.abs(found.beyond(np.delete(points, np.s_[10:25], axis=0))).max() < 1.5


def test_a_tiny_outline_has_an_answer() -> None:
    for size in (0.0, 0.5, 2.0):
        outline = np.array([[0, 0], [0, size], [size, size], [size, 0]], np.float32)
        assert np.isfinite(without_lobes(np.zeros((8, 8, 3), np.uint8), outline)).all()
