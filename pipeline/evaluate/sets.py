"""Photo sets: a folder with ``labels.csv``, told apart by the columns of that file."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from pipeline.errors import PhotoSetError
from pipeline.evaluate.split import is_validation
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


@dataclass(frozen=True)
class CharacterBox:
    """One labeled character: center and size as fractions of the photo's width and height."""

    text: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class BoundingBox:
    """A pill's upright box as fractions of the photo's width and height."""

    left: float
    top: float
    right: float
    bottom: float

    def iou(self, other: BoundingBox) -> float:
        """The intersection with another box over their union, 0-1."""
        wide = max(0.0, min(self.right, other.right) - max(self.left, other.left))
        high = max(0.0, min(self.bottom, other.bottom) - max(self.top, other.top))
        both = wide * high
        return both / (self._area() + other._area() - both)

    def _area(self) -> float:
        return (self.right - self.left) * (self.bottom - self.top)


@dataclass(frozen=True)
class Surroundings:
    """Where the pills of a photo lie: ``source`` as hand, desk or tray; ``part`` "training" or "validation".

    ``pills`` is how many there are, None where nobody counted them; ``boxes`` has one a pill where they are labeled.
    """

    source: str
    part: str = ""
    pills: int | None = None
    boxes: tuple[BoundingBox, ...] = ()

    @property
    def is_boxed(self) -> bool:
        """Whether it is known where every pill lies; so it is of a photo without one."""
        return bool(self.boxes) or self.pills == 0


@dataclass(frozen=True)
class Truth:
    """What is known of the pill in one photo; None and empty where the set does not say.

    ``imprint`` is the whole pill's, the key into the table; ``shown`` what can be read in THIS photo, None where that
    is not known. ``row_key`` is the product's key in its register (NDC or license), ``faces`` the number of faces
    shown. ``market`` is that of the register the key belongs to, as in ``Product.market``; ``imprint_type`` is SPL's
    ``PRINTED``, ``DEBOSSED`` or ``EMBOSSED``. ``polygons`` are the pills' outlines, ``(x, y)`` as fractions of the
    photo; ``surroundings`` are told of photos as people take them.
    """

    imprint: str | None = None
    shown: str | None = None
    shape: str | None = None
    colors: frozenset[str] = frozenset()
    size_mm: float | None = None
    score: int | None = None
    row_key: str | None = None
    drug: str | None = None
    faces: int | None = None
    market: str = ""
    imprint_type: str = ""
    boxes: tuple[CharacterBox, ...] = ()
    polygons: tuple[tuple[tuple[float, float], ...], ...] = ()
    surroundings: Surroundings | None = None


@dataclass(frozen=True)
class LabeledPhoto:
    """One photo of a set: its name as in ``labels.csv``, where it lies, and the truth.

    ``excluded`` says why the photo is counted apart, "" where it is not.
    """

    name: str
    path: Path
    truth: Truth
    excluded: str = ""


@dataclass(frozen=True)
class PhotoSet:
    """A folder of labeled photos, sorted by name."""

    folder: Path
    kind: SetKind
    photos: tuple[LabeledPhoto, ...]

    def part(self, part: str) -> PhotoSet:
        """The ``training`` or ``validation`` photos, or ``all`` of them: as the labels say, or else by imprint.

        Photos whose imprint the set does not give stay together, as one imprint that is empty.
        """
        if part == "all":
            return self
        kept = (photo for photo in self.photos if _part_of(photo.truth) == part)
        return PhotoSet(self.folder, self.kind, tuple(kept))

    def sample(self, limit: int | None, seed: int) -> PhotoSet:
        """``random.Random(seed).sample`` of the photos sorted by name, again sorted; all of them without a limit."""
        if limit is None or limit >= len(self.photos):
            return self
        chosen = random.Random(seed).sample(self.photos, limit)
        return PhotoSet(self.folder, self.kind, tuple(sorted(chosen, key=lambda photo: photo.name)))

    def excluding(self, reasons: Mapping[str, str]) -> PhotoSet:
        """The same photos, those named here counted apart with the reason given.

        Raises:
            PhotoSetError: a name is none of this set's.
        """
        unknown = sorted(reasons.keys() - {photo.name for photo in self.photos})
        if unknown:
            raise PhotoSetError(
                f"{self.folder}: has no photo {unknown[0]!r} to count apart ({len(unknown)} such names); "
                "write the names as in labels.csv"
            )
        photos = tuple(replace(photo, excluded=reasons.get(photo.name, "")) for photo in self.photos)
        return replace(self, photos=photos)


