"""Two ends of a capsule become one region, two tablets stay two."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.records import Photo, PillRegion
from pipeline.segment.halves import rejoined
from pipeline.segment.pill_or_not import JudgesRegions, PillOrNot
from pipeline.segment.regions import region_of

SIZE = (300, 500)
BOX = (0, 0, *SIZE)
RED, CREAM, GROUND = (170, 60, 50), (235, 225, 190), (120, 125, 130)
Shape = NDArray[np.float32]


def stadium(first: float, last: float, row: float = 150, radius: float = 45) -> Shape:
    """An upright outline ``(n, 2)`` (row, col) with a round end at each column that is given."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, 40)
    right = np.stack([row + radius * np.sin(angle), last + radius * np.cos(angle)], axis=1)
    left = np.stack([row - radius * np.sin(angle), first - radius * np.cos(angle)], axis=1)
    return np.concatenate([right, left]).astype(np.float32)


def ends(whole: Shape, seam: float) -> list[Shape]:
    """What lies on either side of a column."""
    return [
        np.stack([whole[:, 0], np.clip(whole[:, 1], low, high)], axis=1).astype(np.float32)
        for low, high in ((-np.inf, seam - 1), (seam + 1, np.inf))
    ]


def drawn(shapes: Sequence[Shape], colors: Sequence[tuple[int, int, int]]) -> tuple[Photo, list[PillRegion]]:
    pixels = np.full((*SIZE, 3), GROUND, np.float32)
    for shape in shapes:
        shadow = np.zeros(SIZE, np.uint8)
        cv2.fillPoly(shadow, [np.round(shape[:, ::-1] + (5, 6)).astype(np.int32)], 255)
        pixels *= 1 - 0.35 * cv2.GaussianBlur(shadow, (0, 0), 4)[..., None].astype(np.float32) / 255
    for shape, color in zip(shapes, colors, strict=True):
        cv2.fillPoly(pixels, [np.round(shape[:, ::-1] * 16).astype(np.int32)], color, cv2.LINE_AA, 4)
    noisy = pixels + np.random.default_rng(2).normal(0, 2, pixels.shape)
    photo = Photo(np.clip(noisy, 0, 255).astype(np.uint8), "drawn.png")
    return photo, [region_of(photo, shape, BOX, 0.95) for shape in shapes]


class Believes:
    """Gives each region the chance of its length in pixels; keeps what it was asked."""

    def __init__(self, long: float, short: float) -> None:
        self.long, self.short, self.asked = long, short, 0

    def __call__(self, photo: Photo, regions: Sequence[PillRegion]) -> NDArray[np.float32]:
        self.asked += 1
        return np.array([self.long if one.mask.shape[1] > 150 else self.short for one in regions], np.float32)


def joined(
    photo: Photo, regions: list[PillRegion], alone: JudgesRegions, together: JudgesRegions | None = None
) -> list[PillRegion]:
    return rejoined(photo, regions, alone(photo, regions), BOX, together or alone, 0.93)[0]


def test_the_two_ends_of_a_capsule_in_two_colors_are_one_pill() -> None:
    whole = stadium(180, 320)
    photo, regions = drawn(ends(whole, 240), (RED, CREAM))
    (pill,) = joined(photo, regions, Believes(0.99, 0.6))
    assert pill.area == pytest.approx(cv2.contourArea(whole), rel=0.02)
    assert pill.box == (105, 135, 196, 366)
    assert pill.confidence == pytest.approx(0.95)


@pytest.mark.parametrize(
    ("long", "short"), [(0.9, 0.6), (0.95, 0.99)], ids=["an unlikely pill", "likelier two than one"]
)
def test_they_stay_two_where_that_is_likelier(long: float, short: float) -> None:
    photo, regions = drawn(ends(stadium(180, 320), 240), (RED, CREAM))
    assert joined(photo, regions, Believes(long, short)) == regions


@pytest.mark.parametrize(
    ("shapes", "colors"),
    [
        (ends(stadium(180, 320), 240), (CREAM, CREAM)),
        ([stadium(100, 160), stadium(340, 400)], (RED, CREAM)),
        ([stadium(90, 230), stadium(322, 420)], (RED, CREAM)),
        ([stadium(200, 260, row=100), stadium(200, 260, row=191)], (RED, CREAM)),
    ],
    ids=["halves of one color", "far apart", "longer than a capsule", "side by side"],
)
def test_what_is_no_capsule_is_not_even_asked_about(
    shapes: list[Shape], colors: tuple[tuple[int, int, int], ...]
) -> None:
    photo, regions = drawn(shapes, colors)
    judge = Believes(1.0, 0.1)
    assert joined(photo, regions, Believes(1.0, 0.1), judge) == regions
    assert judge.asked == 0


def test_the_network_takes_two_round_tablets_that_touch_for_two() -> None:
    photo, regions = drawn([stadium(180, 180), stadium(271, 271)], (RED, CREAM))
    assert joined(photo, regions, PillOrNot()) == regions


def test_each_region_keeps_its_chance_and_a_joined_one_has_its_own() -> None:
    photo, regions = drawn([*ends(stadium(180, 320), 240), stadium(420, 420, row=60)], (RED, CREAM, RED))
    chances = np.array([0.5, 0.6, 0.7], np.float32)
    kept, likely = rejoined(photo, regions, chances, BOX, Believes(0.99, 0.1), 0.93)
    assert kept[0] is regions[2] and len(kept) == 2
    assert likely == pytest.approx([0.7, 0.99])
