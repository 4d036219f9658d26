"""What of a photo kept a pill from being told, and what to do about it: the advice that would have helped most.

Each figure of ``Conditions`` has a curve: of photos that are answered otherwise, so many still are at that value. The
curves are fitted by ``python -m pipeline.evaluate.retakes --fit`` on training photos that were blurred, made smaller,
darkened and outshone by known amounts (docs/field.md, "What would have helped").
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.match.matched import Match
from pipeline.records import Advice, Conditions, Decision, Doubts

# Advice is given if at most this share of such photos is answered.
_ANSWERED_MAX = 0.5
# A wider edge is called blurred; with a sharper edge the pill is called too small. 19 of 20 sharp photos have a
# narrower edge.
_EDGE_PX_SHARP = 1.9
# Pills longer than this, in pixels, are read hardly better.
_LENGTH_PX_GOOD = 100
_BLURRED = "The photo is blurred: hold still, and let the camera focus on the pill."


@dataclass(frozen=True)
class Curve:
    """The share that is answered at a value: half of them at ``half``, and how steeply it falls (a logistic's slope).

    The slope is that over the value's logarithm, negative where less is better.
    """

    half: float
    slope: float

    def __call__(self, value: float) -> float:
        """The share answered, 0-1."""
        return 1.0 / (1.0 + math.pow(self.half / max(value, 1e-4), self.slope))


ELEMENTS = Curve(29.6, 3.34)
BRIGHTNESS = Curve(58.9, 4.63)
SATURATED = Curve(0.0086, -0.47)


def retake(matched: Match, conditions: Conditions, doubts: Doubts) -> Advice | None:
    """What would help most: to take the photo again where the photo is to blame, else the further observation advised.

    Args:
        matched: what the match says, with that observation.
        conditions: how well the photos show the pill.
        doubts: what the photos add in doubt.
    """
    if matched.decision is Decision.IDENTIFIED:
        return matched.advice
    share = BRIGHTNESS(conditions.brightness)
    if share < _ANSWERED_MAX:  # where a pill ends and how many there are is not seen in the dark either
        sentence = "The photo is too dark for a text to be seen: take it in brighter, even light."
        return Advice("MORE_LIGHT", sentence, 1 - share)
    if doubts.others > doubts.cut:  # where one of two is cut, they may be the faces of one pill
        return matched.advice
    if matched.decision is Decision.NO_PILL:
        return _to_be_seen(conditions)
    share, code, sentence = min(_blamed(conditions), default=(1.0, "", ""))
    first = next(iter(matched.candidates), None)
    was_read = first is not None and matched.unlisted < 0.5 and first.tier in ("exact", "all tokens")
    if share < _ANSWERED_MAX and not was_read:
        return Advice(code, sentence, 1 - share)
    if doubts.cut:
        return Advice("WHOLE_PILL", "The border of the photo cuts the pill: take all of it into the photo.", 1.0)
    if doubts.fills:
        sentence = "The pill fills the photo: take all of it into the photo, with ground around it."
        return Advice("WHOLE_PILL", sentence, 1.0)
    return matched.advice


def _to_be_seen(conditions: Conditions) -> Advice:
    """What to do where no pill was found: one as long as the photo could not be told, or none is seen in it."""
    share = ELEMENTS(conditions.elements) if conditions.elements else 1.0
    if share >= _ANSWERED_MAX:
        sentence = "If there is a pill: lay it alone on plain ground of another color and photograph it from nearer."
        return Advice("PILL_IN_VIEW", sentence, 1.0)
    if (conditions.edge_px or 0.0) > _EDGE_PX_SHARP:
        return Advice("SHARPER", _BLURRED, 1 - share)
    size = f"The photo is {conditions.length_px:.0f} pixels long"
    return Advice("LARGER", f"{size}: take one in which the pill alone is {_LENGTH_PX_GOOD} or more.", 1 - share)


def _blamed(conditions: Conditions) -> Iterator[tuple[float, str, str]]:
    """For each figure the share that is answered at its value, the advice's code and its sentence."""
    if conditions.saturated:
        sentence = (
            "Light is reflected by the pill where a text may stand: turn the pill or move the lamp, without flash."
        )
        yield SATURATED(conditions.saturated), "NO_GLARE", sentence
    if conditions.elements and conditions.length_px and conditions.edge_px:
        share = ELEMENTS(conditions.elements)
        if conditions.edge_px > _EDGE_PX_SHARP:
            yield share, "SHARPER", _BLURRED
        else:
            size = f"The pill is {conditions.length_px:.0f} pixels long in the photo"
            yield share, "LARGER", f"{size}: come closer, until it is {_LENGTH_PX_GOOD} or more."
