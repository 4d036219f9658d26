"""Rows of RxNorm's files, made by NLM's description of them; the values of ``M;AA8`` are those of a real product.

RxNorm Technical Documentation, section 12; https://rxnav.nlm.nih.gov/REST/ndcproperties.json?id=00378-4517 as stored.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

RELEASE = "RxNorm_full_prescribe_11032026.zip"
LOOK = {
    "IMPRINT_CODE": "M;AA8", "COLOR": "C48333", "COLORTEXT": "BLUE", "SHAPE": "C48345", "SHAPETEXT": "barrel shaped",
    "SIZE": "11 mm", "SCORE": "1", "LABELER": "Mylan Pharmaceuticals Inc.", "NDC": "0378-4517-93",
    "SPL_SET_ID": "4be76756-4114-4d50-a36c-fd410f6c773d", "LABEL_TYPE": "HUMAN PRESCRIPTION DRUG",
    "MARKETING_CATEGORY": "ANDA", "MARKETING_STATUS": "ACTIVE", "SYMBOL": "FALSE", "COATING": "TRUE",
}  # fmt: skip


def conso(rxcui: str, rxaui: str, source: str, kind: str, code: str, name: str, suppress: str = "N") -> str:
    """A row of RXNCONSO: a name (atom) of a concept."""
    return f"{rxcui}|ENG||||||{rxaui}|{rxaui}|{rxcui}||{source}|{kind}|{code}|{name}||{suppress}|4096|"


def rel(first: str, relation: str, second: str, source: str = "RXNORM") -> str:
    """A row of RXNREL that says: ``second`` has the relation to ``first``; atoms in MTHSPL, concepts in RXNORM."""
    if source == "RXNORM":
        return f"{first}||CUI|RO|{second}||CUI|{relation}|1||{source}|||||4096|"
    return f"|{first}|AUI|RO||{second}|AUI|{relation}|1||{source}|||||4096|"


def sat(rxcui: str, rxaui: str, name: str, value: str, source: str = "MTHSPL") -> str:
    """A row of RXNSAT: an attribute of an atom."""
    return f"{rxcui}|||{rxaui}|AUI|0378-4517|||{name}|{source}|{value}|N|4096|"


def attributes(rxcui: str, rxaui: str, **other: str) -> list[str]:
    """The rows of a whole look, with some of it otherwise; an empty value leaves the row out, ``+`` parts several."""
    values = LOOK | other
    return [sat(rxcui, rxaui, name, part) for name, text in values.items() for part in text.split("+") if part]


LOTREL = "amlodipine 5 MG / benazepril hydrochloride 10 MG Oral Capsule"
# Concepts: baclofen 10 mg as a tablet, amlodipine with benazepril as a capsule and under a brand.
CONCEPTS = [
    conso("1292", "1", "RXNORM", "IN", "1292", "baclofen"),
    conso("315569", "2", "RXNORM", "SCDC", "315569", "baclofen 10 MG"),
    conso("197391", "3", "RXNORM", "SCD", "197391", "baclofen 10 MG Oral Tablet"),
    conso("317541", "4", "RXNORM", "DF", "317541", "Oral Tablet"),
    conso("17767", "5", "RXNORM", "IN", "17767", "amlodipine"),
    conso("18867", "6", "RXNORM", "IN", "18867", "benazepril"),
    conso("142130", "7", "RXNORM", "PIN", "142130", "benazepril hydrochloride"),
    conso("333001", "8", "RXNORM", "SCDC", "333001", "amlodipine 5 MG"),
    conso("333002", "9", "RXNORM", "SCDC", "333002", "benazepril hydrochloride 10 MG"),
    conso("898342", "10", "RXNORM", "SCD", "898342", LOTREL),
    conso("898344", "11", "RXNORM", "SBD", "898344", f"{LOTREL} [Lotrel]"),
    conso("748962", "12", "RXNORM", "GPCK", "748962", "{21 (norethindrone 0.35 MG Oral Tablet) / 7 (inert) } Pack"),
]  # fmt: skip
RELATIONS = [
    rel("315569", "consists_of", "197391"),
    rel("1292", "has_ingredient", "315569"),
    rel("317541", "has_dose_form", "197391"),
    rel("333001", "consists_of", "898342"),
    rel("333002", "consists_of", "898342"),
    rel("898342", "tradename_of", "898344"),
    rel("17767", "has_ingredient", "333001"),
    rel("18867", "has_ingredient", "333002"),
    rel("142130", "has_precise_ingredient", "333002"),
    rel("197391", "constitutes", "315569"),
]


def rrf_zip(path: Path, names: list[str], relations: list[str], facts: list[str], **other: list[str]) -> Path:
    """A zip as NLM's, with further files by name."""
    files = {"RXNCONSO": CONCEPTS + names, "RXNREL": RELATIONS + relations, "RXNSAT": facts} | other
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, lines in files.items():
            archive.writestr(f"rrf/{name}.RRF", "\n".join([*lines, ""]))
    return path
