"""Regions for the network that tells pills from other things: what they are known to be, how they are seen."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch", reason="training needs the extra `train`")

import torch

from pipeline.records import Photo, PillRegion
from pipeline.segment.find import Search
from pipeline.segment.pill_or_not import Levels, PillOrNot, region_planes
from pipeline.train.common.loop import TrainingTask, run
from pipeline.train.pill_or_not.batches import RegionBatches, seen
from pipeline.train.pill_or_not.collect import Known, at_random, in_scene, joined, part_of, regions_of
from pipeline.train.pill_or_not.heldout import kept_and_left
from pipeline.train.pill_or_not.learned_regions import Region, Samples, is_held_out, load_samples, region_of, save
from pipeline.train.pill_or_not.region_network import PillOrNotNetwork, begun, export, pill_loss
from pipeline.train.segment.cutout_scenes import TrainingScene


def circle(row: float, col: float, radius: float) -> NDArray[np.float32]:
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    return np.stack([row + radius * np.sin(angle), col + radius * np.cos(angle)], axis=1).astype(np.float32)


def found(row: float, col: float, radius: float) -> PillRegion:
    outline = circle(row, col, radius)
    side = int(2 * radius) + 1
    return PillRegion(outline, np.ones((side, side), bool), int(row - radius), int(col - radius), 0.9)


class Finds(Search):
    """A search that finds the same regions in any photo."""

    def __init__(self, *regions: PillRegion) -> None:
        self.regions = regions

    def __call__(self, photo: Photo) -> tuple[PillRegion, ...]:
        return self.regions


def blank(pills: tuple[NDArray[np.float32], ...], is_complete: bool = True) -> Known:
    polygons = tuple(np.ascontiguousarray(pill[:, ::-1]) for pill in pills)
    unsure = (np.array([[300, 10], [390, 10], [390, 90], [300, 90]], np.float32),)
    return Known(np.full((300, 400, 3), 90, np.uint8), polygons, unsure, "one", is_complete)


@pytest.mark.parametrize(
    ("region", "told"),
    [
        (found(102, 99, 41), True),
        (found(100, 130, 40), None),  # half of it beside the pill
        (found(220, 300, 30), False),
        (found(50, 345, 30), None),  # where nothing is known
    ],
    ids=["on the pill", "half on it", "on the ground", "unknown"],
)
def test_a_region_is_a_pill_where_the_truth_is_and_none_on_known_ground(region: PillRegion, told: bool | None) -> None:
    known = blank((circle(100, 100, 40),))
    assert [one.is_pill for one in regions_of(known, Finds(region))] == ([] if told is None else [told])
    if told is False:
        assert not list(regions_of(blank((circle(100, 100, 40),), is_complete=False), Finds(region)))


def test_outlines_are_laid_beside_pills_only() -> None:
    known = blank((circle(150, 150, 60),))
    laid = list(at_random(known, 80, np.random.default_rng(2)))
    assert 10 < len(laid) < 80
    assert not any(region.is_pill for region in laid)
    assert {region.near.shape for region in laid} == {(96, 96, 3)}


def test_a_part_of_a_photo_keeps_the_pills_in_their_places() -> None:
    known = blank((circle(150, 150, 30),))
    pixels = known.pixels.copy()
    cv2.circle(pixels, (150, 150), 30, (250, 0, 0), cv2.FILLED)
    rng = np.random.default_rng(3)
    for _ in range(30):
        part = part_of(Known(pixels, known.pills, known.unsure, "one"), rng)
        red = part.pixels[..., 0] == 250
        for pill in part.pills:
            filled = np.zeros(red.shape, np.uint8)
            cv2.fillPoly(filled, [np.round(pill).astype(np.int32)], 1)
            assert np.count_nonzero(red != (filled > 0)) < 250
        assert part.pills or not red.any()


def test_a_scene_s_pills_are_outlined() -> None:
    labels = np.zeros((96, 96), np.int32)
    cv2.circle(labels, (30, 40), 12, 1, cv2.FILLED)
    cv2.circle(labels, (70, 60), 15, 2, cv2.FILLED)
    known = in_scene(TrainingScene(np.zeros((96, 96, 3), np.uint8), labels, labels > 9), "scene")
    assert [round(abs(cv2.contourArea(pill)) / np.pi) for pill in known.pills] == pytest.approx([144, 225], rel=0.1)
    assert known.is_complete and not known.unsure


def regions(count: int) -> list[Region]:
    """Bright discs, which are pills, and dark ones."""
    made, rng = [], np.random.default_rng(7)
    for number in range(count):
        pixels = np.full((120, 120, 3), 128, np.uint8)
        is_pill, radius = number % 2 == 0, float(rng.uniform(15, 30))
        cv2.circle(pixels, (60, 60), int(radius), (230,) * 3 if is_pill else (20,) * 3, cv2.FILLED)
        made.append(region_of(Levels(pixels), circle(60, 60, radius), is_pill, f"group{number}"))
    return made


def test_a_region_unchanged_is_seen_as_in_use(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    pixels = cv2.GaussianBlur(rng.integers(0, 256, (400, 400, 3), dtype=np.uint8), (0, 0), 6)
    outline = circle(200, 190, 45)
    save([region_of(Levels(pixels), outline, True, "one")], tmp_path / "set.npz")
    kept = seen(load_samples([tmp_path / "set.npz"]), 0)
    used = region_planes(Levels(pixels), outline)
    assert np.abs(kept - used).mean() < 0.01
    assert np.abs(kept[[3, 8]] - used[[3, 8]]).mean() < 0.01
    assert np.abs(kept[[4, 9]] - used[[4, 9]]).mean() < 0.01


def test_a_region_keeps_where_the_photo_ends(tmp_path: Path) -> None:
    pixels, outline = np.full((200, 300, 3), 90, np.uint8), circle(20, 30, 25)
    save([region_of(Levels(pixels), outline, True, "one")], tmp_path / "set.npz")
    samples = load_samples([tmp_path / "set.npz"])
    used = region_planes(Levels(pixels), outline)
    assert np.abs(seen(samples, 0)[[4, 9]] - used[[4, 9]]).mean() < 0.01
    assert (used[9] == -0.5).mean() > 0.3
    # Turned and moved, about as much of the far view lies beyond the border.
    beyond = [(seen(samples, 0, np.random.default_rng(seed))[9] == -0.5).mean() for seed in range(20)]
    assert np.mean(beyond) == pytest.approx((used[9] == -0.5).mean(), abs=0.12)


def test_two_pills_in_one_outline_are_none() -> None:
    pills = (circle(100, 100, 40), circle(100, 182, 40), circle(250, 300, 40))
    (region,) = joined(blank(pills))
    assert not region.is_pill and region.group == "one"
    assert region.length_px == pytest.approx(162, abs=3)
    assert float(np.ptp(region.outline[:, 0])) == pytest.approx(80 / 162, abs=0.02)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:Constant folding")  # of torch's own export
def test_learned_regions_are_told_apart_and_the_file_says_the_same(tmp_path: Path) -> None:
    save(regions(120), tmp_path / "set.npz")
    samples = load_samples([tmp_path / "set.npz"])
    assert 5 < samples.held_out.sum() < 40
    task = TrainingTask(PillOrNotNetwork, lambda seed: RegionBatches(samples, seed), pill_loss, average_decay=0.8)
    run(task, tmp_path / "check.pt", 5.0, rate=4e-3, workers=0, steps=40, note=lambda point: None)
    export(tmp_path / "check.pt", tmp_path / "net.onnx")
    assert (tmp_path / "net.onnx").stat().st_size < 1_100_000
    assert (
        sum(" others left" in line and ", 0 of" in line for line in kept_and_left(samples, tmp_path / "net.onnx")) == 10
    )
    judge = PillOrNot((tmp_path / "net.onnx").read_bytes())
    pixels = np.full((200, 300, 3), 128, np.uint8)
    cv2.circle(pixels, (80, 100), 30, (230,) * 3, cv2.FILLED)
    cv2.circle(pixels, (220, 100), 30, (20,) * 3, cv2.FILLED)
    pill, other = judge(Photo(pixels, "two"), (found(100, 80, 30), found(100, 220, 30)))
    assert pill > 0.5 > other


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:Constant folding")  # of torch's own export
def test_what_ships_is_taught_further(tmp_path: Path) -> None:
    save(regions(80), tmp_path / "set.npz")
    planes, _ = next(iter(RegionBatches(load_samples([tmp_path / "set.npz"]), 1)))
    network = PillOrNotNetwork()
    for name, value in network.state_dict().items():
        if name.endswith((".2.bias", ".2.running_mean")):
            value.normal_(0, 0.1)
    network.eval()
    torch.save({"average": network.state_dict()}, tmp_path / "check.pt")
    export(tmp_path / "check.pt", tmp_path / "net.onnx")
    again = begun(tmp_path / "net.onnx", planes)
    with torch.no_grad():
        wanted, got = network(planes), again.eval()(planes)
        again.train().drop.eval()
        trained = again(planes)
    assert got.numpy() == pytest.approx(wanted.numpy(), abs=0.02)
    assert trained.numpy() == pytest.approx(wanted.numpy(), abs=0.05)


def test_batches_meet_no_held_out_region(tmp_path: Path) -> None:
    made = regions(40)
    save(made, tmp_path / "set.npz")
    samples: Samples = load_samples([tmp_path / "set.npz"])
    learned = np.concatenate([stock for stock, _ in RegionBatches(samples, 1).stocks])
    assert sorted(learned.tolist()) == [number for number, one in enumerate(made) if not is_held_out(one.group)]
    planes, truth = next(iter(RegionBatches(samples, 1)))
    assert planes.shape == (64, 10, 64, 64) and planes.dtype == torch.float32
    assert planes.abs().max() <= 0.5
    assert truth.sum() == 32
