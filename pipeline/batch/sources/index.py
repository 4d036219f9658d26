"""What a list, a bucket or a folder of pairs holds, sorted on disk: there may be millions.

It lives as long as the run, in a file without a name that SQLite makes and removes.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.batch.names import order, shown
from pipeline.batch.sources.entry import NOTHING, Entry, Told
from pipeline.batch.state import State

# More photos than this for one pill are reported as a mistake: the pattern fits too many names.
PHOTOS_A_PILL_MAX = 4

_SCHEMA = """
    PRAGMA journal_mode = OFF;
    PRAGMA cache_size = -32000;
    CREATE TABLE photos (
        place BLOB, path BLOB, pill BLOB, mm_per_px REAL, coin TEXT, expected TEXT, wrong TEXT, own TEXT, state TEXT
    );
"""
_INDEXES = """
    CREATE INDEX photos_by_place ON photos (place);
    CREATE INDEX photos_by_pill ON photos (pill, place) WHERE pill IS NOT NULL;
"""


@dataclass(frozen=True)
class Listed:
    """One photo of a list: ``pill`` is what it has in common with others of its pill, "" where it is alone.

    ``state``: where the list itself says it. The others as in ``Entry``.
    """

    path: str
    pill: str = ""
    told: Told = NOTHING
    wrong: str = ""
    own: tuple[str, ...] = ()
    state: State | None = None


class Index:
    """The photos of a list by their paths, each once: of two lines with one path the first counts."""

    def __init__(self) -> None:
        self._base = sqlite3.connect("", isolation_level=None)
        self._base.executescript(_SCHEMA)

    def close(self) -> None:
        """Forget everything."""
        self._base.close()

    def fill(self, listed: Iterable[Listed]) -> None:
        """Take all photos, in any order."""
        self._base.execute("BEGIN")
        self._base.executemany("INSERT INTO photos VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", map(_values, listed))
        self._base.execute("COMMIT")
        self._base.executescript(_INDEXES)

    def paths(self) -> Iterator[tuple[str, bool]]:
        """All paths, sorted by ``order``, and whether it is one more line of the path before."""
        before = None
        for place, path in self._base.execute("SELECT place, path FROM photos ORDER BY place, rowid"):
            yield os.fsdecode(path), place == before
            before = place

    def entry(self, path: str) -> Entry | None:
        """What is to be done under a path; None where it is not listed, or belongs to the pill of another."""
        found = self._row(path)
        if found is None:
            return None
        pill, mm_per_px, coin, expected, wrong, own, _ = found
        told = Told(mm_per_px, coin, expected or "")
        alone = Entry(path, (), told, tuple(json.loads(own)) if own else (), wrong or "")
        together = self._together(pill) if pill else ()
        if len(together) < 2:
            return alone
        why = _why_not_one_pill(together)
        if why:  # each of them says so
            return replace(alone, wrong=alone.wrong or why)
        first, *others = (os.fsdecode(each[0]) for each in together)
        return replace(alone, further=tuple(others)) if order(first) == order(path) else None

    def state(self, path: str) -> State | None:
        """The state that the list says of a photo; None where it says none, or the photo is not listed."""
        found = self._row(path)
        state: State | None = json.loads(found[-1]) if found and found[-1] else None
        return state

    def alone(self) -> int:
        """How many photos show a pill that no other shows."""
        query = """
            SELECT count(DISTINCT place) - coalesce((
                SELECT sum(photos) FROM (
                    SELECT count(DISTINCT place) AS photos FROM photos WHERE pill IS NOT NULL GROUP BY pill
                ) WHERE photos > 1
            ), 0) FROM photos WHERE substr(path, -1) != CAST('/' AS BLOB)
        """
        return int(self._base.execute(query).fetchone()[0])

    def _row(self, path: str) -> tuple[Any, ...] | None:
        columns = "pill, mm_per_px, coin, expected, wrong, own, state"
        query = f"SELECT {columns} FROM photos WHERE place = ? ORDER BY rowid LIMIT 1"
        found: tuple[Any, ...] | None = self._base.execute(query, (order(path),)).fetchone()
        return found

    def _together(self, pill: bytes) -> list[tuple[Any, ...]]:
        """The photos of a pill, and what is said of each: as many as it may have, and one more."""
        query = (
            "SELECT path, mm_per_px, coin, expected FROM photos WHERE pill = ? GROUP BY place ORDER BY place LIMIT ?"
        )
        return self._base.execute(query, (pill, PHOTOS_A_PILL_MAX + 1)).fetchall()


def _why_not_one_pill(together: Sequence[tuple[Any, ...]]) -> str:
    """Why some photos cannot be those of one pill, "" where they can."""
    if len(together) > PHOTOS_A_PILL_MAX:
        names = " and ".join(shown(os.fsdecode(path)) for path, *_ in together[:2])
        told = f"more than {PHOTOS_A_PILL_MAX} photos are said to show one pill, {names} among them"
        return f"{told}; mend the pattern or the column of pairs"
    if len({tuple(said) for _, *said in together}) > 1:
        return "its pill's photos are said to have different scales or coins, or different pills; say the same of all"
    return ""


def _values(listed: Listed) -> tuple[Any, ...]:
    return (
        order(listed.path),
        os.fsencode(listed.path),
        listed.pill.encode("utf-8", "surrogateescape") if listed.pill else None,
        listed.told.mm_per_px,
        listed.told.coin,
        listed.told.expected or None,
        listed.wrong or None,
        json.dumps(listed.own) if listed.own else None,
        json.dumps(dict(listed.state)) if listed.state else None,
    )
