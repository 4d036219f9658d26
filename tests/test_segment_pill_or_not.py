"""The second question about a region: what its network sees, and what is left out that it takes for no pill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.load import load
from pipeline.network import Network
from pipeline.records import Box, Photo, PillRegion, Pixels
from pipeline.segment import Segmenter
from pipeline.segment.find import Search
from pipeline.segment.pill_maps import PillMaps
from pipeline.segment.pill_or_not import (
    PLANES,
    SPANS,
    VIEW_PX,
    Levels,
    PillOrNot,
    agreed,
    frame_of,
    logits_of,
    planes,
    region_planes,
    without_grounds,
)
from pipeline.settings import SegmentSettings

Disc = tuple[float, float, float]
SAMPLES = Path(__file__).parents[1] / "samples"


def circle(row: float, col: float, radius: float) -> NDArray[np.float32]:
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    return np.stack([row + radius * np.sin(angle), col + radius * np.cos(angle)], axis=1).astype(np.float32)


def drawn(size: tuple[int, int], discs: Sequence[Disc]) -> Pixels:
    pixels = np.full((*size, 3), (120, 90, 60), np.uint8)
    for row, col, radius in discs:
        cv2.fillPoly(pixels, [np.round(circle(row, col, radius)[:, ::-1] * 16).astype(np.int32)], (230, 40, 90), 16, 4)
    return pixels


def test_a_square_at_the_pictures_own_scale_is_cut_out_of_it() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    square = Levels(pixels).square(np.array([29.5, 39.5]), 20, 20)
    assert (square == pixels[20:40, 30:50]).all()


@pytest.mark.parametrize("step", [1.7, 5.0, 13.0, 40.0])
def test_a_reduced_square_keeps_the_mean_of_a_fine_pattern(step: float) -> None:
    rows, cols = np.mgrid[:1400, :1400]
    pixels = np.repeat((((rows + cols) % 2) * 200).astype(np.uint8)[..., None], 3, axis=2)
    square = Levels(pixels).square(np.array([700.0, 700.0]), 32 * step, 32)
    assert square.mean() == pytest.approx(100, abs=3)
    assert step < 2 or square.std() < 3


def test_a_region_looks_the_same_wherever_it_lies_and_however_large() -> None:
    small = region_planes(Levels(drawn((200, 300), [(90, 80, 10)])), circle(90, 80, 10))
    large = region_planes(Levels(drawn((800, 900), [(430, 410, 40)])), circle(430, 410, 40))
    assert small.shape == (2 * PLANES, VIEW_PX, VIEW_PX) and small.dtype == np.float32
    assert np.abs(small - large).mean() < 0.02


def test_the_planes_of_the_region_cover_its_share_of_each_view() -> None:
    blank = np.zeros((VIEW_PX, VIEW_PX, 3), np.uint8)
    frame = frame_of((40, 60), np.array([19.5, 29.5]), 10.0)
    seen = planes(blank, blank, circle(0, 0, 0.5).astype(np.float64), frame)
    for plane, span in zip((3, 8), SPANS, strict=True):
        assert (seen[plane] + 0.5).mean() == pytest.approx(np.pi * 0.25 / span**2, rel=0.25)
    assert (seen[:3] == -0.5).all() and (seen[5:8] == -0.5).all()
    # The photo is 6 by 4 lengths, the near view 1.45 and the far one 5 lengths wide.
    assert (seen[4] == 0.5).all() and (seen[9] + 0.5).mean() == pytest.approx(4 / 5, abs=0.03)


def test_a_region_at_the_border_sees_the_border_again() -> None:
    seen = region_planes(Levels(np.full((40, 40, 3), 200, np.uint8)), circle(2, 2, 6))
    assert np.allclose(seen[[0, 1, 2, 5, 6, 7]], 200 / 255 - 0.5, atol=1e-3)
    # The middle of the region, 13 pixels long, is 2.5 pixels away from both borders.
    assert (seen[4] + 0.5).mean() == pytest.approx(((SPANS[0] / 2 + 2.5 / 13) / SPANS[0]) ** 2, abs=0.02)


def found(row: float, col: float, radius: float) -> PillRegion:
    side = int(2 * radius) + 1
    outline = circle(row, col, radius)
    return PillRegion(outline, np.ones((side, side), bool), int(row - radius), int(col - radius), 0.9)


def test_alike_regions_raise_each_other_from_three_on_and_lower_none() -> None:
    discs = [(60.0, 60.0 + 90 * number, 30.0) for number in range(3)] + [(180.0, 100.0, 50.0)]
    photo = Photo(drawn((260, 400), discs), "alike.png")
    regions = [found(*disc) for disc in discs]
    chances = np.array([0.9, 0.9, 0.1, 0.2], np.float32)
    together = agreed(photo, regions, chances)
    # The log odds of 0.9, 0.9 and 0.1 have the mean log(9) / 3.
    assert together == pytest.approx([0.9, 0.9, 9 ** (1 / 3) / (1 + 9 ** (1 / 3)), 0.2], abs=1e-3)
    assert agreed(photo, regions[1:], chances[1:]) == pytest.approx(chances[1:], abs=1e-3)


class Seen:
    """Maps of discs, as a network would give them."""

    def __init__(self, discs: Sequence[Disc]) -> None:
        self.discs = discs

    def __call__(
        self, pixels: Pixels, long_side_px: int, mirrored: bool = False, plain: PillMaps | None = None
    ) -> PillMaps:
        height, width = (max(2, side * long_side_px // max(pixels.shape[:2]) // 2) for side in pixels.shape[:2])
        step = pixels.shape[0] / height, pixels.shape[1] / width
        rows, cols = (np.mgrid[:height, :width] + 0.5) * np.array(step)[:, None, None] - 0.5
        away = np.stack([np.hypot(rows - row, cols - col) / radius for row, col, radius in self.discs])
        pill = np.clip((1 - away) * 8 + 0.5, 0, 1).max(axis=0).astype(np.float32)
        core = np.clip((0.55 - away) * 8 + 0.5, 0, 1).max(axis=0).astype(np.float32)
        return PillMaps(pill, core, step)


class BelievesRound:
    """Takes for pills what is smaller than some length, and keeps what it was asked."""

    def __init__(self, length_max: float) -> None:
        self.length_max = length_max

    def __call__(self, photo: Photo, regions: Sequence[PillRegion]) -> NDArray[np.float32]:
        return np.array([0.9 if max(one.mask.shape) < self.length_max else 0.0 for one in regions], np.float32)


def test_what_is_no_pill_is_left_out_and_hides_no_smaller_pill() -> None:
    # The hand's disc has 100 times the area of the pill's: beside it the pill is a speck (`area_share_min`).
    discs = [(200.0, 180.0, 150.0), (200.0, 430.0, 15.0)]
    photo = Photo(drawn((400, 500), discs), "two.png")
    settings = SegmentSettings(coarse_px=512, closer_min=9.0)
    believed = Search(settings, Seen(discs))(photo)
    assert [round(max(one.mask.shape) / 300) for one in believed] == [1]
    (pill,) = Search(settings, Seen(discs), BelievesRound(100))(photo)
    assert pill.area == pytest.approx(np.pi * 15**2, rel=0.2)


def test_nothing_is_left_where_nothing_is_believed() -> None:
    discs = [(200.0, 180.0, 60.0)]
    photo = Photo(drawn((400, 500), discs), "one.png")
    assert len(Search(SegmentSettings(), Seen(discs))(photo)) == 1
    assert Search(SegmentSettings(), Seen(discs), BelievesRound(1))(photo) == ()


@pytest.mark.parametrize(("radius", "count"), [(4.5, 0), (8.0, 1)])
def test_a_speck_of_which_nothing_could_be_read_is_no_pill(radius: float, count: int) -> None:
    discs = [(100.0, 100.0, radius)]
    photo = Photo(drawn((200, 200), discs), "speck.png")
    assert len(Search(SegmentSettings(), Seen(discs), BelievesRound(100))(photo)) == count


class Chances:
    """Gives discs of these radii these chances."""

    def __init__(self, **chances: float) -> None:
        self.chances = {int(radius.removeprefix("r")): chance for radius, chance in chances.items()}

    def __call__(self, photo: Photo, regions: Sequence[PillRegion]) -> NDArray[np.float32]:
        nearest = (min(self.chances, key=lambda r: abs(2 * r - max(one.mask.shape))) for one in regions)
        return np.array([self.chances[radius] for radius in nearest], np.float32)


def test_where_a_list_says_that_pills_lie_a_region_that_may_be_none_is_kept_and_flagged() -> None:
    discs = [(120.0, 100.0, 60.0), (120.0, 300.0, 50.0), (300.0, 200.0, 40.0)]
    photo = Photo(drawn((400, 400), discs), "tray.png")
    settings, judge = SegmentSettings(coarse_px=512, closer_min=9.0), Chances(r60=0.9, r50=0.2, r40=0.001)
    strict = Search(settings, Seen(discs), judge)(photo)
    of_list = Search(settings, Seen(discs), judge, settings.pill_of_list_min)(photo)
    assert [round(max(one.mask.shape) / 20) for one in strict] == [6]
    assert [(round(max(one.mask.shape) / 20), one.doubted) for one in of_list] == [(6, False), (5, True)]


@pytest.mark.parametrize(("sure", "kept"), [(7, 7), (8, 9)])
def test_beside_many_pills_a_doubtful_region_is_one(sure: int, kept: int) -> None:
    discs = [(60.0 + 90 * (number // 4), 60.0 + 90 * (number % 4), 30.0) for number in range(sure)]
    discs.append((280.0, 200.0, 45.0))
    photo = Photo(drawn((400, 400), discs), "many.png")
    settings = SegmentSettings(coarse_px=512, closer_min=9.0)
    assert len(Search(settings, Seen(discs), Chances(r30=0.9, r45=0.3))(photo)) == kept
    # What the photo's border cuts is covered by no pill.
    cut = [*discs[:-1], (280.0, 390.0, 45.0)]
    assert len(Search(settings, Seen(cut), Chances(r30=0.9, r45=0.3))(Photo(drawn((400, 400), cut), "cut.png"))) == sure


class LosesAgain(Seen):
    """Maps of discs of which the mirrored looks, made again, show the first alone; counts those looks."""

    def __init__(self, discs: Sequence[Disc]) -> None:
        super().__init__(discs)
        self.again = 0

    def __call__(
        self, pixels: Pixels, long_side_px: int, mirrored: bool = False, plain: PillMaps | None = None
    ) -> PillMaps:
        self.again += mirrored
        return Seen(self.discs[:1] if mirrored else self.discs)(pixels, long_side_px, mirrored, plain)


@pytest.mark.parametrize(
    ("number", "chance", "kept", "is_again"),
    [(2, 0.95, 2, True), (2, 0.75, 1, True), (5, 0.95, 5, False), (5, 0.75, 1, True)],
    ids=["sure", "doubtful", "five, all sure", "five, one sure"],
)
def test_what_is_surely_a_pill_needs_no_other_look(number: int, chance: float, kept: int, is_again: bool) -> None:
    discs = [(100.0 + 150 * (spot // 3), 100.0 + 150 * (spot % 3), 60.0 - 20 * (spot > 0)) for spot in range(number)]
    photo = Photo(drawn((400, 500), discs), "tray.png")
    maps = LosesAgain(discs)
    pills = Search(SegmentSettings(coarse_px=512, closer_min=9.0), maps, Chances(r60=0.95, r40=chance))(photo)
    assert len(pills) == kept
    assert (maps.again > 0) == is_again


def test_of_two_looks_one_that_shows_a_pill_is_enough_beside_the_first() -> None:
    discs = [(100.0, 100.0, 60.0), (100.0, 300.0, 40.0)]
    photo = Photo(drawn((400, 500), discs), "tray.png")
    looks = iter([discs, discs[:1], discs])

    def maps(pixels: Pixels, long_side_px: int, mirrored: bool = False, plain: PillMaps | None = None) -> PillMaps:
        return Seen(next(looks))(pixels, long_side_px, mirrored, plain)

    settings = SegmentSettings(coarse_px=512, closer_min=9.0, again_px=(64.0, 128.0))
    assert len(Search(settings, maps, Chances(r60=0.95, r40=0.75))(photo)) == 2


class FaintWhenSmall(Seen):
    """Maps of discs as a network gives them that is not sure of a pill which is short in its look."""

    def __init__(self, discs: Sequence[Disc], chance: float) -> None:
        super().__init__(discs)
        self.chance = chance
        self.sides: list[int] = []

    def __call__(
        self, pixels: Pixels, long_side_px: int, mirrored: bool = False, plain: PillMaps | None = None
    ) -> PillMaps:
        self.sides.append(long_side_px)
        seen, clear = (
            Seen(discs)(pixels, long_side_px)
            for discs in (self.discs, [disc for disc in self.discs if disc[2] * long_side_px > 12 * max(pixels.shape)])
        )
        return replace(seen, pill=np.maximum(clear.pill, self.chance * seen.pill).astype(np.float32))


@pytest.mark.parametrize(("chance", "found", "sides"), [(0.7, 2, {256, 448}), (0.4, 1, {256})])
def test_what_may_be_a_small_pill_beside_a_large_one_is_looked_at_larger(
    chance: float, found: int, sides: set[int]
) -> None:
    discs = [(300.0, 300.0, 70.0), (300.0, 700.0, 30.0)]
    maps = FaintWhenSmall(discs, chance)
    photo = Photo(drawn((600, 900), discs), "hand.png")
    assert len(Search(SegmentSettings(closer_min=9.0), maps, Chances(r70=0.95, r30=0.95))(photo)) == found
    assert set(maps.sides) & {256, 448} == sides


class SeesPartsNearBy(Seen):
    """Maps of discs as a network gives them that sees no pill whole which is longer than 100 pixels of its look."""

    def __call__(
        self, pixels: Pixels, long_side_px: int, mirrored: bool = False, plain: PillMaps | None = None
    ) -> PillMaps:
        far = 100 / 2 * max(pixels.shape[:2]) / long_side_px
        seen: list[Disc] = []
        for row, col, radius in self.discs:
            parts = [(row, col - radius / 2, radius / 3), (row, col + radius / 2, radius / 3)]
            seen += [(row, col, radius)] if radius < far else parts
        return Seen(seen)(pixels, long_side_px, mirrored, plain)


@pytest.mark.parametrize(
    ("chance", "radii"),
    [(0.9, [60, 60]), (0.1, [20, 20, 20, 20])],
    ids=["two pills", "two things that are none hide no smaller pill"],
)
def test_figures_of_a_ruler_do_not_bring_the_pills_so_near_that_they_are_seen_in_parts(
    chance: float, radii: list[int]
) -> None:
    figures = [(60.0, 60.0 + 110 * number, 15.0) for number in range(10)]
    discs = [(300.0, 300.0, 60.0), (300.0, 700.0, 60.0), *figures]
    photo = Photo(drawn((900, 1200), discs), "ruler.png")
    pills = Search(SegmentSettings(), SeesPartsNearBy(discs), Chances(r60=chance, r20=0.9, r15=0.0))(photo)
    assert [round(max(one.mask.shape) / 20) * 10 for one in pills] == radii


class Finds:
    """A first network's search that finds two faces, as sure of them as it is told."""

    def __init__(self, sure: float) -> None:
        self.faces = tuple(replace(found(100, col, 30), confidence=sure) for col in (80, 200))

    def at_first(self, photo: Photo, box: Box, number: int) -> tuple[PillRegion, ...]:
        return self.faces


