"""Gets the catalog of a country whole: brings the registers' files, builds beside the old catalog, then replaces it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import filelock
import platformdirs
import requests

from reference.download.addresses import SOURCES
from reference.download.bring import bring
from reference.download.watch import DownloadWatch
from reference.download.wish import Wish
from reference.errors import CatalogError
from reference.store.build import BuildReport, build_catalog
from reference.store.catalog import open_catalog
from reference.store.origins import SourceFile
from reference.store.places import path_of
from reference.store.product_pictures import pictures_path

# A new version with a smaller share of the products than this is taken for a broken file. An assumption: no history of
# the registers was at hand.
SHARE_LEFT_MIN = 0.8
AGENT = "pillprint (https://pypi.org/project/pillprint)"


@dataclass(frozen=True)
class New:
    """A catalog that is built and not yet installed; ``old`` is the one that it would replace."""

    name: str
    path: Path
    old: Path | None
    report: BuildReport
    origins: tuple[SourceFile, ...]

    def install(self) -> Path:
        """Replace the old catalog; gives where the new one lies."""
        pictures = pictures_path(path_of(self.name))
        try:
            if pictures_path(self.path).is_file():
                pictures_path(self.path).replace(pictures)
                self.path.replace(path_of(self.name))
            else:
                self.path.replace(path_of(self.name))
                pictures.unlink(missing_ok=True)
        except OSError as error:
            raise CatalogError(f"cannot write {path_of(self.name)}: {error.strerror or error}") from error
        return path_of(self.name)


@contextmanager
def new_catalog(
    name: str,
    wish: Wish,
    watch: DownloadWatch,
    *,
    downloads: Path | None = None,
    fewer: bool = False,
    pictures: bool = False,
) -> Iterator[New]:
    """Build the catalog ``name`` (a key of ``SOURCES``) beside the installed one, which stays until ``install``.

    Downloads stay in ``downloads``; without it in the user's cache, until the catalog is built. ``fewer`` accepts a
    register with far fewer products than the installed catalog has from it; ``pictures`` keeps the labels' photos.

    Raises:
        DownloadError: a register could not be downloaded; what came is kept, and the next call goes on.
        CatalogError: a file cannot be used, has too few products, or the catalog cannot be written.
    """
    folder = downloads or downloads_folder(name)
    old = path_of(name)
    partial = old.with_name(f".{name}.new")
    with _alone(old), requests.Session() as session:
        session.headers["User-Agent"] = AGENT
        files = bring(SOURCES[name], wish, folder, session, watch)
        origins = tuple(file.origin for file in files)
        try:
            report = build_catalog(
                [file.source for file in files], partial, watch.products, origins=origins, pictures=pictures
            )
            held = old if old.is_file() else None
            if held and not fewer:
                _check_counts(held, partial)
            yield New(name, partial, held, replace(report, path=old), origins)
        finally:
            partial.unlink(missing_ok=True)
            pictures_path(partial).unlink(missing_ok=True)
    if downloads is None and wish.given is None:
        shutil.rmtree(folder, ignore_errors=True)


def downloads_folder(name: str) -> Path:
    """The folder in which downloads lie until a catalog is built of them."""
    return platformdirs.user_cache_path("pillprint", appauthor=False) / "downloads" / name


@contextmanager
def _alone(catalog: Path) -> Iterator[None]:
    """Nobody else gets this catalog meanwhile."""
    try:
        catalog.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(catalog.with_name(f".{catalog.stem}.lock"), timeout=0):
            yield
    except filelock.Timeout as error:
        raise CatalogError(f"another command gets the catalog {catalog.stem} at the moment; wait for it") from error
    except OSError as error:
        raise CatalogError(f"cannot write {catalog.parent}: {error.strerror or error}") from error


def _check_counts(old: Path, new: Path) -> None:
    """Refuse a catalog whose registers lost many products since the old one, which may itself be unusable."""
    try:
        with open_catalog(old) as opened:
            before = opened.registers()
    except CatalogError:
        return
    with open_catalog(new) as opened:
        after = opened.registers()
    for register, count in before.items():
        if register in after and after[register] < SHARE_LEFT_MIN * count:
            raise CatalogError(
                f"{register}: {after[register]:,} products, where the installed catalog has {count:,}; the old one "
                f"stays. If the register really has so few, give --fewer"
            )
