"""Worker processes on this machine, each with its own identifier; one that dies or hangs costs one photo."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from pipeline.batch.rows import Analyst, Row, analyze, error_row
from pipeline.errors import PillprintError

# Loading the models takes some seconds; a machine that swaps may need much longer.
START_SECONDS = 300.0

# Each process works on one photo with one thread; else the libraries' threads fight over the cores.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Task:
    """One photo to do: which shard, which place in it, which path below the folder."""

    shard: str
    index: int
    path: str


class _Worker:
    """One process and what it is doing: starting (no task, not ready), idle or at work."""

    def __init__(self, payload: bytes, folder: str) -> None:
        # "spawn" and not "fork": OpenCV's threads do not survive a fork.
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_work, args=(theirs, payload, folder), daemon=True)
        with _environment(_ONE_THREAD):  # numpy's OpenBLAS reads it when it is imported, before our first line
            self.process.start()
        theirs.close()
        self.task: Task | None = None
        self.ready = False
        self.dead = False
        self.since = time.monotonic()

    def give(self, task: Task) -> None:
        self.task = task
        self.since = time.monotonic()
        with suppress(OSError):  # it died while it was idle; the next receive tells
            self.connection.send(task.path)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.since

    def end(self) -> int | None:
        """End the process; its exit code, negative where a signal ended it."""
        self.dead = True
        self.connection.close()
        self.process.join(0.5)
        self.process.kill()
        self.process.join()
        return self.process.exitcode


def run_local(
    tasks: Iterator[Task], analyst: Analyst, folder: str, workers: int | None, timeout_seconds: float
) -> Iterator[tuple[Task, Row]]:
    """Do tasks in worker processes; each comes back once with its row, in the order they are done.

    Args:
        tasks: taken as they are needed, some ``workers`` ahead.
        analyst: pickled into each process.
        folder: what the tasks' paths are relative to.
        workers: how many processes; None for one a core this process may use.
        timeout_seconds: a photo that takes longer gets an error row, and its process is replaced.

    Raises:
        PillprintError: a worker cannot start; the message says why.
    """
    payload = pickle.dumps(analyst)
    pool: list[_Worker] = []
    first = list(islice(tasks, workers or len(os.sched_getaffinity(0))))
    try:
        pool.extend(_Worker(payload, folder) for _ in first)
        yield from _supervise(pool, chain(first, tasks), payload, folder, timeout_seconds)
    finally:
        for worker in pool:
            worker.process.kill()
        for worker in pool:
            worker.end()


def _supervise(
    pool: list[_Worker], tasks: Iterator[Task], payload: bytes, folder: str, timeout_seconds: float
) -> Iterator[tuple[Task, Row]]:
    upcoming = next(tasks, None)
    finished: list[tuple[Task, Row]] = []
    while upcoming or any(worker.task for worker in pool):
        for worker in pool:
            if upcoming and worker.ready and worker.task is None:
                worker.give(upcoming)
                upcoming = next(tasks, None)
        yield from finished  # after the workers have something to do again
        finished = []
        waiting = [worker for worker in pool if worker.task or not worker.ready]
        answered = wait([worker.connection for worker in waiting], _patience(waiting, timeout_seconds))
        for worker in waiting:
            if worker.connection in answered:
                row = _answer(worker)
            elif worker.seconds > (timeout_seconds if worker.ready else START_SECONDS):
                row = _overdue(worker, timeout_seconds)
            else:
                continue
            if worker.task and row:
                finished.append((worker.task, row))
            worker.task = None
            if worker.dead:
                pool[pool.index(worker)] = _Worker(payload, folder)
    yield from finished


def _patience(busy: list[_Worker], timeout_seconds: float) -> float:
    """Seconds until the next worker is overdue."""
    left = min((timeout_seconds if worker.ready else START_SECONDS) - worker.seconds for worker in busy)
    return max(left, 0.01)


def _answer(worker: _Worker) -> Row | None:
    """What a worker sent; None where it says that it is ready."""
    try:
        message = worker.connection.recv()
    except (EOFError, OSError):
        died = _how_it_died(worker.end())
        if worker.task is None:
            raise PillprintError(f"a worker process {died} while it started; run `pillprint doctor`") from None
        return error_row(worker.task.path, "WorkerDied", f"the worker process {died} on this photo", worker.seconds)
    if isinstance(message, PillprintError):
        raise message
    worker.ready = True
    row: Row | None = message
    return row


def _overdue(worker: _Worker, timeout_seconds: float) -> Row:
    worker.process.kill()
    worker.end()
    if worker.task is None:
        raise PillprintError(f"a worker process did not start in {START_SECONDS:.0f} s; run `pillprint doctor`")
    return timed_out(worker.task, timeout_seconds)


def timed_out(task: Task, timeout_seconds: float) -> Row:
    """The row of a photo that took too long."""
    advice = f"took longer than {timeout_seconds:g} s; reduce the photo, or give more time with --timeout"
    return error_row(task.path, "TimedOut", advice, timeout_seconds)


def _how_it_died(exit_code: int | None) -> str:
    if exit_code is None or exit_code >= 0:
        return f"ended with exit code {exit_code}"
    name = signal.Signals(-exit_code).name
    return f"was killed ({name}{', perhaps for lack of memory' if name == 'SIGKILL' else ''})"


def _work(connection: Connection, payload: bytes, folder: str) -> None:
    """The life of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends its workers
    try:
        analyst = wake(payload)
    except PillprintError as error:
        connection.send(error)
        return
    try:
        connection.send(None)
        while True:
            connection.send(analyze(analyst, folder, connection.recv()))
    except (EOFError, OSError):  # the parent is gone or has done
        return


def wake(payload: bytes) -> Analyst:
    """The pickled analyst in a worker process, which works with one thread.

    Raises:
        PillprintError: it cannot be unpickled here; the message says why.
    """
    import cv2  # only in a worker: it is the process's own setting

    cv2.setNumThreads(1)
    warnings.filterwarnings("ignore", module=r"PIL\.")  # what is wrong with a photo, `load` says itself
    try:
        analyst: Analyst = pickle.loads(payload)
    except PillprintError:
        raise
    except Exception as error:
        raise PillprintError(f"a worker process cannot start ({type(error).__name__}: {error})") from error
    return analyst


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
