"""Region -> what a face looks like, as calibrated probabilities over SPL terms."""

from __future__ import annotations

from pipeline.measure.conditions import conditions_of
from pipeline.measure.measurer import Measurer

__all__ = ["Measurer", "conditions_of"]
