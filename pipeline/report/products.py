"""What a search found, as rows of a table."""

from __future__ import annotations

from pipeline.report.short_words import plain
from reference.product import Product
from reference.search.search import Hit
from reference.search.tiers import Tier
from reference.text.shown import imprint_shown, name_shown

COLUMNS = ("tier", "drug", "imprint", "look", "supply", "sold as", "labelers", "products", "example")
_LABELERS_SHOWN = 2
_SUPPLY = {"RX": "Rx", "OTC": "OTC"}


def hit_row(hit: Hit, labelers_shown: int = _LABELERS_SHOWN) -> tuple[str, ...]:
    """One group of the same tablet under ``COLUMNS``: the drug in English, the register's own name beside it."""
    product = hit.product
    is_open = f" (open: {', '.join(hit.unknown)})" if hit.unknown and hit.tier is not Tier.UNKNOWN else ""
    more = len(hit.labelers) - labelers_shown
    imprint = " ".join(imprint_shown(product)) + (" + logo" if product.symbol else "")
    cells = (
        hit.tier.title + is_open,
        name_shown(product),
        imprint.strip(),
        look_words(product),
        supply_words(hit),
        _sold_as(product),
        ", ".join(hit.labelers[:labelers_shown]) + (f" and {more} more" if more > 0 else ""),
        str(len(hit.products)),
        product.product_id,
    )
    return tuple(map(plain, cells))


def look_words(product: Product) -> str:
    """Colors, shape, size and score as the register gives them."""
    size = f"{product.size_mm:g} mm" if product.size_mm is not None else ""
    score = f"score {product.score}" if product.score not in (None, 1) else ""
    return " ".join(filter(None, ("/".join(product.colors), product.shape, size, score)))


def supply_words(hit: Hit) -> str:
    """By prescription (Rx) or over the counter (OTC), and the schedule of a controlled substance, where it is known."""
    supplies = dict.fromkeys(_SUPPLY.get(product.prescription, "") for product in hit.products)
    schedules = dict.fromkeys(product.dea_schedule for product in hit.products)
    return " ".join(filter(None, ("/".join(filter(None, supplies)), "/".join(filter(None, schedules)))))


def _sold_as(product: Product) -> str:
    """The product's own name where it says more than drug and strength; in the register's language where it has one."""
    name = product.own_name or product.name
    return "" if name.casefold() in {product.drug.casefold(), product.drug_key} else name
