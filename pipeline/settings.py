"""The settings of each stage: frozen, every default with its unit and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LoadSettings:
    """What ``load`` accepts and how large it decodes.

    ``long_side_max_px``: a pill in a hand-held photo takes a tenth to a half of the frame, 150-1,000 px, more than
    segmentation and color need; the reader gets the full size through ``load.detail``.
    ``short_side_min_px``: below it there is no room for an outline.
    ``pixels_max``: Pillow refuses twice its ``MAX_IMAGE_PIXELS``, 178,956,970, as a decompression bomb; phones
    write up to 108 million by default.
    ``bytes_max``: 108 million pixels as PNG at its worst, rounded down.
    """

    long_side_max_px: int = 2048
    short_side_min_px: int = 16
    pixels_max: int = 178_000_000
    bytes_max: int = 256 * 2**20


@dataclass(frozen=True)
class MatchSettings:
    """How observations weigh, in bits, and when the answer is sure enough. Set by docs/experiments/matching.md.

    ``found_share``: of the characters on a face the reader finds this share. ``misread_share``: of those found this
    share is another character than any it thought possible, and as many again a look-alike. ``stray_share``: of the
    characters found this share is none although the reader was sure. ``missed_bits``: a character of the register
    that was not found; ``missed_token_share`` of that for each further one of a token missed whole.
    ``unseen_token_bits``: a token missed whole where one face was shown only, and the least cost of all that is
    missing where a face shows something unread; such a face bears text ``unread_share`` times as often as the reader
    doubts that it is blank. ``repeat_bits``: a token that stands more often on the pill than in the register or the
    other way round; its second place must earn ``repeat_share`` of what its first does. ``end_again_bits``: an end of
    a token alone on another face than the token's. ``scattered_bits``: a character of the register found out of its
    order. ``sure_character``: from this confidence on a character that contradicts the register forbids the answer
    IDENTIFIED; ``sure_digit``, where it is a digit that stands in a number for another. ``unlisted_share``: the prior
    probability that a pill is not in the catalog. ``look_floor``: the share of products whose register errs in a
    look. ``outline_share``: of the photos this share has an outline that is not the pill's, so that nothing of the
    look is. ``size_register_sigma_mm``: registers give whole millimeters and err besides. ``shortlist`` imprints are
    compared, ``explained`` of them whole, ``candidates`` are answered.
    """

    shortlist: int = 120
    found_share: float = 0.93
    misread_share: float = 0.03
    stray_share: float = 0.02
    stray_floor_bits: float = -5.0
    missed_bits: float = -3.5
    missed_token_share: float = 0.5
    missed_token_floor_bits: float = -9.0
    unseen_token_bits: float = -2.0
    unread_share: float = 4.0
    repeat_bits: float = -1.0
    repeat_share: float = 0.7
    end_again_bits: float = -4.0
    scattered_bits: float = -4.0
    sure_character: float = 0.95
    sure_digit: float = 0.5
    unlisted_share: float = 0.1
    look_floor: float = 0.015
    outline_share: float = 0.01
    size_register_sigma_mm: float = 0.45
    explained: int = 40
    candidates: int = 20


@dataclass(frozen=True)
class DecideSettings:
    """When the answer is sure enough.

    ``identified``: the probability that drug and strength of the first candidate are right. ``unlisted``: the
    probability that the pill is in the catalog must reach this for anything but UNKNOWN.
    """

    identified: float = 0.95
    listed: float = 0.5


@dataclass(frozen=True)
class MeasureSettings:
    """What ``measure`` can be told.

    ``line_above``: score lines are looked for where a face is scored with at least this probability.
    """

    line_above: float = 0.5


@dataclass(frozen=True)
class Settings:
    """The settings of the whole flow, one field a stage."""

    load: LoadSettings = LoadSettings()
    match: MatchSettings = MatchSettings()
    decide: DecideSettings = DecideSettings()
    measure: MeasureSettings = MeasureSettings()
