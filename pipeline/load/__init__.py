"""File, bytes, stream, Pillow image or array -> Photo: upright, sRGB, of bounded size, in bounded memory.

``sources`` takes what a caller hands over, ``formats`` opens it, ``limits`` says what is too large, ``pixels`` makes
8-bit rows of any mode, ``colors`` makes them sRGB, and ``photo`` is the whole; ``again`` is for a photo wanted later.
"""

from __future__ import annotations

from pipeline.load.again import PhotoFile, to_load_again
from pipeline.load.caller_box import PhotoBox, box_of
from pipeline.load.formats import is_photo
from pipeline.load.photo import detail, details, load
from pipeline.load.sources import PhotoSource, Readable, display_name, head_of, sources_of

__all__ = [
    "PhotoBox",
    "PhotoFile",
    "PhotoSource",
    "Readable",
    "box_of",
    "detail",
    "details",
    "display_name",
    "head_of",
    "is_photo",
    "load",
    "sources_of",
    "to_load_again",
]
