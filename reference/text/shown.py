"""What a product is called and what stands on it, as a person reads it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from reference.product import Product
from reference.text.drugs import amounts_of, without_amounts

_DECIMAL = re.compile(r"(?<![\d.,])\d+\.\d*[1-9]")
# The part of a number after its point, with the unit where that stands in the same word: ``5``, ``5MG``.
_AFTER_POINT = re.compile(r"(\d+)[A-Z]*")
# The fractions that stand on tablets.
_DENOMINATORS = frozenset({"2", "3", "4"})


def name_shown(product: Product) -> str:
    """Drug and strength, of a brand whose substance is not said its name; a strength in the name is not said again."""
    is_brand = not product.ingredients and product.name.casefold() == product.drug.casefold()
    named, strength = product.name if is_brand else product.drug, product.strength
    held = {value for _, value in amounts_of(named)}
    if strength and held.issuperset(value for _, value in amounts_of(strength)):
        named, strength = (named, "") if is_brand else (without_amounts(named), strength)
    return f"{named} {strength}".strip() or product.name or product.product_id


def imprint_shown(product: Product) -> tuple[str, ...]:
    """The words of its imprint as they stand on the tablet: ``0;5`` beside a strength of 0.5 mg is ``0.5``.

    C3PI parts an imprint at each sign, so also within a number: ``7;1;2`` on 7.5 mg is ``7 1/2``. Only a number that is
    the strength's is put together again, and where the register parts the faces, only one that stands on one face.
    """
    numbers = {float(text) for text in _DECIMAL.findall(product.strength)}
    if not numbers:
        return product.tokens
    return tuple(_put_together(product.tokens, product.faces, numbers))


def _put_together(words: Sequence[str], faces: Sequence[Sequence[str]], numbers: Collection[float]) -> Iterator[str]:
    at = 0
    while at < len(words):
        parts = (words[at : at + length] for length in (3, 2, 1))
        part, text = next(
            (part, text) for part in parts for text in _writings(part, numbers) if _on_one_face(part, faces)
        )
        yield text
        at += len(part)


def _writings(words: Sequence[str], numbers: Collection[float]) -> Iterator[str]:
    """How words stand on the tablet as one: a single one as it is, several as a number that is among ``numbers``."""
    if len(words) == 1:
        yield words[0]
        return
    *whole, first, last = words
    if all(word.isdecimal() for word in (*whole, first)):
        after = _AFTER_POINT.fullmatch(last)
        if after and not whole and float(f"{first}.{after[1]}") in numbers:
            yield f"{first}.{last}"
        if (
            last in _DENOMINATORS
            and int(first) < int(last)
            and sum(map(int, whole)) + int(first) / int(last) in numbers
        ):
            yield " ".join((*whole, f"{first}/{last}"))


def _on_one_face(words: Sequence[str], faces: Sequence[Sequence[str]]) -> bool:
    return len(words) == 1 or not faces or any(set(words) <= set(face) for face in faces)
