"""Rows as an SQLite database.

Its table ``result`` joins a catalog's table ``product`` by ``product_id``; ``candidate`` has a row for each drug that
an answer names; ``meta`` has the schema's version. Other lists are JSON text.
"""

from __future__ import annotations

import errno
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from pipeline.batch.columns import PARTS, SCHEMA, Column, Kind
from pipeline.batch.durable import sync_file, sync_folder
from pipeline.batch.rows import Row
from pipeline.batch.sinks.interface import Add

_TYPES = {Kind.INTEGER: "INTEGER", Kind.REAL: "REAL"}
_PARTS = PARTS[Kind.CANDIDATES]


@contextmanager
def database(file: Path, columns: Sequence[Column]) -> Iterator[Add]:
    """See ``Form``."""
    unfinished = file.with_name(file.name + ".tmp")
    unfinished.unlink(missing_ok=True)
    names = _distinct(columns)
    # The result folder is this run's alone, and its file system may have no locks.
    with closing(sqlite3.connect(f"{unfinished.absolute().as_uri()}?nolock=1", uri=True, isolation_level=None)) as base:
        base.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000;")
        base.executescript(_schema(columns, names))
        base.execute("BEGIN")
        marks = ", ".join("?" * (len(columns) + 1))
        count = 0

        def add(row: Row) -> None:
            nonlocal count
            count += 1
            base.execute(f"INSERT INTO result VALUES ({marks})", [count, *(_cell(row[each.name]) for each in columns)])
            for rank, candidate in enumerate(row.get("candidates") or (), start=1):
                values = [count, rank, *(candidate[name] for name in _PARTS)]
                base.execute(f"INSERT INTO candidate VALUES ({', '.join('?' * len(values))})", values)

        try:
            yield add
            base.execute("COMMIT")
            base.executescript(_INDEXES)
        except sqlite3.Error as error:  # here only the disk can be the cause
            raise OSError(errno.EIO, f"{file.name}: {error}") from error
    sync_file(unfinished)
    unfinished.replace(file)
    sync_folder(file.parent)


_INDEXES = """
    CREATE INDEX result_product ON result (product_id);
    CREATE INDEX result_photo ON result (photo);
    CREATE INDEX candidate_product ON candidate (product_id);
"""


def _schema(columns: Sequence[Column], names: Sequence[str]) -> str:
    pairs = zip(columns, names, strict=True)
    cells = ", ".join(f"{_quoted(name)} {_TYPES.get(each.kind, 'TEXT')}" for each, name in pairs)
    parts = ", ".join(f"{name} {_TYPES.get(kind, 'TEXT')}" for name, kind in _PARTS.items())
    return f"""
        PRAGMA user_version = {SCHEMA};
        CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        INSERT INTO meta VALUES ('schema', '{SCHEMA}');
        CREATE TABLE result (id INTEGER PRIMARY KEY, {cells});
        CREATE TABLE candidate (
            result_id INTEGER NOT NULL REFERENCES result (id), rank INTEGER NOT NULL, {parts},
            PRIMARY KEY (result_id, rank)
        ) WITHOUT ROWID;
    """


def _distinct(columns: Sequence[Column]) -> list[str]:
    """The columns' names, which SQLite tells apart by more than case."""
    names: list[str] = []
    taken = {"id"}
    for column in columns:
        name = column.name.replace("\0", "")
        while name.lower() in taken:
            name += "_"
        taken.add(name.lower())
        names.append(name)
    return names


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
