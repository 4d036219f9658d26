"""Measuring on drawn faces whose truth is known."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.geometry.axes import axes_of
from pipeline.geometry.lab import lab_of_linear, linear_of_pixels
from pipeline.measure import Measurer
from pipeline.measure.color import pair_figures, sample_colors, under_gray_ground
from pipeline.measure.combine import highest
from pipeline.measure.face import VIEW_PX, face_view
from pipeline.measure.models import load_models
from pipeline.measure.outline_figures import outline_figures
from pipeline.measure.score import find_lines
from pipeline.measure.surroundings import lay, scene_of
from pipeline.records import Photo, PillLook, PillRegion, Probabilities
from pipeline.segment.close_up import whole_frame

Points = NDArray[np.float64]
GROUND = (118, 118, 118)


def region_of(points: Points) -> PillRegion:
    """The region inside an outline of ``(row, col)`` points."""
    corners = points[:, ::-1].astype(np.float32)
    left, top = np.floor(corners.min(axis=0)).astype(int)
    width, height = np.ceil(corners.max(axis=0)).astype(int) - (left, top) + 1
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [((corners - (left, top)) * 16).round().astype(np.int32)], 1, shift=4)
    return PillRegion(points.astype(np.float32), mask.astype(bool), int(top), int(left), 1.0)


def turned(points: Points, turn_deg: float, center: float = 150.0) -> Points:
    """``(x, y)`` points turned counter-clockwise as seen, as ``(row, col)`` about a center."""
    angle = math.radians(turn_deg)
    x = points[:, 0] * math.cos(angle) + points[:, 1] * math.sin(angle)
    y = -points[:, 0] * math.sin(angle) + points[:, 1] * math.cos(angle)
    return np.stack([y + center, x + center], axis=1)


def ellipse(half_length: float, half_width: float) -> Points:
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    return np.stack([half_length * np.cos(angle), half_width * np.sin(angle)], axis=1)


def polygon(corners: int, radius: float) -> Points:
    angle = 2 * np.pi * np.arange(corners) / corners
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def box(half_length: float, half_width: float) -> Points:
    return np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [half_length, half_width]


def stadium(half_length: float, half_width: float) -> Points:
    angle = np.linspace(-np.pi / 2, np.pi / 2, 60)
    end = np.stack([np.cos(angle), np.sin(angle)], axis=1) * half_width + [half_length - half_width, 0]
    return np.concatenate([end, -end])


def draw(region: PillRegion, color: tuple[int, int, int], ground: tuple[int, int, int] = GROUND) -> NDArray[np.uint8]:
    """A 300 px photo of a face of one color, its rim shaded as a convex tablet's, with a little grain."""
    pixels = np.full((300, 300, 3), ground, np.float64)
    mask = np.zeros((300, 300), np.uint8)
    top, left, bottom, right = region.box
    mask[top:bottom, left:right] = region.mask
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    shade = 1 - 0.25 * np.exp(-inside / 5)
    pixels = np.where(mask[..., None] > 0, np.array(color) * shade[..., None], pixels)
    pixels += np.random.default_rng(0).normal(0, 1.5, pixels.shape)
    return np.clip(cv2.GaussianBlur(pixels, (0, 0), 0.8), 0, 255).astype(np.uint8)


def under_light(pixels: NDArray[np.uint8], gains: tuple[float, float, float]) -> NDArray[np.uint8]:
    """The photo under another light: linear channels scaled."""
    linear = np.clip(linear_of_pixels(pixels) * gains, 0, 1)
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (coded * 255).round().astype(np.uint8)


def look(pixels: NDArray[np.uint8], region: PillRegion) -> PillLook:
    return Measurer().measure(Photo(pixels, "drawn"), region, None).look


@pytest.mark.parametrize("turn_deg", [0.0, 20.0, 75.0, -40.0])
def test_axes_of_an_ellipse(turn_deg: float) -> None:
    axes = axes_of(region_of(turned(ellipse(100, 40), turn_deg)))
    assert axes.axis_major_length_px == pytest.approx(200, abs=2)
    assert axes.axis_minor_length_px == pytest.approx(80, abs=2)
    assert axes.axis_deg == pytest.approx(turn_deg, abs=0.5)
    assert axes.center == pytest.approx((150, 150), abs=0.5)
    assert axes.solidity == pytest.approx(1, abs=0.005)


