"""One answer against one photo's truth. ``docs/evaluation.md`` says what each measure means."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.evaluate.metrics import bare, edits_in_any_order, sorted_characters, tokens_found
from pipeline.evaluate.outcome import Outcome, imprint_forms, outcome_of, own_imprints
from pipeline.evaluate.photo_truth import CharacterBox, Truth
from pipeline.evaluate.product_index import ProductIndex, same_drug
from pipeline.evaluate.sets import LabeledPhoto
from pipeline.records import Candidate, Face, Identification
from reference.text.imprints import tokens

Share = tuple[float, float]

# The name of the first question, asked of every photo: what does the catalog as it is answer?
ASKED = "asked"
# Imprints are grouped by their number of letters and digits; this number and more are one group. In the US table 1.5 %
# of the imprints in that group name two drugs, 4 % of those with four characters, 65 % of those with one.
_CHARACTERS_MAX = 5

# A character counts as found if its center lies within this many heights of the true center. Overlap of boxes is not
# used: labels' boxes are upright even where the text is turned.
_WITHIN_HEIGHTS = 0.5


@dataclass(frozen=True)
class Verdict:
    """What one photo adds to the figures.

    ``shares`` holds ``(numerator, denominator)`` for each measure whose truth is known; a set's figure is the sum of
    the one over the sum of the other. ``stated`` holds ``(confidence, right)`` for what calibration is measured on.
    ``outcomes`` has what each question about the photo came to (``ASKED`` and those of ``ask``), ``groups`` the kinds
    of photo by which trust is told apart. ``excluded`` says why the photo is counted apart; ``indistinct`` that the
    catalog asked has another drug or strength which nothing in a photo tells from it;
    ``is_fault`` that the error is one of the program and not of the photo.
    """

    name: str
    decision: str
    error: str = ""
    shares: Mapping[str, Share] = field(default_factory=dict)
    stated: Mapping[str, tuple[float, bool]] = field(default_factory=dict)
    size_error_mm: float | None = None
    seconds: float | None = None
    stages: Mapping[str, float] = field(default_factory=dict)
    truth: Mapping[str, Any] = field(default_factory=dict)
    answer: Mapping[str, Any] = field(default_factory=dict)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    excluded: str = ""
    indistinct: bool = False
    is_fault: bool = False

    def row(self) -> dict[str, Any]:
        """The verdict as one row of the JSON."""
        return {
            "file": self.name,
            "decision": self.decision,
            "error": self.error or None,
            "seconds": self.seconds,
            "truth": dict(self.truth),
            "answer": dict(self.answer),
            "right": {key: over / under for key, (over, under) in self.shares.items() if under},
            "size_error_mm": self.size_error_mm,
            "questions": {name: outcome.row() for name, outcome in self.outcomes.items()},
            "excluded": self.excluded or None,
            "indistinct": self.indistinct,
        }


def judge(
    photo: LabeledPhoto,
    answer: Identification | None,
    table: ProductIndex,
    photo_shape: tuple[int, int] | None = None,
    seconds: float | None = None,
    error: str = "",
) -> Verdict:
    """Compare an answer with the truth; without an answer (a photo that could not be read) all of it is wrong.

    ``photo_shape`` is ``(height, width)`` of the decoded photo, needed for character places only.
    """
    truth = photo.truth
    outcome = outcome_of(truth, answer, table)
    product_right, drug_right = _product_and_drug(truth, answer, table, outcome)
    shares: dict[str, Share] = dict(_seen(truth, answer))
    shares.update(_read(truth, answer))
    shares.update(_ranked(truth, answer))
    if table.rows(truth):
        shares["product_top1"] = _one(product_right)
    if drug_right is not None:
        shares["drug_top1"] = _one(drug_right)
    if outcome.identified and truth.row_key:
        shares["wrong_product_among_identified"] = _one(not product_right)
        if outcome.right is not None:
            shares["wrong_among_identified"] = _one(not outcome.right)
    if truth.boxes and (answer is None or photo_shape is not None):
        shares.update(_places(truth.boxes, answer, photo_shape or (1, 1)))
    if truth.polygons and answer is None:
        shares["iou"] = (0.0, float(len(truth.polygons)))
    decision = answer.decision.value if answer else "ERROR"
    if truth.decisions:
        shares["decision_expected"] = _one(decision in truth.decisions)
    ceiling = table.ceiling(truth)
    if ceiling:
        shares.update({f"ceiling_{key}": (value, 1.0) for key, value in vars(ceiling).items() if value is not None})
    error_mm = None
    if answer and answer.look.size and truth.size_mm is not None:
        error_mm = abs(answer.look.size.length_mm - truth.size_mm)
    return Verdict(
        name=photo.name,
        decision=decision,
        error=error,
        shares=shares,
        stated=dict(_stated(truth, answer, drug_right)) if answer else {},
        size_error_mm=error_mm,
        seconds=seconds,
        stages=dict(answer.seconds) if answer else {},
        truth=_truth_row(truth),
        answer=_answer_row(answer) if answer else {},
        outcomes={} if truth.polygons else {ASKED: outcome},
        groups=_groups(truth, answer, table),
        excluded=photo.excluded,
        indistinct=ceiling is not None and ceiling.drug_top1 < 1,
    )


def _groups(truth: Truth, answer: Identification | None, table: ProductIndex) -> dict[str, str]:
    """The groups that trust is reported for: imprint length without repeated faces, how it is made, faces seen."""
    length = min((len(sorted_characters(imprint_forms(text)[-1])) for text in own_imprints(truth, table)), default=0)
    made = truth.imprint_type or next((row.imprint_type for row in table.own_rows(truth) if row.imprint_type), "")
    return {
        "imprint_characters": _length(length),
        "imprint_type": made.lower() or "not known",
        "faces_seen": str(len(answer.faces)) if answer else "not known",
    }


def _length(characters: int) -> str:
    if not characters:
        return "not known"
    return f"{_CHARACTERS_MAX}+" if characters >= _CHARACTERS_MAX else str(characters)


def _one(right: bool) -> Share:
    return float(right), 1.0


def _seen(truth: Truth, answer: Identification | None) -> Iterator[tuple[str, Share]]:
    """Faces, shape, colors, score and whether there is a size."""
    if truth.faces is not None:
        yield "faces_found", _one(answer is not None and len(answer.faces) == truth.faces)
    if truth.shape:
        yield "shape", _one(answer is not None and answer.look.shape.best == truth.shape)
    if truth.colors:
        yield "color", _one(answer is not None and _colors(answer) == truth.colors)
    if truth.score is not None:
        known = answer is not None and answer.look.score.best is not None
        yield "score", _one(known and answer is not None and (answer.look.score.best == "1") == (truth.score == 1))
    if truth.size_mm is not None:
        yield "size_found", _one(answer is not None and answer.look.size is not None)


def _colors(answer: Identification) -> frozenset[str]:
    return frozenset((answer.look.color.best or "").split(";"))


def _faces(answer: Identification | None) -> list[tuple[str, ...]]:
    return [tuple(filter(None, map(bare, face.reading.tokens))) for face in answer.faces] if answer else []


def _read_forms(faces: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The tokens of all faces, and without a face that says the same as another."""
    whole = tuple(itertools.chain.from_iterable(faces))
    once = {tuple(sorted(face)): face for face in reversed(faces)}
    distinct = tuple(itertools.chain.from_iterable(reversed(once.values())))
    return [whole] if len(distinct) == len(whole) else [whole, distinct]


