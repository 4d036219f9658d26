"""The columns of the results, each said once: every form of them, their documentation and its test follow.

A column that is added, or means something else, raises ``SCHEMA``; ``docs/results.md`` has them in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from pipeline.properties import PROPERTIES, Length, Terms
from pipeline.review import RESULTS

# The version of the columns, written into every form that has a place for it.
SCHEMA = 2


class Kind(Enum):
    """What a cell holds, beside nothing."""

    TEXT = "text"
    INTEGER = "integer"
    REAL = "number"
    TEXTS = "list of text"
    PHOTOS = "list of photos"
    BOXES = "list of boxes"
    CANDIDATES = "list of candidates"


# What an element of a list has, and of which kind.
PARTS: dict[Kind, dict[str, Kind]] = {
    Kind.PHOTOS: {
        "photo": Kind.TEXT,
        "size_bytes": Kind.INTEGER,
        "mtime_ns": Kind.INTEGER,
        "ctime_ns": Kind.INTEGER,
        "etag": Kind.TEXT,
        "sha256": Kind.TEXT,
    },
    Kind.BOXES: {
        **dict.fromkeys(("photo", "top", "left", "bottom", "right"), Kind.INTEGER),
        "confidence": Kind.REAL,
    },
    Kind.CANDIDATES: {
        **dict.fromkeys(("product_id", "drug", "strength"), Kind.TEXT),
        "probability": Kind.REAL,
        "high_alert": Kind.TEXT,
    },
}


@dataclass(frozen=True)
class Column:
    """One column; ``in_table``: whether it is in CSV too, where a spreadsheet takes times in ns for rounded numbers."""

    name: str
    kind: Kind = Kind.TEXT
    in_table: bool = True


def _look() -> Iterator[Column]:
    for each in PROPERTIES:
        if isinstance(each, Terms):
            yield Column(each.column, Kind.INTEGER if each.in_rows is int else Kind.TEXT)
            yield Column(f"{each.column}_probability", Kind.REAL)
        else:
            yield from (Column(name, Kind.REAL) for name in length_columns(each))


def length_columns(length: Length) -> tuple[str, str, str]:
    """The columns of a length: along, across and one standard deviation, in mm."""
    return length.column, f"{length.name}_width_mm", f"{length.name}_sigma_mm"


COLUMNS: tuple[Column, ...] = (
    Column("photo"),
    Column("decision"),
    *map(Column, ("drug", "strength", "product", "product_id")),
    Column("labelers", Kind.TEXTS),
    Column("probability", Kind.REAL),
    Column("imprint", Kind.TEXTS),
    Column("imprint_confidence", Kind.REAL),
    *_look(),
    Column("candidates", Kind.CANDIDATES),
    Column("unlisted", Kind.REAL),
    Column("reason"),
    Column("warnings", Kind.TEXTS),
    *map(Column, ("advice_code", "advice", "high_alert", "catalog_date", "error_kind", "error")),
    *map(Column, ("expected", "agreement", "agreement_reason", "agreement_next")),
    Column("likelihood_ratio", Kind.REAL),
    Column("look_alikes", Kind.TEXTS),
    Column("harm", Kind.INTEGER),
    Column("pill", Kind.INTEGER),
    Column("pills", Kind.INTEGER),
    Column("boxes", Kind.BOXES),
    Column("further", Kind.PHOTOS),
    Column("mm_per_px", Kind.REAL),
    Column("coin"),
    Column("scale"),
    Column("scale_mm_per_px", Kind.REAL),
    Column("seconds", Kind.REAL),
    Column("tries", Kind.INTEGER),
    Column("same_as"),
    Column("sha256"),
    Column("size_bytes", Kind.INTEGER),
    Column("mtime_ns", Kind.INTEGER, in_table=False),
    Column("ctime_ns", Kind.INTEGER, in_table=False),
    Column("etag"),
    *map(Column, RESULTS),
)

NAMES = tuple(column.name for column in COLUMNS)


def own_columns(names: Sequence[str]) -> tuple[str, ...]:
    """What the columns of a caller's list are called in the results: as there, but for those that a row has itself."""
    taken = {name.lower() for name in NAMES}
    return tuple(f"list_{name}" if name.lower() in taken else name for name in names)


def all_columns(own: Sequence[str]) -> tuple[Column, ...]:
    """The columns of the results, and then those of a caller's list, by what they are called there."""
    return (*COLUMNS, *map(Column, own))
