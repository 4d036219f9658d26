"""The catalog: opened read-only, asked for products, imprints, drugs and monographs.

    with open_catalog() as catalog:            # the one inside the package
        catalog.products_with(["024"])

A ``Catalog`` may be used from many threads and pickled for other processes.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import weakref
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from reference.errors import CatalogError
from reference.grouping import same_tablet
from reference.importers import Log, importer_of, own_products, retrieved_on
from reference.monographs import load_monograph
from reference.product import Citation, FactSource, Monograph, Product, Section, Statement
from reference.token_index import TokenIndex
from reference.writer import APPLICATION_ID, SCHEMA_VERSION, fill

SQLITE_MAGIC = b"SQLite format 3\0"
# SQLite's own limit on parameters of a statement was 999 before 3.32.
_AT_ONCE = 500

# Where a field of ``Product`` stands, if not in the column of ``product`` that has its name.
_COLUMNS = {
    "name": "drug.name",
    "drug": "drug.drug",
    "strength": "drug.strength",
    "ingredients": "drug.ingredients",
    "rxcui": "drug.rxcui",
    "coating": "look.coating",
    "imprint_type": "look.imprint_type",
    "symbol": "look.symbol",
    "shape": "look.shape",
    "colors": "look.colors",
    "size_mm": "look.size_mm",
    "score": "look.score",
    "labeler": "labeler.name",
    "source": "source.name",
    "fact_sources": "(SELECT json_group_array(json_array(field, origin.name, fact.url, fact.date)) "
    "FROM fact_source fact JOIN source origin ON origin.id = fact.source_id WHERE fact.product_id = product.id)",
}
PRODUCT_COLUMNS = ", ".join(_COLUMNS.get(field.name, f"product.{field.name}") for field in fields(Product))
PRODUCT_JOIN = """
    product JOIN imprint ON imprint.id = product.imprint_id JOIN look ON look.id = product.look_id
    JOIN drug ON drug.id = product.drug_id JOIN labeler ON labeler.id = product.labeler_id
    JOIN source ON source.id = product.source_id