def _exact(imprint: str, read_forms: Sequence[tuple[str, ...]]) -> bool:
    return any(
        sorted_characters(truth) == sorted_characters(read) for truth in imprint_forms(imprint) for read in read_forms
    )


def _read(truth: Truth, answer: Identification | None) -> Iterator[tuple[str, Share]]:
    """How well the imprint was read, whatever the catalog."""
    if not truth.shown or not tokens(truth.shown):
        return
    faces = _faces(answer)
    forms = _read_forms(faces)
    yield "imprint_exact", _one(answer is not None and _exact(truth.shown, forms))
    whole = sorted_characters(tokens(truth.shown))
    yield "imprint_exact_strict", _one(answer is not None and whole == sorted_characters(forms[0]))
    fewest = [word for word in map(bare, imprint_forms(truth.shown)[-1]) if word]
    yield "token_recall", (tokens_found(fewest, faces), len(fewest))
    yield "cer", _fewest_edits(truth.shown, forms)
    if truth.faces == 2 and answer and len(answer.faces) == 2:
        yield from _blank_face(truth.shown, faces)


def _fewest_edits(imprint: str, read_forms: Sequence[tuple[str, ...]]) -> Share:
    """Edits and reference length of the accepted forms that agree best."""
    pairs = []
    for truth_form in imprint_forms(imprint):
        words = [word for word in map(bare, truth_form) if word]
        length = sum(map(len, words))
        pairs += [(edits_in_any_order(words, "".join(read)), length) for read in read_forms]
    edits, length = min(pairs, key=lambda pair: pair[0] / pair[1])
    return float(edits), float(length)


