"""Tables on terminals of any width: what a person needs to tell two drugs apart is never cut."""

from __future__ import annotations

import dataclasses
import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from examples import identification, product
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from pipeline.records import Candidate
from pipeline.report.tables import answer_table
from pipeline.report.terminal_table import Columns

WIDTHS = (20, 40, 60, 80, 120)
NAMES = ("tier", "drug", "look", "labelers", "example")
ROWS = (
    ("all tokens", "prednisone 5 mg", "WHITE ROUND 7 mm score 2", "West-Ward Pharmaceuticals", "c3pi:00002-3227-30"),
    ("exact", "prednisolone 5 mg", "", "Par", "spl:0b1d2a54-1c1c-4a35-8f62-0123456789ab"),
)


def printed(table: object, width: int) -> str:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def packed(text: str) -> str:
    return "".join(text.split())


def test_a_wide_terminal_has_one_line_a_row() -> None:
    lines = printed(Columns(NAMES, ROWS, title="Found"), 150).splitlines()
    assert lines[0] == "Found"
    assert lines[1].split() == list(NAMES)
    assert [" ".join(line.split()) for line in lines[3:5]] == [" ".join(" ".join(row).split()) for row in ROWS]


def test_a_narrower_one_wraps_between_words_then_leaves_out_what_is_spare() -> None:
    table = Columns(NAMES, ROWS, spare=("look", "labelers"))
    wrapped, without = printed(table, 95), printed(table, 85)
    assert "Pharmaceuticals" in wrapped and "West-Ward Ph" not in wrapped and "no room" not in wrapped
    assert "no room for: labelers\n" in without and "WHITE ROUND" in without and "Par" not in without


def test_the_narrowest_has_a_block_a_row_with_all_columns() -> None:
    lines = printed(Columns(NAMES, ROWS, spare=("look",)), 44).splitlines()
    assert lines[:5] == [f"{name}: {cell}" for name, cell in zip(NAMES, ROWS[0], strict=True)]
    assert lines[5] == ""


def test_no_rows_are_a_heading() -> None:
    assert printed(Columns(NAMES, ()), 80).split()[:5] == list(NAMES)


cells = st.text("ab -漢", max_size=30)


@given(st.lists(st.tuples(cells, cells, cells), max_size=4), st.integers(8, 100))
@example([("", " 漢", " aa")], 9)
def test_no_cell_is_ever_cut(rows: list[tuple[str, str, str]], width: int) -> None:
    shown = printed(Columns(("a", "b", "c"), tuple(rows)), width)
    assert "…" not in shown
    assert max(map(len, shown.splitlines()), default=0) <= width
    for row in rows:
        for cell in row:
            whole = all(word in shown for word in cell.split())
            assert whole or packed(cell) in packed(shown)


@pytest.mark.parametrize("width", WIDTHS)
def test_candidates_with_like_names_can_be_told_apart(width: int) -> None:
    evidence = identification().candidates[0].evidence
    found = ("prednisone", "prednisolone", "amlodipine; hydrochlorothiazide; valsartan")
    candidates = tuple(Candidate((product("44 525", name),), 0.3, 1.0, evidence, "all tokens") for name in found)
    answer = dataclasses.replace(
        identification(("024",), candidates=candidates), photos=("a/" + "very-" * 30 + "long.jpg",)
    )
    shown = printed(answer_table(answer), width)
    assert "…" not in shown
    for word in ("prednisone", "prednisolone", "hydrochlorothiazide;", "44", "525", "10 mg", "30 %"):
        assert word in shown
    assert "very-" * 30 + "long.jpg" in packed(shown)


def on_a_terminal(columns: int, *arguments: str | Path) -> str:
    """What a command prints on a terminal of that width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    command = [sys.executable, "-m", "pipeline", *map(str, arguments)]
    with subprocess.Popen(command, stdout=theirs, stdin=theirs, env=environment | {"TERM": "xterm"}) as process:
        os.close(theirs)
        shown = b""
        try:
            while block := os.read(ours, 1 << 16):
                shown += block
        except OSError:  # Linux says so when the other end is closed
            pass
        os.close(ours)
    assert process.returncode == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).replace("\r", "")


@pytest.mark.parametrize("width", WIDTHS)
def test_search_cuts_neither_drug_nor_imprint_nor_product_id(tmp_path: Path, width: int) -> None:
    table = tmp_path / "table.csv"
    table.write_text(
        "ndc11,part,parts,labeler,generic_name,proprietary_name,imprint,imprint_type,color,shape,size_mm,score\n"
        "00002-3227-30,1,1,West-Ward Pharmaceuticals,PREDNISONE,PREDNISONE 5 MG,024,DEBOSSED,WHITE,ROUND,7,2\n"
        "00009-1111-30,1,1,Par Pharmaceutical,PREDNISOLONE,PREDNISOLONE 5 MG,024,DEBOSSED,WHITE,ROUND,7,2\n"
    )
    shown = on_a_terminal(width, "search", "--imprint", "024", "--catalog", table)
    assert "…" not in shown
    for words in ("prednisone", "prednisolone", r"5\s+mg", "024"):
        assert re.search(words, shown)
    for number in ("00002-3227-30", "00009-1111-30"):
        assert f"c3pi:{number}" in packed(shown)
