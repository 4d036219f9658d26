"""The progress of a batch on standard error: a bar on a terminal, plain lines or JSON lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from pipeline.batch.doing import Progress
from pipeline.cli.bar import BarDisplay
from pipeline.cli.output import json_line

# How often a log gets a line.
_LINE_SECONDS = 10.0


class _Clock:
    """How fast a batch goes, from its first photo on: until then workers start and load their models."""

    def __init__(self) -> None:
        self._last_line = time.monotonic()
        self._first: int | None = None  # photos that were done when the clock began
        self._began = 0.0

    def note(self, progress: Progress) -> None:
        """Take note of a progress; each must be shown to the clock."""
        if self._first is None and progress.total is not None and progress.done > progress.done_before:
            self._first, self._began = progress.done, time.monotonic()

    def is_time(self) -> bool:
        """Whether the log's next line is due, from the last time that this said so."""
        due = time.monotonic() - self._last_line >= _LINE_SECONDS
        if due:
            self._last_line = time.monotonic()
        return due

    def rate(self, progress: Progress) -> float:
        """Photos a second; 0 where nobody can say yet."""
        seconds = time.monotonic() - self._began
        return (progress.done - self._first) / seconds if self._first is not None and seconds else 0.0

    def seconds_left(self, progress: Progress) -> float | None:
        """None where nobody can say yet."""
        if progress.total == progress.done:
            return 0.0
        rate = self.rate(progress)
        return (progress.total - progress.done) / rate if rate and progress.total is not None else None


class ProgressDisplay(BarDisplay):
    """Shows each ``Progress`` it is called with; a context manager."""

    def __init__(self, console: Console | None = None) -> None:
        told = TextColumn("{task.fields[told]}")
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), told, TimeRemainingColumn())
        super().__init__(*columns, console=console)
        self._clock = _Clock()

    def __call__(self, progress: Progress) -> None:
        """Show where the batch is."""
        if progress.total is None:
            self._say(f"looking for photos: {progress.done}")
            return
        self._clock.note(progress)
        if self._task is None:
            self._task = self._bar.add_task("photos", total=progress.total, completed=progress.done, told="")
            if progress.done_before:
                self._console.print(f"{progress.done_before} of {progress.total} photos were done before")
        rate, errors = self._clock.rate(progress), _count(progress.errors, "error")
        told = f"{rate:.1f}/s, {errors}" if rate else errors
        self._bar.update(self._task, completed=progress.done, told=told)
        self._say(f"{progress.done} of {progress.total} photos, {told}, {self._left(progress)} left")

    def warn(self, message: str) -> None:
        """Say what the person should know."""
        self._console.print(f"pillprint: {message}", markup=False, highlight=False, soft_wrap=True)

    def _say(self, line: str) -> None:
        """A plain line where there is no bar, now and then."""
        if not self._console.is_terminal and self._clock.is_time():
            self._console.print(line, soft_wrap=True)

    def _left(self, progress: Progress) -> str:
        seconds = self._clock.seconds_left(progress)
        return "unknown time" if seconds is None else duration(seconds)


class ProgressLog:
    """Writes each ``Progress`` it is called with as a line of JSON; a context manager.

    Each has ``time`` (ISO 8601, UTC) and ``event``: ``looking``, ``begun``, ``progress`` (one in some ten seconds),
    ``warning``, ``ended`` with the summary or ``failed`` with the reason.
    """

    def __init__(self) -> None:
        self._clock = _Clock()
        self._begun = False

    def __enter__(self) -> ProgressLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if value is not None:
            self.event("failed", reason=str(value) or type(value).__name__)

    def __call__(self, progress: Progress) -> None:
        """Log where the batch is."""
        self._clock.note(progress)
        if progress.total is None:
            if self._clock.is_time():
                self.event("looking", found=progress.done)
        elif not self._begun:
            self._begun = True
            self.event("begun", photos=progress.total, done_before=progress.done_before)
        elif self._clock.is_time() or progress.done == progress.total:
            left = self._clock.seconds_left(progress)
            self.event(
                "progress",
                done=progress.done,
                photos=progress.total,
                errors=progress.errors,
                photos_per_second=round(self._clock.rate(progress), 3),
                seconds_left=None if left is None else round(left),
            )

    def warn(self, message: str) -> None:
        """Log what the person should know."""
        self.event("warning", message=message)

    def event(self, event: str, **facts: Any) -> None:
        """Write one line."""
        line: Mapping[str, Any] = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "event": event, **facts}
        click.echo(json_line(line), err=True)


def duration(seconds: float) -> str:
    """Hours, minutes and seconds."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
