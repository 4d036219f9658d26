"""NLM C3PI: the tables of the Computational Photography Project for Pill Identification (public domain).

https://www.nlm.nih.gov/databases/download/pill_image.html . One row a pill: ``ndc11`` and the number of the
``part`` in a kit; ``imprint`` tokens of both faces joined by ``;`` in no order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from reference.importers.lengths import millimeters
from reference.importers.log import Log
from reference.importers.register import Register
from reference.importers.table_rows import Row, concept, rows, truth, whole
from reference.product import FactSource, Product, RegisterEntry
from reference.text.drugs import drug_of, ingredients_of, strength_of
from reference.text.imprints import printed, tokens
from reference.text.ndc import product_code
from reference.text.vocabulary import color_terms, score_pieces, shape_term

_COLUMNS = (frozenset({"ndc11", "part", "generic_name", "imprint", "imprint_type", "color", "shape"}),)
URL = "https://www.nlm.nih.gov/databases/download/pill_image.html"
RXNORM = "https://www.nlm.nih.gov/research/umls/rxnorm/"

# A clinical drug as RxNorm names it: "Amlodipine 10 MG / Benazepril hydrochloride 20 MG Oral Capsule [Lotrel]".
_RXNORM = re.compile(
    r"(?:Smoking Cessation )?(?:\d+ HR )?(?P<name>[^{}]+?) (?P<amount>[\d.]+) "
    r"(?P<unit>MG|MCG|MEQ|UNT|G|ML|MG/ML|MMOL|ACTUAT|%)(?= |$)"
)


def entries(path: Path, log: Log) -> Iterator[RegisterEntry]:
    """Read the table at ``path``; rows that cannot be used are noted in ``log``."""
    for name, raw in rows(path, log, _COLUMNS):
        row = {**raw, "ndc11": _ndc11(raw), **{key: whole(raw.get(key, "")) for key in ("part", "parts")}}
        row["rxcui"] = concept(raw.get("rxcui", ""))
        if product_code(row["ndc11"]):
            product = _product(row)
            log.unread(name, "size_mm", row.get("size_mm", ""), product.size_mm)
            yield RegisterEntry(product)
        else:
            log.reject(name, f"no NDC in {row['ndc11']!r}")


def _ndc11(row: Row) -> str:
    """The code; of 11 digits once more where it was taken for a number and lost the zeros before it."""
    code = row.get("ndc11", "")
    return code if whole(code) == code else whole(code).zfill(11)


def _product(row: Row) -> Product:
    named, strength = clinical_drug(row.get("rxnorm_name", ""))
    ingredients = named or ingredients_of(row["generic_name"])
    imprint = printed(row["imprint"])
    name = row.get("proprietary_name") or row["generic_name"]
    kind = row.get("imprint_type", "").upper()
    return Product(
        product_id=f"c3pi:{row['ndc11']}:{row.get('part') or '1'}",
        name=name,
        drug=drug_of(ingredients),
        strength=strength or strength_of(name),
        ingredients=ingredients,
        labeler=row.get("labeler", ""),
        ndc=row["ndc11"],
        rxcui=row.get("rxcui", ""),
        imprint=imprint,
        tokens=tokens(imprint),
        imprint_type=kind if kind in {"DEBOSSED", "EMBOSSED", "PRINTED"} else "",
        symbol=truth(row.get("symbol", "")),
        shape=shape_term(row["shape"]),
        colors=color_terms(row["color"]),
        size_mm=millimeters(row.get("size_mm", "")),
        score=score_pieces(row.get("score", "")),
        market="US",
        source="NLM C3PI",
        source_url=URL,
        originals=_originals(row),
        fact_sources=_fact_sources(row, bool(named)),
    )


def _fact_sources(row: Row, is_named: bool) -> tuple[FactSource, ...]:
    """What the table took from RxNorm: the number, and the drug where the name gives it."""
    taken = [*(("drug", "ingredients", "strength") if is_named else ()), *(("rxcui",) if row.get("rxcui") else ())]
    return tuple(FactSource(name, "RxNorm, in the C3PI table", RXNORM) for name in sorted(taken))


def _originals(row: Row) -> tuple[tuple[str, str], ...]:
    kept = ("generic_name", "rxnorm_name", "shape", "color", "imprint_color", "part", "parts")
    said = (("imprint", row["imprint"]),) if row["imprint"] != printed(row["imprint"]) else ()
    return (*said, *((key, row[key]) for key in kept if row.get(key)))


def clinical_drug(rxnorm_name: str) -> tuple[tuple[str, ...], str]:
    """Ingredients and strength of an RxNorm clinical drug's name; nothing for packs, whose parts differ."""
    if "{" in rxnorm_name:
        return (), ""
    parts = [_RXNORM.match(part) for part in rxnorm_name.split(" / ")]
    found = [part for part in parts if part]
    if not found or len(found) != len(parts):
        return (), ""
    ordered = sorted((part["name"].strip().lower(), f"{part['amount']} {part['unit'].lower()}") for part in found)
    return tuple(name for name, _ in ordered), " / ".join(amount for _, amount in ordered)


REGISTER = Register(
    name="c3pi",
    help="NLM C3PI table (CSV).",
    columns=_COLUMNS,
    entries=entries,
    title="NLM C3PI, US",
    page="<https://www.nlm.nih.gov/databases/download/pill_image.html>",
    gives="looks of photographed pills, RxCUI, debossed or printed",
)
