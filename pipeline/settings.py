"""The settings of each stage: frozen, every default with its unit and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LoadSettings:
    """What ``load`` accepts and how large it decodes.

    ``long_side_max_px``: a pill in a hand-held photo takes a tenth to a half of the frame, 160-800 px, more than
    segmentation and color need; the reader gets the full size through ``load.detail``.
    ``short_side_min_px``: below it there is no room for an outline.
    ``pixels_max``: Pillow refuses twice its ``MAX_IMAGE_PIXELS``, 178,956,970, as a decompression bomb; phones
    write up to 108 million by default.
    ``bytes_max``: 108 million pixels as PNG at its worst, rounded down.
    """

    long_side_max_px: int = 1600
    short_side_min_px: int = 16
    pixels_max: int = 178_000_000
    bytes_max: int = 256 * 2**20


@dataclass(frozen=True)
class Settings:
    """The settings of the whole flow, one field a stage."""

    load: LoadSettings = LoadSettings()
