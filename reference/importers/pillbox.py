"""NLM Pillbox: the master table of its last release, 2020 (public domain, retired on 2021-01-28).

https://datadiscovery.nlm.nih.gov/Drugs-and-Chemicals/Pillbox-retired-January-28-2021-/crzr-uvwg . Columns as in
https://github.com/HHS/pillbox_docs/wiki/Pillbox-Engine-data-dictionary : ``spl*`` is what the firm reported,
``pillbox_*`` what NLM saw on its photo where that differs, and that holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from reference.importers.lengths import millimeters
from reference.importers.log import Log
from reference.importers.register import Register
from reference.importers.table_rows import Row, concept, rows, whole
from reference.product import FactSource, Product, RegisterEntry
from reference.text.drugs import drug_of, strength_of
from reference.text.imprints import printed, tokens
from reference.text.ndc import product_code
from reference.text.vocabulary import DEA_SCHEDULES, color_terms, score_pieces, shape_term

_COLUMNS = (frozenset({"setid", "splimprint", "splshape_text", "splcolor_text"}),)
URL = "https://datadiscovery.nlm.nih.gov/d/crzr-uvwg"
RXNORM = "https://www.nlm.nih.gov/research/umls/rxnorm/"

# What NLM saw on its photo, and the fields that it gives.
_SEEN = {
    "pillbox_imprint": ("imprint", "tokens"),
    "pillbox_shape_text": ("shape",),
    "pillbox_color_text": ("colors",),
    "pillbox_size": ("size_mm",),
    "pillbox_score": ("score",),
}
_BRACKETS = re.compile(r"\[([^\]]+)\]")
_DATE = re.compile(r"((?:19|20)\d\d)-?(\d\d)-?(\d\d)")
_ORIGINALS = (
    "splimprint", "splshape_text", "splcolor_text", "splsize", "splscore", "pillbox_imprint", "pillbox_shape_text",
    "pillbox_color_text", "pillbox_size", "pillbox_score", "spl_strength", "rxstring", "dosage_form",
)  # fmt: skip


def entries(path: Path, log: Log) -> Iterator[RegisterEntry]:
    """Read the master table at ``path``; rows that cannot be used are noted in ``log``."""
    for name, row in rows(path, log, _COLUMNS):
        if row.get("setid") and _code(row):
            product = _product(row)
            log.unread(name, "size", _seen(row, "size"), product.size_mm)
            yield RegisterEntry(product)
        else:
            log.reject(name, "no setid or no product code")


def _code(row: Row) -> str:
    return row.get("product_code") or row.get("ndc9") or ""


def _product(row: Row) -> Product:
    imprint = printed(row.get("pillbox_imprint") or row.get("splimprint", ""))
    ingredients = _ingredients(row.get("spl_ingredients", ""))
    part = whole(row.get("part_num", "")) or "0"
    return Product(
        product_id=f"pillbox:{row['setid']}:{_code(row)}:{part}",
        name=row.get("part_medicine_name") or row.get("medicine_name", ""),
        drug=_drug(row.get("spl_ingredients", ""), ingredients) or row.get("medicine_name", "").lower(),
        strength=_strength(row.get("spl_strength", "")),
        ingredients=ingredients,
        labeler=row.get("author", ""),
        ndc=_code(row) if product_code(_code(row)) else "",
        rxcui=concept(row.get("rxcui", "")),
        imprint=imprint,
        tokens=tokens(imprint),
        symbol=None,
        shape=shape_term(_seen(row, "shape_text")) or shape_term(row.get("splshape", "")),
        colors=color_terms(_seen(row, "color_text")) or color_terms(row.get("splcolor", "")),
        size_mm=millimeters(_seen(row, "size")),
        score=score_pieces(_seen(row, "score")),
        market="US",
        dea_schedule=DEA_SCHEDULES.get(row.get("dea_schedule_code", ""), row.get("dea_schedule_name", "")),
        prescription=_prescription(row.get("document_type", "")),
        source="NLM Pillbox",
        source_url=URL,
        source_date=_date(row.get("effective_time", "")),
        originals=tuple((key, row[key]) for key in _ORIGINALS if row.get(key)),
        fact_sources=_fact_sources(row),
    )


def _fact_sources(row: Row) -> tuple[FactSource, ...]:
    """What is not the firm's: fields that NLM corrected from its photo, and the number from RxNorm."""
    found = [FactSource("rxcui", "RxNorm, in the Pillbox table", RXNORM)] if concept(row.get("rxcui", "")) else []
    for column, names in _SEEN.items():
        if row.get(column):
            found += [FactSource(name, "NLM Pillbox, from its photo", URL) for name in names]
    return tuple(sorted(found, key=lambda fact: fact.field))


def _seen(row: Row, field: str) -> str:
    return row.get(f"pillbox_{field}") or row.get(f"spl{field}", "")


def _ingredients(text: str) -> tuple[str, ...]:
    """``BACLOFEN [BACLOFEN]; ...`` gives the names before the brackets, in alphabetical order as the amounts."""
    names = sorted(_BRACKETS.sub("", part).strip().lower() for part in text.split(";"))
    return tuple(dict.fromkeys(name for name in names if name))


def _drug(text: str, ingredients: tuple[str, ...]) -> str:
    moieties = tuple(name.lower() for name in _BRACKETS.findall(text))
    return drug_of(moieties or ingredients)


def _strength(text: str) -> str:
    """The amounts of ``BACLOFEN 10 mg;``, in the order of the ingredients' names."""
    parts = sorted(part.strip().lower() for part in text.split(";") if part.strip())
    return " / ".join(amount for part in parts if (amount := strength_of(part)))


def _prescription(document_type: str) -> str:
    if "PRESCRIPTION" in document_type.upper() or document_type == "34391-3":
        return "RX"
    return "OTC" if "OTC" in document_type.upper() or document_type == "34390-5" else ""


def _date(text: str) -> str:
    found = _DATE.match(text)
    return "-".join(found.groups()) if found else ""


REGISTER = Register(
    name="pillbox",
    help="NLM Pillbox master table (CSV).",
    columns=_COLUMNS,
    entries=entries,
    title="NLM Pillbox, US, retired on 2021-01-28, last release 2020",
    page="<https://datadiscovery.nlm.nih.gov/Drugs-and-Chemicals/Pillbox-retired-January-28-2021-/crzr-uvwg>; "
    "as a file <https://datadiscovery.nlm.nih.gov/api/views/crzr-uvwg/rows.csv?accessType=DOWNLOAD>",
    gives="83,925 rows, some looks corrected by NLM from its photos",
)
