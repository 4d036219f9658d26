"""A bar on standard error while something long goes on."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress, ProgressColumn, TaskID


class BarDisplay:
    """Shows a bar of these columns where standard error is a terminal; a context manager.

    ``transient``: the bar goes when it is done.
    """

    def __init__(self, *columns: ProgressColumn, console: Console | None = None, transient: bool = False) -> None:
        self._console = console or Console(stderr=True)
        self._bar = Progress(
            *columns, console=self._console, transient=transient, disable=not self._console.is_terminal
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
