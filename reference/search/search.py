"""Search as pill identifiers offer it: every answer says in which tier it agrees, nothing is dropped unsaid.

An imprint is compared word by word; the tier of an answer is that of its worst word. A product whose register
gives no value for something asked is never excluded by it. Without an imprint, a labeler or an NDC it comes in the
last tier; where only its look is partly open it stays in its imprint's tier behind the products that have the
value, and ``Hit.unknown`` names the empty fields.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reference.product import Product, labelers_of
from reference.search.query import Query
from reference.search.sql_conditions import SqlConditions, all_of
from reference.search.tiers import Tier, imprint_tiers
from reference.store.catalog import Catalog
from reference.store.imprint_rows import ImprintRow
from reference.store.product_rows import PRODUCT_COLUMNS, PRODUCT_JOIN, product_of

# More products of one imprint and rank than any relabeled tablet has.
GROUP_MAX = 1000
# Below this many products it is faster to go from their looks to the imprints than through all imprints.
FEW_PRODUCTS = 2000
PAGE = 32
# An id that no look has.
ANY_LOOK = 0
# Imprints whose products are fetched together; a page of hits rarely needs more.
FEW_IMPRINTS = 8


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
        return labelers_of(self.products)


@dataclass(frozen=True)
class SearchResult:
    """The best hits, and how many products of the catalog agree in each tier, shown or not.

    ``carried``: whether any product bears the imprint asked, as a whole, in part or as it can be misread.
    """

    hits: tuple[Hit, ...]
    counts: Mapping[Tier, int]
    catalog: str
    carried: bool = True

    @property
    def products(self) -> int:
        """How many products agree or cannot be excluded."""
        return sum(self.counts.values())


def search(catalog: Catalog, asked: Query, limit: int = 20) -> SearchResult:
    """The ``limit`` best groups of products for what is asked, with counts of all that agree."""
    with catalog.reading():
        return _search(catalog, asked, limit)


def _search(catalog: Catalog, asked: Query, limit: int) -> SearchResult:
    conditions = SqlConditions.of(catalog, asked)
    tiers = imprint_tiers(catalog, asked.words) if asked.words else None
    counts: Counter[Tier] = Counter()
    if tiers is None:
        layers, rest = _layers_of_looks(catalog, conditions)
        counts[Tier.EXACT] = sum(layer.products for layer in layers)
        steps = _hits_of(catalog, asked, conditions, layers, Tier.EXACT)
    else:
        counts, parts = _parts(catalog, conditions, tiers)
        steps = _hits_of_imprints(catalog, asked, conditions, parts)
        rest = _layers(catalog, conditions, conditions.open_with(tiers))
    counts[Tier.UNKNOWN] = sum(layer.products for layer in rest)
    hits = itertools.chain(steps, _hits_of(catalog, asked, conditions, rest, Tier.UNKNOWN))
    found = {tier: number for tier, number in sorted(counts.items()) if number}
    return SearchResult(tuple(itertools.islice(hits, limit)), found, catalog.fingerprint, tiers is None or bool(tiers))


# --- layers: what agrees in everything asked, then what leaves some of it open ---------------------------------------


@dataclass(frozen=True)
class _Layer:
    """A condition that as many products meet, all with ``missing`` open fields of their look."""

    condition: str
    products: int
    missing: int


def _layers_of_looks(catalog: Catalog, conditions: SqlConditions) -> tuple[list[_Layer], list[_Layer]]:
    """Without an imprint: the layers that agree in everything asked, and those that are open."""
    if conditions.empty:
        agreed = _layers(catalog, conditions, conditions.agreed)
        return agreed, _layers(catalog, conditions, conditions.open_with(None))
    layers = _layers(catalog, conditions, all_of(conditions.fixed, conditions.look))
    return [layer for layer in layers if not layer.missing], [layer for layer in layers if layer.missing]


def _layers(catalog: Catalog, conditions: SqlConditions, where: str) -> list[_Layer]:
    """The condition parted by how many fields of the look are open, fewest first."""
    if where.endswith(" AND 0") or where == "0":
        return []
    base, each, is_open = conditions.base, conditions.each, conditions.open_look
    if each == "part.products" and "part." not in where:
        base, each = "look", "look.products"
    elif "look." in where + is_open:
        base += " JOIN look ON look.id = part.look_id"
    rows = catalog.rows(
        f"SELECT {is_open} AS missing, sum({each}) FROM {base} WHERE {where} GROUP BY missing ORDER BY missing",
        conditions.values,
    )
    return [
        _Layer(all_of(where, f"{is_open} = {missing}"), products, missing) for missing, products in rows if products
    ]


# --- products with an imprint that agrees ---------------------------------------------------------------------------


class _Part(NamedTuple):
    """Products of one imprint and look, or of all its looks, ordered by rank."""

    tier: int
    unknown: int
    length: int
    imprint_id: int
    look_id: int
    products: int


def _parts(
    catalog: Catalog, conditions: SqlConditions, tiers: Mapping[int, int]
) -> tuple[Counter[Tier], Iterable[_Part]]:
    """How many products agree in each tier, and what they are, best first."""
    if conditions.ask_nothing:
        return _parts_of_imprints(catalog.imprints(), tiers)
    conditions.values["imprints"] = json.dumps(list(tiers))
    where = all_of(
        "part.imprint_id IN (SELECT value FROM json_each(:imprints))", conditions.fixed, *conditions.known,
        conditions.look,
    )  # fmt: skip
    base, group, products = conditions.base, " GROUP BY part.imprint_id, part.look_id", "sum(1)"
    if conditions.each == "part.products":  # each row is an imprint and look of its own
        group, products = "", "part.products"
    if "look." in conditions.look + conditions.open_look:
        base += " JOIN look ON look.id = part.look_id"
    rows = catalog.rows(
        f"SELECT part.imprint_id, part.look_id, {conditions.open_look}, {products} FROM {base} WHERE {where}{group}",
        conditions.values,
    )
    imprints = catalog.imprints()
    parts = sorted(
        _Part(tiers[imprint], missing, imprints[imprint - 1].length, imprint, look, products)
        for imprint, look, missing, products in rows
    )
    counts: Counter[int] = Counter()
    for part in parts:
        counts[part.tier] += part.products
    return Counter({Tier(tier): number for tier, number in counts.items()}), parts


def _parts_of_imprints(
    imprints: Sequence[ImprintRow], tiers: Mapping[int, int]
) -> tuple[Counter[Tier], Iterator[_Part]]:
    """The same where no more than an imprint is asked: thousands may agree, so a tier is sorted when it is shown."""
    found: dict[int, list[int]] = {}
    for number, tier in tiers.items():
        found.setdefault(tier, []).append(number)
    counts = {Tier(tier): sum(imprints[number - 1].products for number in numbers) for tier, numbers in found.items()}

    def of(tier: int) -> list[_Part]:
        rows = ((number, imprints[number - 1]) for number in found[tier])
        return sorted(_Part(tier, 0, row.length, number, ANY_LOOK, row.products) for number, row in rows)

    return Counter(counts), itertools.chain.from_iterable(map(of, sorted(found)))


def _hits_of_imprints(
    catalog: Catalog, asked: Query, conditions: SqlConditions, parts: Iterable[_Part]
) -> Iterator[Hit]:
    """Groups of the same tablet, best first."""
    for some in _few_products(parts):
        found = _products_of_parts(catalog, conditions, [part for imprint in some for part in imprint])
        for imprint in some:
            best = imprint[0]
            for group in catalog.groups_of(product for part in imprint for product in found.get(part[3:5], ())):
                yield Hit(group, Tier(best.tier), _open_fields(asked, group[0]))


def _few_products(parts: Iterable[_Part]) -> Iterator[list[list[_Part]]]:
    """The parts by rank and imprint, as many imprints at a time as have a page of products, at least one."""
    some: list[list[_Part]] = []
    products = 0
    for _, same in itertools.groupby(parts, key=lambda part: part[:4]):
        imprint = list(same)
        more = sum(part.products for part in imprint)
        if some and products + more > PAGE:
            yield some
            some, products = [], 0
        some.append(imprint)
        products += more
    if some:
        yield some


# --- products without an imprint to compare -------------------------------------------------------------------------


def _hits_of(
    catalog: Catalog, asked: Query, conditions: SqlConditions, layers: list[_Layer], tier: Tier
) -> Iterator[Hit]:
    """Groups of the same tablet by imprint, those without text last; those whose look has all values first."""
    for layer in layers:
        for imprint_ids in _imprints(catalog, conditions, layer):
            for products in _products_of_imprints(catalog, conditions, imprint_ids, layer.condition):
                for group in catalog.groups_of(products):
                    yield Hit(group, tier, _open_fields(asked, group[0]))
        blank = all_of(f"part.imprint_id = {conditions.blank}", layer.condition)
        for product in _products(catalog, conditions, blank):
            yield Hit((product,), tier, _open_fields(asked, product))


def _imprints(catalog: Catalog, conditions: SqlConditions, layer: _Layer) -> Iterator[list[int]]:
    """The imprints with products that meet the condition, a few at a time, without the empty one."""
    base = conditions.base
    if conditions.each == "part.products" and layer.products < FEW_PRODUCTS:
        base = "look CROSS JOIN product part ON part.look_id = look.id"
    elif "look." in layer.condition:
        base += " JOIN look ON look.id = part.look_id"
    where = all_of(layer.condition, "part.imprint_id > :last", f"part.imprint_id != {conditions.blank}")
    last = 0
    while True:
        rows = catalog.rows(
            f"SELECT DISTINCT part.imprint_id FROM {base} WHERE {where} ORDER BY part.imprint_id LIMIT {PAGE}",
            conditions.values | {"last": last},
        )
        found = [row[0] for row in rows]
        yield from (found[start : start + FEW_IMPRINTS] for start in range(0, len(found), FEW_IMPRINTS))
        if len(found) < PAGE:
            return
        last = found[-1]


# --- products ---------------------------------------------------------------------------------------------------------


def _of_product(condition: str) -> str:
    """A condition on a part as one on a product."""
    # The signs keep SQLite from any index but that of the imprint.
    return re.sub(r"part\.(ndc9|labeler_id|drug_id)", r"+product.\1", condition).replace("part.", "product.")


def _products_of_parts(
    catalog: Catalog, conditions: SqlConditions, parts: list[_Part]
) -> dict[tuple[int, int], list[Product]]:
    """The products of each part, by imprint and look; many are one imprint's, and then the first are enough."""
    where = _of_product(all_of(conditions.fixed, *conditions.known))
    rows = catalog.rows(
        f"SELECT product.imprint_id, json_extract(asked.value, '$[1]'), {PRODUCT_COLUMNS} FROM json_each(:parts) asked "
        f"CROSS JOIN {PRODUCT_JOIN} WHERE product.imprint_id = json_extract(asked.value, '$[0]') "
        f"AND json_extract(asked.value, '$[1]') IN (product.look_id, {ANY_LOOK}) AND {where} "
        f"ORDER BY product.imprint_id, product.look_id, product.id LIMIT {GROUP_MAX}",
        conditions.values | {"parts": json.dumps([(part.imprint_id, part.look_id) for part in parts])},
    )
    found: dict[tuple[int, int], list[Product]] = {}
    for row in rows:
        found.setdefault(row[:2], []).append(product_of(row[2:]))
    return found