@pytest.mark.parametrize(
    ("sure", "chances", "kept"),
    [(0.95, (0.0, 0.0), 2), (0.85, (0.2, 0.1), 0), (0.85, (0.2, 0.75), 2)],
    ids=["sure", "no pills", "one may be a pill"],
)
def test_two_faces_of_which_the_first_network_is_not_sure_are_asked_about(
    monkeypatch: pytest.MonkeyPatch, sure: float, chances: tuple[float, float], kept: int
) -> None:
    """A street and a drawn horse had two (docs/experiments/segment.md, "Twentieth round")."""
    segmenter, photo = Segmenter(), Photo(drawn((200, 300), [(100, 80, 30), (100, 200, 30)]), "two.png")
    asked: list[int] = []

    def judge(photo: Photo, regions: Sequence[PillRegion]) -> NDArray[np.float32]:
        asked.append(len(regions))
        return np.array(chances, np.float32)

    monkeypatch.setattr(segmenter, "_reference", Finds(sure))
    monkeypatch.setattr(segmenter, "_judge", judge)
    for others in ("_any", "_of_list"):
        monkeypatch.setattr(segmenter, others, lambda photo, box: ())
    assert len(segmenter.of_list(photo)) == kept and asked == [2] * (sure < 0.9)
    assert len(segmenter(photo)) == kept


