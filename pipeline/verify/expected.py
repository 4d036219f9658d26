"""What a person expects, as they name it -> the products of the catalog that it may be.

An NDC or a product id is one labeler's product; a drug with its strength is that of any labeler. What is not found is
never guessed: the error says what is near.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pipeline.errors import InputError
from pipeline.records import Expected, ExpectedKind
from reference.grouping import drug_strength
from reference.product import Product
from reference.search.query import query
from reference.search.suggest import did_you_mean
from reference.store.catalog import Catalog
from reference.text.drugs import (
    amounts_of,
    brand_of,
    drug_of,
    ingredients_of,
    names_of,
    same_moiety,
    strength_of,
)
from reference.text.imprints import imprint_key, tokens
from reference.text.ndc import possible_product_codes

# What is said of a look stands for a product under this id, which no register has.
DESCRIBED_ID = "described:"
_SHOWN_MAX = 8
# A strength without its unit at the end: ``baclofen 10``.
_BARE_NUMBER = re.compile(r"\s+\d[\d.,]*$")


def expected_of(catalog: Catalog, asked: str | Product | Expected) -> Expected:
    """What ``asked`` means in this catalog.

    Args:
        catalog: where it is looked up.
        asked: a product id, an NDC, a drug with its strength ("baclofen 10 mg"), a product of a catalog, or one that no
            catalog lists, described by its look.

    Raises:
        InputError: nothing is called so, or more than one drug or strength is; the message says what is near.
    """
    if isinstance(asked, Expected):
        return asked
    if isinstance(asked, Product):
        known = catalog.product(asked.product_id)
        return Expected(asked.product_id, ExpectedKind.PRODUCT if known else ExpectedKind.LOOK, (known or asked,))
    text = " ".join(asked.split())
    if not text:
        raise InputError("nothing is expected: give an NDC, a product id, or drug and strength, as baclofen 10 mg")
    product = catalog.product(text)
    if product is not None:
        return Expected(text, ExpectedKind.PRODUCT, (product,))
    codes = possible_product_codes(text)
    if codes:
        return Expected(text, ExpectedKind.PRODUCT, _of_codes(catalog, text, codes))
    return Expected(text, ExpectedKind.DRUG, _of_drug(catalog, text))


def described(imprint: str = "", *, color: str = "", shape: str = "", size: str = "") -> Expected:
    """What is expected by its look alone, for what no catalog has.

    Args:
        imprint: the text of both faces in any order.
        color: one SPL color or several.
        shape: an SPL shape.
        size: the length in mm, as 8 or 6.5.

    Raises:
        InputError: a word is not understood, or neither an imprint nor any look is given.
    """
    asked = query(shape=shape, color=color, size=size)
    words = tokens(imprint)
    if imprint.strip() and not words:
        raise InputError(f"imprint {imprint!r} has no letter or digit; leave it out where the pill bears none")
    if any(sign in imprint for sign in "*?"):
        raise InputError(f"imprint {imprint!r}: say each character; a pill is not compared with * and ?")
    size_mm = (
        None if asked.size_mm_min is None or asked.size_mm_max is None else (asked.size_mm_min + asked.size_mm_max) / 2
    )
    said = {
        "imprint": " ".join(words),
        "color": " and ".join(asked.colors).lower(),
        "shape": asked.shape.lower(),
        "size": f"{size_mm:g} mm" if size_mm else "",
    }
    name = ", ".join(f"{key} {value}" for key, value in said.items() if value)
    if not name:
        raise InputError("nothing is expected: say the imprint, or color, shape and size")
    product = Product(
        DESCRIBED_ID + imprint_key(imprint),
        name,
        "",
        imprint=imprint,
        tokens=words,
        shape=asked.shape,
        colors=asked.colors,
        size_mm=size_mm,
        source="described",
    )
    return Expected(name, ExpectedKind.LOOK, (product,))


def _of_codes(catalog: Catalog, text: str, codes: Sequence[str]) -> tuple[Product, ...]:
    """The products of an NDC; of a kit all its tablets."""
    marks = ", ".join("?" * len(codes))
    rows = catalog.rows(f"SELECT product_id, ndc9 FROM product WHERE ndc9 IN ({marks}) ORDER BY id", tuple(codes))
    if len({code for _, code in rows}) > 1:
        raise InputError(f"NDC {text} can mean several products; write it with dashes, as 0054-0010")
    found = tuple(filter(None, (catalog.product(product_id) for product_id, _ in rows)))
    if not found:
        raise InputError(
            f"NDC {text} is not in catalog {catalog.name}; give drug and strength, as baclofen 10 mg, or describe the "
            "pill with --expect-imprint, --expect-color, --expect-shape and --expect-size"
        )
    return found


def _of_drug(catalog: Catalog, text: str) -> tuple[Product, ...]:
    """The products of a drug in a strength, whoever sells it; a brand's name is one of that drug."""
    strength = drug_strength(_as_product(text))[1]
    named = products_named(catalog, text)
    without_number = _BARE_NUMBER.sub("", text)
    if not named and without_number != text and (of_it := products_named(catalog, without_number)):
        raise InputError(f"{text}: say the unit too. It has {_listed(of_it)}")
    if not named:
        raise InputError(_unknown(catalog, text))
    exact = [product for product in named if drug_strength(product)[1] == strength]
    if not exact or (not strength and any(drug_strength(product)[1] for product in named)):
        said = f"{text} is not in catalog {catalog.name}; it has" if strength else f"{text}: which strength? It has"
        raise InputError(f"{said} {_listed(named)}")
    if len({drug_strength(product) for product in exact}) > 1:
        raise InputError(f"{text} can mean {_listed(exact)}; say which")
    return tuple(exact)