def _blank_face(imprint: str, faces: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, Share]]:
    """Where one face alone carries the whole imprint, whether anything was read on the other."""
    for face, other in ((faces[0], faces[1]), (faces[1], faces[0])):
        if _exact(imprint, [face]) and sorted_characters(face) != sorted_characters(other):
            yield "blank_faces_invented", _one(bool(other))
            return


def _ranked(truth: Truth, answer: Identification | None) -> Iterator[tuple[str, Share]]:
    if not truth.imprint or not tokens(truth.imprint):
        return
    keys = list(dict.fromkeys(p.imprint_key for c in (answer.candidates if answer else ()) for p in c.products))
    yield "imprint_top1", _one(bool(set(truth.imprint_keys) & set(keys[:1])))
    yield "imprint_top5", _one(bool(set(truth.imprint_keys) & set(keys[:5])))


def _first(answer: Identification | None) -> Candidate | None:
    return answer.candidates[0] if answer and answer.candidates else None


def _product_and_drug(
    truth: Truth, answer: Identification | None, table: ProductIndex, outcome: Outcome
) -> tuple[bool, bool | None]:
    """Whether the first group of products holds the true product, and the true drug and strength (None: not known)."""
    first = _first(answer)
    rows = table.own_rows(truth)
    if first is None:
        return False, False if rows else None
    product = any(row.product_id == shown.product_id for row in table.rows(truth) for shown in first.products)
    # Where one side says no strength the moieties decide; for a false accept (`outcome`) they do not.
    drug = outcome.right or any(same_drug(row, shown) for row in rows for shown in first.products)
    return product, drug if rows else None


def _places(
    boxes: Sequence[CharacterBox], answer: Identification | None, shape: tuple[int, int]
) -> Iterator[tuple[str, Share]]:
    """Characters found: the same letter or digit, its center within half the true height; each used once."""
    height, width = shape
    wanted = [(bare(box.text), box.y * height, box.x * width, box.height * height) for box in boxes if bare(box.text)]
    found = sorted(_characters(answer.faces if answer else ()), key=lambda each: -each[0])
    hits = 0
    for _, text, row, col in found:
        near = [
            (((row - y) ** 2 + (col - x) ** 2) ** 0.5 / tall, index)
            for index, (label, y, x, tall) in enumerate(wanted)
            if label == text
        ]
        distance, index = min(near, default=(float("inf"), -1))
        if distance <= _WITHIN_HEIGHTS:
            hits += 1
            del wanted[index]
    total = hits + len(wanted)
    yield "character_precision", (hits, len(found))
    yield "character_recall", (hits, total)
    yield "character_f1", (2 * hits, len(found) + total)


def _characters(faces: Sequence[Face]) -> Iterator[tuple[float, str, float, float]]:
    for face in faces:
        for line in face.reading.lines:
            for character in line.characters:
                if bare(character.text):
                    yield character.confidence, bare(character.text), character.row, character.col


def _stated(truth: Truth, answer: Identification, drug_right: bool | None) -> Iterator[tuple[str, tuple[float, bool]]]:
    """Confidences with whether they were right; what was not measured states nothing."""
    if truth.shape and answer.look.shape.best:
        yield "shape", (answer.look.shape[answer.look.shape.best], answer.look.shape.best == truth.shape)
    if truth.colors and answer.look.color.best:
        yield "color", (answer.look.color[answer.look.color.best], _colors(answer) == truth.colors)
    if truth.score is not None and answer.look.score.best:
        whole = answer.look.score["1"]
        says_whole = answer.look.score.best == "1"
        yield "score", (whole if says_whole else 1 - whole, says_whole == (truth.score == 1))
    if drug_right is not None:
        first = _first(answer)
        yield "answer", (first.probability if first else 0.0, drug_right)


def _truth_row(truth: Truth) -> dict[str, Any]:
    return {
        "imprint": truth.imprint,
        "shown": truth.shown,
        "key": truth.row_key,
        "drug": truth.drug,
        "shape": truth.shape,
        "colors": sorted(truth.colors),
        "size_mm": truth.size_mm,
        "score": truth.score,
    }


def _answer_row(answer: Identification) -> dict[str, Any]:
    first = _first(answer)
    return {
        "reason": answer.reason,
        "faces": [list(face.reading.tokens) for face in answer.faces],
        "imprints": list(dict.fromkeys(candidate.product.imprint_key for candidate in answer.candidates))[:5],
        "drug": first.product.drug_key if first else None,
        "product": first.product.product_id if first else None,
        "tier": first.tier if first else None,
        "probability": first.probability if first else None,
        "shape": answer.look.shape.best,
        "colors": (answer.look.color.best or "").split(";") if answer.look.color.best else [],
        "size_mm": answer.size_mm,
        "score": answer.look.score.best,
        "warnings": list(answer.warnings),
    }
