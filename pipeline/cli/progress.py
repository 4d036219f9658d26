"""The progress of a batch on standard error: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from pipeline.batch.run import Progress

# How often a log gets a line.
_LINE_SECONDS = 10.0


class ProgressDisplay:
    """Shows each ``Progress`` it is called with; a context manager."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._started = self._last_line = time.monotonic()
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[told]}"),
            TimeRemainingColumn(),
        )
        self._bar = Bar(*columns, console=self._console, disable=not self._console.is_terminal)
        self._task: TaskID | None = None

    def __enter__(self) -> ProgressDisplay:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def __call__(self, progress: Progress) -> None:
        """Show where the batch is."""
        if progress.total is None:
            self._say(f"looking for photos: {progress.done}")
            return
        if self._task is None:
            self._started = time.monotonic()
            self._task = self._bar.add_task("photos", total=progress.total, completed=progress.done, told="")
            if progress.done_before:
                self._console.print(f"{progress.done_before} of {progress.total} photos were done before")
        told = f"{self._rate(progress):.1f}/s, {_count(progress.errors, 'error')}"
        self._bar.update(self._task, completed=progress.done, told=told)
        self._say(f"{progress.done} of {progress.total} photos, {told}, {self._left(progress)} left")

    def _say(self, line: str) -> None:
        """A plain line where there is no bar, now and then."""
        if not self._console.is_terminal and time.monotonic() - self._last_line >= _LINE_SECONDS:
            self._last_line = time.monotonic()
            self._console.print(line, soft_wrap=True)

    def _rate(self, progress: Progress) -> float:
        seconds = time.monotonic() - self._started
        return (progress.done - progress.done_before) / seconds if seconds else 0.0

    def _left(self, progress: Progress) -> str:
        rate = self._rate(progress)
        if not rate or progress.total is None:
            return "unknown time"
        minutes, seconds = divmod(round((progress.total - progress.done) / rate), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02d}:{seconds:02d}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
