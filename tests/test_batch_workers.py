"""Worker processes that die, at every moment of their life: each costs one try, and none hangs the batch."""

from __future__ import annotations

import ctypes
import os
import pickle
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pretend import CannotWake, Pretender

from pipeline.batch.engines import local
from pipeline.batch.engines.local import _spooled, _supervise, _Worker, run_local
from pipeline.batch.engines.worker import _TASKS_BETWEEN, _trim, wake
from pipeline.batch.sources.entry import Entry
from pipeline.batch.sources.files import FileStore
from pipeline.batch.work import PhotoWork, Task
from pipeline.errors import PillprintError

# More than a pipe holds (64 KiB), as an identifier with a catalog of its own is.
HEAVY = Pretender(weight=bytes(1 << 20))

# Python runs it in each process that starts: {} says when a worker is killed there.
KILLER = """
import os, sys
if "--multiprocessing-fork" in sys.argv and {}:
    os.kill(os.getpid(), 9)
"""
PATH = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])])


def tasks(*names: str) -> list[Task]:
    return [Task("0001-000000", index, Entry(name)) for index, name in enumerate(names)]


def done(folder: Path, given: list[Task], workers: int = 1) -> dict[str, object]:
    rows = run_local(iter(given), PhotoWork(HEAVY, FileStore(str(folder))), workers, 30.0)
    return {task.entry.path: row["error_kind"] for task, row in rows}


@pytest.fixture
def killed_at_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that says when."""
    when = tmp_path / "sitecustomize.py"
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), PATH]))
    return when


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_that_never_start_end_the_batch(tmp_path: Path, killed_at_start: Path, workers: int) -> None:
    killed_at_start.write_text(KILLER.format("True"))
    with pytest.raises(PillprintError, match=r"a worker process was killed \(SIGKILL.* while it started; run `pill"):
        done(tmp_path, tasks("a.jpg", "b.jpg", "c.jpg"), workers)


def test_one_death_at_the_start_costs_one_try(tmp_path: Path, killed_at_start: Path) -> None:
    first = tmp_path / "first"
    first.touch()
    killed_at_start.write_text(KILLER.format(f"os.path.exists({str(first)!r}) and not os.unlink({str(first)!r})"))
    assert done(tmp_path, tasks("a.jpg", "b.jpg")) == {"a.jpg": None, "b.jpg": None}
    assert not first.exists()


def test_a_worker_that_dies_while_it_waits_takes_no_photo_with_it(tmp_path: Path) -> None:
    work = PhotoWork(HEAVY, FileStore(str(tmp_path)))
    with _spooled(work) as spool:
        worker: _Worker[Task] = _Worker(spool)
        worker.ready = worker.connection.recv() is None
        worker.process.kill()
        worker.process.join()
        pool = [worker]
        rows = [row["error_kind"] for _, row in _supervise(pool, iter(tasks("a.jpg", "b.jpg")), work, spool, 30.0)]
        pool[0].end()
    assert rows == [None, None]


def test_workers_that_die_at_work_cost_their_photos_alone(tmp_path: Path) -> None:
    names = ("memory1.jpg", "memory2.jpg", "a.jpg", "memory3.jpg", "b.jpg")
    died = "WorkerDied"
    assert done(tmp_path, tasks(*names)) == dict(zip(names, (died, died, None, died, None), strict=True))


def test_a_script_without_a_main_guard_is_told(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/a.jpg").touch()
    (tmp_path / "script.py").write_text(
        "from pathlib import Path\nfrom pipeline.batch import run_batch\nfrom pretend import CannotWake, Pretender\n"
        "run_batch(Path('photos'), Path('out'), Pretender(weight=bytes(1 << 20)), {'purpose': 'x'})\n"
    )
    environment = {**os.environ, "PYTHONPATH": PATH}
    ended = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    last = ended.stderr.splitlines()[-1]
    assert "a worker process ended with exit code 1 while it started" in last
    assert 'below `if __name__ == "__main__":`' in last


def test_the_analyst_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with _spooled(PhotoWork(HEAVY, FileStore("/"))) as spool:
        assert spool.stat().st_size > len(HEAVY.weight)
        assert list(tmp_path.iterdir()) == []


def test_workers_that_are_stopped_while_they_start_end_the_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "START_SECONDS", 1.0)
    with pytest.raises(PillprintError, match="a worker process did not start in 1 s; run `pillprint doctor`"):
        list(run_local(iter(tasks("a.jpg")), PhotoWork(CannotWake("stops"), FileStore("/")), 1, 30.0))


def test_a_worker_that_is_stopped_while_it_waits_costs_its_photo_alone(tmp_path: Path) -> None:
    work = PhotoWork(HEAVY, FileStore(str(tmp_path)))
    with _spooled(work) as spool:
        worker: _Worker[Task] = _Worker(spool)
        worker.ready = worker.connection.recv() is None
        os.kill(worker.process.pid or 0, signal.SIGSTOP)
        pool = [worker]
        rows = [row["error_kind"] for _, row in _supervise(pool, iter(tasks("a.jpg", "b.jpg")), work, spool, 1.5)]
        pool[0].end()
    assert rows == ["TimedOut", None]


ORPHANS = """
import signal
import sys
from pathlib import Path
from pipeline.batch.engines import run_local
from pipeline.batch.sources.entry import Entry
from pipeline.batch.sources.files import FileStore
from pipeline.batch.work import PhotoWork, Task
from pretend import CannotWake, Pretender
if __name__ == "__main__":
    # A shell starts what runs in its background with Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    work = PhotoWork(Pretender(log=Path("log")), FileStore("."))
    list(run_local(iter([Task("0", 0, Entry("hang.jpg"))]), work, 1, 600.0))
