"""Search as pill identifiers offer it: every answer says in which tier it agrees, nothing is dropped unsaid.

An imprint is compared word by word; the tier of an answer is that of its worst word. A product whose register
gives no value for something asked is never excluded by it: without an imprint it comes in the last tier, and any
other empty field is named in ``Hit.unknown`` and ranks the product behind those that have the value.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from itertools import permutations
from typing import Any

from reference.catalog import PRODUCT_COLUMNS, PRODUCT_JOIN, Catalog, product_of
from reference.imprint_text import characters, look_alike_key, without_signs
from reference.product import Product
from reference.query import Query

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


@dataclass(frozen=True)
class Hit:
    """Products that are the same tablet, the tier in which they agree and what their register leaves open."""

    products: tuple[Product, ...]
    tier: Tier
    unknown: tuple[str, ...] = ()

    @property
    def product(self) -> Product:
        """The product that stands for the group."""
        return self.products[0]

    @property
    def labelers(self) -> tuple[str, ...]:
        """Everyone who sells this tablet, each once."""
        return tuple(dict.fromkeys(product.labeler for product in self.products if product.labeler))


@dataclass(frozen=True)
class SearchResult:
    """The best hits, and how many products of the catalog agree in each tier, shown or not."""

    hits: tuple[Hit, ...]
    counts: Mapping[Tier, int]
    catalog: str

    @property
    def products(self) -> int:
        """How many products agree or cannot be excluded."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class _Found:
    """Products of one imprint and look: all of them, or those of ``product_ids``."""

    tier: Tier
    unknown: int
    rest: int
    imprint_id: int
    look_id: int
    products: int
    product_ids: tuple[int, ...] = ()

    @property
    def rank(self) -> tuple[int, int, int, int, int]:
        return self.tier, self.unknown, self.rest, self.imprint_id, self.look_id


def search(catalog: Catalog, asked: Query, limit: int = 20) -> SearchResult:
    """The ``limit`` best groups of products for what is asked, with counts of all that agree."""
    tiers = _imprint_tiers(catalog, asked.words) if asked.words else None
    found = sorted(_found(catalog, asked, tiers), key=lambda part: part.rank)
    counts: Counter[Tier] = Counter()
    for part in found:
        counts[_shown_tier(part, asked)] += part.products
    hits = tuple(_hits(catalog, asked, found, limit))
    return SearchResult(hits, dict(sorted(counts.items())), catalog.fingerprint)


def _shown_tier(part: _Found, asked: Query) -> Tier:
    """Without an imprint to agree in, a product that lacks a value asked for belongs to the last tier."""
    return Tier.UNKNOWN if part.unknown and not asked.words else part.tier


# --- what the imprint says ------------------------------------------------------------------------------------------

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


def _imprint_tiers(catalog: Catalog, words: tuple[str, ...]) -> dict[int, tuple[Tier, int]]:
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
    return any(_tiled("".join(order), plain, whole=True) for order in permutations(words))


def _tiled(text: str, tokens: list[str], whole: bool = False) -> bool:
    """Whether some of the tokens, all where ``whole``, each used once, make up the text."""
    if not text:
        return not whole or not any(tokens)
    return any(
        token and text.startswith(token) and _tiled(text[len(token) :], tokens[:at] + tokens[at + 1 :], whole)
        for at, token in enumerate(tokens)
    )


# --- what the look, the drug and the numbers say --------------------------------------------------------------------


def _found(catalog: Catalog, asked: Query, tiers: dict[int, tuple[Tier, int]] | None) -> Iterator[_Found]:
    where, unknown, values = _look_filter(asked)
    if asked.drug or asked.labeler or asked.ndc_codes:
        rows = _rows_of_products(catalog, asked, where, unknown, values)
    else:
        rows = _rows_of_looks(catalog, tiers, where, unknown, values)
    blank = _blank_imprint(catalog)
    for imprint_id, look_id, missing, products, ids in rows:
        if tiers is None:
            tier, rest = Tier.EXACT, 0
        elif imprint_id == blank:
            tier, rest = Tier.UNKNOWN, 0
        elif imprint_id in tiers:
            tier, rest = tiers[imprint_id]
        else:
            continue
        yield _Found(tier, missing, rest, imprint_id, look_id, products, ids)


def _blank_imprint(catalog: Catalog) -> int:
    rows = catalog.rows("SELECT id FROM imprint WHERE imprint_key = ''")
    return int(rows[0][0]) if rows else 0


def _look_filter(asked: Query) -> tuple[str, str, dict[str, Any]]:
    """SQL that keeps the looks that agree or cannot be excluded, SQL that counts their empty fields, its values."""
    where, unknown = ["1"], ["0"]
    values: dict[str, Any] = {}
    if asked.shape:
        where.append("look.shape IN (:shape, '')")
        unknown.append("(look.shape = '')")
        values["shape"] = asked.shape
    for number, color in enumerate(asked.colors):
        where.append(f"(look.colors = '' OR instr(';' || look.colors || ';', :color{number}))")
        values[f"color{number}"] = f";{color};"
    if asked.colors:
        unknown.append("(look.colors = '')")
    if asked.smallest_mm is not None:
        where.append("(look.size_mm IS NULL OR look.size_mm BETWEEN :smallest AND :largest)")
        unknown.append("(look.size_mm IS NULL)")
        values |= {"smallest": asked.smallest_mm, "largest": asked.largest_mm}
    if asked.score is not None:
        where.append("(look.score IS NULL OR look.score = :score)")
        unknown.append("(look.score IS NULL)")
        values["score"] = asked.score
    if asked.logo:
        where.append("(look.symbol IS NULL OR look.symbol)")
        unknown.append("(look.symbol IS NULL)")
    return " AND ".join(where), " + ".join(unknown), values


