"""What was seen, kept in a file as it comes: a long measurement goes on where it was stopped."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Values by a key, one pickle after the other in ``file``; a last one that a stop cut off is made again.

    It is for files of one's own: unpickling runs what a file says.
    """

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        self._values: dict[str, T] = {}
        if file.exists():
            self._read()

    def _read(self) -> None:
        with self._file.open("r+b") as stream:
            whole = 0
            while True:
                try:
                    key, value = pickle.load(stream)
                except (EOFError, pickle.UnpicklingError):
                    break
                self._values[key], whole = value, stream.tell()
            stream.truncate(whole)

    def of(self, key: str, make: Callable[[], T]) -> T:
        """The value of this key; what is not kept yet is made and kept."""
        if key not in self._values:
            value = make()
            with self._file.open("ab") as stream:
                pickle.dump((key, value), stream)
            self._values[key] = value
        return self._values[key]
