"""What is to be done: shards of photo paths on disk, so that no list of all photos is ever held in memory.

Each run that finds new photos adds one generation: ``plan/0001/000000.jsonl``, ``000001.jsonl``, ... hold the paths
in the order of the walk, ``shard_size`` a file. A generation is written under another name and renamed when it is
whole, so a run that is killed while it looks for photos leaves none.
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
from pipeline.batch.walk import order


@dataclass(frozen=True)
class Shard:
    """Some photos that are worked on together: ``key`` names the files, ``paths`` lie below the folder."""

    key: str
    paths: tuple[str, ...]


def extend(directory: Path, found: Iterable[str], shard_size: int) -> None:
    """Add a generation with those of the found photos that are in none yet.

    Args:
        directory: where the generations lie.
        found: paths below the folder, sorted by ``walk.order``.
        shard_size: photos a shard.
    """
    directory.mkdir(exist_ok=True)
    for unfinished in directory.glob("*.tmp"):
        shutil.rmtree(unfinished)
    generations = _generations(directory)
    planned = heapq.merge(*(_paths(generation) for generation in generations), key=order)
    new = _missing(found, planned)
    unfinished = directory / f"{len(generations) + 1:04d}.tmp"
    unfinished.mkdir()
    count = 0
    while paths := list(islice(new, shard_size)):
        text = "".join(json.dumps(path) + "\n" for path in paths)
        replace(unfinished / f"{count // shard_size:06d}.jsonl", text.encode("ascii"))
        count += len(paths)
    if count:
        replace(unfinished / "count", str(count).encode("ascii"))
        unfinished.rename(unfinished.with_suffix(""))
        sync_folder(directory)
    else:
        shutil.rmtree(unfinished)


def count(directory: Path) -> int:
    """All photos planned."""
    return sum(int((generation / "count").read_text(encoding="ascii")) for generation in _generations(directory))


def shards(directory: Path) -> Iterator[Shard]:
    """All shards, oldest generation first; the paths of one are in memory at a time."""
    for generation in _generations(directory):
        for file in _files(generation):
            yield Shard(f"{generation.name}-{file.stem}", _read(file))


def _generations(directory: Path) -> list[Path]:
    return sorted(path for path in directory.iterdir() if path.suffix != ".tmp")


def _files(generation: Path) -> Iterator[Path]:
    number = 0
    while (file := generation / f"{number:06d}.jsonl").exists():
        yield file
        number += 1


def _read(file: Path) -> tuple[str, ...]:
    return tuple(json.loads(line) for line in file.read_text(encoding="ascii").splitlines())


def _paths(generation: Path) -> Iterator[str]:
    for file in _files(generation):
        yield from _read(file)


def _missing(found: Iterable[str], planned: Iterator[str]) -> Iterator[str]:
    """What is in the first of two sorted sequences and not in the second."""
    known = next(planned, None)
    for path in found:
        while known is not None and order(known) < order(path):
            known = next(planned, None)
        if known != path:
            yield path