def test_faces_of_samples_are_pills_and_their_ground_is_none() -> None:
    photo = load(SAMPLES / "024_both_wood.jpg")
    regions = Segmenter()(photo)
    assert len(regions) == 2
    away = circle(0.5 * photo.pixels.shape[0], 0.5 * photo.pixels.shape[1], 30)
    judge = PillOrNot()
    assert judge(photo, regions).min() > 0.5
    assert judge(photo, ()).shape == (0,)
    many = judge(photo, regions * 40)
    assert many.shape == (80,) and np.allclose(many[:2], many[-2:], atol=1e-4)
    del away


class SeesTheLeft(Network):
    """A network whose logit is the mean of the first plane's left half, in hundreds."""

    def __init__(self) -> None:
        self.asked = 0

    def run(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        self.asked += len(values)
        return [100 * values[:, 0, :, : VIEW_PX // 2].mean(axis=(1, 2))[:, None]]


def test_regions_in_doubt_are_seen_mirrored_too() -> None:
    network = SeesTheLeft()
    seen = np.zeros((2, 2 * PLANES, VIEW_PX, VIEW_PX), np.float32)
    seen[0, 0, :, : VIEW_PX // 2] = 0.02
    seen[1, 0] = 0.3
    # The first has a logit of 2 as it is, of 0 from left to right.
    assert logits_of(network, seen) == pytest.approx([1, 30], abs=1e-4)
    assert network.asked == 2 + 1


def test_what_surrounds_a_likelier_pill_is_its_ground() -> None:
    paper, pill, beside = found(200, 200, 150), found(210, 180, 20), found(200, 420, 30)
    mark = found(420, 200, 10)
    kept = without_grounds([paper, pill, beside], np.array([0.5, 0.9, 0.7], np.float32))
    assert kept == pytest.approx([0, 0.9, 0.7])
    likelier = np.array([0.95, 0.9, 0.7], np.float32)
    assert without_grounds([paper, mark, beside], likelier) == pytest.approx(likelier)
    assert without_grounds([paper, pill, beside], likelier) == pytest.approx(likelier)
