"""Pictures within pictures: the framed one with a ruler of its own holds the pills meant and gives the scale."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline import Decision, identify
from pipeline.records import Box, Photo, PillRegion, Scale, ScaleSource
from pipeline.scale import find_inset, find_scale
from pipeline.scene import CallerHints, Clock, found_in
from pipeline.settings import ScaleSettings
from tests.test_scale import disk, ruler_scene

SAMPLES = Path(__file__).parent.parent / "samples"
BLUE, WHITE = (40, 90, 170), (255, 255, 255)


def framed(picture: NDArray[np.uint8], color: tuple[int, int, int] | None) -> NDArray[np.uint8]:
    """A picture with a drawn line around it, or none."""
    if color is None:
        return picture
    return np.asarray(cv2.copyMakeBorder(picture, 3, 3, 3, 3, cv2.BORDER_CONSTANT, value=color), np.uint8)


def page(picture: NDArray[np.uint8], top: int = 150, left: int = 700) -> tuple[Photo, Box]:
    """A page with a coarse ruler of its own along its left and lower side, two pills, and the picture."""
    whole, _ = ruler_scene(8.0, crossing=(60.0, 860.0), size_px=(960, 1280), length_mm=100.0, pill_mm=14.0)
    pixels = whole.pixels.copy()
    cv2.circle(pixels, (300, 500), 70, (240, 240, 240), -1, cv2.LINE_AA)
    height, width = picture.shape[:2]
    pixels[top : top + height, left : left + width] = picture
    return Photo(pixels, "page"), (top, left, top + height, left + width)


@pytest.mark.parametrize(("line", "dark"), [(BLUE, True), (BLUE, False), (WHITE, True), (WHITE, False), (None, False)])
def test_an_inset_is_found_by_its_sides_and_its_ruler(line: tuple[int, int, int] | None, dark: bool) -> None:
    inset, _ = ruler_scene(12.0, dark=dark, crossing=(60.0, 270.0), size_px=(330, 460), length_mm=30.0, pill_mm=8.0)
    photo, box = page(framed(inset.pixels, line))
    found = find_inset(photo)
    assert found is not None
    assert np.abs(np.subtract(found, box)).max() <= 8
    scale = find_scale(photo.part(found), [], framed=True)
    assert scale is not None and scale.mm_per_px == pytest.approx(1 / 12, rel=0.02)


def test_a_frame_without_a_ruler_and_a_ruler_without_a_frame_are_no_inset() -> None:
    plain = np.full((330, 460, 3), 235, np.uint8)
    cv2.circle(plain, (230, 160), 60, (250, 250, 250), -1, cv2.LINE_AA)
    assert find_inset(page(framed(plain, BLUE))[0]) is None
    assert find_inset(ruler_scene(7.0)[0]) is None


def test_grids_barcodes_and_noise_are_no_inset() -> None:
    grid = np.full((800, 800, 3), 240, np.uint8)
    grid[::40], grid[:, ::40] = 90, 90
    assert find_inset(Photo(grid, "grid")) is None
    codes = np.full((800, 800, 3), 240, np.uint8)
    for x in np.cumsum(np.random.default_rng(1).integers(4, 12, 60)):
        codes[200:420, x : x + 3] = 20
    assert find_inset(Photo(codes, "barcode")) is None
    noise = np.random.default_rng(2).integers(0, 256, (700, 900, 3), np.uint8)
    assert find_inset(Photo(noise, "noise")) is None


def test_what_is_found_in_an_inset_lies_in_the_whole_photo() -> None:
    inset, pill = ruler_scene(12.0, crossing=(60.0, 270.0), size_px=(330, 460), length_mm=30.0, pill_mm=8.0)
    photo, _ = page(framed(inset.pixels, BLUE))
    sizes: list[tuple[int, ...]] = []

    def segment(part: Photo) -> tuple[PillRegion, ...]:
        sizes.append(part.pixels.shape)
        return (disk(part.pixels.shape[1] / 2, part.pixels.shape[0] / 2, 48.0),)

    regions, scale = found_in(photo, segment, ScaleSettings(), CallerHints(None, None, "rgb"), Clock())
    assert len(sizes) == 1 and max(sizes[0]) < 480  # the page itself is not looked at
    assert regions[0].outline.mean(axis=0) == pytest.approx((153 + 165, 703 + 230), abs=6)
    assert regions[0].box[0] == pytest.approx(153 + 165 - pill.mask.shape[0] / 2, abs=6)
    assert isinstance(scale, Scale) and scale.source is ScaleSource.RULER
    assert scale.outline is not None and scale.outline[:, 1].min() > 690


def test_where_nothing_lies_in_the_inset_the_whole_photo_is_looked_at() -> None:
    inset, _ = ruler_scene(12.0, crossing=(60.0, 270.0), size_px=(330, 460), length_mm=30.0, pill_mm=0.5)
    photo, _ = page(framed(inset.pixels, BLUE))
    pill = disk(300, 500, 70)
    regions, scale = found_in(
        photo, lambda part: (pill,) if part is photo else (), ScaleSettings(), CallerHints(None, None, "rgb"), Clock()
    )
    assert regions == (pill,)
    assert scale is not None and scale.mm_per_px == pytest.approx(1 / 8, rel=0.02)


def test_ticks_that_lie_less_evenly_count_where_two_axes_form_a_corner() -> None:
    photo, region = ruler_scene(12.0, crossing=(60.0, 430.0), length_mm=30.0)
    shifted = photo.pixels.copy()
    rows, columns = np.indices(shifted.shape[:2])
    offset = (1.1 * np.sin(columns / 17.0)).astype(np.float32)
    wavy = cv2.remap(shifted, columns.astype(np.float32) + offset, rows.astype(np.float32), cv2.INTER_LINEAR)
    scale = find_scale(Photo(np.asarray(wavy, np.uint8), "drawn by hand"), [region])
    assert scale is not None
    assert scale.mm_per_px == pytest.approx(1 / 12, rel=0.05)


def test_the_tablet_in_an_inset_is_identified_beside_pills_of_another_product() -> None:
    tablet = np.asarray(cv2.imread(str(SAMPLES / "024_both_ruler.jpg")), np.uint8)
    beside = np.asarray(cv2.imread(str(SAMPLES / "alprazolam_both.jpg")), np.uint8)
    small = cv2.resize(tablet, None, fx=520 / tablet.shape[1], fy=520 / tablet.shape[1], interpolation=cv2.INTER_AREA)
    pixels = np.full((1000, 1400, 3), 190, np.uint8)
    other = cv2.resize(beside, None, fx=600 / beside.shape[1], fy=600 / beside.shape[1], interpolation=cv2.INTER_AREA)
    pixels[300 : 300 + other.shape[0], 60 : 60 + other.shape[1]] = other
    picture = framed(np.asarray(small, np.uint8), BLUE[::-1])
    pixels[120 : 120 + picture.shape[0], 800 : 800 + picture.shape[1]] = picture
    answer = identify(pixels, channels="bgr")
    alone = identify(tablet, channels="bgr")
    assert alone.decision is answer.decision is Decision.IDENTIFIED
    assert answer.candidates[0].product.product_id == "pillprint:baclofen-10-trupharma-024"
    assert answer.look.size is not None and answer.look.size.length_mm == pytest.approx(7.0, rel=0.05)
