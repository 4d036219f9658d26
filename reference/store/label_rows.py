"""How a label comes out of the tables ``monograph`` and ``section`` of a catalog."""

from __future__ import annotations

import json
import zlib
from typing import Any

from reference.product import Citation, Monograph, Section, Statement
from reference.store.connection import Database
from reference.store.product_rows import text_of_cell


def read_label(database: Database, number: int) -> Monograph:
    """The label of that number; raises ``CatalogError`` where the file is damaged."""
    with database.reading():
        ((*texts, citations),) = database.rows(
            "SELECT drug, title, reviewed, origin, citations FROM monograph WHERE id = ?", (number,)
        )
        drug, title, reviewed, origin = map(text_of_cell, texts)
        parts = database.rows(
            "SELECT key, title, statements, loinc FROM section WHERE monograph_id = ? ORDER BY position", (number,)
        )
        sections = tuple(_section(*part) for part in parts)
        sources = tuple(Citation(**citation) for citation in json.loads(citations))
        return Monograph(drug, title, sections, sources, reviewed, origin)


def _section(key: Any, title: Any, blob: Any, loinc: Any) -> Section:
    return Section(text_of_cell(key), text_of_cell(title), _statements(blob), text_of_cell(loinc))


def _statements(blob: bytes) -> tuple[Statement, ...]:
    return tuple(Statement(item["text"], tuple(item["citations"])) for item in json.loads(zlib.decompress(blob)))
