"""What an importer says of its register: the command's options and the table in docs/registers.md follow from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reference.importers.log import Log
from reference.product import RegisterEntry

Importer = Callable[[Path, Log], Iterator[RegisterEntry]]


@dataclass(frozen=True)
class Register:
    """A public register and how it is read.

    ``name`` is the option of ``catalog build`` and the beginning of its product ids, ``help`` what to hand over there.
    ``columns`` are the sets of columns, in lower case, of which a table has one whole; empty where it is no table.
    ``entries`` reads a file; ``current_numbers`` gives the RXCUI of today by each retired one that the file names.
    ``title``, ``page`` (Markdown: where to download it) and ``gives`` are for the docs.
    """

    name: str
    help: str
    columns: tuple[frozenset[str], ...]
    entries: Importer
    title: str
    page: str
    gives: str
    current_numbers: Callable[[Path], Mapping[str, str]] | None = None
