"""Scale on drawn rulers, marker sheets and cards whose truth is known."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.errors import InputError
from pipeline.measure.size import size
from pipeline.records import Photo, PillRegion, Scale, ScaleSource
from pipeline.scale import find_scale
from pipeline.scale.coin_sizes import COINS_MM
from pipeline.scale.marker import CORNERS_MM, MARKER_MM, dictionary

FINE = 4  # drawn at four times the size and reduced, so that places are good to a fraction of a pixel


def ruler_scene(
    px_per_mm: float,
    *,
    axes: str = "xy",
    dark: bool = True,
    tick_mm: float = 1.0,
    cycle: tuple[int, int] = (5, 10),
    length_mm: float = 50.0,
    pill_mm: float = 10.0,
    crossing: tuple[float, float] = (60.0, 420.0),
    size_px: tuple[int, int] = (480, 640),
) -> tuple[Photo, PillRegion]:
    """An L-shaped axis whose zero lies at ``crossing`` ``(x, y)``, and a round pill."""
    ground, ink = (205, 60) if dark else (110, 190)
    image = np.full((size_px[0] * FINE, size_px[1] * FINE), ground, np.uint8)
    unit = px_per_mm * FINE
    x0, y0 = crossing[0] * FINE, crossing[1] * FINE
    width = max(2, round(0.22 * unit * tick_mm))

    def bar(left: float, top: float, right: float, bottom: float) -> None:
        image[round(top) : round(bottom), round(left) : round(right)] = ink

    for number in range(round(length_mm / tick_mm) + 1):
        long = 4.0 if number % cycle[1] == 0 else 3.0 if number % cycle[0] == 0 else 2.0
        reach = max(long * px_per_mm * tick_mm, 6.0) * FINE
        at = number * tick_mm * unit
        if "x" in axes:
            bar(x0 + at - width / 2, y0, x0 + at + width / 2, y0 + reach)
        if "y" in axes:
            bar(x0 - reach, y0 - at - width / 2, x0, y0 - at + width / 2)
    if "x" in axes:
        bar(x0, y0 - width, x0 + length_mm * unit, y0)
    if "y" in axes:
        bar(x0, y0 - length_mm * unit, x0 + width, y0)
    center = (size_px[1] / 2, size_px[0] / 2)
    radius = pill_mm * px_per_mm / 2
    cv2.circle(image, (round(center[0] * FINE), round(center[1] * FINE)), round(radius * FINE), 240, -1, cv2.LINE_AA)
    small = cv2.resize(image, size_px[::-1], interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(4).normal(0, 1.5, small.shape)
    gray = np.clip(cv2.GaussianBlur(small, (0, 0), 0.6) + noise, 0, 255).astype(np.uint8)
    return Photo(np.dstack([gray] * 3), "ruler"), disk(center[0], center[1], radius)


def disk(x: float, y: float, radius: float) -> PillRegion:
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    outline = np.stack([y + radius * np.sin(angle), x + radius * np.cos(angle)], axis=1).astype(np.float32)
    side = max(1, round(2 * radius))
    return PillRegion(outline, np.ones((side, side), np.bool_), round(y - radius), round(x - radius), 1.0)


def warped(photo: Photo, region: PillRegion, matrix: NDArray[np.float64]) -> tuple[Photo, PillRegion]:
    """The scene as a camera sees it after the homography."""
    height, width = photo.pixels.shape[:2]
    pixels = cv2.warpPerspective(photo.pixels, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    points = cv2.perspectiveTransform(region.outline[None, :, ::-1].astype(np.float64), matrix)[0][:, ::-1]
    moved = PillRegion(points.astype(np.float32), region.mask.copy(), region.top, region.left, 1.0)
    return Photo(np.asarray(pixels, np.uint8), photo.name), moved


def rotation(turn_deg: float, size_px: tuple[int, int] = (480, 640)) -> NDArray[np.float64]:
    turn = cv2.getRotationMatrix2D((size_px[1] / 2, size_px[0] / 2), turn_deg, 0.9)
    return np.vstack([turn, [0, 0, 1]])


@pytest.mark.parametrize("px_per_mm", [3.5, 5.3, 7.9])
@pytest.mark.parametrize("dark", [True, False])
def test_a_millimeter_axis_gives_the_scale(px_per_mm: float, dark: bool) -> None:
    photo, region = ruler_scene(px_per_mm, dark=dark)
    scale = find_scale(photo, [region])
    assert scale is not None and scale.source is ScaleSource.RULER and scale.homography is not None
    assert scale.mm_per_px == pytest.approx(1 / px_per_mm, rel=0.005)
    measured = size(region, scale)
    assert measured.length_mm == pytest.approx(10.0, abs=0.08)
    assert measured.width_mm == pytest.approx(10.0, abs=0.08)


@pytest.mark.parametrize("axes", ["x", "y"])
def test_one_axis_is_enough_but_less_certain(axes: str) -> None:
    photo, region = ruler_scene(7.2, axes=axes)
    scale = find_scale(photo, [region])
    both = find_scale(*_one(ruler_scene(7.2)))
    assert scale is not None and both is not None
    assert scale.homography is None and scale.relative_sigma > both.relative_sigma
    assert scale.mm_per_px == pytest.approx(1 / 7.2, rel=0.005)


def _one(scene: tuple[Photo, PillRegion]) -> tuple[Photo, list[PillRegion]]:
    return scene[0], [scene[1]]


@pytest.mark.parametrize("turn_deg", [-4.0, 2.0, 5.0])
def test_a_slightly_turned_axis_is_found(turn_deg: float) -> None:
    photo, region = warped(*ruler_scene(6.5), rotation(turn_deg))
    scale = find_scale(photo, [region])
    assert scale is not None and size(region, scale).length_mm == pytest.approx(10.0, abs=0.12)


def test_a_tilted_camera_is_corrected() -> None:
    tilt = np.array([[1.0, 0.03, -5], [0.0, 0.93, 12], [0.0, 2.5e-4, 1.0]])
    photo, region = warped(*ruler_scene(7.5), tilt)
    scale = find_scale(photo, [region])
    assert scale is not None and scale.homography is not None
    measured = size(region, scale)
    assert (measured.length_mm, measured.width_mm) == pytest.approx((10.0, 10.0), abs=0.2)


def test_an_axis_with_whole_centimeters_only_is_told_by_the_pill_beside_it() -> None:
    photo, region = ruler_scene(
        4.0, tick_mm=10.0, cycle=(100, 100), length_mm=100.0, axes="xy", crossing=(120.0, 440.0)
    )
    scale = find_scale(photo, [region])
    assert scale is not None and scale.mm_per_px == pytest.approx(0.25, rel=0.01)


def marker_scene(px_per_mm: float, ids: tuple[int, ...]) -> tuple[Photo, PillRegion]:
    image = np.full((900, 1200), 235, np.uint8)
    side = round(MARKER_MM * px_per_mm)
    for number in ids:
        right, down = CORNERS_MM[number]
        left, top = round(150 + right * px_per_mm), round(120 + down * px_per_mm)
        image[top : top + side, left : left + side] = cv2.aruco.generateImageMarker(dictionary(), number, side)
    middle = (150 + 50 * px_per_mm, 120 + 50 * px_per_mm)
    radius = 3.5 * px_per_mm
    cv2.circle(image, (round(middle[0]), round(middle[1])), round(radius), 180, -1)
    return Photo(np.dstack([cv2.GaussianBlur(image, (0, 0), 0.8)] * 3), "sheet"), disk(*middle, radius)


def test_the_marker_sheet_gives_the_scale_however_the_camera_is_held() -> None:
    photo, region = marker_scene(6.0, (583, 584, 585, 586))
    tilt = rotation(25.0, (900, 1200)) @ np.array([[1, 0.05, 0], [0.02, 0.9, 0], [1e-4, 2e-4, 1]])
    photo, region = warped(photo, region, tilt)
    scale = find_scale(photo, [region])
    assert scale is not None and scale.source is ScaleSource.MARKER
    measured = size(region, scale)
    assert (measured.length_mm, measured.width_mm) == pytest.approx((7.0, 7.0), abs=0.1)


def test_one_marker_is_enough() -> None:
    photo, region = marker_scene(6.0, (585,))
    scale = find_scale(photo, [region])
    assert scale is not None and scale.mm_per_px == pytest.approx(1 / 6.0, rel=0.01)


def card_scene(width_mm: float = 85.60, height_mm: float = 53.98, corner_mm: float = 3.18) -> tuple[Photo, PillRegion]:
    """A dark card turned by 12 degrees at 6 px/mm, and a pill of 8 mm beside it."""
    image = np.full((800, 1000), 215, np.uint8)
    unit, corner = 6.0, corner_mm * 6.0
    half = np.array([width_mm, height_mm]) * unit / 2
    points = []
    for start, (sx, sy) in zip((0, 90, 180, 270), ((1, 1), (-1, 1), (-1, -1), (1, -1)), strict=True):
        angle = np.radians(np.linspace(start, start + 90, 12))
        arc = np.stack([np.cos(angle), np.sin(angle)], axis=1) * corner
        points.append((half - corner) * (sx, sy) + arc)
    outline = np.concatenate(points)
    turn = math.radians(12)
    outline = outline @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]]) + (420, 430)
    cv2.fillPoly(image, [np.rint(outline * 16).astype(np.int32)], 70, lineType=cv2.LINE_AA, shift=4)
    cv2.circle(image, (900, 120), 24, 250, -1, cv2.LINE_AA)
    return Photo(np.dstack([image] * 3), "card"), disk(900, 120, 24)


def test_a_card_gives_the_scale() -> None:
    photo, region = card_scene()
    scale = find_scale(photo, [region])
    assert scale is not None and scale.source is ScaleSource.CARD
    assert scale.mm_per_px == pytest.approx(1 / 6.0, rel=0.01)


@pytest.mark.parametrize("other", [{"width_mm": 90.0, "height_mm": 50.0}, {"corner_mm": 0.0}, {"corner_mm": 9.0}])
def test_what_is_no_card_is_not_taken_for_one(other: dict[str, float]) -> None:
    photo, region = card_scene(**other)
    assert find_scale(photo, [region]) is None


def coin_scene(diameter_mm: float, tilt_deg: float = 0.0) -> tuple[Photo, PillRegion]:
    """A milled coin with a head on it at 8 px/mm on grained wood, and a round tablet of 9 mm; seen from the side."""
    generator = np.random.default_rng(3)
    grain = cv2.GaussianBlur(generator.normal(0, 12, (600, 800)), (0, 0), sigmaX=20, sigmaY=1.0)
    image = np.clip(150 + 6 * grain, 0, 255).astype(np.uint8)
    fine = cv2.resize(image, None, fx=FINE, fy=FINE)
    middle, squeeze = (300 * FINE, 300 * FINE), math.cos(math.radians(tilt_deg))
    radius = diameter_mm * 8.0 / 2
    for share, light in ((1.0, 95), (0.94, 125), (0.9, 110)):
        axes = (round(radius * FINE * share), round(radius * FINE * share * squeeze))
        cv2.ellipse(fine, middle, axes, 0, 0, 360, light, -1)
    image = np.asarray(cv2.resize(fine, None, fx=1 / FINE, fy=1 / FINE, interpolation=cv2.INTER_AREA), np.uint8)
    cv2.circle(image, (290, 295), round(0.45 * radius), 150, 3, cv2.LINE_AA)
    cv2.putText(image, "1999", (300, 350), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 160, 1, cv2.LINE_AA)
    cv2.circle(image, (600, 300), 36, 240, -1, cv2.LINE_AA)
    soft = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.8), np.uint8)
    return Photo(np.dstack([soft] * 3), "coin"), disk(600, 300, 36)


@pytest.mark.parametrize("coin", sorted(COINS_MM))
@pytest.mark.parametrize("tilt_deg", [0.0, 20.0])
def test_a_coin_whose_kind_the_caller_names_gives_the_scale(coin: str, tilt_deg: float) -> None:
    photo, region = coin_scene(COINS_MM[coin], tilt_deg)
    scale = find_scale(photo, [region], coin=coin)
    assert scale is not None and scale.source is ScaleSource.COIN and scale.outline is not None
    assert scale.mm_per_px == pytest.approx(1 / 8.0, rel=0.015)
    assert size(region, scale).length_mm == pytest.approx(9.0, abs=0.2)
    rows, cols = scale.outline.T
    assert np.hypot(cols - 300, rows - 300).max() == pytest.approx(0.97 * COINS_MM[coin] * 4.0, rel=0.015)


def test_a_coin_is_never_guessed() -> None:
    assert find_scale(*_one(coin_scene(24.26))) is None


def test_a_coin_that_is_not_there_gives_no_scale() -> None:
    photo, region = card_scene()
    scale = find_scale(photo, [region], coin="us-quarter")
    assert scale is None or scale.source is ScaleSource.CARD


def test_two_faces_of_a_round_pill_are_no_coin() -> None:
    photo, region = coin_scene(9.0)
    assert find_scale(photo, [disk(300, 300, 36), region], coin="us-quarter") is None


def test_an_unknown_coin_is_refused() -> None:
    with pytest.raises(InputError, match="us-quarter"):
        find_scale(*_one(coin_scene(24.26)), coin="doubloon")


def test_without_a_reference_there_is_no_scale() -> None:
    generator = np.random.default_rng(2)
    grain = cv2.GaussianBlur(generator.normal(170, 25, (480, 640, 3)), (0, 0), 1.0)
    assert find_scale(Photo(np.clip(grain, 0, 255).astype(np.uint8), "grain"), [disk(320, 240, 60)]) is None
    assert find_scale(Photo(np.full((20, 20, 3), 90, np.uint8), "plain"), []) is None


@pytest.mark.parametrize("axes", ["x", "xy"])
@pytest.mark.parametrize(("px_per_mm", "grain"), [(5.0, 18.0), (8.0, 35.0), (11.0, 35.0)])
def test_a_ruler_on_brushed_metal_or_cloth_is_found(axes: str, px_per_mm: float, grain: float) -> None:
    photo, region = ruler_scene(px_per_mm, axes=axes, length_mm=min(50.0, 560 / px_per_mm))
    gray = photo.pixels[..., 0] + np.random.default_rng(7).normal(0, grain, photo.pixels.shape[:2])
    scale = find_scale(Photo(np.dstack([np.clip(gray, 0, 255).astype(np.uint8)] * 3), "grain"), [region])
    assert scale is not None and scale.mm_per_px == pytest.approx(1 / px_per_mm, rel=0.01)


@pytest.mark.parametrize("step", [6, 9, 12])
def test_the_threads_of_a_cloth_are_no_ruler(step: int) -> None:
    random = np.random.default_rng(step)
    cloth = 60 + random.normal(0, 20, (480, 640))
    for row in range(4, 480, step):
        for left in range(0, 640, 40):
            cloth[row, left : left + random.integers(20, 40)] += 90
    gray = np.clip(cloth, 0, 255).astype(np.uint8)
    assert find_scale(Photo(np.dstack([gray] * 3), "cloth"), [disk(320, 240, 60)]) is None


def test_stripes_and_print_are_no_ruler() -> None:
    image = np.full((480, 640), 220, np.uint8)
    for row, text in enumerate(
        ("the quick brown fox jumps", "over the lazy dog 0123456", "lorem ipsum dolor sit amet")
    ):
        cv2.putText(image, text, (20, 80 + 50 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.1, 30, 2, cv2.LINE_AA)
    image[300:, ::40] = 120
    image[300:, 1::40] = 120
    assert find_scale(Photo(np.dstack([image] * 3), "print"), [disk(320, 400, 50)]) is None


def test_the_callers_figure_goes_before_everything() -> None:
    photo, region = ruler_scene(7.0)
    scale = find_scale(photo, [region], mm_per_px=0.05)
    assert scale is not None and scale.source is ScaleSource.CALLER and scale.mm_per_px == 0.05


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan, math.inf])
def test_a_senseless_figure_is_refused(wrong: float) -> None:
    photo, region = ruler_scene(7.0)
    with pytest.raises(ValueError, match="mm_per_px"):
        find_scale(photo, [region], mm_per_px=wrong)


def test_scale_arrays_are_read_only() -> None:
    scale = find_scale(*_one(ruler_scene(7.0)))
    assert isinstance(scale, Scale) and scale.outline is not None
    with pytest.raises(ValueError, match="read-only"):
        scale.outline[0, 0] = 1.0
