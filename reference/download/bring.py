"""Brings the files that a catalog is built from: downloaded, or those that a person has."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import requests

from reference.download.addresses import LABELS_OF_DRUG, LABELS_RX, Address, Source
from reference.download.dailymed import checked, fetch_labels
from reference.download.fetch import NotThereError, fetch, shown
from reference.download.pages import fetch_pages
from reference.download.recognize import files_in, is_register_file, register_of
from reference.download.watch import DownloadWatch
from reference.download.wish import ALL_LABELS, Wish
from reference.errors import CatalogError
from reference.store.origins import SourceFile

# More parts than any register has.
_PARTS_MAX = 100


@dataclass(frozen=True)
class Brought:
    """A register's file, or folder, that is here."""

    path: Path
    origin: SourceFile

    @property
    def source(self) -> tuple[str, Path]:
        """As ``build_catalog`` takes it."""
        return self.origin.register, self.path


def bring(source: Source, wish: Wish, folder: Path, session: requests.Session, watch: DownloadWatch) -> list[Brought]:
    """The files of the source; what is downloaded goes to ``folder``.

    Raises:
        DownloadError: a register could not be downloaded, or is not what it should be.
        CatalogError: a file that a person named is not of these registers.
    """
    added = list(_added(source, wish))
    if wish.given is not None:
        return [_brought(register, path) for register, path in files_in(wish.given, source.joins)[0]] + added
    files = [file for address in source.files for file in _downloaded(address, wish, folder, session, watch)]
    if ALL_LABELS in wish.labels:
        more = [file for address in source.labels for file in _downloaded(address, wish, folder, session, watch)]
    else:
        more = [_labels(drug, wish, folder, session, watch) for drug in wish.labels]
    return files + more + added


def _added(source: Source, wish: Wish) -> Iterator[Brought]:
    for path in wish.added:
        register = register_of(path)
        if register not in source.joins:
            raise CatalogError(f"{path}: is of {register}; this catalog joins {', '.join(source.joins)}")
        yield _brought(register, path)


def _downloaded(
    address: Address, wish: Wish, folder: Path, session: requests.Session, watch: DownloadWatch
) -> Iterator[Brought]:
    if address.kind == "parts":
        for number in range(1, _PARTS_MAX + 1):
            try:
                yield _file(address, wish, folder, session, watch, number)
            except NotThereError:
                if number == 1:
                    raise
                return
    elif address.kind == "pages" and not wish.mirror:
        path = folder / address.file
        watch.file(address, address.url)
        folder.mkdir(parents=True, exist_ok=True)
        fetch_pages(address, address.url, wish.key, path, session, watch.received)
        yield _brought(address.register, path, shown(address.url), license_=address.license)
    else:
        yield _file(address, wish, folder, session, watch)


def _file(
    address: Address, wish: Wish, folder: Path, session: requests.Session, watch: DownloadWatch, part: int = 1
) -> Brought:
    name = address.file.format(part=part)
    url = f"{wish.mirror.rstrip('/')}/{name}" if wish.mirror else address.url.format(part=part)
    watch.file(address, url)
    got = fetch(url, folder / name, session, watch.received)
    checked(got.path, address.is_zip)
    return _brought(address.register, got.path, shown(url), got.modified, address.license)


def _labels(drug: str, wish: Wish, folder: Path, session: requests.Session, watch: DownloadWatch) -> Brought:
    path = folder / f"labels-{hashlib.sha256(drug.casefold().encode()).hexdigest()[:16]}"
    watch.file(LABELS_RX, LABELS_OF_DRUG)
    path.mkdir(parents=True, exist_ok=True)
    fetch_labels(drug, path, wish.mirror, session, watch.received)
    return _brought("spl", path, LABELS_OF_DRUG, license_=LABELS_RX.license, name=f"labels of {drug}")


def _brought(
    register: str, path: Path, url: str = "", modified: str = "", license_: str = "", name: str = ""
) -> Brought:
    try:
        files = sorted(file for file in path.rglob("*") if is_register_file(file)) if path.is_dir() else [path]
        digests = [(file.name, _sha256(file), file.stat().st_size) for file in files]
        day = datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat()
    except OSError as error:
        raise CatalogError(f"cannot read {path}: {error.strerror or error}") from error
    sha256 = digests[0][1] if len(digests) == 1 else hashlib.sha256(repr(digests).encode()).hexdigest()
    size = sum(bytes_ for _, _, bytes_ in digests)
    return Brought(path, SourceFile(register, name or path.name, size, sha256, day, url, modified, license_))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
