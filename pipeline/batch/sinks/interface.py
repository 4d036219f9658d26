"""What a form of the results is: a file in the result folder that rows are added to.

A form is one module with one function of the shape ``Form``, and one line in ``SINKS``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from pipeline.batch.columns import Column
from pipeline.batch.rows import Row

# Adds one row of the results.
Add = Callable[[Row], None]


class Form(Protocol):
    """Begins a form of the results."""

    def __call__(self, file: Path, columns: Sequence[Column]) -> AbstractContextManager[Add]:
        """A context in which rows are added; when it has ended well, they are in the file, whole and on the disk.

        Args:
            file: where they go; what is there stays until all is written.
            columns: of every row.

        Raises:
            EngineMissingError: what writes this form is not installed.
        """
        ...
