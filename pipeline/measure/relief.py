"""Whether a face is blank, debossed, embossed or printed."""

from __future__ import annotations

from pipeline.measure.models import Array, softmax
from pipeline.records import Probabilities

RELIEFS = ("BLANK", "DEBOSSED", "EMBOSSED", "PRINTED")
"""In the face network's order. BLANK means no character; a score line alone is blank."""


def measure_relief(logits: Array) -> Probabilities:
    """Probabilities over ``RELIEFS`` from the face network's four logits."""
    chances = softmax(logits)
    return Probabilities.of(dict(zip(RELIEFS, chances.tolist(), strict=True)))
