"""How fast catalogs are built, opened and searched; run apart from the suite:

    pytest tests/benchmarks/bench_catalog.py --benchmark-columns=min,median,max,rounds

The registers are those of ``../shared/data/catalog``; the large catalog holds 200,000 products drawn from them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reference.importers import Log
from reference.importers.registers import REGISTERS
from reference.product import Product, RegisterEntry
from reference.search.query import Query, query
from reference.search.search import search
from reference.store.build import build_catalog
from reference.store.catalog import Catalog, open_catalog
from reference.store.writer import Stage, write_database

TABLES = Path(__file__).parents[3] / "shared/data/catalog"
BUILT = [(name, TABLES / f"{name}_pills.csv") for name in ("c3pi", "tfda", "mfds")]
LARGE = 200_000

pytestmark = pytest.mark.skipif(not TABLES.is_dir(), reason=f"needs the registers in {TABLES}")


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bench") / "small.sqlite"
    build_catalog(BUILT, path)
    return path


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import sqlite3

    path = tmp_path_factory.mktemp("bench") / "large.sqlite"
    products = [entry.product for name, table in BUILT for entry in REGISTERS[name].entries(table, Log())]
    rng = random.Random(0)
    with Stage() as stage:
        for number in range(LARGE):
            stage.add(RegisterEntry(replace(rng.choice(products), product_id=f"drawn:{number:06d}")))
        connection = sqlite3.connect(path)
        write_database(stage, connection)
        connection.close()
    return path


def _questions(catalog: Catalog) -> list[Query]:
    """What people ask of 200 products drawn from the catalog, each in one of ten ways."""
    rng = random.Random(1)
    products = [product for product in catalog.products() if product.tokens]
    return [ask(rng.choice(products), rng) for ask in _WAYS for _ in range(20)]


def _word(product: Product, rng: random.Random) -> str:
    return rng.choice(product.tokens)


def _look(product: Product) -> dict[str, str]:
    return {"shape": product.shape, "color": ";".join(product.colors)}


_WAYS = (
    lambda product, rng: query(" ".join(product.tokens)),
    lambda product, rng: query("".join(product.tokens)),
    lambda product, rng: query(_word(product, rng)),
    lambda product, rng: query(max(product.tokens, key=len)[:3]),
    lambda product, rng: query(max(product.tokens, key=len)[1:] or "1"),
    lambda product, rng: query(max(product.tokens, key=len)[:2] + "*"),
    lambda product, rng: query(_word(product, rng), **_look(product)),
    lambda product, rng: query(" ".join(product.tokens), **_look(product), size=f"{product.size_mm or 8:g}"),
    lambda product, rng: query(**_look(product) | {"size": f"{product.size_mm or 8:g}"}),
    lambda product, rng: query(drug=product.drug),
)


@pytest.fixture(scope="session")
def small_catalog(small: Path) -> Iterator[tuple[Catalog, list[Query]]]:
    with open_catalog(small) as catalog:
        yield catalog, _questions(catalog)


@pytest.fixture(scope="session")
def large_catalog(large: Path) -> Iterator[tuple[Catalog, list[Query]]]:
    with open_catalog(large) as catalog:
        yield catalog, _questions(catalog)


def test_build_three_registers(benchmark: Any, tmp_path: Path) -> None:
    report = benchmark.pedantic(build_catalog, (BUILT, tmp_path / "c.sqlite"), rounds=1)
    assert report.products > 19_000


def _one_question_a_round(benchmark: Any, catalog: Catalog, questions: list[Query]) -> None:
    search(catalog, questions[0])
    turn = iter(questions)
    benchmark.pedantic(search, setup=lambda: ((catalog, next(turn)), {}), rounds=len(questions))


def test_search_19_thousand(benchmark: Any, small_catalog: tuple[Catalog, list[Query]]) -> None:
    _one_question_a_round(benchmark, *small_catalog)


def test_search_200_thousand(benchmark: Any, large_catalog: tuple[Catalog, list[Query]]) -> None:
    _one_question_a_round(benchmark, *large_catalog)


def test_open_200_thousand(benchmark: Any, large: Path) -> None:
    benchmark.pedantic(lambda: open_catalog(large).close(), rounds=20)


def test_open_and_first_search_200_thousand(benchmark: Any, large: Path) -> None:
    def first() -> None:
        with open_catalog(large) as catalog:
            assert search(catalog, query("54 024")).hits

    benchmark.pedantic(first, rounds=10)


def test_open_the_catalog_inside(benchmark: Any) -> None:
    benchmark.pedantic(lambda: open_catalog().close(), rounds=10)


def test_open_a_register(benchmark: Any) -> None:
    benchmark.pedantic(lambda: open_catalog(BUILT[0][1]).close(), rounds=3)


def test_imprints_of_200_thousand(benchmark: Any, large: Path) -> None:
    def imprints() -> None:
        with open_catalog(large) as catalog:
            assert len(catalog.imprints()) > 10_000

    benchmark.pedantic(imprints, rounds=5)
