"""The roots of the exception tree; ``pipeline.errors`` draws the whole of it."""

from __future__ import annotations


class PillprintError(Exception):
    """The base of all that is raised on purpose."""

    exit_code = 1


class DownloadError(PillprintError):
    """A register could not be downloaded, or what came is not what was asked for."""


class InputError(PillprintError):
    """What was handed over cannot be used."""

    exit_code = 2


class CatalogError(InputError):
    """Not a catalog or register file, damaged, or of a newer version."""

    exit_code = 4
