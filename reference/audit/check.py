"""Lists rows of a catalog that are probably wrong; changes none of them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from reference.grouping import drug_strength
from reference.product import Product
from reference.text.imprints import without_register_words
from reference.text.ndc import product_code

# Of the 5,014 products of NLM C3PI the capsules are 11 to 26 mm long, but for one row of 2 mm; all others 4 to 27 mm.
# One millimeter of rounding and some room more than those is suspicious.
CAPSULE_MM = (10.0, 28.0)
TABLET_MM = (2.5, 30.0)
_AMOUNT = re.compile(r"\d+(?:\.\d+)?\s*(?:mg|mcg|g|ml|%)?", re.IGNORECASE)
_UNLIKELY = re.compile(r"[^0-9A-Za-z\s;,./+&()®™'\-½¼·Λ가-힣]")
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)"
# What spreadsheets make of imprints: 10-10 a date, 1E10 a number, 10 a float.
_MANGLED = (
    ("a date", re.compile(rf"\d{{1,2}}-{_MONTH}(?:-\d{{2,4}})?|{_MONTH}-\d{{2,4}}|\d{{4}}-\d\d-\d\d.*", re.IGNORECASE)),
    ("a date", re.compile(r"\d{1,2}([/.])\d{1,2}\1(?:19|20)\d\d.*")),
    ("a large number", re.compile(r"\d(?:[.,]\d+)?E[+-]?\d{1,3}")),
    ("a number with decimals", re.compile(r"\d{2,}[.,]0")),
    ("a formula", re.compile(r"#[A-Z0-9/]+[?!]")),
)
# Of the imprints that are one number, 9 of 289 begin with 0 in NLM C3PI and 31 of 294 in Taiwan's register. If none of
# this many does, a spreadsheet has probably taken them for numbers.
NUMBERS_MIN = 150


@dataclass(frozen=True)
class CheckFinding:
    """A row that looks wrong: which rule, which product (or register, of all its rows), in one sentence why."""

    rule: str
    product_id: str
    sentence: str


def check(products: Iterable[Product]) -> Iterator[CheckFinding]:
    """Every finding, those about one row first, then those about rows that contradict their twins."""
    twins: dict[tuple[str, ...], list[Product]] = defaultdict(list)
    numbers: dict[str, list[Product]] = defaultdict(list)
    for product in products:
        for rule, test in _RULES.items():
            sentence = test(product)
            if sentence:
                yield CheckFinding(rule, product.product_id, sentence)
        for key in _twin_keys(product):
            twins[key].append(product)
        if product.imprint.strip().isdecimal():
            numbers[product.source].append(product)
    yield from _lost_zeros(numbers)
    for same in twins.values():
        if len(same) > 1:
            yield from _disagreements(same)


def _size(product: Product) -> str:
    if product.size_mm is None:
        return ""
    kind, (least, most) = ("capsule", CAPSULE_MM) if product.shape == "CAPSULE" else ("tablet", TABLET_MM)
    if least <= product.size_mm <= most:
        return ""
    return f"a {kind} of {product.size_mm:g} mm; they are {least:g} to {most:g} mm long"


def _labeler(product: Product) -> str:
    return f"the labeler is {product.labeler!r}" if _AMOUNT.fullmatch(product.labeler.strip()) else ""


def _name(product: Product) -> str:
    return f"the name is {product.name!r}" if _AMOUNT.fullmatch(product.name.strip()) else ""


def _scored_capsule(product: Product) -> str:
    if product.shape == "CAPSULE" and product.score not in {None, 1}:
        return f"a two-part capsule scored into {product.score} pieces"
    return ""


def _imprint_signs(product: Product) -> str:
    odd = sorted(set(_UNLIKELY.findall(without_register_words(product.imprint))))
    return f"the imprint {product.imprint!r} holds {' '.join(odd)}" if odd else ""


def _spreadsheet(product: Product) -> str:
    for part in product.imprint.split(";"):
        for kind, pattern in _MANGLED:
            if pattern.fullmatch(part.strip()):
                return f"the imprint {part.strip()!r} looks mangled by a spreadsheet into {kind}; what it was is lost"
    return ""


def _capsule_form(product: Product) -> str:
    if product.shape == "CAPSULE" and product.dosage_form.startswith("TABLET"):
        return f"the dosage form is {product.dosage_form}, the shape CAPSULE (tablets of that outline are OVAL)"
    return ""


_RULES: dict[str, Callable[[Product], str]] = {
    "size": _size,
    "labeler": _labeler,
    "name": _name,
    "score": _scored_capsule,
    "imprint": _imprint_signs,
    "spreadsheet": _spreadsheet,
    "shape": _capsule_form,
}


def _twin_keys(product: Product) -> Iterator[tuple[str, ...]]:
    """What the rows of one tablet share: its maker's code on the pill with drug and strength, or its own NDC."""
    if product.ndc and ":" in product.product_id:
        part = dict(product.originals).get("part", "1")
        code = product_code(product.ndc)
        if code:
            yield ("ndc", code, part)
    longest = max(product.tokens, key=len, default="")
    if len(longest) >= 3 and any(sign.isdigit() for sign in longest) and product.drug and product.strength:
        yield ("code", *drug_strength(product), longest, product.shape, ";".join(product.colors))


def _lost_zeros(numbers: dict[str, list[Product]]) -> Iterator[CheckFinding]:
    """Imprints that are numbers without the zero that other rows have before them, or that no row of a register has."""
    begun = {
        (drug_strength(product), product.imprint.strip().lstrip("0")): product
        for same in numbers.values()
        for product in same
        if product.imprint.strip().startswith("0") and product.drug
    }
    for source, same in numbers.items():
        whole = [product for product in same if not product.imprint.strip().startswith("0")]
        for product in whole:
            other = begun.get((drug_strength(product), product.imprint.strip()))
            if other is not None:
                yield CheckFinding(
                    "spreadsheet", product.product_id,
                    f"the imprint {product.imprint!r} looks mangled by a spreadsheet: {other.product_id} of the same "
                    f"drug has {other.imprint!r}",
                )  # fmt: skip
        if len(whole) == len(same) >= NUMBERS_MIN:
            yield CheckFinding(
                "spreadsheet", source,
                f"none of its {len(same):,} imprints that are numbers begins with 0: a spreadsheet may have cut zeros",
            )  # fmt: skip


def _disagreements(same: list[Product]) -> Iterator[CheckFinding]:
    """Rows of one tablet that differ from most of the others in imprint, size or score."""
    for rule, value_of in _COMPARED.items():
        values = Counter(value for product in same if (value := value_of(product)))
        if len(values) < 2:
            continue
        (usual, most), (_, next_most) = values.most_common(2)
        for product in same:
            value = value_of(product)
            if value and value != usual and (most > next_most or product is same[-1]):
                yield CheckFinding(
                    f"{rule} of twins", product.product_id,
                    f"{rule} {value}, while {most} of {sum(values.values())} rows of this tablet have {usual}",
                )  # fmt: skip


_COMPARED: dict[str, Callable[[Product], str]] = {
    "imprint": lambda product: ";".join(sorted(set(product.tokens))),
    "size": lambda product: f"{product.size_mm:g} mm" if product.size_mm is not None else "",
    "score": lambda product: str(product.score or ""),
}
