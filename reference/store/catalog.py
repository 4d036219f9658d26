"""The catalog: opened read-only, asked for products, imprints, drugs and monographs.

    with open_catalog() as catalog:            # the one inside the package
        catalog.products_with(["024"])

A ``Catalog`` may be used from many threads and pickled for other processes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from reference.errors import CatalogError
from reference.grouping import same_tablet
from reference.importers import Log, own_products, retrieved_on
from reference.monographs import load_monograph
from reference.product import Monograph, Product
from reference.store.connection import SQLITE_FAULTS, Database
from reference.store.imprint_rows import ImprintRow, check_ids, check_texts, checked_rows
from reference.store.label_rows import read_label
from reference.store.places import find
from reference.store.product_pictures import LabelPictures
from reference.store.product_rows import PRODUCT_COLUMNS, PRODUCT_JOIN, product_of
from reference.store.token_index import TokenIndex
from reference.store.writer import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    checked_coverage,
    fill,
)
from reference.text.imprints import characters, imprint_key, tokens

SQLITE_MAGIC = b"SQLite format 3\0"
# SQLite's own limit on parameters of a statement was 999 before 3.32.
_AT_ONCE = 500


class Catalog(Database):
    """A catalog opened read-only; make one with ``open_catalog``."""

    absent: frozenset[int] = frozenset()
    """The ids of the imprints that a view leaves out (``without``); none in a whole catalog."""

    def __init__(
        self, connection: sqlite3.Connection, path: Path | None, name: str, coverage: float | None = None
    ) -> None:
        super().__init__(connection, name, coverage)
        self._imprints: tuple[ImprintRow, ...] | None = None
        self._repeating: Mapping[str, tuple[int, ...]] | None = None
        self._tokens: TokenIndex | None = None
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        if self._path is not None:
            return open_catalog, (self._path, self._coverage)
        with self._lock:
            return _from_bytes, (self._connection.serialize(), self.name, self._coverage)

    def __repr__(self) -> str:
        return f"<Catalog {self.name} {self.fingerprint}>"

    def without(self, imprint: str) -> Catalog:
        """The same catalog as if no pill with that imprint were in it: "what if this pill were not listed?".

        Absent is every imprint with the same letters and digits in whatever order and parting, repeated words counted
        once or each time; without letters and digits the products without text. The view reads the same database and
        copies nothing; it lives as long as the catalog is open, and closing the view leaves the catalog open.
        """
        return _Without(self, imprint)

    def present(self, column: str) -> str:
        """An SQL condition that leaves out what a view leaves out; ``column`` holds ids of imprints."""
        return f"{column} NOT IN ({', '.join(map(str, sorted(self.absent)))})" if self.absent else "1"

    def __len__(self) -> int:
        with self.reading():
            return int(self.rows("SELECT coalesce(sum(products), 0) FROM imprint WHERE " + self.present("id"))[0][0])

    def imprints(self) -> Sequence[ImprintRow]:
        """Every distinct imprint in the order of the ids 1, 2, ..., "no text" under the empty key; kept once read.

        In a view what is absent keeps its place, with an empty key, no products and no length.
        """
        if self._imprints is None:
            rows = self.rows("SELECT imprint_key, products, length(characters), id FROM imprint ORDER BY id")
            with self.reading():
                self._imprints = checked_rows(rows)
        return self._imprints

    def imprint_texts(self) -> tuple[Sequence[str], Sequence[str]]:
        """The keys of ``imprints``, and each one's letters and digits, sorted, of a word once; read anew each time.

        In a view both are empty where an imprint is absent.
        """
        rows = self.rows("SELECT imprint_key, characters FROM imprint ORDER BY id")
        with self.reading():
            keys, texts = zip(*rows, strict=True) if rows else ((), ())
            check_ids(self.rows("SELECT count(*), min(id), max(id) FROM imprint")[0])
            check_texts(keys)
            check_texts(texts)
        return keys, texts

    def tokens(self) -> TokenIndex:
        """Every distinct word of the imprints; read once, then kept. A view has those of the whole catalog."""
        if self._tokens is None:
            rows = self.rows("SELECT id, token, look_alike, upside_down FROM token ORDER BY id")
            with self.reading():
                self._tokens = TokenIndex(rows)
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
                f"WHERE product.id > ? AND {self.present('product.imprint_id')} ORDER BY product.id LIMIT ?",
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
                f"WHERE imprint.imprint_key IN ({_marks(some)}) AND {self.present('imprint.id')} ORDER BY product.id",
                some,
            )
            for row in rows:
                found.setdefault(row[0], []).append(product_of(row[1:]))
        return {key: tuple(found[key]) for key in wanted if key in found}

    def _products(self, where: str, values: Sequence[Any]) -> tuple[Product, ...]:
        rows = self.rows(
            f"SELECT {PRODUCT_COLUMNS} FROM {PRODUCT_JOIN} WHERE {where} AND {self.present('product.imprint_id')} "
            f"ORDER BY product.id",
            values,
        )
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
            f"JOIN drug ON drug.id = drug_id WHERE drug.name = :name COLLATE NOCASE AND {self.present('imprint_id')}",
            {"name": name.strip().casefold()},
        )
        number = next((number for (number,) in rows if number is not None), None)
        return None if number is None else read_label(self, number)

    def picture(self, product_id: str) -> bytes | None:
        """The maker's photo of the product, from its label: WebP with sides of at most 256 px; None where none is."""
        found = self.picture_of((product_id,))
        return found[1] if found else None

    def picture_of(self, product_ids: Iterable[str]) -> tuple[str, bytes] | None:
        """The first of these products that has a picture, with it: for products that are the same tablet."""
        return self.pictures.of(product_ids) if self.pictures else None

    @property
    def pictures(self) -> LabelPictures | None:
        """Where its labels' pictures would be; None for a catalog that is no file."""
        return LabelPictures(self._path, self.fingerprint) if self._path else None

    def label(self, product_id: str) -> Monograph | None:
        """The product's own label by section, where the catalog was built from labels."""
        rows = self.rows(
            f"SELECT monograph_id FROM product WHERE product_id = ? AND {self.present('imprint_id')}", (product_id,)
        )
        return read_label(self, rows[0][0]) if rows and rows[0][0] is not None else None

    def _ids_like(self, imprint: str) -> frozenset[int]:
        """The imprints with the same letters and digits, repeated words counted once or each time."""
        words = tokens(imprint)
        forms = {characters(";".join(words)), characters(";".join(set(words)))}
        rows = self.rows(f"SELECT id FROM imprint WHERE characters IN ({_marks(tuple(forms))})", tuple(forms))
        repeating = self._repeating_ids()
        return frozenset(row[0] for row in rows).union(*(repeating.get(form, ()) for form in forms))

    def _repeating_ids(self) -> Mapping[str, tuple[int, ...]]:
        """The imprints that have a word more than once, by all their letters and digits; the column counts it once."""
        if self._repeating is None:
            found: dict[str, tuple[int, ...]] = {}
            for number, row in enumerate(self.imprints(), 1):
                if len(set(row.tokens)) < len(row.tokens):
                    form = characters(row.imprint_key)
                    found[form] = (*found.get(form, ()), number)
            self._repeating = found
        return self._repeating


