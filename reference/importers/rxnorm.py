"""RxNorm: the Current Prescribable Content (NLM, public domain, no account) as a zip of RRF files.

https://www.nlm.nih.gov/research/umls/rxnorm/docs/rxnormfiles.html . What a label (SPL) says of a product are the
attributes in ``RXNSAT`` of its atom under the source ``MTHSPL``
(https://www.nlm.nih.gov/research/umls/rxnorm/sourcereleasedocs/mthspl.html); ingredients and strengths are those of
its concept, by RXCUI. Columns as in sections 12.4 (``RXNCONSO``), 12.5 (``RXNSAT``), 12.7 (``RXNREL``), 12.9
(``RXNCUI``) and 12.10 (``RXNATOMARCHIVE``) of RxNorm's technical documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from reference.errors import CatalogError
from reference.importers.lengths import millimeters
from reference.importers.log import Log
from reference.importers.register import Register
from reference.importers.rrf import rrf_files
from reference.importers.rxnorm_tables import RxDrug, RxNormTables, SplProduct, retired_numbers
from reference.importers.table_rows import truth
from reference.product import FactSource, Product, RegisterEntry
from reference.text.drugs import drug_of, ingredients_of, strength_of
from reference.text.imprints import printed, tokens
from reference.text.ndc import product_code
from reference.text.vocabulary import DEA_SCHEDULES, color_terms, score_pieces, shape_term

URL = "https://www.nlm.nih.gov/research/umls/rxnorm/"
LABEL = "https://dailymed.nlm.nih.gov/dailymed/drugInfo.cfm?setid="
NEEDED = ("RXNCONSO.RRF", "RXNREL.RRF", "RXNSAT.RRF")

_LOOK = ("IMPRINT_CODE", "SHAPE", "SHAPETEXT", "SIZE", "SCORE")
_BRAND = re.compile(r"\[([^\[\]]+)\]\s*$")
_FORM = re.compile(r"\b(?:TABLET|CAPSULE|PILL)\b(?:, [A-Z -]+)*")
# RxNorm's dose forms in SPL's words.
_DOSE_FORMS = {
    "Oral Tablet": "TABLET",
    "Oral Capsule": "CAPSULE",
    "Chewable Tablet": "TABLET, CHEWABLE",
    "Disintegrating Oral Tablet": "TABLET, ORALLY DISINTEGRATING",
    "Delayed Release Oral Tablet": "TABLET, DELAYED RELEASE",
    "Delayed Release Oral Capsule": "CAPSULE, DELAYED RELEASE",
    "Extended Release Oral Tablet": "TABLET, EXTENDED RELEASE",
    "Extended Release Oral Capsule": "CAPSULE, EXTENDED RELEASE",
    "Sublingual Tablet": "TABLET",
}
# Controlled Substances Act: "2", "3n" (narcotic or not) in MTHSPL, the schedule or its code in labels.
_DCSA = {"1": "CI", "2": "CII", "3": "CIII", "4": "CIV", "5": "CV"} | dict(DEA_SCHEDULES)
_SET_ID = re.compile(r"[0-9a-f-]{8,64}", re.IGNORECASE)
# RxNorm_full_prescribe_06052023.zip is the release of 2023-06-05.
_RELEASE = re.compile(r"_(\d\d)(\d\d)((?:19|20)\d\d)\b")
_ORIGINALS = ("SHAPETEXT", "COLORTEXT", "SIZE", "MARKETING_STATUS", "MARKETING_CATEGORY", "LABEL_TYPE", "NDC")
_FROM_RXNORM = ("drug", "ingredients", "rxcui", "strength")


def entries(path: Path, log: Log) -> Iterator[RegisterEntry]:
    """Read RxNorm's zip or folder at ``path``; lines that cannot be used are noted in ``log``.

    Raises ``CatalogError`` where it cannot be read or lacks one of the three files.
    """
    files = rrf_files(path)
    missing = [name for name in NEEDED if name not in files]
    if missing:
        raise CatalogError(f"{path}: has no {', '.join(missing)}; give RxNorm's zip or the folder of its RRF files")
    day = _release(path.name, *(file.member for file in files.values()))
    with closing(RxNormTables(files, log)) as tables:
        for spl in tables.products(log):
            drug = tables.drug(spl.rxcui)
            if not _is_pill(spl, drug):
                log.pass_over("product that is no tablet or capsule")
                continue
            for number, imprint in enumerate(spl.values("IMPRINT_CODE") or ("",), 1):
                yield RegisterEntry(_product(spl, drug, (imprint, number), day, log))


def current_numbers(path: Path) -> Mapping[str, str]:
    """The RXCUI of today by each that was retired, where ``path`` holds NLM's files of them; else none."""
    return retired_numbers(rrf_files(path), Log())


