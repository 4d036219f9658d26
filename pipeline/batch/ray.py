"""The same batch on Ray: one actor a worker, on one machine or a cluster whose nodes see the same photo folder."""

from __future__ import annotations

import importlib
import pickle
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from pipeline.batch.local import START_SECONDS, Task, timed_out, wake
from pipeline.batch.rows import Analyst, Row, analyze, error_row
from pipeline.errors import EngineMissingError, PillprintError
from reference.installing import pip_install


@dataclass(frozen=True)
class _Call:
    """What an actor is doing since when; no task: it starts."""

    actor: Any
    task: Task | None
    since: float


class _Actor:
    """Lives in a Ray worker process."""

    def __init__(self, payload: bytes, folder: str) -> None:
        self._payload = payload
        self._folder = folder
        self._analyst: Analyst | None = None

    def start(self) -> PillprintError | None:
        """Wake the analyst; the error is handed back, not raised, since Ray would wrap it."""
        try:
            self._analyst = wake(self._payload)
        except PillprintError as error:
            return error
        return None

    def analyze(self, path: str) -> Row:
        """The row of one photo."""
        if self._analyst is None:
            raise PillprintError("the actor was not started")
        return analyze(self._analyst, self._folder, path)


def run_ray(
    tasks: Iterator[Task], analyst: Analyst, folder: str, workers: int | None, timeout_seconds: float
) -> Iterator[tuple[Task, Row]]:
    """Do tasks in Ray actors; as ``local.run_local``. ``workers`` None takes all CPUs of the cluster.

    Joins the cluster that ``RAY_ADDRESS`` names, else starts Ray on this machine.

    Raises:
        EngineMissingError: Ray is not installed.
        PillprintError: an actor cannot start; the message says why.
    """
    try:
        ray = importlib.import_module("ray")
    except ImportError as error:
        raise EngineMissingError(f"Ray is not installed; `{pip_install('ray')}`") from error
    ours = not ray.is_initialized()
    if ours:
        ray.init(log_to_driver=False, include_dashboard=False, logging_level="ERROR")
    try:
        first = list(islice(tasks, workers or int(ray.cluster_resources().get("CPU", 1))))
        yield from _supervise(ray, chain(first, tasks), len(first), (pickle.dumps(analyst), folder), timeout_seconds)
    finally:
        if ours:
            ray.shutdown()


def _supervise(
    ray: Any, tasks: Iterator[Task], workers: int, arguments: tuple[bytes, str], timeout_seconds: float
) -> Iterator[tuple[Task, Row]]:
    remote = ray.remote(num_cpus=1, max_restarts=0)(_Actor)
    calls: dict[Any, _Call] = {}

    def start() -> None:
        actor = remote.remote(*arguments)
        calls[actor.start.remote()] = _Call(actor, None, time.monotonic())

    def go_on(actor: Any) -> None:
        if task := next(tasks, None):
            calls[actor.analyze.remote(task.path)] = _Call(actor, task, time.monotonic())

    for _ in range(workers):
        start()
    while calls:
        answered, _ = ray.wait(list(calls), timeout=_patience(calls.values(), timeout_seconds))
        for reference in answered:
            call = calls.pop(reference)
            try:
                row = _row(call, ray.get(reference))
                go_on(call.actor)
            except ray.exceptions.RayActorError as error:
                row = _died(call, error)
                start()
            if call.task and row:
                yield call.task, row
        for reference, call in list(calls.items()):
            if time.monotonic() - call.since > _allowed(call, timeout_seconds):
                del calls[reference]
                ray.kill(call.actor)
                if call.task is None:
                    raise PillprintError(f"a Ray actor did not start in {START_SECONDS:.0f} s; see `ray status`")
                start()
                yield call.task, timed_out(call.task, timeout_seconds)


def _allowed(call: _Call, timeout_seconds: float) -> float:
    return timeout_seconds if call.task else START_SECONDS


def _patience(calls: Iterable[_Call], timeout_seconds: float) -> float:
    left = min(call.since + _allowed(call, timeout_seconds) for call in calls) - time.monotonic()
    return max(left, 0.01)


def _row(call: _Call, answer: Any) -> Row | None:
    if isinstance(answer, PillprintError):
        raise answer
    row: Row | None = answer if call.task else None
    return row


def _died(call: _Call, error: Exception) -> Row:
    if call.task is None:
        raise PillprintError(f"a Ray actor died while it started ({error}); run `pillprint doctor`") from error
    seconds = time.monotonic() - call.since
    return error_row(
        call.task.path, "WorkerDied", "the Ray actor died on this photo, perhaps for lack of memory", seconds
    )
