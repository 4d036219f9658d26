"""Writes catalogs: any entries in, one SQLite database out, the same bytes for the same entries.

Entries are staged in a temporary database, so that memory does not grow with the registers, and written in
the order of their product ids, so that the order of the sources does not matter.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from importlib import resources
from types import TracebackType
from typing import Any

from reference.errors import InputError
from reference.product import Monograph, RegisterEntry, own_name_of
from reference.text.imprints import characters, look_alike_key, upside_down, without_signs
from reference.text.ndc import product_code
from reference.text.vocabulary import code_of

APPLICATION_ID = 0x50494C4C  # "PILL"
SCHEMA_VERSION = 4
PAGE_SIZE_BYTES = 4096

# The newest day of a catalog's sources: a product is dated by its register, else by the day of the download.
NEWEST_DATE = (
    "SELECT coalesce(max(source_date), '') FROM product "
    "WHERE source_date GLOB '[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'"
)

# How many products the catalog holds where those that two registers list under one NDC and imprint count once.
DISTINCT_PRODUCTS = (
    "SELECT coalesce(sum(most), 0) FROM (SELECT max(products) AS most FROM "
    "(SELECT CASE ndc9 WHEN '' THEN id ELSE ndc9 END AS code, imprint_id, count(*) AS products FROM product "
    "GROUP BY code, imprint_id, source_id) GROUP BY code, imprint_id)"
)

# How many products are of each market, as JSON.
MARKETS = (
    "SELECT json_group_object(market, products) FROM "
    "(SELECT market, count(*) AS products FROM product GROUP BY market ORDER BY market)"
)

_STAGE = """
CREATE TABLE document (set_key TEXT PRIMARY KEY, version INTEGER NOT NULL, label TEXT);
CREATE TABLE entry (product_id TEXT PRIMARY KEY, rank TEXT NOT NULL, payload TEXT NOT NULL,
                    set_key TEXT NOT NULL, version INTEGER NOT NULL, retrieved TEXT NOT NULL);
CREATE TABLE picture (product_id TEXT PRIMARY KEY, webp BLOB NOT NULL);
"""


class Stage:
    """Collects entries in a temporary database that vanishes when closed."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _STAGE + "BEGIN;")
        self.repeated = 0
        self._label: Monograph | None = None

    def __enter__(self) -> Stage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def add(self, entry: RegisterEntry) -> bool:
        """Stage one entry; of two with the same id the later dated one stays. Gives whether this one stays."""
        payload = _json(vars(entry.product))
        rank = f"{entry.version:09d} {entry.product.source_date} {payload} {entry.retrieved}"
        values = (rank, payload, entry.set_key, entry.version, entry.retrieved)
        before = self._connection.total_changes
        self._connection.execute(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", (entry.product.product_id, *values)
        )
        repeated = self._connection.total_changes == before
        if repeated:
            self.repeated += 1
            self._connection.execute(
                "UPDATE entry SET rank = ?, payload = ?, set_key = ?, version = ?, retrieved = ? "
                "WHERE product_id = ? AND rank < ?",
                (*values, entry.product.product_id, rank),
            )
        stays = self._connection.total_changes > before
        if repeated and stays:
            self._connection.execute("DELETE FROM picture WHERE product_id = ?", (entry.product.product_id,))
        if entry.set_key:
            self._add_document(entry)
        return stays

    def add_picture(self, product_id: str, webp: bytes) -> None:
        """Stage the picture of the entry that stays."""
        self._connection.execute("INSERT OR REPLACE INTO picture VALUES (?, ?)", (product_id, webp))

    def pictures(self) -> Iterator[tuple[str, bytes]]:
        """``(product_id, webp)`` of every entry that ``entries`` gives and that has a picture."""
        yield from self._connection.execute(
            "SELECT product_id, webp FROM picture JOIN entry USING (product_id) LEFT JOIN document USING (set_key) "
            "WHERE document.version IS NULL OR document.version = entry.version ORDER BY product_id"
        )

    def _add_document(self, entry: RegisterEntry) -> None:
        """Keep the label of the highest version; of two of one version the greater text."""
        if entry.label is not None and entry.label is self._label:
            return  # another pill of the same document
        self._label = entry.label
        label = entry.label and _json(asdict(entry.label))
        row = self._connection.execute(
            "SELECT version, label FROM document WHERE set_key = ?", (entry.set_key,)
        ).fetchone()
        if row is None or (row[0], row[1] or "") < (entry.version, label or ""):
            self._connection.execute(
                "INSERT OR REPLACE INTO document VALUES (?, ?, ?)", (entry.set_key, entry.version, label)
            )

    def entries(self) -> Iterator[tuple[str, str, str]]:
        """``(payload, set_key, retrieved)`` of every entry of its document's last version, by product id."""
        yield from self._connection.execute(
            "SELECT payload, set_key, retrieved FROM entry LEFT JOIN document USING (set_key) "
            "WHERE document.version IS NULL OR document.version = entry.version ORDER BY product_id"
        )

    def labels(self) -> Iterator[tuple[str, str]]:
        """``(set_key, payload)`` of every document that has a label, by key."""
        yield from self._connection.execute(
            "SELECT set_key, label FROM document WHERE label IS NOT NULL ORDER BY set_key"
        )


