"""Damages the cells and the bytes of a catalog's file: whatever is asked of it answers or raises ``CatalogError``.

    python tests/fuzz_catalog.py --mutations 2000 --seed 1

Runs in the suite with few mutations (``test_catalog_damaged.py``).
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import tempfile
from pathlib import Path

from pipeline.match.shortlist import ImprintIndex
from pipeline.match.world import Tokens
from reference.audit.check import check
from reference.audit.export import as_row
from reference.errors import CatalogError
from reference.search.query import query
from reference.search.search import search
from reference.store.build import build_catalog
from reference.store.catalog import open_catalog

VALUES = (
    b"\xff\xfe", b"", "", None, -1, 0, 1, 7.5, 1e300, 2**62, "x", "[", "[]", "{}", "[1]", '[["a"]]', ";", ";;", "|",
    "024;;", "\0", "\ud7ff", "a", "分", "nan", "A" * 5000, "9999-99-99",
)  # fmt: skip
QUERIES = (
    query("024"), query("0*4"), query("O24", shape="ROUND"), query(color="white", size="7", score="2"),
    query(drug="baclofen"), query(labeler="a"), query(ndc="0228-4024"), query("logo 5"),
)  # fmt: skip


def ask_everything(path: Path) -> None:
    """What the commands ask of a catalog."""
    with open_catalog(path) as catalog:
        for asked in QUERIES:
            for hit in search(catalog, asked).hits:
                assert hit.labelers is not None
        products = list(catalog.products())
        assert all(map(as_row, products)) and list(check(products)) is not None
        assert repr((catalog.market, catalog.date, catalog.stated_coverage))
        for product in products[:2] + products[-3:]:
            catalog.monograph(product.name, product.product_id)
            catalog.label(product.product_id)
        keys = ImprintIndex(catalog).keys
        assert len(Tokens([token for key in keys for token in key.split(";")])) >= len(keys)
        for found in catalog.products_with(keys[:1000]).values():
            catalog.groups_of(found)
        list(catalog.without("024").products())


def damage_cell(path: Path, rng: random.Random) -> str:
    """Another value in one cell; says which."""
    connection = sqlite3.connect(path)
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    table = rng.choice([name for name in tables if not name.startswith("sqlite_")])
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    column, value = rng.choice(columns), rng.choice(VALUES)
    where = (
        "1" if rng.random() < 0.5 else f"{columns[0]} IN (SELECT {columns[0]} FROM {table} ORDER BY random() LIMIT 1)"
    )
    try:
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (value,))
        connection.commit()
    except sqlite3.Error:
        pass  # a rule of the schema keeps the value out
    finally:
        connection.close()
    return f"{table}.{column} = {value!r:.60} where {where}"


def damage_bytes(path: Path, rng: random.Random) -> str:
    """Up to forty changed bytes, or the end cut off."""
    data = bytearray(path.read_bytes())
    if rng.random() < 0.1:
        del data[rng.randrange(100, len(data)) :]
    for _ in range(rng.randint(1, 40)):
        data[rng.randrange(16, len(data))] = rng.randrange(256)
    path.write_bytes(data)
    return "bytes"


def fuzz(sources: list[tuple[str, Path]], mutations: int, seed: int) -> int:
    """How many of the mutations were refused; raises ``AssertionError`` for one that raises anything else."""
    rng = random.Random(seed)
    refused = 0
    with tempfile.TemporaryDirectory() as folder:
        good, path = Path(folder, "good.sqlite"), Path(folder, "bad.sqlite")
        build_catalog(sources, good)
        ask_everything(good)
        for number in range(mutations):
            path.write_bytes(good.read_bytes())
            told = (damage_cell if rng.random() < 0.6 else damage_bytes)(path, rng)
            try:
                ask_everything(path)
            except CatalogError:
                refused += 1
            except Exception as error:
                raise AssertionError(f"#{number}: {told}: {error!r}") from error
    return refused


def main() -> None:
    from test_importers_spl import SAMPLES

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutations", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(f"{fuzz([('spl', SAMPLES)], asked.mutations, asked.seed)} of {asked.mutations} refused")


if __name__ == "__main__":
    main()
