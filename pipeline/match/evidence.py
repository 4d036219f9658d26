"""Each observation weighed for each candidate: rows of bits that add up (record linkage's match weights).

A row's weight is log2 of the Bayes factor: how much likelier the observation is for this product than for a pill drawn
at random from all that there are. What either side does not know weighs 0. Shape and size are correlated given the
drug (a capsule is long), so together they count a little too much.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from pipeline.figures_in_words import percent
from pipeline.match.explain import Explanation
from pipeline.match.model import MatchModel, RegisterErrors
from pipeline.properties import PROPERTIES, Length, Property, Terms, spoken
from pipeline.records import EvidenceRow, PillLook
from reference.product import Product

SIZE_MEAN_MM, SIZE_SIGMA_MM = 12.0, 5.0
LOOK_KINDS = tuple(each.title for each in PROPERTIES)


class LookScale:
    """Weighs the look of one pill for many products; what several registered looks share is weighed once."""

    def __init__(self, look: PillLook, model: MatchModel) -> None:
        self._look, self._model = look, model
        self._known: dict[tuple[object, ...], EvidenceRow] = {}

    def __call__(self, product: Product) -> tuple[EvidenceRow, ...]:
        """A row for each of ``PROPERTIES``."""
        errors = self._model.register(product.market)
        return _floored(tuple(self._row(each, each.listed(product), errors) for each in PROPERTIES), self._model)

    def _row(self, each: Property, listed: Any, errors: RegisterErrors) -> EvidenceRow:
        key = (each.title, listed, errors)
        if key not in self._known:
            self._known[key] = _row(each, self._look, listed, self._model, errors)
        return self._known[key]


def look_rows(product: Product, look: PillLook, model: MatchModel) -> tuple[EvidenceRow, ...]:
    """The rows of the look. Their sum is never below the weight for a wrong outline.

    A half of a capsule taken for the whole has another shape, color and size, all for one reason.
    """
    return _floored(own_look_rows(product, look, model), model)


def _floored(rows: tuple[EvidenceRow, ...], model: MatchModel) -> tuple[EvidenceRow, ...]:
    total = sum(row.bits for row in rows)
    against = sum(min(row.bits, 0.0) for row in rows)
    if not against:
        return rows
    outline = model.shares.outline_error
    floored = math.log2((1 - outline) * 2.0**total + outline)
    share = max(0.0, 1.0 - (floored - total) / -against) if floored > total else 1.0
    return tuple(row if row.bits >= 0 else replace(row, bits=row.bits * share) for row in rows)


def own_look_rows(product: Product, look: PillLook, model: MatchModel) -> tuple[EvidenceRow, ...]:
    """Each part of the look by itself."""
    errors = model.register(product.market)
    return tuple(_row(each, look, each.listed(product), model, errors) for each in PROPERTIES)


def _row(each: Property, look: PillLook, listed: Any, model: MatchModel, errors: RegisterErrors) -> EvidenceRow:
    if isinstance(each, Length):
        return _length_row(each, look, listed, errors)
    return _term_row(each, look, listed, model, errors)


def misfit(row: EvidenceRow, is_said: str = "is listed") -> str:
    """That a part of the look does not fit, in words of every day; ``is_said``: where the other value is from."""
    said = next(each.said for each in PROPERTIES if each.title == row.kind)
    if row.observed == row.expected:
        return f"The {row.kind} hardly fits."
    return f"The {row.kind} does not fit: {said(row.observed)} was seen, {said(row.expected)} {is_said}."


def imprint_rows(explanation: Explanation, faces: int) -> tuple[EvidenceRow, ...]:
    """One row a token found, one for what is missing and for what is on the pill but not in the register."""
    rows = []
    for token, (bits, text) in explanation.tokens.items():
        if text == token and token not in explanation.broken:
            sentence = f"{token} is on the pill."
        else:
            sentence = f"The register's {token} stands where {text} was read."
        rows.append(EvidenceRow("imprint", text, token, bits, sentence))
    rest = explanation.bits - sum(row.bits for row in rows)
    if not (explanation.missing or explanation.stray or abs(rest) > 1e-9):
        return tuple(rows)
    parts = []
    missing = " ".join(explanation.missing)
    if missing:
        where = "; the other face was not shown" if faces < 2 else ""
        parts.append(f"the register's {missing} was not found{where}")
    if explanation.stray:
        parts.append(f"{explanation.stray} was read that the register does not have")
    sentence = (" and ".join(parts) or "text repeated") + "."
    rows.append(EvidenceRow("imprint", explanation.stray, missing, rest, sentence[0].upper() + sentence[1:]))
    return tuple(rows)


def _bits(observed: float, expected: float, floor: float) -> float:
    """log2 of the Bayes factor of a calibrated probability, mixed with ``floor``, the share of errors in registers."""
    return math.log2((1 - floor) * observed / expected + floor)


def _term_row(each: Terms, look: PillLook, expected: str, model: MatchModel, errors: RegisterErrors) -> EvidenceRow:
    kind, seen = each.title, each.of(look)
    best = seen.best
    if best is None:
        return EvidenceRow(kind, "", expected, 0.0, f"The {kind} was not measured.")
    if not expected:
        return EvidenceRow(kind, best, "", 0.0, f"The register does not say the {kind}.")
    if each.absent and look.faces < 2 and best == each.absent[0]:
        sentence = f"No {each.absent[1]} on this face; the other was not shown."
        return EvidenceRow(kind, best, expected, 0.0, sentence)
    shares, other = model.world.looks.get(each.name), model.world.other_look
    if not shares:
        return EvidenceRow(kind, best, expected, 0.0, f"How common each {kind} is has not been fitted.")
    found = seen[expected]
    rest = max(1.0 - sum(value for _, value in seen.terms), 0.0) * other if found < other else 0.0
    ratio = (found + rest) / shares.get(expected, other)
    if len(several := expected.split(";")) > 1:
        alone = sum(seen[term] / shares.get(term, other) for term in several) / len(several)
        ratio = (1 - errors.one_color) * ratio + errors.one_color * alone
    bits = _bits(ratio, 1.0, errors.look_error)
    verb = "agrees" if bits > 0.1 else "disagrees" if bits < -0.5 else "says little"
    sentence = f"The {kind} {verb}: the register says {spoken(expected)}, for which the photo gives {percent(found)}."
    return EvidenceRow(kind, best, expected, bits, sentence)


def _length_row(each: Length, look: PillLook, expected_mm: float | None, errors: RegisterErrors) -> EvidenceRow:
    kind, seen = each.title, each.of(look)
    if seen is None or expected_mm is None:
        observed = f"{seen.length_mm:.1f}" if seen else ""
        expected = f"{expected_mm:g}" if expected_mm else ""
        sentence = f"The register does not say the {kind}." if seen else f"The {kind} was not measured."
        return EvidenceRow(kind, observed, expected, 0.0, sentence)
    sigma = math.hypot(seen.sigma_mm, errors.size_sigma_mm)
    density = _normal(seen.length_mm - expected_mm, sigma)
    random = _normal(seen.length_mm - SIZE_MEAN_MM, SIZE_SIGMA_MM)
    bits = _bits(density, max(random, 0.01), errors.look_error)
    sentence = f"It measures {seen.length_mm:.1f} ± {seen.sigma_mm:.1f} mm; the register says {expected_mm:g} mm."
    return EvidenceRow(kind, f"{seen.length_mm:.1f}", f"{expected_mm:g}", bits, sentence)


def _normal(deviation: float, sigma: float) -> float:
    return math.exp(-0.5 * (deviation / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))