"""


class ImprintRow(NamedTuple):
    """One distinct imprint of the catalog, how many products carry it, and how many letters and digits it has."""

    imprint_key: str
    products: int
    length: int

    @property
    def tokens(self) -> tuple[str, ...]:
        """The normalized words of all faces, sorted; empty where the register gives no text."""
        return tuple(self.imprint_key.split(";")) if self.imprint_key else ()


def product_of(row: Sequence[Any]) -> Product:
    """The product of a row of ``PRODUCT_COLUMNS``."""
    values = list(row)
    for position, read in _READERS:
        values[position] = read(values[position])
    return Product(*values)


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split(";")) if text else ()


def _faces(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(map(_split, text.split("|"))) if text else ()


def _truth(value: int | None) -> bool | None:
    return None if value is None else bool(value)


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((key, value) for key, value in json.loads(text))


def _fact_sources(text: str) -> tuple[FactSource, ...]:
    return tuple(FactSource(*fact) for fact in json.loads(text)) if text != "[]" else ()


_READ: Mapping[str, Callable[[Any], Any]] = {
    "ingredients": _split,
    "tokens": _split,
    "colors": _split,
    "faces": _faces,
    "symbol": _truth,
    "originals": _pairs,
    "fact_sources": _fact_sources,
}
_READERS = tuple((at, _READ[field.name]) for at, field in enumerate(fields(Product)) if field.name in _READ)


class Catalog:
    """A catalog opened read-only; make one with ``open_catalog``."""

    def __init__(self, connection: sqlite3.Connection, path: Path | None, name: str) -> None:
        self._connection = connection
        self._lock = threading.RLock()
        self._imprints: tuple[ImprintRow, ...] | None = None
        self._tokens: TokenIndex | None = None
        self._path = path
        self.name = name
        self._close = weakref.finalize(self, connection.close)
        self.fingerprint = self._meta("fingerprint")

    def _meta(self, key: str) -> str:
        return str(next(iter(self.rows("SELECT value FROM meta WHERE key = ?", (key,))), ("",))[0])

    def __enter__(self) -> Catalog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database; any later question raises ``CatalogError``."""
        self._close()

    def __reduce__(self) -> tuple[Any, ...]:
        if self._path is not None:
            return open_catalog, (self._path,)
        with self._lock:
            return _from_bytes, (self._connection.serialize(), self.name)

    def __repr__(self) -> str:
        return f"<Catalog {self.name} {self.fingerprint}>"

    def rows(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
        """All rows of a query of this catalog's database (``reference/schema.sql``)."""
        with self._lock:
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise CatalogError(f"catalog {self.name}: {error}; build it again") from error

    @contextmanager
    def cursor(self) -> Iterator[sqlite3.Cursor]:
        """A cursor of this catalog's database, for this thread alone while it is held."""
        with self._lock:
            yield self._connection.cursor()

    def __len__(self) -> int:
        return int(self.rows("SELECT coalesce(sum(products), 0) FROM source")[0][0])

    def imprints(self) -> Sequence[ImprintRow]:
        """Every distinct imprint in the order of the ids 1, 2, ..., "no text" under the empty key; kept once read."""
        if self._imprints is None:
            rows = self.rows("SELECT imprint_key, products, length(characters) FROM imprint ORDER BY id")
            self._imprints = tuple(map(ImprintRow._make, rows))
        return self._imprints

    def tokens(self) -> TokenIndex:
        """Every distinct word of the imprints; read once, then kept."""
        if self._tokens is None:
            self._tokens = TokenIndex(self.rows("SELECT id, token, look_alike, upside_down FROM token ORDER BY id"))
        return self._tokens

    def product(self, product_id: str) -> Product | None:
        """The product of that id, or None."""
        return next(iter(self._products("product.product_id = ?", (product_id,))), None)

    def products(self) -> Iterator[Product]:
        """Every product, in the order of the ids, without holding them all."""
        last = 0
        while True:
            rows = self.rows(
                f"SELECT product.id, {PRODUCT_COLUMNS} FROM {PRODUCT_JOIN} "
                f"WHERE product.id > ? ORDER BY product.id LIMIT ?",
                (last, _AT_ONCE),
            )
            if not rows:
                return
            last = rows[-1][0]
            yield from (product_of(row[1:]) for row in rows)

    def products_with(self, imprint_keys: Iterable[str]) -> Mapping[str, tuple[Product, ...]]:
        """The products of each of these imprints; an imprint that the catalog lacks is left out."""
        wanted = tuple(dict.fromkeys(imprint_keys))
        found: dict[str, list[Product]] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            rows = self.rows(
                f"SELECT imprint.imprint_key, {PRODUCT_COLUMNS} FROM {PRODUCT_JOIN} "
                f"WHERE imprint.imprint_key IN ({_marks(some)}) ORDER BY product.id",
                some,
            )
            for row in rows:
                found.setdefault(row[0], []).append(product_of(row[1:]))
        return {key: tuple(found[key]) for key in wanted if key in found}

    def products_of_drug(self, drug: str) -> tuple[Product, ...]:
        """The products whose drug has exactly that name, in either case."""
        return self._products("drug.drug = ? COLLATE NOCASE", (drug.strip(),))

    def _products(self, where: str, values: Sequence[Any]) -> tuple[Product, ...]:
        rows = self.rows(f"SELECT {PRODUCT_COLUMNS} FROM {PRODUCT_JOIN} WHERE {where} ORDER BY product.id", values)
        return tuple(product_of(row) for row in rows)

    def groups_of(self, products: Iterable[Product]) -> tuple[tuple[Product, ...], ...]:
        """Part products into groups that are the same tablet, in the order of their first members."""
        return same_tablet(products)

    def monograph(self, name: str, product_id: str = "") -> Monograph | None:
        """What is to be known of a drug: pillprint's own monograph, else that product's label, else another, or None.

        ``name`` is the drug's, or that of a product of this catalog.
        """
        own = load_monograph(name) or (self.label(product_id) if product_id else None)
        if own is not None:
            return own
        rows = self.rows(
            "SELECT min(id) FROM monograph WHERE drug = :name UNION ALL SELECT min(monograph_id) FROM product "
            "JOIN drug ON drug.id = drug_id WHERE drug.name = :name COLLATE NOCASE",
            {"name": name.strip().casefold()},
        )
        number = next((number for (number,) in rows if number is not None), None)
        return None if number is None else self._label(number)

    def label(self, product_id: str) -> Monograph | None:
        """The product's own label by section, where the catalog was built from labels."""
        rows = self.rows("SELECT monograph_id FROM product WHERE product_id = ?", (product_id,))
        return self._label(rows[0][0]) if rows and rows[0][0] is not None else None

    def _label(self, number: int) -> Monograph:
        drug, title, reviewed, origin, citations = self.rows(
            "SELECT drug, title, reviewed, origin, citations FROM monograph WHERE id = ?", (number,)
        )[0]
        parts = self.rows(
            "SELECT key, title, statements, loinc FROM section WHERE monograph_id = ? ORDER BY position", (number,)
        )
        return Monograph(
            drug=drug,
            title=title,
            sections=tuple(Section(key, name, _statements(blob), loinc) for key, name, blob, loinc in parts),
            citations=tuple(Citation(**citation) for citation in json.loads(citations)),
            reviewed=reviewed,
            origin=origin,
        )


def _statements(blob: bytes) -> tuple[Statement, ...]:
    return tuple(Statement(item["text"], tuple(item["citations"])) for item in json.loads(zlib.decompress(blob)))


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def open_catalog(path: str | Path | None = None) -> Catalog:
    """Open a catalog file, or a register's table as a catalog in memory; None opens the one in the package.

    Raises ``CatalogError`` where the file is missing, no catalog and no known register, damaged, or written by
    a newer pillprint.
    """
    if path is None:
        connection = _memory()
        fill(connection, own_products(resources.files("reference").joinpath("products.csv").read_text("utf-8")))
        return Catalog(connection, None, "pillprint")
    path = Path(path)
    try:
        with path.open("rb") as file:
            head = file.read(len(SQLITE_MAGIC))
    except OSError as error:
        raise CatalogError(f"cannot read catalog {path}: {error.strerror or error}") from error
    return _open_database(path) if head == SQLITE_MAGIC else _open_register(path)


def _memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", check_same_thread=False)


def _from_bytes(data: bytes, name: str) -> Catalog:
    connection = _memory()
    connection.deserialize(data)
    return Catalog(connection, None, name)


def _open_database(path: Path) -> Catalog:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    try:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if application != APPLICATION_ID:
            raise CatalogError(f"{path} is an SQLite database but no pillprint catalog; see pillprint catalog build")
        if version > SCHEMA_VERSION:
            raise CatalogError(
                f"catalog {path} has version {version}, this pillprint reads {SCHEMA_VERSION}; update it"
            )
        if version < SCHEMA_VERSION:
            raise CatalogError(
                f"catalog {path} has version {version}, this pillprint reads {SCHEMA_VERSION}; "
                f"bring it up to date with: pillprint catalog migrate {path}"
            )
        return Catalog(connection, path.resolve(), path.name)
    except sqlite3.Error as error:
        connection.close()
        raise CatalogError(f"catalog {path} is damaged ({error}); build it again") from error
    except CatalogError:
        connection.close()
        raise


def _open_register(path: Path) -> Catalog:
    connection = _memory()
    try:
        fill(connection, retrieved_on(importer_of(path)(path, Log()), path))
    except BaseException:
        connection.close()
        raise
    return Catalog(connection, None, path.name)
