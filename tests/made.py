"""Readings, looks and catalogs made up for the tests of the match."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from pipeline.match import Match, Matcher
from pipeline.match.model import MatchModel
from pipeline.records import Character, Doubts, Line, PillLook, Probabilities, Reading, SizeMeasurement
from pipeline.settings import DecideSettings, Settings
from reference.product import Product, RegisterEntry
from reference.store.catalog import Catalog
from reference.store.writer import fill
from reference.text.imprints import tokens

NOTHING = Probabilities(())
UNSEEN = PillLook(faces=2)


def line(text: str, sure: float = 0.97, others: str = "") -> Line:
    """A line whose characters are each as sure as that; each may be another with nearly all the rest."""
    return Line(
        tuple(
            Character(
                _alternatives(letter, sure, others),
                50.0, 20.0 * place, 18.0, 12.0, 0.0,
            )
            for place, letter in enumerate(text)
        )
    )  # fmt: skip


def _alternatives(letter: str, sure: float, others: str) -> tuple[tuple[str, float], ...]:
    rest = ((other, (0.99 - sure) / len(others)) for other in others)
    return tuple(sorted(((letter, sure), *rest), key=lambda pair: -pair[1]))


def face(*texts: str, sure: float = 0.97, others: str = "") -> Reading:
    """A face that carries these lines; without any a blank one."""
    lines = tuple(line(text, sure, others) for text in texts)
    return Reading("made", ((lines, 1.0),) if lines else (), 0.02 if lines else 0.98)


def unread() -> Reading:
    """A face on which something stands that could not be read."""
    return Reading("made", (), 0.1)


def look(
    shape: str = "ROUND",
    color: str = "WHITE",
    score: str = "1",
    size_mm: float | None = None,
    relief: str = "DEBOSSED",
    faces: int = 2,
) -> PillLook:
    """A pill that looks so with 97 in 100; an empty term was not measured."""
    terms = (Probabilities(((term, 0.97),)) if term else NOTHING for term in (shape, color, score, relief))
    shapes, colors, pieces, reliefs = terms
    size = None if size_mm is None else SizeMeasurement(size_mm, size_mm, 0.3)
    return PillLook(shape=shapes, color=colors, size=size, score=pieces, relief=reliefs, faces=faces)


WORSE_LOOK = look("CAPSULE", "BLUE", "2", 15.0, "PRINTED")


def pill(imprint: str, drug: str = "", strength: str = "10 mg", key: str = "", **more: object) -> Product:
    """A white round tablet with that imprint; the drug is named by the imprint where none is given."""
    drug = drug or f"drug{sum(map(ord, imprint))}"
    fields: dict[str, object] = {
        "shape": "ROUND", "colors": ("WHITE",), "size_mm": 8.0, "score": 1, "imprint_type": "DEBOSSED", "market": "US",
        "ingredients": (drug,),
    }  # fmt: skip
    fields |= {"product_id": f"made:{key or f'{imprint}-{drug}-{strength}'}".replace(" ", ""), "drug": drug}
    fields |= {
        "name": f"{drug} {strength}".strip(),
        "strength": strength,
        "imprint": imprint,
        "tokens": tokens(imprint),
    }
    return Product(**(fields | more))  # type: ignore[arg-type]


def catalog_of(products: Iterable[Product], coverage: float | None = None) -> Catalog:
    """A catalog in memory of these products alone, as a register's table would be."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    fill(connection, map(RegisterEntry, products))
    return Catalog(connection, None, "made", coverage)


def answer(
    products: Iterable[Product],
    readings: Iterable[Reading],
    seen: PillLook | None = None,
    *,
    risk: str = "strict",
    coverage: float | None = None,
    doubts: Doubts | None = None,
    model: MatchModel | None = None,
) -> Match:
    """What is said of a pill that reads and looks so, where these products are all that the catalog has."""
    faces = list(readings)
    with catalog_of(products, coverage) as catalog:
        matcher = Matcher(catalog, Settings(decide=DecideSettings(risk)), model)
        return matcher.match(faces, seen or look(faces=len(faces)), doubts)
