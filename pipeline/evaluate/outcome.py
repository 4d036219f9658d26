"""One answer's claim against what the photo's own register row says: right, wrong and how, or not known.

Right is the same drug and strength, by whatever labeler. Registers of two countries name drugs by language and brand:
between them the same letters and digits in any order, or the same brand and strength, are right as well.
``docs/evaluation.md`` draws the rule.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.evaluate.metrics import bare, sorted_characters
from pipeline.evaluate.photo_truth import Truth
from pipeline.evaluate.product_index import ProductIndex, same_drug
from pipeline.records import Candidate, Decision, Identification
from reference.product import Product
from reference.text.drugs import drug_of, ingredients_of, strength_of
from reference.text.imprints import tokens
from reference.text.ndc import product_code

RIGHT = ""
# How an answer is wrong.
OTHER_STRENGTH = "other strength"
OTHER_DRUG = "other drug"
SAME_IMPRINT_OTHER_STRENGTH = "same imprint, other strength"
SAME_IMPRINT_OTHER_DRUG = "same imprint, other drug"
OTHER_IMPRINT = "other imprint"
NO_CANDIDATE = "no candidate"
# Why nobody can say.
STRENGTH_NOT_STATED = "other imprint, strength not stated"
SAME_IMPRINT_OTHER_NAME = "same imprint, other name abroad"
TRUTH_UNKNOWN = "truth unknown"
UNDECIDED = frozenset({STRENGTH_NOT_STATED, SAME_IMPRINT_OTHER_NAME, TRUTH_UNKNOWN})

# Where the answer or the truth has several products, the pair that agrees best decides: this is the order.
_MILDEST_FIRST = (
    *(RIGHT, STRENGTH_NOT_STATED, SAME_IMPRINT_OTHER_NAME, SAME_IMPRINT_OTHER_STRENGTH, SAME_IMPRINT_OTHER_DRUG),
    *(OTHER_STRENGTH, TRUTH_UNKNOWN, OTHER_IMPRINT, OTHER_DRUG),
)
# First words of names that are no brand: salts of them are different drugs.
_NO_BRAND = frozenset({"CALCIUM", "FERROUS", "LITHIUM", "MAGNESIUM", "POTASSIUM", "SODIUM", "VITAMIN"})
# Shorter first words of a name ("A.C.", "CO") say no brand.
_BRAND_LENGTH_MIN = 5


@dataclass(frozen=True)
class Outcome:
    """What one question about one photo came to.

    ``right`` is of the first candidate's drug and strength, None where the truth does not decide it; ``fault`` says how
    it is wrong or why it is not known, "" where it is right. ``listed`` says whether the catalog asked has the
    pill, ``unlisted`` what the answer gave for "in no row of the catalog" (None without an answer).
    """

    decision: str
    probability: float = 0.0
    right: bool | None = False
    fault: str = NO_CANDIDATE
    listed: bool = False
    unlisted: float | None = None
    first: Mapping[str, Any] = field(default_factory=dict)

    @property
    def identified(self) -> bool:
        """Whether the answer claims to know the pill."""
        return self.decision == Decision.IDENTIFIED.value

    @property
    def false_accept(self) -> bool:
        """Whether the answer claims another drug or strength."""
        return self.identified and self.right is False

    @property
    def trust(self) -> float:
        """What answers are ranked by: the first candidate's probability, and 1 more where it is IDENTIFIED."""
        return self.probability + self.identified

    def row(self) -> dict[str, Any]:
        """The outcome as part of a row of the JSON."""
        return {
            "decision": self.decision,
            "right": self.right,
            "fault": self.fault or None,
            "false_accept": self.fault if self.false_accept else None,
            "listed": self.listed,
            "unlisted": self.unlisted,
            "first": dict(self.first) or None,
        }


def outcome_of(truth: Truth, answer: Identification | None, table: ProductIndex) -> Outcome:
    """Judge an answer; without one (a photo that could not be read) nothing is claimed."""
    listed = table.lists(truth)
    if answer is None:
        return Outcome("ERROR", listed=listed)
    first = answer.candidates[0] if answer.candidates else None
    fault = _fault(truth, first, table) if first else NO_CANDIDATE
    return Outcome(
        decision=answer.decision.value,
        probability=first.probability if first else 0.0,
        right=None if fault in UNDECIDED else fault == RIGHT,
        fault=fault,
        listed=listed,
        unlisted=answer.unlisted,
        first=_first_row(first) if first else {},
    )


def _first_row(first: Candidate) -> dict[str, Any]:
    product = first.product
    return {
        "product": product.product_id,
        "name": product.name,
        "drug": product.drug_key,
        "imprint": product.imprint_key,
        "probability": first.probability,
    }


def _fault(truth: Truth, first: Candidate, table: ProductIndex) -> str:
    """How the first candidate is wrong: that of its products which agrees best with one of the photo's rows."""
    if {row.product_id for row in table.rows(truth)} & {shown.product_id for shown in first.products}:
        return RIGHT
    rows = table.own_rows(truth) or label_product(truth)
    texts = frozenset(filter(None, map(sorted_characters, _forms_of((*own_imprints(truth, table), truth.shown or "")))))
    found = (fault_of(row, shown, texts) for row in rows for shown in first.products)
    return min(found, key=_MILDEST_FIRST.index, default=TRUTH_UNKNOWN)