def products_named(catalog: Catalog, text: str) -> list[Product]:
    """The products with just these ingredients, or else of this brand, in any strength."""
    wanted = _as_product(text)
    drug, brand = drug_strength(wanted)[0], brand_of(text)
    first = drug.split(" / ")[0]
    names = tuple(name for name in (*names_of(first), brand.split(" ")[0]) if name)
    found = [
        (product, _same_names(drug, drug_strength(product)[0]), brand == brand_of(product.name))
        for product in _with_terms(catalog, names)
    ]
    by_drug = [product for product, same_drug, _ in found if same_drug]
    return by_drug or [product for product, _, same_brand in found if same_brand and brand]


def _as_product(text: str) -> Product:
    """Drug and strength as a product says them."""
    ingredients = ingredients_of(brand_of(text))
    amounts = amounts_of(text)
    paired = len(amounts) > 1 and all(name for name, _ in amounts)
    return Product("asked:", text, drug_of(ingredients), text if paired else strength_of(text), ingredients)


def _with_terms(catalog: Catalog, names: Sequence[str]) -> list[Product]:
    """The products whose name or ingredients hold one of the words."""
    if not names:
        return []
    rows = catalog.rows(
        "SELECT product_id FROM product JOIN drug ON drug.id = drug_id WHERE ("
        + " OR ".join("instr(terms, ?)" for _ in names)
        + f") AND {catalog.present('imprint_id')} ORDER BY product.id",
        tuple(names),
    )
    return [product for (product_id,) in rows if (product := catalog.product(product_id))]


def _same_names(drug: str, other: str) -> bool:
    moieties, others = drug.split(" / "), other.split(" / ")
    return bool(drug and other) and len(moieties) == len(others) and all(map(same_moiety, moieties, others))


def _unknown(catalog: Catalog, text: str) -> str:
    meant = did_you_mean(catalog, text)
    hint = (
        near(meant)
        if meant
        else (
            "Give an NDC, a product id, or drug and strength, as baclofen 10 mg; or describe the pill with "
            "--expect-imprint, --expect-color, --expect-shape and --expect-size"
        )
    )
    return f"no product of catalog {catalog.name} is {text}. {hint}"


def near(meant: Sequence[str]) -> str:
    """What was perhaps meant; of several names that look alike none is offered as an answer."""
    if len(meant) == 1:
        return f"Did you mean {meant[0]}?"
    return f"Read the order again, letter by letter: names that look alike are {', '.join(meant)}."


def _listed(products: Iterable[Product]) -> str:
    """Each drug and strength once, the first few."""
    keys = {drug_strength(product): None for product in products}
    names = list(dict.fromkeys(" ".join(key) for key in keys if all(key))) or [key[0] for key in keys]
    more = f" and {len(names) - _SHOWN_MAX} more" if len(names) > _SHOWN_MAX else ""
    return ", ".join(names[:_SHOWN_MAX]) + more