def _release(*names: str) -> str:
    found = next((match for name in names if (match := _RELEASE.search(name))), None)
    return f"{found[3]}-{found[1]}-{found[2]}" if found else ""


def _is_pill(spl: SplProduct, drug: RxDrug) -> bool:
    return bool(_form(spl, drug)) or any(spl.values(name) for name in _LOOK)


def _form(spl: SplProduct, drug: RxDrug) -> str:
    """The dosage form in SPL's words: the last one that the label's name holds, else RxNorm's."""
    found = _FORM.findall(_BRAND.sub("", spl.name))
    return found[-1].strip() if found else _DOSE_FORMS.get(drug.dose_form, "")


def _product(spl: SplProduct, drug: RxDrug, imprint_code: tuple[str, int], day: str, log: Log) -> Product:
    text, number = imprint_code
    imprint = printed(text)
    brand = _BRAND.search(spl.name)
    ingredients = drug.ingredients or spl.ingredients or ingredients_of(_without_form(spl.name))
    size = _size(spl, log)
    code = next((ndc for ndc in (*spl.values("NDC"), spl.code) if product_code(ndc)), "")
    set_id = next(filter(_SET_ID.fullmatch, spl.values("SPL_SET_ID")), "")
    return Product(
        product_id=f"rxnorm:{spl.rxaui}" + (f":{number}" if number > 1 else ""),
        name=brand[1] if brand else spl.name,
        drug=drug.name or drug_of(ingredients),
        strength=drug.strength or (strength_of(spl.name) if not drug.is_pack else ""),
        ingredients=ingredients,
        dosage_form=_form(spl, drug),
        coating={True: "COATED", False: "UNCOATED", None: ""}[truth(spl.only("COATING"))],
        labeler=spl.only("LABELER") or " / ".join(spl.values("LABELER")),
        ndc=code,
        rxcui=spl.rxcui,
        imprint=imprint,
        tokens=tokens(imprint),
        symbol=truth(spl.only("SYMBOL")),
        shape=shape_term(spl.all("SHAPE")) or shape_term(spl.all("SHAPETEXT")),
        colors=color_terms(spl.all("COLOR")) or color_terms(spl.all("COLORTEXT")),
        size_mm=size,
        score=score_pieces(spl.all("SCORE")),
        market="US",
        dea_schedule=_schedule(spl.only("DCSA")),
        prescription=_prescription(spl.all("LABEL_TYPE")),
        source="NLM RxNorm, from FDA labels",
        source_url=LABEL + set_id.lower() if set_id else URL,
        source_date=day,
        originals=_originals(spl, drug),
        fact_sources=tuple(FactSource(name, "NLM RxNorm", URL, day) for name in _FROM_RXNORM if drug.ingredients),
    )


def _without_form(name: str) -> str:
    """A label's name of its product up to its first amount."""
    return re.split(r"\s[\d.,]+\s", _BRAND.sub("", name), maxsplit=1)[0]


def _size(spl: SplProduct, log: Log) -> float | None:
    """The size where all labels of the product give the same one."""
    sizes = {millimeters(text) for text in spl.values("SIZE")}
    if len(sizes) > 1 or None in sizes:
        log.doubt(spl.place, f"SIZE {spl.all('SIZE')[:60]!r} is not understood, or not one")
        return None
    return sizes.pop() if sizes else None


def _schedule(text: str) -> str:
    word = text.upper().removeprefix("C") if text.upper() in {"CI", "CII", "CIII", "CIV", "CV"} else text.upper()
    return f"C{word}" if set(word) <= set("IV") and word else _DCSA.get(word.rstrip("N"), "")


def _prescription(label_type: str) -> str:
    words = label_type.upper()
    return "RX" if "PRESCRIPTION" in words else "OTC" if "OTC" in words else ""


def _originals(spl: SplProduct, drug: RxDrug) -> tuple[tuple[str, str], ...]:
    """What the label itself says, its name of the product and RxNorm's."""
    said = [(name.lower(), spl.all(name)) for name in _ORIGINALS]
    kept = [("spl_name", spl.name), ("rxnorm_name", drug.concept), *said, ("retired_rxcui", spl.retired)]
    return tuple((key, text) for key, text in kept if text)


REGISTER = Register(
    name="rxnorm",
    help="NLM RxNorm, Current Prescribable Content: the zip, or the folder of its RRF files.",
    columns=(),
    entries=entries,
    title="NLM RxNorm, Current Prescribable Content, US",
    page="<https://www.nlm.nih.gov/research/umls/rxnorm/docs/rxnormfiles.html> "
    "(`RxNorm_full_prescribe_*.zip`, no license required; monthly and weekly)",
    gives="looks of what is prescribed today as labels give them, RxCUI, ingredients and strengths by number",
    current_numbers=current_numbers,
)
