"""The imprints of a catalog as rows of its file, checked: a damaged or foreign file must not give wrong imprints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from reference.text.imprints import CHARACTERS, SIGNS

_NO_KEY = re.compile(f"[^;{re.escape(CHARACTERS + SIGNS)}]")


class ImprintRow(NamedTuple):
    """One distinct imprint of the catalog, how many products carry it, and how many letters and digits it has."""

    imprint_key: str
    products: int
    length: int

    @property
    def tokens(self) -> tuple[str, ...]:
        """The normalized words of all faces, sorted; empty where the register gives no text."""
        return tuple(self.imprint_key.split(";")) if self.imprint_key else ()


def checked_rows(rows: Sequence[Any]) -> tuple[ImprintRow, ...]:
    """The imprints of rows with their ids; raises one of ``DAMAGE`` where they are not what a build writes."""
    keys, products, lengths, ids = zip(*rows, strict=True) if rows else ((), (), (), ())
    check_texts(keys)
    if ids != tuple(range(1, len(ids) + 1)) or set(map(type, products + lengths)) - {int}:
        raise ValueError("its imprints are not counted from 1")
    return tuple(map(ImprintRow, keys, products, lengths))


def check_texts(texts: Sequence[str]) -> None:
    """Raises ``ValueError`` or ``TypeError`` where these are no imprints as a build writes them."""
    foreign = _NO_KEY.search(";".join(texts))
    if foreign:
        raise ValueError(f"an imprint holds {foreign[0]!r}")


def check_ids(counted: tuple[int, int | None, int | None]) -> None:
    """Raises ``ValueError`` where the ids are not 1, 2, ...; ``counted``: their number, the least and the largest."""
    if counted[0] and (counted[1], counted[2]) != (1, counted[0]):
        raise ValueError("its imprints are not counted from 1")