def fault_of(row: Product, shown: Product, texts: frozenset[str]) -> str:
    """How ``shown`` is wrong where the photo's own product is ``row`` and its imprint's characters one of ``texts``."""
    same_text = bool(texts & frozenset(map(sorted_characters, imprint_forms(shown.imprint))))
    if row.product_id == shown.product_id or (same_text and _same_code(row, shown)):
        return RIGHT
    if same_drug(row, shown):
        said = same_text or _same_concept(row, shown) or (row.strength and shown.strength)
        return RIGHT if said else STRENGTH_NOT_STATED
    if row.market and shown.market and row.market != shown.market:
        return _fault_abroad(row, shown, same_text)
    if not row.drug or not shown.drug:
        return TRUTH_UNKNOWN
    if _same_moieties(row, shown):
        return SAME_IMPRINT_OTHER_STRENGTH if same_text else OTHER_STRENGTH
    return SAME_IMPRINT_OTHER_DRUG if same_text else OTHER_DRUG


def _fault_abroad(row: Product, shown: Product, same_text: bool) -> str:
    """The same between registers of two countries, whose names differ by language and brand."""
    if same_text:
        both_told = row.ingredients and shown.ingredients
        return SAME_IMPRINT_OTHER_NAME if both_told and not _same_moieties(row, shown) else RIGHT
    if _same_moieties(row, shown):
        return OTHER_STRENGTH
    if brand_word(row) and brand_word(row) == brand_word(shown):
        if not row.strength or not shown.strength:
            return STRENGTH_NOT_STATED
        return RIGHT if _plain(row.strength) == _plain(shown.strength) else OTHER_STRENGTH
    return OTHER_IMPRINT


def _plain(strength: str) -> str:
    return strength.casefold().replace(" ", "")


def _same_code(row: Product, shown: Product) -> bool:
    """Whether two registers list the same product code; of one register it would be another part of a kit."""
    code = product_code(row.ndc)
    return bool(code) and code == product_code(shown.ndc) and row.source != shown.source


def _same_concept(row: Product, shown: Product) -> bool:
    return bool(row.rxcui) and row.rxcui == shown.rxcui


def _same_moieties(row: Product, shown: Product) -> bool:
    """Whether two products have the same active moieties, whatever the strength."""
    one, other = (replace(product, strength="1 mg", rxcui="") for product in (row, shown))
    return same_drug(one, other)


def brand_word(product: Product) -> str:
    """The first word of a product's name, upper case; empty where it is short or names a salt."""
    word = bare(product.name.split()[0]) if product.name.split() else ""
    return "" if len(word) < _BRAND_LENGTH_MIN or word in _NO_BRAND else word


def label_product(truth: Truth) -> tuple[Product, ...]:
    """What the label itself says of a photo whose key is in no table, as a product; none where it says nothing.

    A Taiwanese label names a product, not a drug.
    """
    if not truth.drug and not truth.imprint:
        return ()
    ingredients = ingredients_of(truth.drug) if truth.drug and truth.market != "TW" else ()
    name = truth.drug or ""
    return (
        Product(
            product_id="label:",
            name=name,
            drug=drug_of(ingredients),
            strength=strength_of(name),
            ingredients=ingredients,
            ndc=truth.row_key or "",
            imprint=truth.imprint or "",
            tokens=tokens(truth.imprint or ""),
            market=truth.market,
            source="label",
        ),
    )


def own_imprints(truth: Truth, table: ProductIndex) -> tuple[str, ...]:
    """The photo's imprint as its label, its register and the catalog asked write it; those without text left out."""
    rows = (*table.own_rows(truth), *table.rows(truth))
    texts = (truth.imprint or "", *(row.imprint for row in rows))
    return tuple(dict.fromkeys(text for text in texts if tokens(text)))


def imprint_forms(imprint: str) -> list[tuple[str, ...]]:
    """An imprint's tokens, and half of them where each is listed twice as often: a face that repeats."""
    words = tokens(imprint)
    counts = Counter(words)
    if words and all(count % 2 == 0 for count in counts.values()):
        half = tuple(itertools.chain.from_iterable([word] * (count // 2) for word, count in counts.items()))
        return [words, half]
    return [words]


def _forms_of(imprints: Iterable[str]) -> Sequence[tuple[str, ...]]:
    return [form for imprint in imprints for form in imprint_forms(imprint)]


def taken_out(truth: Truth, table: ProductIndex) -> tuple[str, ...]:
    """The imprints that a catalog must lose so that it lacks the photo's pill; none where its imprint is not known.

    One for each set of letters and digits, since ``Catalog.without`` takes them in any order.
    """
    by_text = {sorted_characters(form): ";".join(form) for form in _forms_of(own_imprints(truth, table))}
    return tuple(by_text[text] for text in sorted(by_text))
