"""Answers made up for tests: small, complete, and with every optional part both present and absent."""

from __future__ import annotations

import math

import numpy as np

from pipeline.answer import Answer
from pipeline.records import (
    Candidate,
    Character,
    Decision,
    EvidenceRow,
    Face,
    Line,
    Measurements,
    Photo,
    PillLook,
    PillRegion,
    Probabilities,
    Reading,
    Scale,
    ScaleSource,
    SizeMeasurement,
)
from reference.product import Citation, Monograph, Product, Section, Statement
from reference.text.imprints import tokens

PHOTO_HEIGHT, PHOTO_WIDTH = 240, 360


def photo(name: str = "tablet.png") -> Photo:
    """A gray photo with two pale disks where ``face`` says the faces are."""
    pixels = np.full((PHOTO_HEIGHT, PHOTO_WIDTH, 3), 90, np.uint8)
    rows, cols = np.mgrid[:PHOTO_HEIGHT, :PHOTO_WIDTH]
    for col in (100, 260):
        pixels[np.hypot(rows - 120, cols - col) < 60] = 225
    return Photo(pixels=pixels, name=name)


def region(col: float = 100) -> PillRegion:
    """A disk of radius 60 px at row 120."""
    turns = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    outline = np.stack([120 - 60 * np.cos(turns), col + 60 * np.sin(turns)], axis=1).astype(np.float32)
    rows, cols = np.mgrid[:121, :121]
    return PillRegion(outline, np.hypot(rows - 60, cols - 60) <= 60, top=60, left=int(col) - 60, confidence=0.98)


def line(text: str, row: float = 120, col: float = 100, turn_deg: float = 0.0, confidence: float = 0.95) -> Line:
    """Characters side by side along the line's direction."""
    characters = []
    for index, character in enumerate(text):
        along = (index - (len(text) - 1) / 2) * 22
        characters.append(
            Character(
                alternatives=((character, confidence), ("O", round((1 - confidence) / 2, 4))),
                row=row - along * math.sin(math.radians(turn_deg)),
                col=col + along * math.cos(math.radians(turn_deg)),
                height_px=28,
                width_px=18,
                turn_deg=turn_deg,
            )
        )
    return Line(tuple(characters))


def reading(*texts: str, col: float = 100, turn_deg: float = 0.0, confidence: float = 0.95) -> Reading:
    """One hypothesis of lines below one another, or a blank face."""
    lines = tuple(
        line(text, 120 + 34 * (index - (len(texts) - 1) / 2), col, turn_deg, confidence)
        for index, text in enumerate(texts)
    )
    return Reading("example", ((lines, 0.9),) if lines else (), blank=0.02 if lines else 0.97, symbol=0.01)


def look(**others: object) -> PillLook:
    """White and round, scored in two."""
    fields: dict[str, object] = {
        "shape": Probabilities((("ROUND", 0.97), ("OVAL", 0.02))),
        "color": Probabilities((("WHITE", 0.93), ("YELLOW", 0.05))),
        "score": Probabilities((("2", 0.9), ("1", 0.1))),
        "relief": Probabilities((("DEBOSSED", 1.0),)),
        "faces": 1,
        **others,
    }
    return PillLook(**fields)  # type: ignore[arg-type]


def measurements(scored: bool = False, size: SizeMeasurement | None = None, col: float = 100) -> Measurements:
    """White and round."""
    lines = (((66.0, col), (174.0, col)),) if scored else ()
    return Measurements(
        look=look(
            size=size,
            score=Probabilities((("2", 0.9), ("1", 0.1)) if scored else (("1", 0.96),)),
            relief=Probabilities(
                (("BLANK", 0.8), ("DEBOSSED", 0.2)) if scored else (("DEBOSSED", 0.8), ("BLANK", 0.2))
            ),
        ),
        axis_deg=30.0,
        axis_major_length_px=121.0,
        axis_minor_length_px=119.0,
        solidity=0.99,
        color_lab=((90.1, 0.3, 4.2),),
        color_seen_lab=((84.0, 1.3, 12.6),),
        score_lines=lines,
    )


