"""Segmentation on drawn pills whose outlines are known exactly."""

from __future__ import annotations

import math
import time
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.evaluate.segmentation import iou, match, outlines_of
from pipeline.geometry.outline import clockwise
from pipeline.load import load
from pipeline.records import Photo, PillRegion, Pixels
from pipeline.segment import Segmenter, group_faces, segment
from pipeline.segment.edge import Belief, refine
from pipeline.segment.find import Search
from pipeline.segment.instances import INSTANCES_MAX
from pipeline.segment.pill_maps import PillMaps, PillNetwork
from pipeline.segment.regions import content_box
from pipeline.settings import SegmentSettings
from tests.test_segment_pill_or_not import Chances, Seen, drawn

pill_maps = PillNetwork()

Outline = NDArray[np.float32]
SAMPLES = Path(__file__).parents[1] / "samples"


def ellipse(row: float, col: float, half_row: float, half_col: float, count: int = 200) -> Outline:
    """A clockwise ellipse outline (row, col)."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([row + half_row * np.sin(angle), col + half_col * np.cos(angle)], axis=1).astype(np.float32)


def paint(pixels: NDArray[np.uint8], outline: Outline, color: tuple[int, int, int]) -> None:
    """Fill an outline with smooth edges and a rim a little darker, in place."""
    canvas = np.zeros((pixels.shape[0] * 4, pixels.shape[1] * 4), np.uint8)
    corners = np.round(((outline[:, ::-1] + 0.5) * 4 - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(canvas, [corners[:, None]], 255, shift=4)
    share = cv2.resize(canvas, pixels.shape[1::-1], interpolation=cv2.INTER_AREA).astype(np.float32)[..., None] / 255
    rim = cv2.GaussianBlur(share, (0, 0), 4)[..., None] if share.ndim == 2 else cv2.GaussianBlur(share, (0, 0), 4)
    rim = rim.reshape(*pixels.shape[:2], 1)
    body = np.array(color, np.float32) * (0.8 + 0.2 * rim)
    pixels[:] = np.clip(pixels * (1 - share) + body * share, 0, 255).astype(np.uint8)


def sheet(height: int = 480, width: int = 640, level: int = 118) -> NDArray[np.uint8]:
    """Even gray paper with a little grain."""
    grain = np.random.default_rng(1).normal(0, 1.5, (height, width, 1))
    return np.clip(level + np.repeat(grain, 3, axis=2), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("color", [(235, 235, 230), (200, 60, 50), (90, 130, 190)])
def test_one_disc_is_found_where_it_lies(color: tuple[int, int, int]) -> None:
    pixels, truth = sheet(), ellipse(240, 320, 60, 60)
    paint(pixels, truth, color)
    regions = segment(Photo(pixels, "disc"))
    assert len(regions) == 1
    assert iou(truth, regions[0].outline) > 0.96
    assert not regions[0].cut_by_border
    assert regions[0].area == pytest.approx(math.pi * 60 * 60, rel=0.04)


def test_an_empty_sheet_has_no_pill() -> None:
    assert segment(Photo(sheet(), "empty")) == ()


def test_two_faces_side_by_side_are_one_pill_and_a_third_of_another_color_is_not() -> None:
    pixels = sheet()
    truth = [ellipse(240, 150, 45, 45), ellipse(240, 270, 45, 45), ellipse(240, 460, 30, 70)]
    for outline, color in zip(truth, [(235, 235, 230), (230, 232, 228), (190, 60, 60)], strict=True):
        paint(pixels, outline, color)
    photo = Photo(pixels, "three")
    regions = segment(photo)
    assert len(regions) == 3
    assert min(match(truth, regions)) > 0.94
    groups = group_faces(photo, regions)
    assert sorted(len(group) for group in groups) == [1, 2]
    assert sorted(index for group in groups for index in group) == [0, 1, 2]


def photo_places(maps: PillMaps) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Row and col in the photo of each map pixel."""
    rows, cols = np.indices(maps.pill.shape)
    return rows * maps.to_photo[0], cols * maps.to_photo[1]


