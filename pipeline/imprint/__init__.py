"""Reading the imprint: the protocol, and the engines by name.

A new engine is one module with an ``ENGINE`` (``protocol.Engine``) and one line in ``READERS``. Nothing is imported
before a reader is opened: the names alone are quick to have.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from pipeline.errors import EngineMissingError, InputError
from pipeline.settings import ReadSettings

if TYPE_CHECKING:
    from pipeline.imprint.protocol import Engine, Reader

__all__ = ["READERS", "default_reader", "engine", "is_built_in", "open_reader"]

READERS = {
    "pillprint": "pipeline.imprint.fusion",
    "tesseract": "pipeline.imprint.tesseract",
    "ppocr": "pipeline.imprint.ppocr",
    "none": "pipeline.imprint.null",
}
"""The readers that can be chosen by name, the default first, each with the module that has its ``ENGINE``."""


def engine(name: str) -> Engine:
    """The engine of that name: whether it is available, what to install, how to make its reader.

    Raises:
        InputError: there is no reader of that name; the message lists them.
    """
    if name not in READERS:
        raise InputError(f"{name!r} is no reader; choose one of {', '.join(READERS)}")
    found: Engine = importlib.import_module(READERS[name]).ENGINE
    return found


def open_reader(settings: ReadSettings | None = None) -> Reader:
    """The reader that the settings name.

    Raises:
        InputError: there is no reader of that name.
        EngineMissingError: it is not installed; the message says what to install.
    """
    settings = settings or ReadSettings()
    found = engine(settings.reader)
    if not found.is_available():
        raise EngineMissingError(f"the reader {settings.reader} is not installed: `{found.install}`, or choose another")
    return found.make(settings)


def is_built_in(reader: Reader) -> bool:
    """Whether a reader is the built-in one, of which it is known how sure it is of what is no text."""
    return type(reader).__module__ == READERS["pillprint"]


def default_reader() -> Reader:
    """Our lines with our character detector's vote on every character; needs no system program and no other wheel."""
    return open_reader()
