"""Photos as people take them, in hands, on desks, in trays: what is found, its color, its imprint, by where it lies.

``docs/field.md`` has the figures. The truth is what a person saw in the photo, not a register's row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.evaluate.judge import Share, Verdict
from pipeline.evaluate.metrics import bootstrap_interval, sorted_characters
from pipeline.evaluate.photo_truth import BoundingBox, Surroundings
from pipeline.evaluate.sets import LabeledPhoto
from pipeline.records import Candidate, Decision, Identification, PillRegion

# The figures of a kind of photo, in the order in which they are shown.
FIELD_KEYS = (
    *("pills_found", "pills_of_found", "only_pill", "pill_color", "pill_color_misled"),
    *("text_exact", "text_first", "text_first_part", "text_identified", "text_wrong"),
)
# A region counts as a labeled pill if the intersection over union of their boxes is at least this.
_IOU_MIN = 0.5
# A wrong color that is stated with this probability or more misleads.
_SURE_MIN = 0.8


def judge_field(
    photo: LabeledPhoto,
    answer: Identification | None,
    found: Sequence[BoundingBox],
    seconds: float | None = None,
    error: str = "",
) -> Verdict:
    """Compare an answer, and all that was found, with what a person saw; without an answer all of it is wrong."""
    seen = photo.truth.surroundings or Surroundings("")
    first = answer.candidates[0] if answer and answer.candidates else None
    shares = dict(_found(seen, found))
    if seen.pills == 1 and photo.truth.colors:
        shares |= _color(photo.truth.colors, answer)
    if sorted_characters((photo.truth.shown or "",)):
        shares |= _text(photo.truth.shown or "", answer, first)
    return Verdict(
        name=photo.name,
        decision=answer.decision.value if answer else "ERROR",
        error=error,
        shares=shares,
        seconds=seconds,
        stages=dict(answer.seconds) if answer else {},
        truth=_truth_row(photo, seen),
        answer=_answer_row(answer, first, found) if answer else {},
        groups={"source": seen.source},
    )


def box_shares(region: PillRegion, height: int, width: int) -> BoundingBox:
    """A region's box as fractions of a photo of that size."""
    top, left, bottom, right = region.box
    return BoundingBox(left / width, top / height, right / width, bottom / height)


def _found(seen: Surroundings, found: Sequence[BoundingBox]) -> Iterator[tuple[str, Share]]:
    """How many pills were found, how much of what was found is pills, and whether one pill alone was found.

    Where one is counted and not boxed, one region is taken for it.
    """
    if not seen.is_boxed:
        if seen.pills == 1:
            yield "only_pill", (float(len(found) == 1), 1.0)
        return
    hits = _pairs(seen.boxes, found)
    yield "pills_found", (hits, len(seen.boxes))
    yield "pills_of_found", (hits, len(found))
    if seen.pills == 1:
        yield "only_pill", (float(hits == 1 and len(found) == 1), 1.0)


def _pairs(boxes: Sequence[BoundingBox], found: Sequence[BoundingBox]) -> int:
    """How many boxes get a region of their own; pairs that agree best are made first."""
    overlaps = [(box.iou(other), row, col) for row, box in enumerate(boxes) for col, other in enumerate(found)]
    rows: set[int] = set()
    cols: set[int] = set()
    for overlap, row, col in sorted(overlaps, reverse=True):
        if overlap >= _IOU_MIN and row not in rows and col not in cols:
            rows.add(row)
            cols.add(col)
    return len(rows)


def _color(colors: frozenset[str], answer: Identification | None) -> dict[str, Share]:
    best = answer.look.color.best if answer else None
    is_right = best is not None and frozenset(best.split(";")) == colors
    sure = answer.look.color[best] if answer and best else 0.0
    return {
        "pill_color": (float(is_right), 1.0),
        "pill_color_misled": (float(not is_right and sure >= _SURE_MIN), 1.0),
    }


def _text(text: str, answer: Identification | None, first: Candidate | None) -> dict[str, Share]:
    """Letters and digits in any order: all that was read, the first candidate's, and what is claimed."""
    wanted = sorted_characters((text,))
    ranked = sorted_characters((first.product.imprint,)) if first else ""
    read = sorted_characters(answer.imprint) if answer else ""
    identified = answer is not None and answer.decision is Decision.IDENTIFIED
    shares = {
        "text_exact": (float(read == wanted), 1.0),
        "text_first": (float(ranked == wanted), 1.0),
        "text_first_part": (float(not Counter(wanted) - Counter(ranked)), 1.0),
        "text_identified": (float(identified), 1.0),
    }
    if identified:
        shares["text_wrong"] = (float(not _holds(ranked, wanted)), 1.0)
    return shares


def _holds(one: str, other: str) -> bool:
    """Whether one text has all letters and digits of the other: labels often give one face, or repeat it."""
    ours, theirs = Counter(one), Counter(other)
    return not ours - theirs or not theirs - ours


def _truth_row(photo: LabeledPhoto, seen: Surroundings) -> dict[str, Any]:
    return {
        "source": seen.source,
        "pills": seen.pills,
        "boxes": len(seen.boxes) if seen.is_boxed else None,
        "shown": photo.truth.shown,
        "drug": photo.truth.drug,
        "colors": sorted(photo.truth.colors),
    }


def _answer_row(answer: Identification, first: Candidate | None, found: Sequence[BoundingBox]) -> dict[str, Any]:
    color = answer.look.color
    return {
        "reason": answer.reason,
        "pills": len(found),
        "boxes": [[round(value, 4) for value in (box.left, box.top, box.right, box.bottom)] for box in found],
        "faces": [list(face.reading.tokens) for face in answer.faces],
        "imprint": first.product.imprint_key if first else None,
        "drug": first.product.drug_key if first else None,
        "probability": first.probability if first else None,
        "colors": color.best.split(";") if color.best else [],
        "color_probability": color[color.best] if color.best else None,
        "warnings": list(answer.warnings),
    }


def field_figures(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """For each kind of photo each figure that has a truth: share, counts and 95 % interval over photos."""
    by_source: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if "source" in verdict.groups:
            by_source.setdefault(verdict.groups["source"], []).append(verdict)
    return {source: _figures(own) for source, own in by_source.items()}


def _figures(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    figures: dict[str, Any] = {"photos": len(verdicts)}
    for key in FIELD_KEYS:
        pairs = [verdict.shares[key] for verdict in verdicts if key in verdict.shares]
        over, under = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
        if under:
            interval = bootstrap_interval([one for one, _ in pairs], [of for _, of in pairs])
            figures[key] = {"share": over / under, "counts": [int(over), int(under)], "interval": list(interval)}
    return figures
