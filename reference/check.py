"""Lists rows of a catalog that are probably wrong; changes none of them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from reference.drug_text import active_moiety
from reference.product import Product

# Of the 5,014 products of NLM C3PI the capsules are 11 to 26 mm long, but for one row of 2 mm; all others 4 to 27 mm.
# One millimeter of rounding and some room more than those is suspicious.
CAPSULE_MM = (10.0, 28.0)
TABLET_MM = (2.5, 30.0)
_AMOUNT = re.compile(r"\d+(?:\.\d+)?\s*(?:mg|mcg|g|ml|%)?", re.IGNORECASE)
_UNLIKELY = re.compile(r"[^0-9A-Za-z\s;,./+&()®'\-½¼·Λ가-힣]")
_NO_WORDS = re.compile("십자분할선|분할선|마크")


@dataclass(frozen=True)
class Finding:
    """A row that looks wrong: which rule, which product, in one sentence why."""

    rule: str
    product_id: str
    sentence: str


def check(products: Iterable[Product]) -> Iterator[Finding]:
    """Every finding, those about one row first, then those about rows that contradict their twins."""
    twins: dict[tuple[str, ...], list[Product]] = defaultdict(list)
    for product in products:
        for rule, test in _RULES.items():
            sentence = test(product)
            if sentence:
                yield Finding(rule, product.product_id, sentence)
        for key in _twin_keys(product):
            twins[key].append(product)
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
    odd = sorted(set(_UNLIKELY.findall(_NO_WORDS.sub("", product.imprint))))
    return f"the imprint {product.imprint!r} holds {' '.join(odd)}" if odd else ""


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
    "shape": _capsule_form,
}


def _twin_keys(product: Product) -> Iterator[tuple[str, ...]]:
    """What the rows of one tablet share: its maker's code on the pill with drug and strength, or its own NDC."""
    if product.ndc and ":" in product.product_id:
        part = dict(product.originals).get("part", "1")
        segments = product.ndc.split("-")
        if len(segments) > 1:
            yield ("ndc", segments[0].zfill(5), segments[1].zfill(4), part)
    longest = max(product.tokens, key=len, default="")
    if len(longest) >= 3 and any(sign.isdigit() for sign in longest) and product.drug and product.strength:
        yield ("code", active_moiety(product.drug), product.strength, longest, product.shape, ";".join(product.colors))


def _disagreements(same: list[Product]) -> Iterator[Finding]:
    """Rows of one tablet that differ from most of the others in imprint, size or score."""
    for rule, value_of in _COMPARED.items():
        values = Counter(value for product in same if (value := value_of(product)))
        if len(values) < 2:
            continue
        (usual, most), (_, next_most) = values.most_common(2)
        for product in same:
            value = value_of(product)
            if value and value != usual and (most > next_most or product is same[-1]):
                yield Finding(
                    f"{rule} of twins", product.product_id,
                    f"{rule} {value}, while {most} of {sum(values.values())} rows of this tablet have {usual}",
                )  # fmt: skip


_COMPARED: dict[str, Callable[[Product], str]] = {
    "imprint": lambda product: ";".join(sorted(set(product.tokens))),
    "size": lambda product: f"{product.size_mm:g} mm" if product.size_mm is not None else "",
    "score": lambda product: str(product.score or ""),
}
