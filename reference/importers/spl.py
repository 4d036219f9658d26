"""DailyMed: Structured Product Labeling (HL7 v3), as zips of zips or loose XML.

https://dailymed.nlm.nih.gov/dailymed/spl-resources-all-drug-labels.cfm . Each product and each part of a kit that is
a tablet or capsule, or is described as one (shape, imprint, size or score), becomes an entry; the label's own
sections become its monograph. Elements as in the FDA's SPL Implementation Guide with Validation Procedures,
section 3 (products and characteristics).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from lxml import etree

from reference.importers.archive import ArchivedFile, documents
from reference.importers.log import Log
from reference.importers.register import Register
from reference.importers.spl_label import label_of, text_of
from reference.product import Product, RegisterEntry
from reference.text.drugs import active_moiety, ingredients_of, strength_of
from reference.text.imprints import printed, tokens
from reference.text.ndc import product_code
from reference.text.vocabulary import DEA_SCHEDULES, color_terms, score_pieces, shape_term

PAGE = "https://dailymed.nlm.nih.gov/dailymed/drugInfo.cfm?setid="
NDC_SYSTEM = "2.16.840.1.113883.6.69"
_NS = {"v": "urn:hl7-org:v3"}
_LOOK = frozenset({"SPLSHAPE", "SPLIMPRINT", "SPLSIZE", "SPLSCORE"})
_PILL_FORM = re.compile(r"(TABLET|CAPSULE|CAPLET|PILL)\b", re.IGNORECASE)
_SET_ID = re.compile(r"[0-9A-Za-z-]{8,64}")
# SPL takes JPEG only; a name without a way.
_PHOTO = re.compile(r"[^/\\\0:]{1,200}\.jpe?g", re.IGNORECASE)
_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)")
_PRESCRIPTION = {"34391-3": "RX", "34390-5": "OTC"}
# Amounts of a substance in whole pills: SPL writes "mg" or UCUM's "[iU]".
_UNITS = {"[iU]": "IU", "[USP'U]": "unit", "ug": "mcg", "meq": "mEq", "1": ""}


def entries(path: Path, log: Log) -> Iterator[RegisterEntry]:
    """Read every SPL document at ``path``; bad ones are reported with their names and skipped."""
    for document in documents(path, log):
        yield from document_entries(document, log)


def document_entries(document: ArchivedFile, log: Log) -> Iterator[RegisterEntry]:
    """The entries of one document, none where it describes no pill or cannot be used."""
    root = _root(document, log)
    if root is None:
        return
    set_id = _attribute(root, "v:setId/@root")
    if not _SET_ID.fullmatch(set_id):
        log.reject(document.name, "not an SPL document: no setId")
        return
    found = list(_pills(root, set_id.lower(), document.name, log))
    if not found:
        log.pass_over("SPL document without a tablet or capsule")
        return
    label = label_of(root, found[0][0], PAGE + set_id.lower())
    version = _attribute(root, "v:versionNumber/@value")
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0
    for pill, photo in found:
        picture = partial(document.beside, photo) if photo else None
        yield RegisterEntry(pill, set_key=f"spl:{set_id.lower()}", version=number, label=label, picture=picture)


def _root(document: ArchivedFile, log: Log) -> etree._Element | None:
    """The document's root; None, reported, for anything with a DTD, not UTF-8, or not well-formed."""
    if b"\0" in document.data[:1024] or b"<!DOCTYPE" in document.data or b"<!ENTITY" in document.data:
        log.reject(document.name, "not an SPL document: holds a DTD or is not in UTF-8")
        return None
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True,
        remove_pis=True, collect_ids=False,
    )  # fmt: skip
    try:
        root = etree.fromstring(document.data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        log.reject(document.name, f"not well-formed XML: {error}")
        return None
    if root.tag != "{urn:hl7-org:v3}document":
        log.reject(document.name, f"not an SPL document: its root is {str(root.tag)[:60]}")
        return None
    return root


def _pills(root: etree._Element, set_id: str, name: str, log: Log) -> Iterator[tuple[Product, str]]:
    """Each tablet or capsule, and the name of the file with its photo, empty where none is named."""
    seen: dict[str, int] = {}
    for outer in _elements(root, ".//v:subject/v:manufacturedProduct"):
        for kit_code, part, product, subject in _products(outer):
            marks = _characteristics(subject)
            form = _attribute(product, "v:formCode/@displayName").upper()
            if not (_PILL_FORM.match(form) or _LOOK & marks.keys()):
                log.pass_over("product that is no tablet or capsule")
                continue
            code = _ndc(product) or kit_code
            if not code and not _name(product):
                log.reject(name, "a product without name and NDC")
                continue
            key = f"spl:{set_id}:{code}:{part}"
            seen[key] = seen.get(key, 0) + 1
            product_id = key if seen[key] == 1 else f"{key}:{seen[key]}"
            yield _pill(root, product, subject, marks, (product_id, code, part)), _photo(marks)


def _photo(marks: dict[str, list[etree._Element]]) -> str:
    """The file that ``SPLIMAGE`` names; nothing that leads elsewhere than beside the document."""
    for value in marks.get("SPLIMAGE", ()):
        name = _attribute(value, "v:reference/@value")
        if _PHOTO.fullmatch(name):
            return name
    return ""


def _products(outer: etree._Element) -> Iterator[tuple[str, int, etree._Element, etree._Element]]:
    """``(NDC of the kit, number of the part or 0, product, where its characteristics stand)``."""
    inner = next(iter(_elements(outer, "v:manufacturedProduct | v:manufacturedMedicine")), None)
    if inner is None:
        return
    parts = _elements(inner, ".//v:part")
    if not parts:
        yield "", 0, inner, outer
    for number, part in enumerate(parts, 1):
        product = next(iter(_elements(part, "v:partProduct | v:partMedicine")), None)
        if product is not None:
            yield _ndc(inner), number, product, part


def _pill(
    root: etree._Element,
    product: etree._Element,
    subject: etree._Element,
    marks: dict[str, list[etree._Element]],
    ids: tuple[str, str, int],
) -> Product:
    product_id, code, part = ids
    ingredients, moieties, strength = _substances(product)
    generic = " ".join(text_of(found) for found in _elements(product, ".//v:genericMedicine/v:name")[:1])
    name = _name(product)
    ingredients = ingredients or ingredients_of(generic) or ingredients_of(name)
    imprint = printed(";".join(text for value in marks.get("SPLIMPRINT", ()) if (text := text_of(value))))
    kind = _attribute(root, "v:code/@code")
    return Product(
        product_id=product_id,
        name=name or generic,
        drug=" / ".join(sorted({active_moiety(item) for item in moieties or ingredients} - {""})),
        strength=strength or strength_of(name),
        ingredients=ingredients,
        dosage_form=_attribute(product, "v:formCode/@displayName").upper(),
        coating={"true": "COATED", "false": "UNCOATED"}.get(_value(marks, "SPLCOATING").lower(), ""),
        labeler=" ".join(text_of(found) for found in _elements(root, "v:author//v:representedOrganization/v:name")[:1]),
        ndc=code if product_code(code) else "",
        imprint=imprint,
        tokens=tokens(imprint),
        symbol={"true": True, "false": False}.get(_value(marks, "SPLSYMBOL").lower()),
        shape=shape_term(_value(marks, "SPLSHAPE", "code")) or shape_term(_value(marks, "SPLSHAPE", "displayName")),
        colors=_colors(marks),
        size_mm=_size_mm(marks),
        score=score_pieces(_value(marks, "SPLSCORE")),
        market="US",
        dea_schedule=DEA_SCHEDULES.get(_attribute(subject, ".//v:policy/v:code/@code"), ""),
        prescription=_PRESCRIPTION.get(kind, ""),
        source="DailyMed",
        source_url=PAGE + product_id.split(":")[1],
        source_date=_date(_attribute(root, "v:effectiveTime/@value")),
        originals=_originals(marks, generic, part),
    )


def _substances(product: etree._Element) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Ingredients, active moieties and strength, in the alphabetical order of the ingredients."""
    found = []
    for ingredient in _elements(product, "v:ingredient[starts-with(@classCode, 'ACT')] | v:activeIngredient"):
        names = _elements(ingredient, "v:ingredientSubstance/v:name | v:activeIngredientSubstance/v:name")
        moieties = _elements(ingredient, ".//v:activeMoiety/v:activeMoiety/v:name")
        name = " ".join(text_of(item) for item in names[:1]).lower()
        if name:
            found.append((name, [text_of(item).lower() for item in moieties] or [name], _amount(ingredient)))
    found.sort(key=lambda item: item[0])
    return (
        tuple(dict.fromkeys(name for name, _, _ in found)),
        tuple(dict.fromkeys(moiety for _, moieties, _ in found for moiety in moieties)),
        " / ".join(amount for _, _, amount in found if amount),
    )


def _amount(ingredient: etree._Element) -> str:
    number = _attribute(ingredient, "v:quantity/v:numerator/@value")
    unit = _attribute(ingredient, "v:quantity/v:numerator/@unit")
    if not re.fullmatch(r"\d+(\.\d+)?|\.\d+", number) or not unit:
        return ""
    number = number.rstrip("0").rstrip(".") if "." in number else number
    return f"{'0' if number.startswith('.') else ''}{number} {_UNITS.get(unit, unit)}".strip()


def _characteristics(subject: etree._Element) -> dict[str, list[etree._Element]]:
    """The values of each characteristic that belongs to the product itself, not to its packages."""
    found: dict[str, list[etree._Element]] = {}
    paths = "v:subjectOf/v:characteristic | v:partProduct/v:subjectOf/v:characteristic"
    for characteristic in _elements(subject, paths):
        values = _elements(characteristic, "v:value")
        if values and values[0].get("nullFlavor") is None:
            found.setdefault(_attribute(characteristic, "v:code/@code"), []).append(values[0])
    return found


def _value(marks: dict[str, list[etree._Element]], code: str, attribute: str = "value") -> str:
    values = marks.get(code)
    return (values[0].get(attribute) or "").strip() if values else ""


def _colors(marks: dict[str, list[etree._Element]]) -> tuple[str, ...]:
    found = {
        term
        for value in marks.get("SPLCOLOR", ())
        for term in color_terms(value.get("code") or "") or color_terms(value.get("displayName") or "")
    }
    return tuple(sorted(found))


def _size_mm(marks: dict[str, list[etree._Element]]) -> float | None:
    text, unit = _value(marks, "SPLSIZE"), _value(marks, "SPLSIZE", "unit") or "mm"
    factor = {"mm": 1.0, "cm": 10.0}.get(unit.lower())
    if factor is None or not re.fullmatch(r"\d{1,3}(\.\d{1,4})?", text):
        return None
    return float(text) * factor or None


def _originals(marks: dict[str, list[etree._Element]], generic: str, part: int) -> tuple[tuple[str, str], ...]:
    """What the label itself says of shape and color, its flavor, and the part of the kit."""
    kept = [("generic_name", generic), ("part", str(part) if part else "")]
    for code, key in (("SPLSHAPE", "shape"), ("SPLCOLOR", "color"), ("SPLFLAVOR", "flavor")):
        for value in marks.get(code, ()):
            words = " ".join(text_of(item) for item in _elements(value, "v:originalText"))
            kept.append((key, words or value.get("displayName") or ""))
    return tuple((key, text) for key, text in kept if text)


def _name(product: etree._Element) -> str:
    """The proprietary name with its suffix: ``Bonine Kids``."""
    text = " ".join(" ".join(map(str, found.itertext())) for found in _elements(product, "v:name")[:1])
    return " ".join(text.split())


def _ndc(product: etree._Element) -> str:
    return _attribute(product, f"v:code[@codeSystem='{NDC_SYSTEM}']/@code")


def _elements(element: etree._Element, path: str) -> list[etree._Element]:
    found = element.xpath(path, namespaces=_NS)
    return [item for item in found if isinstance(item, etree._Element)] if isinstance(found, list) else []


def _attribute(element: etree._Element, path: str) -> str:
    found = element.xpath(path, namespaces=_NS)
    return str(found[0]).strip() if isinstance(found, list) and found else ""


def _date(text: str) -> str:
    found = _DAY.match(text)
    return "-".join(found.groups()) if found else ""


REGISTER = Register(
    name="spl",
    help="DailyMed zip, folder or SPL document.",
    columns=(),
    entries=entries,
    title="DailyMed (FDA labels), US",
    page="<https://dailymed.nlm.nih.gov/dailymed/spl-resources-all-drug-labels.cfm>",
    gives="everything, with the label's own sections; updated daily",
)
