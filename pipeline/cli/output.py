"""How commands print: JSON and tables, each in one place."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence

import click


def json_line(value: object) -> str:
    """JSON on one line, in ASCII."""
    return _ascii(json.dumps(value, allow_nan=False))


def print_json(value: object) -> None:
    """JSON on standard output, in ASCII: a terminal or pipe of any encoding takes it, and no character controls it."""
    click.echo(_ascii(json.dumps(value, indent=2, allow_nan=False)))


def _ascii(text: str) -> str:
    return text.replace("\x7f", "\\u007f")  # the one control character that JSON leaves as it is


def print_table(columns: tuple[str, ...], rows: Iterable[Sequence[str]], spare: tuple[str, ...] = ()) -> None:
    """A rich table on a terminal, tab-separated lines in a pipe; no cell is cut but those of ``spare`` columns."""
    from rich.console import Console

    from pipeline.report.columns import Columns
    from pipeline.report.words import plain

    if not sys.stdout.isatty():
        for row in (columns, *rows):
            click.echo("\t".join(map(plain, row)))
        return
    Console().print(Columns(columns, tuple(tuple(map(plain, row)) for row in rows), spare))