@pytest.mark.parametrize("middle", [0.6, 0.2])
def test_a_face_that_is_not_clear_at_one_scale_is_looked_for_at_others(middle: float) -> None:
    """As the network sees a large pill with bold print: its rim is sure, its middle is not."""
    pixels, faces = sheet(), [ellipse(240, col, 100, 100) for col in (160, 480)]
    for face in faces:
        paint(pixels, face, (235, 235, 230))
    sides: list[int] = []

    def unsure_at_first(part: Pixels, long_side_px: int, mirrored: bool, plain: PillMaps | None = None) -> PillMaps:
        sides.append(long_side_px)
        maps = pill_maps(part, long_side_px)
        if len(sides) > 1:
            return maps
        rows, cols = photo_places(maps)
        inside = (rows - 240) ** 2 + (cols - 160) ** 2 < 80**2
        return replace(maps, pill=np.where(inside, middle, maps.pill).astype(np.float32))

    regions = Segmenter(None, unsure_at_first)(Photo(pixels, "bold"))
    assert len(sides) > 1 and len(regions) == 2
    assert min(match(faces, regions)) > 0.95


def test_a_look_again_for_a_doubtful_face_does_not_lose_one() -> None:
    pixels, faces = sheet(), [ellipse(240, col, 60, 60) for col in (110, 320, 530)]
    for face in faces:
        paint(pixels, face, (235, 235, 230))
    looks: list[tuple[int, ...]] = []

    def less_each_time(part: Pixels, long_side_px: int, mirrored: bool, plain: PillMaps | None = None) -> PillMaps:
        """A doubt between the discs in the first look; the last disc is gone in the others."""
        maps = pill_maps(part, long_side_px)
        looks.append(part.shape)
        rows, cols = photo_places(maps)
        doubt = (rows > 360) & (rows < 470) & (cols > 160) & (cols < 270)
        gone = cols > 425
        changed = np.where(doubt, 0.6, maps.pill) if len(looks) == 1 else np.where(gone, 0.0, maps.pill)
        return replace(maps, pill=changed.astype(np.float32))

    segmenter = Segmenter(SegmentSettings(closer_min=9.0), less_each_time)
    assert len(segmenter(Photo(pixels, "three"))) == 3 and len(looks) > 1


