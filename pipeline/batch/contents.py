"""Which photos of a batch may hold the same bytes: an index on disk, since there may be millions.

It lives as long as the run, in a file without a name that SQLite makes and removes.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
from collections.abc import Iterator, Mapping

from pipeline.batch.rows import Row
from pipeline.batch.work import Task

# A shard and the place in it.
Place = tuple[str, int]

# From the middle, where two photos of one camera differ that have the same header.
_SAMPLE_BYTES = 4096

_SCHEMA = """
    PRAGMA journal_mode = OFF;
    PRAGMA cache_size = -32000;
    CREATE TABLE done (size INTEGER, sha256 TEXT, shard TEXT, place INTEGER);
    CREATE TABLE begun (mark INTEGER PRIMARY KEY, shard TEXT, place INTEGER);
    CREATE TABLE waiting (shard TEXT, place INTEGER, path BLOB, other_shard TEXT, other_place INTEGER);
"""


class Contents:
    """The photos done and begun, by size and content."""

    def __init__(self) -> None:
        self._base = sqlite3.connect("", isolation_level=None)
        self._base.executescript(_SCHEMA)
        self._indexed = False

    def close(self) -> None:
        """Forget everything."""
        self._base.close()

    def add_done(self, shard: str, rows: Mapping[int, Row]) -> None:
        """The rows of a shard that hold."""
        known = [
            (row["size_bytes"], row["sha256"], shard, place)
            for place, row in rows.items()
            if row.get("sha256") and not row.get("error")
        ]
        if known:
            self._base.execute("BEGIN")
            self._base.executemany("INSERT INTO done VALUES (?, ?, ?, ?)", known)
            self._base.execute("COMMIT")

    def has_done(self, size: int) -> bool:
        """Whether a photo of that many bytes was done by an earlier run."""
        self._index()
        return self._base.execute("SELECT 1 FROM done WHERE size = ? LIMIT 1", (size,)).fetchone() is not None

    def done(self, size: int, sha256: str) -> list[Place]:
        """Where a row of an earlier run for these bytes is."""
        query = "SELECT shard, place FROM done WHERE size = ? AND sha256 = ? LIMIT 1"
        return self._base.execute(query, (size, sha256)).fetchall()

    def waits(self, task: Task, file: str) -> bool:
        """Whether a photo seems to hold what one that was begun holds, and so waits for its row; else it is begun."""
        mark = _mark(file)
        if mark is None:
            return False
        other = self._base.execute("SELECT shard, place FROM begun WHERE mark = ?", (mark,)).fetchone()
        if other is None:
            self._base.execute("INSERT INTO begun VALUES (?, ?, ?)", (mark, task.shard, task.index))
            return False
        values = (task.shard, task.index, os.fsencode(task.path), *other)
        self._base.execute("INSERT INTO waiting VALUES (?, ?, ?, ?, ?)", values)
        return True

    def waiting(self) -> Iterator[tuple[Task, Place]]:
        """The photos that wait, each with the place of the row that it waits for."""
        for shard, place, path, *other in self._base.execute("SELECT * FROM waiting ORDER BY rowid"):
            yield Task(shard, place, os.fsdecode(path)), (other[0], other[1])

    def _index(self) -> None:
        if not self._indexed:  # made when it is first wanted: on most later runs nothing is left to do
            self._base.execute("CREATE INDEX done_by_content ON done (size, sha256)")
            self._indexed = True


def _mark(file: str) -> int | None:
    """64 bits of a regular file's size and of what stands in its middle; None where it cannot be read or is empty."""
    try:
        status = os.stat(file)
        if not stat.S_ISREG(status.st_mode) or not status.st_size:
            return None
        with open(file, "rb", buffering=0) as stream:
            stream.seek(max(0, (status.st_size - _SAMPLE_BYTES) // 2))
            sample = stream.read(_SAMPLE_BYTES)
    except OSError:
        return None
    mark = hashlib.blake2b(status.st_size.to_bytes(8, "big") + sample, digest_size=8).digest()
    return int.from_bytes(mark, "big", signed=True)
