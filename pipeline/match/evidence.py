"""Each observation weighed for each candidate: rows of bits that add up (record linkage's match weights).

A row's weight is log2 of the Bayes factor: how much likelier the observation is for this product than for a product
drawn at random. What either side does not know weighs 0. Shape and size are correlated given the drug (a capsule is
long), so together they count a little too much.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipeline.match.search import Explanation
from pipeline.records import EvidenceRow, Probabilities, SizeMeasurement
from pipeline.settings import MatchSettings
from reference.product import Product

# How common each look is among the 5,014 products of NLM's C3PI tables: what a random product would show. Terms
# rarer than one in a thousand share OTHER.
OTHER = 0.001
SHAPES = {
    "ROUND": 0.469, "OVAL": 0.331, "CAPSULE": 0.167, "RECTANGLE": 0.007, "TRIANGLE": 0.006, "PENTAGON (5 SIDES)": 0.004,
    "DIAMOND": 0.004, "SQUARE": 0.003, "TEAR": 0.003, "HEXAGON (6 SIDES)": 0.002,
}  # fmt: skip
COLORS = {
    "WHITE": 0.396, "YELLOW": 0.121, "PINK": 0.084, "ORANGE": 0.082, "BLUE": 0.071, "BROWN": 0.053, "GREEN": 0.044,
    "RED": 0.027, "PURPLE": 0.014, "BLUE;WHITE": 0.012, "GRAY": 0.008, "GREEN;WHITE": 0.008, "ORANGE;WHITE": 0.008,
    "TURQUOISE": 0.007, "WHITE;YELLOW": 0.006, "BROWN;WHITE": 0.004, "PINK;WHITE": 0.004, "RED;WHITE": 0.004,
    "BLUE;YELLOW": 0.003, "GRAY;WHITE": 0.003, "TURQUOISE;WHITE": 0.002, "BLUE;PINK": 0.002,
}  # fmt: skip
PIECES = {"1": 0.728, "2": 0.261, "3": 0.004, "4": 0.007}
SIZE_MEAN_MM, SIZE_SIGMA_MM = 12.0, 5.0


@dataclass(frozen=True)
class Look:
    """What one pill looks like, all its faces taken together. ``faces`` is how many were seen."""

    shape: Probabilities
    color: Probabilities
    score: Probabilities
    size: SizeMeasurement | None
    faces: int


def weigh(
    product: Product, explanation: Explanation | None, look: Look, settings: MatchSettings
) -> tuple[EvidenceRow, ...]:
    """All evidence for one product: the imprint's rows, then shape, color, size and score."""
    imprint = imprint_rows(explanation, settings, look.faces) if explanation else ()
    return imprint + _look_rows(product, look, settings)


def _look_rows(product: Product, look: Look, settings: MatchSettings) -> tuple[EvidenceRow, ...]:
    """Shape, color, size and score, together never below what they weigh where the outline itself is wrong.

    A half of a capsule taken for the whole has another shape, color and size, all for one reason.
    """
    rows = (
        _term_row("shape", look.shape, product.shape, SHAPES, settings),
        _term_row("color", look.color, ";".join(sorted(set(product.colors))), COLORS, settings),
        _size_row(look.size, product.size_mm, settings),
        _score_row(look, product.score, settings),
    )
    total = sum(row.bits for row in rows)
    against = sum(min(row.bits, 0.0) for row in rows)
    if not against:
        return rows
    outline = settings.outline_share
    floored = math.log2((1 - outline) * 2.0**total + outline)
    share = max(0.0, 1.0 - (floored - total) / -against) if floored > total else 1.0
    return tuple(row if row.bits >= 0 else replace(row, bits=row.bits * share) for row in rows)


def imprint_rows(explanation: Explanation, settings: MatchSettings, faces: int) -> tuple[EvidenceRow, ...]:
    """One row a token found, one for what is missing, one for what is on the pill but not in the register."""
    rows = []
    rest = explanation.bits
    for token, segment in explanation.segments:
        verb = "is on the pill" if segment.bits > 0 else "fits badly what is on the pill"
        sentence = f"The register's {token} {verb}."
        rows.append(EvidenceRow("imprint", explanation.read[token], token, segment.bits, sentence))
        rest -= segment.bits
    if not (explanation.missing or explanation.stray or abs(rest) > 1e-9):
        return tuple(rows)
    parts = []
    if explanation.missing:
        where = "was not found; the other face was not shown" if faces < 2 else "was not found"
        parts.append(f"the register's {' '.join(explanation.missing)} {where}")
    if explanation.stray:
        parts.append(f"{explanation.stray} was read that the register does not have")
    sentence = (" and ".join(parts) or "text repeated or out of its order") + "."
    missing = " ".join(explanation.missing)
    rows.append(EvidenceRow("imprint", explanation.stray, missing, rest, sentence[0].upper() + sentence[1:]))
    return tuple(rows)


def _bits(observed: float, expected: float, floor: float) -> float:
    """log2 of the Bayes factor of a calibrated probability, never below ``floor``: registers err too."""
    return math.log2((1 - floor) * observed / expected + floor)


def _term_row(
    kind: str, seen: Probabilities, expected: str, shares: Mapping[str, float], settings: MatchSettings
) -> EvidenceRow:
    best = seen.best
    if best is None:
        return EvidenceRow(kind, "", expected, 0.0, f"The {kind} was not measured.")
    if not expected:
        return EvidenceRow(kind, best, "", 0.0, f"The register does not say the {kind}.")
    rest = max(1.0 - sum(value for _, value in seen.terms), 0.0) * OTHER
    bits = _bits(seen[expected] + rest, shares.get(expected, OTHER), settings.look_floor)
    verb = "agrees" if bits > 0.1 else "disagrees" if bits < -0.5 else "says little"
    named = expected.lower().replace(";", " and ")
    sentence = f"The {kind} {verb}: the register says {named}, for which the photo gives {seen[expected]:.0%}."
    return EvidenceRow(kind, best, expected, bits, sentence)


def _size_row(size: SizeMeasurement | None, expected_mm: float | None, settings: MatchSettings) -> EvidenceRow:
    if size is None or expected_mm is None:
        observed = f"{size.length_mm:.1f}" if size else ""
        expected = f"{expected_mm:g}" if expected_mm else ""
        sentence = "The register does not say the size." if size else "The photo carries no scale."
        return EvidenceRow("size", observed, expected, 0.0, sentence)
    sigma = math.hypot(size.sigma_mm, settings.size_register_sigma_mm)
    density = _normal(size.length_mm - expected_mm, sigma)
    random = _normal(size.length_mm - SIZE_MEAN_MM, SIZE_SIGMA_MM)
    bits = _bits(density, max(random, 0.01), settings.look_floor)
    sentence = f"It measures {size.length_mm:.1f} ± {size.sigma_mm:.1f} mm; the register says {expected_mm:g} mm."
    return EvidenceRow("size", f"{size.length_mm:.1f}", f"{expected_mm:g}", bits, sentence)


def _normal(deviation: float, sigma: float) -> float:
    return math.exp(-0.5 * (deviation / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))


def _score_row(look: Look, expected: int | None, settings: MatchSettings) -> EvidenceRow:
    if look.faces < 2 and look.score.best == "1" and expected is not None:
        return EvidenceRow("score", "1", str(expected), 0.0, "No score line on this face; the other was not shown.")
    return _term_row("score", look.score, "" if expected is None else str(expected), PIECES, settings)
