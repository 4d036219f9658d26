"""Fits ``weights/match.json``: what stands on pills at large, how often readings and looks err, and the bars."""

from __future__ import annotations

from pipeline.train.match.fit import fit_match

__all__ = ["fit_match"]