def test_an_empty_region_says_so() -> None:
    region = PillRegion(np.zeros((4, 2), np.float32), np.zeros((5, 5), np.bool_), 0, 0, 1.0)
    with pytest.raises(ValueError, match="empty"):
        Measurer().measure(Photo(np.zeros((20, 20, 3), np.uint8), "drawn"), region, None)


def test_a_view_lies_level_and_leads_back_to_the_photo() -> None:
    region = region_of(turned(stadium(100, 35), 60))
    view = face_view(Photo(draw(region, (200, 60, 60)), "drawn"), region, axes_of(region))
    rows, cols = np.nonzero(view.mask)
    assert np.ptp(cols) == pytest.approx(0.92 * VIEW_PX, abs=2)
    assert np.ptp(rows) == pytest.approx(0.35 * 0.92 * VIEW_PX, abs=2)
    middle = (VIEW_PX - 1) / 2
    assert view.to_photo @ [middle, middle, 1] == pytest.approx([150, 150], abs=1)


@pytest.mark.parametrize("points", [polygon(5, 80), stadium(90, 40), box(80, 50), ellipse(90, 70)])
def test_outline_figures_know_no_turn_size_or_mirror(points: Points) -> None:
    plain = outline_figures(turned(points, 0).astype(np.float32))
    for other in (turned(points, 33), turned(points * 0.5, 0), turned(points * [1, -1], 110)):
        assert outline_figures(other.astype(np.float32)) == pytest.approx(plain, abs=0.12)


@pytest.mark.parametrize("turn_deg", [0.0, 25.0])
@pytest.mark.parametrize("size", [0.4, 1.0])
@pytest.mark.parametrize(
    ("points", "shape"),
    [
        (ellipse(90, 90), "ROUND"),
        (ellipse(100, 60), "OVAL"),
        (stadium(100, 42), "OVAL"),
        (polygon(3, 110), "TRIANGLE"),
        (polygon(5, 95), "PENTAGON (5 SIDED)"),
        (polygon(6, 95), "HEXAGON (6 SIDED)"),
        (polygon(8, 95), "OCTAGON (8 SIDED)"),
        (box(80, 80), "SQUARE"),
        (box(100, 50), "RECTANGLE"),
        (polygon(4, 100) * [1.0, 0.62], "DIAMOND"),
    ],
)
def test_shape_of_a_drawn_outline(points: Points, shape: str, size: float, turn_deg: float) -> None:
    region = region_of(turned(points * size, turn_deg))
    shapes = look(draw(region, (225, 225, 220)), region).shape
    assert shapes.best == shape, shapes.terms[:3]


def test_lab_of_the_primaries() -> None:
    # Bruce Lindbloom's calculator, sRGB, D65.
    primaries = lab_of_linear(np.eye(3))
    assert primaries[0] == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    assert primaries[1] == pytest.approx([87.73, -86.18, 83.18], abs=0.02)
    assert primaries[2] == pytest.approx([32.30, 79.19, -107.86], abs=0.02)


def test_a_gray_ground_takes_the_light_away() -> None:
    light = np.array([1.2, 1.0, 0.7])
    ground, pill = np.full((3, 3), 0.3) * light, np.full((5, 3), 0.8) * light
    lab = lab_of_linear(under_gray_ground(pill, ground))
    assert np.abs(lab_of_linear(pill)[:, 2]).min() > 15
    assert lab[:, 1:] == pytest.approx(np.zeros((5, 2)), abs=1.5)


def test_the_hue_of_a_nearly_black_ground_is_noise_and_changes_hardly_a_color() -> None:
    pill = np.full((5, 3), 0.6)
    for noise in ([0.003, 0.001, 0.002], [0.001, 0.002, 0.003], [0.0, 0.0, 0.001]):
        lab = lab_of_linear(under_gray_ground(pill, np.tile(noise, (3, 1))))
        assert lab[:, 1:] == pytest.approx(np.zeros((5, 2)), abs=5)


PLAIN_COLORS = [
    ((228, 226, 220), "WHITE"),
    ((60, 110, 190), "BLUE"),
    ((70, 150, 80), "GREEN"),
    ((235, 205, 90), "YELLOW"),
    ((225, 115, 40), "ORANGE"),
    ((165, 30, 35), "RED"),
    ((230, 160, 175), "PINK"),
]


