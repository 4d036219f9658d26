"""Worker processes on this machine, each with its own work; one that dies or hangs costs one try."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain, islice
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import IO, Any, Generic

from pipeline.batch.engines.interface import (
    LOST_MAX,
    MAIN_GUARD,
    START_SECONDS,
    Result,
    Task,
    Work,
    too_long,
    usable_cores,
)
from pipeline.batch.engines.worker import wake
from pipeline.errors import PillprintError

# Each process works on one photo with one thread; else the libraries' threads fight over the cores.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class _Worker(Generic[Task]):
    """One process and what it is doing: starting (no task, not ready), idle or at work."""

    def __init__(self, spool: Path) -> None:
        # The arguments go through a pipe that `start` fills, and where the process is dead nobody empties it: they must
        # fit into the pipe (python/cpython#118981). So the work comes in a file.
        # "spawn" and not "fork": OpenCV's threads do not survive a fork.
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_live, args=(theirs, spool), daemon=True)
        # numpy's OpenBLAS reads the environment when it is imported, before our first line
        with _environment(_ONE_THREAD), _without_interrupt():
            self.process.start()
        theirs.close()
        self.task: Task | None = None
        self.ready = False
        self.dead = False
        self.since = time.monotonic()

    def give(self, task: Task) -> bool:
        """Hand it a task; whether it lives to take it."""
        try:
            self.connection.send(task)
        except OSError:
            return False
        self.task = task
        self.since = time.monotonic()
        return True

    @property
    def speaks(self) -> bool:
        """Whether something comes from it: an answer, that it is ready, or its end."""
        return self.task is not None or not self.ready or self.connection.poll()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.since

    def end(self) -> None:
        """End the process."""
        self.dead = True
        self.connection.close()
        self.process.join(0.5)
        self.process.kill()
        self.process.join()

    @property
    def death(self) -> str:
        """How the process ended."""
        code = self.process.exitcode
        if code is None or code >= 0:
            return f"ended with exit code {code}"
        name = signal.Signals(-code).name
        return f"was killed ({name}{', perhaps for lack of memory' if name == 'SIGKILL' else ''})"


def run_local(
    tasks: Iterator[Task], work: Work[Task, Result], workers: int | None, timeout_seconds: float
) -> Iterator[tuple[Task, Result]]:
    """Do tasks in worker processes on this machine; see ``interface.Execute``."""
    pool: list[_Worker[Task]] = []
    first = list(islice(tasks, workers or usable_cores()))
    with _spooled(work) as spool:
        try:
            pool.extend(_Worker(spool) for _ in first)
            yield from _supervise(pool, chain(first, tasks), work, spool, timeout_seconds)
        finally:
            for worker in pool:
                worker.process.kill()
            for worker in pool:
                worker.end()


@contextmanager
def _spooled(work: Work[Any, Any]) -> Iterator[Path]:
    """The pickled work in a file; without a name where the system can open such a one, so that no kill leaves it."""
    with ExitStack() as stack:
        file: IO[bytes] = stack.enter_context(tempfile.TemporaryFile())
        path = Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")
        if not path.exists():
            named = stack.enter_context(tempfile.TemporaryDirectory(prefix="pillprint-", ignore_cleanup_errors=True))
            path = Path(named) / "work"
            file = stack.enter_context(path.open("wb"))
        pickle.dump(work, file)
        file.flush()
        yield path


def _supervise(
    pool: list[_Worker[Task]],
    tasks: Iterator[Task],
    work: Work[Task, Result],
    spool: Path,
    timeout_seconds: float,
) -> Iterator[tuple[Task, Result]]:
    upcoming = next(tasks, None)
    finished: list[tuple[Task, Result]] = []
    lost: list[_Worker[Task]] = []
    while upcoming is not None or any(worker.task for worker in pool):
        for worker in pool:
            if upcoming is not None and worker.ready and worker.task is None and worker.give(upcoming):
                upcoming = next(tasks, None)
        yield from finished  # after the workers have something to do again
        finished = []
        if len(lost) >= LOST_MAX:
            raise _no_worker(lost[-1])
        waiting = [worker for worker in pool if worker.speaks]
        answered = wait([worker.connection for worker in waiting], _patience(waiting, timeout_seconds))
        for worker in waiting:
            task = worker.task
            if worker.connection in answered:
                results = _answers(worker, work)
            elif worker.seconds > (timeout_seconds if worker.ready else START_SECONDS):
                results = _overdue(worker, work, timeout_seconds)
            else:
                continue
            if task is not None and results:
                finished.append((task, results[0]))
                lost.clear()
            elif worker.dead:
                lost.append(worker)
            worker.task = None
            if worker.dead:
                pool[pool.index(worker)] = _Worker(spool)
    yield from finished


def _patience(busy: list[_Worker[Task]], timeout_seconds: float) -> float:
    """Seconds until the next worker is overdue."""
    left = min((timeout_seconds if worker.ready else START_SECONDS) - worker.seconds for worker in busy)
    return max(left, 0.01)


def _answers(worker: _Worker[Task], work: Work[Task, Result]) -> list[Result]:
    """What a worker sent; nothing where it says that it is ready, or died without a task."""
    try:
        message = worker.connection.recv()
    except (EOFError, OSError):
        worker.end()
        if worker.task is None:
            return []
        return [
            work.lost(worker.task, "WorkerDied", f"the worker process {worker.death} on this photo", worker.seconds)
        ]
    if isinstance(message, (OSError, PillprintError)):
        raise message
    if not worker.ready:
        worker.ready = True
        return []
    return [message]


def _overdue(worker: _Worker[Task], work: Work[Task, Result], timeout_seconds: float) -> list[Result]:
    """End a worker that took too long; the result of its task, nothing where it had none."""
    worker.process.kill()
    worker.end()
    if worker.task is None:
        return []
    return [work.lost(worker.task, "TimedOut", too_long(timeout_seconds), timeout_seconds)]


def _no_worker(lost: _Worker[Task]) -> PillprintError:
    """Why no worker can be had, and what to do."""
    advice = "run `pillprint doctor`"
    if lost.ready:
        return PillprintError(f"a worker process {lost.death} while it waited; {advice}")
    if lost.seconds > START_SECONDS:
        return PillprintError(f"a worker process did not start in {START_SECONDS:.0f} s; {advice}")
    if (lost.process.exitcode or 0) > 0:  # a script runs again in each worker, up to its main guard
        advice += f"; {MAIN_GUARD}"
    return PillprintError(f"a worker process {lost.death} while it started; {advice}")


def _live(connection: Connection, spool: Path) -> None:
    """The life of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends its workers
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):  # the parent is gone or has done
        try:
            do = wake(spool.read_bytes())
        except (OSError, PillprintError) as error:
            connection.send(error)
            return
        connection.send(None)
        while True:
            connection.send(do(connection.recv()))


def _end_with_parent() -> None:
    """End this process when its parent is gone, whatever it is doing: nobody would take its answer."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _without_interrupt() -> Iterator[None]:
    """A process started inside never sees Ctrl-C, not even while Python starts; where the system can."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Where the tracker is not there yet, the process's start begins it, which lets Ctrl-C through again (CPython's
    # multiprocessing/resource_tracker.py).
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """The environment that a process started inside inherits."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
