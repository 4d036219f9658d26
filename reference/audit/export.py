"""Writes a catalog's products as CSV or JSON Lines, every field of ``Product`` a column."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import TextIO

from reference.importers.check_cell import as_text
from reference.product import Product

COLUMNS = tuple(field.name for field in fields(Product))
# What a spreadsheet takes for the start of a formula (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_row(product: Product) -> dict[str, object]:
    """The product's fields as JSON has them: lists, numbers, true, false and null."""
    row: dict[str, object] = {name: getattr(product, name) for name in COLUMNS}
    originals: dict[str, str] = {}
    for key, words in product.originals:
        originals[key] = f"{originals[key]};{words}" if key in originals else words
    sources = [asdict(fact) for fact in product.fact_sources]
    check = product.imprint_check and asdict(product.imprint_check)
    faces = [list(face) for face in product.faces]
    return row | {"faces": faces, "originals": originals, "fact_sources": sources, "imprint_check": check}


def write_csv(products: Iterable[Product], out: TextIO) -> int:
    """Write a CSV table: lists joined by ``;``, faces by ``|``; a text that starts a formula is quoted by ``'``."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for count, product in enumerate(products, 1):  # noqa: B007
        writer.writerow([_cell(name, getattr(product, name)) for name in COLUMNS])
    return count


def write_json_lines(products: Iterable[Product], out: TextIO) -> int:
    """Write one JSON object a line."""
    count = 0
    for count, product in enumerate(products, 1):  # noqa: B007
        out.write(json.dumps(as_row(product), ensure_ascii=False) + "\n")
    return count


def _cell(name: str, value: object) -> str:
    if name == "faces":
        text = "|".join(";".join(face) for face in value)  # type: ignore[attr-defined]
    elif name == "originals":
        text = ";".join(f"{key}={word}" for key, word in value)  # type: ignore[attr-defined]
    elif name == "fact_sources":
        text = ";".join(f"{fact.field}={fact.source}|{fact.url}|{fact.date}" for fact in value)  # type: ignore[attr-defined]
    elif name == "imprint_check":
        text = as_text(value)  # type: ignore[arg-type]
    elif isinstance(value, tuple):
        text = ";".join(value)
    elif isinstance(value, bool):
        text = str(value).upper()
    else:
        text = "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    return defused(text)


def defused(text: str) -> str:
    """A text as a cell of a table that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
