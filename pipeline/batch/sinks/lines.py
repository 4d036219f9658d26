"""Rows as JSON Lines: an object a row, plain ASCII."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline.batch.columns import Column
from pipeline.batch.durable import replacing
from pipeline.batch.rows import Row, to_line
from pipeline.batch.sinks.interface import Add


@contextmanager
def lines(file: Path, columns: Sequence[Column]) -> Iterator[Add]:
    """See ``Form``."""
    with replacing(file) as stream:

        def add(row: Row) -> None:
            stream.write(to_line(row))

        yield add
