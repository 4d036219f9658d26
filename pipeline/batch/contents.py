"""Which photos of a batch may hold the same bytes: an index on disk, since there may be millions.

It lives as long as the run, in a file without a name that SQLite makes and removes. Photos of which different things
are said have different answers, and count as different.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping

from pipeline.batch.rows import Row, told_of
from pipeline.batch.sources.entry import Told

# A shard and the place in it.
Place = tuple[str, int]

# The path and size of a photo -> some bytes of it, None where it cannot be read.
Sample = Callable[[str, int], bytes | None]

_SCHEMA = """
    PRAGMA journal_mode = OFF;
    PRAGMA cache_size = -32000;
    CREATE TABLE done (size INTEGER, told INTEGER, sha256 TEXT, shard TEXT, place INTEGER);
    CREATE TABLE begun (likeness INTEGER, mark INTEGER, shard TEXT, place INTEGER, path BLOB);
    CREATE INDEX begun_by_likeness ON begun (likeness, mark);
    CREATE TABLE waiting (shard TEXT, place INTEGER, path BLOB, other_shard TEXT, other_place INTEGER);
"""


class Contents:
    """The photos done and begun, by size and content.

    Args:
        sample: reads a few bytes of a photo.
        rows_of: reads the rows of a whole shard.
    """

    def __init__(self, sample: Sample, rows_of: Callable[[str], Iterable[Row]]) -> None:
        self._sample, self._rows_of = sample, rows_of
        self._unread: list[str] = []
        self._base = sqlite3.connect("", isolation_level=None)
        self._base.executescript(_SCHEMA)
        self._indexed = False

    def close(self) -> None:
        """Forget everything."""
        self._base.close()

    def add_done(self, shard: str, rows: Mapping[int, Row]) -> None:
        """The rows of a shard that hold."""
        known = [
            (row["size_bytes"], _number(told_of(row)), row["sha256"], shard, place)
            for place, row in rows.items()
            if row.get("sha256") and not row.get("error") and not row.get("further")
        ]
        if known:
            self._base.execute("BEGIN")
            self._base.executemany("INSERT INTO done VALUES (?, ?, ?, ?, ?)", known)
            self._base.execute("COMMIT")

    def add_whole(self, shard: str) -> None:
        """A whole shard that holds; its rows are read when one is first asked for, and mostly none is."""
        self._unread.append(shard)

    def has_done(self, size: int) -> bool:
        """Whether a photo of that many bytes was done by an earlier run."""
        while self._unread:
            shard = self._unread.pop()
            self.add_done(shard, dict(enumerate(self._rows_of(shard))))
        self._index()
        return self._base.execute("SELECT 1 FROM done WHERE size = ? LIMIT 1", (size,)).fetchone() is not None

    def done(self, size: int, told: Told, sha256: str) -> list[Place]:
        """Where a row of an earlier run for these bytes is."""
        query = "SELECT shard, place FROM done WHERE size = ? AND sha256 = ? AND told = ? LIMIT 1"
        return self._base.execute(query, (size, sha256, _number(told))).fetchall()

    def waits(self, place: Place, path: str, size: int, told: Told) -> bool:
        """Whether a photo seems to hold what one that was begun holds, and so waits for its row; else it is begun.

        Only where two are of one size anything of them is read.
        """
        likeness = _number(told, size)
        first = self._base.execute("SELECT mark FROM begun WHERE likeness = ? LIMIT 1", (likeness,)).fetchone()
        mark = self._mark(path, size) if first else None
        if mark is not None:
            self._mark_first(likeness, size)
            query = "SELECT shard, place FROM begun WHERE likeness = ? AND mark = ? LIMIT 1"
            other = self._base.execute(query, (likeness, mark)).fetchone()
            if other is not None:
                values = (*place, os.fsencode(path), *other)
                self._base.execute("INSERT INTO waiting VALUES (?, ?, ?, ?, ?)", values)
                return True
        self._base.execute("INSERT INTO begun VALUES (?, ?, ?, ?, ?)", (likeness, mark, *place, os.fsencode(path)))
        return False

    def waiting(self) -> Iterator[tuple[Place, str, Place]]:
        """The photos that wait: place and path of each, and the place of the row that it waits for."""
        for shard, place, path, *other in self._base.execute("SELECT * FROM waiting ORDER BY rowid"):
            yield (shard, place), os.fsdecode(path), (other[0], other[1])

    def _mark_first(self, likeness: int, size: int) -> None:
        """Mark the first photo of its likeness, which none was compared with before."""
        unmarked = "SELECT rowid, path FROM begun WHERE likeness = ? AND mark IS NULL"
        for rowid, path in self._base.execute(unmarked, (likeness,)).fetchall():
            mark = self._mark(os.fsdecode(path), size)
            self._base.execute("UPDATE begun SET mark = ? WHERE rowid = ?", (mark, rowid))

    def _mark(self, path: str, size: int) -> int:
        sample = self._sample(path, size)
        return _hash(b"unread" + os.fsencode(path) if sample is None else b"read" + sample)

    def _index(self) -> None:
        if not self._indexed:  # made at the first search: most later runs have no photo left to do and never search
            self._base.execute("CREATE INDEX done_by_content ON done (size, sha256)")
            self._indexed = True


def _number(told: Told, size: int = 0) -> int:
    """64 bits of what is said of a photo, and of its size."""
    return _hash(repr((told, size)).encode())


def _hash(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big", signed=True)