class _Ids:
    """Numbers distinct rows of one table in the order of their first use."""

    def __init__(self, connection: sqlite3.Connection, insert: str) -> None:
        self._connection = connection
        self._insert = insert
        self._ids: dict[tuple[Any, ...], int] = {}

    def of(self, key: tuple[Any, ...], *more: Any) -> int:
        found = self._ids.get(key)
        if found is None:
            found = self._ids[key] = len(self._ids) + 1
            self._connection.execute(self._insert, (found, *key, *more))
        return found

    def __contains__(self, key: tuple[Any, ...]) -> bool:
        return key in self._ids


class _Writer:
    """Writes staged entries into an empty database."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._digest = hashlib.sha256()
        self._imprints = _Ids(connection, "INSERT INTO imprint VALUES (?, ?, ?, 0)")
        self._tokens = _Ids(connection, "INSERT INTO token VALUES (?, ?, ?, ?)")
        self._looks = _Ids(connection, "INSERT INTO look VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)")
        self._drugs = _Ids(connection, "INSERT INTO drug VALUES (?, ?, ?, ?, ?, ?, ?)")
        self._labelers = _Ids(connection, "INSERT INTO labeler VALUES (?, ?)")
        self._sources = _Ids(connection, "INSERT INTO source VALUES (?, ?, ?, 0)")
        self._monographs: dict[str, int] = {}

    def write(self, stage: Stage) -> None:
        for number, (key, payload) in enumerate(stage.labels(), 1):
            self._monographs[key] = number
            self._label(number, key, payload)
        for number, (payload, set_key, retrieved) in enumerate(stage.entries(), 1):
            self._digest.update(payload.encode() + b"\n")
            row = json.loads(payload)
            self._product(number, row, set_key, retrieved)
            for fact in row["fact_sources"]:
                self._fact_source(number, fact, retrieved)
        for table in ("imprint", "look", "source"):
            self._connection.execute(
                f"UPDATE {table} SET products = found FROM (SELECT {table}_id AS which, count(*) AS found "
                f"FROM product GROUP BY 1) WHERE id = which"
            )
        self._connection.execute(
            "INSERT INTO imprint_look SELECT imprint_id, look_id, count(*) FROM product GROUP BY 1, 2 ORDER BY 1, 2"
        )
        self._connection.execute("INSERT INTO meta VALUES ('fingerprint', ?)", (self._digest.hexdigest()[:16],))

    def _label(self, number: int, key: str, payload: str) -> None:
        self._digest.update(payload.encode() + b"\n")
        label = json.loads(payload)
        self._connection.execute(
            "INSERT INTO monograph VALUES (?, ?, ?, ?, ?, ?, ?)",
            (number, key, label["drug"].casefold(), label["title"], label["reviewed"], label["origin"],
             _json(label["citations"])),
        )  # fmt: skip
        self._connection.executemany(
            "INSERT INTO section VALUES (?, ?, ?, ?, ?, ?)",
            (
                (number, position, part["key"], part["loinc"], part["title"],
                 zlib.compress(_json(part["statements"]).encode(), 6))
                for position, part in enumerate(label["sections"])
            ),
        )  # fmt: skip

    def _fact_source(self, number: int, fact: dict[str, str], retrieved: str) -> None:
        source_id = self._sources.of((fact["source"],), _site(fact["url"]))
        self._connection.execute(
            "INSERT INTO fact_source VALUES (?, ?, ?, ?, ?)",
            (number, fact["field"], source_id, fact["url"], fact["date"] or retrieved),
        )

    def _product(self, number: int, row: dict[str, Any], set_key: str, retrieved: str) -> None:
        values = (
            number,
            row["product_id"],
            self._imprint(row["tokens"]),
            self._look(row),
            self._drug(row),
            self._labelers.of((row["labeler"],)),
            self._sources.of((row["source"],), _site(row["source_url"])),
            self._monographs.get(set_key),
            row["imprint"],
            ";".join(row["tokens"]),
            "|".join(";".join(face) for face in row["faces"]),
            row["dosage_form"],
            row["ndc"],
            product_code(row["ndc"]),
            row["market"],
            row["dea_schedule"],
            row["prescription"],
            row["source_url"],
            row["source_date"] or retrieved,
            _json(row["originals"]),
            _json(list(row["imprint_check"].values())) if row["imprint_check"] else "",
        )
        self._connection.execute(f"INSERT INTO product VALUES ({', '.join('?' * len(values))})", values)

    def _imprint(self, words: Iterable[str]) -> int:
        key = ";".join(sorted(words))
        known = (key,) in self._imprints
        distinct = sorted(set(key.split(";")) - {""})
        number = self._imprints.of((key,), characters(";".join(distinct)))
        if not known:
            for word in distinct:
                plain = without_signs(word)
                turned = upside_down(plain)
                token_id = self._tokens.of((word,), look_alike_key(plain), turned and look_alike_key(turned))
                self._connection.execute("INSERT INTO imprint_token VALUES (?, ?)", (token_id, number))
        return number

    def _look(self, row: dict[str, Any]) -> int:
        colors = sorted(set(row["colors"]))
        key = (
            row["shape"],
            code_of(row["shape"]),
            ";".join(colors),
            ";".join(code_of(color) for color in colors),
            row["size_mm"],
            row["score"],
            row["symbol"],
            row["imprint_type"],
            row["coating"],
        )
        return self._looks.of(key)

    def _drug(self, row: dict[str, Any]) -> int:
        ingredients = ";".join(name.replace(";", ",") for name in row["ingredients"])
        own_name = own_name_of(row["originals"])
        terms = " ".join(filter(None, (row["name"], own_name, row["drug"], row["strength"], ingredients))).casefold()
        return self._drugs.of((row["name"], row["drug"], row["strength"], ingredients, row["rxcui"], terms))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=vars)


def _site(url: str) -> str:
    return "/".join(url.split("/")[:3])


def checked_coverage(share: float) -> float:
    """The share of a market that a catalog holds; raises ``InputError`` where it is not above 0 and below 1."""
    if not 0 < share < 1:
        raise InputError(f"a coverage of {share}: say the share of the market, above 0 and below 1, for instance 0.9")
    return float(share)


def write_database(stage: Stage, connection: sqlite3.Connection, coverage: float | None = None) -> None:
    """Write the schema and everything staged into the empty database ``connection``.

    ``coverage`` is the share of their market that the registers hold, where that is known.
    """
    connection.isolation_level = None
    connection.executescript(
        f"PRAGMA page_size={PAGE_SIZE_BYTES}; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; "
        f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={SCHEMA_VERSION};"
    )
    connection.executescript(resources.files("reference.store").joinpath("schema.sql").read_text("utf-8"))
    connection.execute("BEGIN")
    _Writer(connection).write(stage)
    connection.execute(f"INSERT INTO meta VALUES ('date', ({NEWEST_DATE}))")
    connection.execute(f"INSERT INTO meta VALUES ('distinct_products', ({DISTINCT_PRODUCTS}))")
    connection.execute(f"INSERT INTO meta VALUES ('markets', ({MARKETS}))")
    if coverage is not None:
        connection.execute("INSERT INTO meta VALUES ('coverage', ?)", (str(checked_coverage(coverage)),))
    connection.execute("COMMIT")
    connection.execute("ANALYZE")


def fill(connection: sqlite3.Connection, entries: Iterable[RegisterEntry]) -> None:
    """Write entries into an empty database."""
    with Stage() as stage:
        for entry in entries:
            stage.add(entry)
        write_database(stage, connection)
