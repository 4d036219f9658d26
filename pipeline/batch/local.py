"""Worker processes on this machine, each with its own identifier; one that dies or hangs costs one try."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from pipeline.batch.rows import Analyst, Row, analyze, error_row
from pipeline.errors import PillprintError

# Loading the models takes some seconds; a machine that swaps may need much longer.
START_SECONDS = 300.0

# Workers in a row that die without a photo in hand: one may be chance, the second has a reason that stays.
_LOST_MAX = 2

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

    def __init__(self, spool: Path, folder: str) -> None:
        # The arguments go through a pipe that `start` fills, and where the process is dead nobody empties it: they must
        # fit into the pipe (python/cpython#118981). So the analyst comes in a file.
        # "spawn" and not "fork": OpenCV's threads do not survive a fork.
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_work, args=(theirs, spool, folder), daemon=True)
        with _environment(_ONE_THREAD):  # numpy's OpenBLAS reads it when it is imported, before our first line
            self.process.start()
        theirs.close()
        self.task: Task | None = None
        self.ready = False
        self.dead = False
        self.since = time.monotonic()

    def give(self, task: Task) -> bool:
        """Hand it a task; whether it lives to take it."""
        try:
            self.connection.send(task.path)
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
    tasks: Iterator[Task], analyst: Analyst, folder: str, workers: int | None, timeout_seconds: float
) -> Iterator[tuple[Task, Row]]:
    """Do tasks in worker processes; each comes back once with its row, in the order they are done.

    Args:
        tasks: taken as they are needed, some ``workers`` ahead.
        analyst: pickled for each process.
        folder: what the tasks' paths are relative to.
        workers: how many processes; None for one a core this process may use.
        timeout_seconds: a photo that takes longer gets an error row, and its process is replaced.

    Raises:
        PillprintError: workers cannot start; the message says why.
    """
    pool: list[_Worker] = []
    first = list(islice(tasks, workers or len(os.sched_getaffinity(0))))
    with _spooled(analyst) as spool:
        try:
            pool.extend(_Worker(spool, folder) for _ in first)
            yield from _supervise(pool, chain(first, tasks), spool, folder, timeout_seconds)
        finally:
            for worker in pool:
                worker.process.kill()
            for worker in pool:
                worker.end()


@contextmanager
def _spooled(analyst: Analyst) -> Iterator[Path]:
    """The pickled analyst in a file without a name, so that nothing is left of it however this process ends."""
    with tempfile.TemporaryFile() as file:
        pickle.dump(analyst, file)
        file.flush()
        yield Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")


def _supervise(
    pool: list[_Worker], tasks: Iterator[Task], spool: Path, folder: str, timeout_seconds: float
) -> Iterator[tuple[Task, Row]]:
    upcoming = next(tasks, None)
    finished: list[tuple[Task, Row]] = []
    lost: list[_Worker] = []
    while upcoming or any(worker.task for worker in pool):
        for worker in pool:
            if upcoming and worker.ready and worker.task is None and worker.give(upcoming):
                upcoming = next(tasks, None)
        yield from finished  # after the workers have something to do again
        finished = []
        if len(lost) >= _LOST_MAX:
            raise _no_worker(lost[-1])
        waiting = [worker for worker in pool if worker.speaks]
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
                lost.clear()
            elif worker.dead:
                lost.append(worker)
            worker.task = None
            if worker.dead:
                pool[pool.index(worker)] = _Worker(spool, folder)
    yield from finished


def _patience(busy: list[_Worker], timeout_seconds: float) -> float:
    """Seconds until the next worker is overdue."""
    left = min((timeout_seconds if worker.ready else START_SECONDS) - worker.seconds for worker in busy)
    return max(left, 0.01)


def _answer(worker: _Worker) -> Row | None:
    """What a worker sent; None where it says that it is ready, or died without a task."""
    try:
        message = worker.connection.recv()
    except (EOFError, OSError):
        worker.end()
        if worker.task is None:
            return None
        message = f"the worker process {worker.death} on this photo"
        return error_row(worker.task.path, "WorkerDied", message, worker.seconds)
    if isinstance(message, (OSError, PillprintError)):
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


def _no_worker(lost: _Worker) -> PillprintError:
    """Why no worker can be had, and what to do."""
    advice = "run `pillprint doctor`"
    if not lost.ready and (lost.process.exitcode or 0) > 0:  # a script runs again in each worker, up to its main guard
        advice += '; a script of your own must call this below `if __name__ == "__main__":`'
    return PillprintError(f"a worker process {lost.death} while it {'waited' if lost.ready else 'started'}; {advice}")


def _work(connection: Connection, spool: Path, folder: str) -> None:
    """The life of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends its workers
    with suppress(EOFError, OSError):  # the parent is gone or has done
        try:
            analyst = wake(spool.read_bytes())
        except (OSError, PillprintError) as error:
            connection.send(error)
            return
        connection.send(None)
        while True:
            connection.send(analyze(analyst, folder, connection.recv()))


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
