"""Verdicts that people gave in the page (``pipeline/report``), merged into a batch's results.

They are kept in ``verdicts.jsonl`` in the result folder, the latest one a row, and belong to the photo's content: where
it has changed since, its row says nothing of them.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from pipeline.batch.durable import replace
from pipeline.batch.names import shown
from pipeline.batch.rows import Row, to_line
from pipeline.errors import InputError
from pipeline.review import CONFIRMED, RESULTS, VERDICT, VERDICTS, content_key, row_key
from reference.text.delimited import delimiter_of
from reference.text.encoding import text_of

# A line of the export: the key of its row, of its photo's content, and the verdict's columns.
Verdict = Mapping[str, str]

_KEPT = ("key", "sha256", *VERDICT)
# The page writes a sign before what a spreadsheet would take for a formula.
_DEFUSED = re.compile(r"'+[=+\-@\t\r\n]")


def read_verdicts(file: Path) -> list[Verdict]:
    """The verdicts in a file that the page exported, also after a spreadsheet has saved it.

    Raises:
        InputError: it cannot be read or is no such file; the message names the line and what to do.
    """
    try:
        text = text_of(file.read_bytes())
    except OSError as error:
        raise InputError(f"{shown(file)}: cannot be read ({error.strerror}); export the verdicts again") from error
    lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter_of(text.partition("\n")[0]))
    missing = [name for name in _KEPT if name not in (lines.fieldnames or ())]
    if missing:
        told = f"has no column {', '.join(missing)}; use the file that report.html exports"
        raise InputError(f"{shown(file)}: {told}")
    return [_checked(line, f"{shown(file)}, line {lines.line_num}") for line in lines]


def _checked(line: Mapping[str, str | None], place: str) -> Verdict:
    cells = {name: _defused(line.get(name) or "") for name in _KEPT}
    if cells["verdict"] not in VERDICTS:
        raise InputError(f"{place}: verdict is {cells['verdict']!r}; it must be one of {', '.join(VERDICTS)}")
    for name in ("key", "by"):
        if not cells[name]:
            raise InputError(f"{place}: {name} is empty; use the file that report.html exports")
    try:
        cells["at"] = datetime.fromisoformat(cells["at"]).isoformat()
    except ValueError as error:
        raise InputError(f"{place}: at is {cells['at']!r}; it must be a time like 2026-11-29T09:30:00Z") from error
    return cells


def _defused(cell: str) -> str:
    return cell[1:] if _DEFUSED.match(cell) else cell


class Verdicts:
    """The verdicts of a batch; ``merged`` and ``left`` count them when all rows have gone through ``applied``."""

    def __init__(self, out: Path) -> None:
        self._file = out / "verdicts.jsonl"
        lines = self._file.read_bytes().splitlines() if self._file.exists() else []
        self._by_row: dict[str, Verdict] = {each["key"]: each for each in map(json.loads, lines)}
        self.merged = 0

    @property
    def left(self) -> int:
        """Those whose row is not here, whose photo has changed since, or that confirm an error."""
        return len(self._by_row) - self.merged

    def add(self, verdicts: Iterable[Verdict]) -> None:
        """Keep verdicts, of each row the latest."""
        for each in verdicts:
            known = self._by_row.get(each["key"])
            if known is None or _time(known) <= _time(each):
                self._by_row[each["key"]] = each
        if self._by_row:
            replace(self._file, b"".join(map(to_line, self._by_row.values())))

    def applied(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows with what was said of them."""
        self.merged = 0
        for row in rows:
            said = self._by_row.get(row_key(row))
            holds = said is not None and _holds(said, row)
            self.merged += holds
            cells = [said[name] or None for name in VERDICT] if said and holds else [None] * len(RESULTS)
            yield {**row, **dict(zip(RESULTS, cells, strict=True))}


def _holds(verdict: Verdict, row: Row) -> bool:
    """Whether a verdict is about what the row is of; a row without an answer has nothing to confirm."""
    is_of_nothing = verdict["verdict"] == CONFIRMED and not row.get("decision")
    return verdict["sha256"] == content_key(row) and not is_of_nothing


def _time(verdict: Verdict) -> float:
    return datetime.fromisoformat(verdict["at"]).timestamp()
