"""What a worker makes of a photo: the row of an answer or of an error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pipeline.answer import Answer
from pipeline.batch.columns import length_columns
from pipeline.batch.names import shown
from pipeline.batch.rows import Row, base_row
from pipeline.batch.sources.entry import Entry, Told
from pipeline.batch.sources.store import Given, PhotoBytes, Store
from pipeline.batch.truth import cells_of
from pipeline.errors import InputError, PhotoSetError, PillprintError
from pipeline.figures_in_words import below_one
from pipeline.load import display_name
from pipeline.properties import PROPERTIES, Terms
from pipeline.records import Decision, Drug, Face, Identification, Photo, PillLook

if TYPE_CHECKING:
    from pipeline.verify import Verification

_CANDIDATES = 5

# What a store gives for one entry: one photo, or several photos of one pill.
One = Path | PhotoBytes
Handed = One | Sequence[One]


class Analyst(Protocol):
    """What a batch needs of an ``Identifier``; it is pickled once and unpickled in each worker process."""

    def identify(self, photos: Handed, *, mm_per_px: float | None = ..., coin: str | None = ...) -> Identification:
        """Identify the pill in one photo or several."""
        ...

    def verify(
        self, photos: Handed, expected: str, *, mm_per_px: float | None = ..., coin: str | None = ...
    ) -> Verification:
        """Is the pill what it should be; asked only where a list says what that is."""
        ...

    def identify_each(
        self, photo: One, *, mm_per_px: float | None = ..., coin: str | None = ...
    ) -> Sequence[Identification]:
        """Identify each pill in one photo; asked only where a row a pill is wanted."""
        ...


# Answers and their photos -> a text for each, which only the report understands.
View = Callable[[Sequence[Photo], Sequence[Identification]], Sequence[str]]


@dataclass(frozen=True)
class Viewing:
    """An analyst whose rows come with what a report shows of them; pickled with it."""

    analyst: Analyst
    view: View

    def identify(self, photos: Handed, **told: Any) -> Identification:
        """Identify the pill in one photo or several."""
        return self.analyst.identify(photos, **told)

    def verify(self, photos: Handed, expected: str, **told: Any) -> Verification:
        """Is the pill what it should be."""
        return self.analyst.verify(photos, expected, **told)

    def identify_each(self, photo: One, **told: Any) -> Sequence[Identification]:
        """Identify each pill in one photo."""
        return self.analyst.identify_each(photo, **told)

    def cells(self, found: Identification) -> dict[str, Any]:
        """The row's ``view``; what goes wrong in making it is a warning, since the answer is none the worse."""
        try:
            photos = found.load_photos() if isinstance(found, Answer) else ()
            (text,) = self.view(photos, (found,))
        except Exception as error:
            told = display_name(f"{type(error).__name__}: {error}")
            return {"warnings": [*found.warnings, f"the report cannot show this photo ({told})"]}
        return {"view": text}


def analyze(analyst: Analyst, store: Store, entry: Entry, each: bool = False) -> Row:
    """The row of an entry, a row a pill in its ``pills`` where ``each``; whatever goes wrong becomes an error row."""
    started = time.perf_counter()
    row = base_row(entry)
    try:
        row |= _read(analyst, store, entry, each)
    except PillprintError as error:
        row |= error_cells(type(error).__name__, str(error))
    except MemoryError:
        advice = "needs more memory than there is; reduce the photo, or give fewer --workers"
        row |= error_cells("MemoryError", f"{shown(entry.path)}: {advice}")
    except Exception as error:  # one photo must not end the batch
        told = display_name(f"{type(error).__name__}: {error}")
        row |= error_cells(
            "UnexpectedError", f"{shown(entry.path)}: pillprint failed on this photo ({told}); please report it"
        )
    row["seconds"] = round(time.perf_counter() - started, 3)
    return row


def _read(analyst: Analyst, store: Store, entry: Entry, each: bool) -> dict[str, Any]:
    """The cells of what is found, with the hashes of what was read."""
    if entry.wrong:
        raise InputError(f"{shown(entry.path)}: {entry.wrong}")
    if entry.path.endswith("/"):
        again = "could not be listed when the batch looked for photos; run it again"
        raise PhotoSetError(f"{shown(entry.path)}: {store.why_not_listed(entry.path) or again}")
    given = [store.given(path) for path in (entry.path, *entry.further)]
    one, *more = (each_given.source for each_given in given)
    if each:
        found = analyst.identify_each(one, **entry.told.arguments)
        cells: dict[str, Any] = {"pills": [_pill(analyst, pill) for pill in found]}
    else:
        cells = _one(analyst, [one, *more] if more else one, entry.told)
    return cells | _digests(entry, given)


