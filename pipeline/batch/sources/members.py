"""The photos in the archives of a store, wherever the store is: ``photos.zip/inner.jpg``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pipeline.batch.kinds import SIDE_FOLDER, is_in_side_folder, why_no_photo
from pipeline.batch.names import order
from pipeline.batch.sources.archives import Archive, is_archive
from pipeline.batch.sources.store import PassedOver
from pipeline.batch.state import State
from pipeline.errors import PhotoError, PhotoSetError
from pipeline.load import display_name
from pipeline.load.formats import HEAD_BYTES

NESTED, DOUBLE = "archive in an archive", "older file of the same name in an archive"


class Members:
    """The archive that was asked for last is kept open, since the photos of one come one after the other.

    Args:
        opener: opens the archive at a path; PhotoSetError where it is none.
        state_of: how an archive's file is now; None where there is none.
    """

    def __init__(self, opener: Callable[[str], Archive], state_of: Callable[[str], State | None]) -> None:
        self._opener, self._state_of = opener, state_of
        self._open: tuple[str, State, Archive] | None = None

    def listed(self, archive: str, state: State, passed_over: PassedOver) -> Iterator[tuple[str, State]]:
        """The paths and states of an archive's photos, sorted by ``order``.

        That of the archive itself, with a ``/`` at its end, comes first where some may be missing.
        """
        try:
            opened = self._archive(archive, state)
        except PhotoSetError:
            yield f"{archive}/", state
            return
        if opened.damaged:
            yield f"{archive}/", state
        for name in opened.double:
            passed_over(f"{archive}/{name}", DOUBLE)
        for name in sorted(opened.members, key=order):
            why = _why_no_photo(opened, name)
            if why:
                passed_over(f"{archive}/{name}", why)
            else:
                yield f"{archive}/{name}", {**state, "size_bytes": opened.members[name].size}

    def state(self, archive: str, name: str) -> State | None:
        """The size of a photo with the times of its archive; None where there is none."""
        state = self._state_of(archive)
        if state is None or not name:
            return state
        try:
            member = self._archive(archive, state).members.get(name)
        except PhotoSetError:
            return None
        return {**state, "size_bytes": member.size} if member else None

    def sample(self, archive: str, name: str) -> bytes | None:
        """See ``Store``."""
        try:
            return self._now(archive).sample(name)
        except PhotoSetError:
            return None

    def read(self, archive: str, name: str) -> bytes:
        """The bytes of a photo.

        Raises:
            PhotoError: it cannot be read; the message names it and says what to do.
        """
        try:
            return self._now(archive).read(name)
        except (PhotoError, PhotoSetError) as error:
            raise PhotoError(f"{display_name(f'{archive}/{name}')}: {error}") from error

    def why_not_listed(self, archive: str) -> str:
        """Why photos of an archive may be missing, "" where none are."""
        try:
            return self._now(archive).damaged
        except PhotoSetError as error:
            return str(error)

    def close(self) -> None:
        """Close what is open; it is opened again where it is wanted."""
        if self._open is not None:
            self._open[2].close()
            self._open = None

    def _now(self, archive: str) -> Archive:
        return self._archive(archive, self._state_of(archive) or {})

    def _archive(self, path: str, state: State) -> Archive:
        """An open archive, with its members as they are in that state."""
        if self._open is not None:
            if self._open[:2] == (path, state):
                return self._open[2]
            self.close()
        archive = self._opener(path)
        self._open = path, state, archive
        return archive


def _why_no_photo(archive: Archive, name: str) -> str | None:
    if is_in_side_folder(name):
        return SIDE_FOLDER
    last = name.rpartition("/")[2]
    return NESTED if is_archive(last) else why_no_photo(last, lambda: _head(archive, name))


def _head(archive: Archive, name: str) -> bytes:
    try:
        return archive.read(name)[:HEAD_BYTES]
    except PhotoError:
        return b""