class _Without(Catalog):
    """A catalog that leaves out the imprints like one, and all that only they lead to."""

    def __init__(self, whole: Catalog, imprint: str) -> None:
        self.__dict__.update(whole.__dict__)  # all else is the whole catalog's
        self._whole = whole
        self._left_out = imprint
        self._imprints = None
        self.absent = whole.absent | whole._ids_like(imprint)
        self.fingerprint = f"{whole.fingerprint} without {imprint_key(imprint)}"

    def __reduce__(self) -> tuple[Any, ...]:
        return Catalog.without, (self._whole, self._left_out)

    @property
    def pictures(self) -> LabelPictures | None:
        return self._whole.pictures

    def close(self) -> None:
        """Leave the catalog open: its owner closes it."""

    def imprints(self) -> Sequence[ImprintRow]:
        if self._imprints is None:
            rows = list(self._whole.imprints())
            for number in self.absent:
                rows[number - 1] = ImprintRow("", 0, 0)
            self._imprints = tuple(rows)
        return self._imprints

    def imprint_texts(self) -> tuple[Sequence[str], Sequence[str]]:
        return tuple(tuple(self._present(texts)) for texts in self._whole.imprint_texts())  # type: ignore[return-value]

    def _present(self, texts: Sequence[str]) -> Iterator[str]:
        yield from ("" if number in self.absent else text for number, text in enumerate(texts, 1))

    def tokens(self) -> TokenIndex:
        return self._whole.tokens()

    def _repeating_ids(self) -> Mapping[str, tuple[int, ...]]:
        return self._whole._repeating_ids()


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def open_catalog(path: str | Path | None = None, coverage: float | None = None) -> Catalog:
    """Open a catalog file, an installed catalog by its name (``"us"``), or a register's table as a catalog in memory.

    None opens the one in the package.

    ``coverage`` is the share of its market's tablets and capsules that the catalog holds, above 0 and below 1, where
    the caller knows it better than the catalog does (``Catalog.coverage``). Raises ``CatalogError`` where the file is
    missing, no catalog and no known register, damaged, or written by a newer pillprint; ``InputError`` for another
    coverage.
    """
    if coverage is not None:
        coverage = checked_coverage(coverage)
    path = None if path is None else find(path)
    if path is None:
        connection = _memory()
        fill(connection, own_products(resources.files("reference").joinpath("products.csv").read_text("utf-8")))
        return Catalog(connection, None, "pillprint", coverage)
    try:
        with path.open("rb") as file:
            head = file.read(len(SQLITE_MAGIC))
    except OSError as error:
        raise CatalogError(f"cannot read catalog {path}: {error.strerror or error}") from error
    return (_open_database if head == SQLITE_MAGIC else _open_register)(path, coverage)


def _memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", check_same_thread=False)


def _from_bytes(data: bytes, name: str, coverage: float | None = None) -> Catalog:
    connection = _memory()
    connection.deserialize(data)
    return Catalog(connection, None, name, coverage)


def _open_database(path: Path, coverage: float | None) -> Catalog:
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
        if connection.execute("SELECT 1 FROM product LIMIT 1").fetchone() is None:
            raise CatalogError(f"catalog {path} holds no product; build it again")
        return Catalog(connection, path.resolve(), path.name, coverage)
    except SQLITE_FAULTS as error:
        connection.close()
        raise CatalogError(f"catalog {path} is damaged ({error}); build it again") from error
    except CatalogError:
        connection.close()
        raise


def _open_register(path: Path, coverage: float | None) -> Catalog:
    from reference.importers.registers import importer_of

    connection = _memory()
    log = Log()
    try:
        fill(connection, retrieved_on(importer_of(path)(path, log), path))
        if connection.execute("SELECT 1 FROM product LIMIT 1").fetchone() is None:
            raise CatalogError(f"no tablet or capsule in {path}; {log.first_faults() or 'it has no rows'}")
    except BaseException:
        connection.close()
        raise
    return Catalog(connection, None, path.name, coverage)