def _one(analyst: Analyst, handed: Handed, told: Told) -> dict[str, Any]:
    """The cells of one pill; of what was expected too, where that is said and understood."""
    if not told.expected:
        return _pill(analyst, analyst.identify(handed, **told.arguments))
    try:
        found = analyst.verify(handed, told.expected, **told.arguments)
    except InputError as error:  # the expected product does not exist; the pill can still be identified
        again = _pill(analyst, analyst.identify(handed, **told.arguments))
        return again | {"agreement_reason": f"{told.expected} was not compared: {error}"}
    return _pill(analyst, found.identification) | cells_of(found)


def _pill(analyst: Analyst, found: Identification) -> dict[str, Any]:
    cells = _answer(found)
    return cells | analyst.cells(found) if isinstance(analyst, Viewing) else cells


def _digests(entry: Entry, given: Sequence[Given]) -> dict[str, Any]:
    first, *others = [one.digest() for one in given]
    row = base_row(entry)
    further = [{**part, "sha256": digest} for part, digest in zip(row.get("further") or (), others, strict=True)]
    return {"sha256": first} | ({"further": further} if further else {})


def error_row(entry: Entry, kind: str, message: str, seconds: float) -> Row:
    """The row of an entry that was lost with its worker."""
    cells = error_cells(kind, f"{shown(entry.path)}: {message}")
    return base_row(entry) | {"seconds": round(seconds, 3)} | cells


def error_cells(kind: str, message: str) -> dict[str, Any]:
    """The cells that make a row an error."""
    return {"error_kind": kind, "error": message}


def _answer(found: Identification) -> dict[str, Any]:
    cells: dict[str, Any] = {
        "decision": found.decision.value,
        "imprint": list(found.imprint),
        "imprint_confidence": _rounded(min(_confidences(found), default=None)),
        **_look(found.look),
        "candidates": [_candidate(drug) for drug in found.drugs[:_CANDIDATES]],
        "reason": found.reason,
        "warnings": list(found.warnings),
        # Without a read imprint the catalog was not searched for one, so nobody can say whether the pill is listed.
        "unlisted": below_one(found.unlisted) if found.imprint else None,
        "advice_code": found.advice.code if found.advice else None,
        "advice": found.advice.sentence if found.advice else None,
        "catalog_date": found.catalog_date or None,
        "boxes": [_box(face) for face in found.faces],
        "scale": found.scale.source.value if found.scale else None,
        "scale_mm_per_px": _rounded(found.scale.mm_per_px, 6) if found.scale else None,
    }
    if found.decision is Decision.IDENTIFIED:
        drug = found.drugs[0]
        product = drug.first.product
        cells |= {
            "drug": product.drug,
            "strength": product.strength,
            "product": product.name,
            "product_id": product.product_id,
            "labelers": list(drug.labelers),
            "probability": below_one(drug.probability),
            "high_alert": drug.high_alert.words if drug.high_alert else None,
        }
    return cells


def _confidences(found: Identification) -> Iterator[float]:
    """Of each character read."""
    return (character.confidence for face in found.faces for character in face.reading.characters)


def _look(look: PillLook) -> dict[str, Any]:
    """The most probable look: a term of each property with its probability, and lengths in mm."""
    cells: dict[str, Any] = {}
    for each in PROPERTIES:
        cells[each.column] = each.cell(look)
        if isinstance(each, Terms):
            found = each.of(look)
            cells[f"{each.column}_probability"] = None if found.best is None else below_one(found[found.best])
        elif (size := each.of(look)) is not None:
            _, across, sigma = length_columns(each)
            cells |= {across: _rounded(size.width_mm, 2), sigma: _rounded(size.sigma_mm, 2)}
    return cells


def _rounded(figure: float | None, digits: int = 4) -> float | None:
    return None if figure is None else round(float(figure), digits)


def _box(face: Face) -> dict[str, Any]:
    """Where a face is: in which of the photos, in pixels of that as it was decoded; the last two past the end."""
    top, left, bottom, right = (int(edge) for edge in face.region.box)
    place = {"photo": face.photo_index, "top": top, "left": left, "bottom": bottom, "right": right}
    return {**place, "confidence": _rounded(face.region.confidence)}


def _candidate(drug: Drug) -> dict[str, Any]:
    product = drug.first.product
    return {
        "product_id": product.product_id,
        "drug": product.drug,
        "strength": product.strength,
        "probability": below_one(drug.probability),
        "high_alert": drug.high_alert.words if drug.high_alert else None,
    }
