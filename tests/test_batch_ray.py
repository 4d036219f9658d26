"""The engine on Ray: a cluster of two nodes on this machine gives the same rows as processes do."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from pretend import CannotWake, DiesOnce, Pretender

from pipeline.batch import BatchSettings, run_batch
from pipeline.batch.engines import ray as engine
from pipeline.batch.engines import run_local, run_ray
from pipeline.errors import PillprintError

pytest.importorskip("ray", reason="needs the extra `ray`")
from ray.cluster_utils import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

IDENTITY = {"catalog": "test"}
NAMES = ["a.jpg", "bad.jpg", "crash.jpg", "hang.jpg", "last.jpg", "memory.jpg", "more.jpg"]
SETTINGS = BatchSettings(workers=2, shard_size=3, timeout_seconds=3)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Two nodes of one CPU each."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])])
    cluster = Cluster()
    for _ in range(2):
        cluster.add_node(num_cpus=1, object_store_memory=80_000_000, include_dashboard=False)
    yield cluster.address
    cluster.shutdown()
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    for name in NAMES:
        (tmp_path / "photos" / name).write_bytes(name.encode())
    return tmp_path / "photos"


def without_time(results: Path) -> list[bytes]:
    """The lines of a result file but for how long each photo took, which no two runs share."""
    return [re.sub(rb',"seconds":[0-9.]+', b"", line) for line in results.read_bytes().splitlines()]


def test_two_nodes_give_the_bytes_of_local_processes(photos: Path, tmp_path: Path, address: str) -> None:
    for name in ("crash.jpg", "hang.jpg", "memory.jpg"):
        (photos / name).unlink()
    for name, execute in (("ray", partial(run_ray, address=address)), ("local", run_local)):
        run_batch(photos, tmp_path / name, Pretender(), IDENTITY, SETTINGS, execute=execute)
    by_ray, by_local = (without_time(tmp_path / name / "results.jsonl") for name in ("ray", "local"))
    assert by_ray == by_local
    assert len(by_local) == 4


def test_an_actor_that_dies_or_hangs_at_work_costs_its_photo_alone(photos: Path, tmp_path: Path, address: str) -> None:
    summary = run_batch(
        photos, tmp_path / "out", Pretender(), IDENTITY, SETTINGS, execute=partial(run_ray, address=address)
    )
    assert summary.photos == len(NAMES)
    assert summary.error_kinds == {"PhotoError": 1, "TimedOut": 1, "WorkerDied": 2}


def test_actors_that_never_start_end_the_batch(photos: Path, tmp_path: Path, address: str) -> None:
    started = time.monotonic()
    execute = partial(run_ray, address=address)
    with pytest.raises(PillprintError, match=r"a Ray actor died while it started.*run `pillprint doctor` there"):
        run_batch(photos, tmp_path / "out", CannotWake("dies"), IDENTITY, SETTINGS, execute=execute)
    with pytest.raises(PillprintError, match="no catalog; build one"):
        run_batch(photos, tmp_path / "out", CannotWake("raises"), IDENTITY, SETTINGS, execute=execute)
    assert time.monotonic() - started < 60


def test_one_death_at_the_start_costs_one_try(photos: Path, tmp_path: Path, address: str) -> None:
    once = tmp_path / "once"
    once.touch()
    execute = partial(run_ray, address=address)
    assert run_batch(photos, tmp_path / "out", DiesOnce(once), IDENTITY, SETTINGS, execute=execute).errors == 0
    assert not once.exists()


def test_actors_that_are_stopped_while_they_start_end_the_batch(
    photos: Path, tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "START_SECONDS", 2.0)
    execute = partial(run_ray, address=address)
    with pytest.raises(PillprintError, match="a Ray actor did not start in 2 s"):
        run_batch(photos, tmp_path / "out", CannotWake("stops"), IDENTITY, SETTINGS, execute=execute)


def test_a_cluster_that_does_not_answer_is_told(photos: Path, tmp_path: Path) -> None:
    execute = partial(run_ray, address="127.0.0.1:1")
    with pytest.raises(PillprintError, match=r"127\.0\.0\.1:1: no Ray cluster answers there"):
        run_batch(photos, tmp_path / "out", Pretender(), IDENTITY, SETTINGS, execute=execute)
