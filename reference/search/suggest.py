"""Names that a person may have meant where no product of the catalog has the one that was asked."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reference.store.catalog import Catalog
from reference.text.drugs import names_of
from reference.text.english import english_name

# The least likeness of a name, 0-100 as rapidfuzz counts it: about one letter in four may differ or be missing.
LIKENESS_MIN = 75
SUGGESTED_MAX = 3
# Shorter words are amounts, units and forms.
_WORD = re.compile(r"[^\W\d_]{4,}(?:-[^\W\d_]+)*")


def did_you_mean(catalog: Catalog, drug: str) -> tuple[str, ...]:
    """What was asked with its first unknown word replaced by one that the catalog has, the likeliest first.

    Empty where every word occurs in a product's name, ingredients or strength, or where nothing is like it.
    """
    words = drug.casefold().split()
    known = _words(catalog)
    for place, word in enumerate(words):
        if not any(name in other for name in names_of(english_name(word) or word) for other in known):
            return tuple(" ".join((*words[:place], name, *words[place + 1 :])) for name in _like(word, known))
    return ()


def _words(catalog: Catalog) -> list[str]:
    """Every distinct word of names and ingredients."""
    found: set[str] = set()
    for (terms,) in catalog.rows("SELECT terms FROM drug"):
        found.update(_WORD.findall(terms))
    return sorted(found)


def _like(word: str, known: Sequence[str]) -> list[str]:
    from rapidfuzz import fuzz, process

    found = process.extract(word, known, scorer=fuzz.ratio, limit=SUGGESTED_MAX, score_cutoff=LIKENESS_MIN)
    return [name for name, _, _ in found]