def _part_of(truth: Truth) -> str:
    if truth.surroundings is not None:
        return truth.surroundings.part
    return "validation" if is_validation(truth.imprint or "") else "training"


def open_exclusions(file: Path) -> dict[str, str]:
    """Read the photos to be counted apart: a CSV table with the columns ``file`` and ``reason``.

    Raises:
        PhotoSetError: the table cannot be read, or a row lacks one of the two.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            rows = [(row.get("file") or "", row.get("reason") or "") for row in csv.DictReader(stream)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PhotoSetError(f"{file}: cannot be read ({error}); write a UTF-8 CSV with `file` and `reason`") from error
    for number, (name, reason) in enumerate(rows, start=2):
        if not name.strip() or not reason.strip():
            raise PhotoSetError(f"{file}: line {number} needs a `file` and the `reason` why it is counted apart")
    return {name.strip(): reason.strip() for name, reason in rows}


def open_set(folder: str | Path) -> PhotoSet:
    """Read the labels of a photo set.

    Raises:
        PhotoSetError: no folder, no ``labels.csv``, a layout that is not known, or a label that makes no sense.
    """
    folder = Path(folder)
    labels = folder / "labels.csv"
    try:
        with labels.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            kind = _kind(reader.fieldnames or (), labels)
            photos = tuple(_photos(reader, kind, folder, labels))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PhotoSetError(
            f"{labels}: cannot be read ({error}). A photo set is a folder with a UTF-8 labels.csv beside its photos; "
            "docs/evaluation.md describes the columns"
        ) from error
    if not photos:
        raise PhotoSetError(f"{labels}: has no rows; add one for each photo")
    return PhotoSet(folder, kind, tuple(sorted(photos, key=lambda photo: photo.name)))


def _kind(columns: Iterable[str], labels: Path) -> SetKind:
    present = set(columns)
    for kind in (SetKind.FIELD, SetKind.BOXES, SetKind.MASKS, SetKind.CONSUMER, SetKind.TFDA, SetKind.RXIMAGE):
        if kind.value in present and "file" in present:
            return kind
    raise PhotoSetError(
        f"{labels}: the columns ({', '.join(sorted(present)) or 'none'}) fit no known layout; "
        f"it needs `file` and one of {', '.join(f'`{kind.value}`' for kind in SetKind)}"
    )


def _photos(rows: Iterable[dict[str, str]], kind: SetKind, folder: Path, labels: Path) -> Iterator[LabeledPhoto]:
    of_file: dict[str, list[dict[str, str]]] = {}
    for number, row in enumerate(rows, start=2):
        name = (row.get("file") or "").strip()
        if not name:
            raise PhotoSetError(f"{labels}: line {number} names no file")
        of_file.setdefault(name, []).append({key: (value or "").strip() for key, value in row.items() if key})
    for name, group in of_file.items():
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise PhotoSetError(f"{labels}: {name!r} lies outside the set's folder")
        try:
            yield LabeledPhoto(name, folder / name, _truth(group, kind))
        except ValueError as error:
            raise PhotoSetError(f"{labels}: the label of {name!r} makes no sense ({error}); correct it") from error


def _truth(rows: list[dict[str, str]], kind: SetKind) -> Truth:
    row = rows[0]
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