_Row = tuple[int, int, int, int, tuple[int, ...]]


def _rows_of_looks(
    catalog: Catalog, tiers: dict[int, tuple[Tier, int]] | None, where: str, unknown: str, values: dict[str, Any]
) -> Iterator[_Row]:
    some = ""
    if tiers is not None:
        values["imprints"] = json.dumps([*tiers, _blank_imprint(catalog)])
        some = "AND part.imprint_id IN (SELECT value FROM json_each(:imprints))"
    sql = (
        f"SELECT part.imprint_id, part.look_id, {unknown}, part.products FROM imprint_look part "
        f"JOIN look ON look.id = part.look_id WHERE {where} {some}"
    )
    for row in catalog.rows(sql, values):
        yield (*row, ())


def _rows_of_products(
    catalog: Catalog, asked: Query, where: str, unknown: str, values: dict[str, Any]
) -> Iterator[_Row]:
    kept, open_fields = [where], [unknown]
    if asked.drug:
        words = asked.drug.split()
        like = " AND ".join(f"instr(terms, :drug{number})" for number in range(len(words)))
        kept.append(f"product.drug_id IN (SELECT id FROM drug WHERE {like})")
        values |= {f"drug{number}": word for number, word in enumerate(words)}
    if asked.labeler:
        kept.append("product.labeler_id IN (SELECT id FROM labeler WHERE name = '' OR instr(lower(name), :labeler))")
        open_fields.append("(product.labeler_id IN (SELECT id FROM labeler WHERE name = ''))")
        values["labeler"] = asked.labeler
    if asked.ndc_codes:
        kept.append("product.ndc9 IN (SELECT value FROM json_each(:codes))")
        values["codes"] = json.dumps([*asked.ndc_codes, ""])
        open_fields.append("(product.ndc9 = '')")
    sql = (
        f"SELECT product.imprint_id, product.look_id, {' + '.join(open_fields)} AS missing, count(*), "
        f"json_group_array(product.id) FROM product JOIN look ON look.id = product.look_id "
        f"WHERE {' AND '.join(kept)} GROUP BY 1, 2, 3"
    )
    for imprint_id, look_id, missing, products, ids in catalog.rows(sql, values):
        yield imprint_id, look_id, missing, products, tuple(json.loads(ids))


# --- the answer -----------------------------------------------------------------------------------------------------


def _hits(catalog: Catalog, asked: Query, found: list[_Found], limit: int) -> Iterator[Hit]:
    """Groups of the same tablet, best first, until there are ``limit``."""
    given = 0
    start = 0
    while start < len(found) and given < limit:
        end = start + 1
        while end < len(found) and _belongs(found[start], found[end]):
            end += 1
        tier = _shown_tier(found[start], asked)
        products = _products(catalog, found[start:end], limit)
        for group in catalog.groups_of(products):
            if given < limit:
                given += 1
                yield Hit(group, tier, _open_fields(asked, group[0]))
        start = end


def _belongs(first: _Found, other: _Found) -> bool:
    """Whether both can hold members of one group: same rank but for the look."""
    return first.rank[:4] == other.rank[:4]


def _products(catalog: Catalog, parts: list[_Found], limit: int) -> list[Product]:
    blank_or_many = 50 * limit
    rows: list[Any] = []
    for part in parts:
        if part.product_ids:
            where = "product.id IN (SELECT value FROM json_each(?))"
            values: tuple[Any, ...] = (json.dumps(part.product_ids[:blank_or_many]),)
        else:
            where = "product.imprint_id = ? AND product.look_id = ?"
            values = (part.imprint_id, part.look_id)
        rows += catalog.rows(
            f"SELECT {PRODUCT_COLUMNS} FROM {PRODUCT_JOIN} WHERE {where} ORDER BY product.id LIMIT {blank_or_many}",
            values,
        )
        if len(rows) >= blank_or_many:
            break
    return [product_of(row) for row in rows]


def _open_fields(asked: Query, product: Product) -> tuple[str, ...]:
    """What was asked and the register leaves empty."""
    checks = {
        "imprint": asked.words and not product.tokens,
        "shape": asked.shape and not product.shape,
        "color": asked.colors and not product.colors,
        "size": asked.smallest_mm is not None and product.size_mm is None,
        "score": asked.score is not None and product.score is None,
        "logo": asked.logo and product.symbol is None,
        "labeler": asked.labeler and not product.labeler,
        "ndc": asked.ndc_codes and not product.ndc,
    }
    return tuple(field for field, is_open in checks.items() if is_open)
