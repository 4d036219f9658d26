"""Which of the 19 SPL shapes a face's outline has.

The outline alone tells 18 of them. CAPSULE (a two-part capsule) and OVAL (which takes in capsule-shaped tablets) share
one outline; the face network parts them by seam, gloss and colors.
"""

from __future__ import annotations

from pipeline.measure.models import Models, sigmoid, softmax
from pipeline.measure.outline_figures import outline_figures
from pipeline.records import PillRegion, Probabilities
from reference.text.vocabulary import SHAPE_NAMES

OUTLINE_SHAPES = tuple(name for name in SHAPE_NAMES if name != "CAPSULE")
"""The shapes that the outline network knows, in its order."""


def measure_shape(region: PillRegion, two_part_logit: float, models: Models) -> Probabilities:
    """Probabilities over the SPL shapes of one face.

    ``two_part_logit`` is the face network's for "two-part capsule".
    """
    outline = softmax(models.outline.logits(outline_figures(region.outline)))
    weights = dict(zip(OUTLINE_SHAPES, outline.tolist(), strict=True))
    two_part = sigmoid(two_part_logit)
    weights["CAPSULE"] = weights["OVAL"] * two_part
    weights["OVAL"] *= 1 - two_part
    return Probabilities.of(weights)
