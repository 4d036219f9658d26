from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.geometry.contrast import normalized
from pipeline.imprint.crop import Crop, contrast_of, crop_pill, long_axis_deg
from pipeline.load import load
from pipeline.records import Photo, PillRegion
from pipeline.settings import CropSettings


def ellipse(row: float, col: float, half: tuple[float, float], turn_deg: float = 0.0) -> PillRegion:
    """A face whose long half axis ``half[0]`` lies along ``turn_deg``."""
    angle, t = math.radians(turn_deg), np.linspace(0, 2 * np.pi, 240, endpoint=False)
    along, across = half[0] * np.cos(t), half[1] * np.sin(t)
    x = col + along * math.cos(angle) + across * math.sin(angle)
    y = row - along * math.sin(angle) + across * math.cos(angle)
    outline = np.stack([y, x], axis=1).astype(np.float32)
    top, left = np.floor(outline.min(axis=0)).astype(int)
    bottom, right = np.ceil(outline.max(axis=0)).astype(int) + 1
    mask = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillPoly(mask, [np.rint(outline[:, ::-1] - (left, top)).astype(np.int32)], 1)
    return PillRegion(outline, mask.astype(bool), int(top), int(left), 1.0)


def photo_with_dot(row: int, col: int, shape: tuple[int, int] = (400, 500)) -> Photo:
    pixels = np.full((*shape, 3), 200, np.uint8)
    cv2.circle(pixels, (col, row), 3, (0, 0, 0), -1)
    return Photo(pixels, "dot")


def darkest(crop: Crop) -> tuple[float, float]:
    weight = np.clip(-crop.gray, 0, None)
    rows, cols = np.indices(weight.shape)
    return float((rows * weight).sum() / weight.sum()), float((cols * weight).sum() / weight.sum())


@settings(deadline=None, max_examples=40)
@given(st.floats(-180, 180), st.integers(-20, 20), st.integers(-30, 30))
def test_a_place_in_the_crop_maps_back_to_the_photo(turn_deg: float, down: int, right: int) -> None:
    region = ellipse(200, 250, (90, 60))
    crop = crop_pill(photo_with_dot(200 + down, 250 + right), region, turn_deg=turn_deg)
    assert crop.to_photo(*darkest(crop)) == pytest.approx((200 + down, 250 + right), abs=0.7)


@pytest.mark.parametrize("turn_deg", [0.0, 35.0, -60.0, 90.0])
def test_the_long_axis_comes_out_level_and_the_short_side_as_asked(turn_deg: float) -> None:
    region = ellipse(200, 250, (120, 60), turn_deg)
    axis = long_axis_deg(region)
    assert math.cos(math.radians(2 * (axis - turn_deg))) == pytest.approx(1.0, abs=1e-3)
    wanted = CropSettings(short_side_px=150)
    rows, cols = np.nonzero(crop_pill(photo_with_dot(200, 250), region, wanted, axis).mask)
    assert np.ptp(rows) == pytest.approx(150, abs=3)
    assert np.ptp(cols) == pytest.approx(300, abs=4)


def test_a_turn_brings_its_direction_to_the_right() -> None:
    # The dot lies straight up from the center; along 90 degrees it lies to the right.
    crop = crop_pill(photo_with_dot(160, 250), ellipse(200, 250, (60, 60)), turn_deg=90.0)
    row, col = darkest(crop)
    height, width = crop.gray.shape
    assert col > width / 2 + 30 and row == pytest.approx(height / 2, abs=3)


def test_a_round_face_has_no_long_axis() -> None:
    assert long_axis_deg(ellipse(200, 250, (63, 60), 40.0)) == 0.0


def test_what_is_not_pill_is_neutral_however_bright() -> None:
    pixels = np.random.default_rng(3).integers(0, 255, (300, 300, 3), dtype=np.uint8)
    crop = crop_pill(Photo(pixels, "noise"), ellipse(150, 150, (80, 50)))
    assert np.all(crop.gray[~crop.mask] == 0)
    assert np.all(crop.image()[~crop.mask] == 128)
    assert crop.gray[crop.mask].std() > 0.5


@settings(deadline=None, max_examples=40)
@given(st.floats(0.5, 1.0), st.floats(0.0, 60.0))
def test_normalization_takes_out_light_and_contrast(gain: float, offset: float) -> None:
    generator = np.random.default_rng(5)
    gray = cv2.GaussianBlur(generator.uniform(0, 190, (120, 160)).astype(np.float32), (0, 0), 2)
    mask = np.ones(gray.shape, np.float32)
    exact = contrast_of(CropSettings(short_side_px=120, deviation_floor=1e-3))
    lit = (gray * gain + offset).astype(np.float32)
    assert np.allclose(normalized(lit, mask, exact), normalized(gray, mask, exact), atol=0.02)


def test_a_plain_face_stays_plain() -> None:
    gray = np.full((120, 160), 180, np.float32) + np.random.default_rng(1).normal(0, 0.5, (120, 160)).astype(np.float32)
    assert np.abs(normalized(gray, np.ones(gray.shape, np.float32), contrast_of(CropSettings()))).max() < 1.0


def test_a_small_pill_in_a_reduced_photo_is_decoded_again_at_full_size() -> None:
    pixels = np.full((2400, 3200, 3), 200, np.uint8)
    # Bars of 4 px at full size: gone at a quarter of the size, plain to see in the full one.
    for col in range(1500, 1700, 8):
        pixels[1150:1250, col : col + 4] = 60
    png = cv2.imencode(".png", pixels)[1].tobytes()
    photo = load(png)
    assert photo.reduction > 1.0, "a photo of 7.7 megapixels is expected to be reduced"
    region = ellipse(1200 / photo.reduction, 1600 / photo.reduction, (90 / photo.reduction, 45 / photo.reduction))
    crop = crop_pill(photo, region)
    sharp = crop.gray[crop.gray.shape[0] // 2, crop.gray.shape[1] // 4 : -crop.gray.shape[1] // 4]
    crossings = np.count_nonzero(np.diff(np.sign(sharp)))
    full_px = len(sharp) * crop.photo_px * photo.reduction
    assert crossings == pytest.approx(full_px / 4, rel=0.12)


def test_a_pill_cut_by_the_border_is_cropped_without_error() -> None:
    crop = crop_pill(photo_with_dot(5, 5), ellipse(5, 5, (60, 40)))
    assert np.isfinite(crop.gray).all()
