"""The photos of a batch: which there are, what is said of each, and how each is now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.batch.sources.choice import LEFT_OUT, Choice
from pipeline.batch.sources.entry import Entry, Told
from pipeline.batch.sources.index import Index, Listed
from pipeline.batch.sources.store import PassedOver, Store
from pipeline.batch.state import UNKNOWN, State

TWICE = "listed before"

# Gives the paths of a place sorted by ``order``; a folder that is left out, and told of what is passed over.
Walker = Callable[[Path | None, PassedOver], Iterator[str]]
# The same in any order.
Lister = Callable[[Path | None, PassedOver], Iterable[Listed]]


@dataclass(frozen=True)
class Origin:
    """Where photos come from, in words.

    ``title``: short. ``root``: the folder that paths without a ``/`` at their start lie in, None where it is none.
    ``identity``: what a batch's rows depend on of it. ``own``: the columns of a list that are the caller's own.
    ``is_truth``: whether the list says what each pill should be.
    """

    title: str
    root: Path | None
    identity: Mapping[str, str]
    own: tuple[str, ...] = ()
    is_truth: bool = False


class Photos:
    """The photos of a folder, one after the other: no list of them is held."""

    def __init__(self, origin: Origin, store: Store, choice: Choice, walk: Walker) -> None:
        self.origin = replace(origin, identity={**origin.identity, **choice.identity})
        self.store, self.choice, self._walk = store, choice, walk

    @property
    def alone(self) -> Told | None:
        """What is said of every photo, where each is alone and of all the same is said; else None."""
        return self.choice.told

    @property
    def unpaired(self) -> int:
        """Of the photos found, those that the pattern of pairs joins with no other; 0 where there is no pattern."""
        return 0

    def close(self) -> None:
        """Close what is open, and forget what was found."""
        self.store.close()

    def found(self, leave_out: Path | None, passed_over: PassedOver) -> Iterator[str]:
        """The path of each entry, sorted by ``order``; the other methods know of them afterwards.

        Args:
            leave_out: a folder that is not entered.
            passed_over: told of what is no photo or left out, and why.
        """
        for path in self._walk(leave_out, passed_over):
            if self.choice.takes(path):
                yield path
            else:
                passed_over(path, LEFT_OUT)

    def entry(self, path: str) -> Entry | None:
        """What is to be done under a path; None where it is listed no more."""
        return Entry(path, told=self.choice.told)

    def state(self, path: str) -> State | None:
        """How a photo is now; None where it is deleted."""
        return self.store.state(path)


class ListedPhotos(Photos):
    """Photos that are listed first, in an index on disk.

    ``must_be_there``: whether a photo that is listed and is not there has an error row.
    """

    def __init__(
        self, origin: Origin, store: Store, choice: Choice, lister: Lister, *, must_be_there: bool = False
    ) -> None:
        super().__init__(origin, store, choice, lambda leave_out, passed_over: iter(()))
        self._lister, self._must_be_there = lister, must_be_there
        self._index = Index()

    @property
    def alone(self) -> Told | None:
        """See ``Photos``."""
        return None

    @property
    def unpaired(self) -> int:
        """See ``Photos``."""
        return self._index.alone() if self.choice.pairs else 0

    def close(self) -> None:
        """See ``Photos``."""
        super().close()
        self._index.close()

    def found(self, leave_out: Path | None, passed_over: PassedOver) -> Iterator[str]:
        """See ``Photos``."""
        self._index.close()
        self._index = Index()
        self._index.fill(self._taken(leave_out, passed_over))
        for path, again in self._index.paths():
            if again:
                passed_over(path, TWICE)
            elif self._index.entry(path):
                yield path

    def entry(self, path: str) -> Entry | None:
        """See ``Photos``."""
        return self._index.entry(path)

    def state(self, path: str) -> State | None:
        """See ``Photos``; what the list says of it counts."""
        state = self._index.state(path) or self.store.state(path)
        return state or (UNKNOWN if self._must_be_there else None)

    def _taken(self, leave_out: Path | None, passed_over: PassedOver) -> Iterator[Listed]:
        for listed in self._lister(leave_out, passed_over):
            if not self.choice.takes(listed.path):
                passed_over(listed.path, LEFT_OUT)
                continue
            told = replace(self.choice.told, **listed.told.cells)
            yield replace(listed, told=told, pill=listed.pill or self.choice.pill_of(listed.path))
