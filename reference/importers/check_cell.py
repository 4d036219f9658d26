"""The check of an imprint as a cell of a table kept by hand: ``date|registers|share|bearers|source|url``."""

from __future__ import annotations

from reference.errors import InputError
from reference.product import ImprintCheck

# What parts a cell and its lists, and what stands in its place within them.
_SIGNS = str.maketrans({";": ",", "|": "/"})


def as_text(check: ImprintCheck | None) -> str:
    """The check as a table's cell: ``date|registers|share|bearers|source|url``, several of one kind parted by ``;``."""
    if check is None:
        return ""
    lists = (";".join(item.translate(_SIGNS) for item in items) for items in (check.registers, check.bearers))
    registers, bearers = lists
    parts = (check.date, registers, f"{check.share:g}", bearers, check.source.translate(_SIGNS), check.url)
    return "|".join(parts)


def from_text(text: str) -> ImprintCheck | None:
    """The check of a table's cell, None where it is empty; raises ``InputError`` where it cannot be understood."""
    if not text.strip():
        return None
    parts = [part.strip() for part in text.split("|")]
    if not 3 <= len(parts) <= 6:
        raise InputError(f"{text!r} is no imprint check: date|registers|share|bearers|source|url")
    day, registers, share, bearers, source, url = parts + [""] * (6 - len(parts))
    try:
        return ImprintCheck(day, _items(registers), float(share), _items(bearers), source, url)
    except ValueError as error:
        raise InputError(f"{text!r} is no imprint check: {error}") from error


def _items(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(";") if item.strip())
