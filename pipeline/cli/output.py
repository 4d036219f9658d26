"""How commands print: JSON and tables, each in one place."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import IO, TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import RenderableType

# A batch was asked to fail where photos have an error row, and some have.
ERRORS_LEFT = 7

# What a shell gives for a process that Ctrl-C ended (128 + SIGINT).
INTERRUPTED = 130


def harmless(text: str) -> str:
    """Text whose control and direction characters are escaped, so that none of them reaches a terminal."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else _escaped(sign) for sign in text)


def _escaped(sign: str) -> str:
    code = ord(sign)
    byte = code - 0xDC00  # how Python carries a byte that is no UTF-8 (PEP 383)
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else sign.encode("unicode_escape").decode("ascii")


class HarmlessWriter:
    """Writes to a file object, through ``harmless`` where it is a terminal."""

    def __init__(self, file: IO[str]) -> None:
        self._file, self._is_terminal = file, file.isatty()

    def write(self, text: str) -> int:
        """Write a part of the text."""
        return self._file.write(harmless(text) if self._is_terminal else text)


def json_line(value: object) -> str:
    """JSON on one line, in ASCII."""
    return _ascii(json.dumps(value, allow_nan=False))


def print_json(value: object) -> None:
    """JSON on standard output, in ASCII: a terminal or pipe of any encoding takes it, and no character controls it."""
    click.echo(_ascii(json.dumps(value, indent=2, allow_nan=False)))


def _ascii(text: str) -> str:
    return text.replace("\x7f", "\\u007f")  # the one control character that JSON leaves as it is


def draws_tables() -> bool:
    """Whether standard output shows tables: a terminal does, and what FORCE_COLOR says is one."""
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def print_rich(drawn: RenderableType) -> None:
    """Draw tables on standard output."""
    from rich.console import Console

    Console().print(drawn)


def print_table(columns: tuple[str, ...], rows: Iterable[Sequence[str]], spare: tuple[str, ...] = ()) -> None:
    """A rich table on a terminal, tab-separated lines in a pipe; no cell is cut but those of ``spare`` columns."""
    from pipeline.report.short_words import plain

    cells = tuple(tuple(map(plain, row)) for row in rows)
    if draws_tables():
        from pipeline.report.terminal_table import Columns

        print_rich(Columns(columns, cells, spare))
        return
    for row in (tuple(map(plain, columns)), *cells):
        click.echo("\t".join(row))
