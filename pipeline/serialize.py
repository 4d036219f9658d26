"""``Identification`` as plain dictionaries and lists, in the form that ``report/identification.schema.json`` publishes.

Version 2. Keys may be added within a version; changing or removing one makes a new version. Text is always valid
Unicode: bytes of a file name that are not UTF-8 appear as ``\\xff``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InputError
from pipeline.properties import PROPERTIES
from pipeline.records import (
    Advice,
    Candidate,
    Character,
    Doubts,
    EvidenceRow,
    Face,
    Identification,
    Line,
    Measurements,
    PillLook,
    PillRegion,
    Probabilities,
    Reading,
    Scale,
    SizeMeasurement,
)
from reference.product import ImprintCheck, Monograph, Product

SCHEMA_VERSION = 2

# Six digits keep a probability's 1e-6 and a place's millionth of a pixel: finer than anything measured here.
_DIGITS = 6
# How Python carries bytes that are not UTF-8 in a file name (PEP 383: U+DC80 to U+DCFF), and other lone surrogates.
_SURROGATE = re.compile("[\ud800-\udfff]")

Json = dict[str, Any]
Detail = Literal["summary", "full"]


def identification_to_dict(identification: Identification, detail: Detail = "summary") -> Json:
    """The answer as plain JSON values.

    ``summary`` leaves out the outlines and what the monograph says; ``full`` has all.

    Raises:
        InputError: ``detail`` is neither.
    """
    if detail not in ("summary", "full"):
        raise InputError(f"detail is {detail!r}; say summary or full")
    return _identification(identification) if detail == "full" else _summary(_identification(identification))


def _summary(answer: Json) -> Json:
    """The answer without outlines, and of the monograph its name."""
    monograph = answer["monograph"] and {key: answer["monograph"][key] for key in ("drug", "title")}
    faces = [{**face, "region": _without_outline(face["region"])} for face in answer["faces"]]
    scale = answer["scale"] and _without_outline(answer["scale"])
    return {**answer, "detail": "summary", "monograph": monograph, "faces": faces, "scale": scale}


def _without_outline(place: Json) -> Json:
    return {key: value for key, value in place.items() if key != "outline"}


def _identification(identification: Identification) -> Json:
    return {
        "schema_version": SCHEMA_VERSION,
        "detail": "full",
        "decision": identification.decision.value,
        "reason": text(identification.reason),
        "unlisted": _number(identification.unlisted),
        "advice": advice_to_dict(identification.advice) if identification.advice else None,
        "imprint": [text(token) for token in identification.imprint],
        "look": _look(identification.look),
        "candidates": [candidate_to_dict(candidate) for candidate in identification.candidates],
        "monograph": monograph_to_dict(identification.monograph) if identification.monograph else None,
        "faces": [_face(face) for face in identification.faces],
        "scale": _scale(identification.scale),
        "doubts": _doubts(identification.doubts),
        "warnings": [text(warning) for warning in identification.warnings],
        "photos": [text(photo) for photo in identification.photos],
        "catalog": text(identification.catalog),
        "catalog_name": text(identification.catalog_name),
        "catalog_date": text(identification.catalog_date),
        "seconds": {text(stage): _number(seconds) for stage, seconds in identification.seconds.items()},
    }


def identification_to_json(
    identification: Identification, indent: int | None = None, detail: Detail = "summary"
) -> str:
    """The answer as JSON text.

    Raises:
        InputError: ``detail`` is neither summary nor full.
        ValueError: a figure is not finite.
    """
    return json.dumps(
        identification_to_dict(identification, detail), ensure_ascii=False, allow_nan=False, indent=indent
    )


def text(value: str) -> str:
    """The text as valid Unicode: undecodable bytes of a file name become ``\\xff``, other lone surrogates U+FFFD."""
    return _SURROGATE.sub(_escaped, value)


def _escaped(found: re.Match[str]) -> str:
    byte = ord(found.group()) - 0xDC00
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else "\N{REPLACEMENT CHARACTER}"


def _number(value: float) -> float:
    return round(float(value), _DIGITS)


def _optional(value: float | None) -> float | None:
    return None if value is None else _number(value)


def _places(array: NDArray[np.generic] | Iterable[tuple[float, float]]) -> list[list[float]]:
    return [[round(float(row), 2), round(float(col), 2)] for row, col in array]


def _probabilities(probabilities: Probabilities) -> Json:
    return {
        "best": probabilities.best,
        "probabilities": [{"term": text(term), "probability": _number(value)} for term, value in probabilities.terms],
    }


def _look(look: PillLook) -> Json:
    return {**{each.name: _value(each.of(look)) for each in PROPERTIES}, "faces": look.faces}


def _value(value: Probabilities | SizeMeasurement | None) -> Json | None:
    return _probabilities(value) if isinstance(value, Probabilities) else _size(value)


def _size(size: SizeMeasurement | None) -> Json | None:
    if size is None:
        return None
    return {
        "length_mm": _number(size.length_mm),
        "width_mm": _number(size.width_mm),
        "sigma_mm": _number(size.sigma_mm),
    }


def _scale(scale: Scale | None) -> Json | None:
    if scale is None:
        return None
    homography = scale.homography
    return {
        "mm_per_px": float(scale.mm_per_px),
        "relative_sigma": _number(scale.relative_sigma),
        "source": scale.source.value,
        "homography": None if homography is None else [[float(cell) for cell in row] for row in homography],
        "outline": None if scale.outline is None else _places(scale.outline),
    }


def _doubts(doubts: Doubts) -> Json:
    return {
        "others": doubts.others,
        "cut": doubts.cut,
        "fills": doubts.fills,
        "different": text(doubts.different),
        "length_mm": _optional(doubts.length_mm),
    }


def advice_to_dict(advice: Advice) -> Json:
    """Advice as plain JSON values."""
    return {"code": text(advice.code), "sentence": text(advice.sentence), "bits": _number(advice.bits)}


def candidate_to_dict(candidate: Candidate) -> Json:
    """A candidate as plain JSON values."""
    return {
        "probability": _number(candidate.probability),
        "score_bits": _number(candidate.score_bits),
        "tier": text(candidate.tier),
        "high_alert": text(candidate.high_alert.words) if candidate.high_alert else "",
        "labelers": [text(labeler) for labeler in candidate.labelers],
        "products": [product_to_dict(product) for product in candidate.products],
        "evidence": [evidence_to_dict(row) for row in candidate.evidence],
    }


def evidence_to_dict(row: EvidenceRow) -> Json:
    """A row of evidence as plain JSON values."""
    return {
        "kind": text(row.kind),
        "observed": text(row.observed),
        "expected": text(row.expected),
        "bits": _number(row.bits),
        "sentence": text(row.sentence),
    }


def product_to_dict(product: Product) -> Json:
    """A product as plain JSON values; what the register does not say is empty or null."""
    fields = (
        *("product_id", "name", "drug", "strength", "dosage_form", "coating", "labeler", "ndc", "rxcui", "imprint"),
        *("imprint_type", "shape", "market", "dea_schedule", "prescription", "source", "source_url", "source_date"),
    )
    return {
        **{name: text(getattr(product, name)) for name in fields},
        "ingredients": [text(ingredient) for ingredient in product.ingredients],
        "tokens": [text(token) for token in product.tokens],
        "faces": [[text(token) for token in face] for face in product.faces],
        "symbol": product.symbol,
        "colors": [text(color) for color in product.colors],
        "size_mm": _optional(product.size_mm),
        "score": product.score,
        "fact_sources": [
            {name: text(getattr(fact, name)) for name in ("field", "source", "url", "date")}
            for fact in product.fact_sources
        ],
        "imprint_check": _imprint_check(product.imprint_check) if product.imprint_check else None,
    }


def _imprint_check(check: ImprintCheck) -> Json:
    return {
        **{name: text(getattr(check, name)) for name in ("date", "source", "url")},
        "registers": [text(register) for register in check.registers],
        "share": _number(check.share),
        "bearers": [text(bearer) for bearer in check.bearers],
    }


def monograph_to_dict(monograph: Monograph) -> Json:
    """A monograph as plain JSON values."""
    return {
        "drug": text(monograph.drug),
        "title": text(monograph.title),
        "origin": text(monograph.origin),
        "reviewed": text(monograph.reviewed),
        "notes": [text(note) for note in monograph.notes],
        "sections": [
            {
                "key": text(section.key),
                "title": text(section.title),
                "loinc": text(section.loinc),
                "statements": [
                    {"text": text(statement.text), "citations": [text(key) for key in statement.citations]}
                    for statement in section.statements
                ],
            }
            for section in monograph.sections
        ],
        "citations": [
            {name: text(getattr(citation, name)) for name in ("key", "title", "url", "kind", "date")}
            for citation in monograph.citations
        ],
    }


def _face(face: Face) -> Json:
    return {
        "photo_name": text(face.photo_name),
        "photo_index": face.photo_index,
        "region": _region(face.region),
        "measurements": _measurements(face.measurements),
        "reading": _reading(face.reading),
    }


def _region(region: PillRegion) -> Json:
    return {
        "outline": _places(region.outline),
        "box": [int(edge) for edge in region.box],
        "area_px": region.area,
        "confidence": _number(region.confidence),
        "cut_by_border": region.cut_by_border,
        "is_outlined": region.is_outlined,
    }


def _measurements(measurements: Measurements) -> Json:
    return {
        "look": _look(measurements.look),
        "color_lab": [[_number(part) for part in color] for color in measurements.color_lab],
        "color_seen_lab": [[_number(part) for part in color] for color in measurements.color_seen_lab],
        "score_lines": [_places(line) for line in measurements.score_lines],
        "axis_deg": _number(measurements.axis_deg),
        "axis_major_length_px": _number(measurements.axis_major_length_px),
        "axis_minor_length_px": _number(measurements.axis_minor_length_px),
        "solidity": _number(measurements.solidity),
    }


def _reading(reading: Reading) -> Json:
    return {
        "engine": text(reading.engine),
        "tokens": [text(token) for token in reading.tokens],
        "blank": _number(reading.blank),
        "symbol": _number(reading.symbol),
        "hypotheses": [
            {"probability": _number(probability), "lines": [_line(line) for line in lines]}
            for lines, probability in reading.hypotheses
        ],
    }


def _line(line: Line) -> Json:
    return {
        "text": text(line.text),
        "confidence": _number(line.confidence),
        "characters": [_character(character) for character in line.characters],
    }


def _character(character: Character) -> Json:
    return {
        "text": text(character.text),
        "confidence": _number(character.confidence),
        "alternatives": [
            {"text": text(other), "probability": _number(value)} for other, value in character.alternatives
        ],
        "row": _number(character.row),
        "col": _number(character.col),
        "height_px": _number(character.height_px),
        "width_px": _number(character.width_px),
        "turn_deg": _number(character.turn_deg),
    }
