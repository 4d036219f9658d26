"""What a product is called and what stands on it, as a person reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from reference.product import Product
from reference.text.drugs import amounts_of

_DECIMAL = re.compile(r"(?<![\d.,])\d+\.\d*[1-9]")
# The part of a number after its point, with the unit where that stands in the same word: ``5``, ``5MG``.
_FRACTION = re.compile(r"(\d+)[A-Z]*")


def name_shown(product: Product) -> str:
    """Drug and strength, of a brand whose substance is not said its name; a strength that the name holds only once."""
    named = product.drug if product.ingredients or not product.name else product.name
    held = {value for _, value in amounts_of(named)}
    strength = "" if held.issuperset(value for _, value in amounts_of(product.strength)) else product.strength
    return f"{named} {strength}".strip() or product.name or product.product_id


def imprint_shown(product: Product) -> tuple[str, ...]:
    """The words of its imprint as they stand on the tablet: ``0;5`` beside a strength of 0.5 mg is ``0.5``.

    C3PI parts an imprint at each sign, so also at the point of a number. Only a number that is the strength's is put
    together again, and where the register parts the faces, only one that stands on one face.
    """
    numbers = {float(text) for text in _DECIMAL.findall(product.strength)}
    if not numbers:
        return product.tokens
    return tuple(_put_together(product.tokens, product.faces, numbers))


def _put_together(words: Sequence[str], faces: Sequence[Sequence[str]], numbers: set[float]) -> Iterator[str]:
    at = 0
    while at < len(words):
        pair = words[at : at + 2]
        together = len(pair) == 2 and _is_number(pair[0], pair[1], numbers) and _on_one_face(pair, faces)
        yield ".".join(pair) if together else words[at]
        at += 1 + together


def _is_number(whole: str, fraction: str, numbers: set[float]) -> bool:
    found = _FRACTION.fullmatch(fraction)
    return whole.isdecimal() and found is not None and float(f"{whole}.{found[1]}") in numbers


def _on_one_face(words: Sequence[str], faces: Sequence[Sequence[str]]) -> bool:
    return not faces or any(set(words) <= set(face) for face in faces)
