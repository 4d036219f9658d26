"""What is to be done: shards of photo paths on disk, so that no list of all photos is ever held in memory.

Each run that finds new photos adds one generation: ``plan/0001/000000.jsonl``, ``000001.jsonl``, ... hold the paths
in the order of the walk, ``shard_size`` a file, and ``extent.json`` says how many they are. A generation is written
under another name and renamed when it is whole, so a run that is killed while it looks for photos leaves none.
"""

from __future__ import annotations

import heapq
import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pipeline.batch.durable import replace, sync_folder
from pipeline.batch.names import order, shown
from pipeline.errors import PhotoSetError

# The file of a generation that says how many photos it has, so that a file cut short or lost is noticed.
_EXTENT = "extent.json"


@dataclass(frozen=True)
class Shard:
    """Some photos that are worked on together: ``key`` names the files, ``paths`` lie below the folder."""

    key: str
    paths: tuple[str, ...]


def extend(directory: Path, found: Iterable[str], shard_size: int) -> None:
    """Add a generation with those of the found photos that are in none yet.

    Args:
        directory: where the generations lie.
        found: paths below the folder, sorted by ``order``.
        shard_size: photos a shard.

    Raises:
        PhotoSetError: an earlier generation is damaged.
    """
    directory.mkdir(exist_ok=True)
    for unfinished in directory.glob("*.tmp"):
        shutil.rmtree(unfinished)
    generations = _generations(directory)
    planned = [_paths(generation) for generation in generations]
    new = _missing(found, planned[0] if len(planned) == 1 else heapq.merge(*planned, key=order))
    unfinished = directory / f"{len(generations) + 1:04d}.tmp"
    unfinished.mkdir()
    count = 0
    while paths := list(islice(new, shard_size)):
        text = "".join(json.dumps(path) + "\n" for path in paths)
        replace(unfinished / f"{count // shard_size:06d}.jsonl", text.encode("ascii"))
        count += len(paths)
    if count:
        extent = json.dumps({"photos": count, "shard_size": shard_size})
        replace(unfinished / _EXTENT, extent.encode("ascii"))
        unfinished.rename(unfinished.with_suffix(""))
        sync_folder(directory)
    else:
        shutil.rmtree(unfinished)


def count(directory: Path) -> int:
    """All photos planned."""
    return sum(_extent(generation)[0] for generation in _generations(directory))


def keys(directory: Path) -> Iterator[str]:
    """The keys of all shards, oldest generation first, without their paths."""
    for generation in _generations(directory):
        photos, shard_size = _extent(generation)
        yield from (_key(generation, number) for number in range(-(-photos // shard_size)))


def shards(directory: Path) -> Iterator[Shard]:
    """All shards, oldest generation first; the paths of one are in memory at a time.

    Raises:
        PhotoSetError: one is damaged.
    """
    for generation in _generations(directory):
        for file, paths in _read(generation):
            yield Shard(_key(generation, int(file.stem)), paths)


def _key(generation: Path, number: int) -> str:
    return f"{generation.name}-{number:06d}"


def _generations(directory: Path) -> list[Path]:
    return sorted(path for path in directory.iterdir() if path.suffix != ".tmp")


def _extent(generation: Path) -> tuple[int, int]:
    """How many photos a generation has, and how many each of its files but the last."""
    file = generation / _EXTENT
    try:
        extent = json.loads(file.read_bytes())
        return int(extent["photos"]), int(extent["shard_size"])
    except (FileNotFoundError, ValueError, TypeError, KeyError) as error:
        raise _damaged(file) from error


def _read(generation: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The files of a generation, each with its paths, as many as its extent says."""
    left, shard_size = _extent(generation)
    number = 0
    while left:
        file = generation / f"{number:06d}.jsonl"
        paths = _paths_in(file)
        if len(paths) != min(left, shard_size):
            raise _damaged(file)
        yield file, paths
        left -= len(paths)
        number += 1


def _paths_in(file: Path) -> tuple[str, ...]:
    try:
        lines = file.read_text(encoding="ascii").splitlines()
        paths = tuple(json.loads(f"[{','.join(lines)}]"))
    except (FileNotFoundError, ValueError) as error:
        raise _damaged(file) from error
    if not all(isinstance(path, str) for path in paths):
        raise _damaged(file)
    return paths


def _damaged(file: Path) -> PhotoSetError:
    lost = "is damaged (cut off, changed or lost), so nobody can say which photos the rows belong to"
    return PhotoSetError(f"{shown(file)}: {lost}; name a new folder with --out")


def _paths(generation: Path) -> Iterator[str]:
    for _, paths in _read(generation):
        yield from paths


def _missing(found: Iterable[str], planned: Iterator[str]) -> Iterator[str]:
    """What is in the first of two sorted sequences and not in the second."""
    known = next(planned, None)
    for path in found:
        while known is not None and known != path and order(known) < order(path):
            known = next(planned, None)
        if known == path:
            known = next(planned, None)
        else:
            yield path
