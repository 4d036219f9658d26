"""The products kept by hand: ``reference/products.csv`` and tables laid out like it.

Columns are the field names of ``Product``; tuples are joined by ``;``, faces by ``|``. ``fact_sources`` are
``field,field=source|url|date``, ``imprint_check`` is ``date|registers|share|bearers|source|url``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from reference.errors import CatalogError, InputError
from reference.importers.check_cell import from_text
from reference.importers.lengths import millimeters
from reference.importers.log import Log
from reference.importers.register import Register
from reference.importers.table_rows import Row, concept, rows, truth
from reference.product import FactSource, ImprintCheck, Product, RegisterEntry
from reference.text.imprints import printed, tokens
from reference.text.vocabulary import color_terms, score_pieces, shape_term

_COLUMNS = (frozenset({"product_id", "drug", "imprint", "source"}),)
_PLAIN = (
    "product_id", "name", "drug", "strength", "dosage_form", "coating", "labeler", "ndc", "rxcui", "imprint",
    "imprint_type", "market", "dea_schedule", "prescription", "source", "source_url", "source_date",
)  # fmt: skip

_FIELDS = frozenset(field.name for field in fields(Product))


def own_products(table: str) -> Iterator[RegisterEntry]:
    """Read the text of the package's own table; a wrong row raises ``CatalogError``, since it is our own fault."""
    for row in csv.DictReader(io.StringIO(table)):
        yield RegisterEntry(_product({key: (value or "").strip() for key, value in row.items()}))


def entries(path: Path, log: Log) -> Iterator[RegisterEntry]:
    """Read a table laid out like the package's own; wrong rows are reported and skipped."""
    for name, row in rows(path, log, _COLUMNS):
        try:
            product = _product(row)
        except CatalogError as error:
            log.reject(name, str(error))
        else:
            log.unread(name, "size_mm", row.get("size_mm", ""), product.size_mm)
            yield RegisterEntry(product)


def _product(row: Row) -> Product:
    imprint = printed(row.get("imprint", ""))
    if not row.get("product_id") or not row.get("drug"):
        raise CatalogError(f"a product without product_id or drug: {dict(row)}")
    if row.get("shape") and not shape_term(row["shape"]):
        raise CatalogError(f"{row['product_id']}: {row['shape']!r} is no SPL shape")
    return Product(
        **{key: row.get(key, "") for key in _PLAIN} | {"imprint": imprint, "rxcui": concept(row.get("rxcui", ""))},
        ingredients=_split(row.get("ingredients", "")),
        tokens=tokens(imprint),
        faces=tuple(tokens(face) for face in row["faces"].split("|")) if row.get("faces") else (),
        symbol=truth(row.get("symbol", "")),
        shape=shape_term(row.get("shape", "")),
        colors=color_terms(row.get("colors", "")),
        size_mm=millimeters(row.get("size_mm", "")),
        score=score_pieces(row.get("score", "")),
        originals=tuple(_pair(part) for part in _split(row.get("originals", ""))),
        fact_sources=_fact_sources(row.get("fact_sources", "")),
        imprint_check=_imprint_check(row),
    )


def _imprint_check(row: Row) -> ImprintCheck | None:
    try:
        return from_text(row.get("imprint_check", ""))
    except InputError as error:
        raise CatalogError(f"{row['product_id']}: {error}") from error


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _pair(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key.strip(), value.strip()


def _fact_sources(text: str) -> tuple[FactSource, ...]:
    found = {}
    for part in _split(text):
        names, _, origin = part.partition("=")
        source, url, date = ([word.strip() for word in origin.split("|")] + ["", ""])[:3]
        for name in map(str.strip, names.split(",")):
            if name not in _FIELDS or not source:
                raise CatalogError(f"{part!r} names no field and source as field=source|url|date")
            found[name] = FactSource(name, source, url, date)
    return tuple(found[name] for name in sorted(found))


REGISTER = Register(
    name="hand",
    help="A table laid out like pillprint's own (CSV).",
    columns=_COLUMNS,
    entries=entries,
    title="pillprint's products.csv",
    page="",
    gives="",
)
