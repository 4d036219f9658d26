"""The rows done so far, on disk: nothing is lost or counted twice, whenever the process is killed.

A shard that is worked on has ``shards/KEY.part``, one line ``[index, row]`` a photo in the order they came back. A
shard that is done has ``shards/KEY.jsonl``, one row a line in the order of the walk; it is written under another
name, synced and renamed. A last line cut off by a kill is dropped and its photo done again. A shard of which a row no
longer holds goes back to ``.part`` with the others; while both files are there, the whole one counts. Beside a whole
shard ``shards/KEY.stamp`` says what a later run asks first, so that it need not read the rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from pipeline.batch.durable import replace
from pipeline.batch.holding import digest_of
from pipeline.batch.names import key_of
from pipeline.batch.plan import Shard
from pipeline.batch.rows import Row, to_line

# The path of a photo and its row so far -> the row as it holds now, None where the photo is to be done.
AsOfNow = Callable[[str, Row | None], Row | None]


@dataclass(frozen=True)
class Stamp:
    """What is known of a whole shard without reading it.

    ``photos``: a digest of how its photos were (``holding``). ``rows``: of its rows. ``errors``: how many are errors,
    of which ``kinds``, and the fewest ``tries`` of one. ``size_bytes``, ``mtime_ns``: of its file.
    """

    photos: str
    rows: str
    errors: int
    kinds: Sequence[str]
    tries: int
    size_bytes: int
    mtime_ns: int


class Ledger:
    """The result files of the shards in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._left: dict[str, int] = {}  # photos of each open shard that have no row yet
        directory.mkdir(exist_ok=True)

    def earlier(self, shard: Shard) -> Mapping[int, Row]:
        """The sound rows that earlier runs left of a shard, by their index."""
        part, whole = self._part(shard.key), self._whole(shard.key)
        return _sound_whole(whole, shard.paths) if whole.exists() else _sound(part, len(shard.paths))

    def stamp(self, key: str) -> Stamp | None:
        """What is known of a whole shard without its rows; None where it is not whole, or changed since."""
        try:
            stamp = Stamp(**json.loads(self._stamp(key).read_bytes()))
            status = self._whole(key).stat()
        except (OSError, ValueError, TypeError):
            return None
        return stamp if (stamp.size_bytes, stamp.mtime_ns) == (status.st_size, status.st_mtime_ns) else None

    def begin(self, shard: Shard, as_of_now: AsOfNow = lambda path, row: row) -> Mapping[int, Row]:
        """Open a shard; the rows of its photos by their index, where ``as_of_now`` says that one holds."""
        part, whole, count = self._part(shard.key), self._whole(shard.key), len(shard.paths)
        is_whole, earlier = whole.exists(), self.earlier(shard)
        rows = {index: as_of_now(path, earlier.get(index)) for index, path in enumerate(shard.paths)}
        kept = {index: row for index, row in rows.items() if row}
        if is_whole and kept == earlier and len(kept) == count:
            part.unlink(missing_ok=True)
            if self.stamp(shard.key) is None:
                self.set_stamp(shard.key, [kept[index] for index in range(count)])
            return kept
        replace(part, b"".join(to_line([index, row]) for index, row in kept.items()))
        whole.unlink(missing_ok=True)
        self._left[shard.key] = count - len(kept)
        if len(kept) == count:
            self._finish(shard.key)
        return kept

    def add(self, key: str, index: int, row: Row) -> None:
        """Keep one row of an open shard; the last one makes the shard whole."""
        with self._part(key).open("ab") as file:  # many shards may be open, more than files may be
            file.write(to_line([index, row]))
        self._left[key] -= 1
        if not self._left[key]:
            self._finish(key)

    def row(self, key: str, index: int) -> Row | None:
        """One row of a shard, whole or not; None where it is not done."""
        whole = self._whole(key)
        if whole.exists():
            return next(islice(self.rows(key), index, None), None)
        start = b"[%d," % index
        with self._part(key).open("rb") as file:
            line = next((line for line in file if line.startswith(start)), b"")
        return _indexed(line)[1]

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
        del self._left[key]
        indexed = sorted(
            (json.loads(line) for line in self._part(key).read_bytes().splitlines()), key=lambda pair: pair[0]
        )
        rows = [row for _, row in indexed]
        replace(self._whole(key), b"".join(map(to_line, rows)))
        self._part(key).unlink()
        self.set_stamp(key, rows)

    def _stamp(self, key: str) -> Path:
        return self._directory / f"{key}.stamp"

    def set_stamp(self, key: str, rows: Sequence[Row]) -> None:
        """Write the stamp of a whole shard; one that a kill or a power cut tears counts as none."""
        status, content = self._whole(key).stat(), b"".join(map(to_line, rows))
        stamp = Stamp(
            photos=digest_of(rows),
            rows=hashlib.blake2b(content, digest_size=16).hexdigest(),
            errors=sum(bool(row.get("error") and not row.get("gone")) for row in rows),
            kinds=sorted({row["error_kind"] for row in rows if row.get("error_kind")}),
            tries=min((row.get("tries", 1) for row in rows if row.get("error_kind")), default=0),
            size_bytes=status.st_size,
            mtime_ns=status.st_mtime_ns,
        )
        self._stamp(key).write_bytes(to_line(asdict(stamp)))


def _sound(part: Path, count: int) -> Mapping[int, Row]:
    """The rows of a part file by their index, up to its first line that is not sound."""
    rows: dict[int, Row] = {}
    if part.exists():
        with part.open("rb") as file:
            for line in file:
                index, row = _indexed(line)
                if row is None or index in rows or not 0 <= index < count:
                    break
                rows[index] = row
    return rows


def _sound_whole(whole: Path, paths: Sequence[str]) -> Mapping[int, Row]:
    """The rows of a whole file that are their photos'; those of a damaged one are left out, and so done again."""
    lines = whole.read_bytes().splitlines(keepends=True)
    rows = (_indexed(b"[%d,%b]\n" % (index, line.rstrip(b"\n"))) for index, line in enumerate(lines[: len(paths)]))
    sound = {index: row for index, row in rows if row is not None and row["photo"] == key_of(paths[index])}
    if len(lines) > len(paths):  # the file is to be written anew
        sound.pop(len(paths) - 1, None)
    return sound


def _indexed(line: bytes) -> tuple[int, Row | None]:
    """The index and row of a line; no row where it is not sound."""
    try:
        index, row = json.loads(line)
    except (ValueError, TypeError):
        return 0, None
    sound = line.endswith(b"\n") and isinstance(index, int) and isinstance(row, dict) and "photo" in row
    return (index, row) if sound else (0, None)
