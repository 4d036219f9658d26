"""Photo -> millimeters per pixel, from whatever of known size lies in it."""

from __future__ import annotations

from pipeline.scale.find import find_scale

__all__ = ["find_scale"]
