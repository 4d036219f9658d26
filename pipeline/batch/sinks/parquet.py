"""Rows as Parquet, with lists and their elements as such (extra ``parquet``)."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.batch.columns import PARTS, SCHEMA, Column, Kind
from pipeline.batch.durable import replacing
from pipeline.batch.rows import Row
from pipeline.batch.sinks.interface import Add
from pipeline.errors import EngineMissingError
from reference.installing import pip_install

# Rows in memory at a time, some 20 MB, and in a row group.
_ROWS_AT_ONCE = 10_000


@contextmanager
def parquet(file: Path, columns: Sequence[Column]) -> Iterator[Add]:
    """See ``Form``."""
    try:
        arrow = importlib.import_module("pyarrow")
        writing = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise EngineMissingError(f"{file.name}: needs pyarrow; `{pip_install('pyarrow')}`") from error
    schema = arrow.schema(
        [(column.name, _type(arrow, column.kind)) for column in columns], metadata={"pillprint.schema": str(SCHEMA)}
    )
    rows: list[Row] = []
    with replacing(file) as stream, writing.ParquetWriter(stream, schema, compression="zstd") as writer:

        def flush() -> None:
            writer.write_table(arrow.Table.from_pylist(rows, schema=schema))
            rows.clear()

        def add(row: Row) -> None:
            rows.append(row)
            if len(rows) == _ROWS_AT_ONCE:
                flush()

        yield add
        flush()


def _type(arrow: Any, kind: Kind) -> Any:
    if kind in PARTS:
        return arrow.list_(arrow.struct([(name, _type(arrow, part)) for name, part in PARTS[kind].items()]))
    if kind is Kind.TEXTS:
        return arrow.list_(arrow.string())
    return {Kind.TEXT: arrow.string(), Kind.INTEGER: arrow.int64(), Kind.REAL: arrow.float64()}[kind]