@pytest.mark.parametrize(("color", "term"), PLAIN_COLORS)
@pytest.mark.parametrize("light", [(1.0, 1.0, 1.0), (1.15, 1.0, 0.8), (0.88, 1.0, 1.15)], ids=["even", "warm", "cold"])
def test_color_under_three_lights(color: tuple[int, int, int], term: str, light: tuple[float, float, float]) -> None:
    region = region_of(turned(ellipse(80, 80), 0))
    colors = look(under_light(draw(region, color), light), region).color
    assert colors.best == term, colors.terms[:3]


@pytest.mark.parametrize(("color", "term"), PLAIN_COLORS)
@pytest.mark.parametrize("light", [(1.25, 1.0, 0.65), (0.75, 1.0, 1.25)], ids=["warm", "cold"])
def test_on_black_no_light_is_known_so_no_wrong_color_is_sure(
    color: tuple[int, int, int], term: str, light: tuple[float, float, float]
) -> None:
    region = region_of(turned(ellipse(80, 80), 0))
    colors = look(under_light(draw(region, color, ground=(9, 9, 9)), light), region).color
    assert colors.best == term or colors[colors.best or ""] < 0.8, colors.terms[:3]
    if term == "WHITE":
        on_gray = look(under_light(draw(region, color), light), region).color
        assert colors["WHITE"] < 0.89 < on_gray["WHITE"]


@pytest.mark.parametrize(("color", "term"), PLAIN_COLORS)
def test_color_is_not_fooled_by_shadow_glare_and_print(color: tuple[int, int, int], term: str) -> None:
    region = region_of(turned(ellipse(80, 80), 0))
    pixels = draw(region, color)
    shadow = np.linspace(1.05, 0.75, 300)[None, :, None]
    shaded = np.clip(pixels * shadow, 0, 255).astype(np.uint8)
    cv2.circle(shaded, (120, 120), 10, (255, 255, 255), -1)
    cv2.putText(shaded, "024", (105, 175), cv2.FONT_HERSHEY_SIMPLEX, 1.4, (25, 25, 25), 4)
    colors = look(shaded, region).color
    assert colors.best == term, colors.terms[:3]


def test_a_patch_is_shown_as_seen_and_as_it_would_be_in_a_white_light() -> None:
    region = region_of(turned(ellipse(80, 80), 0))
    white = draw(region, (225, 225, 225))
    cold = under_light(white, (0.75, 0.9, 1.1))
    on_gray = Measurer().measure(Photo(cold, "drawn"), region, None)
    assert np.hypot(*on_gray.color_lab[0][1:]) < 4 < 8 < np.hypot(*on_gray.color_seen_lab[0][1:])


def test_on_skin_a_white_patch_stays_white() -> None:
    region = region_of(turned(ellipse(80, 80), 0))
    on_skin = draw(region, (215, 220, 225), ground=(190, 140, 115))
    found = Measurer().measure(Photo(on_skin, "drawn"), region, None)
    assert np.hypot(*found.color_lab[0][1:]) < 5
    assert found.look.color.best == "WHITE"


def test_another_pill_beside_it_is_no_ground() -> None:
    yellow, up = (230, 200, 90), np.array([-40.0, 0.0])
    region, beside = (region_of(turned(stadium(90, 38), 0) + shift) for shift in (up, -up))
    pixels = draw(region, yellow)
    pixels[150:] = draw(beside, yellow)[150:]
    photo, view = Photo(pixels, "drawn"), face_view(Photo(pixels, "drawn"), region, axes_of(region))
    alone, both = (sample_colors(photo, region, view, pills).ground for pills in ((), (region, beside)))
    # Lab of the ground's lightest quarter.
    assert np.hypot(*lab_of_linear(alone[2])[1:]) > 12
    assert np.hypot(*lab_of_linear(both[2])[1:]) < 3


@pytest.mark.parametrize(("rgb", "color"), [((30, 70, 150), "BLUE"), ((20, 110, 60), "GREEN")])
def test_the_color_of_a_pill_that_fills_the_photo_is_not_taken_for_the_light(
    rgb: tuple[int, int, int], color: str
) -> None:
    noise = np.random.default_rng(0).normal(0, 3, (60, 80, 3))
    photo = Photo(np.clip(np.array(rgb) + noise, 0, 255).astype(np.uint8), "drawn")
    found = Measurer().measure(photo, whole_frame(photo, (0, 0, 60, 80)), None)
    assert found.look.color.best == color
    assert np.allclose(found.color_lab, found.color_seen_lab, atol=1e-6)