@pytest.mark.parametrize(("count", "looks"), [(7, [False]), (8, [False, True])])
def test_many_pills_are_looked_at_mirrored_too(monkeypatch: pytest.MonkeyPatch, count: int, looks: list[bool]) -> None:
    pixels = sheet()
    for number in range(count):
        paint(pixels, ellipse(120 + 240 * (number % 2), 80 + 140 * (number // 2), 50, 50), (235, 235, 230))
    seen: list[bool] = []

    def counted(part: Pixels, long_side_px: int, mirrored: bool, plain: PillMaps | None = None) -> PillMaps:
        seen.append(mirrored)
        return pill_maps(part, long_side_px, mirrored)

    assert len(Segmenter(SegmentSettings(closer_min=9.0), counted)(Photo(pixels, "many"))) == count
    assert seen == looks


@pytest.mark.parametrize(("large", "found"), [(7, 7), (8, 9)])
def test_among_many_smaller_pills_count(large: int, found: int) -> None:
    discs = [(100.0 + 140 * (number // 3), 80.0 + 160 * (number % 3), 58.0) for number in range(large)]
    discs.append((500.0, 240.0, 15.0))
    photo = Photo(drawn((560, 480), discs), "many")
    search = Search(SegmentSettings(coarse_px=560, closer_min=9.0), Seen(discs), Chances(r58=0.95, r15=0.95))
    assert len(search(photo)) == found


def test_the_mirror_image_of_a_photo_gives_the_mirror_image_of_its_maps() -> None:
    pixels = sheet()
    paint(pixels, ellipse(200, 170, 50, 80), (235, 235, 230))
    pixels = pixels[:448]
    seen = pill_maps(pixels, 640, mirrored=True).pill
    for rows, cols in ((1, -1), (-1, 1), (-1, -1)):
        other = pill_maps(np.ascontiguousarray(pixels[::rows, ::cols]), 640, mirrored=True).pill
        assert float(np.abs(seen - other[::rows, ::cols]).max()) < 0.001


def test_touching_discs_are_two() -> None:
    pixels = sheet()
    truth = [ellipse(240, 270, 50, 50), ellipse(240, 370, 50, 50)]
    for outline in truth:
        paint(pixels, outline, (235, 230, 225))
    regions = segment(Photo(pixels, "touching"))
    assert len(regions) == 2
    assert min(match(truth, regions)) > 0.92


def test_a_pill_that_leaves_the_photo_is_flagged() -> None:
    pixels = sheet()
    paint(pixels, ellipse(240, 0, 60, 60), (240, 240, 235))
    regions = segment(Photo(pixels, "cut"))
    assert [region.cut_by_border for region in regions] == [True]


def test_small_pills_far_from_each_other_are_outlined_in_a_closer_look() -> None:
    pixels = sheet(960, 1280)
    truth = [ellipse(300, 520, 22, 22), ellipse(340, 640, 20, 34)]
    for outline, color in zip(truth, [(235, 235, 230), (90, 130, 190)], strict=True):
        paint(pixels, outline, color)
    regions = segment(Photo(pixels, "small"))
    assert len(regions) == 2
    assert min(match(truth, regions)) > 0.9


@pytest.mark.parametrize(("shown", "found"), [(slice(None), 2), (slice(0, 64), 1)], ids=["both faces", "one face"])
def test_tiny_pills_of_a_page_are_found(shown: slice, found: int) -> None:
    photo = load(SAMPLES / "024_both_paper.jpg").pixels
    small = cv2.resize(photo, (128, 89), interpolation=cv2.INTER_AREA)[:, shown]
    page = np.full((900, 640, 3), 250, np.uint8)
    page[200:289, 150 : 150 + small.shape[1]] = small
    regions = segment(Photo(page, "page"))
    assert len(regions) == found
    for region in regions:
        assert 30 <= region.box[2] - region.box[0] <= 40


def test_a_register_s_photo_is_left_to_the_first_network_and_any_other_to_the_second() -> None:
    both, front = (load(SAMPLES / f"024_{name}_paper.jpg") for name in ("both", "front"))
    assert regions_of(Segmenter()(both)) == regions_of(Segmenter(maps=PillNetwork("segment.onnx"))(both))
    by_hand = regions_of(Segmenter(maps=PillNetwork("segment_field.onnx"))(front))
    assert regions_of(Segmenter()(front)) == by_hand
    assert by_hand != regions_of(Segmenter(maps=PillNetwork("segment.onnx"))(front))


def regions_of(regions: Sequence[PillRegion]) -> list[list[list[float]]]:
    return [region.outline.tolist() for region in regions]


def test_black_padding_is_not_looked_at() -> None:
    pixels, truth = sheet(), ellipse(240, 320, 60, 60)
    paint(pixels, truth, (230, 230, 225))
    padded = cv2.copyMakeBorder(pixels, 80, 80, 0, 0, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    assert content_box(np.asarray(padded, np.uint8)) == (80, 0, 560, 640)
    regions = segment(Photo(np.asarray(padded, np.uint8), "padded"))
    assert len(regions) == 1
    assert iou(truth + np.array([80, 0], np.float32), regions[0].outline) > 0.95


@pytest.mark.parametrize("shape", [(1, 1), (16, 16), (20, 3000), (8, 8)])
def test_tiny_and_narrow_photos_have_an_answer(shape: tuple[int, int]) -> None:
    assert isinstance(segment(Photo(np.full((*shape, 3), 90, np.uint8), "tiny")), tuple)


def test_an_axis_on_white_is_no_photo_on_a_page() -> None:
    pixels = np.full((480, 480, 3), 255, np.uint8)
    pixels[100:400, 60:63] = 40
    faces = [ellipse(300, col, 30, 50) for col in (140, 270)]
    for face in faces:
        paint(pixels, face, (230, 170, 130))
    assert content_box(pixels) == (0, 0, 480, 480)
    assert min(match(faces, segment(Photo(pixels, "axis")))) > 0.95
    page = np.full((480, 480, 3), 255, np.uint8)
    page[100:250, 60:210] = 130
    assert content_box(page) == (100, 60, 250, 210)


def test_a_black_photo_has_no_pill() -> None:
    assert segment(Photo(np.zeros((300, 400, 3), np.uint8), "black")) == ()


def test_refining_puts_a_rough_circle_on_the_edge() -> None:
    pixels, truth = sheet(), ellipse(240, 320, 70, 70)
    paint(pixels, truth, (230, 225, 220))
    rough = ellipse(241.5, 318.5, 66, 72)
    everywhere = Belief(np.full((240, 320), 0.5, np.float32), (2.0, 2.0))
    sharp = refine(pixels, rough, 6.0, 2, everywhere)
    radius = np.linalg.norm(sharp - [240, 320], axis=1)
    assert abs(float(np.mean(radius)) - 70) < 0.3
    assert float(np.std(radius)) < 0.35


def test_outlines_run_clockwise_and_the_mask_is_the_filled_outline() -> None:
    pixels = sheet()
    paint(pixels, ellipse(200, 300, 40, 80), (225, 210, 120))
    (region,) = segment(Photo(pixels, "oval"))
    assert np.array_equal(clockwise(region.outline), region.outline)
    top, left, bottom, right = region.box
    assert (top, left) <= tuple(region.outline.min(axis=0)) and tuple(region.outline.max(axis=0)) <= (bottom, right)
    assert region.area == pytest.approx(cv2.contourArea(region.outline), rel=0.03)


def test_iou_of_known_squares() -> None:
    one = np.array([[0, 0], [0, 10], [10, 10], [10, 0]], np.float32)
    assert iou(one, one) == 1.0
    assert iou(one, one + np.array([0, 5], np.float32)) == pytest.approx(1 / 3, abs=0.03)


def test_polygons_are_read_as_row_and_col() -> None:
    (outline,) = outlines_of([((0.5, 0.25), (0.75, 0.25), (0.5, 0.5))], width=100, height=200)
    assert outline.tolist() == [[49.5, 49.5], [49.5, 74.5], [99.5, 49.5]]


def blots(side: int, grain_px: float, seed: int) -> NDArray[np.uint8]:
    """A picture of random blots, all of which may be pills."""
    noise = np.random.default_rng(seed).normal(0, 1, (side, side, 3)).astype(np.float32)
    return np.where(cv2.GaussianBlur(noise, (0, 0), grain_px) > 0, 255, 0).astype(np.uint8)


@pytest.mark.parametrize(("side", "grain_px"), [(64, 1.5), (150, 2.0), (400, 5.0), (1200, 12.0)])
def test_the_time_for_blots_is_bounded(side: int, grain_px: float) -> None:
    """They took 24 s; about 1.5 s are left."""
    photo = Photo(blots(side, grain_px, 0), "blots")
    began = time.process_time()
    regions = segment(photo)
    assert len(regions) <= INSTANCES_MAX
    assert time.process_time() - began < 4.0


def test_the_memory_for_blots_is_bounded() -> None:
    """They took 2.7 GB."""
    photo = Photo(blots(150, 2.0, 0), "blots")
    tracemalloc.start()
    segment(photo)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most_bytes < 3e8


@pytest.mark.parametrize(("count", "looks"), [(5, 3), (7, 3), (8, 1)])
def test_up_to_seven_unlike_pills_are_looked_at_again(monkeypatch: pytest.MonkeyPatch, count: int, looks: int) -> None:
    pixels = sheet()
    for number in range(count):
        radius = 50 if number % 2 else 34
        paint(pixels, ellipse(120 + 240 * (number % 2), 80 + 140 * (number // 2), radius, radius), (235, 235, 230))
    seen: list[bool] = []

    def counted(part: Pixels, long_side_px: int, mirrored: bool, plain: PillMaps | None = None) -> PillMaps:
        seen.append(mirrored)
        return pill_maps(part, long_side_px, mirrored)

    assert len(Segmenter(SegmentSettings(closer_min=9.0), counted)(Photo(pixels, "several"))) == count
    assert sum(seen) == looks  # mirrored ones
