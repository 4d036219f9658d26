"""What an engine is, and what all engines share: how long a worker may take, when a batch gives up.

An engine is one file with one function of the shape ``Execute``. It runs each task once in some worker, on this machine
or another, in any order, and knows nothing of photos and rows: a ``Work`` does a task in the worker and says in the
parent what is the result of one that was lost with its worker.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Protocol, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")
_Task = TypeVar("_Task", contravariant=True)
_Result = TypeVar("_Result", covariant=True)

# Loading the models takes some seconds; a machine that swaps may need much longer.
START_SECONDS = 300.0

# Workers in a row that die without a task in hand: one may be chance, the second has a reason that stays.
LOST_MAX = 2

MAIN_GUARD = 'a script of your own must call this below `if __name__ == "__main__":`'


class Work(Protocol[_Task, _Result]):
    """What is to be done with each task; pickled once, and unpickled in each worker."""

    def do(self, task: _Task) -> _Result:
        """Do one task, in a worker; whatever goes wrong with it is a result too."""
        ...

    def lost(self, task: _Task, kind: str, reason: str, seconds: float) -> _Result:
        """The result of a task that was lost with its worker, in the parent.

        ``kind``: ``WorkerDied`` or ``TimedOut``.
        """
        ...


class Execute(Protocol):
    """The function that each engine has."""

    def __call__(
        self, tasks: Iterator[Task], work: Work[Task, Result], workers: int | None, timeout_seconds: float
    ) -> Iterator[tuple[Task, Result]]:
        """Do tasks in workers; each comes back once with its result, in the order they are done.

        Args:
            tasks: taken as they are needed, some ``workers`` ahead; picklable.
            work: what does them.
            workers: how many; None for one a core that may be used.
            timeout_seconds: a task that takes longer is lost, and its worker replaced.

        Raises:
            PillprintError: workers cannot start; the message says why.
        """
        ...


def too_long(timeout_seconds: float) -> str:
    """Why a task was lost that took too long."""
    return f"took longer than {timeout_seconds:g} s; reduce the photo, or give more time with --timeout"


def usable_cores() -> int:
    """The cores that this process may use, where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
