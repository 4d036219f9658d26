"""Faces as phones and web pages show them: small, sharpened, compressed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra `train`")

from pipeline.geometry.affine import mapped
from pipeline.records import Photo, PillRegion
from pipeline.train.faces.small_faces import as_phones_do, small_face

CENTER_XY, RADIUS, DOT_XY = (160.0, 120.0), 80.0, (190.0, 100.0)


def face() -> tuple[Photo, PillRegion]:
    """A light disk with a dark dot, and its region."""
    pixels = np.full((240, 320, 3), 90, np.uint8)
    cv2.circle(pixels, (160, 120), 80, (220, 220, 220), -1)
    cv2.circle(pixels, (190, 100), 14, (40, 40, 40), -1)
    turns = np.linspace(0, 2 * np.pi, 90)
    outline = np.stack([CENTER_XY[1] + RADIUS * np.sin(turns), CENTER_XY[0] + RADIUS * np.cos(turns)], axis=1)
    mask = np.zeros((161, 161), np.uint8)
    cv2.circle(mask, (80, 80), 80, 1, -1)
    return Photo(pixels, "drawn"), PillRegion(outline.astype(np.float32), mask > 0, 40, 80, 0.9)


@pytest.mark.parametrize("factor", [0.2, 0.33, 0.6])
@pytest.mark.parametrize("seed", range(4))
def test_a_small_face_lies_where_the_map_says(factor: float, seed: int) -> None:
    photo, region = face()
    small, own, to_small = small_face(photo, region, factor, np.random.default_rng(seed))
    (center,) = mapped(to_small, np.array([CENTER_XY]))
    np.testing.assert_allclose(own.outline.mean(axis=0)[::-1], center, atol=1.5)
    assert own.area == pytest.approx(np.pi * (RADIUS * factor) ** 2, rel=0.15)
    gray = small.pixels[..., 0].astype(np.float32)
    rows, cols = np.nonzero(own.mask & (gray < 150))
    inner = np.hypot(rows - center[1], cols - center[0]) < 0.75 * RADIUS * factor
    (dot,) = mapped(to_small, np.array([DOT_XY]))
    np.testing.assert_allclose([cols[inner].mean(), rows[inner].mean()], dot, atol=1.5)


@pytest.mark.parametrize("size", [(40, 30), (90, 60), (200, 150)])
def test_what_phones_do_has_the_size_asked_for_and_repeats_with_its_seed(size: tuple[int, int]) -> None:
    gray = np.random.default_rng(0).uniform(0, 255, (90, 120)).astype(np.float32)
    for seed in range(20):
        one, other = (as_phones_do(gray, size, np.random.default_rng(seed)) for _ in range(2))
        assert one.shape == size[::-1] and one.dtype == np.float32 and np.array_equal(one, other)
        assert np.isfinite(one).all()


def test_phones_sharpen_and_blur() -> None:
    step = np.full((48, 96), 80.0, np.float32)
    step[:, 48:] = 180.0
    seen = [as_phones_do(step, (96, 48), np.random.default_rng(seed)) for seed in range(60)]
    assert max(float(each[:, 40:56].max()) for each in seen) > 195  # a halo
    widths = [int(((each[24] > 95) & (each[24] < 165)).sum()) for each in seen]
    assert min(widths) == 0 and max(widths) >= 2
