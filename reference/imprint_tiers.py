"""How the imprints of a catalog agree with words that someone read: in which tier, and by how much."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from enum import IntEnum

from reference.catalog import Catalog
from reference.imprint_text import characters, look_alike_key, without_signs

# A word is looked for inside words that look alike only from this length: "I" looks like a part of most imprints.
MIN_LOOK_ALIKE_PART = 3
# Longer imprints are never written in one word; the pieces of a word grow with its square.
MAX_RESPACED_CHARACTERS = 24


class Tier(IntEnum):
    """How an imprint agrees with the words asked, best first."""

    EXACT = 0
    ALL_TOKENS = 1
    WILDCARD = 2
    PREFIX = 3
    CONTAINS = 4
    LOOK_ALIKE = 5
    UPSIDE_DOWN = 6
    UNKNOWN = 7

    @property
    def title(self) -> str:
        """The tier as the answer names it."""
        return _TITLES[self]


_TITLES = {
    Tier.EXACT: "exact",
    Tier.ALL_TOKENS: "all tokens",
    Tier.WILDCARD: "wildcard",
    Tier.PREFIX: "prefix",
    Tier.CONTAINS: "contains",
    Tier.LOOK_ALIKE: "look-alike characters",
    Tier.UPSIDE_DOWN: "upside down",
    Tier.UNKNOWN: "cannot be excluded: the register has no value",
}


_WORD = """
    SELECT it.imprint_id, min(level) FROM (
        SELECT id, CASE WHEN token = :word THEN 1 WHEN substr(token, 1, :length) = :word THEN 3
                        WHEN instr(token, :word) THEN 4 WHEN look_alike = :alike THEN 5
                        WHEN :length >= :part AND instr(look_alike, :alike) THEN 5 ELSE 6 END AS level
        FROM token
        WHERE instr(token, :word) OR look_alike = :alike OR upside_down = :alike
              OR (:length >= :part AND instr(look_alike, :alike))
    ) JOIN imprint_token it ON it.token_id = id GROUP BY it.imprint_id
"""
_WILDCARD = """
    SELECT it.imprint_id, 2 FROM token JOIN imprint_token it ON it.token_id = token.id
    WHERE token.token GLOB ? GROUP BY it.imprint_id
"""


def imprint_tiers(catalog: Catalog, words: tuple[str, ...]) -> dict[int, tuple[Tier, int]]:
    """The tier of every imprint that agrees, with how many characters it has beyond the words; by imprint id."""
    levels = _levels(catalog, words)
    parted = tuple(part for word in words for part in _without_marks(word))
    if parted != words:
        for imprint_id, level in _levels(catalog, parted).items():
            levels[imprint_id] = min(level, levels.get(imprint_id, level))
    keys = dict(_keys(catalog, list(levels)))
    plain = [without_signs(word) for word in words]
    if not any(mark in word for word in words for mark in "*?"):
        for imprint_id, key in _respaced(catalog, plain):
            keys[imprint_id] = key
            levels[imprint_id] = Tier.ALL_TOKENS
    asked = sum(map(len, plain))
    tiers = {}
    for imprint_id, level in levels.items():
        tokens = set(keys[imprint_id].split(";"))
        exact = level == Tier.ALL_TOKENS and (tokens == set(words) or _same_text(plain, tokens))
        rest = sum(map(len, tokens)) - asked
        tiers[imprint_id] = (Tier.EXACT if exact else Tier(level), max(rest, 0))
    return tiers


def _without_marks(word: str) -> list[str]:
    """``0.5`` as registers store it, ``0`` and ``5``."""
    if "*" in word or "?" in word:
        return [word]
    for mark in "/-+.&":
        word = word.replace(mark, " ")
    return word.split()


def _levels(catalog: Catalog, words: tuple[str, ...]) -> dict[int, int]:
    """The worst level of any word, for the imprints in which all words are found."""
    levels: dict[int, int] | None = None
    for word in words:
        found = _word_levels(catalog, word)
        if levels is None:
            levels = found
        else:
            levels = {key: max(level, found[key]) for key, level in levels.items() if key in found}
    return levels or {}


def _word_levels(catalog: Catalog, word: str) -> dict[int, int]:
    if "*" in word or "?" in word:
        return dict(catalog.rows(_WILDCARD, (word,)))
    alike = look_alike_key(without_signs(word))
    values = {"word": word, "length": len(word), "alike": alike, "part": MIN_LOOK_ALIKE_PART}
    return dict(catalog.rows(_WORD, values))


def _keys(catalog: Catalog, imprint_ids: list[int]) -> list[tuple[int, str]]:
    return catalog.rows(
        "SELECT id, imprint_key FROM imprint WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(imprint_ids),)
    )


def _respaced(catalog: Catalog, words: list[str]) -> Iterator[tuple[int, str]]:
    """Imprints whose tokens, or some of them, are the words parted or joined in another way."""
    text = "".join(words)
    if not 2 <= len(text) <= MAX_RESPACED_CHARACTERS:
        return
    whole = catalog.rows("SELECT id, imprint_key FROM imprint WHERE characters = ?", (characters(text),))
    yield from ((number, key) for number, key in whole if _same_text(words, set(key.split(";"))))
    pieces = {text[a:b] for a in range(len(text)) for b in range(a + 2, len(text) + 1)}
    for number, key in catalog.rows(_PIECES, {"pieces": json.dumps(sorted(pieces)), "length": len(text)}):
        if _tiled(text, [without_signs(token) for token in key.split(";")]):
            yield number, key


_PIECES = """
    SELECT imprint.id, imprint_key FROM (
        SELECT it.imprint_id AS which FROM token JOIN imprint_token it ON it.token_id = token.id
        WHERE token.token IN (SELECT value FROM json_each(:pieces))
        GROUP BY it.imprint_id HAVING count(*) >= 2 AND sum(length(token.token)) >= :length
    ) JOIN imprint ON imprint.id = which
"""


def _same_text(words: list[str], tokens: set[str]) -> bool:
    """Whether words and tokens give the same text in some order each, blanks aside."""
    plain = [without_signs(token) for token in tokens]
    if sorted("".join(words)) != sorted("".join(plain)) or max(len(words), len(plain)) > 5:
        return sorted(words) == sorted(plain)
    return any(_tiled("".join(order), plain, whole=True) for order in itertools.permutations(words))


def _tiled(text: str, tokens: list[str], whole: bool = False) -> bool:
    """Whether some of the tokens, all where ``whole``, each used once, make up the text."""
    if not text:
        return not whole or not any(tokens)
    return any(
        token and text.startswith(token) and _tiled(text[len(token) :], tokens[:at] + tokens[at + 1 :], whole)
        for at, token in enumerate(tokens)
    )
