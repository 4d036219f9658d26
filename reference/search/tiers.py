"""How the imprints of a catalog agree with words that someone read: in which tier, and by how much."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import IntEnum

from reference.store.catalog import Catalog
from reference.text.imprints import characters, without_signs

# Longer imprints are never written in one word; the pieces of a word grow with its square.
RESPACED_CHARACTERS_MAX = 24
# Pieces of one character fit anywhere; where all of an imprint was read they are found all the same.
PIECE_MIN = 2


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


def imprint_tiers(catalog: Catalog, words: tuple[str, ...]) -> dict[int, int]:
    """The tier, as its number, of every imprint that agrees; by imprint id."""
    levels = _levels(catalog, words)
    parted = tuple(part for word in words for part in _without_marks(word))
    if parted != words:
        for imprint_id, level in _levels(catalog, parted).items():
            levels[imprint_id] = min(level, levels.get(imprint_id, level))
    plain = [without_signs(word) for word in words]
    distinct = list(dict.fromkeys(plain))
    if not any(mark in word for word in words for mark in "*?"):
        for spelled in (plain, distinct) if plain != distinct else (plain,):
            levels.update(dict.fromkeys(_respaced(catalog, spelled), int(Tier.ALL_TOKENS)))
    imprints = catalog.imprints()
    for imprint_id in [number for number, level in levels.items() if level == Tier.ALL_TOKENS]:
        if _is_whole(imprints[imprint_id - 1].imprint_key, words, plain, distinct):
            levels[imprint_id] = int(Tier.EXACT)
    return {imprint_id: level for imprint_id, level in levels.items() if imprint_id not in catalog.absent}


def _is_whole(imprint_key: str, words: tuple[str, ...], plain: list[str], distinct: list[str]) -> bool:
    """Whether the words, each as it is or each once, are all of the imprint."""
    tokens = set(imprint_key.split(";"))
    return tokens == set(words) or _same_text(plain, tokens) or _same_text(distinct, tokens)


def _without_marks(word: str) -> list[str]:
    """``0.5`` as registers store it, ``0`` and ``5``."""
    if "*" in word or "?" in word:
        return [word]
    for mark in "/-+.&":
        word = word.replace(mark, " ")
    return word.split()


def _levels(catalog: Catalog, words: tuple[str, ...]) -> dict[int, int]:
    """The worst level of any word, for the imprints in which all words are found; the rarest word leads."""
    of_tokens = sorted((_token_levels(catalog, word) for word in words), key=len)
    found: dict[int, int] = {}
    first = of_tokens[0]
    for imprint_id, token_id in _holding(catalog, first):
        level = first[token_id]
        if level < found.get(imprint_id, len(_TITLES)):
            found[imprint_id] = level
    if len(of_tokens) == 1 or not found:
        return found
    tokens: dict[int, list[int]] = {}
    for imprint_id, token_id in catalog.rows(
        "SELECT imprint_id, token_id FROM imprint_token WHERE imprint_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(found)),),
    ):
        tokens.setdefault(imprint_id, []).append(token_id)
    for levels in of_tokens[1:]:
        for imprint_id in list(found):
            best = min((levels[token] for token in tokens[imprint_id] if token in levels), default=None)
            if best is None:
                del found[imprint_id]
            else:
                found[imprint_id] = max(best, found[imprint_id])
    return found


def _token_levels(catalog: Catalog, word: str) -> dict[int, int]:
    index = catalog.tokens()
    if "*" in word or "?" in word:
        return dict.fromkeys(index.matching(word), int(Tier.WILDCARD))
    return index.levels(word)


def _holding(catalog: Catalog, tokens: Iterable[int]) -> list[tuple[int, int]]:
    """``(imprint, token)`` wherever one of the tokens occurs."""
    return catalog.rows(
        "SELECT imprint_id, token_id FROM imprint_token WHERE token_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(tokens)),),
    )


def _respaced(catalog: Catalog, words: list[str]) -> Iterator[int]:
    """Imprints whose tokens, or some of them, are the words parted or joined in another way."""
    text = "".join(words)
    if not 2 <= len(text) <= RESPACED_CHARACTERS_MAX:
        return
    imprints, index = catalog.imprints(), catalog.tokens()
    for (number,) in catalog.rows("SELECT id FROM imprint WHERE characters = ?", (characters(text),)):
        if _same_text(words, set(imprints[number - 1].tokens)):
            yield number
    pieces = {text[a:b] for a in range(len(text)) for b in range(a + PIECE_MIN, len(text) + 1)}
    held = Counter(which for which, _ in _holding(catalog, filter(None, map(index.token, pieces))))
    for number, count in held.items():
        if count > 1 and _tiled(text, [without_signs(token) for token in imprints[number - 1].tokens]):
            yield number


def _same_text(words: list[str], tokens: set[str]) -> bool:
    """Whether words and tokens give the same text in some order each, blanks aside."""
    plain = [without_signs(token) for token in tokens]
    if sum(map(len, words)) != sum(map(len, plain)):
        return False
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
