"""The layouts of photo sets, told apart by a column of their labels, and what a row of each says of its photo."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path

from pipeline.errors import PhotoSetError
from pipeline.evaluate.photo_truth import BoundingBox, CharacterBox, Surroundings, Truth
from reference.importers.tfda import tablets_of, without_logo
from reference.text.vocabulary import color_terms, score_pieces, shape_term

_IMPRINT_TYPES = frozenset({"DEBOSSED", "EMBOSSED", "PRINTED"})


class SetKind(Enum):
    """How a set is laid out; the value is the column that gives it away."""

    RXIMAGE = "ndc11"
    TFDA = "licence_id"
    CONSUMER = "imprint_this_face"
    BOXES = "label"
    MASKS = "bbox"
    FIELD = "boxes"
    MANIFEST = "expected"

    @property
    def labels(self) -> str:
        """The name of the file with the labels."""
        return "manifest.csv" if self is SetKind.MANIFEST else "labels.csv"


# A column may stand in several layouts: the first of these whose column is there is the set's.
_TELLING_FIRST = (
    *(SetKind.MANIFEST, SetKind.FIELD, SetKind.BOXES, SetKind.MASKS, SetKind.CONSUMER, SetKind.TFDA, SetKind.RXIMAGE),
)


def kind_of_set(columns: Iterable[str], labels: Path) -> SetKind:
    """The kind of a set whose file ``labels`` has these columns.

    Raises:
        PhotoSetError: the columns fit no layout.
    """
    present = set(columns)
    for kind in _TELLING_FIRST:
        if kind.value in present and "file" in present:
            return kind
    raise PhotoSetError(
        f"{labels}: the columns ({', '.join(sorted(present)) or 'none'}) fit no known layout; "
        f"it needs `file` and one of {', '.join(f'`{kind.value}`' for kind in SetKind)}"
    )


def truth_of(rows: list[dict[str, str]], kind: SetKind) -> Truth:
    """The truth of one photo from its rows; ``ValueError`` where a label makes no sense."""
    row = rows[0]
    if kind is SetKind.MANIFEST:
        return _manifest_truth(row)
    if kind is SetKind.MASKS:
        polygons = tuple(_polygon(part) for part in row["bbox"].split("|") if part.strip())
        return Truth(polygons=polygons, faces=len(polygons))
    if kind is SetKind.FIELD:
        return _field_truth(row)
    imprint = _imprint(row, kind)
    return Truth(
        imprint=imprint,
        shown=_shown(row, kind),
        shape=shape_term(row.get("shape", "")) or None,
        colors=_colors(row.get("color", "")),
        size_mm=_one_number(row.get("size_mm", "")),
        score=score_pieces(row.get("score", "")),
        row_key=row.get("ndc11") or row.get("ndc") or row.get("licence_id") or None,
        drug=row.get("generic_name") or row.get("drug") or row.get("name_en") or None,
        faces=2 if kind in (SetKind.RXIMAGE, SetKind.TFDA) else None,
        market="TW" if kind is SetKind.TFDA else "US",
        imprint_type=_imprint_type(row),
        boxes=tuple(_box(each) for each in rows if each["label"]) if kind is SetKind.BOXES else (),
    )


def _field_truth(row: Mapping[str, str]) -> Truth:
    """What a person saw: which text is the whole imprint is not known, nor a color where several pills lie."""
    part = row.get("part", "")
    if part not in ("training", "validation"):
        raise ValueError(f"`part` is {part!r}, not training or validation")
    counted = int(row["pills"]) if row.get("pills") else None
    boxes = tuple(bounding_box(text) for text in row["boxes"].split("|") if text.strip())
    return Truth(
        shown=row.get("imprint_this_face") or None,
        colors=_colors(row.get("colors", "")) if counted == 1 else frozenset(),
        drug=row.get("drug") or None,
        surroundings=Surroundings(row.get("source", "") or "unknown", part, counted, boxes),
    )


def _manifest_truth(row: Mapping[str, str]) -> Truth:
    """What was drawn, and the decisions that are right. Of a photo of several products or none only the latter.

    ``imprint`` has the faces shown, parted by ``|``; the whole pill's imprint is that of the product with this id.
    """
    decisions = frozenset(filter(None, row["expected"].split(";")))
    shown = ";".join(re.split(r"[| ]+", row.get("imprint", "").strip("| ")))
    products = [product for product in row.get("product_id", "").split(";") if product]
    pills = int(row["pills"]) if row.get("pills") else None
    if len(products) != 1:
        return Truth(faces=pills if pills == 0 and decisions != {"ERROR"} else None, decisions=decisions)
    return Truth(
        shown=shown or None,
        shape=shape_term(row.get("shape", "")) or None,
        colors=_colors(row.get("colors", "")),
        size_mm=_one_number(row.get("size_mm", "")),
        score=score_pieces(row.get("score", "")),
        row_key=products[0].partition(":")[2] or None,
        faces=pills,
        decisions=decisions,
    )


def bounding_box(text: str) -> BoundingBox:
    """A box given by its center, width and height."""
    x, y, width, height = map(float, text.split())
    if width <= 0 or height <= 0:
        raise ValueError(f"the box {text!r} has no area")
    return BoundingBox(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _imprint(row: Mapping[str, str], kind: SetKind) -> str | None:
    if kind is SetKind.TFDA:
        return ";".join(filter(None, (row.get("mark1", ""), row.get("mark2", "")))) or None
    return row.get("imprint") or None


def _imprint_type(row: Mapping[str, str]) -> str:
    kind = row.get("imprint_type", "").upper()
    return kind if kind in _IMPRINT_TYPES else ""


def _shown(row: Mapping[str, str], kind: SetKind) -> str | None:
    """What can be read in the photo; of a license for several tablets each text once, without the word for a logo."""
    if kind is SetKind.CONSUMER:
        return row["imprint_this_face"] or None
    if kind is not SetKind.TFDA:
        return _imprint(row, kind)
    marks = (map(without_logo, tablets_of(row.get(mark, ""))) for mark in ("mark1", "mark2"))
    return ";".join(text for each in marks for text in dict.fromkeys(each) if text) or None


def _colors(text: str) -> frozenset[str]:
    """The SPL colors; none where one of the words is no SPL color, as CLEAR."""
    terms = [color_terms(word) for word in text.split(";") if word.strip()]
    return frozenset(color for term in terms for color in term) if all(terms) else frozenset()


def _one_number(text: str) -> float | None:
    """The number, or None where several that differ are given (tablets of several strengths in one photo)."""
    numbers = {float(part) for part in text.split(";") if part.strip()}
    return numbers.pop() if len(numbers) == 1 else None


def _box(row: Mapping[str, str]) -> CharacterBox:
    x, y, width, height = (float(row[column]) for column in ("x", "y", "w", "h"))
    return CharacterBox(row["label"].upper(), x, y, width, height)


def _polygon(text: str) -> tuple[tuple[float, float], ...]:
    numbers = [float(part) for part in text.split()[1:]]
    if len(numbers) < 6 or len(numbers) % 2:
        raise ValueError("a polygon needs a class and at least three x y pairs")
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))
