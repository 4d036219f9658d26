"""A place as the caller names it -> its photos."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pipeline.batch.names import shown
from pipeline.batch.sources.archives import is_archive
from pipeline.batch.sources.choice import Choice
from pipeline.batch.sources.cloud import CloudStore, is_address
from pipeline.batch.sources.files import FileStore
from pipeline.batch.sources.index import Listed
from pipeline.batch.sources.lists import Table, read_paths
from pipeline.batch.sources.photos import ListedPhotos, Origin, Photos, Walker
from pipeline.batch.sources.store import Given, PassedOver, Store
from pipeline.batch.sources.walk import photos_below
from pipeline.batch.state import State
from pipeline.errors import InputError, PhotoSetError


def open_photos(place: str | os.PathLike[str], choice: Choice | None = None) -> Photos:
    """The photos of a folder, of an archive, or below an address that fsspec opens (``s3://bucket/prefix``).

    Raises:
        PhotoSetError: it is no folder and no archive.
        EngineMissingError: what opens the address is not installed.
        InputError: no such address can be opened.
    """
    choice = choice or Choice()
    name = os.fspath(place)
    if is_address(name):
        return _in_cloud(name.rstrip("/"), choice)
    folder, inside = Path(name), ""
    if not folder.is_dir():
        if not os.path.lexists(folder):
            raise PhotoSetError(f"{shown(name)}: there is no such folder or archive; check the name")
        if not (folder.is_file() and is_archive(folder.name)):
            raise PhotoSetError(
                f"{shown(name)}: is no folder and no archive; for one photo use `pillprint identify`, for a list --list"
            )
        folder, inside = folder.parent, folder.name
    origin = Origin(Path(name).absolute().name, folder, {"folder": shown(os.path.realpath(name))})
    store = FileStore(os.fspath(folder))
    walk = _walker(store, folder, inside)
    if not choice.pairs:
        return Photos(origin, store, choice, walk)

    def lister(leave_out: Path | None, passed_over: PassedOver) -> Iterator[Listed]:
        return (Listed(path) for path in walk(leave_out, passed_over))

    return ListedPhotos(origin, store, choice, lister)


def open_list(
    table: Path, folder: Path | None = None, choice: Choice | None = None, *, is_truth: bool = False
) -> Photos:
    """The photos that a table names, by paths in ``folder`` (without it the table's own) or by addresses.

    Args:
        table: CSV.
        folder: where the paths begin.
        choice: what is taken of it.
        is_truth: whether its column ``expected`` says what each pill should be, and rows are to say whether it is.

    Raises:
        InputError: the table cannot be read, has no column of paths or of what is expected, or joins
            photos where each pill is asked for.
    """
    listed, root = Table(table, is_truth), folder or table.parent
    if is_truth and choice and choice.each:
        raise InputError(f"{shown(table)}: says what a photo's one pill should be, and --each looks at many; give one")
    if listed.has_pills and choice and choice.each:
        raise InputError(f"{shown(table)}: joins photos of one pill, and --each looks at each photo alone; give one")
    identity = {"folder": shown(os.path.realpath(root)), "list": shown(os.path.realpath(table))}
    origin = Origin(table.name, root, identity, listed.own, is_truth)
    return ListedPhotos(
        origin, AnyStore(os.fspath(root)), choice or Choice(), lambda _, __: listed.read(), must_be_there=True
    )


def open_lines(stream: IO[bytes], folder: Path | None = None, choice: Choice | None = None) -> Photos:
    """The photos whose paths in ``folder`` (without it where the process works), or addresses, a stream names."""
    root = folder or Path()
    origin = Origin("standard input", root, {"folder": shown(os.path.realpath(root)), "list": "standard input"})
    return ListedPhotos(
        origin, AnyStore(os.fspath(root)), choice or Choice(), lambda _, __: read_paths(stream), must_be_there=True
    )


def _in_cloud(address: str, choice: Choice) -> Photos:
    """The photos below an address, or in the archive there."""
    origin = Origin(address, None, {"folder": shown(address)})
    above, _, last = address.rpartition("/")
    if is_archive(last) and is_address(f"{above}/") and (store := CloudStore(above)).is_object(last):
        return ListedPhotos(origin, store, choice, lambda _, passed_over: store.listed_inside(last, passed_over))
    cloud = CloudStore(address)
    return ListedPhotos(origin, cloud, choice, lambda _, passed_over: cloud.listed(passed_over))


def _walker(store: FileStore, folder: Path, archive: str) -> Walker:
    """How the photos of a folder are found, or of the one archive in it."""

    def walk(leave_out: Path | None, passed_over: PassedOver) -> Iterator[str]:
        return store.members(archive, passed_over) if archive else photos_below(folder, leave_out, passed_over)

    return walk


class AnyStore:
    """What a list may name: files below ``root``, members of archives, and addresses."""

    def __init__(self, root: str) -> None:
        self._files = FileStore(root)
        self._clouds: dict[str, CloudStore] = {}

    def __reduce__(self) -> tuple[type[AnyStore], tuple[str]]:
        return AnyStore, (self._files.root,)

    def _of(self, path: str) -> Store:
        if not is_address(path):
            return self._files
        bucket = "/".join(path.split("/")[:3])
        if bucket not in self._clouds:
            self._clouds[bucket] = CloudStore(bucket)
        return self._clouds[bucket]

    def state(self, path: str) -> State | None:
        """See ``Store``."""
        return self._of(path).state(path)

    def digest(self, path: str) -> str | None:
        """See ``Store``."""
        return self._of(path).digest(path)

    def sample(self, path: str, size: int) -> bytes | None:
        """See ``Store``."""
        return self._of(path).sample(path, size)

    def given(self, path: str) -> Given:
        """See ``Store``."""
        return self._of(path).given(path)

    def why_not_listed(self, path: str) -> str:
        """See ``Store``."""
        return self._of(path).why_not_listed(path)

    def close(self) -> None:
        """See ``Store``."""
        stores: list[Store] = [self._files, *self._clouds.values()]
        for store in stores:
            store.close()
