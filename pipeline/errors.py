"""Everything pillprint raises on purpose.

    PillprintError                     exit code 1
      +- DownloadError                 1   a register could not be downloaded
      +- InputError                    2   what was handed over cannot be used
      |    +- PhotoError               3   not a photo, damaged, too large, unreadable
      |    +- CatalogError             4   not a catalog, damaged, of a newer version
      |    +- PhotoSetError            5   an evaluation set or batch folder that does not fit
      +- UnreachableError              1   a store of photos on the network does not answer
      +- EngineMissingError            6   an OCR engine or system library is not installed

A finding ("no pill", "not legible", "not in the catalog") is a result, never an exception. Each message names the
file or thing and says what to do next.
"""

from __future__ import annotations

from reference.errors import CatalogError, DownloadError, InputError, PillprintError

__all__ = [
    "CatalogError",
    "DownloadError",
    "EngineMissingError",
    "InputError",
    "PhotoError",
    "PhotoSetError",
    "PillprintError",
    "UnreachableError",
]


class PhotoError(InputError):
    """Not a photo, damaged, too large or unreadable."""

    exit_code = 3


class PhotoSetError(InputError):
    """An evaluation set or batch folder that does not fit."""

    exit_code = 5


class UnreachableError(PillprintError):
    """A store of photos on the network does not answer."""


class EngineMissingError(PillprintError):
    """An OCR engine or system library is not installed."""

    exit_code = 6