def test_bars_beside_a_strip_that_the_pill_fills_are_no_ground() -> None:
    region, ground = region_of(turned(stadium(130, 30), 0)), (150, 140, 120)
    strip = draw(region, (200, 190, 80), ground)
    strip[:116] = strip[184:] = 0
    photo = Photo(strip, "drawn")
    taken = sample_colors(photo, region, face_view(photo, region, axes_of(region)), shown=(116, 0, 184, 300))
    assert np.allclose(taken.ground[1], linear_of_pixels(np.array(ground, np.uint8)), atol=0.03)


def test_the_seam_of_a_capsule_that_fills_the_photo_lies_anywhere() -> None:
    pixels = np.full((60, 100, 3), (30, 70, 150), np.uint8)
    pixels[:, :15] = (220, 218, 214)
    photo = Photo(pixels, "drawn")
    region = whole_frame(photo, (0, 0, 60, 100))
    white, blue = sample_colors(photo, region, face_view(photo, region, axes_of(region))).parts
    assert white[2].min() > 0.6 and blue[2][0] < 0.1


def test_a_pill_that_lies_outside_the_ring_or_across_its_border_is_cut_to_it() -> None:
    window = np.zeros((10, 10), np.uint8)
    square = PillRegion(np.zeros((4, 2), np.float32), np.ones((6, 6), bool), 7, -3, 1.0)
    lay(square, window, 0, 0)
    assert window.sum() == 9 and window[7:, :3].all()
    lay(square, window, 50, 50)
    lay(square, window, -50, -50)
    assert window.sum() == 9


def test_two_areas_of_noise_have_finite_figures() -> None:
    rising = np.linspace(0.02, 0.9, 5)[:, None] * np.ones(3)
    parts = np.stack([rising[::-1], 0.5 * rising[::-1]])  # the three-quarter place darker than the quarter
    figures = pair_figures(parts[None], np.full((1, 3, 3), 0.4), np.array([0.5]))
    assert np.isfinite(figures).all()


def test_the_scene_is_what_lies_outside_the_pill() -> None:
    region = region_of(turned(ellipse(80, 80), 0))
    pixels = draw(region, (250, 250, 250), ground=(60, 60, 60))
    pixels[:12] = (200, 180, 160)
    lightest, mean = (lab_of_linear(color) for color in scene_of(Photo(pixels, "drawn"), region))
    assert abs(lightest - lab_of_linear(linear_of_pixels(np.array([[200, 180, 160]], np.uint8)))).max() < 3
    assert mean[0] < 40


@pytest.mark.parametrize("turn_deg", [0.0, 50.0])
def test_a_capsule_of_two_colors(turn_deg: float) -> None:
    region = region_of(turned(stadium(100, 36), turn_deg))
    pixels, other = draw(region, (40, 90, 180)), draw(region, (230, 228, 224))
    angle = math.radians(turn_deg)
    rows, cols = np.indices((300, 300)) - 150
    along = cols * math.cos(angle) - rows * math.sin(angle)
    found = Measurer().measure(Photo(np.where((along > 10)[..., None], other, pixels), "drawn"), region, None)
    assert found.look.color.best == "BLUE;WHITE"
    assert len(found.color_lab) == 2


def groove(turn_deg: float, offset_px: float) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """A round face in the view with one groove, dark flank beside bright, and grain."""
    rows, cols = np.indices((VIEW_PX, VIEW_PX)) - (VIEW_PX - 1) / 2
    angle = math.radians(turn_deg)
    across = rows * math.cos(angle) + cols * math.sin(angle) - offset_px
    detail = 2 * np.tanh(across) * np.exp(-(across**2) / 4)
    mask = np.hypot(rows, cols) < 44
    return mask, (detail + np.random.default_rng(1).normal(0, 0.4, detail.shape)).astype(np.float32) * mask


@pytest.mark.parametrize("turn_deg", [0.0, 40.0, 90.0, 152.0])
def test_the_line_of_a_score(turn_deg: float) -> None:
    (line,) = find_lines(*groove(turn_deg, 1.0), pieces="2")
    (row0, col0), (row1, col1) = line
    found = math.degrees(math.atan2(-(row1 - row0), col1 - col0)) % 180
    assert min(abs(found - turn_deg), 180 - abs(found - turn_deg)) <= 4
    assert math.hypot(row1 - row0, col1 - col0) == pytest.approx(88, abs=3)


