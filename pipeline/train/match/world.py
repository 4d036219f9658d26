"""Registers -> what is written on pills at large, and how they look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.match.world import kind_of, pattern_of
from pipeline.properties import TERMS
from reference.product import Product
from reference.text.imprints import SIGNS

# Every market weighs the same, whatever the number of its products: as if it had this many imprints.
_IMPRINTS = 5000
# Absolute discounting (Ney, Essen and Kneser 1994): this is subtracted from every word's count, and what is subtracted
# goes to words that were never seen.
_DISCOUNT = 0.75
# Rarer words have no probability of their own, only that of their pattern.
_COUNT_MIN = 3
# Patterns, and looks, that were seen less often share the probability that is left.
_SEEN_MIN = 2
_LOOKS_MIN = 5
_KINDS = {"d": "0123456789", "L": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "s": SIGNS}


def imprints_of(products: Sequence[Product]) -> list[tuple[str, ...]]:
    """The distinct imprints, each as its distinct words."""
    keys = dict.fromkeys(tuple(sorted(set(product.tokens))) for product in products if product.tokens)
    return list(keys)


def fit_world(registers: Mapping[str, Sequence[Product]], looks: Sequence[Product]) -> dict[str, Any]:
    """The plain values of ``pipeline.match.world.World``, but for the confusions."""
    counts: Counter[str] = Counter()
    alone: dict[str, float] = {}
    for products in registers.values():
        imprints = imprints_of(products)
        weight = _IMPRINTS / len(imprints)
        alone[products[0].market] = sum(len(words) == 1 for words in imprints) / len(imprints)
        for words in imprints:
            counts.update(dict.fromkeys(words, weight))
    total = sum(counts.values())
    patterns = Counter(map(pattern_of, counts))
    seen: dict[str, Counter[str]] = {kind: Counter(characters) for kind, characters in _KINDS.items()}
    for word in counts:
        for character in word:
            seen[kind_of(character)][character] += 1
    return {
        "words": {word: (count - _DISCOUNT) / total for word, count in sorted(counts.items()) if count >= _COUNT_MIN},
        "patterns": {pattern: count / len(counts) for pattern, count in sorted(patterns.items()) if count >= _SEEN_MIN},
        "other_pattern": 1 / (_SEEN_MIN * len(counts)),
        "characters": {kind: _shares(found, 0) for kind, found in seen.items()},
        "one_word": {"": sum(alone.values()) / len(alone), **alone},
        **{each.shares: _shares(Counter(map(each.listed, looks)), _LOOKS_MIN) for each in TERMS},
    }


def _shares(counts: Counter[str], least: int) -> dict[str, float]:
    """The share of each term of those that are named; what is named less often is left out."""
    total = sum(count for term, count in counts.items() if term)
    return {term: count / total for term, count in sorted(counts.items()) if term and count >= least}


def hidden_share(products: Sequence[Product]) -> float:
    """The share of imprints with text on both faces, among those whose faces are known."""
    faces = [[bool(words) for words in product.faces] for product in products if any(product.faces)]
    return sum(all(each) and len(each) > 1 for each in faces) / len(faces)
