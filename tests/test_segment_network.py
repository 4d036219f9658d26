"""From the network's maps to pills: touching ones apart, each outline where the chance crosses one half."""

from __future__ import annotations

import math
from importlib import resources
from types import SimpleNamespace
from typing import Any, cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.records import Photo
from pipeline.segment import Segmenter
from pipeline.segment.edge import Belief, _best_path, refine
from pipeline.segment.instances import Part, instances, made_whole
from pipeline.segment.network_view import _filled
from pipeline.segment.pill_maps import PillMaps, PillNetwork
from pipeline.settings import SegmentSettings

pill_maps = PillNetwork()


def discs(places: list[tuple[float, float, float]], share: float) -> NDArray[np.float32]:
    """A map of soft discs (row, col, radius), each drawn at ``share`` of its radius."""
    rows, cols = np.mgrid[:96, :128].astype(np.float32)
    chances = [np.clip(share * radius + 0.5 - np.hypot(rows - row, cols - col), 0, 1) for row, col, radius in places]
    return np.asarray(np.max(chances, axis=0), np.float32)


def maps_of(places: list[tuple[float, float, float]], step: float = 2.0) -> PillMaps:
    return PillMaps(discs(places, 1.0), discs(places, 0.55), (step, step))


def test_touching_discs_are_two_pills_of_their_own_sizes() -> None:
    found = instances(maps_of([(40, 40, 20), (40, 70, 10.5)]), 20.0)
    areas = sorted(float(cv2.contourArea(one.outline)) for one in found)
    assert areas == pytest.approx([np.pi * 21.0**2, np.pi * 40.0**2], rel=0.06)


def test_an_outline_lies_where_the_chance_is_one_half() -> None:
    (one,) = instances(maps_of([(40.3, 60.6, 15)]), 20.0)
    radius = np.linalg.norm((one.outline + 0.5) / 2 - 0.5 - np.array([40.3, 60.6]), axis=1)
    assert float(radius.mean()) == pytest.approx(15.0, abs=0.15)
    assert float(radius.std()) < 0.25
    assert one.confidence > 0.9


def test_specks_are_no_pills() -> None:
    assert instances(maps_of([(40, 40, 2)]), 20.0) == []


def test_a_belief_keeps_an_outline_from_the_stronger_edge_of_a_shadow() -> None:
    rows, cols = np.mgrid[:200, :240].astype(np.float32)
    light = np.full((200, 240), 225.0, np.float32)
    light[np.hypot(rows - 108, cols - 128) < 52] = 90
    light[np.hypot(rows - 100, cols - 120) < 50] = 205
    pixels = np.repeat(light[..., None], 3, axis=2).astype(np.uint8)
    chance = np.clip(25.5 - np.hypot(rows[:100, :120] - 50, cols[:100, :120] - 60), 0, 1).astype(np.float32)
    angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    rough = np.stack([103 + 55 * np.sin(angle), 123 + 55 * np.cos(angle)], axis=1).astype(np.float32)
    sharp = refine(pixels, rough, 14.0, 2, Belief(chance, (2.0, 2.0)))
    radius = np.linalg.norm(sharp - [100, 120], axis=1)
    assert float(np.abs(radius - 50).mean()) < 1.5


