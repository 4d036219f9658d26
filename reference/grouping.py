"""The same drug and the same tablet under many names: relabelers sell one tablet under dozens of product codes.

``same_drug`` is the one rule of "the right drug"; ``drug_strength`` is its key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from reference.product import Product
from reference.text.drugs import amounts_of, brand_of, ingredients_of, one_name, same_moiety, with_salt
from reference.text.ndc import product_code

# Registers round the longest dimension to whole millimeters; 15 of 5,014 C3PI products disagree on it with themselves.
SIZE_TOLERANCE_MM = 1.0
_BRAND_WORD_MIN = 4
_RUN = re.compile(r"[^\W\d_]+|\d+")

_Key = tuple[str, str, str]


@dataclass
class _Group:
    """The same tablet: where its products stand, and they with their keys."""

    numbers: list[int] = field(default_factory=list)
    members: list[tuple[Product, _Key]] = field(default_factory=list)


def drug_strength(product: Product) -> tuple[str, str]:
    """Drug and strength as they are compared, equal for equal drugs whatever names, units and orders a register has.

    The drug is its active moieties, each under one name (``reference.text.drugs``), in alphabetical order; the strength
    is the amounts in one unit, in the order of their ingredients where the register pairs them, else sorted. Where it
    names no ingredient, the drug is the name without strength and dosage form. Either is empty where it says nothing.
    """
    return _drug_strength(product.drug, product.ingredients, product.strength)


@lru_cache(maxsize=4096)  # a search groups many products of few drugs
def _drug_strength(drug: str, ingredients: tuple[str, ...], strength: str) -> tuple[str, str]:
    names = {one_name(part): with_salt(part) for part in ingredients}
    parts = drug.split("/") if ingredients else ingredients_of(brand_of(drug))
    moieties = {one_name(part) for part in parts} - {""}
    return " / ".join(sorted(names.get(moiety, moiety) for moiety in moieties)), _strength(strength, ingredients)


def _strength(strength: str, ingredients: tuple[str, ...]) -> str:
    """The amounts by the names that the text pairs them with, else by the ingredients in their order, else sorted."""
    amounts = amounts_of(strength)
    names = [one_name(name) for name, _ in amounts]
    if not all(names) and len(ingredients) == len(amounts):
        names = [one_name(ingredient) for ingredient in ingredients]
    values = [value for _, value in amounts]
    paired = zip(names, values, strict=True) if all(names) else (("", value) for value in values)
    return " / ".join(value for _, value in sorted(paired))


def same_drug(one: Product, other: Product) -> bool:
    """Whether two products are the same drug in the same strength: the one rule of what a right answer is.

    They are where they are the same RxNorm concept, or their active moieties and strengths agree (``drug_strength``).
    Where one of them says no strength, or no salt, the rest decides: it judges an answer by what the truth says; who
    claims a strength compares ``drug_strength``. A product that its register names by brand only is the drug of a
    product with the same imprint, look and brand; one of two registers under one number is one drug.
    """
    if one.rxcui and one.rxcui == other.rxcui:
        return True
    return _same_moieties(one, other) or _same_brand(one, other) or _same_number(one, other)


def _same_moieties(one: Product, other: Product) -> bool:
    (drug, strength), (other_drug, other_strength) = drug_strength(one), drug_strength(other)
    return _agree(strength, other_strength) and _same_names(drug, other_drug)


def _same_names(drug: str, other: str) -> bool:
    moieties, others = drug.split(" / "), other.split(" / ")
    return bool(drug and other) and len(moieties) == len(others) and all(map(same_moiety, moieties, others))


def _same_brand(one: Product, other: Product) -> bool:
    """Whether one is named by brand only and both share brand, imprint and look, and no strength contradicts."""
    if (one.ingredients and other.ingredients) or not same_imprint(one, other):
        return False
    fewer, more = sorted((_brand(one), _brand(other)), key=len)
    same_brand = bool(_keys(fewer)) and fewer <= more
    return same_brand and _agree(drug_strength(one)[1], drug_strength(other)[1]) and same_look(one, other)


def _brand(product: Product) -> frozenset[str]:
    """The words of a product's name, without numbers, maker in quotes, strength and form: ``madopar``, ``hbs``.

    One name is the other's brand where its words are all among the other's: one shared word may be a maker's or salt's
    (``Warfarin Sandoz`` and ``Lisinopril Sandoz``).
    """
    return _brand_words(product.name)


@lru_cache(maxsize=4096)
def _brand_words(name: str) -> frozenset[str]:
    return frozenset(word for word in brand_of(name).split() if word.isalpha())


def _keys(brand: Iterable[str]) -> set[str]:
    """Its words by which it is looked up; shorter ones are forms (``SR``) and makers (``GSK``)."""
    return {word for word in brand if len(word) >= _BRAND_WORD_MIN}


def same_imprint(one: Product, other: Product) -> bool:
    """Whether both bear the same words and numbers; registers part them in other ways (``S;10`` and ``S10``)."""
    if one.tokens == other.tokens:
        return bool(one.tokens)
    return bool(one.tokens) and _runs(one.tokens) == _runs(other.tokens)


@lru_cache(maxsize=4096)
def _runs(tokens: tuple[str, ...]) -> str:
    """All words and all numbers, each whole, in one order: ``12`` is not ``21``."""
    return ";".join(sorted(_RUN.findall(";".join(tokens))))


def _same_number(one: Product, other: Product) -> bool:
    """Whether both have one number (NDC, license, item), imprint and look, and no strength contradicts.

    Parts of a kit have one number too; they differ in imprint, look or strength.
    """
    if not same_imprint(one, other) or register_keys(one).isdisjoint(register_keys(other)):
        return False
    return _agree(drug_strength(one)[1], drug_strength(other)[1]) and same_look(one, other)


def register_keys(product: Product) -> frozenset[str]:
    """What its register knows the product by: its NDC product code, its license in Taiwan, its item in Korea.

    A row that is kept by hand names them too, so that it is known for the same product.
    """
    register, _, key = product.product_id.partition(":")
    code = product_code(product.ndc) if product.ndc else ""
    keys = [f"ndc:{code}"] if code else []
    if register in {"tfda", "mfds"}:
        keys.append(f"{register}:{key.partition(':')[0]}")
    elif register == "pillprint":
        keys += [f"mfds:{key.removeprefix('mfds-')}"] if key.startswith("mfds-") else []
        keys += [f"tfda:{text}" for name, text in product.originals if name == "licence"]
    return frozenset(keys)


def tablet_key(product: Product) -> _Key:
    """What the same tablet must agree in, besides its look: drug, strength and imprint."""
    return (*drug_strength(product), product.imprint_key)


def same_look(first: Product, second: Product) -> bool:
    """Whether shape, colors, score and size agree wherever both registers give them."""
    if first.shape and second.shape and first.shape != second.shape:
        return False
    if first.colors and second.colors and set(first.colors) != set(second.colors):
        return False
    if first.score is not None and second.score is not None and first.score != second.score:
        return False
    return first.size_mm is None or second.size_mm is None or abs(first.size_mm - second.size_mm) <= SIZE_TOLERANCE_MM


def same_tablet(products: Iterable[Product]) -> tuple[tuple[Product, ...], ...]:
    """Part products into groups that are the same tablet, in the order of their first members.

    In a group those that name ingredients and strength come first, else the order is kept.

    Two products are the same tablet where drug, strength and imprint agree and each looks the same as every
    member of the group. A product that its register names by brand only joins those of the same imprint, look and
    brand, and one that two registers know by one number (``register_keys``) joins itself, where no strength
    contradicts. A product without text stands alone, and so does one without a drug or strength that neither brand nor
    number joins to another: nothing shows that it is the same.
    """
    everything = list(products)
    if len(everything) == 1:  # as half of all imprints have it
        return (tuple(everything),)
    groups: list[_Group] = []
    by_key: dict[tuple[str, ...], list[_Group]] = {}
    # Those that name their ingredients come first, so that it does not matter in which order the registers do.
    for number, product in sorted(enumerate(everything), key=lambda pair: not pair[1].ingredients):
        key = tablet_key(product)
        by, runs = sorted(_keys(_brand(product)) | register_keys(product)), _runs(product.tokens)
        kinds = [kind for kind in (key, *((name, runs) for name in by)) if all(kind)]
        candidates = (group for kind in kinds for group in by_key.get(kind, ()))
        group = next((group for group in candidates if _fits(product, key, group)), None)
        if group is None:
            group = _Group()
            groups.append(group)
        group.numbers.append(number)
        group.members.append((product, key))
        for kind in kinds:
            known = by_key.setdefault(kind, [])
            if not any(each is group for each in known):
                known.append(group)
    parts = sorted((sorted(group.numbers) for group in groups), key=min)
    return tuple(tuple(sorted((everything[number] for number in numbers), key=_says_less)) for numbers in parts)


def _says_less(product: Product) -> bool:
    """Whether ingredients or strength are missing: such a product should not stand for its group."""
    return not product.ingredients or not product.strength


def _fits(product: Product, key: _Key, group: _Group) -> bool:
    """Whether the product is the same tablet as a member of the group, and nothing speaks against any other."""
    return any(_same(product, key, *member) for member in group.members) and all(
        same_look(product, member) and (_same(product, key, member, other) or _is_open(product, key, member, other))
        for member, other in group.members
    )


def _same(product: Product, key: _Key, member: Product, other: _Key) -> bool:
    """Whether drug, strength and imprint are equal, or it is one product of two registers, or one brand."""
    return (all(key) and key == other) or _same_brand(product, member) or _same_number(product, member)


def _is_open(product: Product, key: _Key, member: Product, other: _Key) -> bool:
    """Whether nothing that both say of drug and strength contradicts: one may be named by brand only."""
    named = product.ingredients and member.ingredients
    return _agree(key[1], other[1]) and (not named or _same_names(key[0], other[0]))


def _agree(strength: str, other: str) -> bool:
    return not strength or not other or strength == other