def test_the_lines_of_a_cross_score() -> None:
    mask, first = groove(30, 0)
    lines = find_lines(mask, first + groove(120, 0)[1], pieces="4")
    turns = sorted(math.degrees(math.atan2(-(b[0] - a[0]), b[1] - a[1])) % 180 for a, b in lines)
    assert turns == pytest.approx([30, 120], abs=5)


def face(shape: dict[str, float], color: dict[str, float], pieces: dict[str, float]) -> PillLook:
    return PillLook(
        shape=Probabilities.of(shape), color=Probabilities.of(color), score=Probabilities.of(pieces), faces=1
    )


def test_the_face_with_the_line_decides_the_score() -> None:
    chances = highest([Probabilities.of({"1": 0.9, "2": 0.1}), Probabilities.of({"1": 0.2, "2": 0.8})])
    assert chances["1"] == pytest.approx(0.18)
    assert chances["2"] == pytest.approx(0.82)


def test_two_faces_agree_more_than_one() -> None:
    one = face({"ROUND": 0.8, "OVAL": 0.2}, {"WHITE": 0.7, "YELLOW": 0.3}, {"1": 1.0})
    single, both = Measurer().combine([one]), Measurer().combine([one, one])
    assert single.shape["ROUND"] == pytest.approx(0.8)
    assert both.shape["ROUND"] > 0.8
    assert both.color["WHITE"] > 0.7


def test_a_shape_that_is_second_on_both_faces_does_not_beat_one_outline_in_two_names() -> None:
    shapes = ({"OVAL": 0.53, "SQUARE": 0.28, "CAPSULE": 0.19}, {"CAPSULE": 0.69, "SQUARE": 0.22, "OVAL": 0.09})
    both = Measurer().combine([face(shape, {"WHITE": 1.0}, {"1": 1.0}) for shape in shapes]).shape
    assert both.best == "CAPSULE"
    assert both["CAPSULE"] / both["OVAL"] == pytest.approx((0.19 / 0.53 * 0.69 / 0.09) ** 0.5)
    power = load_models().calibration["shape_power"]
    odds = (0.28 * 0.22 / (0.72 * 0.78)) ** power
    assert both["SQUARE"] == pytest.approx(odds / (1 + odds))


@pytest.mark.parametrize("shape", [{"OVAL": 0.4, "CAPSULE": 0.35, "ROUND": 0.25}, {"ROUND": 1.0}, {}])
def test_a_face_alone_stays_as_it_is(shape: dict[str, float]) -> None:
    one = Measurer().combine([face(shape, {"WHITE": 1.0}, {"1": 1.0})]).shape
    for term in ("OVAL", "CAPSULE", "ROUND"):
        assert one[term] == pytest.approx(shape.get(term, 0.0))


def test_faces_of_two_colors_make_a_two_layer_tablet() -> None:
    layers = [face({"ROUND": 1.0}, {color: 1.0}, {"1": 1.0}) for color in ("YELLOW", "WHITE")]
    assert Measurer().combine(layers).color.best == "WHITE;YELLOW"


def test_no_face_is_nothing_known() -> None:
    nothing = Measurer().combine([])
    assert nothing.shape.best is None and nothing.color.best is None and nothing.size is None


def test_an_outline_around_which_opencv_finds_no_triangle_has_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """As around some tiny blots far from the photo's corner."""
    points = np.array([(10, 10), (10, 20), (20, 20), (20, 10)], np.float32)
    plain = outline_figures(points)

    def fails(_: object) -> None:
        raise cv2.error("areEqualPoints(p, q) == false")

    monkeypatch.setattr(cv2, "minEnclosingTriangle", fails)
    assert outline_figures(points) == pytest.approx(plain, abs=0.05)


def test_faces_together_are_the_same_in_every_process() -> None:
    """Sums of floats depend on their order, and that of a set of words on the process."""
    code = (
        "from pipeline.measure import combine as c; from pipeline.records import Probabilities as P\n"
        "faces = [P.of(dict(zip(('RED', 'PINK', 'WHITE', 'BROWN', 'BLUE'), weights)))"
        " for weights in ((.31, .27, .2, .13, .09), (.11, .41, .17, .23, .08))]\n"
        "print(repr(list(c._multiplied(faces, 0.7).items())))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1 and "'PINK'" in said.pop()