@pytest.mark.parametrize(
    ("beside", "place", "right"),
    [(0.02, 88, 740 + 84), (0.3, 88, 920 + 84), (0.3, 108, 740 + 84)],
    ids=["nothing suspected: the pill and a little ground", "a face: up to there", "too far for a face beside it"],
)
def test_the_closer_look_takes_in_what_the_first_one_suspects(
    monkeypatch: pytest.MonkeyPatch, beside: float, place: int, right: int
) -> None:
    shown: list[tuple[int, int]] = []
    inputs: list[tuple[float, float]] = []

    def seen(pixels: NDArray[np.uint8], long_side_px: int, mirrored: bool, plain: PillMaps | None = None) -> PillMaps:
        shown.append((8 * (int(pixels[0, 0, 0]) - 40), 8 * (int(pixels[0, -1, 0]) - 40)))
        inputs.append(tuple(side * long_side_px / max(pixels.shape[:2]) for side in pixels.shape[:2]))
        chance = discs([(48, 64, 10)], 1.0)
        chance[45:50, place : place + 4] = beside
        return PillMaps(chance, discs([(48, 64, 10)], 0.55), (10.0, 10.0))

    columns = np.broadcast_to((40 + np.arange(1280) // 8)[None, :, None], (960, 1280, 3))
    Segmenter(None, seen)(Photo(np.ascontiguousarray(columns, np.uint8), "columns"))
    assert shown[0] == (0, 1272)
    assert shown[1] == (pytest.approx(540 - 84, abs=12), pytest.approx(right, abs=12))
    # Ground in place of padding: the network takes multiples of 64.
    assert [round(side) % 64 for side in inputs[1]] == [0, 0]


def test_a_pill_with_a_dent_is_not_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disc with a slot from the rim to the middle: 84 % of the hull are filled."""
    rows, cols = np.mgrid[:96, :128].astype(np.float32) - np.array([48, 64], np.float32)[:, None, None]
    dent = (np.abs(rows) < 8) & (cols > 0)

    def maps(pixels: NDArray[np.uint8], long_side_px: int, mirrored: bool, plain: PillMaps | None = None) -> PillMaps:
        chances = [np.where(dent, 0, discs([(48, 64, 30)], share)).astype(np.float32) for share in (1.0, 0.55)]
        return PillMaps(chances[0], chances[1], (10.0, 10.0))

    assert len(Segmenter(None, maps)(Photo(np.full((960, 1280, 3), 120, np.uint8), "plain"))) == 1


def test_a_closer_look_is_filled_with_ground_and_grows_by_no_strip() -> None:
    rng = np.random.default_rng(0)
    look = cast(Any, SimpleNamespace(part=(0, 0, 3000, 3000)))
    for _ in range(2000):
        longer, side = int(rng.integers(64, 2900)), 64 * int(rng.integers(1, 15))
        shorter = int(rng.integers(1, longer + 1))
        top, left = rng.integers(0, 3001 - np.array([shorter, longer])).tolist()
        part = _filled(look, (top, left, top + shorter, left + longer), side)
        rows, cols = part[2] - part[0], part[3] - part[1]
        assert (part[1], cols) == (left, longer)
        assert part[0] <= top and top + shorter <= part[2]
        strips = math.ceil(shorter * side / longer / 64)
        assert strips * 64 - side / longer <= rows * side / longer <= strips * 64


def test_the_best_path_closes_where_a_stronger_edge_lies_at_its_begin() -> None:
    gain = np.zeros((144, 40))
    gain[:, 20] = 1.0
    gain[:11, 18] = 1.2
    assert (_best_path(gain) == 20).all()


def square(row: int, col: int, half: int) -> NDArray[np.bool_]:
    mask = np.zeros((96, 128), np.uint8)
    cv2.rectangle(mask, (col - half, row - half), (col + half, row + half), 1, -1)
    return cv2.morphologyEx(mask, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))) > 0


def test_two_square_tablets_side_by_side_are_no_capsule() -> None:
    assert len(made_whole([Part.of(square(48, 40, 20)), Part.of(square(48, 83, 20))])) == 2


def test_the_two_halves_of_a_capsule_are_one() -> None:
    whole = np.zeros((96, 128), np.uint8)
    cv2.line(whole, (40, 48), (84, 48), 1, 31)
    left, right = whole.copy() > 0, whole.copy() > 0
    left[:, 61:], right[:, :63] = False, False
    assert len(made_whole([Part.of(left), Part.of(right)])) == 1


@pytest.mark.parametrize(
    ("seen", "looks", "radii"),
    [
        ([[16, 10], [14, 14]], 2, (14, 14)),
        ([[16, 10], [16, 9], [16, 8], [14, 14]], 4, (14, 14)),
        ([[16, 10], [16, 9], [16, 8], [16, 7]], 4, (16, 10)),
        ([[16, 10], [16], [16, 10], [16]], 4, (16,)),
        ([[16, 10], [], [], []], 4, (16, 10)),
        ([[14, 14], [16, 9]], 1, (14, 14)),
        ([[14], [16, 9]], 1, (14,)),
    ],
    ids=[
        "alike at another scale",
        "alike at the last scale",
        "never alike",
        "most do not show the second",
        "none shows any",
        "alike at once",
        "one pill",
    ],
)
def test_regions_that_are_no_faces_of_one_pill_are_looked_at_again(
    monkeypatch: pytest.MonkeyPatch, seen: list[list[int]], looks: int, radii: tuple[int, ...]
) -> None:
    left = list(seen)
    asked: list[bool] = []

    def maps(pixels: NDArray[np.uint8], long_side_px: int, mirrored: bool, plain: PillMaps | None = None) -> PillMaps:
        asked.append(mirrored)
        chances = (
            [
                discs([(48, 32 + 62 * number, share * radius) for number, radius in enumerate(left[0])], 1.0)
                for share in (1.0, 0.55)
            ]
            if left[0]
            else [np.zeros((96, 128), np.float32)] * 2
        )
        left.pop(0)
        return PillMaps(*chances, (10.0, 10.0))

    monkeypatch.setattr("pipeline.segment.find.around", lambda look, shown, margin: (0, 0, 960, 1280))
    settings = SegmentSettings(closer_min=math.inf)
    regions = Segmenter(settings, maps)(Photo(np.full((960, 1280, 3), 120, np.uint8), "plain"))
    assert asked == [False] + [True] * (looks - 1)
    assert [math.sqrt(region.area / math.pi) / 10 for region in regions] == pytest.approx(radii, rel=0.1)


def test_the_network_is_small_and_opencv_runs_it_too() -> None:
    weights = resources.files("pipeline").joinpath("weights/segment.onnx").read_bytes()
    assert len(weights) <= 3_000_000
    pixels = np.random.default_rng(0).integers(0, 256, (192, 256, 3), np.uint8)
    opencv = cv2.dnn.readNetFromONNX(np.frombuffer(weights, np.uint8))
    opencv.setInput(cv2.dnn.blobFromImage(pixels, 1 / 255, mean=(127.5, 127.5, 127.5)))
    chances = 1 / (1 + np.exp(-opencv.forward()[0]))
    maps = pill_maps(pixels, 256)
    assert np.abs(chances - np.stack([maps.pill, maps.core])).max() < 1e-4


def test_the_mirrored_look_does_not_repeat_the_plain_one() -> None:
    network = PillNetwork("segment_field.onnx")
    pixels = np.random.default_rng(4).integers(0, 256, (90, 130, 3), dtype=np.uint8)
    runs = 0

    class Counted:
        def run(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
            nonlocal runs
            runs += 1
            return own.run(values)

    own, network._network = network._network, Counted()
    whole = network(pixels, 128, mirrored=True)
    plain = network(pixels, 128)
    runs = 0
    both = network(pixels, 128, mirrored=True, plain=plain)
    assert runs == 3
    assert np.array_equal(both.pill, whole.pill) and np.array_equal(both.core, whole.core)
