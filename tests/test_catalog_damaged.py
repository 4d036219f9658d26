"""Catalogs whose cells or bytes are not what a build writes: ``CatalogError``, never anything else."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner
from fuzz_catalog import ask_everything, fuzz
from spl_documents import document, look, product

from pipeline.cli import cli
from reference.errors import CatalogError
from reference.store.build import build_catalog
from reference.store.catalog import open_catalog

SECTION = '<component><section><code code="34067-9"/><title>Uses</title><text>For tests.</text></section></component>'


@pytest.fixture
def label(tmp_path: Path) -> Path:
    path = tmp_path / "x.xml"
    path.write_bytes(document(product() + product("1234-568", marks=look("CD;34")), sections=SECTION))
    return path


def test_any_damage_is_answered_or_refused(label: Path) -> None:
    assert fuzz([("spl", label)], 60, seed=0) > 10


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE look SET size_mm = 'wide'", "UPDATE look SET score = x'FF'", "UPDATE product SET imprint = x'FFFE'",
        "UPDATE product SET originals = '{'", "UPDATE product SET imprint_check = '[1]'",
        "UPDATE drug SET name = x'00'",
        "UPDATE imprint SET imprint_key = 'a' WHERE id = 2", "UPDATE imprint SET products = 'many'",
        "UPDATE imprint SET id = id + 1000", "UPDATE section SET statements = x'00'", "DELETE FROM product",
        "UPDATE monograph SET citations = '[{\"x\": 1}]'", "UPDATE token SET token = x'00' WHERE id = 3",
    ],
)  # fmt: skip
def test_a_wrong_cell_is_a_catalog_error(tmp_path: Path, label: Path, change: str) -> None:
    path = tmp_path / "c.sqlite"
    build_catalog([("spl", label)], path)
    ask_everything(path)
    connection = sqlite3.connect(path)
    connection.execute(change)
    connection.commit()
    connection.close()
    with pytest.raises(CatalogError, match="build it again"):
        ask_everything(path)


def test_the_command_says_so_and_exits_with_4(tmp_path: Path, label: Path) -> None:
    path = tmp_path / "c.sqlite"
    build_catalog([("spl", label)], path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE product SET originals = x'FF'")
    connection.commit()
    connection.close()
    result = CliRunner().invoke(cli, ["catalog", "check", str(path)])
    assert result.exit_code == 4 and "damaged" in result.stderr
    with pytest.raises(CatalogError), open_catalog(path) as catalog:
        list(catalog.products())
