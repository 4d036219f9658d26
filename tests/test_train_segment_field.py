"""Photos in hands and on desks as scenes for the segmentation network, and what is not known in them."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch", reason="training needs the extra `train`")

import torch

from pipeline.segment import segment
from pipeline.train.common.loop import TrainingTask, run
from pipeline.train.segment.batches import SceneBatches, pack
from pipeline.train.segment.cutout_scenes import SceneMaker
from pipeline.train.segment.field_scenes import FieldScenes, label_field, load_field
from pipeline.train.segment.real import RealPhoto, RealScenes
from pipeline.train.segment.segment_network import SegmentNetwork, TaughtLoss, segment_loss


def disc(radius: int, color: tuple[int, int, int]) -> NDArray[np.uint8]:
    """A cut-out: RGB and coverage."""
    side = 2 * radius + 5
    picture = np.zeros((side, side, 4), np.uint8)
    picture[..., :3] = color
    cv2.circle(picture, (side // 2, side // 2), radius, (*color, 255), cv2.FILLED)
    return picture


def disc_polygon(col: float, row: float, radius: float) -> NDArray[np.float32]:
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    return np.stack([col + radius * np.cos(angle), row + radius * np.sin(angle)], axis=1).astype(np.float32)


def boxed_photo(folder: Path) -> None:
    """A photo of two discs with boxes, the second box on bare ground, and one of ground alone."""
    (folder / "photos").mkdir(parents=True)
    pixels = np.full((300, 400, 3), 118, np.uint8)
    for col in (120, 300):
        cv2.circle(pixels, (col, 150), 40, (235, 235, 230), cv2.FILLED, cv2.LINE_AA)
    cv2.imwrite(str(folder / "photos/two.png"), pixels)
    cv2.imwrite(str(folder / "photos/none.png"), np.full((300, 400, 3), 118, np.uint8))
    boxes = ["0.3 0.5 0.225 0.3", "0.5 0.15 0.2 0.1"]
    rows = [
        ["photos/two.png", "hand", "training", "|".join(boxes), "2"],
        ["photos/none.png", "desk", "training", "", "0"],
        ["photos/other.png", "desk", "validation", boxes[0], "1"],
    ]
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([["file", "source", "part", "boxes", "pills"], *rows])


def test_boxed_photos_are_outlined_where_a_region_fits_a_box(tmp_path: Path) -> None:
    boxed_photo(tmp_path / "field")
    assert label_field(tmp_path / "field", tmp_path / "taught", segment) == (2, 1, 1)
    photos = load_field(tmp_path / "taught")
    two = [photo for photo in photos if photo.polygons]
    assert len(two) == 4 and len(photos) == 5
    (polygon,), (unsure,) = two[0].polygons, two[0].unsure
    assert polygon.mean(axis=0) == pytest.approx([120, 150], abs=2)
    assert abs(cv2.contourArea(polygon)) == pytest.approx(np.pi * 40**2, rel=0.06)
    assert unsure.mean(axis=0) == pytest.approx([200, 45], abs=2)


@pytest.mark.parametrize("seed", range(6))
def test_what_is_unsure_is_not_known_and_pills_are_laid_beside(seed: int) -> None:
    polygon, unsure = disc_polygon(60, 60, 25), disc_polygon(140, 60, 30)
    photo = RealPhoto("one", np.full((120, 200, 3), 90, np.uint8), (polygon,), (unsure,))
    maker = SceneMaker([disc(30, (230, 230, 225))], 96)
    scenes = FieldScenes([photo], [RealPhoto("bare", np.full((200, 200, 3), 50, np.uint8), ())], maker)
    rng = np.random.default_rng(seed)
    for _ in range(6):
        scene = scenes.scene(rng)
        assert scene.pixels.shape == (96, 96, 3) and scene.pixels.dtype == np.uint8
        assert scene.known is not None and scene.known[scene.labels > 0].all()
        assert not (scene.cores & (scene.labels == 0)).any()
        _, maps = pack(scene)
        assert maps.shape == (3, 48, 48)


def test_where_nothing_is_known_nothing_is_lost() -> None:
    truth = torch.rand(2, 3, 32, 32)
    truth[:, 2] = 0
    truth[:, 2, :, :16] = 1
    other = truth.clone()
    other[:, :2, :, 16:] = 1 - other[:, :2, :, 16:]

    class Given(torch.nn.Module):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            return pixels

    logits = torch.randn(2, 2, 32, 32)
    assert segment_loss(Given(), (logits, truth))[0] == segment_loss(Given(), (logits, other))[0]


def test_batches_mix_their_sources_and_the_loss_falls_on_a_device(tmp_path: Path) -> None:
    photo = RealPhoto("one", np.full((120, 200, 3), 90, np.uint8), (disc_polygon(60, 60, 25),))
    drawn = pack(SceneMaker([disc(30, (230, 230, 225))], 64).scene(np.random.default_rng(0)))
    batches = [SceneBatches([drawn], [(RealScenes([photo], 64), share)], 0, 2) for share in (0.0, 1.0)]
    for pixels, truth in (next(iter(batch)) for batch in batches):
        assert pixels.shape == (2, 3, 64, 64) and truth.shape == (2, 4, 32, 32)
        assert (truth[:, 2] == 1).all()
        assert (truth[:, 3] == 128 / 255).all()
    task = TrainingTask(SegmentNetwork, lambda seed: batches[0], segment_loss)
    run(task, tmp_path / "state.pt", 1.0, rate=1e-3, workers=0, steps=2, note=lambda point: None, device="cpu")
    assert (tmp_path / "state.pt").exists()


def test_an_earlier_network_is_as_much_of_the_target_as_is_asked_of_it(tmp_path: Path) -> None:
    torch.manual_seed(0)
    earlier, learner = SegmentNetwork(), SegmentNetwork().eval()
    with torch.no_grad():
        earlier.head.bias.fill_(9.0)
        earlier.head.weight.zero_()
    torch.save({"average": {name: one.half() for name, one in earlier.state_dict().items()}}, tmp_path / "earlier.pt")
    taught = TaughtLoss(tmp_path / "earlier.pt")
    pixels, maps = torch.zeros(2, 3, 64, 64), torch.zeros(2, 4, 32, 32)
    maps[:, 2] = 1
    with torch.no_grad():
        assert taught(learner, (pixels, maps))[1] == segment_loss(learner, (pixels, maps))[1]
        maps[1, 3] = 0.5
        half = maps.clone()
        half[1, :2] = torch.sigmoid(torch.tensor(9.0)) / 2
        assert taught(learner, (pixels, maps))[1] == pytest.approx(segment_loss(learner, (pixels, half))[1], abs=1e-5)
