"""The database of a catalog: opened connections, rows, and what the catalog says of itself as a whole."""

from __future__ import annotations

import json
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from reference.errors import CatalogError, InputError
from reference.store.origins import SourceFile, origins_of_json
from reference.store.product_rows import DAMAGE
from reference.store.writer import DISTINCT_PRODUCTS, MARKETS, NEWEST_DATE, checked_coverage

# Python cannot always decode what SQLite says of a damaged file.
SQLITE_FAULTS = (sqlite3.Error, UnicodeDecodeError)
# A count of products cannot tell how much of a market is missing: registers list what is no longer sold, and one tablet
# under several names. So it never says more than this; who knows better says the share (``coverage``).
COUNTED_COVERAGE_MAX = 0.95
# A catalog is of the market of which more than this share of its products are.
_MARKET_SHARE = 2 / 3


class Database:
    """A catalog's database, read-only, for many threads: its rows, and the facts that hold for all of it."""

    def __init__(self, connection: sqlite3.Connection, name: str, coverage: float | None = None) -> None:
        self._connection = connection
        self._coverage = coverage
        self._lock = threading.RLock()
        self._close = weakref.finalize(self, connection.close)
        self.name = name
        self.fingerprint = self._meta("fingerprint")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database; any later question raises ``CatalogError``."""
        self._close()

    def _meta(self, key: str) -> str:
        return str(next(iter(self.rows("SELECT value FROM meta WHERE key = ?", (key,))), ("",))[0])

    def rows(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
        """All rows of a query of this catalog's database (``schema.sql``), what a view leaves out too."""
        with self._lock:
            try:
                return self._connection.execute(sql, values).fetchall()
            except SQLITE_FAULTS as error:
                raise CatalogError(f"catalog {self.name}: {error}; build it again") from error

    def __len__(self) -> int:
        """How many products there are."""
        return int(self.rows("SELECT coalesce(sum(products), 0) FROM imprint")[0][0])

    @contextmanager
    def reading(self) -> Iterator[None]:
        """What a damaged file makes of reading it becomes a ``CatalogError`` here."""
        try:
            yield
        except DAMAGE as error:
            raise CatalogError(f"catalog {self.name} is damaged ({error}); build it again") from error

    @contextmanager
    def cursor(self) -> Iterator[sqlite3.Cursor]:
        """A cursor of this catalog's database, for this thread alone while it is held."""
        with self._lock:
            yield self._connection.cursor()

    def coverage(self, world: int) -> float:
        """The share, 0 to 1, of its market's tablets and capsules that the catalog holds.

        It is ``stated_coverage``, else the number of its products over ``world``, the number of products on the market,
        at most ``COUNTED_COVERAGE_MAX``; a product that two registers list counts once. Raises ``InputError`` where
        ``world`` is no positive number.
        """
        if not world >= 1:
            raise InputError(f"a market of {world} products makes no sense; give a number above 0")
        stated = self.stated_coverage
        counted = min(len(self), self.distinct_products) / world
        return min(counted, COUNTED_COVERAGE_MAX) if stated is None else stated

    @cached_property
    def distinct_products(self) -> int:
        """How many products there are where those that two registers list under one NDC and imprint count once."""
        try:
            return int(self._meta("distinct_products") or self.rows(DISTINCT_PRODUCTS)[0][0])
        except ValueError as error:
            raise CatalogError(f"catalog {self.name} is damaged ({error}); build it again") from error

    @cached_property
    def stated_coverage(self) -> float | None:
        """What ``open_catalog`` was told, else what ``catalog build --coverage`` was told, or None."""
        stored = self._meta("coverage") if self._coverage is None else str(self._coverage)
        try:
            return checked_coverage(float(stored)) if stored else None
        except (ValueError, InputError) as error:
            raise CatalogError(f"catalog {self.name}: a coverage of {stored!r}; build it again") from error

    @cached_property
    def date(self) -> str:
        """The newest ISO day on which its sources are dated, empty where none is."""
        return self._meta("date") or str(self.rows(NEWEST_DATE)[0][0])

    @cached_property
    def market(self) -> str:
        """The market, as ``Product.market`` names it, that most of its products are from; empty for a mixture."""
        with self.reading():
            counts = json.loads(self._meta("markets") or self.rows(f"SELECT ({MARKETS})")[0][0])
            largest = max(counts, key=counts.__getitem__, default="")
            return str(largest) if counts and counts[largest] > _MARKET_SHARE * sum(counts.values()) else ""

    @cached_property
    def origins(self) -> tuple[SourceFile, ...]:
        """The files it was built from; empty where its build did not keep them."""
        with self.reading():
            return origins_of_json(self._meta("origins"))

    def registers(self) -> Mapping[str, int]:
        """How many products it has from each register, by the register's title, in alphabetical order."""
        return dict(self.rows("SELECT name, products FROM source WHERE products ORDER BY name"))
