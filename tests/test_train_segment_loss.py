"""What the segmentation network is held to: the truth, and in part an earlier network's maps."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from pipeline.train.segment.segment_network import SegmentNetwork, TaughtLoss, in_bf16, segment_loss  # noqa: E402


def batch(taught_share: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Two scenes of one square pill, all of them known."""
    torch.manual_seed(0)
    maps = torch.zeros(2, 4, 32, 32)
    maps[:, :2, 8:20, 8:20] = 1
    maps[:, 2] = 1
    maps[:, 3] = taught_share
    return torch.rand(2, 3, 64, 64) - 0.5, maps


@pytest.fixture
def teacher(tmp_path: Path) -> Path:
    torch.manual_seed(1)
    path = tmp_path / "teacher.pt"
    torch.save({"average": SegmentNetwork().state_dict()}, path)
    return path


def test_who_is_not_asked_teaches_nothing(teacher: Path) -> None:
    network = SegmentNetwork().eval()
    assert TaughtLoss(teacher)(network, batch(0.0))[0] == segment_loss(network, batch(0.0))[0]


def test_the_share_says_how_much_of_the_target_the_earlier_maps_are(teacher: Path) -> None:
    network, loss = SegmentNetwork().eval(), TaughtLoss(teacher)
    none, half, whole = (loss(network, batch(share))[1]["entropy"] for share in (0.0, 0.5, 1.0))
    assert half == pytest.approx((none + whole) / 2, abs=1e-5)
    assert abs(none - whole) > 1e-3


def test_bfloat16_gives_the_same_loss_but_for_rounding() -> None:
    network = SegmentNetwork().eval()
    whole, half = (loss(network, batch(0.0))[0].item() for loss in (segment_loss, in_bf16(segment_loss)))
    assert half == pytest.approx(whole, rel=0.02)
