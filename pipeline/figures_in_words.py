"""How figures are said: one place for every stage that writes a sentence and for every report."""

from __future__ import annotations

# Nothing here is known better than to one in a thousand, so nothing is said to be.
_PROBABILITY_MIN, _PROBABILITY_MAX = 0.001, 0.999
# A figure of four digits keeps so far from 1.
_SHOWN_MAX = 0.9999


def percent(probability: float) -> str:
    """A probability in percent; never 0 and never 100 %, whatever was computed."""
    if probability < _PROBABILITY_MIN:
        return "< 0.1 %"
    if probability > _PROBABILITY_MAX:
        return "> 99.9 %"
    return f"{round(100 * probability, 1):g} %"


def below_one(probability: float) -> float:
    """A probability with four digits for a table; rounding does not make it certain."""
    return min(round(probability, 4), _SHOWN_MAX)
