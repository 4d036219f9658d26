"""The products kept by hand: ``reference/products.csv`` and tables laid out like it.

Columns are the field names of ``Product``; tuples are joined by ``;``, faces by ``|``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from reference.errors import CatalogError
from reference.importers.log import Log
from reference.importers.table import Row, millimeters, rows
from reference.imprint_text import tokens
from reference.product import Product
from reference.vocabulary import color_terms, score_pieces, shape_term
from reference.writer import Entry

KEYS = (frozenset({"product_id", "drug", "imprint", "source"}),)
_PLAIN = (
    "product_id", "name", "drug", "strength", "dosage_form", "coating", "labeler", "ndc", "rxcui", "imprint",
    "imprint_type", "market", "dea_schedule", "prescription", "source", "source_url", "source_date",
)  # fmt: skip


def own_products(table: str) -> Iterator[Entry]:
    """Read the text of the package's own table; a wrong row raises ``CatalogError``, since it is our own fault."""
    for row in csv.DictReader(io.StringIO(table)):
        yield Entry(_product({key: (value or "").strip() for key, value in row.items()}))


def entries(path: Path, log: Log) -> Iterator[Entry]:
    """Read a table laid out like the package's own; wrong rows are reported and skipped."""
    for name, row in rows(path, log, KEYS):
        try:
            yield Entry(_product(row))
        except CatalogError as error:
            log.reject(name, str(error))


def _product(row: Row) -> Product:
    imprint = row.get("imprint", "")
    if not row.get("product_id") or not row.get("drug"):
        raise CatalogError(f"a product without product_id or drug: {dict(row)}")
    if row.get("shape") and not shape_term(row["shape"]):
        raise CatalogError(f"{row['product_id']}: {row['shape']!r} is no SPL shape")
    return Product(
        **{key: row.get(key, "") for key in _PLAIN},
        ingredients=_split(row.get("ingredients", "")),
        tokens=tokens(imprint),
        faces=tuple(tokens(face) for face in row["faces"].split("|")) if row.get("faces") else (),
        symbol={"TRUE": True, "FALSE": False}.get(row.get("symbol", "").upper()),
        shape=shape_term(row.get("shape", "")),
        colors=color_terms(row.get("colors", "")),
        size_mm=millimeters(row.get("size_mm", "")),
        score=score_pieces(row.get("score", "")),
        originals=tuple(_pair(part) for part in _split(row.get("originals", ""))),
    )


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _pair(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key.strip(), value.strip()
