"""The rows done so far, on disk: nothing is lost or counted twice, whenever the process is killed.

A shard that is worked on has ``shards/KEY.part``, one line ``[index, row]`` a photo in the order they came back. A
shard that is done has ``shards/KEY.jsonl``, one row a line in the order of the walk; it is written under another
name, synced and renamed. A last line cut off by a kill is dropped and its photo done again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pipeline.batch.plan import Shard
from pipeline.batch.rows import Row, to_line


@dataclass
class _Open:
    file: IO[bytes]
    left: int


class Ledger:
    """The result files of the shards in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._open: dict[str, _Open] = {}
        directory.mkdir(exist_ok=True)

    def begin(self, shard: Shard) -> frozenset[int]:
        """Open a shard; the indices of its photos that are done already."""
        part = self._part(shard.key)
        if self._whole(shard.key).exists():
            part.unlink(missing_ok=True)
            return frozenset(range(len(shard.paths)))
        part.touch()
        done = _repair(part, len(shard.paths))
        self._open[shard.key] = _Open(part.open("ab"), len(shard.paths) - len(done))
        if len(done) == len(shard.paths):
            self._finish(shard.key)
        return done

    def add(self, key: str, index: int, row: Row) -> None:
        """Keep one row of an open shard; the last one makes the shard whole."""
        opened = self._open[key]
        opened.file.write(to_line([index, row]))
        opened.file.flush()
        opened.left -= 1
        if not opened.left:
            self._finish(key)

    def close(self) -> None:
        """Close all files."""
        for opened in self._open.values():
            opened.file.close()
        self._open.clear()

    def rows(self, key: str) -> Iterator[Row]:
        """The rows of a whole shard, in the order of the walk."""
        with self._whole(key).open("rb") as file:
            for line in file:
                yield json.loads(line)

    def _part(self, key: str) -> Path:
        return self._directory / f"{key}.part"

    def _whole(self, key: str) -> Path:
        return self._directory / f"{key}.jsonl"

    def _finish(self, key: str) -> None:
        self._open.pop(key).file.close()
        indexed = sorted(
            (json.loads(line) for line in self._part(key).read_bytes().splitlines()), key=lambda pair: pair[0]
        )
        replace(self._whole(key), b"".join(to_line(row) for _, row in indexed))
        self._part(key).unlink()


def replace(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    unfinished = path.with_name(path.name + ".tmp")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _repair(part: Path, count: int) -> frozenset[int]:
    """Cut a part file after its last sound line; the indices in it."""
    done: set[int] = set()
    sound = 0
    with part.open("r+b") as file:
        for line in file:
            index = _index(line, count)
            if index is None or index in done:
                break
            done.add(index)
            sound += len(line)
        file.truncate(sound)
    return frozenset(done)


def _index(line: bytes, count: int) -> int | None:
    """The index of a sound line, else None."""
    if not line.endswith(b"\n"):
        return None
    try:
        index, row = json.loads(line)
    except (ValueError, TypeError):
        return None
    sound = isinstance(index, int) and 0 <= index < count and isinstance(row, dict) and "photo" in row
    return index if sound else None