def product(
    imprint: str = "024", drug: str = "baclofen", strength: str = "10 mg", ndc: str = "", **others: object
) -> Product:
    """A product with that imprint; empty where nothing is said."""
    return Product(
        product_id=f"example:{ndc or imprint}-{drug}",
        name=f"{drug} {strength}".strip(),
        drug=drug,
        strength=strength,
        ndc=ndc,
        imprint=imprint,
        tokens=tokens(imprint),
        **others,  # type: ignore[arg-type]
    )


def monograph() -> Monograph:
    """Two parts, one citation."""
    return Monograph(
        drug="baclofen",
        title="Baclofen",
        sections=(
            Section("key_points", "Key points", (Statement("Never stop it abruptly.", ("label",)),)),
            Section("overdose", "Overdose", (Statement("Call poison control.", ("label",)),), loinc="34088-5"),
        ),
        citations=(Citation("label", "Baclofen label", "https://dailymed.nlm.nih.gov/", "label", "2024-01-01"),),
        reviewed="2026-11-22",
    )


def sold_by_two() -> Answer:
    """IDENTIFIED: two tablets that are one drug in one strength, and another drug that is a high-alert one."""
    row = EvidenceRow("imprint", "024", "024", 11.2, "024 is on the pill.")
    candidates = (
        Candidate((product(labeler="TruPharma LLC"), product(ndc="1", labeler="Teva")), 0.5, 11.2, (row,), "exact"),
        Candidate((product("024", ndc="2", labeler="Sun", score=2),), 0.4, 11.0, (row,), "all tokens"),
        Candidate(
            (product("54 024", "flecainide", "50 mg", labeler="Roxane"),), 0.02, 7.0, (row,), "all that was read"
        ),
    )
    return identification(("024",), (), candidates=candidates, unlisted=0.08)


def identification(
    *face_texts: tuple[str, ...],
    candidates: tuple[Candidate, ...] | None = None,
    decision: Decision = Decision.IDENTIFIED,
    name: str = "tablet.png",
    with_size: bool = True,
    **others: object,
) -> Answer:
    """An answer whose faces carry those lines: ``identification(("024",), ())`` has a blank second face."""
    size = SizeMeasurement(7.1, 7.0, 0.2) if with_size else None
    faces = tuple(
        Face(name, 0, region(col), measurements(not texts, size, col), reading(*texts, col=col))
        for texts, col in zip(face_texts, (100, 260), strict=False)
    )
    row = EvidenceRow("imprint", "024", "024", 11.2, "The imprint reads 024, as the register has it.")
    if candidates is None:
        candidates = (Candidate((product(labeler="TruPharma LLC"),), 0.97, 11.2, (row,), "exact"),)
    fields: dict[str, object] = {
        "decision": decision,
        "reason": "One tablet fits.",
        "candidates": candidates,
        "faces": faces,
        "look": look(size=size, faces=len(faces)),
        "scale": Scale(0.0587, 0.01, ScaleSource.RULER) if with_size else None,
        "monograph": monograph() if decision is Decision.IDENTIFIED else None,
        "warnings": (),
        "photos": (name,),
        "catalog": "0123abcd",
        "catalog_name": "example.csv",
        "catalog_date": "2026-11-22",
        "unlisted": 0.02,
        "seconds": {"load": 0.01, "read": 0.1},
        **others,
    }
    return Answer(**fields)  # type: ignore[arg-type]


def no_pill(name: str = "empty.png") -> Answer:
    """The answer for a photo without a pill."""
    return identification(
        decision=Decision.NO_PILL,
        name=name,
        with_size=False,
        candidates=(),
        reason="No pill was found.",
        look=PillLook(),
        warnings=("The photo is very dark.",),
        unlisted=1.0,
    )