def _products_of_imprints(
    catalog: Catalog, conditions: SqlConditions, imprint_ids: list[int], condition: str
) -> Iterator[Iterator[Product]]:
    """The products that meet the condition, imprint by imprint."""
    rows = catalog.rows(
        f"SELECT product.imprint_id, {PRODUCT_COLUMNS} FROM json_each(:some) asked CROSS JOIN {PRODUCT_JOIN} "
        f"WHERE product.imprint_id = asked.value AND {_of_product(condition)} "
        f"ORDER BY product.imprint_id, product.look_id, product.id",
        conditions.values | {"some": json.dumps(imprint_ids)},
    )
    for _, same in itertools.groupby(rows, key=lambda row: row[0]):
        yield (product_of(row[1:]) for row in itertools.islice(same, GROUP_MAX))


def _products(catalog: Catalog, conditions: SqlConditions, where: str) -> Iterator[Product]:
    """Products that meet the condition, a page at a time."""
    for start in range(0, GROUP_MAX, PAGE):
        rows = catalog.rows(
            f"SELECT {PRODUCT_COLUMNS} FROM {PRODUCT_JOIN} WHERE {_of_product(where)} "
            f"ORDER BY product.look_id, product.id LIMIT {PAGE} OFFSET {start}",
            conditions.values,
        )
        yield from map(product_of, rows)
        if len(rows) < PAGE:
            return


def _open_fields(asked: Query, product: Product) -> tuple[str, ...]:
    """What was asked and the register leaves empty."""
    checks = {
        "imprint": asked.words and not product.tokens,
        "shape": asked.shape and not product.shape,
        "color": asked.colors and not product.colors,
        "size": asked.size_mm_min is not None and product.size_mm is None,
        "score": asked.score is not None and product.score is None,
        "logo": asked.logo and product.symbol is None,
        "drug": asked.drug and not (product.drug or product.name),
        "labeler": asked.labeler and not product.labeler,
        "ndc": asked.ndc_codes and not product.ndc,
    }
    return tuple(field for field, is_open in checks.items() if is_open)