"""


def test_a_worker_ends_with_its_parent_whatever_it_does(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(ORPHANS)
    command = [sys.executable, "script.py"]
    environment = {**os.environ, "PYTHONPATH": PATH}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE) as parent:
        until(lambda: (tmp_path / "log").exists())
        parent.kill()
        # The worker holds the other end: it is closed when the worker has ended.
        assert parent.communicate(timeout=10) == (None, b"")


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="this system cannot")
def test_ctrl_c_while_workers_start_reaches_the_parent_alone(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(ORPHANS)
    command = [sys.executable, "script.py"]
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{PATH}"}
    (tmp_path / "sitecustomize.py").write_text(
        "import pathlib, sys, time\nif '--multiprocessing-fork' in sys.argv:\n"
        "    pathlib.Path('starts').touch()\n    time.sleep(0.5)\n"
    )
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, start_new_session=True, text=True
    ) as parent:
        until(lambda: (tmp_path / "starts").exists())
        os.killpg(parent.pid, signal.SIGINT)
        try:
            _, told = parent.communicate(timeout=20)
        finally:
            parent.kill()
    assert told.count("KeyboardInterrupt") == 1, "the script's own"
    assert "spawn.py" not in told


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert holds()


def test_a_worker_gives_memory_back_now_and_then() -> None:
    given = []
    do = wake(pickle.dumps(PhotoWork(Pretender(), FileStore("."))), lambda: given.append(1))
    rows = [do(task) for task in tasks(*[f"{number}.jpg" for number in range(2 * _TASKS_BETWEEN + 1)])]
    assert len(rows) == 2 * _TASKS_BETWEEN + 1 and len(given) == 2


# Frees all but each hundredth of many arrays, so that the heap has holes; says what is resident before and after.
HOLES = """
import re
import numpy as np
from pipeline.batch.engines.worker import _trim
def resident():
    return int(re.search(r"VmRSS:\\s*(\\d+)", open("/proc/self/status").read())[1]) / 1000
kept = [np.ones(100_000, np.uint8) for _ in range(1000)]
kept = kept[::100]
before = resident()
_trim()()
print(before - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library here is not glibc")
def test_what_is_given_back_is_the_systems_again() -> None:
    environment = {**os.environ, "PYTHONPATH": PATH}
    ended = subprocess.run([sys.executable, "-c", HOLES], env=environment, capture_output=True, text=True)
    assert float(ended.stdout) > 60, ended.stderr


def test_an_allocator_that_cannot_give_back_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (AttributeError, OSError, TypeError):

        def lacking(name: object, error: type[Exception] = error) -> None:
            raise error

        monkeypatch.setattr(ctypes, "CDLL", lacking)
        assert _trim()() is None
