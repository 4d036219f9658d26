"""What the results of a batch are written as: a form by its ending, each one module."""

from __future__ import annotations

from pipeline.batch.sinks.database import database
from pipeline.batch.sinks.interface import Add, Form
from pipeline.batch.sinks.lines import lines
from pipeline.batch.sinks.parquet import parquet
from pipeline.batch.sinks.table import table

SINKS: dict[str, Form] = {"jsonl": lines, "csv": table, "parquet": parquet, "sqlite": database}
# What every batch writes.
ALWAYS = ("jsonl", "csv")

__all__ = ["ALWAYS", "SINKS", "Add", "Form"]
