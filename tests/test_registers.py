"""What follows from the importers' descriptions: the command's options, the docs' table, a table's importer."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from pipeline.cli.catalog import build
from reference.importers import hand
from reference.importers.__main__ import table, written
from reference.importers.registers import REGISTERS

PAGE = Path(__file__).parents[1] / "docs/registers.md"


def test_each_register_is_an_option_with_its_help() -> None:
    told = " ".join(CliRunner().invoke(build, ["--help"]).output.split())
    for name, register in REGISTERS.items():
        assert f"--{name} PATH {register.help}" in told


def test_the_docs_have_the_table_of_the_registers() -> None:
    """Else run: python -m reference.importers docs/registers.md."""
    assert table() in PAGE.read_text("utf-8")


def test_the_table_is_written_in_place_of_an_older_one() -> None:
    text = PAGE.read_text("utf-8")
    assert written(text.replace("NLM Pillbox, US", "Pillbox")) == text


def test_no_table_fits_two_registers() -> None:
    tables = [columns for register in (*REGISTERS.values(), hand.REGISTER) for columns in register.columns]
    assert not any(one <= other for one in tables for other in tables if one is not other)
