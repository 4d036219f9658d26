"""How the tables of a catalog and the records of ``reference.product`` come together: columns out, products back."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

from reference.errors import CatalogError
from reference.product import FactSource, ImprintCheck, Product

# Where a field of ``Product`` stands, if not in the column of ``product`` that has its name.
_COLUMNS = {
    "name": "drug.name",
    "drug": "drug.drug",
    "strength": "drug.strength",
    "ingredients": "drug.ingredients",
    "rxcui": "drug.rxcui",
    "coating": "look.coating",
    "imprint_type": "look.imprint_type",
    "symbol": "look.symbol",
    "shape": "look.shape",
    "colors": "look.colors",
    "size_mm": "look.size_mm",
    "score": "look.score",
    "labeler": "labeler.name",
    "source": "source.name",
    "fact_sources": "(SELECT json_group_array(json_array(field, origin.name, fact.url, fact.date)) "
    "FROM fact_source fact JOIN source origin ON origin.id = fact.source_id WHERE fact.product_id = product.id)",
}
PRODUCT_COLUMNS = ", ".join(_COLUMNS.get(field.name, f"product.{field.name}") for field in fields(Product))
PRODUCT_JOIN = """
    product JOIN imprint ON imprint.id = product.imprint_id JOIN look ON look.id = product.look_id
    JOIN drug ON drug.id = product.drug_id JOIN labeler ON labeler.id = product.labeler_id
    JOIN source ON source.id = product.source_id
"""


# What reading a damaged file raises: cells of a wrong type, JSON and packed text that are none.
DAMAGE = (TypeError, ValueError, AttributeError, LookupError, OverflowError, RecursionError, zlib.error)


def product_of(row: Sequence[Any]) -> Product:
    """The product of a row of ``PRODUCT_COLUMNS``; raises ``CatalogError`` where a cell holds what it cannot."""
    values = list(row)
    try:
        for position, read in _READERS:
            values[position] = read(values[position])
        for position in _TEXTS:
            if type(values[position]) is not str:
                text_of_cell(values[position])
    except DAMAGE as error:
        raise CatalogError(f"the catalog is damaged: product {row[0]!r} ({error}); build it again") from error
    return Product(*values)


def text_of_cell(value: Any) -> str:
    """The cell's text; raises ``TypeError`` where it holds another kind of value."""
    if type(value) is not str:
        raise TypeError(f"{value!r:.40} is no text")
    return value


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split(";")) if text else ()


def _faces(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(map(_split, text.split("|"))) if text else ()


def _truth(value: int | None) -> bool | None:
    return None if value is None else bool(_count(value))


def _count(value: int | None) -> int | None:
    if value is not None and type(value) is not int:
        raise TypeError(f"{value!r:.40} is no whole number")
    return value


def _length(value: float | None) -> float | None:
    if value is not None and not 0 < value < math.inf:
        raise ValueError(f"{value!r:.40} is no length")
    return value


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((text_of_cell(key), text_of_cell(value)) for key, value in json.loads(text))


@lru_cache(maxsize=1024)  # all products of a register have the same
def _fact_sources(text: str) -> tuple[FactSource, ...]:
    return tuple(FactSource(*map(text_of_cell, fact)) for fact in json.loads(text)) if text != "[]" else ()


def _imprint_check(text: str) -> ImprintCheck | None:
    if not text:
        return None
    day, registers, share, bearers, source, url = json.loads(text)
    return ImprintCheck(
        day,
        tuple(map(text_of_cell, registers)),
        share,
        tuple(map(text_of_cell, bearers)),
        text_of_cell(source),
        text_of_cell(url),
    )


_READ: Mapping[str, Callable[[Any], Any]] = {
    "ingredients": _split,
    "tokens": _split,
    "colors": _split,
    "faces": _faces,
    "symbol": _truth,
    "size_mm": _length,
    "score": _count,
    "originals": _pairs,
    "fact_sources": _fact_sources,
    "imprint_check": _imprint_check,
}
_READERS: tuple[tuple[int, Callable[[Any], Any]], ...] = tuple(
    (at, _READ[field.name]) for at, field in enumerate(fields(Product)) if field.name in _READ
)
_TEXTS = tuple(at for at, field in enumerate(fields(Product)) if field.name not in _READ)
