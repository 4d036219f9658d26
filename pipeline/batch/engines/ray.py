"""The same on Ray: one actor a worker, on one machine or a cluster whose nodes see the same photo folder."""

from __future__ import annotations

import importlib
import os
import pickle
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Generic

from pipeline.batch.engines.interface import LOST_MAX, START_SECONDS, Result, Task, Work, too_long
from pipeline.batch.engines.worker import wake
from pipeline.errors import EngineMissingError, PillprintError
from reference.installing import pip_install

# How long a cluster may take to answer; one in another building does in a tenth of a second.
_CONNECT_SECONDS = 10.0


@dataclass(frozen=True)
class _Call(Generic[Task]):
    """What an actor is doing since when; no task: it starts."""

    actor: Any
    task: Task | None
    since: float

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.since


class _Actor:
    """Lives in a Ray worker process."""

    def __init__(self) -> None:
        self._do: Callable[[Any], Any] | None = None

    def start(self, payload: bytes) -> PillprintError | None:
        """Wake the work; the error is handed back, not raised, since Ray would wrap it."""
        try:
            self._do = wake(payload)
        except PillprintError as error:
            return error
        return None

    def do(self, task: Any) -> Any:
        """The result of one task."""
        if self._do is None:
            raise PillprintError("the actor was not started")
        return self._do(task)


def run_ray(
    tasks: Iterator[Task],
    work: Work[Task, Result],
    workers: int | None,
    timeout_seconds: float,
    *,
    address: str | None = None,
) -> Iterator[tuple[Task, Result]]:
    """Do tasks in Ray actors; see ``interface.Execute``. ``workers`` None takes all CPUs of the cluster.

    Args:
        tasks: as there.
        work: as there.
        workers: as there.
        timeout_seconds: as there.
        address: of a cluster that runs; without it the one that ``RAY_ADDRESS`` names, else Ray starts on this machine.

    Raises:
        EngineMissingError: Ray is not installed.
        PillprintError: no cluster answers there, or actors cannot start; the message says why.
    """
    try:
        ray = importlib.import_module("ray")
    except ImportError as error:
        raise EngineMissingError(f"Ray is not installed; `{pip_install('ray')}`") from error
    with _joined(ray, address):
        first = list(islice(tasks, workers or int(ray.cluster_resources().get("CPU", 1))))
        yield from _Supervisor(ray, chain(first, tasks), work, timeout_seconds).run(len(first))


@contextmanager
def _joined(ray: Any, address: str | None) -> Iterator[None]:
    """Be in the cluster, and leave it where this call joined it."""
    ours = not ray.is_initialized()
    if ours:
        asked = address or os.environ.get("RAY_ADDRESS") or "local"
        _check_answers(asked)
        try:
            # This may be set only where Ray is started here; a cluster that already runs refuses it.
            here = {"include_dashboard": False} if asked == "local" else {}
            ray.init(address=address, log_to_driver=False, logging_level="ERROR", **here)
        except (ConnectionError, RuntimeError, ValueError) as error:
            where = address or "the address in RAY_ADDRESS"
            raise PillprintError(
                f"{where}: no Ray cluster answers there ({_one_line(error)}); see `ray status`"
            ) from error
    try:
        yield
    finally:
        if ours:
            ray.shutdown()


def _check_answers(address: str) -> None:
    """Refuse an address where nothing listens; Ray itself would ask for a quarter of an hour."""
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if not (colon and port.isdigit()):  # none, or a word of Ray's own: auto, local
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise PillprintError(f"{address}: no Ray cluster answers there ({error}); see `ray status`") from error


class _Supervisor(Generic[Task, Result]):
    """Keeps actors at work, and replaces those that die or take too long."""

    def __init__(self, ray: Any, tasks: Iterator[Task], work: Work[Task, Result], timeout_seconds: float) -> None:
        self._ray, self._tasks, self._work, self._timeout_seconds = ray, tasks, work, timeout_seconds
        self._remote = ray.remote(num_cpus=1, max_restarts=0)(_Actor)
        self._payload = ray.put(pickle.dumps(work))
        self._calls: dict[Any, _Call[Task]] = {}
        self._lost = 0

    def run(self, workers: int) -> Iterator[tuple[Task, Result]]:
        """Do all tasks."""
        for _ in range(workers):
            self._start()
        while self._calls:
            answered, _ = self._ray.wait(list(self._calls), timeout=self._patience())
            for reference in answered:
                yield from self._answer(self._calls.pop(reference), reference)
            for reference, call in list(self._calls.items()):
                if call.seconds > self._allowed(call):
                    del self._calls[reference]
                    yield from self._overdue(call)

    def _start(self) -> None:
        actor = self._remote.remote()
        self._calls[actor.start.remote(self._payload)] = _Call(actor, None, time.monotonic())

    def _go_on(self, actor: Any) -> None:
        task = next(self._tasks, None)
        if task is not None:
            self._calls[actor.do.remote(task)] = _Call(actor, task, time.monotonic())

    def _answer(self, call: _Call[Task], reference: Any) -> Iterator[tuple[Task, Result]]:
        try:
            answer = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:  # the actor or its node died, or was killed for lack of memory
            reason = "the Ray actor died on this photo, perhaps for lack of memory"
            yield from self._replace(call, "WorkerDied", reason, f"died while it started ({_one_line(error)})")
            return
        if isinstance(answer, PillprintError):
            raise answer
        self._go_on(call.actor)
        if call.task is not None:
            self._lost = 0
            yield call.task, answer

    def _overdue(self, call: _Call[Task]) -> Iterator[tuple[Task, Result]]:
        self._ray.kill(call.actor)
        yield from self._replace(
            call, "TimedOut", too_long(self._timeout_seconds), f"did not start in {START_SECONDS:.0f} s"
        )

    def _replace(self, call: _Call[Task], kind: str, reason: str, at_start: str) -> Iterator[tuple[Task, Result]]:
        """Start another actor for one that is lost; the result of its task, if it had one."""
        if call.task is None:
            self._lost += 1
            if self._lost >= LOST_MAX and not any(other.task is not None for other in self._calls.values()):
                raise PillprintError(f"a Ray actor {at_start}; run `pillprint doctor` there, and see `ray status`")
        self._start()
        if call.task is not None:
            self._lost = 0
            yield call.task, self._work.lost(call.task, kind, reason, call.seconds)

    def _allowed(self, call: _Call[Task]) -> float:
        return START_SECONDS if call.task is None else self._timeout_seconds

    def _patience(self) -> float:
        left = min(self._allowed(call) - call.seconds for call in self._calls.values())
        return max(left, 0.01)


def _one_line(error: Exception) -> str:
    """What Ray says, without the pages that follow."""
    return str(error).strip().partition("\n")[0]
