"""The label's own sections as a monograph: SPL section text by LOINC code, each statement citing the label."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from reference.product import Citation, Monograph, Product, Section, Statement

_V = "{urn:hl7-org:v3}"

# LOINC document section codes of SPL and the keys they get
# (https://www.fda.gov/industry/structured-product-labeling-resources/section-headings-loinc).
SECTION_KEYS = {
    "34066-1": "boxed_warning",
    "34067-9": "indications",
    "34068-7": "dosage",
    "43678-2": "forms_and_strengths",
    "34070-3": "contraindications",
    "43685-7": "warnings_and_precautions",
    "34071-1": "warnings",
    "42232-9": "precautions",
    "34072-9": "general_precautions",
    "34084-4": "adverse_reactions",
    "34073-7": "interactions",
    "43684-0": "specific_populations",
    "42228-7": "pregnancy",
    "34080-2": "nursing_mothers",
    "77290-5": "lactation",
    "34081-0": "pediatric_use",
    "34082-8": "geriatric_use",
    "42227-9": "abuse_and_dependence",
    "34087-7": "dependence",
    "34088-5": "overdose",
    "34089-3": "description",
    "34090-1": "pharmacology",
    "43679-0": "mechanism",
    "43681-6": "pharmacodynamics",
    "43682-4": "pharmacokinetics",
    "43680-8": "nonclinical_toxicology",
    "34092-7": "clinical_studies",
    "34069-5": "how_supplied",
    "44425-7": "storage",
    "34076-0": "patient_information",
    "42230-3": "patient_leaflet",
    "42231-1": "medication_guide",
    "55106-9": "active_ingredient",
    "55105-1": "purpose",
    "50565-1": "keep_out_of_reach",
    "50566-9": "stop_use",
    "50567-7": "when_using",
    "50568-5": "ask_doctor_or_pharmacist",
    "50569-3": "ask_doctor",
    "50570-1": "do_not_use",
    "51727-6": "inactive_ingredients",
    "53413-1": "questions",
    "60561-8": "other_safety_information",
}
# The product data and the photo of the package are no text to read.
_NOT_TEXT = frozenset({"48780-1", "51945-4"})
_UNCLASSIFIED = "42229-5"
_BLOCKS = frozenset(f"{_V}{name}" for name in ("paragraph", "item", "tr", "caption"))


def text_of(element: etree._Element) -> str:
    """All text of an element with single blanks."""
    return " ".join("".join(str(text) for text in element.itertext()).split())


def label_of(root: etree._Element, product: Product, url: str) -> Monograph | None:
    """The sections of the document's body in reading order; None where it has no text."""
    citation = Citation("label", f"Label of {product.name} by {product.labeler}", url, "label", product.source_date)
    sections = [
        section
        for element in root.iterfind(f"{_V}component/{_V}structuredBody/{_V}component/{_V}section")
        for section in _sections(element, citation.key)
    ]
    if not sections:
        return None
    return Monograph(
        drug=product.drug,
        title=f"{product.name}: the label by {product.labeler}",
        sections=tuple(sections),
        citations=(citation,),
        reviewed=product.source_date,
        origin="label",
    )


def _sections(element: etree._Element, cited: str) -> Iterator[Section]:
    """A section with the text of its unclassified subsections, then its classified subsections."""
    code = element.find(f"{_V}code")
    loinc = code.get("code") or "" if code is not None else ""
    if loinc in _NOT_TEXT:
        return
    statements = tuple(Statement(text, (cited,)) for text in _own_text(element))
    if statements:
        heading = element.find(f"{_V}title")
        title = text_of(heading) if heading is not None else ""
        name = code.get("displayName") or "" if code is not None else ""
        key = SECTION_KEYS.get(loinc, f"section_{loinc}" if loinc else "section")
        yield Section(key, title or name.title(), statements, loinc)
    for part in element.iterfind(f"{_V}component/{_V}section"):
        if not _unclassified(part):
            yield from _sections(part, cited)


def _own_text(element: etree._Element) -> Iterator[str]:
    text = element.find(f"{_V}text")
    if text is not None:
        yield from _blocks(text)
    for part in element.iterfind(f"{_V}component/{_V}section"):
        if _unclassified(part):
            title = part.find(f"{_V}title")
            if title is not None and text_of(title):
                yield text_of(title)
            yield from _own_text(part)


def _unclassified(element: etree._Element) -> bool:
    code = element.find(f"{_V}code")
    return code is None or code.get("code") in {None, "", _UNCLASSIFIED}


def _blocks(element: etree._Element) -> Iterator[str]:
    """Paragraphs, list items and table rows, outermost first met; text outside of them as one block."""
    loose = [element.text or ""]
    for child in element:
        if child.tag in _BLOCKS:
            text = " | ".join(map(text_of, child)) if child.tag == f"{_V}tr" else text_of(child)
            if text.strip(" |"):
                yield text
        elif any(item.tag in _BLOCKS for item in child.iter()):
            yield from _blocks(child)
        else:
            loose.append(text_of(child))
        loose.append(child.tail or "")
    rest = " ".join(" ".join(loose).split())
    if rest:
        yield rest
