"""Pictures within pictures: the framed one with a ruler of its own holds the pills meant and gives the scale."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline import Decision, identify
from pipeline.clock import Clock
from pipeline.looking import CallerHints, found_in
from pipeline.records import Box, Photo, PillRegion, Scale, ScaleSource
from pipeline.scale import find_inset, find_scale
from pipeline.settings import ScaleSettings
from tests.test_scale import disk, ruler_scene

SAMPLES = Path(__file__).parent.parent / "samples"
PAGE = CallerHints(None, None, "rgb", page=True)
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


@pytest.mark.parametrize(("length_mm", "is_found"), [(9.0, True), (8.0, False)])
def test_a_ruler_of_a_centimeter_is_enough_in_a_frame(length_mm: float, is_found: bool) -> None:
    scene = ruler_scene(20.0, axes="x", crossing=(60.0, 280.0), size_px=(400, 600), length_mm=length_mm, pill_mm=6.0)
    inset = scene[0]
    photo, box = page(framed(inset.pixels, BLUE), left=650)
    found = find_inset(photo)
    assert (found is not None) == is_found
    if found is not None:
        assert np.abs(np.subtract(found, box)).max() <= 8
        scale = find_scale(photo.part(found), [], framed=True)
        assert scale is not None and scale.mm_per_px == pytest.approx(1 / 20, rel=0.02)
    assert find_scale(inset, []) is None  # of a whole photo so short a ruler is no proof


def test_in_a_small_inset_the_long_ticks_may_reach_over_a_quarter_of_it() -> None:
    scene = ruler_scene(9.0, axes="x", crossing=(20.0, 95.0), size_px=(140, 160), length_mm=12.0, pill_mm=3.0)
    photo, box = page(framed(scene[0].pixels, BLUE))
    found = find_inset(photo)
    assert found is not None and np.abs(np.subtract(found, box)).max() <= 8
    scale = find_scale(photo.part(found), [], framed=True)
    assert scale is not None and scale.mm_per_px == pytest.approx(1 / 9, rel=0.02)


@pytest.mark.parametrize(("gap_px", "is_found"), [(4, True), (40, False)])
def test_a_side_that_a_line_crosses_is_whole(gap_px: int, is_found: bool) -> None:
    inset, _ = ruler_scene(12.0, crossing=(60.0, 270.0), size_px=(330, 460), length_mm=30.0, pill_mm=8.0)
    photo, (top, _, _, right) = page(framed(inset.pixels, BLUE))
    pixels = photo.pixels.copy()
    pixels[top + 160 : top + 160 + gap_px, right - 8 : right + 4] = pixels[top + 160, right + 20]
    assert (find_inset(Photo(pixels, "page")) is not None) == is_found


@pytest.mark.parametrize("is_left", [True, False])
@pytest.mark.parametrize(("thing", "figure_px", "is_found"), [(True, 45, True), (False, 45, True), (False, 150, False)])
def test_one_side_may_go_on_along_a_thing_or_be_broken_by_a_figure(
    is_left: bool, thing: bool, figure_px: int, is_found: bool
) -> None:
    """A blister's edge that is the frame's too and a figure on the frame's line are common on a pharmacy's pages."""
    inset, _ = ruler_scene(12.0, dark=False, crossing=(60.0, 270.0), size_px=(330, 460), length_mm=30.0, pill_mm=8.0)
    photo, box = page(framed(inset.pixels, WHITE))
    top, left, bottom, _ = box
    pixels = photo.pixels.copy()
    figure = pixels[top + 45 : top + 45 + figure_px, left - 6 : left + 12]
    if not is_left:
        figure = pixels[bottom - 12 : bottom + 6, left + 45 : left + 45 + figure_px]
    if thing and is_left:
        pixels[top : top + 600, left - 200 : left] = (30, 80, 50)
    elif thing:
        pixels[bottom : bottom + 200, left : left + 570] = (30, 80, 50)
    figure[:] = 255
    found = find_inset(Photo(pixels, "page"))
    assert (found is not None) == is_found
    assert found is None or np.abs(np.subtract(found, box)).max() <= 8


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

    def segment(part: Photo, shown: Box | None = None) -> tuple[PillRegion, ...]:
        sizes.append(part.pixels.shape)
        return (disk(part.pixels.shape[1] / 2, part.pixels.shape[0] / 2, 48.0),)

    said, regions, scale, shown = found_in(photo, segment, ScaleSettings(), PAGE, Clock())
    assert said.pixels is photo.pixels and "what lies outside it was not" in said.warnings[0]
    assert np.abs(np.subtract(shown, (153, 703, 483, 1163))).max() <= 8
    assert len(sizes) == 1 and max(sizes[0]) < 480  # the page itself is not looked at
    assert regions[0].outline.mean(axis=0) == pytest.approx((153 + 165, 703 + 230), abs=6)
    assert regions[0].box[0] == pytest.approx(153 + 165 - pill.mask.shape[0] / 2, abs=6)
    assert isinstance(scale, Scale) and scale.source is ScaleSource.RULER
    assert scale.outline is not None and scale.outline[:, 1].min() > 690


def test_where_nothing_lies_in_the_inset_the_whole_photo_is_looked_at() -> None:
    inset, _ = ruler_scene(12.0, crossing=(60.0, 270.0), size_px=(330, 460), length_mm=30.0, pill_mm=0.5)
    photo, _ = page(framed(inset.pixels, BLUE))
    pill = disk(300, 500, 70)
    said, regions, scale, shown = found_in(
        photo, lambda part, shown=None: (pill,) if part is photo else (), ScaleSettings(), PAGE, Clock()
    )
    assert said is photo and shown == (0, 0, 960, 1280)
    assert regions == (pill,)
    assert scale is not None and scale.mm_per_px == pytest.approx(1 / 8, rel=0.02)


@pytest.mark.parametrize(
    "told",
    [
        CallerHints(None, None, "rgb"),  # each pill, a list, is it this one, is it none of these: all that lies there
        CallerHints(None, "us-quarter", "rgb", page=True),
        CallerHints(0.1, None, "rgb", page=True),
        CallerHints(None, None, "rgb", (0, 0, 400, 400), page=True),
    ],
)
def test_no_inset_where_all_pills_are_asked_for_or_the_caller_speaks_of_the_whole_photo(told: CallerHints) -> None:
    inset, _ = ruler_scene(12.0, crossing=(60.0, 270.0), size_px=(330, 460), length_mm=30.0, pill_mm=8.0)
    photo, _ = page(framed(inset.pixels, BLUE))
    looked: list[Photo] = []

    def segment(part: Photo, shown: Box | None = None) -> tuple[PillRegion, ...]:
        looked.append(part)
        return ()

    found_in(photo, segment, ScaleSettings(), told, Clock())
    # A caller's region is looked at alone.
    assert looked == [photo] if told.region is None else len(looked) == 1 and looked[0].pixels.size < photo.pixels.size


@pytest.mark.parametrize("turn_deg", [0.2, 0.7, 5.0])
def test_a_card_under_a_camera_is_no_inset(turn_deg: float) -> None:
    card, _ = ruler_scene(12.0, crossing=(60.0, 270.0), size_px=(330, 460), length_mm=30.0, pill_mm=8.0)
    photo, _ = page(framed(card.pixels, BLUE))
    assert find_inset(photo) is not None
    turn = cv2.getRotationMatrix2D((930, 315), turn_deg, 1.0)
    turned = cv2.warpAffine(photo.pixels, turn, (1280, 960), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    assert find_inset(Photo(np.asarray(turned, np.uint8), "card")) is None


@pytest.mark.parametrize("seed", range(8))
def test_lines_of_text_are_no_ruler(seed: int) -> None:
    rng = np.random.default_rng(seed)
    label = np.full((480, 640, 3), 246, np.uint8)
    letters = ["take", "tablet", "mouth", "daily", "with", "food", "keep", "out", "of", "below", "25", "C", "Rx", "LOT"]
    for row in range(8):
        text = " ".join(rng.choice(letters, 12))
        cv2.putText(label, text, (20, 60 + 34 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (25, 25, 25), 1, cv2.LINE_AA)
    assert find_scale(Photo(label, "label"), [], framed=True) is None
    assert find_inset(page(framed(label[:420, :500], BLUE))[0]) is None


@pytest.mark.parametrize("side", [16, 17, 24, 32, 40, 64])
def test_small_photos_of_whatever_have_no_inset(side: int) -> None:
    rng = np.random.default_rng(side)
    blocks = np.kron(rng.integers(0, 2, (side // 3 + 1, side // 2 + 1, 1)) * 255, np.ones((3, 4, 3)))
    assert find_inset(Photo(np.ascontiguousarray(blocks[:side, : 2 * side], dtype=np.uint8), "blocks")) is None


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
