"""Photo -> millimeters per pixel, from whatever of known size lies in it."""

from __future__ import annotations

from pipeline.scale.find import check_reference, find_scale
from pipeline.scale.insets import find_inset

__all__ = ["check_reference", "find_inset", "find_scale"]
