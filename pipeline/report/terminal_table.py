"""Tables for a terminal of any width: no cell is cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

# Blanks between two columns.
_GAP = 2


@dataclass(frozen=True)
class Columns:
    """Rows of cells under named columns; ``Console.print`` fits them to the terminal.

    A table where the longest words of all columns fit beside one another, if need be without the ``spare`` columns,
    which are left out from the last on; no word is broken in it. Elsewhere a block of lines a row, with all columns.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    spare: tuple[str, ...] = ()
    title: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table or the blocks, as rich asks for them."""
        if self.title:
            yield Text(self.title, "italic")
        shown = self._fitting(options.max_width)
        if shown is None:
            yield from self._blocks()
            return
        yield self._table(shown, options.max_width)
        left_out = [name for column, name in enumerate(self.names) if column not in shown]
        yield Text(f"no room for: {', '.join(left_out)}\n" if left_out else "", "dim")

    def _fitting(self, width: int) -> list[int] | None:
        """The places of the columns that fit; None where not even those that are needed do."""
        shown = list(range(len(self.names)))
        left_out = [self.names.index(name) for name in self.spare]
        while _room(width, shown) < sum(self._least(column) for column in shown):
            if not left_out:
                return None
            shown.remove(left_out.pop())
        return shown

    def _table(self, shown: Sequence[int], width: int) -> Table:
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, _GAP - 1, 0, 0))
        least, most = map(self._least, shown), map(self._most, shown)
        for column, cells in zip(shown, _shared(list(least), list(most), _room(width, shown)), strict=True):
            table.add_column(Text(self.names[column]), width=cells, overflow="fold")
        for row in self.rows:
            table.add_row(*(Text(_tidy(row[column])) for column in shown))
        return table

    def _blocks(self) -> RenderResult:
        for row in self.rows:
            for name, cell in zip(self.names, row, strict=True):
                yield Text.assemble((f"{name}: ", "bold"), cell, overflow="fold")
            yield ""

    def _least(self, column: int) -> int:
        """The longest word's width."""
        return max(cell_len(word) for cell in self._cells(column) for word in cell.split() or [""])

    def _most(self, column: int) -> int:
        """The longest cell's width."""
        return max(map(cell_len, self._cells(column)))

    def _cells(self, column: int) -> list[str]:
        return [self.names[column], *(_tidy(row[column]) for row in self.rows)]


def _tidy(cell: str) -> str:
    """One blank between words: where a line is wrapped, a second one takes the room of a letter."""
    return " ".join(cell.split())


def _room(width: int, shown: Sequence[int]) -> int:
    """What is left for cells in a table."""
    return width - _GAP * (len(shown) - 1)


def _shared(least: Sequence[int], most: Sequence[int], room: int) -> list[int]:
    """Widths from ``least`` to ``most`` that fill the room: each step goes to the narrowest that still wraps."""
    widths = list(least)
    for _ in range(room - sum(least)):
        wrapping = [column for column, width in enumerate(widths) if width < most[column]]
        if not wrapping:
            break
        widths[min(wrapping, key=widths.__getitem__)] += 1
    return widths
